"""The world of the talks on Slack: what people do and hear goes through Slack's payloads.

Only two names are not Slack's: a channel's id is its name (`#general`), and a direct message is
told as `dm:ana`, so that the talks read the same on every platform.
"""

import asyncio
import itertools
import random
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from adapters.slack.control import VIEW, name_action, read_pressed, write_args
from adapters.slack.read import NAME, REOPEN
from adapters.slack.seal import Origin, seal_origin
from bot.app import App
from bot.capabilities.questions.memory import Memory
from bot.inbound import (
    Inbound,
    Installed,
    Left,
    Looked,
    Opened,
    Ordered,
    Place,
    PlaceKind,
    Pressed,
    Reacted,
    Said,
    Shortcut,
    Submitted,
    What,
)
from bot.message import Button, Buttons, Choice, Message, Option, Part, Text, literal
from bot.people import Person
from bot.reply import NOTHING, Reply
from storage.database import Database
from storage.work import SqlWork
from tests.adapters.slack import payload
from tests.adapters.slack.actor import Rules
from tests.adapters.slack.screen import Control, Screen, draw
from tests.adapters.slack.team import Posted, View
from tests.adapters.slack_harness import SEAL, TONE, SlackSite, address_of, plain_of
from tests.databases import RELAY_KEY
from tests.world import MONDAY, Heard, Room, World

CHANNELS = ("#general", "#travel", "#legal", "#random")
MARK = "white_check_mark"

MadeT = TypeVar("MadeT", bound="SlackWorld")


class ListeningApp(App[SqlWork]):
    """Keeps what it was told and what it said, in order."""

    heard: list[tuple[Inbound, Reply]]

    def receive(self, inbound: Inbound) -> Reply:
        reply = super().receive(inbound)
        self.heard.append((inbound, reply))
        return reply


@dataclass(slots=True)
class SlackHeard(Heard):
    """A message as its reader sees it in Slack at the moment of the question."""

    post: Posted = field(kw_only=True)
    site: SlackSite = field(kw_only=True)

    @property
    def text(self) -> str:
        return self.site.plain(self.post)

    @property
    def buttons(self) -> list[Button]:
        return buttons_of(self.site.people.screen(self.post))


def pressed_by(control: Control, choice: str | None = None) -> tuple[str, dict[str, Any]] | None:
    """What the adapter reads of a press on the control, of a choice with that option or else with
    its first."""
    element = control.element
    action = {"type": "button", **element, "block_id": control.block_id}
    if control.options:
        values = [value for _, value in control.options]
        action["selected_option"] = {"value": choice if choice in values else values[0]}
    return read_pressed(action)


def buttons_of(screen: Screen) -> list[Button]:
    """Those that are the core's own."""
    found = []
    for control in screen.controls:
        told = None if control.options else pressed_by(control)
        if told is not None and told[0] != REOPEN:
            found.append(Button(label=control.label, action=told[0], args=told[1]))
    return found


def read_parts(site: SlackSite, blocks: Sequence[Mapping[str, Any]]) -> tuple[Part, ...]:
    """Parts that say and offer the same as the blocks, one after the other."""
    parts: list[Part] = []
    for block in blocks:
        screen = draw("", [block], site.people.names)
        buttons = buttons_of(screen)
        parts += [Buttons(buttons=tuple(buttons[at : at + 5])) for at in range(0, len(buttons), 5)]
        parts += [choice for control in screen.controls for choice in _choices_of(control)]
        if not screen.controls:
            words = literal(site.unworded(plain_of(screen)))
            parts += [Text(text=words[at : at + 3_000]) for at in range(0, len(words), 3_000)]
    return tuple(parts)


def _choices_of(control: Control) -> list[Choice]:
    told = pressed_by(control) if control.options else None
    if told is None:
        return []
    options = tuple(Option(label=label, value=value) for label, value in control.options)
    args = {name: value for name, value in told[1].items() if name != "choice"}
    return [Choice(label=control.label, action=told[0], args=args, options=options)]


def read_message(site: SlackSite, post: Posted) -> Message:
    """The message that says the same, as far as anybody can tell."""
    blocks = [block for block in post.blocks if block.get("block_id") != TONE]
    parts = read_parts(site, blocks) or (Text(text=literal(post.text) or "…"),)
    # Slack's limits are others than those of a message.
    return Message.model_construct(summary=post.text or "…", parts=parts)


class SlackRoom(Room):
    """What stands in Slack, as the talks see it."""

    def __init__(self, site: SlackSite, names: dict[str, str]) -> None:
        self._site = site
        self._names = names

    @property
    def heard(self) -> list[Heard]:
        """Every message of the bot's, in the order in which they were written."""
        posts = [
            (post, channel)
            for channel in self._site.slack.team.channels.values()
            for post in channel.posts
            if post.by_bot
        ]
        posts.sort(key=lambda each: int(each[0].ts.partition(".")[2]))
        found: list[Heard] = []
        for post, channel in posts:
            delivery = self._site.delivered.get((channel.id, post.ts))
            direct = channel.user is not None
            found.append(
                SlackHeard(
                    id=post.ts,
                    conversation=f"dm:{self._names[channel.user]}" if channel.user else channel.id,
                    message=read_message(self._site, post),
                    thread=post.thread,
                    # In a direct message there is nobody else.
                    only=None if direct or post.only is None else self._names[post.only],
                    key=None if delivery is None else delivery.key,
                    post=post,
                    site=self._site,
                )
            )
        return found

    @heard.setter
    def heard(self, _: list[Heard]) -> None:
        raise AssertionError("only Slack says what stands there")


class SlackWorld(World):
    """The same people as in `World`, in a Slack workspace. To be closed."""

    platform = NAME
    external = "T1"
    app_class = ListeningApp

    def __init__(
        self,
        database: Database,
        now: datetime = MONDAY,
        *,
        transport: str = "http",
        rules: Rules | None = None,
    ) -> None:
        self.names: dict[str, str] = {}
        self.may_refuse: set[tuple[str, str]] = set()
        """What Slack may refuse in this talk, by method and error."""
        super().__init__(database, now)
        assert isinstance(self.app, ListeningApp)
        self.listening = self.app
        self.listening.heard = []
        self.runner = asyncio.Runner()
        ids = itertools.count(1)
        self.site = SlackSite(
            self.runner,
            self.app,
            database,
            lambda: self.now,
            transport=transport,
            rules=rules,
            new_id=lambda: f"d{next(ids):06}",
        )
        for channel in CHANNELS:
            self.site.slack.add_channel(channel)
        for address, name in self.names.items():
            assert self.site.add_person(name) == address
        self.lanes = self.site.lanes
        self.room = SlackRoom(self.site, self.names)
        self._done: dict[str, tuple[str, str]] = {}
        self.runner.run(self.site.start())
        self._meets()

    def close(self) -> None:
        self.runner.run(self.site.stop())
        self.runner.close()

    def resident(self, known: Person) -> Person:
        address = address_of(known.address)
        self.names[address] = known.address
        if hasattr(self, "site"):
            self.site.add_person(known.address, known.name)
            self._meets()
        return replace(known, address=address)

    def shuts_out(self, channel: str) -> None:
        team = self.site.slack.team
        team.channels[channel].members.discard(team.bot_user)
        self.may_refuse.add(("chat.postMessage", "not_in_channel"))

    def changes(self, who: str, **fields: object) -> None:
        super().changes(who, **fields)
        if "name" in fields:
            self.site.slack.team.members[address_of(who)].name = str(fields["name"])

    def _meets(self) -> None:
        """Everybody can be mentioned; the longest names first, as some are parts of others."""
        names = sorted(self.names.items(), key=lambda each: -len(each[1]))
        self.site.people.picked = {name: address for address, name in names}

    def drains(self) -> None:
        self.site.drain()

    # What people do

    def says(
        self, who: str, text: str, where: str | None = None, *, thread: str | None = None
    ) -> Reply:
        if text.startswith("/"):
            return super().says(who, text, where, thread=thread)
        channel = self._channel(where or f"dm:{who}")
        user, people = address_of(who), self.site.people

        async def say() -> None:
            post = people.typed(user, channel, text, thread)
            self.said.append(post.ts)
            await people.tell(post)

        return self._acts(who, say())

    def fills(
        self,
        who: str,
        where: str | None = None,  # noqa: ARG002 - A form knows from where it was opened.
        **values: str,
    ) -> Reply:
        user, people = address_of(who), self.site.people
        mine = [
            view
            for view in self.site.slack.memory.views.values()
            if view.user == user and view.body["type"] == "modal"
        ]
        assert mine, f"no form is open for {who}"
        view = mine[-1]
        filled = {
            name: address_of(value) if value and name in self._people_fields(view) else value
            for name, value in values.items()
        }
        return self._acts(who, people.submit(user, view, filled, checked=False))

    def _people_fields(self, view: View) -> set[str]:
        return {
            block["block_id"]
            for block in view.body["blocks"]
            if block["type"] == "input" and block["element"]["type"] == "users_select"
        }

    def opens(self, who: str) -> Message:
        reply = self._does(who, f"dm:{who}", Opened())
        home = self.site.people.home(address_of(who))
        assert reply.page is not None
        assert home is not None
        # A page has no words that are heard before it is looked at.
        parts = read_parts(self.site, home.body["blocks"])
        return Message.model_construct(summary=reply.page.summary, parts=parts)

    def presses_on_page(self, who: str, label: str, choice: str | None = None) -> Reply:
        self.opens(who)
        user, people = address_of(who), self.site.people
        home = people.home(user)
        assert home is not None
        control = people.screen_of(home).control(label)
        return self._acts(who, people.press_home(user, control, choice))

    def leaves(self, who: str) -> None:
        member = self.site.slack.team.members[self.site.add_person(who)]
        member.deleted = True
        self.site.run(self.site.people.change(member))
        self.drains()

    def _does(
        self,
        who: str,
        conversation: str,
        what: What,
        *,
        thread: str | None = None,
        pressed: Heard | None = None,
        event: str | None = None,
    ) -> Reply:
        user, people, channel = address_of(who), self.site.people, self._channel(conversation)
        match what:
            case Ordered(name=name, text=text):
                slash = name in self.site.wording.commands
                given, said = (name, text) if slash else ("learn", f"{name} {text}".strip())
                return self._acts(who, people.command(user, channel, f"/{given}", said))
            case Pressed():
                return self._presses(who, channel, what, pressed, event)
            case Submitted():
                return self._acts(who, self._send_forged(user, channel, what))
            case Shortcut(name=name, text=text, author=author, message=message):
                wrote = address_of(author) if author else user
                stands = people.channel(channel).find(message, user) if message else None
                post = stands or people.typed(wrote, channel, text, thread)
                return self._acts(who, people.use_on(user, post, name))
            case Reacted(name=name, message=message):
                found = people.channel(channel).find(message, user)
                marked = found or Posted(message, channel, user, "")
                mark = MARK if name == "accept" else name
                return self._acts(who, people.react(user, marked, mark))
            case Opened():
                return self._acts(who, people.open_home(user), looks=True)
            case Left() | Said() | Looked() | Installed():
                raise AssertionError("done in another way")

    def _presses(
        self, who: str, channel: str, what: Pressed, pressed: Heard | None, event: str | None
    ) -> Reply:
        user, people, memory = address_of(who), self.site.people, self.site.slack.memory
        if pressed is not None:
            assert isinstance(pressed, SlackHeard)
            post = pressed.post
        else:
            # Who makes up a press says that it was on a message that is gone.
            self.may_refuse.add(("chat.update", "message_not_found"))
            post = Posted("1.000001", channel, self.site.slack.team.bot_user, "", by_bot=True)
        choice = what.args.get("choice")
        chosen = choice if isinstance(choice, str) else None
        found = [
            control
            for control in people.screen(post).controls
            if pressed_by(control, chosen) == (what.action, what.args)
        ]
        control = found[0] if found else _stale(what)
        told = self._done.get(event or "")
        trigger, at = told or (memory.add_trigger("T1", user, channel), memory.new_ts())
        if event is not None:
            self._done[event] = trigger, at
        return self._acts(
            who,
            people.press(user, post, control, chosen, trigger=trigger, at=at, gone=pressed is None),
        )

    async def _send_forged(self, user: str, channel: str, what: Submitted) -> None:
        """A form that was sealed for this person once, filled in with anything."""
        slack = self.site.slack
        kind = PlaceKind.DM if channel.startswith("D") else PlaceKind.CHANNEL
        place = Place(conversation=channel, kind=kind)
        sealed = seal_origin(SEAL, "T1", user, Origin(what.action, what.args, place, False))
        state = {
            name: {what.action: {"type": "plain_text_input", "value": self._called(value)}}
            for name, value in what.values.items()
        }
        body = {
            "type": "modal",
            "callback_id": VIEW,
            "private_metadata": sealed,
            "title": {"type": "plain_text", "text": "Old"},
            "blocks": [{"type": "input", "block_id": name} for name in what.values],
        }
        view = slack.memory.add_view("T1", user, body, channel)
        view.open = False
        trigger = slack.memory.add_trigger("T1", user, channel)
        told = payload.submitted(slack.memory, slack.team, view, trigger, state)
        ack = await self.site.people.wire.send("interactive", told)
        assert ack.ok

    def _called(self, value: str) -> str:
        """What a form says of a person: their address, of everything else just that."""
        return address_of(value) if value in self.names.values() else value

    def _acts(self, who: str, act: Any, *, looks: bool = False) -> Reply:
        """Let it happen; what the core said to it. `looks`: at their own page, which is also
        looked at anew after what they did there."""
        user = address_of(who)
        begun = len(self.listening.heard)
        modals = len(self.site.slack.memory.views)
        replies = self._count_replies()
        self.site.run(act)
        # However often Slack tells of it.
        assert self._count_replies() <= replies + 1, "one reply to what was done once"
        told = [
            reply
            for inbound, reply in self.listening.heard[begun:]
            if inbound.person == user and isinstance(inbound.what, Opened) is looks
        ]
        reply = told[0] if told else NOTHING
        if reply.form is not None:
            self.form = reply.form
            self.forms.append(reply.form)
            if len(self.site.slack.memory.views) == modals:
                self._opens_form(user)
        self.drains()
        return reply

    def _count_replies(self) -> int:
        """Messages of the bot's that are no letters."""
        return sum(
            post.by_bot and post.metadata is None
            for channel in self.site.slack.team.channels.values()
            for post in channel.posts
        )

    def _opens_form(self, user: str) -> None:
        """Words cannot open a form; a button that answers them does."""
        people = self.site.people
        for channel in self.site.slack.team.channels:
            for post in reversed(people.seen(user, channel)):
                for control in people.screen(post).controls:
                    if str(control.element.get("action_id")).startswith(REOPEN):
                        self.site.run(people.press(user, post, control))
                        return
        raise AssertionError("nothing opens the form")

    def _channel(self, conversation: str) -> str:
        """The Slack id of a conversation of the talks."""
        if conversation.startswith("dm:"):
            return self.site.dm(conversation.removeprefix("dm:"))
        return conversation


def _stale(what: Pressed) -> Control:
    element = {
        "type": "button",
        "action_id": name_action(what.action, 0),
        "text": {"type": "plain_text", "text": "Old", "emoji": False},
        "value": write_args(what.args),
    }
    return Control("Old", "old", element)


@contextmanager
def unruly_worlds(
    made: type[MadeT], template: Path, folder: Path, name: str, transport: str = "http"
) -> Iterator[Callable[[], MadeT]]:
    """Makes a world on a copy of the SQLite file at each call. What Slack tells of comes one to
    four times and in any order, as the name has it; in the end each world is checked."""
    worlds: list[MadeT] = []

    def make() -> MadeT:
        file = shutil.copyfile(template, folder / f"world{len(worlds)}.db")
        database = Database(
            f"sqlite:///{file}", relay_key=RELAY_KEY, memory=Memory(), durable=False
        )
        rules = Rules(copies=(1, 4), dice=random.Random(name))
        worlds.append(made(database, transport=transport, rules=rules))
        return worlds[-1]

    yield make
    for world in worlds:
        try:
            world.checks()
            refused = set(world.site.slack.ledger.refused) - world.may_refuse
            assert refused == set(), "Slack took all that was sent"
            assert all(ack.ok for ack in world.site.people.acks), "and was always answered"
        finally:
            world.close()
            world.database.close()

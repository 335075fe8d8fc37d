"""The world of the talks in Teams: what people do and hear goes through Teams' payloads.

Two names are not Teams': a channel is told by its name (`#general`), and somebody's own chat with
the bot as `dm:ana`, so that the talks read the same on every platform. Teams has no commands and no
page of one's own: both are words to the bot, and a page is the answer to them.
"""

import asyncio
import copy
import random
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, TypeVar
from uuid import NAMESPACE_URL, uuid5

from adapters.teams import messages
from adapters.teams.control import name_field, open_dialog, read_pressed, write_form, write_press
from adapters.teams.read import NAME
from adapters.teams.seal import Origin, seal_origin
from bot.app import App
from bot.capabilities.questions.memory import Memory
from bot.capabilities.questions.model import Question
from bot.inbound import (
    Inbound,
    Left,
    Opened,
    Place,
    PlaceKind,
    Pressed,
    Reacted,
    Shortcut,
    Submitted,
    What,
)
from bot.message import Button, Buttons, Choice, Message, Option, Part, Text, literal
from bot.people import Person
from bot.reply import NOTHING, Reply
from bot.topic import Topic
from storage.contact import ContactBook, Whereabouts
from storage.database import Database
from storage.work import SqlWork
from tests.adapters.teams.memory import TENANT, Conversation, Posted, Somebody
from tests.adapters.teams.screen import Control, Screen, draw
from tests.adapters.teams_harness import HANDLE, SEAL, Dialog, Json, Rules, Seen, TeamsSite
from tests.databases import RELAY_KEY
from tests.world import MONDAY, WORKSPACE, Heard, Room, World

CHANNELS = ("#general", "#travel", "#legal", "#random")
MARK = "2705_whiteheavycheckmark"
NEVER = "1"
"""A message that was never written."""
OWN_WORDS = frozenset(
    value for name, value in vars(messages).items() if name.isupper() and isinstance(value, str)
)
"""What the adapter itself says, which is no part of a talk."""

MadeT = TypeVar("MadeT", bound="TeamsWorld")


@cache
def address_of(name: str) -> str:
    """Somebody's object id in Entra."""
    return str(uuid5(NAMESPACE_URL, name))


def place_of(channel: str) -> str:
    """The id of a channel. Teams tells bots no names of channels, so that the core says “the
    channel” of an id, but for one that begins as a name does."""
    return f"{channel}@thread.tacv2"


def name_of(place: str) -> str:
    """The name of a channel, by its id."""
    return place.partition("@")[0]


class ListeningApp(App[SqlWork]):
    """Keeps what it was told and what it said, in order."""

    heard: list[tuple[Inbound, Reply]]

    def receive(self, inbound: Inbound) -> Reply:
        reply = super().receive(inbound)
        self.heard.append((inbound, reply))
        return reply


@dataclass(slots=True)
class TeamsHeard(Heard):
    """A message as its reader sees it in Teams at the moment of the question."""

    post: Posted = field(kw_only=True)
    read: Callable[[], Screen] = field(kw_only=True)

    @property
    def text(self) -> str:
        return self.read().plain

    @property
    def buttons(self) -> list[Button]:
        return buttons_of(self.read())


def buttons_of(screen: Screen) -> list[Button]:
    """Those that are the core's own."""
    found = []
    for control in screen.controls:
        told = None if control.input else read_pressed(control.action["data"])
        if told is not None:
            found.append(Button(label=control.label, action=told[0], args=told[1]))
    return found


def choices_of(screen: Screen) -> list[Choice]:
    found = []
    for control in screen.controls:
        if control.input is None:
            continue
        chosen = {control.input["id"]: "any"}
        told = read_pressed(control.action["data"] | chosen)
        if told is not None:
            args = {name: value for name, value in told[1].items() if name != "choice"}
            options = tuple(
                Option(label=each["title"], value=each["value"])
                for each in control.input["choices"]
            )
            found.append(Choice(label=control.label, action=told[0], args=args, options=options))
    return found


def read_message(screen: Screen, summary: str) -> Message:
    """The message that says and offers the same, as far as anybody can tell."""
    words, buttons = literal(screen.plain) or "…", buttons_of(screen)
    parts: list[Part] = [Text(text=words[at : at + 3_000]) for at in range(0, len(words), 3_000)]
    parts += [Buttons(buttons=tuple(buttons[at : at + 5])) for at in range(0, len(buttons), 5)]
    # Teams' limits are others than those of a message.
    return Message.model_construct(summary=summary, parts=(*parts, *choices_of(screen)))


def is_form(card: Json) -> bool:
    return any(each["id"].startswith("field-") for each in draw(card).inputs)


class TeamsRoom(Room):
    """What stands in Teams, as the talks see it."""

    def __init__(self, world: "TeamsWorld") -> None:
        self._world = world

    @property
    def heard(self) -> list[Heard]:
        """Every message of the bot's, in the order in which they were written; not the forms and
        pages that stand in a chat, nor what the adapter says of itself."""
        world = self._world
        found: list[Heard] = []
        for place, post in world.posts():
            who = world.whose(place)
            screen = world.read(post, who)
            if post.id in world.pages or screen.plain in OWN_WORDS or world.is_form(post, who):
                continue
            delivery = world.site.delivered.get((place.id, post.id))
            found.append(
                TeamsHeard(
                    id=post.id,
                    conversation=name_of(place.id) if who is None else f"dm:{who}",
                    message=read_message(screen, post.activity.get("summary") or "…"),
                    thread=post.thread,
                    # Letters stand in a chat as well.
                    only=None if delivery is not None else who,
                    key=None if delivery is None else delivery.key,
                    post=post,
                    read=lambda post=post, who=who: world.read(post, who),  # type: ignore[misc]
                )
            )
        found += world.closings
        return sorted(found, key=lambda each: int(each.id))

    @heard.setter
    def heard(self, _: list[Heard]) -> None:
        raise AssertionError("only Teams says what stands there")


class TeamsWorld(World):
    """The same people as in `World`, in an organisation with Teams. To be closed."""

    platform = NAME
    external = TENANT
    app_class = ListeningApp

    def __init__(
        self, database: Database, now: datetime = MONDAY, *, rules: Rules | None = None
    ) -> None:
        self.names: dict[str, str] = {}
        self.may_refuse: set[str] = set()
        """The codes by which Teams may refuse something in this talk."""
        self.closings: list[Heard] = []
        """What was said in a dialog as its last word, and nowhere else."""
        self.pages: set[str] = set()
        """Messages that are somebody's own page."""
        self._shown: dict[str, str] = {}
        self._zones: dict[str, str] = {}
        self._open: dict[str, Dialog | tuple[Conversation, Posted, Json]] = {}
        """The form that somebody was shown last, by who; in a chat as it stood there."""
        self._done: dict[str, Json] = {}
        super().__init__(database, now)
        assert isinstance(self.app, ListeningApp)
        self.listening = self.app
        self.listening.heard = []
        self.runner = asyncio.Runner()
        self.site = TeamsSite(
            self.runner,
            self.app,
            database,
            lambda: self.now,
            dialogs=self.app.registry.opens_forms,
            rules=rules,
        )
        # Time is moved by weeks.
        self.site.teams.token_life = 10**9
        self.lanes = self.site.lanes
        self.room = TeamsRoom(self)
        self.runner.run(self.site.start())
        for channel in CHANNELS:
            place = self.site.teams.add_channel(place_of(channel))
            self._keep(place)
        for name in self._shown:
            self._moves_in(name)
        with database.transaction() as work:
            for topic in work.topics.every(WORKSPACE):
                work.topics.save(_placed(topic))

    def close(self) -> None:
        self.runner.run(self.site.stop())
        self.runner.close()

    # Who is there

    def resident(self, known: Person) -> Person:
        address = address_of(known.address)
        self.names[address] = known.address
        self._shown[known.address] = known.name
        self._zones[known.address] = known.zone
        return replace(known, address=address)

    def joins(self, newcomer: Person) -> None:
        super().joins(newcomer)
        # Beside a transaction SQLite takes nothing else.
        self._moves_in(newcomer.address)

    def _moves_in(self, name: str) -> None:
        """Somebody has the app, and is in every channel."""
        teams = self.site.teams
        user = f"29:1-{address_of(name)}"
        zone = self._zones.get(name, "UTC")
        somebody = Somebody(user, address_of(name), self._shown[name], zone=zone)
        teams.memory.people[user] = somebody
        for channel in CHANNELS:
            teams.memory.conversations[place_of(channel)].members.append(somebody)
        self._keep(teams.add_personal(somebody), somebody)
        # The longest first, as some are parts of others.
        people = sorted(self._shown, key=len, reverse=True)
        self.site.picked = {each: self.somebody(each) for each in people if self._is_here(each)}

    def _keep(self, place: Conversation, somebody: Somebody | None = None) -> None:
        """The adapter has heard of a place before the talk begins."""
        found = Whereabouts(
            tenant=TENANT,
            service_url=self.site.teams.service_url,
            conversation=place.id,
            kind=PlaceKind.CHANNEL if somebody is None else PlaceKind.DM,
            bot=self.site.teams.bot,
            person=None if somebody is None else somebody.entra,
            user=None if somebody is None else somebody.user,
            team=place.team,
        )
        ContactBook(self.database).keep(found)

    def _is_here(self, name: str) -> bool:
        return f"29:1-{address_of(name)}" in self.site.teams.memory.people

    def somebody(self, name: str) -> Somebody:
        """Also whoever is in no directory: anybody there may write to the bot."""
        if not self._is_here(name):
            self._shown.setdefault(name, name.title())
            self.names[address_of(name)] = name
            self._moves_in(name)
        return self.site.teams.memory.people[f"29:1-{address_of(name)}"]

    def whose(self, place: Conversation) -> str | None:
        """Whose own chat it is."""
        return self.names[place.members[0].entra] if place.kind == "personal" else None

    def shuts_out(self, channel: str) -> None:
        self.site.teams.memory.conversations[place_of(channel)].has_bot = False
        self.may_refuse.add("BotNotInConversationRoster")

    def changes(self, who: str, **fields: object) -> None:
        super().changes(who, **fields)
        if "name" in fields:
            self.somebody(who).name = str(fields["name"])
        if "zone" in fields:
            self.somebody(who).zone = str(fields["zone"])

    def opens_topic(self, topic: Topic) -> None:
        super().opens_topic(_placed(topic))

    def question(self, number: int = 1) -> Question:
        question = super().question(number)
        place = question.conversation
        if place is None or not place.startswith("#"):
            return question
        return replace(question, conversation=name_of(place))

    def drains(self) -> None:
        self.site.drain()

    # What they see

    def posts(self) -> list[tuple[Conversation, Posted]]:
        places = self.site.teams.memory.conversations.values()
        return [(place, post) for place in places for post in place.posts.values()]

    def card(self, post: Posted, who: str | None) -> Json:
        """As one person sees it, or everybody."""
        if who is not None:
            return self.site.card_of(post, self.somebody(who))
        (attachment,) = post.activity["attachments"]
        card: Json = attachment["content"]
        return card

    def is_form(self, post: Posted, who: str | None) -> bool:
        return is_form(self.card(post, who))

    def read(self, post: Posted, who: str | None) -> Screen:
        """With commands as the core calls them."""
        card = self.card(post, who)
        if not any(map(_is_code, _runs(card))):
            return draw(card)
        card = copy.deepcopy(card)
        for run in filter(_is_code, _runs(card)):
            run["text"] = self._called(run["text"])
        return draw(card)

    def _called(self, text: str) -> str:
        """A command as the core calls it, by what it is called in Teams."""
        wording = self.site.wording
        word, _, rest = text.partition(" ")
        if word == "learn" and rest.partition(" ")[0] in wording.rooted:
            return f"/{rest}"
        return f"/{text}" if word in wording.words else text

    # What they do

    def says(
        self, who: str, text: str, where: str | None = None, *, thread: str | None = None
    ) -> Reply:
        place = self._place(where or f"dm:{who}")
        if text.startswith("/"):
            said = text if place.kind == "personal" else f"{HANDLE} {text}"
            return self._acts(who, self._words(who, place, self._typed(said), thread))
        told = self._words(who, place, text, thread)
        self.said.append(told["id"])
        return self._acts(who, told)

    def _words(self, who: str, place: Conversation, text: str, thread: str | None) -> Json:
        return self.site.words(self.somebody(who), place, text, thread)

    def _typed(self, text: str) -> str:
        """A command, now and then as our sentences call it here: without a slash."""
        wording, dice = self.site.wording, self.site.rules.dice
        word, _, rest = text.removeprefix("/").partition(" ")
        order = self.app.registry.orders.get(word)
        if not text.startswith("/") or order is None or dice.random() < 0.5:
            return text
        if word in wording.rooted:
            return f"learn {text[1:]}"
        return text[1:] if order.spoken or not rest else text

    def fills(
        self,
        who: str,
        where: str | None = None,  # noqa: ARG002 - A form knows from where it was opened.
        **values: str,
    ) -> Reply:
        shown = self._open.get(who)
        assert shown is not None, f"no form is open for {who}"
        card = shown.card if isinstance(shown, Dialog) else shown[2]
        assert card is not None
        inputs = {each["id"]: each for each in draw(card).inputs}
        given = {}
        for name, value in values.items():
            entry = inputs[name_field(name)]
            given[name_field(name)] = address_of(value) if value and _asks_who(entry) else value
        if isinstance(shown, Dialog):
            return self._acts(who, self.site.sends(shown, given))
        place, post, _ = shown
        (control,) = draw(card).controls
        told = self.site.press(self.somebody(who), place, post, control, values=given, card=card)
        return self._acts(who, told)

    def opens(self, who: str) -> Message:
        post = self._opens_page(who)
        return read_message(self.read(post, who), post.activity["summary"])

    def _opens_page(self, who: str) -> Posted:
        """Somebody asks for their page, which is the newest message of their chat then."""
        self._does(who, f"dm:{who}", Opened())
        (*_, post) = self._place(f"dm:{who}").posts.values()
        self.pages.add(post.id)
        return post

    def presses_on_page(self, who: str, label: str, choice: str | None = None) -> Reply:
        post, somebody = self._opens_page(who), self.somebody(who)
        control = self.site.screen(post, somebody).control(label)
        place = self._place(f"dm:{who}")
        return self._acts(who, self.site.press(somebody, place, post, control, choice))

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
        place, somebody = self._place(conversation), self.somebody(who)
        match what:
            case Opened():
                return self.says(who, "/home")
            case Pressed():
                if event not in self._done:
                    told = self._press(who, place, what, pressed)
                    self._done[event or told["id"]] = told
                    return self._acts(who, told)
                return self._acts(who, self._done[event])
            case Submitted():
                return self._acts(who, self._send_forged(somebody, place, what))
            case Shortcut():
                return self._acts(who, self._use_on(somebody, place, what, thread))
            case Reacted(name=name, message=message):
                return self._acts(who, self.mark(somebody, place, name, message, thread))
            case Left():
                return self._goes(somebody, place)
            case _:
                raise AssertionError("done in another way")

    def _press(self, who: str, place: Conversation, what: Pressed, pressed: Heard | None) -> Json:
        post, controls = Posted(NEVER, {}), list[Control]()
        if pressed is None:
            self.may_refuse.add("ActivityNotFoundInConversation")
        else:
            assert isinstance(pressed, TeamsHeard)
            post = pressed.post
            controls = self.site.screen(post, self.somebody(who)).controls
        choice = what.args.get("choice")
        chosen = choice if isinstance(choice, str) else None
        found = [
            control
            for control in controls
            if read_pressed(control.action["data"] | _input_of(control, chosen))
            == (what.action, what.args)
        ]
        control = found[0] if found else self._stale(what)
        return self.site.press(self.somebody(who), place, post, control, chosen)

    def _stale(self, what: Pressed) -> Control:
        """What stood on an older message, or is made up."""
        data = write_press(what.action, what.args)
        action: Json = {"type": "Action.Execute", "verb": what.action, "associatedInputs": "none"}
        if what.action in self.site.dialogs:
            action, data = {"type": "Action.Submit", "associatedInputs": "none"}, open_dialog(data)
        return Control("Old", {**action, "data": data})

    def _send_forged(self, somebody: Somebody, place: Conversation, what: Submitted) -> Json:
        """A form that was sealed for this person once, filled in with anything."""
        kind = PlaceKind.DM if place.kind == "personal" else PlaceKind.CHANNEL
        at, act = self.now, self.site.new_invoke()
        origin = Origin(what.action, what.args, Place(conversation=place.id, kind=kind), at, act)
        sealed = seal_origin(SEAL, TENANT, somebody.entra, origin)
        given = {
            name_field(name): address_of(value) if value in self._shown else value
            for name, value in what.values.items()
        }
        told = {"data": {**write_form(sealed), **given}, "context": {"theme": "default"}}
        return self.site.invoke(somebody, place, "task/submit", told, None)

    def _use_on(
        self, somebody: Somebody, place: Conversation, what: Shortcut, thread: str | None
    ) -> Json:
        """An action of the message extension, on a message or from where words are written."""
        value: Json = {"commandId": what.name, "context": {"theme": "default"}}
        author: Json = {"application": {"id": self.site.teams.bot}}
        if what.author in self._shown or what.author is None:
            wrote = somebody if what.author is None else self.somebody(what.author)
            author = {"user": {"id": wrote.entra, "displayName": wrote.name}}
        message = what.message or self.site.teams.memory.new_id()
        told = {
            "id": message,
            "replyToId": thread,
            "from": author,
            "body": {"contentType": "text", "content": what.text},
        }
        value |= {"commandContext": "message", "messagePayload": told}
        return self.site.activity(
            somebody,
            place,
            (thread or message) if place.kind == "channel" else None,
            type="invoke",
            name="composeExtension/fetchTask",
            id=self.site.new_invoke(),
            value=value,
        )

    def mark(
        self,
        somebody: Somebody,
        place: Conversation,
        name: str,
        message: str,
        thread: str | None = None,
    ) -> Json:
        in_channel = place.kind == "channel"
        return self.site.activity(
            somebody,
            place,
            (thread or message) if in_channel else None,
            type="messageReaction",
            id=self.site.new_invoke(),
            replyToId=message,
            reactionsAdded=[{"type": MARK if name == "accept" else name}],
        )

    def _goes(self, somebody: Somebody, place: Conversation) -> Reply:
        """Teams tells no bot that somebody has left the organisation: whoever looks after the
        directory says so."""
        reply = self.app.receive(
            Inbound(
                platform=NAME,
                workspace=TENANT,
                event_id=f"left:{somebody.entra}",
                person=somebody.entra,
                place=Place(conversation=place.id, kind=PlaceKind.DM),
                at=self.now,
                what=Left(),
            )
        )
        self.drains()
        return reply

    def _acts(self, who: str, activity: Json) -> Reply:
        """Let it happen; what the core said to it."""
        begun, posts = len(self.listening.heard), {post.id for _, post in self.posts()}
        seen = self.site.tell(activity)
        told = [reply for _, reply in self.listening.heard[begun:]]
        reply = told[0] if told else NOTHING
        # However often Teams tells of it.
        assert all(each == reply for each in told)
        new = [(place, post) for place, post in self.posts() if post.id not in posts]
        assert len(new) <= 1 + (reply.form is not None), "one reply to what was done once"
        self._note_form(who, activity, seen, new)
        if reply.message is not None:
            self._note_closing(who, activity, seen)
        if reply.form is not None:
            assert self._open.get(who), "the form is shown"
            self.form = reply.form
            self.forms.append(reply.form)
        self.drains()
        return reply

    def _note_form(
        self, who: str, activity: Json, seen: Seen, new: list[tuple[Conversation, Posted]]
    ) -> None:
        if seen.dialog is not None and seen.dialog.card is not None:
            self._open[who] = seen.dialog
        if seen.card is not None and is_form(seen.card):
            place, _ = self.site.teams.memory.find(activity["conversation"]["id"])
            self._open[who] = (place, place.posts[activity["replyToId"]], seen.card)
        for place, post in new:
            if self.is_form(post, self.whose(place)):
                self._open[who] = (place, post, self.card(post, self.whose(place)))

    def _note_closing(self, who: str, activity: Json, seen: Seen) -> None:
        says = seen.dialog.says if seen.dialog is not None else ""
        if not says or says in OWN_WORDS:
            return
        place, _ = self.site.teams.memory.find(activity["conversation"]["id"])
        self.closings.append(
            Heard(
                id=self.site.teams.memory.new_id(),
                conversation=self._name(place),
                message=Message(summary=says[:100], parts=(Text(text=literal(says)),)),
                only=who,
            )
        )

    def _place(self, conversation: str) -> Conversation:
        """The place of a conversation of the talks."""
        if conversation.startswith("dm:"):
            return self.site.teams.add_personal(self.somebody(conversation.removeprefix("dm:")))
        return self.site.teams.memory.conversations[place_of(conversation)]

    def _name(self, place: Conversation) -> str:
        who = self.whose(place)
        return name_of(place.id) if who is None else f"dm:{who}"


def _input_of(control: Control, choice: str | None) -> Json:
    """What a press brings of the choice that belongs to a control, where it offers that one."""
    if control.input is None or choice is None:
        return {}
    offered = {each["value"] for each in control.input["choices"]}
    return {control.input["id"]: choice} if choice in offered else {}


def _placed(topic: Topic) -> Topic:
    channel = topic.channel
    return topic if channel is None else replace(topic, channel=place_of(channel))


def _asks_who(entry: Mapping[str, Any]) -> bool:
    return bool(entry.get("choices.data"))


def _runs(card: Json) -> Iterator[Json]:
    """The words of a card that have a look, wherever they stand."""
    elements = list(card.get("body") or ())
    while elements:
        element = elements.pop()
        elements += element.get("items", ())
        yield from element.get("inlines", ())


def _is_code(run: Json) -> bool:
    return run.get("fontType") == "Monospace"


@contextmanager
def unruly_worlds(
    made: type[MadeT], template: Path, folder: Path, name: str
) -> Iterator[Callable[[], MadeT]]:
    """Makes a world on a copy of the SQLite file at each call. What Teams tells of comes one to
    four times and in any order, as the name has it; in the end each world is checked."""
    worlds: list[MadeT] = []

    def make() -> MadeT:
        file = shutil.copyfile(template, folder / f"world{len(worlds)}.db")
        database = Database(
            f"sqlite:///{file}", relay_key=RELAY_KEY, memory=Memory(), durable=False
        )
        rules = Rules(copies=(1, 4), dice=random.Random(name), noise=0.1)
        worlds.append(made(database, rules=rules))
        return worlds[-1]

    yield make
    for world in worlds:
        try:
            world.checks()
            refused = {code for _, _, code in world.site.teams.refused} - world.may_refuse
            assert refused == set(), "Teams took all that was sent"
            assert {told.status for told in world.site.told} <= {200}, "and was always answered"
        finally:
            world.close()
            world.database.close()

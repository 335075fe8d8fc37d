"""What people do in Slack, what reaches the app of it, and what they see.

`People` is the whole of it: every method is one thing that somebody does, delivers what Slack
would deliver, and puts the app's answers where Slack would put them.
"""

import asyncio
import itertools
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.adapters.slack import payload
from tests.adapters.slack.check import check_message, check_view
from tests.adapters.slack.memory import Memory
from tests.adapters.slack.screen import Control, Screen, draw
from tests.adapters.slack.team import Channel, Member, Posted, Team, View
from tests.adapters.slack.wire import Ack, Wire

RETRIES = (0.0, 60.0, 300.0)
"""Seconds from a failed delivery to the next: at once, after a minute, after five."""


@dataclass(frozen=True, slots=True)
class Retry:
    """An event that was not acknowledged, and when it is delivered again."""

    due: float
    attempt: int
    reason: str
    envelope: Mapping[str, Any]


@dataclass(slots=True)
class Rules:
    """How unruly Slack is. `copies` is how often an event is delivered, at least and at most;
    events of one doing come in any order and at the same time."""

    copies: tuple[int, int] = (1, 1)
    dice: random.Random = field(default_factory=lambda: random.Random(0))
    noise: bool = True
    """Whether the app hears of its own messages and their edits as well."""


class Broken(AssertionError):
    """Slack would show the person that the app does not work."""


class People:
    """The people of one workspace. `wire` leads to the app."""

    def __init__(self, memory: Memory, team: Team, wire: Wire, rules: Rules | None = None) -> None:
        self.memory = memory
        self.team = team
        self.wire = wire
        self.rules = rules or Rules()
        self.retries: list[Retry] = []
        self.acks: list[Ack] = []
        self.sent: list[Mapping[str, Any]] = []
        """Every event that was delivered, once."""
        self.picked: dict[str, str] = {}
        """Whom people mention when they type `@` and this, by id."""
        self._pending: list[dict[str, Any]] = []
        self._numbers = itertools.count(1)
        memory.on_post = self._note_post
        memory.on_change = self._note_change

    # What they see

    @property
    def names(self) -> dict[str, str]:
        people = {member.id: member.name for member in self.team.members.values()}
        channels = self.team.channels.values()
        return people | {each.id: each.name for each in channels if each.name}

    def channel(self, id_: str) -> Channel:
        return self.team.channels[id_]

    def seen(self, user: str, channel: str) -> list[Posted]:
        """The messages that a person sees in a conversation, oldest first."""
        found = self.team.channels.get(channel)
        if found is None or user not in found.members:
            return []
        return [post for post in found.posts if post.only in {None, user}]

    def screen(self, post: Posted) -> Screen:
        return draw(post.text, post.blocks, self.names)

    def screen_of(self, view: View) -> Screen:
        screen = Screen(self.names)
        screen.show(view.body["blocks"])
        return screen

    def modal(self, user: str) -> View | None:
        """The modal that stands open for a person, the newest if there are several."""
        views = self.memory.views.values()
        mine = [v for v in views if v.user == user and v.open and v.body["type"] == "modal"]
        return mine[-1] if mine else None

    def home(self, user: str) -> View | None:
        return self.team.homes.get(user)

    # Delivering

    def _note_post(self, channel: Channel, post: Posted) -> None:
        if not post.by_bot or post.only is not None:
            return
        if self.rules.noise:
            self._pending.append(payload.said(self.memory, channel, post))
        if post.metadata is not None and "metadata.message:read" in self.team.scopes:
            self._pending.append(payload.metadata_posted(self.memory, channel, post))

    def _note_change(self, channel: Channel, post: Posted) -> None:
        if self.rules.noise and post.only is None:
            self._pending.append(payload.changed(self.memory, channel, post))

    @property
    def has_noise(self) -> bool:
        """Whether the app is still to hear of its own doings."""
        return bool(self._pending)

    async def flush(self) -> None:
        """Deliver what the app is still to hear of its own doings."""
        while self._pending:
            events, self._pending = self._pending, []
            await self.deliver(*events, once=True)

    async def deliver(self, *events: dict[str, Any], once: bool = False) -> None:
        """Deliver events of one doing, as often as the rules say or once, in any order and at
        the same time."""
        sent: list[dict[str, Any]] = []
        for event in events:
            name = f"Ev{next(self._numbers):08}"
            wrapped = payload.envelope(self.memory, self.team, event, name)
            self.sent.append(wrapped)
            sent += [wrapped] * (1 if once else self.rules.dice.randint(*self.rules.copies))
        self.rules.dice.shuffle(sent)
        await asyncio.gather(*(self._deliver_one(envelope) for envelope in sent))

    async def deliver_again(self) -> None:
        """Deliver everything once more, in any order and at the same time."""
        sent = list(self.sent)
        self.rules.dice.shuffle(sent)
        await asyncio.gather(*(self._deliver_one(each, 1, "http_timeout") for each in sent))

    async def _deliver_one(
        self, envelope: Mapping[str, Any], attempt: int = 0, reason: str = ""
    ) -> Ack:
        ack = await self.wire.send("events_api", envelope, attempt, reason)
        self.acks.append(ack)
        if not ack.ok and not ack.stop and attempt < len(RETRIES):
            due = self.memory.clock() + RETRIES[attempt]
            self.retries.append(Retry(due, attempt + 1, ack.reason, envelope))
        return ack

    async def retry(self) -> int:
        """Deliver again what is due by now; returns how many that were."""
        now = self.memory.clock()
        due = [retry for retry in self.retries if retry.due <= now]
        self.retries = [retry for retry in self.retries if retry.due > now]
        for retry in due:
            await self._deliver_one(retry.envelope, retry.attempt, retry.reason)
        return len(due)

    # What they do

    def typed(self, user: str, channel: str, text: str, thread: str | None = None) -> Posted:
        """Put a person's message where it stands, without telling anybody of it."""
        return self.memory.add_post(
            self.channel(channel), user, payload.encode(self.team, text, self.picked), thread=thread
        )

    async def say(self, user: str, channel: str, text: str, thread: str | None = None) -> Posted:
        """Words in a conversation. In a channel, words to the bot come as two events."""
        post = self.typed(user, channel, text, thread)
        await self.tell(post)
        return post

    async def tell(self, post: Posted) -> None:
        """Deliver a person's message (again)."""
        found = self.channel(post.channel)
        if self.team.bot_user not in found.members:
            return  # An app hears nothing of conversations that it is not in.
        events = [payload.said(self.memory, found, post)]
        if f"<@{self.team.bot_user}>" in post.text and found.kind != "im":
            events.append(payload.said(self.memory, found, post, "app_mention"))
        await self.deliver(*events)

    async def edit(self, post: Posted, text: str) -> None:
        """A person changes their words."""
        post.text, post.edited = payload.encode(self.team, text, self.picked), True
        await self.deliver(payload.changed(self.memory, self.channel(post.channel), post))

    async def delete(self, post: Posted) -> None:
        channel = self.channel(post.channel)
        channel.posts.remove(post)
        await self.deliver(payload.deleted(self.memory, channel, post))

    async def robot_says(self, channel: str, text: str) -> None:
        """Words of another app; with our name in them they are a mention as well."""
        found, said = self.channel(channel), payload.encode(self.team, text, self.picked)
        event = payload.robot_said(self.memory, found, said)
        mention = {k: v for k, v in event.items() if k not in {"subtype", "channel_type"}}
        is_mention = f"<@{self.team.bot_user}>" in said
        await self.deliver(event, *([{**mention, "type": "app_mention"}] if is_mention else []))

    async def command(
        self, user: str, channel: str, name: str, text: str = "", *, trigger: str | None = None
    ) -> Ack:
        """A slash command. A trigger that was used before is the same command once more, of
        whose answer nothing is shown."""
        found = self.channel(channel)
        again = trigger is not None
        used = trigger or self.memory.add_trigger(self.team.id, user, channel)
        hook = self.memory.add_hook(found, user, None)
        encoded = payload.encode(self.team, text, self.picked, command=True)
        fields = payload.command(self.memory, self.team, found, user, name, encoded, used, hook)
        ack = await self.wire.send("slash_commands", fields)
        if not ack.ok:
            raise Broken(f"{name} failed: {ack.reason} {ack.status}")
        if ack.body and not again:
            self._answer(hook, ack.body)
        return ack

    def _answer(self, hook: str, body: Any) -> None:
        """What a command was answered with stands where it was given."""
        told: dict[str, Any] = {"text": body} if isinstance(body, str) else body
        faults = check_message(told.get("blocks") or [])
        if faults.messages or faults.too_long:
            raise Broken(f"invalid answer: {faults}")
        held = self.memory.take_hook(hook.rsplit("/", 1)[1])
        assert not isinstance(held, str)
        channel = self.channel(held.channel)
        shown = told.get("response_type") == "in_channel"
        self.memory.add_post(
            channel,
            self.team.bot_user,
            str(told.get("text", "")),
            told.get("blocks") or [],
            only=None if shown else held.user,
            by_bot=True,
        )

    async def press(
        self,
        user: str,
        post: Posted,
        control: Control,
        choice: str | None = None,
        *,
        trigger: str | None = None,
        at: str | None = None,
        gone: bool = False,
    ) -> Ack:
        """Press a control of a message. A trigger that was used is the same press again; of a
        message that is `gone` nothing can be replaced."""
        channel = self.channel(post.channel)
        used = trigger or self.memory.add_trigger(self.team.id, user, channel.id)
        told = payload.pressed(
            self.memory,
            self.team,
            user,
            self._action(control, choice, at),
            used,
            channel=channel,
            post=post,
            hook=self.memory.add_hook(channel, user, None if gone else post, post.thread),
        )
        return await self._interact(told)

    async def press_home(self, user: str, control: Control, choice: str | None = None) -> Ack:
        view = self.team.homes[user]
        used = self.memory.add_trigger(self.team.id, user)
        action = self._action(control, choice, None)
        return await self._interact(
            payload.pressed(self.memory, self.team, user, action, used, view=view)
        )

    def _action(self, control: Control, choice: str | None, at: str | None) -> dict[str, Any]:
        element = control.element
        action: dict[str, Any] = {
            "type": element["type"],
            "action_id": element.get("action_id", "generated"),
            "block_id": control.block_id,
            "action_ts": at or self.memory.new_ts(),
        }
        if element["type"] == "button":
            action["text"] = element["text"]
            if "value" in element:
                action["value"] = element["value"]
            return action
        options = [o for o in element["options"] if choice in {o["value"], o["text"]["text"]}]
        assert options, f"{choice!r} is none of the options"
        action["selected_option"] = options[0]
        return action | {"placeholder": element.get("placeholder")}

    async def _interact(self, told: Mapping[str, Any]) -> Ack:
        ack = await self.wire.send("interactive", told)
        if not ack.ok:
            raise Broken(f"{told['type']} failed: {ack.reason} {ack.status}")
        return ack

    async def submit(
        self,
        user: str,
        view: View,
        values: Mapping[str, str | None],
        *,
        checked: bool = True,
    ) -> dict[str, str]:
        """Send a modal with these values by `block_id`; returns the errors on its fields.

        What the modal begins with stands unless a value is given (None empties a field).
        `checked`: Slack's own client lets no field pass that is not as the view wants it;
        whoever writes a client of their own is held by nothing.
        """
        assert view.user == user, "this is somebody else's"
        trigger = self.memory.add_trigger(self.team.id, user, view.origin)
        state = self._state(view, values, checked)
        told = payload.submitted(self.memory, self.team, view, trigger, state)
        ack = await self._interact(told)
        body = ack.body or {}
        match body.get("response_action"):
            case None:
                if body:
                    raise Broken(f"not an answer to a modal: {body}")
                view.open = False
            case "clear":
                view.open = False
            case "errors":
                return self._errors(view, body["errors"])
            case "update":
                if faults := check_view(body["view"], "modal"):
                    raise Broken(f"invalid view: {faults}")
                view.body, view.hash = body["view"], self.memory.new_hash()
            case other:
                raise Broken(f"unknown response_action {other}")
        return {}

    def _errors(self, view: View, errors: Mapping[str, str]) -> dict[str, str]:
        inputs = {b.get("block_id") for b in view.body["blocks"] if b["type"] == "input"}
        if not errors or not set(errors) <= inputs:
            raise Broken(f"errors on what are no fields: {sorted(errors)}")
        if any(not text or len(text) > 2_000 for text in errors.values()):
            raise Broken("an error has no text, or too long a one")
        return dict(errors)

    def _state(self, view: View, values: Mapping[str, str | None], checked: bool) -> dict[str, Any]:
        state: dict[str, Any] = {}
        inputs = [b for b in view.body["blocks"] if b["type"] == "input"]
        unknown = values.keys() - {block["block_id"] for block in inputs}
        assert not unknown, f"no such fields: {unknown}"
        for block in inputs:
            element, name = block["element"], block["block_id"]
            given = values[name] if name in values else _initial(element)
            if checked:
                _check_field(block, given)
            state[name] = {element["action_id"]: _value(element, given)}
        return state

    async def close(self, view: View) -> None:
        """Close a modal. The app hears of it only if it wanted to."""
        view.open = False
        if view.body.get("notify_on_close"):
            await self._interact(payload.closed(self.memory, self.team, view))

    async def react(self, user: str, post: Posted, name: str) -> None:
        channel = self.channel(post.channel)
        await self.deliver(payload.reacted(self.memory, channel, post, user, name))

    async def open_home(self, user: str, tab: str = "home") -> None:
        im = self.memory.open_im(self.team, user)
        await self.deliver(payload.home_opened(self.memory, self.team, user, im, tab))

    async def use_shortcut(self, user: str, callback: str, *, trigger: str | None = None) -> Ack:
        """A global shortcut."""
        used = trigger or self.memory.add_trigger(self.team.id, user)
        at = self.memory.new_ts()
        return await self._interact(
            payload.shortcut(self.memory, self.team, user, callback, used, at)
        )

    async def use_on(
        self, user: str, post: Posted, callback: str, *, trigger: str | None = None
    ) -> Ack:
        """A shortcut on a message."""
        channel = self.channel(post.channel)
        used = trigger or self.memory.add_trigger(self.team.id, user, channel.id)
        told = payload.message_shortcut(
            self.memory,
            self.team,
            user,
            callback,
            used,
            self.memory.new_ts(),
            channel,
            post,
            self.memory.add_hook(channel, user, post, post.thread),
        )
        return await self._interact(told)

    async def change(self, member: Member) -> None:
        """Say that something about a person is new."""
        await self.deliver(payload.user_changed(self.memory, member))

    async def join(self, member: Member) -> None:
        self.team.members[member.id] = member
        await self.deliver(payload.user_changed(self.memory, member, "team_join"))

    async def enter(self, user: str, channel: str) -> None:
        found = self.channel(channel)
        found.members.add(user)
        await self.deliver(payload.membership(self.memory, found, user, "member_joined_channel"))

    async def go(self, user: str, channel: str) -> None:
        found = self.channel(channel)
        found.members.discard(user)
        await self.deliver(payload.membership(self.memory, found, user, "member_left_channel"))

    async def uninstall(self) -> None:
        """The app is taken away: its tokens are revoked, and it hears of both."""
        self.memory.revoke(self.team.id, "account_inactive")
        await self.deliver(
            {"type": "tokens_revoked", "tokens": {"oauth": [], "bot": [self.team.bot_user]}},
            {"type": "app_uninstalled"},
        )


def _initial(element: Mapping[str, Any]) -> str | None:
    chosen = element.get("initial_option")
    if chosen is not None:
        return str(chosen["value"])
    return (
        element.get("initial_value") or element.get("initial_date") or element.get("initial_user")
    )


def _check_field(block: Mapping[str, Any], given: str | None) -> None:
    """What Slack's client asks of a field before it sends anything."""
    element = block["element"]
    assert given or block.get("optional", False), f"{block['block_id']} is required"
    if not given:
        return
    match element["type"]:
        case "plain_text_input":
            assert len(given) <= element.get("max_length", 3_000), "too long"
        case "number_input":
            low, high = element.get("min_value"), element.get("max_value")
            assert low is None or float(given) >= float(low), "too small"
            assert high is None or float(given) <= float(high), "too large"
        case "static_select" | "radio_buttons":
            assert _option(element, given) is not None, f"{given!r} is none of the options"


def _option(element: Mapping[str, Any], given: str | None) -> Mapping[str, Any] | None:
    options = (o for o in element["options"] if given in {o["value"], o["text"]["text"]})
    return next(options, None)


def _value(element: Mapping[str, Any], given: str | None) -> dict[str, Any]:
    """A field as Slack's client sends it."""
    kind = element["type"]
    match kind:
        case "plain_text_input" | "number_input":
            return {"type": kind, "value": given or None}
        case "static_select" | "radio_buttons":
            made_up = {"text": {"type": "plain_text", "text": "?"}, "value": given}
            chosen = (_option(element, given) or made_up) if given else None
            return {"type": kind, "selected_option": chosen}
        case "users_select":
            return {"type": kind, "selected_user": given or None}
        case "datepicker":
            return {"type": kind, "selected_date": given or None}
        case other:
            raise AssertionError(f"cannot fill in {other}")

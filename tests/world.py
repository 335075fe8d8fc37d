"""A small organisation to talk to: the real application on a real database.

Only the network is made up: `Room` is a platform that keeps what it was given. Time is
moved by hand. Tests read as talks: who says what, who hears what.
"""

import asyncio
import atexit
import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, func, select

from bot.app import App
from bot.capabilities.attention import capability_beside
from bot.capabilities.calendar import capability as calendar
from bot.capabilities.campaigns import capability as campaigns
from bot.capabilities.library import capability_with
from bot.capabilities.narration import capability_beside as narration_beside
from bot.capabilities.questions import capability as questions
from bot.capabilities.questions.model import (
    Article,
    ArticleState,
    Declaration,
    Endorsement,
    Event,
    Level,
    Question,
    Tally,
    fold,
)
from bot.capabilities.quizzes import capability as quizzes
from bot.capabilities.roles import capability as roles
from bot.capabilities.tips import capability as tips
from bot.capability import Capability, register
from bot.form import Form
from bot.ids import ArticleId, PersonId, TopicId, WorkspaceId
from bot.inbound import (
    Inbound,
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
from bot.kind import Sort, find_fault
from bot.lanes import Lanes
from bot.mention import cut_mentions
from bot.message import Args, Button, Buttons, Choice, Message
from bot.messages import HELP
from bot.outbox import (
    Delivery,
    Letter,
    LetterState,
    Outcome,
    Sent,
    ToPerson,
    ToRelay,
    TryLater,
)
from bot.people import Person, Role, Workspace, local
from bot.plain import render_plain
from bot.rate import UNLIMITED, Limits
from bot.reply import Audience, Reply
from bot.topic import Topic
from content.sense import faults_of
from storage.column import metadata
from storage.database import Database
from storage.lane import SqlLaneStore
from storage.outbox import AT_ONCE
from storage.tables import outbox
from storage.work import SqlWork
from tests.everywhere import everywhere

MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
WORKSPACE = WorkspaceId("w")
PLATFORM = "room"
_THEIRS: Sequence[Capability[SqlWork]] = (
    questions,
    capability_with(faults_of),
    quizzes,
    campaigns,
    tips,
    calendar,
    roles,
)
_OTHERS = (*_THEIRS, narration_beside(_THEIRS))
CAPABILITIES: Sequence[Capability[SqlWork]] = (*_OTHERS, capability_beside(_OTHERS))
_LOOP = asyncio.new_event_loop()
"""One loop, and its threads, for all worlds of a process: letters go out after everything that is
done, and to make both anew each time took a tenth of every talk."""
atexit.register(_LOOP.close)


@dataclass(slots=True)
class Heard:
    """One message in a conversation. `only` is the one person who sees it."""

    id: str
    conversation: str
    message: Message
    thread: str | None = None
    only: str | None = None
    key: str | None = None

    @property
    def text(self) -> str:
        return render_plain(self.message)

    @property
    def buttons(self) -> list[Button]:
        return [b for part in self.message.parts if isinstance(part, Buttons) for b in part.buttons]


@dataclass(slots=True)
class Room:
    """A platform on which everything arrives."""

    heard: list[Heard] = field(default_factory=list)
    name: str = PLATFORM
    limits: Limits = UNLIMITED
    reads_back: bool = True
    closed: set[str] = field(default_factory=set)
    """Channels in which the bot is not."""
    _ids: Iterable[int] = field(default_factory=lambda: itertools.count(1))

    def add(self, conversation: str, message: Message, **more: str | None) -> Heard:
        number = next(iter(self._ids))
        heard = Heard(id=f"m{number}", conversation=conversation, message=message, **more)
        self.heard.append(heard)
        return heard

    def find(self, conversation: str, external: str) -> Heard | None:
        return next(
            (h for h in self.heard if h.id == external and h.conversation == conversation), None
        )

    async def deliver(self, delivery: Delivery) -> Outcome:
        if delivery.edits is not None and delivery.conversation is not None:
            before = self.find(delivery.conversation, delivery.edits)
            assert before is not None
            before.message = delivery.message
            return Sent(external=before.id, conversation=before.conversation)
        conversation = f"dm:{delivery.address}" if delivery.direct else delivery.address
        if conversation in self.closed:
            return TryLater(timedelta(minutes=5), "not_in_channel")
        heard = self.add(conversation, delivery.message, thread=delivery.thread, key=delivery.key)
        return Sent(external=heard.id, conversation=conversation)

    async def find_delivered(self, delivery: Delivery) -> Sent | None:
        found = next((h for h in self.heard if h.key == delivery.key), None)
        return Sent(external=found.id, conversation=found.conversation) if found else None


class World:
    """People, a clock, and what everybody has heard.

    Names are handles: `ana`, `ben` and `cem` ask; `kim` and `bo` know about travel, `lu`
    is learning it; `dana` is community manager; `sam` is steward of travel.
    """

    platform = PLATFORM
    external = "w1"
    app_class: type[App[SqlWork]] = App

    def __init__(self, database: Database, now: datetime = MONDAY) -> None:
        self.database = database
        self.now = now
        self.room = Room()
        self._events = itertools.count(1)
        self._ids = itertools.count(1)
        self.app = self.app_class(
            database, register(CAPABILITIES), lambda: self.now, lambda: f"id{next(self._ids):06}"
        )
        self.lanes = Lanes(SqlLaneStore(database), everywhere(lambda: self.room), lambda: self.now)
        self.said: list[str] = []
        """The addresses of all plain words, in order."""
        self.form: Form | None = None
        self.forms: list[Form] = []
        self.pressed: set[tuple[str, str]] = set()
        self._judged = 0
        self._told: set[tuple[str, str, date]] = set()
        self.looked = 0
        with database.transaction() as work:
            work.people.add_workspace(
                Workspace(
                    id=WORKSPACE, platform=self.platform, external=self.external, name="World"
                )
            )
            for name in ("ana", "ben", "cem", "kim", "bo", "lu", "sam"):
                work.people.save(self.resident(person(name)))
            manager = replace(person("dana"), roles=frozenset({Role.COMMUNITY_MANAGER}))
            work.people.save(self.resident(manager))
            work.topics.save(
                Topic(
                    id=TopicId("travel"),
                    workspace=WORKSPACE,
                    title="Travel",
                    aliases=("trip", "taxi", "hotel"),
                    steward=PersonId("sam"),
                    channel="#travel",
                )
            )
        self.declares("kim", "travel", "can_help")
        self.declares("bo", "travel", "can_help")
        self.declares("lu", "travel", "learning")

    def opens_topic(self, topic: Topic) -> None:
        with self.database.transaction() as work:
            work.topics.save(topic)

    def joins(self, newcomer: Person) -> None:
        """Somebody is added to the directory."""
        with self.database.transaction() as work:
            work.people.save(self.resident(newcomer))

    def resident(self, known: Person) -> Person:
        """The person as the platform reaches them."""
        return known

    def shuts_out(self, channel: str) -> None:
        """The bot is taken out of a channel."""
        self.room.closed.add(channel)

    def declares(self, who: str, topic: str, level: Level) -> None:
        with self.database.transaction() as work:
            work.experts.declare(
                Declaration(
                    person=PersonId(who),
                    topic=TopicId(topic),
                    level=level,
                    at=self.now - timedelta(days=60),
                )
            )

    def changes(self, who: str, **fields: object) -> None:
        """Change a person in the directory."""
        with self.database.transaction() as work:
            known = work.people.get(PersonId(who))
            assert known is not None
            work.people.save(replace(known, **fields))  # type: ignore[arg-type]  # by name

    # --- what people do ---------------------------------------------------------------

    def says(
        self, who: str, text: str, where: str | None = None, *, thread: str | None = None
    ) -> Reply:
        """Words as typed: `/command`, `@inflow ...` or plain. `where` None is the DM."""
        conversation = where or f"dm:{who}"
        what: What
        if text.startswith("/"):
            name, _, rest = text[1:].partition(" ")
            what = Ordered(name=name, text=rest)
        else:
            message = f"s{next(self._events)}"
            self.said.append(message)
            bare, addressed = cut_mentions(text.split("@inflow"))
            what = Said(
                text=bare, mentioned="@inflow" in text, addressed=addressed, message=message
            )
        return self._does(who, conversation, what, thread=thread)

    def presses(
        self, who: str, label: str, *, on: Heard | None = None, args: Args | None = None
    ) -> Reply:
        """Press the newest button of that label that the person can see."""
        heard, button = self._button(who, label, on)
        what = Pressed(
            action=button.action, args=button.args if args is None else args, message=heard.id
        )
        return self._does(who, heard.conversation, what, pressed=heard)

    def taps(self, who: str, button: Button, *, on: Heard, event: str | None = None) -> Reply:
        """Press a button that stood on the message once, whatever stands there now."""
        what = Pressed(action=button.action, args=button.args, message=on.id)
        return self._does(who, on.conversation, what, pressed=on, event=event)

    def forges(
        self, who: str, action: str, args: Mapping[str, Any], values: dict[str, str] | None = None
    ) -> Reply:
        """Send what no button or form of ours would send."""
        what: What = (
            Pressed(action=action, args=dict(args))
            if values is None
            else Submitted(action=action, args=dict(args), values=values)
        )
        return self._does(who, f"dm:{who}", what)

    def fills(self, who: str, where: str | None = None, **values: str) -> Reply:
        """Send the form that was opened last, with these values over those it began with."""
        form = self.form
        assert form is not None, "no form is open"
        filled = {f.name: str(f.value) for f in form.fields if f.value is not None}
        what = Submitted(action=form.action, args=form.args, values={**filled, **values})
        return self._does(who, where or f"dm:{who}", what)

    def uses(
        self,
        who: str,
        shortcut: str,
        text: str,
        where: str = "#general",
        *,
        author: str | None = None,
        on: str | None = None,
    ) -> Reply:
        """Use a shortcut on a message of these words, by `author`, that stands at `on`."""
        what = Shortcut(name=shortcut, text=text, author=author, message=on)
        return self._does(who, where, what)

    def opens(self, who: str) -> Message:
        """The person's own page, as they see it now."""
        page = self._does(who, f"dm:{who}", Opened()).page
        assert page is not None
        return page

    def looks(self, who: str, at: Heard) -> Message | None:
        """What a message in a channel is to the person, where it is anything of its own."""
        inbound = Inbound(
            platform=self.platform,
            workspace=self.external,
            event_id=f"e{next(self._events)}",
            person=who,
            place=Place(conversation=at.conversation, kind=PlaceKind.CHANNEL),
            at=self.now,
            what=Looked(message=at.id),
        )
        return self.app.receive(inbound).message

    def presses_on_page(self, who: str, label: str, choice: str | None = None) -> Reply:
        """Press what stands on the person's page, which is no message of a conversation."""
        for part in self.opens(who).parts:
            for each in part.buttons if isinstance(part, Buttons) else ():
                if each.label == label:
                    return self._does(who, f"dm:{who}", Pressed(action=each.action, args=each.args))
            if isinstance(part, Choice) and part.label == label:
                args = {**part.args, "choice": choice}
                return self._does(who, f"dm:{who}", Pressed(action=part.action, args=args))
        raise AssertionError(f"{label!r} is not on {who}'s page")

    def marks(self, who: str, message: str, where: str, *, thread: str | None = None) -> Reply:
        """Put the mark on a message that says that it is the answer."""
        return self._does(who, where, Reacted(name="accept", message=message), thread=thread)

    def leaves(self, who: str) -> None:
        self._does(who, f"dm:{who}", Left())

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
        kind = PlaceKind.DM if conversation.startswith("dm:") else PlaceKind.CHANNEL
        inbound = Inbound(
            platform=self.platform,
            workspace=self.external,
            event_id=event or f"e{next(self._events)}",
            person=who,
            place=Place(conversation=conversation, kind=kind, thread=thread),
            at=self.now,
            what=what,
        )
        reply = self.app.receive(inbound)
        if reply.form is not None:
            if isinstance(what, Pressed):
                assert what.action in self.app.registry.opens_forms, what.action
            self.form = reply.form
            self.forms.append(reply.form)
        if reply.page is not None and pressed is not None:
            pressed.message = reply.page
        if reply.message is not None:
            if reply.replace and pressed is not None:
                pressed.message = reply.message
            else:
                only = who if reply.audience is Audience.PERSON else None
                self.room.add(conversation, reply.message, thread=thread, only=only)
        self.drains()
        return reply

    def _button(self, who: str, label: str, on: Heard | None) -> tuple[Heard, Button]:
        for heard in [on] if on is not None else reversed(self.hears(who)):
            for button in heard.buttons:
                if button.label == label:
                    return heard, button
        labels = [b.label for h in self.hears(who) for b in h.buttons]
        raise AssertionError(f"{who} sees no button {label!r}; there are {labels}")

    # --- what people hear -------------------------------------------------------------

    def hears(self, who: str) -> list[Heard]:
        """All that a person can see now, oldest first."""
        return [
            h
            for h in self.room.heard
            if (h.conversation == f"dm:{who}" or h.conversation.startswith("#"))
            and h.only in {None, who}
        ]

    def last(self, who: str) -> str:
        """The newest message of the person's DM, or to the person alone, as plain text."""
        mine = [h for h in self.hears(who) if h.conversation == f"dm:{who}" or h.only == who]
        return mine[-1].text if mine else ""

    def dms(self, who: str) -> list[str]:
        return [h.text for h in self.room.heard if h.conversation == f"dm:{who}"]

    def who_was_asked(self) -> list[str]:
        """Those with an offer in their DM, in order."""
        return [
            h.conversation.removeprefix("dm:")
            for h in self.room.heard
            if h.key is not None and ":offer:" in h.key
        ]

    def offers(self) -> list[Heard]:
        """Every offer that reached a DM, in order."""
        return [h for h in self.room.heard if h.key is not None and ":offer:" in h.key]

    def in_channel(self, channel: str) -> list[Heard]:
        """What everybody in a channel sees."""
        return [h for h in self.room.heard if h.conversation == channel and h.only is None]

    # --- what stands in the store -----------------------------------------------------

    def question(self, number: int = 1) -> Question:
        with self.database.transaction() as work:
            found = work.questions.by_number(WORKSPACE, number)
        assert found is not None, f"there is no question {number}"
        return found

    def state(self, number: int = 1) -> str:
        return self.question(number).state.value

    def events(self, number: int = 1) -> list[Event]:
        question = self.question(number)
        with self.database.transaction() as work:
            return list(work.questions.events(question.id))

    def articles(self) -> list[Article]:
        """All articles, longest unchanged first."""
        with self.database.transaction() as work:
            return list(work.articles.in_states(WORKSPACE, frozenset(ArticleState), 1_000))

    def endorsements(self) -> list[Endorsement]:
        with self.database.transaction() as work:
            return list(work.experts.endorsements(WORKSPACE))

    def asked(self, number: int = 1) -> set[str]:
        """Everybody to whom a question was offered, whether it has reached them or not."""
        question = self.question(number)
        with self.database.transaction() as work:
            return {offer.person for offer in work.questions.offers(question.id)}

    def phrasings(self, article: ArticleId) -> list[str]:
        with self.database.transaction() as work:
            return list(work.articles.phrasings(article))

    def tally(self, article: ArticleId) -> Tally:
        with self.database.transaction() as work:
            return work.articles.tally(article)

    def find_person(self, who: str) -> Person:
        with self.database.transaction() as work:
            found = work.people.get(PersonId(who))
        assert found is not None
        return found

    def dump(self) -> dict[str, str]:
        """All rows of all tables, as text."""
        with self.database.begin() as connection:
            return {
                table.name: "\n".join(map(repr, connection.execute(table.select())))
                for table in metadata.sorted_tables
            }

    def checks(self) -> None:
        """What must be true after every talk.

        A saved question is the fold of its events, and every button that anybody has seen
        leads somewhere.
        """
        with self.database.transaction() as work:
            number = 0
            while question := work.questions.by_number(WORKSPACE, number := number + 1):
                assert fold(question, work.questions.events(question.id)) == question
        registry = self.app.registry
        presses = {*registry.presses, HELP}
        for heard in self.room.heard:
            for part in heard.message.parts:
                actions = {b.action for b in part.buttons} if isinstance(part, Buttons) else set()
                actions |= {part.action} if isinstance(part, Choice) else set()
                assert actions <= presses, heard.text
        for form in self.forms:
            assert form.action in registry.submits

    # --- whole episodes ---------------------------------------------------------------

    def settles(
        self, who: str, text: str, answer: str, *, command: str = "", private: bool = False
    ) -> str:
        """Somebody asks, is answered and accepts; returns who answered."""
        self.says(who, f"{command} {text}".strip())
        helper = self.who_was_asked()[-1]
        self.presses(helper, "I take it")
        self.presses(helper, "Answer")
        self.fills(helper, answer=answer)
        self.presses(who, "Accept, but keep it private" if private else "That’s the answer")
        return helper

    def reviews(self, who: str) -> str:
        """Somebody opens all FAQ entries that want their eyes; returns what they read."""
        before = len(self.room.heard)
        self.says(who, "/faq review")
        listed = self.hears(who)[-1]
        for button in listed.buttons:
            self.taps(who, button, on=listed)
        return "\n".join(heard.text for heard in self.room.heard[before:])

    # --- time -------------------------------------------------------------------------

    def drains(self) -> None:
        self.judges()
        _LOOP.run_until_complete(self.lanes.drain_all())
        assert not asyncio.all_tasks(_LOOP), "nothing goes on in the next world"

    def judges(self) -> None:
        """Every letter that was posted keeps the rule of its sort (see `bot.kind`)."""
        for posted in self._posted():
            with self.database.transaction() as work:
                person = work.people.get(PersonId(posted.person or ""))
                attention = work.attention.get(PersonId(posted.person or ""))
            to = ToRelay(subject=posted.subject) if person is None else ToPerson(person=person.id)
            letter = Letter(
                key=posted.key,
                to=to,
                message=Message.model_validate_json(posted.message),
                kind=posted.kind,
                priority=posted.priority,
                due_at=None if posted.due_at == AT_ONCE else posted.due_at,
                day=posted.day,
                because=posted.because,
            )
            kind = self.app.registry.letters.get(posted.kind)
            is_stopped = attention.stopped_at is not None
            fault = find_fault(kind, letter, person or WHOEVER, is_stopped=is_stopped)
            assert not fault, f"{posted.key} ({posted.kind}): {fault}"
            if kind is not None and kind.sort is Sort.DUTY and not kind.each and person is not None:
                told = (person.id, posted.kind, local(person, posted.due_at).date())
                assert told not in self._told, f"{posted.key}: the second of its kind on a day"
                self._told.add(told)

    def _posted(self) -> Sequence[Any]:
        """The letters to people that were promised since this was asked last."""
        with self.database.begin() as connection:
            rows = connection.execute(POSTED, {"judged": self._judged}).all()
        self._judged = rows[-1].id if rows else self._judged
        # Not what a test itself has posted, to see what becomes of it.
        return [row for row in rows if not row.kind.startswith("test")]

    def passes(self, **amount: float) -> None:
        """Let time pass, doing what falls due on the way, in order."""
        target = self.now + timedelta(**amount)
        while True:
            while self.app.run_due() or self.app.plan_due().seen:
                self.drains()
            self.drains()
            if self.now >= target:
                return
            due = (self.app.next_due(), self._next_letter())
            self.now = min([target, *(at for at in due if at is not None and at > self.now)])

    def _next_letter(self) -> datetime | None:
        """When the next letter that waits for its time may go."""
        with self.database.begin() as connection:
            due: datetime | None = connection.execute(
                select(func.min(outbox.c.due_at)).where(
                    outbox.c.state == LetterState.PENDING, outbox.c.due_at > self.now
                )
            ).scalar()
        return due


POSTED = (
    select(
        *(outbox.c[name] for name in ("id", "key", "person", "subject", "message", "kind")),
        *(outbox.c[name] for name in ("priority", "due_at", "day", "because")),
    )
    .where(
        outbox.c.id > bindparam("judged"),
        outbox.c.to_kind != "place",
        outbox.c.edits.is_(None),
        outbox.c.message.is_not(None),
    )
    .order_by(outbox.c.id)
)


def person(name: str) -> Person:
    return Person(id=PersonId(name), workspace=WORKSPACE, address=name, name=name.title())


WHOEVER = person("whoever")
"""Somebody whose hours say nothing, for a letter to a relay."""

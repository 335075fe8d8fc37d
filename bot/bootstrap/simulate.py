"""`inflow simulate`: an organisation in virtual time, to see what people would get.

The application, the packs that come with it, the rounds of its clock, the attention budget, slots
and lanes are the real ones, on a database that is thrown away. Made up are the people
(`bot.bootstrap.character`) and the platform, on which everything arrives.
"""

import asyncio
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import cached_property, partial
from heapq import heappop, heappush
from itertools import count
from pathlib import Path
from random import Random

from bot.app import App
from bot.attention import NOTICE, Attention
from bot.bootstrap.authoring import bring
from bot.bootstrap.character import (
    Character,
    Mind,
    expect_met,
    find_mistake,
    grave_share,
    make_character,
    type_out,
)
from bot.bootstrap.registry import CAPABILITIES
from bot.bootstrap.report import Played, Report, Seen, draw_up
from bot.capabilities.questions.memory import Memory
from bot.capabilities.quizzes.model import ASKING, Attempt, State
from bot.capabilities.tips.course import entry_of
from bot.capabilities.tips.model import KIND
from bot.capability import register
from bot.ids import PersonId, WorkspaceId
from bot.inbound import Inbound, Ordered, Place, PlaceKind, Pressed, Said, Submitted, What
from bot.lanes import Lanes
from bot.message import Button, Buttons, Message
from bot.outbox import Delivery, Outcome, Sent
from bot.pack.answer import Raw
from bot.pack.item import Branching, Item, ScenarioChoice
from bot.pack.model import Quiz, Tip
from bot.people import Person, Role, WorkingHours, Workspace, is_working, local, works_on
from bot.ports import Platform
from bot.rate import UNLIMITED, Limits
from bot.reply import NOTHING, Reply
from bot.schedule import at_local
from content.load import PACKS, Loaded, find_packs, load_packs
from storage.chronicle import Chronicle
from storage.database import Database
from storage.lane import SqlLaneStore
from storage.migrate import upgrade

START = datetime(2026, 3, 2, tzinfo=UTC)
"""A Monday; in the weeks after it clocks change on both sides of the Atlantic."""
TICK = timedelta(minutes=5)
"""How often the clock looks; a real one does every second, which brings nothing else."""
NAME = "simulation"
HERE = WorkspaceId("made-up")
QUIZ = "quiz.item"
"""What the outbox calls a letter that goes on with a quiz."""
SITTING = timedelta(seconds=40)
"""How long a made-up person thinks about one question of a quiz."""
LEAVES = 0.02
"""How often somebody walks away from a question of a quiz; they come back the next day."""
FINISHES = 0.3
"""How often somebody wants to know the rest when it is decided that they have not passed."""
TRIES_AGAIN = 0.8
MOST_TRIES = 4
CAMPAIGN_EVERY = 14
"""Days between two campaigns to everybody, which want a place in the same budget."""
_DAY = timedelta(days=1)

Progress = Callable[[int, int], None]
"""Is told after each day which it was, and of how many."""


class _Platform:
    """Takes everything that it is given, at once."""

    name = NAME
    limits: Limits = UNLIMITED
    reads_back = True

    def __init__(self) -> None:
        self.arrived: list[tuple[str, Message, str, str]] = []
        """What has arrived since somebody looked: to whom, what, of which kind, and its key."""

    async def deliver(self, delivery: Delivery) -> Outcome:
        conversation = delivery.conversation or delivery.address
        if delivery.direct and delivery.edits is None:
            self.arrived.append((delivery.address, delivery.message, delivery.kind, delivery.key))
            conversation = f"dm:{delivery.address}"
        return Sent(external=delivery.edits or delivery.key, conversation=conversation)

    async def find_delivered(self, _delivery: Delivery) -> Sent | None:
        """Nothing is ever in doubt here."""
        return None


@dataclass(slots=True)
class _Actor:
    """A made-up person with their place in the organisation."""

    person: Person
    mind: Mind

    @property
    def character(self) -> Character:
        return self.mind.character

    @property
    def chance(self) -> Random:
        return self.mind.chance


class Organisation:
    """People, a clock, and an agenda of who does what next."""

    def __init__(
        self, database: Database, people: int, days: int, seed: int, packs: Sequence[Loaded]
    ) -> None:
        self.database = database
        self.start, self.end = START, START + days * _DAY
        self.now = START
        self.seen = Seen()
        self._seed = seed
        self._events, self._ids = count(1), count(1)
        self._app = App(
            database, register(CAPABILITIES), lambda: self.now, lambda: f"id{next(self._ids):08}"
        )
        self._platform = _Platform()
        self._lanes = Lanes(SqlLaneStore(database), self._platform_of, lambda: self.now)
        self._runner = asyncio.Runner()
        self._agenda: list[tuple[datetime, int, Callable[[], None]]] = []
        self._order = count()
        contents = [value for loaded in packs for value in loaded.bundle.contents]
        self.quizzes = {value.id: value for value in contents if isinstance(value, Quiz)}
        self.tips = {value.id: value for value in contents if isinstance(value, Tip)}
        self.topics = tuple(dict.fromkeys(tip.topic for tip in self.tips.values()))
        self._items = {
            (quiz.id, item.id): item for quiz in self.quizzes.values() for item in quiz.items
        }
        self._actors: dict[str, _Actor] = {}
        self._shown: dict[PersonId, set[str]] = {}
        self._last: dict[PersonId, tuple[object, ...]] = {}
        self._move_in(people, packs)

    async def _platform_of(self, _workspace: WorkspaceId) -> Platform | None:
        return self._platform

    @cached_property
    def _mistakes(self) -> dict[str, Raw]:
        return {item.id: find_mistake(item) for item in self._items.values()}

    @property
    def played(self) -> Played:
        """Who was played, and what was counted on the way."""
        actors = self._actors.values()
        return Played(
            people={actor.person.id: actor.person for actor in actors},
            hours={actor.person.id: actor.character.slot for actor in actors},
            quizzes=self.quizzes,
            start=self.start,
            end=self.end,
            seed=self._seed,
            seen=self.seen,
        )

    # --- moving in ------------------------------------------------------------------------

    def _move_in(self, people: int, packs: Sequence[Loaded]) -> None:
        for number in range(people):
            chance = Random(f"{self._seed}:{number}")
            character = make_character(number, chance)
            address = f"u{number:05}"
            where = character.where
            person = Person(
                id=PersonId(f"p{number:05}"),
                workspace=HERE,
                address=address,
                name=f"Person {number + 1}",
                zone=where.zone,
                hours=WorkingHours(where.weekdays, character.starts, character.ends),
                country=where.country,
                roles=frozenset({Role.COMMUNITY_MANAGER} if number == 0 else ()),
            )
            self._actors[address] = _Actor(person, Mind(character, chance))
        with self.database.transaction() as work:
            work.people.add_workspace(
                Workspace(id=HERE, platform=NAME, external=HERE, name="Made up")
            )
            for actor in self._actors.values():
                work.people.save(actor.person)
                work.attention.save(Attention(actor.person.id, slot=actor.character.slot))
            bring(work, HERE, packs, self.now)
        with self.database.transaction() as work:
            # Read again, since the store works out which days are off.
            for actor in self._actors.values():
                actor.person = work.people.get(actor.person.id) or actor.person
        for actor in self._actors.values():
            self._plan_for(actor)
        manager = next(iter(self._actors.values()))
        for day in range((self.end - self.start).days):
            self._on(manager, day, time(11), partial(self._read_answers, manager))
            if day % CAMPAIGN_EVERY == 2:
                self._on_working_day(manager, day, partial(self._campaign, manager))

    def _plan_for(self, actor: _Actor) -> None:
        """What somebody sets out to do: follow some topics, and take some quizzes."""
        chance, habit = actor.chance, actor.character.habit
        days = max(1, (self.end - self.start).days)
        wanted = chance.sample(self.topics, k=chance.choice((1, 1, 2, 3)))
        begins = chance.randrange(min(days, 10))
        for topic in wanted:
            self._on_working_day(actor, begins, partial(self._follow, actor, topic))
        for quiz in self.quizzes.values():
            asked_for = quiz.policy.requirement != "voluntary"
            if chance.random() < (0.8 if asked_for else habit.curious):
                day = chance.randrange(max(1, days - days // 4))
                self._on_working_day(actor, day, partial(self._begin, actor, quiz.id))

    # --- the agenda -----------------------------------------------------------------------

    def _at(self, at: datetime, do: Callable[[], None]) -> None:
        if at < self.end:
            heappush(self._agenda, (max(at, self.now), next(self._order), do))

    def _on(self, actor: _Actor, day: int, at: time, do: Callable[[], None]) -> None:
        """At an hour of the person's own, on a day counted from the start, if they work then."""
        there = self.start.date() + day * _DAY
        if works_on(actor.person, there):
            self._at(at_local(there, at, actor.person.zone), do)

    def _on_working_day(self, actor: _Actor, day: int, do: Callable[[], None]) -> None:
        """Some time on the first working day from a day on, counted from the start."""
        there = self.start.date() + day * _DAY
        for _ in range(30):
            if works_on(actor.person, there):
                break
            there += _DAY
        begins = at_local(there, actor.character.starts, actor.person.zone)
        self._at(begins + timedelta(minutes=actor.chance.randrange(440)), do)

    def _day_of(self, actor: _Actor) -> int:
        return (local(actor.person, self.now).date() - self.start.date()).days

    def _in_hours(self, actor: _Actor) -> bool:
        return is_working(actor.person, self.now)

    # --- time -----------------------------------------------------------------------------

    def play(self, progress: Progress | None = None) -> None:
        """Let all days pass."""
        days = (self.end - self.start).days
        tick, told = self.start, 0
        try:
            while tick < self.end:
                self.now = tick
                self._do_due()
                until = tick + TICK
                while self._agenda and self._agenda[0][0] < until:
                    at, _, do = heappop(self._agenda)
                    self.now = max(self.now, at)
                    do()
                tick = max(until, self._next_tick())
                if progress is not None and (passed := (tick - self.start).days) > told:
                    told = min(passed, days)
                    progress(told, days)
        finally:
            self._runner.close()

    def _next_tick(self) -> datetime:
        """The next look of the clock at which something is to be done."""
        with self.database.begin() as connection:
            letter = Chronicle(connection, HERE).next_letter()
        waits = [at for at in (self._app.next_due(), letter) if at is not None]
        moments = [-((self.start - at) // TICK) for at in waits]
        if self._agenda:
            moments.append((self._agenda[0][0] - self.start) // TICK)
        return self.start + min(moments) * TICK if moments else self.end

    def _do_due(self) -> None:
        """A round of the clock: timers, slots and lanes, until nothing more is due."""
        while True:
            done = self._app.run_due()
            planned = self._app.plan_due()
            self.seen.slots += planned
            if not done and not planned.seen:
                break
        self._runner.run(self._lanes.drain_all())
        # In an order that no thread can change.
        arrived, self._platform.arrived = sorted(self._platform.arrived, key=_by_key), []
        for address, message, kind, key in arrived:
            self._get(self._actors[address], message, kind, key)

    # --- what people do -------------------------------------------------------------------

    def _does(self, actor: _Actor, what: What) -> Reply:
        self.seen.inbounds += 1
        address = actor.person.address
        return self._app.receive(
            Inbound(
                platform=NAME,
                workspace=HERE,
                event_id=f"e{next(self._events)}",
                person=address,
                place=Place(conversation=f"dm:{address}", kind=PlaceKind.DM),
                at=self.now,
                what=what,
            )
        )

    def _says(self, actor: _Actor, text: str) -> Reply:
        return self._does(actor, Said(text=text, message=f"s{next(self._events)}"))

    def _presses(self, actor: _Actor, button: Button | None, on: str | None = None) -> Reply:
        if button is None:
            return NOTHING
        return self._does(actor, Pressed(action=button.action, args=button.args, message=on))

    def _follow(self, actor: _Actor, topic: str) -> None:
        reply = self._does(actor, Pressed(action="tips.follow", args={"choice": topic}))
        self._presses(actor, _find(reply.message, "tips.pace", pace=actor.character.pace))

    def _get(self, actor: _Actor, message: Message, kind: str, key: str) -> None:
        """Something has arrived. Much of it is not reacted to, and that is no failure."""
        habit, chance = actor.character.habit, actor.chance
        if _find(message, "campaign.send") is not None:
            self._presses(actor, _find(message, "campaign.send"), key)
            return
        if kind == NOTICE:
            self.seen.silenced.add(actor.person.id)
        if kind == KIND:
            self._note_tip(actor, message)
        if kind == QUIZ:
            # What they wrote was read by somebody: it goes on, or it is over.
            self._at(self.now + SITTING, partial(self._go_on, actor))
            return
        drawn, waits = chance.random(), chance.lognormvariate(0, 0.8) * habit.minutes
        if drawn >= habit.reacts and kind != NOTICE:
            return
        self._at(
            self.now + timedelta(minutes=min(waits, 2_000)),
            partial(self._react, actor, message, key),
        )

    def _note_tip(self, actor: _Actor, message: Message) -> None:
        """Count what comes in the same words twice running. An idea that is told on one day and
        asked for on the next is no such thing."""
        button = _find(message, "tips.react") or _find(message, "tips.answer")
        tip = self.tips[str(button.args["tip"])] if button else None
        if button is None or tip is None:
            return
        shown = self._shown.setdefault(actor.person.id, set())
        words = (tip.id, button.action, button.args.get("variant"))
        if self._last.get(actor.person.id) == words:
            entry, asks = entry_of(tip), button.action == "tips.answer"
            if len(entry.asking if asks else entry.wordings) > 1:
                self.seen.twice_running += 1
            elif not self._has_come(tip.topic, shown):
                with self.database.transaction() as work:
                    waived = {waiver.topic for waiver in work.waivers.of(actor.person.id)}
                self.seen.only_words += tip.topic not in waived
        shown.add(tip.id)
        self._last[actor.person.id] = words

    def _has_come(self, topic: str, shown: set[str]) -> bool:
        """Whether everything of a topic has been shown."""
        return all(other.id in shown for other in self.tips.values() if other.topic == topic)

    def _react(self, actor: _Actor, message: Message, key: str) -> None:
        if not self._in_hours(actor):
            # After work it is read the next day, or never.
            if actor.chance.random() < 0.6:
                self._on_working_day(
                    actor, self._day_of(actor) + 1, partial(self._react, actor, message, key)
                )
            return
        habit, chance = actor.character.habit, actor.chance
        drawn = chance.random()
        if drawn < habit.pauses:
            self.seen.paused.add(actor.person.id)
            self._presses(actor, _find(message, "attention.pause"), key)
        elif drawn < habit.pauses + habit.stops:
            self.seen.stopped.add(actor.person.id)
            self._says(actor, "stop")
            if chance.random() < 0.3:
                self._on_working_day(
                    actor, self._day_of(actor) + 14, partial(self._come_back, actor)
                )
        elif _find(message, "attention.go_on") is not None:
            if chance.random() < habit.reacts:
                self._come_back(actor)
        elif _find(message, "tips.answer") is not None:
            self._answer_tip(actor, message, key)
        elif _find(message, "tips.react") is not None:
            self._react_to_tip(actor, message, key)
        elif (button := _find(message, "quiz.begin")) is not None:
            self._begin(actor, str(button.args.get("quiz")))

    def _come_back(self, actor: _Actor) -> None:
        self.seen.came_back.add(actor.person.id)
        self._does(actor, Ordered(name="resume"))

    # --- tips -----------------------------------------------------------------------------

    def _react_to_tip(self, actor: _Actor, message: Message, key: str) -> None:
        any_of_it = _find(message, "tips.react")
        tip = self.tips.get(str(any_of_it.args["tip"])) if any_of_it else None
        if tip is not None:
            said = actor.mind.hear(tip.id, tip.objective, self._day_of(actor))
            self._presses(actor, _find(message, "tips.react", said=said), key)

    def _answer_tip(self, actor: _Actor, message: Message, key: str) -> None:
        any_of_it = _find(message, "tips.answer")
        tip = self.tips.get(str(any_of_it.args["tip"])) if any_of_it else None
        if any_of_it is None or tip is None:
            return
        variant = any_of_it.args.get("variant")
        variants = [tip.check, *(each.check or tip.check for each in tip.variants)]
        check = variants[variant] if isinstance(variant, int) else tip.check
        if check is None:
            return
        chosen, sure = actor.mind.answer(tip.id, check, tip.objective, self._day_of(actor))
        reply = self._presses(actor, _find(message, "tips.answer", option=chosen), key)
        told = _find(reply.message, "tips.sure", sure=sure) if sure else None
        reply = self._presses(actor, told or _find(reply.message, "tips.sure"), key)
        test = _find(reply.message, "quiz.begin")
        if test is not None and actor.chance.random() < 0.5:
            quiz = str(test.args["quiz"])
            self._on_working_day(actor, self._day_of(actor) + 1, partial(self._begin, actor, quiz))

    # --- quizzes --------------------------------------------------------------------------

    def _under_way(self, actor: _Actor, quiz: str) -> Attempt | None:
        with self.database.transaction() as work:
            going = work.attempts.under_way(actor.person.id)
        return next((attempt for attempt in going if attempt.quiz == quiz), None)

    def _is_at_another(self, actor: _Actor, quiz: str) -> bool:
        with self.database.transaction() as work:
            going = work.attempts.under_way(actor.person.id)
        return any(attempt.state in ASKING and attempt.quiz != quiz for attempt in going)

    def _begin(self, actor: _Actor, quiz: str) -> None:
        if self._is_at_another(actor, quiz):
            # Nobody takes two at a time: what they say would be about the one or the other.
            self._on_working_day(actor, self._day_of(actor) + 1, partial(self._begin, actor, quiz))
            return
        reply = self._does(actor, Ordered(name="quiz", text=quiz))
        start = _find(reply.message, "quiz.start")
        if start is not None:
            reply = self._presses(actor, start)
            attempt = self._under_way(actor, quiz)
            if attempt is not None:
                self._expect(actor, attempt)
        self._sit_later(actor, quiz, reply)

    def _go_on(self, actor: _Actor) -> None:
        for quiz in self.quizzes:
            attempt = self._under_way(actor, quiz)
            if attempt is not None and attempt.state in ASKING:
                self._begin(actor, quiz)

    def _sit_later(self, actor: _Actor, quiz: str, reply: Reply) -> None:
        self._at(self.now + SITTING, partial(self._sit, actor, quiz, reply))

    def _expect(self, actor: _Actor, attempt: Attempt) -> None:
        """What the formula says of a first attempt, by what the person knows when it begins."""
        quiz, start = self.quizzes[attempt.quiz], attempt.start
        if start is None or not start.first or quiz.policy.mode != "gate":
            return
        chance = 1.0
        for objective in quiz.objectives:
            share = actor.mind.share(f"{quiz.id}/{objective.id}")
            chance *= expect_met(share, grave_share(quiz, objective, self._mistakes))
        self.seen.expected[attempt.id] = chance

    def _sit(self, actor: _Actor, quiz: str, before: Reply) -> None:
        """The next question, until there is none. `before` is what was said last."""
        attempt = self._under_way(actor, quiz)
        if attempt is None:
            self._after(actor, quiz, before)
            return
        if attempt.state not in ASKING:
            # Somebody has to read what was written, or it waits for another day.
            return
        if attempt.current is None:
            wants_all = actor.chance.random() < FINISHES
            reply = self._says(actor, "finish" if wants_all else "stop here")
            self._sit_later(actor, quiz, reply)
            return
        if actor.chance.random() < LEAVES:
            if actor.chance.random() < 0.5:
                self._says(actor, "leave")
            self._on_working_day(actor, self._day_of(actor) + 1, partial(self._begin, actor, quiz))
            return
        item = self._items[quiz, attempt.current.item]
        self._sit_later(actor, quiz, self._answer(actor, quiz, item, attempt))

    def _answer(self, actor: _Actor, quiz: str, item: Item, attempt: Attempt) -> Reply:
        raw, sure = actor.mind.respond(quiz, item, self._mistakes)
        *most, last = type_out(item, raw, attempt.seed)
        for words in most:
            self._says(actor, words)
        # A letter may come with how sure one is.
        both = isinstance(item, ScenarioChoice | Branching)
        reply = self._says(actor, f"{last} {sure}" if both else last)
        if _find(reply.message, "quiz.sure") is not None:
            reply = self._says(actor, str(sure))
        return reply

    def _after(self, actor: _Actor, quiz: str, reply: Reply) -> None:
        """Passed, and done; or read what was missed, and try again."""
        with self.database.transaction() as work:
            tried = work.attempts.of(actor.person.id, quiz)
        if not tried or tried[0].state is not State.FAILED:
            return
        missed = [b for b in _buttons(reply.message) if b.action == "library.section"]
        for button in missed:
            if actor.chance.random() < 0.8:
                self._presses(actor, button)
        if missed:
            of = {
                f"{quiz}/{objective.id}"
                for objective in self.quizzes[quiz].objectives
                if {str(button.args.get("section")) for button in missed} & {*objective.sections}
            }
            for objective_id in sorted(of):
                actor.mind.learn(objective_id, 0.5)
        if len(tried) < MOST_TRIES and actor.chance.random() < TRIES_AGAIN:
            day = self._day_of(actor) + actor.chance.choice((2, 2, 3, 5))
            self._on_working_day(actor, day, partial(self._begin, actor, quiz))

    # --- who looks after it ---------------------------------------------------------------

    def _read_answers(self, manager: _Actor) -> None:
        """Written answers that no rule knows: nobody here writes a right one that is unknown."""
        while True:
            reply = self._does(manager, Ordered(name="quiz", text="review"))
            waiting = [b for b in _buttons(reply.message) if b.action == "quiz.mark"]
            for button in waiting:
                form = self._presses(manager, button).form
                if form is not None:
                    self._does(
                        manager,
                        Submitted(action=form.action, args=form.args, values={"worth": "wrong"}),
                    )
            if not waiting:
                return

    def _campaign(self, manager: _Actor) -> None:
        """Something for everybody, that wants a place among all else."""
        form = self._does(manager, Ordered(name="campaign", text="News")).form
        if form is not None:
            values = {f.name: str(f.value) for f in form.fields if f.value is not None}
            values |= {"body": "The canteen has a new menu.", "audience": "everybody"}
            reply = self._does(
                manager, Submitted(action=form.action, args=form.args, values=values)
            )
            # Where there are many, the forecast comes later, as a letter.
            self._presses(manager, _find(reply.message, "campaign.send"))


def _by_key(arrived: tuple[str, Message, str, str]) -> tuple[str, str]:
    return arrived[3], arrived[0]


def _buttons(message: Message | None) -> Iterator[Button]:
    for part in message.parts if message is not None else ():
        if isinstance(part, Buttons):
            yield from part.buttons


def _find(message: Message | None, action: str, **args: str) -> Button | None:
    """The first button of an action that carries these args."""
    for button in _buttons(message):
        if button.action == action and args.items() <= button.args.items():
            return button
    return None


@contextmanager
def _throw_away() -> Iterator[Database]:
    """A database of which nothing is kept, so that it need not wait for any disk."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="inflow-simulation-"))
        url = f"sqlite:///{Path(folder) / 'made-up.db'}"
        upgrade(url)
        key = bytes(range(32))
        database = Database(url, relay_key=key, memory=Memory(), durable=False)
        stack.callback(database.close)
        yield database


def simulate(people: int, days: int, seed: int = 1, progress: Progress | None = None) -> Report:
    """Play so many made-up people for so many days; the same seed gives the same report."""
    packs = load_packs(find_packs(PACKS))
    with _throw_away() as database:
        organisation = Organisation(database, people, days, seed, packs)
        organisation.play(progress)
        with database.begin() as connection:
            return draw_up(organisation.played, Chronicle(connection, HERE))

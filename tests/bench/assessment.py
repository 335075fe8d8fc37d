"""How quick the next question of a quiz is chosen: `python -m tests.bench.assessment`.

A bank of 5,000 items (or `--items N`) in five objectives, all of them shown to many before, and
somebody who has been asked a hundred of them. `choose_ms` is the choice itself, from what the
rule says to the item: the median and the slowest twentieth over many attempts. `next_ms` is all
that is done for it with the store beside: what was seen and shown before is read. `answer_ms` is
a whole tap, from what the platform told us to the reply, in a transaction of its own that is on
the disk. `prepare_ms` is done once for each version of a quiz. Prints one JSON object.
"""

import argparse
import json
import time
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final

from bot.app import App
from bot.bootstrap.log import configure_logs
from bot.capabilities.questions.memory import Memory
from bot.capabilities.quizzes import capability as quizzes
from bot.capabilities.quizzes.choosing import Seen, choose, left, prepare
from bot.capabilities.quizzes.model import Attempt, State
from bot.capabilities.quizzes.rule import decide
from bot.capabilities.quizzes.show import ask
from bot.capabilities.quizzes.sitting import look, next_item
from bot.capability import register
from bot.context import Context
from bot.ids import PersonId, TopicId, WorkspaceId
from bot.inbound import Inbound, Ordered, Place, PlaceKind, Pressed, Profile, What
from bot.message import Args, Buttons
from bot.pack.item import Item, ScenarioChoice
from bot.pack.model import Objective, Policy, Quiz
from bot.pack.ports import Put
from bot.people import Person, Workspace
from bot.reply import Reply
from bot.topic import Topic
from storage.database import Database
from storage.migrate import upgrade
from storage.quiz_tables import exposures
from storage.work import SqlWork
from tests.databases import RELAY_KEY

ITEMS: Final = 5_000
ATTEMPTS: Final = 200
LIMITS: Final = {"choose_ms": 2.0}
NOW: Final = datetime(2026, 3, 2, 9, tzinfo=UTC)
OBJECTIVES: Final = tuple(f"objective-{n}" for n in range(5))
PLACE: Final = Workspace(id=WorkspaceId("w"), platform="bench", external="T0", name="Place")
ANA: Final = Person(PersonId("ana"), PLACE.id, "ana", "Ana")


def make_item(number: int) -> Item:
    objective = OBJECTIVES[number % len(OBJECTIVES)]
    return ScenarioChoice.model_validate(
        {
            "id": f"item-{number}",
            "type": "scenario_choice",
            "objective": objective,
            "stem": f"Case {number}: a colleague asks for a list. What do you do?",
            "options": [
                {"id": "a", "text": "Send all of it", "feedback": "It is quick, but leaks."},
                {"id": "b", "text": "Ask what it is for", "score": 1, "feedback": "Yes."},
                {"id": "c", "text": "Refuse", "feedback": "They find another way."},
            ],
        }
    )


def make_quiz(items: int) -> Quiz:
    return Quiz(
        id="bank",
        title="A large bank",
        topic="data",
        policy=Policy(mode="gate_sprt", confidence="off"),
        objectives=tuple(Objective(id=id_, text="Decide well") for id_ in OBJECTIVES),
        items=tuple(make_item(number) for number in range(items)),
    )


def spread(times: list[float]) -> dict[str, float]:
    """Milliseconds: the median, and what nineteen of twenty stay below."""
    ordered = sorted(times)
    slow = ordered[int(len(ordered) * 0.95)]
    return {"median": round(median(ordered) * 1e3, 3), "p95": round(slow * 1e3, 3)}


class Desk:
    """One person at a quiz, by what a platform tells us."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.now = NOW
        self._ids = count(1)
        self.app: App[SqlWork] = App(
            database, register([quizzes]), lambda: self.now, lambda: f"id{next(self._ids)}"
        )

    def does(self, what: What) -> Reply:
        return self.app.receive(
            Inbound(
                platform=PLACE.platform,
                workspace=PLACE.external,
                event_id=f"e{next(self._ids)}",
                person=ANA.address,
                place=Place(conversation="dm", kind=PlaceKind.DM),
                at=self.now,
                what=what,
                profile=Profile(name=ANA.name),
            )
        )

    def begins(self) -> None:
        self.does(Ordered(name="quiz", text="bank"))
        self.does(Pressed(action="quiz.start", args={"quiz": "bank"}))

    def attempt(self) -> Attempt:
        with self.database.transaction() as work:
            return work.attempts.of(ANA.id)[0]

    def answers(self, attempt: Attempt, id_: str) -> float:
        """Seconds that a tap on an option takes."""
        assert attempt.start is not None
        assert attempt.current is not None
        with self.database.transaction() as work:
            quiz = work.packs.quiz_at(PLACE.id, "bank", attempt.start.quiz_version)
        item = next(item for item in quiz.items if item.id == attempt.current.item)
        sign = next(m.sign for m in ask(item, attempt.seed).marks if m.id == id_)
        args: Args = {"attempt": attempt.id, "item": item.id, "sign": sign, "depth": 0}
        begun = time.perf_counter()
        reply = self.does(Pressed(action="quiz.pick", args=args))
        taken = time.perf_counter() - begun
        assert reply.message is not None
        assert any(isinstance(part, Buttons) for part in reply.message.parts)
        return taken


def measure(database: Database, items: int) -> dict[str, object]:
    quiz = make_quiz(items)
    with database.transaction() as work:
        work.people.add_workspace(PLACE)
        work.people.save(ANA)
        work.topics.save(Topic(TopicId("data"), PLACE.id, "Data"))
        work.packs.put(PLACE.id, [Put(quiz, "bench", NOW)])
    with database.begin() as connection:
        connection.execute(
            exposures.insert(),
            [
                {
                    "workspace": PLACE.id,
                    "quiz": "bank",
                    "objective": item.objective,
                    "item": item.id,
                    "times": number * 7 % 23 + 1,
                }
                for number, item in enumerate(quiz.items)
            ],
        )
    begun = time.perf_counter()
    bank = prepare(quiz)
    prepared = time.perf_counter() - begun

    desk = Desk(database)
    taps: list[float] = []
    # Eight attempts before: about a hundred items were seen.
    for _ in range(8):
        desk.begins()
        right = True
        while (attempt := desk.attempt()).state is State.IN_PROGRESS:
            taps.append(desk.answers(attempt, "b" if right or len(attempt.responses) % 5 else "a"))
            right = False
        desk.now += timedelta(days=31)
    desk.begins()
    attempt = desk.attempt()
    assert attempt.start is not None
    answered = desk.attempt()
    chosen: list[float] = []
    read: list[float] = []
    context = Context(now=desk.now, new_id=lambda: "x")
    with database.transaction() as work:
        seen = {
            r.item: Seen(1, r.answered_at)
            for a in work.attempts.of(ANA.id)[1:]
            for r in a.responses
        }
        shown = dict.fromkeys(bank.items, 3)
        for number in range(ATTEMPTS):
            start = attempt.start
            seed = f"{number:064x}"
            bare = Attempt(
                attempt.id,
                attempt.workspace,
                attempt.person,
                attempt.quiz,
                NOW,
                NOW,
                state=State.IN_PROGRESS,
                start=type(start)(start.quiz_version, seed, start.mode, start.objectives),
                started_at=NOW,
                responses=answered.responses,
            )
            begun = time.perf_counter()
            verdict = decide(
                quiz.policy,
                bare.start or start,
                bare.responses,
                left(bank, quiz.policy, bare),
            )
            choice = choose(bank, quiz.policy, bare, verdict, seen, shown, desk.now)
            chosen.append(time.perf_counter() - begun)
            assert choice is not None
            assert choice.item.id not in seen
            begun = time.perf_counter()
            found = next_item(context, work, look(work, bare))
            read.append(time.perf_counter() - begun)
            assert found is not None
    return {
        "items": items,
        "seen": len(seen),
        "choose_ms": spread(chosen),
        "next_ms": spread(read),
        "answer_ms": spread(taps),
        "prepare_ms": round(prepared * 1e3, 1),
        "limits": LIMITS,
        "met": spread(chosen)["median"] < LIMITS["choose_ms"],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=ITEMS)
    items = parser.parse_args().items
    configure_logs("warning")
    with TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'bench.db'}"
        upgrade(url)
        database = Database(url, relay_key=RELAY_KEY, memory=Memory())
        told = measure(database, items)
        database.close()
    print(json.dumps({"bench": "assessment", **told}))


if __name__ == "__main__":
    main()

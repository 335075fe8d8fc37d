"""A whole story and all that can break in it, in a process whose log is read afterwards.

`python -m tests.cli.logged_story URL`: everybody's name and all they write holds `SECRET`.
"""

import asyncio
import gc
import logging
import sys
import threading

import structlog
from sqlalchemy import insert
from sqlalchemy.exc import DBAPIError

from bot.app import App
from bot.bootstrap.log import configure_logs
from bot.capabilities.questions.memory import Memory
from bot.capability import Capability, Order, register
from bot.context import Context
from bot.errors import Invalid
from bot.inbound import Command, Inbound, Ordered, Place, PlaceKind, Profile
from bot.outbox import Delivery, Outcome
from bot.ports import Timer
from bot.reply import Reply
from storage.database import Database
from storage.tables import people
from storage.work import SqlWork
from tests.databases import RELAY_KEY
from tests.world import MONDAY, Room, World

SECRET = "Zebediah"
TAXI = f"How do I claim the taxi that {SECRET} took to a client?"


class Clumsy(Room):
    """A platform whose client quotes what it was to send."""

    async def deliver(self, delivery: Delivery) -> Outcome:
        raise ValueError(f"cannot send {delivery.message.summary} of {SECRET}")


def main(url: str) -> None:
    configure_logs("debug")
    database = Database(url, relay_key=RELAY_KEY, memory=Memory())
    tell(World(database))
    asyncio.run(stumble(database))
    database.close()


def tell(world: World) -> None:
    """Asked, answered, accepted, asked again, asked anonymously, refused, and left."""
    for who in ("ana", "ben", "kim", "bo"):
        world.changes(who, name=f"{SECRET} {who}")
    world.settles("ana", TAXI, f"{SECRET} knows.", command="/ask")
    world.says("ben", f"/ask {TAXI}")
    world.says("ben", f"/ask anonymously Who pays the hotel of {SECRET}?")
    world.says("ben", f"/{SECRET} does not exist")
    world.says("ben", f"{SECRET} says hello")
    world.forges("ben", SECRET, {"question": SECRET})
    world.forges("ben", "questions.ask", {}, {"text": SECRET * 1_000})
    world.passes(days=4)
    world.room = Clumsy(heard=world.room.heard)
    world.says("cem", f"/ask What is the hotel of {SECRET} called?")
    world.leaves("ana")


class _Rude:
    """A capability that breaks in every way, and quotes people while it does."""

    def __init__(self) -> None:
        self.capability: Capability[SqlWork] = Capability(
            name="rude",
            title="Rude",
            orders={"store": Order(self._store, "", "x"), "refuse": Order(self._refuse, "", "x")},
            timers={"rude.ring": self._ring},
        )

    def _store(self, _context: Context, work: SqlWork, command: Command) -> Reply:
        work.timers.set(Timer(key=SECRET, due_at=MONDAY, action="rude.ring"))
        raise RuntimeError(command.text)

    def _refuse(self, _context: Context, _work: SqlWork, command: Command) -> Reply:
        raise Invalid(f"I do not like “{command.text}”.")

    def _ring(self, _context: Context, _work: SqlWork, timer: Timer) -> None:
        raise LookupError(f"{timer}")


async def stumble(database: Database) -> None:
    """What nobody expected, logged by whoever catches it: us, the libraries, or Python."""
    log = structlog.get_logger()
    app = App(database, register([_Rude().capability]), lambda: MONDAY, lambda: "id")
    for number, order in enumerate(("store", "refuse")):
        try:
            app.receive(_inbound(f"rude{number}", order))
        except Exception:
            log.exception("request failed")
    with database.transaction() as work:
        work.timers.set(Timer(key=SECRET, due_at=MONDAY, action="rude.ring", args={"x": SECRET}))
    app.run_due()
    try:
        with database.begin() as connection:
            # PostgreSQL quotes the whole row where a value is missing.
            connection.execute(insert(people).values(id="p", workspace="w", name=SECRET, zone=None))
    except DBAPIError as error:
        log.exception("store failed")
        logging.getLogger("library").error("it failed", exc_info=error)
    _lose_task()
    gc.collect()
    thread = threading.Thread(target=_break_thread)
    thread.start()
    thread.join()
    raise ExceptionGroup(SECRET, [ValueError(SECRET), OSError(2, SECRET)])


def _inbound(event: str, order: str) -> Inbound:
    return Inbound(
        platform="room",
        workspace="w1",
        event_id=event,
        person="zed",
        profile=Profile(name=SECRET),
        place=Place(conversation="dm:zed", kind=PlaceKind.DM),
        at=MONDAY,
        what=Ordered(name=order, text=SECRET),
    )


def _lose_task() -> None:
    """An error of which nobody ever asks; asyncio tells of it when the task is forgotten."""
    loop = asyncio.get_running_loop()
    future = loop.create_future()
    future.set_exception(ValueError(SECRET))


def _break_thread() -> None:
    raise ValueError(SECRET)


if __name__ == "__main__":
    main(sys.argv[1])

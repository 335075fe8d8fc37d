"""What storage is to the core: its ports, kept whole by mypy, and one round through them."""

from bot.capabilities.questions.work import QuestionsWork
from bot.ports import Database as DatabasePort
from bot.ports import LaneStore, Work
from bot.transcript import Transcript
from storage.database import Database
from storage.lane import SqlLaneStore
from storage.transcript import SqlTranscript
from storage.work import SqlWork


def core_of(database: Database) -> DatabasePort[SqlWork]:
    """mypy accepts this only while `Database` is what `App` expects."""
    return database


def core_work(work: SqlWork) -> Work:
    """mypy accepts this only while `SqlWork` has all the core's stores."""
    return work


def questions_work(work: SqlWork) -> QuestionsWork:
    """mypy accepts this only while `SqlWork` has all that questions keep."""
    return work


def lane_store(database: Database) -> LaneStore:
    """mypy accepts this only while `SqlLaneStore` is what `Lanes` expects."""
    return SqlLaneStore(database)


def transcript(database: Database) -> Transcript:
    """mypy accepts this only while `SqlTranscript` is what the playground expects."""
    return SqlTranscript(database)


def test_every_transaction_hands_out_the_same_memory(database: Database) -> None:
    with core_of(database).transaction() as work:
        first = questions_work(work).memory
    with database.transaction() as work:
        assert work.memory is first

"""The tables of quizzes: attempts and what was answered, certificates and their evidence.

People are named by id without a foreign key: what somebody showed stays when their row is
erased.
"""

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from bot.capabilities.quizzes.certification import EventKind as ChangeKind
from bot.capabilities.quizzes.certification import State as Standing
from bot.capabilities.quizzes.model import UNDER_WAY, EventKind, State
from bot.pack.item import Severity
from storage.column import Instant, Json, Name, Serial, Texts, Words, metadata

_UNDER_WAY = f"state IN ({', '.join(repr(state.value) for state in sorted(UNDER_WAY))})"

attempts = Table(
    "attempts",
    metadata,
    Column("id", Text, primary_key=True),
    Column("workspace", Text, ForeignKey("workspaces.id"), nullable=False),
    Column("person", Text, nullable=False),
    Column("quiz", Text, nullable=False),
    Column("offered_at", Instant, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("state", Name(State), nullable=False),
    # What it is frozen to, and the item before the person (`Start`, `Current`).
    Column("start", Json),
    Column("started_at", Instant),
    Column("current", Json),
    Column("shown_at", Instant),
    Column("paused_at", Instant),
    Column("decided_at", Instant),
    Column("ended_at", Instant),
    # What the rule said at its end, and by what (`Ending`).
    Column("ending", Json),
    Column("reason", Words, nullable=False),
    Column("version", Integer, nullable=False),
    # What the person has chosen of an answer that is not complete.
    Column("draft", Json),
    Index(None, "person", "quiz"),
    Index(None, "workspace", "quiz", "state"),
)

# Of one quiz nobody has two under way (`model.UNDER_WAY`), however often and at once they begin.
Index(
    "uq_attempts_under_way",
    attempts.c.person,
    attempts.c.quiz,
    unique=True,
    sqlite_where=text(_UNDER_WAY),
    postgresql_where=text(_UNDER_WAY),
)

responses = Table(
    "quiz_responses",
    metadata,
    Column("attempt", Text, ForeignKey("attempts.id"), primary_key=True),
    Column("item", Text, primary_key=True),
    Column("item_version", Text, nullable=False),
    Column("objective", Text, nullable=False),
    Column("order", Integer, nullable=False),
    # What people wrote themselves may be among it.
    Column("raw", Json, nullable=False),
    Column("credit", Float, nullable=False),
    Column("right", Boolean, nullable=False),
    Column("shown_at", Instant, nullable=False),
    Column("answered_at", Instant, nullable=False),
    Column("critical", Boolean, nullable=False),
    Column("severity", Name(Severity), nullable=False),
    Column("certainty", Integer),
    Column("scored", Boolean, nullable=False),
    Column("seen_before", Boolean, nullable=False),
    Column("needs_person", Boolean, nullable=False),
    Column("marked_by", Text),
    Column("struck", Boolean, nullable=False),
    Index(None, "item"),
)

attempt_events = Table(
    "attempt_events",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("attempt", Text, ForeignKey("attempts.id"), nullable=False, index=True),
    Column("kind", Name(EventKind), nullable=False),
    Column("at", Instant, nullable=False),
    Column("actor", Text),
    Column("data", Json, nullable=False),
)

exposures = Table(
    "quiz_exposures",
    metadata,
    # How often an item was put before anybody.
    Column("workspace", Text, ForeignKey("workspaces.id"), primary_key=True),
    Column("quiz", Text, primary_key=True),
    Column("objective", Text, primary_key=True),
    Column("item", Text, primary_key=True),
    Column("times", Integer, nullable=False),
)

certifications = Table(
    "certifications",
    metadata,
    Column("id", Text, primary_key=True),
    Column("workspace", Text, ForeignKey("workspaces.id"), nullable=False),
    Column("person", Text, nullable=False),
    Column("quiz", Text, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("state", Name(Standing)),
    Column("valid_from", Instant),
    Column("valid_until", Instant),
    Column("attempt", Text),
    Column("evidence", Text),
    Column("reason", Words, nullable=False),
    # What was earned before, while somebody is exempt.
    Column("held_from", Instant),
    Column("held_until", Instant),
    Column("held_evidence", Text),
    Column("version", Integer, nullable=False),
    UniqueConstraint("person", "quiz"),
    Index(None, "workspace", "quiz"),
)

certification_events = Table(
    "certification_events",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("certification", Text, ForeignKey("certifications.id"), nullable=False, index=True),
    Column("kind", Name(ChangeKind), nullable=False),
    Column("at", Instant, nullable=False),
    Column("actor", Text),
    Column("data", Json, nullable=False),
)

evidence = Table(
    "quiz_evidence",
    metadata,
    # Each record holds the digest of the one before: none can be changed or removed unseen.
    Column("workspace", Text, ForeignKey("workspaces.id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("id", Text, nullable=False, unique=True),
    # Once it is forgotten the person and the body are empty: the digest is made of the checksum.
    Column("person", Text, nullable=False),
    Column("quiz", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("previous", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("checksum", Text),
    Column("digest", Text, nullable=False),
    Column("keep_until", Instant),
)

waivers = Table(
    "waivers",
    metadata,
    Column("workspace", Text, ForeignKey("workspaces.id"), nullable=False),
    Column("person", Text, primary_key=True),
    Column("quiz", Text, primary_key=True),
    Column("topic", Text, nullable=False),
    Column("objectives", Texts, nullable=False),
    Column("minutes", Integer, nullable=False),
    Column("at", Instant, nullable=False),
    Column("until", Instant),
    Index(None, "workspace"),
)

accommodations = Table(
    "quiz_accommodations",
    metadata,
    Column("person", Text, primary_key=True),
    # Names of `bot.capabilities.quizzes.ports.Need`; shown to nobody but the person.
    Column("needs", Texts, nullable=False),
)

"""The tables of narration. What people wrote is sealed, for each with a key of their own; of
time there are only days (see `bot.capabilities.narration.model`). No index is by person and
state: nobody is to ask who has not narrated."""

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
)

from bot.capabilities.narration.model import Meeting, Reach, Scope, Sort, State
from storage.column import Name, Serial, Texts, metadata

narrations = Table(
    "narrations",
    metadata,
    Column("number", Serial, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("workspace", Text, ForeignKey("workspaces.id"), nullable=False),
    Column("author", Text, ForeignKey("people.id"), nullable=False, index=True),
    Column("sort", Name(Sort), nullable=False),
    # Lines and link.
    Column("sealed", Text, nullable=False),
    Column("written_on", Date, nullable=False),
    Column("changed_on", Date, nullable=False),
    Column("revisit_on", Date),
    Column("topic", Text),
    Column("state", Name(State), nullable=False),
    Column("reach", Name(Reach)),
    Column("conversation", Text),
    Column("place", Text),
    Column("shared_on", Date),
    Column("digest", Boolean, nullable=False),
    Column("prompt", Text),
    Column("version", Integer, nullable=False),
    Index(None, "workspace", "reach", "shared_on"),
)

narration_readers = Table(
    "narration_readers",
    metadata,
    Column("person", Text, ForeignKey("people.id"), primary_key=True),
    Column("narration", Text, ForeignKey("narrations.id", ondelete="CASCADE"), primary_key=True),
    Index(None, "narration"),
)

narration_habits = Table(
    "narration_habits",
    metadata,
    Column("person", Text, ForeignKey("people.id"), primary_key=True),
    Column("workspace", Text, ForeignKey("workspaces.id"), nullable=False),
    Column("last", Name(Sort)),
    Column("channel", Text),
)

narration_consents = Table(
    "narration_consents",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("person", Text, ForeignKey("people.id"), nullable=False, index=True),
    Column("workspace", Text, ForeignKey("workspaces.id"), nullable=False),
    Column("scope", Name(Scope), nullable=False),
    Column("granted_on", Date),
    Column("withdrawn_on", Date),
    Column("text_version", Integer, nullable=False),
)

narration_introductions = Table(
    "narration_introductions",
    metadata,
    Column("id", Text, primary_key=True),
    Column("workspace", Text, ForeignKey("workspaces.id"), nullable=False),
    Column("asker", Text, ForeignKey("people.id"), nullable=False),
    Column("asked", Text, ForeignKey("people.id"), nullable=False, index=True),
    Column("narration", Text, ForeignKey("narrations.id", ondelete="CASCADE"), nullable=False),
    Column("asked_on", Date, nullable=False),
    Column("state", Name(Meeting), nullable=False),
    UniqueConstraint("asker", "narration"),
    Index(None, "narration"),
)

narration_digests = Table(
    "narration_digests",
    metadata,
    Column("key", Text, primary_key=True),
    Column("workspace", Text, ForeignKey("workspaces.id"), nullable=False),
    Column("conversation", Text, nullable=False),
    Column("week", Date, nullable=False),
    Column("narrations", Texts, nullable=False),
)

narration_mentions = Table(
    "narration_mentions",
    metadata,
    Column("narration", Text, ForeignKey("narrations.id", ondelete="CASCADE"), primary_key=True),
    Column("digest", Text, ForeignKey("narration_digests.key"), primary_key=True),
)

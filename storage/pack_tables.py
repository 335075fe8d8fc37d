"""The tables of what packs hold. People are named by id without a foreign key: what somebody
wrote stays when their row is erased."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Table, Text

from bot.pack.model import Kind
from storage.column import Instant, Name, Serial, Words, metadata

pack_things = Table(
    "pack_things",
    metadata,
    Column("workspace", Text, ForeignKey("workspaces.id"), primary_key=True),
    Column("kind", Name(Kind), primary_key=True),
    Column("id", Text, primary_key=True),
    # Of an item the quiz that it is in; empty for everything else.
    Column("quiz", Text, nullable=False),
    # Empty for what was written in chat.
    Column("pack", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("version", Text, nullable=False),
    # Of what it says now, and of what its pack said last.
    Column("digest", Text, nullable=False),
    Column("brought", Text),
    Column("retired", Boolean, nullable=False),
    Column("added_at", Instant, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Index(None, "workspace", "topic"),
    Index(None, "workspace", "quiz"),
    Index(None, "workspace", "pack"),
)

pack_bodies = Table(
    "pack_bodies",
    metadata,
    Column("workspace", Text, ForeignKey("workspaces.id"), primary_key=True),
    # It follows from the body, so that what is said again is kept once.
    Column("digest", Text, primary_key=True),
    Column("body", Words, nullable=False),
)

pack_editions = Table(
    "pack_editions",
    metadata,
    Column("number", Serial, primary_key=True),
    Column("workspace", Text, ForeignKey("workspaces.id"), nullable=False),
    Column("kind", Name(Kind), nullable=False),
    Column("id", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("by", Text),
    Column("note", Words, nullable=False),
    Index(None, "workspace", "kind", "id", "version"),
)

pack_families = Table(
    "pack_families",
    metadata,
    Column("workspace", Text, ForeignKey("workspaces.id"), primary_key=True),
    Column("item", Text, primary_key=True),
    Column("version", Text, primary_key=True),
    Column("family", Text, nullable=False),
)

"""The tables of the library: what could be better, who said so (as far as it is kept), and which
answers stand under what. People are named by id without a foreign key: what somebody did for
others stays when their row is erased."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, Table, Text, UniqueConstraint

from bot.pack.flag import FlagKind
from bot.pack.issue import EventKind, State
from storage.column import Instant, Json, Name, Serial, Words, metadata

content_issues = Table(
    "content_issues",
    metadata,
    Column("id", Text, primary_key=True),
    Column("workspace", Text, ForeignKey("workspaces.id"), nullable=False),
    Column("topic", Text, nullable=False),
    # `item:ID`, `section:ID`, `tip:ID`, `quiz:ID` or `topic:ID`.
    Column("about", Text, nullable=False),
    Column("kind", Name(FlagKind), nullable=False),
    Column("raised_at", Instant, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("state", Name(State), nullable=False),
    Column("n", Integer, nullable=False),
    Column("data", Json, nullable=False),
    Column("before", Text, nullable=False),
    Column("after", Text, nullable=False),
    Column("answered_at", Instant),
    Column("reason", Words, nullable=False),
    Column("version", Integer, nullable=False),
    UniqueConstraint("workspace", "about", "kind"),
    Index(None, "workspace", "state"),
)

content_issue_events = Table(
    "content_issue_events",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("issue", Text, ForeignKey("content_issues.id"), nullable=False, index=True),
    Column("kind", Name(EventKind), nullable=False),
    Column("at", Instant, nullable=False),
    Column("actor", Text),
    Column("data", Json, nullable=False),
)

content_readers = Table(
    "content_readers",
    metadata,
    # Of person, section and version: it is counted how many read, and nobody can read who.
    Column("fingerprint", Text, primary_key=True),
    Column("workspace", Text, ForeignKey("workspaces.id"), nullable=False),
    Column("section", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Index(None, "workspace", "section", "at"),
)

content_signals = Table(
    "content_signals",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("workspace", Text, ForeignKey("workspaces.id"), nullable=False),
    Column("about", Text, nullable=False),
    Column("at", Instant, nullable=False),
    # Either a question, or a tap of which only a fingerprint tells that it is not the second.
    Column("question", Text),
    Column("fingerprint", Text, unique=True),
    Column("counts", Boolean, nullable=False),
    UniqueConstraint("workspace", "about", "question"),
    Index(None, "workspace", "about", "at"),
)

content_answers = Table(
    "content_answers",
    metadata,
    Column("workspace", Text, ForeignKey("workspaces.id"), primary_key=True),
    Column("about", Text, primary_key=True),
    Column("question", Text, primary_key=True),
    # The text stands in the FAQ alone: what is taken back there is shown nowhere else.
    Column("article", Text, nullable=False),
    Column("at", Instant, nullable=False),
)

content_listeners = Table(
    "content_listeners",
    metadata,
    Column("person", Text, primary_key=True),
    Column("about", Text, primary_key=True),
    Column("workspace", Text, ForeignKey("workspaces.id"), nullable=False),
    Column("at", Instant, nullable=False),
    Index(None, "workspace", "about"),
)

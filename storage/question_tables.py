"""The tables of questions: topics, who knows what, questions and FAQ articles.

People are named here by id without a foreign key: what somebody contributed stays when
their row is erased.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from bot.capabilities.questions.model import (
    ArticleState,
    Decline,
    EventKind,
    OfferState,
    State,
    TurnKind,
    Urgency,
    UseKind,
    Visibility,
)
from storage.column import Instant, Json, Name, Serial, Texts, Words, metadata

topics = Table(
    "topics",
    metadata,
    Column("workspace", Text, ForeignKey("workspaces.id"), primary_key=True),
    Column("id", Text, primary_key=True),
    Column("title", Words, nullable=False),
    Column("aliases", Texts, nullable=False),
    Column("steward", Text),
    Column("channel", Text),
    Column("regulated", Boolean, nullable=False),
)

declarations = Table(
    "declarations",
    metadata,
    Column("workspace", Text, nullable=False, index=True),
    Column("person", Text, primary_key=True),
    Column("topic", Text, primary_key=True),
    Column("level", Text, nullable=False),
    Column("at", Instant, nullable=False),
)

credits_ = Table(
    "credits",
    metadata,
    Column("key", Text, primary_key=True),
    Column("workspace", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("article", Text),
    Index(None, "workspace", "at"),
)

endorsements = Table(
    "endorsements",
    metadata,
    Column("workspace", Text, nullable=False, index=True),
    Column("person", Text, primary_key=True),
    Column("topic", Text, primary_key=True),
    Column("by", Text, primary_key=True),
    Column("other_team", Boolean, nullable=False),
    Column("at", Instant, nullable=False),
)

questions = Table(
    "questions",
    metadata,
    Column("id", Text, primary_key=True),
    Column("workspace", Text, ForeignKey("workspaces.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("text", Words, nullable=False),
    Column("visibility", Name(Visibility), nullable=False),
    Column("urgency", Name(Urgency), nullable=False),
    Column("asked_at", Instant, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("state", Name(State), nullable=False),
    Column("asker", Text),
    Column("goal", Words, nullable=False),
    Column("tried", Words, nullable=False),
    Column("topic", Text),
    # Of what people learn from: `item:ID`, `section:ID`, or both with a space between.
    Column("about", Text),
    Column("conversation", Text),
    Column("thread", Text),
    Column("wave", Integer, nullable=False),
    Column("claimed_by", Text),
    Column("accepted", Text),
    Column("duplicate_of", Text),
    Column("owner", Text),
    Column("due_on", Date),
    Index(None, "workspace", "about"),
    Column("version", Integer, nullable=False),
    # See storage/revision.py. None while nobody but the asker has answered.
    Column("revision", BigInteger),
    UniqueConstraint("workspace", "number"),
    Index(None, "workspace", "state", "asked_at"),
    Index(None, "workspace", "topic"),
    Index(None, "workspace", "revision"),
    Index(None, "asker", "asked_at"),
    Index(None, "claimed_by", "state"),
)

question_events = Table(
    "question_events",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("question", Text, ForeignKey("questions.id"), nullable=False, index=True),
    Column("kind", Name(EventKind), nullable=False),
    Column("at", Instant, nullable=False),
    Column("actor", Text),
    Column("data", Json, nullable=False),
)

turns = Table(
    "turns",
    metadata,
    Column("position", Serial, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("question", Text, ForeignKey("questions.id"), nullable=False, index=True),
    Column("kind", Name(TurnKind), nullable=False),
    Column("text", Words, nullable=False),
    Column("at", Instant, nullable=False),
    Column("author", Text),
)

offers = Table(
    "offers",
    metadata,
    Column("question", Text, ForeignKey("questions.id"), primary_key=True),
    Column("person", Text, primary_key=True),
    Column("workspace", Text, nullable=False),
    Column("wave", Integer, nullable=False),
    Column("at", Instant, nullable=False),
    Column("state", Name(OfferState), nullable=False),
    Column("reason", Name(Decline)),
    Column("why", Texts, nullable=False),
    Index(None, "workspace", "at"),
    Index(None, "person", "state"),
)

ask_counts = Table(
    "ask_counts",
    metadata,
    # Of person and day: on a quiet day a name here would tell who asked anonymously.
    Column("fingerprint", Text, primary_key=True),
    Column("day", Date, nullable=False, index=True),
    Column("count", Integer, nullable=False),
)

subscriptions = Table(
    "subscriptions",
    metadata,
    Column("position", Serial, primary_key=True),
    Column("question", Text, ForeignKey("questions.id"), nullable=False),
    Column("other", Text, ForeignKey("questions.id"), nullable=False),
    UniqueConstraint("question", "other"),
)

articles = Table(
    "articles",
    metadata,
    Column("id", Text, primary_key=True),
    Column("workspace", Text, ForeignKey("workspaces.id"), nullable=False),
    Column("title", Words, nullable=False),
    Column("text", Words, nullable=False),
    Column("state", Name(ArticleState), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("topic", Text),
    Column("author", Text, index=True),
    Column("verifier", Text, index=True),
    Column("verified_at", Instant),
    Column("review_by", Instant),
    Column("question", Text, index=True),
    Column("merged_into", Text),
    Column("note", Words, nullable=False),
    Column("changed_by", Text),
    Column("source", Text, nullable=False),
    Column("version", Integer, nullable=False),
    # See storage/revision.py.
    Column("revision", BigInteger),
    Index(None, "workspace", "state", "changed_at"),
    Index(None, "workspace", "revision"),
)
Index(
    "ix_articles_workspace_source",
    articles.c.workspace,
    articles.c.source,
    unique=True,
    sqlite_where=text("source <> ''"),
    postgresql_where=text("source <> ''"),
)

article_versions = Table(
    "article_versions",
    metadata,
    Column("id", Text, ForeignKey("articles.id"), primary_key=True),
    Column("version", Integer, primary_key=True),
    *(
        Column(column.name, column.type, nullable=column.nullable)
        for column in articles.c
        if column.name not in {"id", "version", "revision"}
    ),
)

uses = Table(
    "uses",
    metadata,
    Column("key", Text, primary_key=True),
    Column("workspace", Text, nullable=False),
    Column("article", Text, ForeignKey("articles.id"), nullable=False),
    Column("kind", Name(UseKind), nullable=False),
    Column("at", Instant, nullable=False),
    Column("question", Text),
    Column("score", Float),
    Index(None, "article", "at"),
)
Index(
    "ix_uses_workspace",
    uses.c.workspace,
    sqlite_where=text("score IS NOT NULL"),
    postgresql_where=text("score IS NOT NULL"),
)

phrasings = Table(
    "phrasings",
    metadata,
    Column("position", Serial, primary_key=True),
    Column("article", Text, ForeignKey("articles.id"), nullable=False, index=True),
    Column("text", Words, nullable=False),
    Column("at", Instant, nullable=False),
)

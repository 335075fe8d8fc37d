"""The tables of tips. A plan reads and writes a row or more of each of a hundred thousand people:
so those of people lie in the order of people, without row ids, and name their workspace without
a foreign key beside the person's. Days are local days of the person: no moment of a reaction is
kept. What is kept of people goes with them; what they wrote and approved stays, so a nomination
names them without a foreign key."""

from sqlalchemy import (
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
)

from bot.capabilities.tips.model import (
    CardState,
    Certainty,
    NominationState,
    Pace,
    Reaction,
    SubscriptionState,
)
from storage.column import Instant, Name, Words, metadata

tip_subscriptions = Table(
    "tip_subscriptions",
    metadata,
    Column("person", Text, ForeignKey("people.id"), primary_key=True),
    Column("topic", Text, primary_key=True),
    Column("workspace", Text, nullable=False),
    Column("pace", Name(Pace), nullable=False),
    # ISO weekdays as digits.
    Column("weekdays", Text, nullable=False),
    Column("opted_in_at", Instant, nullable=False),
    Column("source", Text, nullable=False),
    Column("state", Name(SubscriptionState), nullable=False),
    # The bookmark: the last new tip, and what there was to tell when all had come.
    Column("after", Text),
    Column("finished", Text),
    sqlite_with_rowid=False,
)

tip_learners = Table(
    "tip_learners",
    metadata,
    Column("person", Text, ForeignKey("people.id"), primary_key=True),
    Column("workspace", Text, nullable=False),
    # Of the last messages whether each was new (n) or came back (r), oldest first.
    Column("recent", Text, nullable=False),
    # What was chosen last, and whether anything came of it.
    Column("tip", Text),
    Column("topic", Text),
    Column("variant", Integer),
    Column("day", Date),
    Column("asks", Boolean),
    # The key of the letter that brings it; null for what the person asked for.
    Column("letter", Text),
    Column("why", Text),
    Column("is_new", Boolean),
    Column("is_late", Boolean),
    Column("open", Boolean, nullable=False),
    Column("active", Integer, nullable=False),
    sqlite_with_rowid=False,
)

tip_cards = Table(
    "tip_cards",
    metadata,
    Column("person", Text, ForeignKey("people.id"), primary_key=True),
    Column("tip", Text, primary_key=True),
    Column("workspace", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("state", Name(CardState), nullable=False),
    Column("variant", Integer, nullable=False),
    Column("shown", Integer, nullable=False),
    Column("shown_on", Date),
    # Null: it never comes of its own accord.
    Column("due_on", Date),
    # What the last review left behind (FSRS); null before the first.
    Column("stability", Float),
    Column("difficulty", Float),
    Column("reviewed_on", Date),
    Column("reps", Integer, nullable=False),
    Column("lapses", Integer, nullable=False),
    Column("knew", Boolean, nullable=False),
    Column("confirmed", Boolean, nullable=False),
    Index(None, "workspace", "tip"),
    sqlite_with_rowid=False,
)

tip_reviews = Table(
    "tip_reviews",
    metadata,
    Column("person", Text, ForeignKey("people.id"), primary_key=True),
    Column("tip", Text, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("workspace", Text, ForeignKey("workspaces.id"), nullable=False),
    Column("day", Date, nullable=False, index=True),
    Column("reaction", Name(Reaction), nullable=False),
    Column("rating", Integer),
    Column("certainty", Name(Certainty)),
    Column("hint", Boolean, nullable=False),
    Column("knew", Boolean, nullable=False),
    Column("stability", Float),
    Column("difficulty", Float),
    Column("reviewed_on", Date),
    Column("chosen", Text),
    Index(None, "workspace", "tip"),
)

tip_nominations = Table(
    "tip_nominations",
    metadata,
    Column("id", Text, primary_key=True),
    Column("workspace", Text, ForeignKey("workspaces.id"), nullable=False),
    Column("topic", Text, nullable=False),
    # Whose answer, to which question: one answer is nominated once.
    Column("question", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("text", Words, nullable=False),
    Column("at", Instant, nullable=False),
    Column("state", Name(NominationState), nullable=False),
    Column("tip", Text),
    # How many people the answer has helped so far.
    Column("asked", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    UniqueConstraint("workspace", "question", "author"),
    Index(None, "workspace", "state"),
)

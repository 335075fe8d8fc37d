"""The tables of campaigns. People are named by id without a foreign key: what somebody sent
stays when their row is erased."""

from sqlalchemy import Boolean, Column, Date, ForeignKey, Index, Integer, Table, Text

from bot.capabilities.campaigns.model import EnrolmentState, EventKind, RunState, State
from storage.column import Instant, Json, Name, Serial, Texts, Words, metadata

campaigns = Table(
    "campaigns",
    metadata,
    Column("id", Text, primary_key=True),
    Column("workspace", Text, ForeignKey("workspaces.id"), nullable=False),
    Column("owner", Text, nullable=False),
    # Title to last day say of one message to many what `content` says of every campaign; where
    # there is no content, the row is from before there was any.
    Column("title", Words, nullable=False),
    Column("body", Words, nullable=False),
    Column("team", Words),
    Column("conversation", Text),
    # Days of each person's own calendar.
    Column("first_day", Date, nullable=False),
    Column("last_day", Date, nullable=False),
    Column("state", Name(State), nullable=False),
    Column("edition", Integer, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("started_at", Instant),
    Column("ended_at", Instant),
    # Whether everything has been handed out, and how many letters that were. The bookmark is
    # the one of releases before there were runs.
    Column("expanded", Boolean, nullable=False),
    Column("bookmark", Text),
    Column("people", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    Column("content", Json),
    Column("approved_by", Texts),
    Column("amendment", Json),
    # Whether the amendment waits for approval, and what the dry run told of what does.
    Column("submitted", Boolean),
    Column("rehearsal", Json),
    Column("allocation", Json),
    Column("pauses", Json),
    Index(None, "workspace", "created_at"),
)

campaign_events = Table(
    "campaign_events",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("campaign", Text, ForeignKey("campaigns.id"), nullable=False, index=True),
    Column("kind", Name(EventKind), nullable=False),
    Column("at", Instant, nullable=False),
    Column("actor", Text),
    Column("data", Json, nullable=False),
)

campaign_runs = Table(
    "campaign_runs",
    metadata,
    Column("campaign", Text, ForeignKey("campaigns.id"), primary_key=True),
    Column("activity", Text, primary_key=True),
    Column("wave", Date, primary_key=True),
    Column("due_at", Instant, nullable=False),
    Column("state", Name(RunState), nullable=False),
    Column("bookmark", Text),
    Column("people", Integer, nullable=False),
    Column("later", Integer, nullable=False),
)

campaign_enrolments = Table(
    "campaign_enrolments",
    metadata,
    Column("campaign", Text, ForeignKey("campaigns.id"), primary_key=True),
    Column("person", Text, primary_key=True, index=True),
    Column("cluster", Words, nullable=False),
    Column("wave", Date, nullable=False),
    Column("state", Name(EnrolmentState), nullable=False),
    # The day will do: the moment would say when somebody was here.
    Column("changed_at", Instant),
)

# Who has voted, and what was voted: two tables on purpose, with nothing that joins a person to
# an answer, no moment and no order.
campaign_ballots = Table(
    "campaign_ballots",
    metadata,
    Column("campaign", Text, ForeignKey("campaigns.id"), primary_key=True),
    Column("activity", Text, primary_key=True),
    Column("person", Text, primary_key=True, index=True),
)

campaign_votes = Table(
    "campaign_votes",
    metadata,
    Column("campaign", Text, ForeignKey("campaigns.id"), primary_key=True),
    Column("activity", Text, primary_key=True),
    Column("option", Integer, primary_key=True, autoincrement=False),
    Column("votes", Integer, nullable=False),
)

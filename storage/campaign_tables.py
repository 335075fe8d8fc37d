"""The tables of campaigns. People are named by id without a foreign key: what somebody sent
stays when their row is erased."""

from sqlalchemy import Boolean, Column, Date, ForeignKey, Index, Integer, Table, Text

from bot.capabilities.campaigns.model import EventKind, State
from storage.column import Instant, Json, Name, Serial, Words, metadata

campaigns = Table(
    "campaigns",
    metadata,
    Column("id", Text, primary_key=True),
    Column("workspace", Text, ForeignKey("workspaces.id"), nullable=False),
    Column("owner", Text, nullable=False),
    Column("title", Words, nullable=False),
    Column("body", Words, nullable=False),
    # With neither team nor conversation it is everybody.
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
    # How far the expansion has come: the last person, by id, and how many there were.
    Column("expanded", Boolean, nullable=False),
    Column("bookmark", Text),
    Column("people", Integer, nullable=False),
    Column("version", Integer, nullable=False),
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

"""The tables of the core: people, what came in, what goes out, what is due."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    func,
    literal_column,
    text,
)

from bot.people import Role
from storage.column import Instant, Json, Name, Serial, Texts, Words, metadata

workspaces = Table(
    "workspaces",
    metadata,
    Column("id", Text, primary_key=True),
    Column("platform", Text, nullable=False),
    Column("external", Text, nullable=False),
    Column("name", Words, nullable=False),
    # ISO 3166-1, with ISO 3166-2 after a hyphen: whose public holidays are days off.
    Column("country", Text),
    UniqueConstraint("platform", "external"),
)

# Who was given which role, or lost it, by whom and when. Nothing here is changed or deleted.
role_changes = Table(
    "role_changes",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("workspace", Text, ForeignKey("workspaces.id"), nullable=False),
    Column("person", Text, nullable=False, index=True),
    Column("role", Name(Role), nullable=False),
    Column("gives", Boolean, nullable=False),
    Column("by", Text),
    Column("at", Instant, nullable=False),
    Column("topic", Text),
    Index(None, "workspace", "id"),
)

people = Table(
    "people",
    metadata,
    Column("id", Text, primary_key=True),
    Column("workspace", Text, ForeignKey("workspaces.id"), nullable=False),
    Column("address", Text, nullable=False),
    Column("name", Words, nullable=False),
    Column("zone", Text, nullable=False),
    # Working hours: ISO weekdays as digits, local wall-clock times in ISO format.
    Column("weekdays", Text, nullable=False),
    Column("starts", Text, nullable=False),
    Column("ends", Text, nullable=False),
    Column("roles", Texts, nullable=False),
    Column("team", Words),
    Column("site", Words),
    Column("manager", Text),
    Column("weekly_cap", Integer, nullable=False),
    Column("asks_welcome", Boolean, nullable=False),
    Column("paused_until", Instant),
    Column("away_until", Instant),
    Column("active", Boolean, nullable=False),
    # As in workspaces; null is the workspace's.
    Column("country", Text),
    UniqueConstraint("workspace", "address"),
    # For those who go through all the people of a workspace in chunks.
    Index(None, "workspace", "id"),
)

days_off = Table(
    "days_off",
    metadata,
    Column("workspace", Text, ForeignKey("workspaces.id"), primary_key=True),
    # A person's id, or nothing for everybody's.
    Column("person", Text, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("name", Words, nullable=False),
)

inbox = Table(
    "inbox",
    metadata,
    Column("platform", Text, primary_key=True),
    Column("event_id", Text, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("reply", Text),
)

# The replies to which events were shown, or are being shown until a moment. Nothing tells by
# whom the event was, or where.
showings = Table(
    "showings",
    metadata,
    Column("platform", Text, primary_key=True),
    Column("event_id", Text, primary_key=True),
    Column("until", Instant, nullable=False),
    Column("shown", Boolean, nullable=False),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("workspace", Text, ForeignKey("workspaces.id"), nullable=False),
    Column("key", Text, nullable=False),
    # To whom. Of a relay letter only the subject is here: see storage/seal.py.
    Column("to_kind", Text, nullable=False),
    Column("person", Text),
    Column("subject", Text),
    Column("conversation", Text),
    Column("thread", Text),
    Column("kind", Text, nullable=False),
    Column("priority", Integer, nullable=False),
    # A letter that goes at once is due since 1970, so that one comparison serves all.
    Column("due_at", Instant, nullable=False),
    Column("expires_at", Instant),
    # By the database's own clock, to tell how long a letter has waited that goes at once.
    Column("promised_at", Instant, default=func.current_timestamp()),
    Column("about", Text),
    # An edit: the letter whose message it replaces once that has been sent.
    Column("edits", BigInteger().with_variant(Integer(), "sqlite"), ForeignKey("outbox.id")),
    # A letter's state, or "merged": another letter carries this edit's message.
    Column("state", Text, nullable=False),
    Column("carried_by", BigInteger().with_variant(Integer(), "sqlite"), ForeignKey("outbox.id")),
    Column("attempts", Integer, nullable=False),
    # How often in a row the platform refused it for the rate; null is not at all.
    Column("refusals", Integer),
    Column("owner", Text),
    Column("lease_until", Instant),
    Column("started_at", Instant),
    # Where it stands: in clear, or for a relay letter as fingerprint and sealed. These and
    # `why` are a platform's words.
    Column("external_id", Words),
    Column("sent_conversation", Words),
    Column("fingerprint", Text),
    Column("sealed", Text),
    Column("why", Words),
    Column("message", Text),
    # What sent it, for delivery truth; the local day on whose attention it draws.
    Column("source", Text),
    Column("day", Date),
    # Until when it may be moved to another day, and why the person gets it, in our words.
    Column("good_until", Instant),
    Column("because", Words),
    Column("settled_at", Instant),
    UniqueConstraint("workspace", "key"),
)
# Of all the letters that ever were only those that wait are in it. One seek for each
# priority finds what to claim, in order, and which lanes have any.
Index(
    "ix_outbox_pending",
    outbox.c.workspace,
    outbox.c.priority,
    outbox.c.due_at,
    outbox.c.id,
    sqlite_where=text("state = 'pending'"),
    postgresql_where=text("state = 'pending'"),
)
Index(
    "ix_outbox_in_hand",
    outbox.c.workspace,
    outbox.c.lease_until,
    sqlite_where=text("state IN ('leased', 'sending', 'ambiguous')"),
    postgresql_where=text("state IN ('leased', 'sending', 'ambiguous')"),
)
# A partial index is used only where its condition stands in the query in so many words.
IS_PENDING: ColumnElement[bool] = outbox.c.state == literal_column("'pending'")
IS_IN_HAND: ColumnElement[bool] = outbox.c.state.in_(
    [literal_column(f"'{state}'") for state in ("leased", "sending", "ambiguous")]
)
Index(
    "ix_outbox_edits",
    outbox.c.edits,
    sqlite_where=text("edits IS NOT NULL"),
    postgresql_where=text("edits IS NOT NULL"),
)
# Without it a deleted letter would be looked for in all others: whom does it carry?
Index(
    "ix_outbox_carried_by",
    outbox.c.carried_by,
    sqlite_where=text("carried_by IS NOT NULL"),
    postgresql_where=text("carried_by IS NOT NULL"),
)
Index(
    "ix_outbox_workspace_external_id",
    outbox.c.workspace,
    outbox.c.external_id,
    sqlite_where=text("external_id IS NOT NULL"),
    postgresql_where=text("external_id IS NOT NULL"),
)
Index(
    "ix_outbox_fingerprint",
    outbox.c.fingerprint,
    sqlite_where=text("fingerprint IS NOT NULL"),
    postgresql_where=text("fingerprint IS NOT NULL"),
)

Index(
    "ix_outbox_person_day",
    outbox.c.person,
    outbox.c.day,
    sqlite_where=text("day IS NOT NULL"),
    postgresql_where=text("day IS NOT NULL"),
)
# The last letter of a kind to somebody, of those that are not booked.
_UNBOOKED = "person IS NOT NULL AND day IS NULL AND edits IS NULL"
Index(
    "ix_outbox_person_kind_due_at",
    outbox.c.person,
    outbox.c.kind,
    outbox.c.due_at,
    sqlite_where=text(_UNBOOKED),
    postgresql_where=text(_UNBOOKED),
)
Index(
    "ix_outbox_workspace_source_state",
    outbox.c.workspace,
    outbox.c.source,
    outbox.c.state,
    sqlite_where=text("source IS NOT NULL"),
    postgresql_where=text("source IS NOT NULL"),
)

attention = Table(
    "attention",
    metadata,
    Column("person", Text, ForeignKey("people.id"), primary_key=True),
    # The person's own wishes; null is the default.
    Column("per_day", Integer),
    Column("per_week", Integer),
    # Local wall-clock time in ISO format.
    Column("slot", Text),
    Column("stopped_at", Instant),
    # The full hour after the person last said or pressed anything, never the moment itself:
    # see bot/attention.py. What they said or pressed is not kept.
    Column("talked_at", Instant),
    # How many unsolicited letters in a row counted as ignored when the person last talked.
    Column("ignored", Integer, nullable=False),
    Column("paused_at", Instant),
)

rates = Table(
    "rates",
    metadata,
    Column("lane", Text, primary_key=True),
    # Nothing for the lane itself, else the fingerprint of an address: in clear it would show
    # whose conversation the letters to a relay go to.
    Column("conversation", Text, primary_key=True),
    # One theoretical arrival time a bucket, in seconds since 1970.
    Column("arrivals", Json, nullable=False),
    Column("per_minute", Float),
    Column("paused_until", Instant),
    Column("clean_since", Instant),
    # Of a conversation: from then on the row says no more than none would.
    Column("idle_from", Instant),
)

slots = Table(
    "slots",
    metadata,
    Column("person", Text, ForeignKey("people.id"), primary_key=True),
    # The capability's name for what comes: `tips.daily`.
    Column("kind", Text, primary_key=True),
    # Local wall-clock time in ISO format, ISO weekdays as digits.
    Column("at", Text, nullable=False),
    Column("weekdays", Text, nullable=False),
    # When it comes next, and on whose local day: the two may differ (see bot/schedule.py).
    # 1970 wants to be looked at anew, null never comes.
    Column("next_day", Date),
    Column("next_due_at", Instant),
    Column("last_day", Date),
    Column("last_at", Instant),
    Index(None, "kind", "next_due_at", "person"),
)

followed = Table(
    "followed",
    metadata,
    # Of workspace, conversation and message: a message may stand in somebody's private
    # conversation and be about a question that must not name them.
    Column("fingerprint", Text, primary_key=True),
    Column("about", Text, nullable=False),
)

timers = Table(
    "timers",
    metadata,
    Column("key", Text, primary_key=True),
    Column("due_at", Instant, nullable=False, index=True),
    Column("action", Text, nullable=False),
    Column("args", Json, nullable=False),
    Column("attempts", Integer, nullable=False),
)

relay = Table(
    "relay",
    metadata,
    Column("subject", Text, primary_key=True),
    Column("sealed", Text, nullable=False),
)

happenings = Table(
    "happenings",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("workspace", Text, ForeignKey("workspaces.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("about", Text, nullable=False),
    Column("data", Json, nullable=False),
    Index(None, "workspace", "kind", "at"),
)

counters = Table(
    "counters",
    metadata,
    # Numbers that must be given in commit order: whoever takes one keeps the row until then.
    Column("scope", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("value", BigInteger, nullable=False),
)

settings = Table(
    "settings",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

transcript = Table(
    "transcript",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=False),
    Column("workspace", Text, nullable=False),
    Column("conversation", Text, nullable=False),
    Column("thread", Text),
    Column("author", Text),
    Column("visible_to", Text),
    Column("body", Json, nullable=False),
    Column("key", Text),
    Column("at", Instant, nullable=False),
    Column("edited_at", Instant),
    # Of its latest change. Null is a change from before revisions were kept.
    Column("revision", BigInteger().with_variant(Integer(), "sqlite")),
    UniqueConstraint("workspace", "key"),
    Index(None, "workspace", "conversation", "id"),
    Index(None, "revision"),
)

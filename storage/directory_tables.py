"""How far the reading of workspaces' people and of conversations' members has come.

Members are kept by address: a platform may tell that somebody is in a conversation before
it tells who that is.
"""

from sqlalchemy import Boolean, Column, ForeignKey, Integer, Table, Text

from storage.column import Instant, Words, metadata

directories = Table(
    "directories",
    metadata,
    Column("workspace", Text, ForeignKey("workspaces.id"), primary_key=True),
    # The platform's, of the next page; null is the first one.
    Column("cursor", Text),
    # When the last page of all was read.
    Column("synced_at", Instant),
    # When the next page is due. Of a page that is being read, until when it is claimed: the
    # moment is the claim, and whoever finds another one there has lost it.
    Column("next_at", Instant, nullable=False),
    # When the members of any conversation of the workspace may be asked for again.
    Column("members_at", Instant, nullable=False),
)

conversations = Table(
    "conversations",
    metadata,
    Column("workspace", Text, ForeignKey("workspaces.id"), primary_key=True),
    Column("conversation", Text, primary_key=True),
    # Of a public one; it stays when the members are dropped, for the campaigns that named it.
    Column("name", Words),
    # Whether people of other organisations are in it, where the platform says so.
    Column("strangers", Boolean),
    Column("cursor", Text),
    # Each reading from the first page on is a round. Who was found in an older one is gone.
    Column("round", Integer, nullable=False),
    Column("begun_at", Instant),
    Column("read_at", Instant),
    # As of `directories`; null is never: nobody wants to know.
    Column("next_at", Instant),
    Column("refused", Boolean, nullable=False),
    # Null: what was kept of its members has been dropped.
    Column("wanted_until", Instant),
)

memberships = Table(
    "memberships",
    metadata,
    Column("workspace", Text, ForeignKey("workspaces.id"), primary_key=True),
    Column("conversation", Text, primary_key=True),
    # As in `people`, where it may be missing.
    Column("address", Text, primary_key=True),
    Column("round", Integer, nullable=False),
)

"""The tables of Teams: where people and places can be written to, as Teams told.

No row says when somebody was heard, or in which channel: with that it could be found who had
asked without a name.
"""

from sqlalchemy import Column, Index, Table, Text

from storage.column import metadata

# One row for each person who spoke to the bot, or is where it is.
teams_people = Table(
    "teams_people",
    metadata,
    # The organisation's id, as in `workspaces`.
    Column("tenant", Text, primary_key=True),
    # As in `people`: the id in Entra, where Teams tells it.
    Column("person", Text, primary_key=True),
    # Teams' own id of them for this bot (29:...), by which a conversation is begun.
    Column("user", Text, nullable=False),
    Column("bot", Text, nullable=False),
    Column("service_url", Text, nullable=False),
    # The one with the bot alone; null while none is known.
    Column("conversation", Text),
    # Why they cannot be written to, in Teams' word; null as far as is known they can.
    Column("refusal", Text),
    Index(None, "tenant", "conversation"),
)

# One row for each channel and group chat.
teams_places = Table(
    "teams_places",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("conversation", Text, primary_key=True),
    Column("bot", Text, nullable=False),
    Column("service_url", Text, nullable=False),
    # Of a channel; null in a group chat.
    Column("team", Text),
    # As of people.
    Column("refusal", Text),
)

"""The tables of Slack's installations: which workspaces let this app in, with which tokens.

Their columns are slack_sdk's, whose classes read and write them (storage/installation.py).
Its own tables would do for no encrypted token: they allow 200 characters.
"""

from datetime import UTC, datetime

from sqlalchemy import Boolean, Column, Dialect, Index, Table, Text, UniqueConstraint

from storage.column import Instant, Serial, Words, metadata


class SdkInstant(Instant):
    """A moment that slack_sdk strips of its zone, which is UTC, before it stores it."""

    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is not None and value.tzinfo is None:
            value = value.replace(tzinfo=UTC)
        return super().process_bind_param(value, dialect)


# One row for each workspace, or for each organisation that let the app in as a whole. What
# is sealed can be read with INFLOW_TOKEN_KEYS only.
slack_installations = Table(
    "slack_installations",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("client_id", Text, nullable=False),
    Column("app_id", Text, nullable=False),
    Column("enterprise_id", Text),
    Column("enterprise_name", Words),
    Column("enterprise_url", Text),
    # Null: the whole organisation's.
    Column("team_id", Text),
    Column("team_name", Words),
    # Sealed.
    Column("bot_token", Text),
    Column("bot_id", Text),
    Column("bot_user_id", Text),
    Column("bot_scopes", Text),
    # Sealed.
    Column("bot_refresh_token", Text),
    Column("bot_token_expires_at", SdkInstant),
    # Who installed it last, and who did first and has administered it since.
    Column("user_id", Text, nullable=False),
    Column("first_user_id", Text),
    # Sealed.
    Column("user_token", Text),
    Column("user_scopes", Text),
    # Sealed.
    Column("user_refresh_token", Text),
    Column("user_token_expires_at", SdkInstant),
    # Sealed: whoever knows it may post.
    Column("incoming_webhook_url", Text),
    Column("incoming_webhook_channel", Words),
    Column("incoming_webhook_channel_id", Text),
    # Sealed.
    Column("incoming_webhook_configuration_url", Text),
    Column("is_enterprise_install", Boolean, nullable=False),
    Column("token_type", Text),
    Column("installed_at", SdkInstant, nullable=False),
    Index(None, "client_id", "team_id", "enterprise_id"),
)

slack_bots = Table(
    "slack_bots",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("client_id", Text, nullable=False),
    Column("app_id", Text, nullable=False),
    Column("enterprise_id", Text),
    Column("enterprise_name", Words),
    Column("team_id", Text),
    Column("team_name", Words),
    # Sealed.
    Column("bot_token", Text),
    Column("bot_id", Text),
    Column("bot_user_id", Text),
    Column("bot_scopes", Text),
    # Sealed.
    Column("bot_refresh_token", Text),
    Column("bot_token_expires_at", SdkInstant),
    # Who is exchanging the refresh token just now, which can be done once, and until when
    # nobody else tries.
    Column("refresher", Text),
    Column("refreshing_until", Instant),
    Column("is_enterprise_install", Boolean, nullable=False),
    Column("installed_at", SdkInstant, nullable=False),
    Index(None, "client_id", "team_id", "enterprise_id"),
)

slack_oauth_states = Table(
    "slack_oauth_states",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("state", Text, nullable=False),
    Column("expire_at", SdkInstant, nullable=False, index=True),
    UniqueConstraint("state"),
)

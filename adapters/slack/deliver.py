"""Letters out to Slack, and the look-up of those that may have arrived.

Every message carries its delivery id as metadata, by which it is found again in the history
of its conversation. Anybody in the workspace may read metadata, so the id is a keyed digest:
a letter's key tells who was asked what.

What becomes of a letter that Slack refuses is in `FATES`; the words and what they mean are
those of docs.slack.dev/reference/methods/chat.postMessage, .../chat.update and
.../conversations.open.
"""

import asyncio
import hashlib
import hmac
import html
import math
from collections import OrderedDict
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, Generic, TypeVar

import structlog

from adapters.slack.client import Answer, Answered, Doubtful, NotSent, Refused, SlackClient, Slow
from adapters.slack.installed import DEAD_TOKEN
from adapters.slack.render import render_message
from adapters.slack.wording import Wording
from bot.outbox import Ambiguous, Delivery, Limited, Never, Outcome, Sent, TryLater
from bot.plain import render_plain
from bot.rate import Bucket, Limits, cell_of

NAME = "slack"

POST = "chat.postMessage"
UPDATE = "chat.update"
OPEN = "conversations.open"
HISTORY = "conversations.history"
REPLIES = "conversations.replies"

EVENT_TYPE = "inflow_letter"
"""Of the metadata of our messages."""

PER_MINUTE = 240.0
CEILING = 525.0
"""Slack allows a workspace "several hundred messages per minute" and says no number. A lane
begins with the first and finds its speed up to the second, which a large vendor runs at."""
PER_CONVERSATION = Bucket(1, 1.0)
"""docs.slack.dev/apis/web-api/rate-limits: one message a second for a channel."""
TIER_3 = Bucket(50, 60.0)
"""The same page: each of these methods for itself, in each workspace."""

SHORTEST_REST = timedelta(minutes=5)
LONGEST_REST = timedelta(hours=4)
"""How long a letter waits for an administrator, twice as long each time. With
`bot.retry.TRIES` it is given up after three days, which is more than a weekend."""
KNOCK = timedelta(minutes=1)
"""How often is asked whether Slack takes a token again that it refused."""
WAIT = 1.0
"""Seconds that an edit waits here for its slot; for a later one it is put off."""
LOOK_WAIT = 3.0
"""Seconds that a look-up waits for each of its calls."""
PAGE = 200
"""Messages of a page of history; Slack recommends no more."""
MARGIN = timedelta(hours=1)
"""How long before its last attempt a letter is looked for: clocks differ, and what an earlier
attempt sent may have arrived late."""
MOST_REMEMBERED = 10_000

log = structlog.get_logger()

K = TypeVar("K")
V = TypeVar("V")


class Fate(Enum):
    """What becomes of a letter that was refused."""

    LATER = "later"
    """Slack or the workspace is not itself at the moment: again, with the lane's patience."""
    REST = "rest"
    """The app, its token or its place needs an administrator: again after minutes, then hours,
    and the log says so once. Where it is the token itself, no more letters go until Slack takes
    it (see `SlackPlatform.is_open`)."""
    NEVER = "never"
    GONE = "gone"
    """There is nobody, or no such conversation. A person is then unreachable."""
    NO_THREAD = "no thread"
    """The thread is not there or takes nothing: again at once, into the conversation."""
    NO_BLOCKS = "no blocks"
    """The blocks are wrong in Slack's eyes: again at once, as plain text."""


FATES: Mapping[str, Fate] = {
    error: fate
    for fate, errors in {
        Fate.LATER: (
            "external_channel_migrating",
            "message_limit_exceeded",
            "streaming_state_conflict",
            "team_added_to_org",
            "update_failed",
        ),
        Fate.REST: (
            "access_denied",
            "accesslimited",
            "account_inactive",
            "app_access_restricted",
            "deprecated_endpoint",
            "ekm_access_denied",
            "enterprise_is_restricted",
            "invalid_auth",
            "invalid_token",
            "messages_tab_disabled",
            "metadata_must_be_sent_from_app",
            "method_deprecated",
            "missing_scope",
            "no_permission",
            "not_allowed_token_type",
            "not_authed",
            "not_in_channel",
            "org_login_required",
            "team_access_not_granted",
            "team_not_found",
            "token_expired",
            "token_revoked",
            "two_factor_setup_required",
        ),
        Fate.NEVER: (
            "as_user_not_supported",
            "block_mismatch",
            "cant_broadcast_message",
            "cant_update_message",
            "channel_is_frozen",
            "duplicate_channel_not_found",
            "duplicate_message_not_found",
            "edit_window_closed",
            "invalid_arg_name",
            "invalid_arguments",
            "invalid_array_arg",
            "invalid_attachments",
            "invalid_charset",
            "invalid_form_data",
            "invalid_metadata_format",
            "invalid_metadata_schema",
            "invalid_post_type",
            "is_archived",
            "is_inactive",
            "markdown_text_conflict",
            "message_not_found",
            "metadata_too_large",
            "missing_post_type",
            "msg_too_long",
            "no_dual_broadcast_content_update",
            "no_text",
            "restricted_action",
            "restricted_action_read_only_channel",
            "restricted_action_thread_locked",
            "restricted_action_thread_only_channel",
            "slack_connect_canvas_sharing_blocked",
            "slack_connect_file_link_sharing_blocked",
            "slack_connect_lists_sharing_blocked",
            "thread_locked",
            "too_many_attachments",
            "too_many_contact_cards",
        ),
        Fate.GONE: (
            "cannot_dm_bot",
            "channel_not_found",
            "invalid_user_combination",
            "user_disabled",
            "user_not_found",
            "user_not_visible",
        ),
        Fate.NO_THREAD: (
            "cannot_reply_to_message",
            "invalid_thread_ts",
            "restricted_action_non_threadable_channel",
            "thread_not_found",
        ),
        Fate.NO_BLOCKS: (
            "invalid_blocks",
            "invalid_blocks_format",
            "msg_blocks_too_long",
        ),
    }.items()
    for error in errors
}
"""What becomes of a letter by Slack's word for refusing it. A word that is not here is LATER:
when unsure, nothing is lost. Those of which nobody knows whether something was done are
`adapters.slack.client.UNCLEAR`, and 429 is no word."""


class LookUpFailed(Exception):
    """Nobody could tell just now whether a letter arrived; says why in one word."""


class Remembered(Generic[K, V]):
    """The latest so many things by key."""

    def __init__(self, most: int = MOST_REMEMBERED) -> None:
        self._most = most
        self._known: OrderedDict[K, V] = OrderedDict()

    def __len__(self) -> int:
        return len(self._known)

    def get(self, key: K) -> V | None:
        return self._known.get(key)

    def keep(self, key: K, value: V) -> None:
        """The first that is kept stays; with too many the oldest is forgotten."""
        self._known.setdefault(key, value)
        if len(self._known) > self._most:
            self._known.popitem(last=False)

    def replace(self, key: K, value: V) -> None:
        """The last that is kept stays."""
        self.drop(key)
        self.keep(key, value)

    def drop(self, key: K) -> V | None:
        return self._known.pop(key, None)


class Receipts:
    """What Slack told of messages that arrived, for all workspaces of this process.

    Only a shortcut: a letter without a receipt is looked up. Slack tells only who asks for
    it (see `note_receipt`), and another process may have been told.
    """

    def __init__(self) -> None:
        self._known: Remembered[tuple[str, str], Sent] = Remembered()

    async def note_receipt(self, team: str, event: Mapping[str, Any]) -> None:
        """Hear the event `message_metadata_posted`.

        It needs `metadata.message:read` and in the manifest's `metadata_subscriptions` the
        app's own id with `EVENT_TYPE`. Each message then makes an event, of which Slack sends
        a workspace 30,000 an hour.
        """
        delivery_id = read_delivery_id(event.get("metadata"))
        channel, ts = event.get("channel_id"), event.get("message_ts")
        if delivery_id is not None and isinstance(channel, str) and isinstance(ts, str):
            # Whoever says it again later has read it in the message.
            self._known.keep((team, delivery_id), Sent(external=ts, conversation=channel))

    def find(self, team: str, delivery_id: str) -> Sent | None:
        """Where the message stands, as far as we were told."""
        return self._known.get((team, delivery_id))


class Pace:
    """When a method may be called next, in seconds of the loop's clock (GCRA, as `bot.rate`)."""

    def __init__(self, bucket: Bucket) -> None:
        self._cell = cell_of(bucket)
        self._arrival = -math.inf
        self._rests_until = -math.inf

    def earliest(self, now: float) -> float:
        """The next slot, from `now` on."""
        return max(now, self._rests_until, self._arrival - self._cell.tolerance)

    def take(self, now: float) -> float:
        """Take the next slot; nobody else gets it."""
        slot = self.earliest(now)
        self._arrival = max(self._arrival, slot) + self._cell.interval
        return slot

    def rest(self, now: float, after: timedelta) -> None:
        """Slack refused for the rate: no slot for so long, and then one after the other."""
        self._rests_until = max(self._rests_until, now + after.total_seconds())
        self._arrival = self._rests_until + self._cell.tolerance


class SlackPlatform:
    """Implements `bot.ports.Platform` for one workspace; to be kept, for it keeps the paces of
    methods. `team` is whose token is used. `seal` is the secret by which delivery ids are
    made: with another one no earlier letter is found again. `tier_3` is the pace of each
    method beside chat.postMessage."""

    def __init__(
        self,
        client: SlackClient,
        team: str,
        *,
        wording: Wording,
        seal: bytes,
        receipts: Receipts | None = None,
        per_minute: float = PER_MINUTE,
        ceiling: float = CEILING,
        tier_3: Bucket = TIER_3,
    ) -> None:
        self._client = client
        self._team = team
        self._wording = wording
        self._seal = seal
        self._receipts = receipts or Receipts()
        self._limits = Limits(
            per_minute=min(per_minute, ceiling),
            ceiling=ceiling,
            conversation=(PER_CONVERSATION,),
        )
        self._update = Pace(tier_3)
        self._look = {name: Pace(tier_3) for name in (OPEN, HISTORY, REPLIES)}
        self._put_off: Remembered[int, float] = Remembered()
        self._direct: Remembered[str, str] = Remembered()
        self._cursors: Remembered[tuple[int, datetime | None, str], str] = Remembered()
        self._told: set[str] = set()
        self._is_shut_out = False
        self._knocks_at = 0.0

    async def is_open(self) -> bool:
        """Whether Slack takes our token, as far as is known. Where it refused the last one it is
        asked now and then; no letter need be tried for it."""
        if not self._is_shut_out:
            return True
        now = asyncio.get_running_loop().time()
        if now < self._knocks_at:
            return False
        self._knocks_at = now + KNOCK.total_seconds()
        answer = await self._client.call(self._team, "auth.test", {})
        if isinstance(answer, Answered | Refused):
            self._is_shut_out = isinstance(answer, Refused) and answer.error in DEAD_TOKEN
        return not self._is_shut_out

    @property
    def name(self) -> str:
        return NAME

    @property
    def limits(self) -> Limits:
        return self._limits

    @property
    def reads_back(self) -> bool:
        return True

    async def deliver(self, delivery: Delivery) -> Outcome:
        """Send or edit; see `FATES` for what becomes of what Slack refuses.

        A limit on edits is not the lane's: an edit is put off to the next slot of its method.
        """
        if delivery.edits is not None:
            return await self._edit(delivery, delivery.edits)
        rendered = render_message(delivery.message, self._wording)
        body: dict[str, Any] = {
            "channel": delivery.address,
            "thread_ts": delivery.thread,
            "text": rendered.text,
            "blocks": rendered.blocks,
            "unfurl_links": False,
            "unfurl_media": False,
            "metadata": {
                "event_type": EVENT_TYPE,
                "event_payload": {"delivery_id": self.delivery_id(delivery)},
            },
        }
        answer = await self._client.call(self._team, POST, body)
        if _fate(answer) is Fate.NO_THREAD and delivery.thread is not None:
            body["thread_ts"] = None
            answer = await self._client.call(self._team, POST, body)
        if _fate(answer) is Fate.NO_BLOCKS:
            self._tell_blocks(delivery, answer)
            body |= {"blocks": None, "text": _plain(delivery), "mrkdwn": False}
            answer = await self._client.call(self._team, POST, body)
        if isinstance(answer, Slow):
            return Limited(answer.after)
        outcome = self._judge(delivery, answer)
        if delivery.direct and isinstance(outcome, Sent):
            self._direct.replace(delivery.address, outcome.conversation)
        return outcome

    async def find_delivered(self, delivery: Delivery) -> Sent | None:
        """Where the letter's message stands: as we were told, else by the conversation's history.

        What an edit says is not compared: Slack writes texts in its own way.

        Raises:
            LookUpFailed: nobody could tell, or what was to be looked up is an edit.
        """
        if delivery.edits is not None:
            raise LookUpFailed("an_edit")
        delivery_id = self.delivery_id(delivery)
        known = self._receipts.find(self._team, delivery_id)
        if known is not None:
            return known
        channel = await self._conversation(delivery)
        if channel is None:
            return None
        if delivery.thread is not None:
            found = await self._search(delivery, REPLIES, channel, {"ts": delivery.thread})
            if found is not None:
                return found
        # Where the thread was gone the letter stands beside it.
        return await self._search(delivery, HISTORY, channel, {})

    def delivery_id(self, delivery: Delivery) -> str:
        """What stands in the metadata of the letter's message: 32 characters that tell nothing."""
        said = f"delivery\0{delivery.workspace}\0{delivery.key}".encode()
        return hmac.new(self._seal, said, hashlib.sha256).hexdigest()[:32]

    # --- what is sent -----------------------------------------------------------------------

    async def _edit(self, delivery: Delivery, external: str) -> Outcome:
        loop = asyncio.get_running_loop()
        slot = self._put_off.drop(delivery.id)
        if slot is None:
            slot = self._update.take(loop.time())
        wait = slot - loop.time()
        if wait > WAIT:
            self._put_off.keep(delivery.id, slot)
            return TryLater(timedelta(seconds=wait), "edits wait for their turn")
        await asyncio.sleep(max(0.0, wait))
        rendered = render_message(delivery.message, self._wording)
        # Without metadata the message keeps what it has, so the letter itself can still be
        # found. Without `parse` Slack would look for names and links in the text.
        body: dict[str, Any] = {
            "channel": delivery.conversation,
            "ts": external,
            "text": rendered.text,
            "blocks": rendered.blocks,
            "parse": "none",
        }
        answer = await self._client.call(self._team, UPDATE, body)
        if _fate(answer) is Fate.NO_BLOCKS:
            self._tell_blocks(delivery, answer)
            # No blocks and a text: then the old blocks go as well.
            body |= {"blocks": None, "text": _plain(delivery)}
            answer = await self._client.call(self._team, UPDATE, body)
        if isinstance(answer, Slow):
            self._update.rest(loop.time(), answer.after)
            self._put_off = Remembered()
            return TryLater(answer.after, "edits were too many")
        return self._judge(delivery, answer)

    def _judge(
        self, delivery: Delivery, answer: Answered | Refused | NotSent | Doubtful
    ) -> Outcome:
        match answer:
            case Answered(data):
                self._told.clear()
                self._is_shut_out = False
                ts, channel = data.get("ts"), data.get("channel")
                if isinstance(ts, str) and isinstance(channel, str):
                    return Sent(external=ts, conversation=channel)
                return Ambiguous("unreadable")
            case NotSent(why):
                return TryLater(timedelta(0), why)
            case Doubtful(why):
                return Ambiguous(why)
            case Refused():
                return self._refuse(delivery, answer)

    def _refuse(self, delivery: Delivery, answer: Refused) -> Outcome:
        error = answer.error
        match FATES.get(error, Fate.LATER):
            case Fate.LATER:
                return TryLater(timedelta(0), error)
            case Fate.REST:
                self._tell_refused(delivery, answer)
                self._is_shut_out = self._is_shut_out or error in DEAD_TOKEN
                longest = SHORTEST_REST * 2.0 ** min(delivery.attempts, 10)
                return TryLater(min(longest, LONGEST_REST), error)
            case Fate.GONE:
                return Never(error, unreachable=delivery.direct and delivery.edits is None)
            case Fate.NEVER | Fate.NO_THREAD | Fate.NO_BLOCKS:
                return Never(error)

    def _tell_refused(self, delivery: Delivery, answer: Refused) -> None:
        """Once, until Slack takes something again."""
        if answer.error in self._told:
            return
        self._told.add(answer.error)
        scope = answer.data.get("needed")
        needed = {"needed": scope} if isinstance(scope, str) else {}
        log.warning("slack refuses", workspace=delivery.workspace, error=answer.error, **needed)

    def _tell_blocks(self, delivery: Delivery, answer: Answer) -> None:
        error = answer.error if isinstance(answer, Refused) else None
        log.error(
            "slack refused blocks", workspace=delivery.workspace, kind=delivery.kind, error=error
        )

    # --- what is looked up --------------------------------------------------------------------

    async def _conversation(self, delivery: Delivery) -> str | None:
        """Where the letter would stand; None where nothing can have arrived."""
        if not delivery.direct:
            return delivery.address
        known = self._direct.get(delivery.address)
        if known is not None:
            return known
        data = await self._read(delivery, OPEN, {"users": delivery.address})
        channel = data.get("channel") if data is not None else None
        if data is None:
            return None
        if not (isinstance(channel, Mapping) and isinstance(channel.get("id"), str)):
            raise LookUpFailed("unreadable")
        self._direct.replace(delivery.address, channel["id"])
        return str(channel["id"])

    async def _search(
        self, delivery: Delivery, method: str, channel: str, of: Mapping[str, str]
    ) -> Sent | None:
        """Look through pages, newest first, from where an earlier look had to stop."""
        body: dict[str, Any] = {
            "channel": channel,
            "include_all_metadata": True,
            "limit": PAGE,
            **of,
        }
        if delivery.began_at is not None:
            body["oldest"] = f"{(delivery.began_at - MARGIN).timestamp():.6f}"
        delivery_id = self.delivery_id(delivery)
        # Of each attempt anew: what a later one sent stands above what has been read.
        place = delivery.id, delivery.began_at, method
        while True:
            cursor = self._cursors.get(place)
            try:
                data = await self._read(delivery, method, {**body, "cursor": cursor})
            except LookUpFailed as error:
                if str(error) == "invalid_cursor":
                    self._cursors.drop(place)
                raise
            if data is None:
                return None
            messages = data.get("messages")
            if not isinstance(messages, list):
                raise LookUpFailed("unreadable")
            for message in messages:
                ts = message.get("ts")
                if read_delivery_id(message.get("metadata")) == delivery_id and ts is not None:
                    self._cursors.drop(place)
                    return Sent(external=str(ts), conversation=channel)
            cursor = (data.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                self._cursors.drop(place)
                return None
            self._cursors.replace(place, str(cursor))

    async def _read(
        self, delivery: Delivery, method: str, body: Mapping[str, Any]
    ) -> Mapping[str, Any] | None:
        """The answer of a method that reads; None where there is nobody and nothing to read."""
        loop, pace = asyncio.get_running_loop(), self._look[method]
        if pace.earliest(loop.time()) > loop.time() + LOOK_WAIT:
            raise LookUpFailed("busy")
        await asyncio.sleep(max(0.0, pace.take(loop.time()) - loop.time()))
        answer = await self._client.call(self._team, method, body)
        match answer:
            case Answered(data):
                return data
            case Slow(after):
                pace.rest(loop.time(), after)
                raise LookUpFailed("too_many")
            case Refused("thread_not_found") if method == REPLIES:
                return None
            case Refused(error) if FATES.get(error) is Fate.GONE:
                # Sent again it will be refused as well.
                return None
            case Refused(error):
                if FATES.get(error) is Fate.REST:
                    self._tell_refused(delivery, answer)
                raise LookUpFailed(error)
            case NotSent(why) | Doubtful(why):
                raise LookUpFailed(why)


def read_delivery_id(metadata: object) -> str | None:
    """The delivery id in a message's metadata; None in what is not ours."""
    if not isinstance(metadata, Mapping) or metadata.get("event_type") != EVENT_TYPE:
        return None
    payload = metadata.get("event_payload")
    found = payload.get("delivery_id") if isinstance(payload, Mapping) else None
    return found if isinstance(found, str) else None


def _fate(answer: Answer) -> Fate | None:
    return FATES.get(answer.error) if isinstance(answer, Refused) else None


def _plain(delivery: Delivery) -> str:
    """Slack's text with nothing in it that Slack would take for a mention or a link."""
    return html.escape(render_plain(delivery.message), quote=False)

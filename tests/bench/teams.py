"""How much of the processor a message from Teams takes: `python -m tests.bench.teams`.

* turn: from the body and the header `Authorization` to the end of the turn, in one process and
  without a network. Ours judges the token, reads the activity and hears it on a thread; nothing is
  kept and nothing answered. In the same run the SDK's own `CloudAdapter`, to which everything is
  let through unjudged, and which does nothing either;
* answered: the same of ours with a reply, which is written as a card and given to a Connector that
  takes it at once. For this there is no limit: the SDK's own goes out on threads.

Half of the messages are said in a personal chat and half in a channel, to the bot. The figures are
processor time of the whole process, threads too, in milliseconds a message: medians of several
rounds in turn. They vary with the machine; the ratio binds too.

The package with `CloudAdapter` itself is none that we have. It adds to `CloudAdapterBase`, which is
measured, the reading of a request and streaming: what it is for is here in `Stock`.

Prints one JSON object.
"""

import argparse
import asyncio
import gc
import itertools
import json
import statistics
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from time import process_time
from types import SimpleNamespace
from typing import Any, Final

from botbuilder.core import ActivityHandler, TurnContext
from botbuilder.core.cloud_adapter_base import CloudAdapterBase
from botbuilder.schema import Activity
from botframework.connector.auth import BotFrameworkAuthenticationFactory

from adapters.teams.app import TeamsEntrance, read_activity
from adapters.teams.auth import Cloud, Gate, Keys, TokenGate, Verdict
from adapters.teams.client import Answer, Answered, is_allowed
from adapters.teams.wording import make_wording
from bot.bootstrap.log import configure_logs
from bot.bootstrap.teams import KnownContacts
from bot.capability import Registry, register
from bot.message import say
from bot.ports import Work
from bot.reply import NOTHING, Audience, Reply, Showing
from tests.adapters.teams.openid import FakeOpenId
from tests.adapters.teams.signing import APP_ID, ISSUER, Signer

LIMITS: Final = {"turn_ms": 1.0, "times_cloud_adapter": 6}
ROUNDS: Final = 5
FEWER: Final = 5
"""So many times fewer messages for the SDK, which takes its time."""
WARMING: Final = 5
SEAL: Final = bytes(range(32))
TENANT: Final = "aaaaaaaa-0000-4000-8000-000000000001"
SERVICE: Final = "https://smba.trafficmanager.net/emea/"
REPLY: Final = Reply(
    message=say("I will ask somebody who knows, and come back to you."), audience=Audience.PLACE
)


def now() -> datetime:
    return datetime.now(UTC)


# Messages as Teams sends them ---------------------------------------------------------------


def message_of(number: int) -> bytes:
    """The `number`th message: in a channel with a mention, or in a personal chat."""
    user = f"29:1vh5Nn4sXxFoHpUYgHhO7c9eE3kS2aQb{number % 50:04}"
    bot = {"id": f"28:{APP_ID}", "name": "Inflow"}
    told: dict[str, Any] = {
        "type": "message",
        "id": f"{1_772_441_000_000 + number}",
        "timestamp": "2026-03-02T09:03:20.123Z",
        "localTimestamp": "2026-03-02T10:03:20.123+01:00",
        "localTimezone": "Europe/Berlin",
        "serviceUrl": SERVICE,
        "channelId": "msteams",
        "from": {
            "id": user,
            "name": "Ana Example",
            "aadObjectId": f"bbbbbbbb-0000-4000-8000-{number % 50:012}",
            "tenantId": TENANT,
        },
        "recipient": bot,
        "textFormat": "plain",
        "locale": "en-GB",
        "entities": [
            {
                "locale": "en-GB",
                "country": "GB",
                "platform": "Windows",
                "timezone": "Europe/Berlin",
                "type": "clientInfo",
            }
        ],
    }
    question = "How do I claim a taxi that I took to a client?"
    if number % 2:
        place = {"conversationType": "personal", "id": f"a:1{user[3:]}", "tenantId": TENANT}
        return json.dumps(
            told
            | {
                "text": question,
                "conversation": place,
                "channelData": {"tenant": {"id": TENANT}},
                "attachments": [{"contentType": "text/html", "content": f"<p>{question}</p>"}],
            }
        ).encode()
    channel = "19:0123456789abcdef0123456789abcdef@thread.tacv2"
    mention = {"type": "mention", "mentioned": bot, "text": "<at>Inflow</at>"}
    return json.dumps(
        told
        | {
            "text": f"<at>Inflow</at> {question}",
            "entities": [mention, *told["entities"]],
            "conversation": {
                "conversationType": "channel",
                "isGroup": True,
                "id": f"{channel};messageid={told['id']}",
                "tenantId": TENANT,
            },
            "channelData": {
                "teamsChannelId": channel,
                "teamsTeamId": channel,
                "channel": {"id": channel},
                "team": {"id": channel},
                "tenant": {"id": TENANT},
            },
            "attachments": [
                {
                    "contentType": "text/html",
                    "content": "<div><span itemscope='' itemtype='http://schema.skype.com/"
                    f"Mention' itemid='0'>Inflow</span> {question}</div>",
                }
            ],
        }
    ).encode()


# Ours -----------------------------------------------------------------------------------------


class Heard:
    """An application that has the same answer for everybody, and a store that keeps nothing."""

    def __init__(self, reply: Reply) -> None:
        self.reply = reply
        self.registry: Registry[Work] = register([])
        self.heard = 0

    def receive(self, _inbound: object) -> Reply:
        self.heard += 1
        return self.reply

    def begin_showing(self, *_: object) -> Showing:
        return Showing.OURS

    def end_showing(self, *_: object, **__: object) -> None:
        return None


class Connector:
    """Takes everything at once."""

    def __init__(self) -> None:
        self.taken = 0

    async def call(
        self, _service_url: str, _verb: str, _path: Sequence[str], _body: object = None
    ) -> Answer:
        self.taken += 1
        return Answered({"id": "1"})


@asynccontextmanager
async def opened(
    app: Heard, connector: Connector
) -> AsyncIterator[tuple[TeamsEntrance, Gate, str]]:
    """Our entrance, who is let in there, and a true token."""
    signer = Signer()
    book: Any = SimpleNamespace(keep=lambda _: None)
    parts: Any = {"app": app, "client": connector, "contacts": KnownContacts(book, now)}
    async with FakeOpenId(signer) as published:
        keys = Keys(Cloud(ISSUER, published.metadata_url))
        gate = TokenGate(APP_ID, keys)
        entrance = TeamsEntrance(
            **parts,
            gate=gate,
            wording=make_wording(app.registry),
            seal=SEAL,
            clock=now,
            home=TENANT,
        )
        yield entrance, gate, f"Bearer {signer.token(SERVICE)}"
        await entrance.close()
        await keys.close()


async def hear(entrance: TeamsEntrance, gate: Gate, token: str, body: bytes) -> None:
    """What the entrance does with a request, but for the reading of HTTP."""
    verdict = await gate.admit(token, "127.0.0.1", now())
    activity = read_activity(body)
    if isinstance(verdict, Verdict) or activity is None:
        raise SystemExit("not let in")
    if not (verdict.covers(activity) and is_allowed(activity["serviceUrl"])):
        raise SystemExit("not allowed")
    ack = await entrance.take(activity)
    if ack.status != 200:
        raise SystemExit(f"answered {ack.status}")


async def time_ours(bodies: Sequence[bytes], reply: Reply) -> float:
    app, connector = Heard(reply), Connector()
    async with opened(app, connector) as (entrance, gate, token):
        # Keys are fetched and people met before it is measured.
        for body in bodies[:100]:
            await hear(entrance, gate, token, body)
        await entrance.settle()
        app.heard = connector.taken = 0
        gc.collect()
        began = process_time()
        for body in bodies:
            await hear(entrance, gate, token, body)
        await entrance.settle()
        took = process_time() - began
    wanted = len(bodies) if reply.message is not None else 0
    if app.heard != len(bodies) or connector.taken < wanted:
        raise SystemExit(f"heard {app.heard} and answered {connector.taken} of {len(bodies)}")
    return took / len(bodies) * 1_000


# The SDK's own --------------------------------------------------------------------------------


class Stock(CloudAdapterBase):  # type: ignore[misc]  # botbuilder says nothing of its types.
    """`CloudAdapter` as it is."""

    def __init__(self) -> None:
        # Without an app id nobody is asked for a token.
        super().__init__(BotFrameworkAuthenticationFactory.create())

    async def process(self, headers: Mapping[str, str], body: bytes, bot: ActivityHandler) -> None:
        activity = Activity().deserialize(json.loads(body))
        header = headers.get("Authorization") or ""
        await self.process_activity(header, activity, bot.on_turn)


class Listener(ActivityHandler):  # type: ignore[misc]  # botbuilder says nothing of its types.
    heard = 0

    async def on_message_activity(self, turn_context: TurnContext) -> None:
        self.heard += bool(turn_context.activity.text)


async def time_stock(bodies: Sequence[bytes]) -> float:
    adapter, bot = Stock(), Listener()
    for body in bodies[:WARMING]:
        await adapter.process({}, body, bot)
    bot.heard = 0
    gc.collect()
    began = process_time()
    for body in bodies:
        await adapter.process({}, body, bot)
    took = process_time() - began
    if bot.heard != len(bodies):
        raise SystemExit(f"the SDK heard {bot.heard} of {len(bodies)}")
    return took / len(bodies) * 1_000


# All of it ------------------------------------------------------------------------------------


def measure(messages: int, rounds: int = ROUNDS) -> dict[str, Any]:
    numbers = itertools.count(1)
    ours, stock, answered = [], [], []
    for _ in range(rounds):
        # No message comes twice: that would be told without being done.
        bodies = [message_of(next(numbers)) for _ in range(messages)]
        ours.append(asyncio.run(time_ours(bodies, NOTHING)))
        stock.append(asyncio.run(time_stock(bodies[: max(2, messages // FEWER)])))
        answered.append(asyncio.run(time_ours(bodies, REPLY)))
    turn_ms, stock_ms = statistics.median(ours), statistics.median(stock)
    return {
        "turn_ms": round(turn_ms, 3),
        "cloud_adapter_ms": round(stock_ms, 3),
        "times": round(stock_ms / turn_ms, 1),
        "answered_ms": round(statistics.median(answered), 3),
    }


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=1_000, help="a round")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    chosen = parser.parse_args()
    configure_logs("warning")
    figures = measure(chosen.messages, chosen.rounds)
    print(json.dumps({"bench": "teams", "limits": LIMITS, **figures}, indent=2))


if __name__ == "__main__":
    main()

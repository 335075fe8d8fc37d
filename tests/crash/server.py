"""A strict platform on the loopback address, with a ledger of what it accepted.

`python -m tests.crash.server --profile slack` announces its port as a line of JSON. Its rate
limits are kept to the letter, it fails as it is told to (`tests.crash.terms`), and nothing
that happens to its clients touches what it remembers:

* `POST /api/LANE/post` and `/api/LANE/update`: a message, with its key in the metadata;
* `GET /api/LANE/history?channel=C&cursor=N`: what stands in a conversation, newest first;
* `GET /ledger`, `POST /config`: for the test.
"""

import argparse
import asyncio
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field, fields
from typing import Any

from aiohttp import web

from tests.crash.child import announce, wait_for_the_end
from tests.crash.terms import CONVERSATION, Limiter, Terms, draw

LOOPBACK = "127.0.0.1"
PAGE = 100
TOKEN = "xoxb-crash"


@dataclass(slots=True)
class Message:
    """One message in a conversation; `key` is that of its last edit."""

    ts: str
    key: str
    visible_at: float


@dataclass(slots=True)
class Platform:
    """All the server remembers."""

    terms: Terms
    limiter: Limiter = field(init=False)
    posted: Counter[str] = field(default_factory=Counter)
    """Accepted messages by `lane/key`, and so on with the two others."""
    updated: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    attempts: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    accepted_at: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    conversations: defaultdict[tuple[str, str], list[Message]] = field(
        default_factory=lambda: defaultdict(list)
    )
    limited: int = 0
    history_calls: int = 0
    late: int = 0
    """Late messages that are still to be accepted."""
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.limiter = Limiter(self.terms)

    def configure(self, changes: dict[str, Any]) -> None:
        """Change terms by name; unknown names are a mistake of the test."""
        known = {each.name for each in fields(Terms)}
        for name, value in changes.items():
            if name not in known:
                raise web.HTTPBadRequest(text=f"no such term: {name}")
            setattr(self.terms, name, value)

    def accept(self, lane: str, channel: str, key: str, update: str | None) -> str | None:
        """The id of the message as it stands now; None when there is none to update."""
        now = time.time()
        messages = self.conversations[lane, channel]
        if update is None:
            message = Message(f"{len(self.accepted_at[lane])}.{len(messages)}", key, 0.0)
            messages.append(message)
            self.posted[f"{lane}/{key}"] += 1
        else:
            found = [message for message in messages if message.ts == update]
            if not found:
                return None
            message = found[0]
            message.key = key
            self.updated[f"{lane}/{key}"] += 1
        message.visible_at = now + self.terms.settle
        self.accepted_at[lane].append(now)
        return message.ts

    def accept_later(self, lane: str, channel: str, key: str, update: str | None) -> None:
        async def accept() -> None:
            await asyncio.sleep(self.terms.late)
            self.late -= 1
            self.accept(lane, channel, key, update)

        self.late += 1
        task = asyncio.create_task(accept())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def ledger(self) -> dict[str, Any]:
        return {
            "posted": self.posted,
            "updated": self.updated,
            "refused": self.refused,
            "faults": self.faults,
            "accepted_at": self.accepted_at,
            "limited": self.limited,
            "history_calls": self.history_calls,
            "late": self.late,
            "requests": sum(self.attempts.values()),
        }


State = web.AppKey("State", Platform)


def resolve(channel: str) -> str:
    """A person's id stands for the conversation between the person and the bot."""
    return f"D{channel[1:]}" if channel.startswith("U") else channel


def fail(error: str) -> web.Response:
    return web.json_response({"ok": False, "error": error})


async def take(request: web.Request) -> web.StreamResponse:
    """A message or an edit."""
    platform = request.app[State]
    terms = platform.terms
    lane, update = request.match_info["lane"], request.match_info["verb"] == "update"
    body = await request.json()
    key = body["metadata"]["event_payload"]["delivery_id"]
    edited = body["ts"] if update else None
    name = f"{lane}/{key}"
    if terms.revoked or request.headers.get("Authorization") != f"Bearer {TOKEN}":
        return fail("token_revoked")
    channel = resolve(body["channel"])
    wait = platform.limiter.admit(lane, channel, time.time())
    if wait:
        platform.limited += 1
        return web.json_response(
            {"ok": False, "error": "ratelimited"}, status=429, headers={"Retry-After": str(wait)}
        )
    platform.attempts[name] += 1
    attempt = platform.attempts[name]
    if terms.refuses(lane, key):
        platform.refused[name] += 1
        return fail("channel_not_found")
    fault = terms.fault_of(lane, key, attempt)
    if fault is not None:
        platform.faults[fault] += 1
    low, high = terms.latency
    latency = low + (high - low) * draw(terms.seed, name, str(attempt), "latency")
    await asyncio.sleep(latency / 2)
    if fault == "error_before":
        return web.Response(status=500)
    if fault == "reset_before":
        return reset(request)
    if fault == "late":
        platform.accept_later(lane, channel, key, edited)
        return await hang(request)
    ts = platform.accept(lane, channel, key, edited)
    if ts is None:
        return fail("message_not_found")
    if fault == "hang_after":
        return await hang(request)
    await asyncio.sleep(latency / 2)
    if fault == "error_after":
        return web.Response(status=500)
    if fault == "reset_after":
        return reset(request)
    if fault == "truncated":
        return await break_off(request)
    return web.json_response({"ok": True, "channel": channel, "ts": ts})


def reset(request: web.Request) -> web.Response:
    """Cut the connection; what is returned reaches nobody."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)


async def hang(request: web.Request) -> web.Response:
    """Say nothing for as long as the client has patience."""
    # The server has no event for a client that has gone.
    while request.transport is not None and not request.transport.is_closing():  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    return web.Response(status=500)


async def break_off(request: web.Request) -> web.StreamResponse:
    """An answer that promises more than it brings."""
    response = web.StreamResponse(headers={"Content-Length": "60"})
    await response.prepare(request)
    await response.write(b'{"ok": true, "chan')
    if request.transport is not None:
        request.transport.close()
    return response


async def tell_history(request: web.Request) -> web.Response:
    """A page of what can be seen in a conversation by now, newest first."""
    platform = request.app[State]
    terms = platform.terms
    if terms.profile == "teams":
        raise web.HTTPNotFound
    lane, channel = request.match_info["lane"], resolve(request.query["channel"])
    platform.history_calls += 1
    call = str(platform.history_calls)
    await asyncio.sleep(terms.history_latency)
    if draw(terms.seed, "history", call) < terms.history_errors:
        return web.Response(status=500)
    now = time.time()
    visible = [m for m in platform.conversations[lane, channel] if m.visible_at <= now]
    visible.reverse()
    start = int(request.query.get("cursor", "0"))
    page = visible[start : start + PAGE]
    cursor = start + PAGE if len(visible) > start + PAGE else None
    return web.json_response(
        {
            "ok": True,
            "channel": channel,
            "messages": [
                {"ts": m.ts, "metadata": {"event_payload": {"delivery_id": m.key}}} for m in page
            ],
            "cursor": cursor,
        }
    )


async def tell_ledger(request: web.Request) -> web.Response:
    return web.json_response(request.app[State].ledger())


async def configure(request: web.Request) -> web.Response:
    request.app[State].configure(await request.json())
    return web.Response()


def make_app(terms: Terms) -> web.Application:
    app = web.Application()
    app[State] = Platform(terms)
    app.router.add_post("/api/{lane}/{verb:post|update}", take)
    app.router.add_get("/api/{lane}/history", tell_history)
    app.router.add_get("/ledger", tell_ledger)
    app.router.add_post("/config", configure)
    return app


async def serve(terms: Terms) -> None:
    runner = web.AppRunner(make_app(terms), access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, LOOPBACK, 0).start()
    announce(port=runner.addresses[0][1])
    await wait_for_the_end()
    await runner.cleanup()


def main() -> None:
    """Serve until the parent is gone."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", default="0")
    parser.add_argument("--profile", choices=["slack", "teams"], default="slack")
    parser.add_argument("--per-second", type=float)
    parser.add_argument("--burst", type=int, default=5)
    chosen = parser.parse_args()
    terms = Terms(
        seed=chosen.seed,
        profile=chosen.profile,
        per_second=chosen.per_second,
        burst=chosen.burst,
        conversation=CONVERSATION[chosen.profile],
    )
    asyncio.run(serve(terms))


if __name__ == "__main__":
    main()

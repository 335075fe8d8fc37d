"""A platform that takes everything at once, for measuring: `python -m tests.crash.fast`.

It speaks just enough HTTP for `tests.crash.platform` and costs a tenth of what aiohttp's
server does, so that the bot is what is measured. `GET /ledger` tells how many messages it
has taken, how many different keys they had, and when the first and the last came.
"""

import asyncio
import json
import re
import time

from tests.crash.child import announce, wait_for_the_end
from tests.crash.server import LOOPBACK

_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_KEY = re.compile(rb'"delivery_id": ?"([^"]*)"')


class Ledger:
    def __init__(self) -> None:
        self.taken = 0
        self.keys: set[bytes] = set()
        self.first = 0.0
        self.last = 0.0

    def take(self, head: bytes, body: bytes) -> None:
        found = _KEY.search(body)
        if found is None:
            return
        # Keys are unique within a lane, which is in the path.
        self.keys.add(head.split(b" ", 2)[1] + found[1])
        self.taken += 1
        self.last = time.time()
        self.first = self.first or self.last

    def to_json(self) -> bytes:
        return json.dumps(
            {
                "taken": self.taken,
                "distinct": len(self.keys),
                "first": self.first,
                "last": self.last,
            }
        ).encode()


class Connection(asyncio.Protocol):
    """Answers one request after the other."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._rest += data
        while (end := self._rest.find(b"\r\n\r\n")) >= 0:
            head = self._rest[:end]
            length = _LENGTH.search(head)
            size = int(length[1]) if length else 0
            if len(self._rest) < end + 4 + size:
                return
            body = self._rest[end + 4 : end + 4 + size]
            self._rest = self._rest[end + 4 + size :]
            self._answer(head, body)

    def _answer(self, head: bytes, body: bytes) -> None:
        if head.startswith(b"GET /ledger"):
            answer = self._ledger.to_json()
        else:
            self._ledger.take(head, body)
            answer = b'{"ok": true, "channel": "D1", "ts": "%d.1"}' % self._ledger.taken
        self._transport.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
            % (len(answer), answer)
        )


async def serve() -> None:
    ledger = Ledger()
    server = await asyncio.get_running_loop().create_server(
        lambda: Connection(ledger), LOOPBACK, 0, backlog=1000
    )
    announce(port=server.sockets[0].getsockname()[1])
    await wait_for_the_end()
    server.close()


if __name__ == "__main__":
    asyncio.run(serve())

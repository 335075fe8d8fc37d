"""A server on the loopback address that does as it is told, byte by byte."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeAlias

LOOPBACK = "127.0.0.1"

Act: TypeAlias = Callable[[asyncio.StreamWriter], Awaitable[None]]


def saying(body: object, status: int = 200, kind: str = "application/json", **headers: str) -> Act:
    """Answer so; a body that is no text or bytes is JSON."""

    async def act(writer: asyncio.StreamWriter) -> None:
        raw = body if isinstance(body, bytes) else str(body).encode()
        if not isinstance(body, bytes | str):
            raw = json.dumps(body).encode()
        lines = [
            f"HTTP/1.1 {status} x",
            f"Content-Type: {kind}",
            f"Content-Length: {len(raw)}",
            *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items()),
        ]
        writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + raw)

    return act


async def reset(writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


async def hang(_writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(60)


async def break_off(writer: asyncio.StreamWriter) -> None:
    writer.write(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{"
    )
    await writer.drain()
    writer.close()


@dataclass(frozen=True, slots=True)
class Heard:
    """One request; the names of its headers are in small letters."""

    line: str
    headers: dict[str, str]
    body: str


@dataclass(slots=True)
class FarEnd:
    """What the server does, the last of it again and again, and what it heard."""

    acts: list[Act] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)
    connections: int = 0
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.port}/api/"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while head := (await reader.readuntil(b"\r\n\r\n")).decode():
                line, *rest = head.split("\r\n")
                pairs = (each.split(": ", 1) for each in rest if each)
                headers = {name.lower(): value for name, value in pairs}
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                self.heard.append(Heard(line, headers, body.decode()))
                act = self.acts.pop(0) if len(self.acts) > 1 else self.acts[0]
                await act(writer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def far_end(*acts: Act) -> AsyncIterator[FarEnd]:
    end = FarEnd(list(acts) or [saying({"ok": True})])
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        await end.serve(reader, writer)

    server = await asyncio.start_server(serve, LOOPBACK, 0)
    end.port = server.sockets[0].getsockname()[1]
    try:
        yield end
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

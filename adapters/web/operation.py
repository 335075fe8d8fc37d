"""What operators and their machines ask a process: may it get work, and what has it counted.

Nothing here tells of a person, and nothing of a password. Still it is not for everybody:
let the proxy in front of the bot pass on what platforms call, and no more.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Generic, TypeVar

import structlog
from aiohttp import web

from adapters.web.metric import CONTENT_TYPE, render_metrics
from bot.errors import Unavailable
from bot.metric import Family, Kind, Meters

PATIENCE = 2.0
"""Seconds that a check may take. Kubernetes and load balancers give up sooner or later too."""
LOOKING = 5.0
"""Seconds that looking at what waits may take; Prometheus gives up after ten."""

Check = Callable[[], Awaitable[str | None]]
"""None when all is well, else one sentence for the operator, with no secret in it."""

T = TypeVar("T")

_UNCACHED = {"Cache-Control": "no-store"}

log = structlog.get_logger()


def add_operations_routes(
    app: web.Application,
    checks: Mapping[str, Check],
    meters: Meters,
    *,
    patience: float = PATIENCE,
) -> None:
    """`GET /readyz` and `GET /metrics`. The keys of `checks` say what is looked at.

    `/readyz` answers 200 `{"status": "ready"}` when every check passes within `patience`
    seconds, else 503 `{"status": "not ready", "complaints": [...]}` with their sentences.

    `/metrics` is in the text format 0.0.4 of Prometheus. What was counted is always there;
    what is looked up in the store is left out while that is out of reach, and
    `inflow_store_reachable` is 0.
    """
    readiness = _Readiness(checks, patience)
    lookout = _Lookout(meters)
    app.router.add_get("/readyz", readiness.answer)
    app.router.add_get("/metrics", lookout.answer)


class _Once(Generic[T]):
    """Something to do of which never two are under way: who comes meanwhile waits for the same.

    Else every probe of a store that hangs would leave one more thread behind.
    """

    def __init__(self, do: Callable[[], Awaitable[T]]) -> None:
        """`do` raises nothing: there may be nobody left to hear it."""
        self._do = do
        self._under_way: asyncio.Future[T] | None = None

    async def wait(self, seconds: float) -> T:
        """What came of it.

        Raises:
            TimeoutError: it is still under way.
        """
        if self._under_way is None or self._under_way.done():
            self._under_way = asyncio.ensure_future(self._do())
        # wait_for would cancel it, and what runs in a thread cannot be cancelled.
        done, _ = await asyncio.wait({self._under_way}, timeout=seconds)
        if not done:
            raise TimeoutError
        return self._under_way.result()


class _Readiness:
    def __init__(self, checks: Mapping[str, Check], patience: float) -> None:
        self._checks = {name: _Once(partial(_ask, name, check)) for name, check in checks.items()}
        self._patience = patience

    async def answer(self, _request: web.Request) -> web.Response:
        said = await asyncio.gather(
            *(self._wait(name, check) for name, check in self._checks.items())
        )
        complaints = [sentence for sentence in said if sentence is not None]
        if complaints:
            return web.json_response(
                {"status": "not ready", "complaints": complaints}, status=503, headers=_UNCACHED
            )
        return web.json_response({"status": "ready"}, headers=_UNCACHED)

    async def _wait(self, name: str, check: _Once[str | None]) -> str | None:
        try:
            return await check.wait(self._patience)
        except TimeoutError:
            return f"The {name} gave no answer within {self._patience:g} seconds."


async def _ask(name: str, check: Check) -> str | None:
    try:
        return await check()
    except Exception as error:  # noqa: BLE001 - whatever is wrong, the answer is no. The
        # error's own text may quote an address with its password.
        log.error("check failed", check=name, error=type(error).__name__)
        return f"To look at the {name} failed with {type(error).__name__}."


class _Lookout:
    def __init__(self, meters: Meters) -> None:
        self._meters = meters
        self._look = _Once(self._try)

    async def answer(self, _request: web.Request) -> web.Response:
        try:
            seen = await self._look.wait(LOOKING)
        except TimeoutError:
            seen = None
        reachable = Family(
            "inflow_store_reachable",
            "1 where what waits in the store could be looked up just now.",
            Kind.GAUGE,
            values={(): float(seen is not None)},
        )
        body = render_metrics([*self._meters.counted(), reachable, *(seen or ())])
        return web.Response(body=body, headers={**_UNCACHED, "Content-Type": CONTENT_TYPE})

    async def _try(self) -> list[Family] | None:
        try:
            return await asyncio.to_thread(self._meters.seen)
        except Unavailable:
            return None
        except Exception as error:  # noqa: BLE001 - the counts are shown all the same.
            log.error("what waits could not be looked up", error=type(error).__name__)
            return None

"""The aiohttp application: what every page and platform shares, and `/healthz`."""

from collections.abc import Awaitable, Callable, Iterable

from aiohttp import web

MAX_BODY = 1024 * 1024
"""Bytes of a request's body. Forty thousand emoji, escaped as JSON, need half of it."""

Check = Callable[[], Awaitable[str | None]]
"""None when all is well, else one sentence for the operator."""

CHECKS: web.AppKey[tuple[Check, ...]] = web.AppKey("checks", tuple)


def create_app(
    register: Iterable[Callable[[web.Application], None]] = (), checks: Iterable[Check] = ()
) -> web.Application:
    """The application, with the routes that each function of `register` adds.

    `GET /healthz` answers 200 `{"status": "ok"}` while every check passes, else 503 with
    the sentences of those that do not.
    """
    app = web.Application(client_max_size=MAX_BODY)
    app[CHECKS] = tuple(checks)
    app.router.add_get("/healthz", _healthz)
    for add_routes in register:
        add_routes(app)
    return app


async def _healthz(request: web.Request) -> web.Response:
    complaints = [said for check in request.app[CHECKS] if (said := await check())]
    headers = {"Cache-Control": "no-store"}
    if complaints:
        return web.json_response(
            {"status": "failing", "complaints": complaints}, status=503, headers=headers
        )
    return web.json_response({"status": "ok"}, headers=headers)

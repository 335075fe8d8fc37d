"""The aiohttp application: what every page and platform shares, and `/healthz`."""

from collections.abc import Callable, Iterable

from aiohttp import web

MAX_BODY = 1024 * 1024
"""Bytes of a request's body. Forty thousand emoji, escaped as JSON, need half of it."""


def create_app(register: Iterable[Callable[[web.Application], None]] = ()) -> web.Application:
    """The application, with the routes that each function of `register` adds.

    `GET /healthz` answers 200 `{"status": "ok"}` as long as the process lives and is not
    stuck. It looks at nothing else: to start a process again mends no store. Whether it may
    get work is said by `/readyz` (`adapters.web.operation`).
    """
    app = web.Application(client_max_size=MAX_BODY)
    app.router.add_get("/healthz", _healthz)
    for add_routes in register:
        add_routes(app)
    return app


async def _healthz(_request: web.Request) -> web.Response:
    return web.json_response({"status": "ok"}, headers={"Cache-Control": "no-store"})

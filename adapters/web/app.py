"""The aiohttp application: what every page and platform shares, and `/healthz`."""

import logging
from collections.abc import Callable, Iterable

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

MAX_BODY = 1024 * 1024
"""Bytes of a request's body. Forty thousand emoji, escaped as JSON, need half of it."""


def create_app(register: Iterable[Callable[[web.Application], None]] = ()) -> web.Application:
    """The application, with the routes that each function of `register` adds.

    `GET /healthz` answers 200 `{"status": "ok"}` as long as the process lives and is not
    stuck. It looks at nothing else: to start a process again mends no store. Whether it may
    get work is said by `/readyz` (`adapters.web.operation`).

    What is no HTTP is answered 400 by the server, and leaves nothing in the log.
    """
    logging.getLogger("aiohttp.server").addFilter(_is_of_us)
    app = web.Application(client_max_size=MAX_BODY)
    app.router.add_get("/healthz", _healthz)
    for add_routes in register:
        add_routes(app)
    return app


def _is_of_us(record: logging.LogRecord) -> bool:
    """Whether it is about us, and not about what a stranger sent. What they sent is quoted: of a
    header that is too long its beginning, which is a token's; and whoever likes could fill the
    log with errors."""
    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, HttpProcessingError | web.RequestPayloadError)


async def _healthz(_request: web.Request) -> web.Response:
    return web.json_response({"status": "ok"}, headers={"Cache-Control": "no-store"})

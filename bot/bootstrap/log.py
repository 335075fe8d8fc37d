"""Logs: JSON lines on standard error, with nothing in them that people wrote."""

import logging
import re
import sys
import threading
import traceback
from collections.abc import Iterator
from types import TracebackType

import structlog
from structlog.types import EventDict, WrappedLogger

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None]


SECRET = re.compile(
    r"xox[a-z](?:\.xox[a-z])?-[\w.-]+"
    r"|xapp-[\w-]+"
    r"|hooks\.slack\.com/[^\s\"'\\]+"
    r"|wss?://[^\s\"'\\]+"
    r"|(?i:bearer|basic) [\w.+/=-]{8,}"
)
"""What lets somebody in: tokens of Slack, response URLs, the tickets of Socket Mode. We give
none of them to a logger, but what a library says nobody can promise."""


def configure_logs(level: str) -> None:
    """JSON lines on standard error. Message text and names are never given to a logger.

    What an error says may quote both, so of an error the log has its type and where it came
    from. What libraries say is in the same form, from warnings on.
    """
    number = logging.getLevelNamesMapping()[level.upper()]
    chain: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.ExceptionRenderer(describe_error),
    ]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*chain, structlog.stdlib.add_logger_name, _keep_first_line],
            processor=_render,
        )
    )
    logging.basicConfig(level=max(number, logging.WARNING), handlers=[handler], force=True)
    structlog.configure(
        processors=[*chain, _render],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    # Left to themselves both would print what the error says.
    threading.excepthook = _log_crash_of_thread
    sys.excepthook = _log_crash


def describe_error(exc_info: ExcInfo) -> str:
    """The error and what led to it, earliest first: each with its type, a database's own code
    and the places it came through. What it says is left out."""
    return "\n".join(line for error in _chain(exc_info[1]) for line in _describe(error))


def _chain(error: BaseException) -> list[BaseException]:
    found: list[BaseException] = []
    at: BaseException | None = error
    while at is not None and at not in found:
        found.append(at)
        at = at.__cause__ or (None if at.__suppress_context__ else at.__context__)
    return found[::-1]


def _describe(error: BaseException) -> Iterator[str]:
    for frame in traceback.extract_tb(error.__traceback__):
        yield f"  {frame.filename}:{frame.lineno} in {frame.name}"
    kind = type(error)
    name = (
        kind.__qualname__
        if kind.__module__ == "builtins"
        else f"{kind.__module__}.{kind.__qualname__}"
    )
    codes = [
        str(code)
        for code in (
            getattr(error, each, None) for each in ("sqlstate", "sqlite_errorname", "errno")
        )
        if code is not None
    ]
    yield f"{name} ({', '.join(codes)})" if codes else name
    if isinstance(error, BaseExceptionGroup):
        for each in error.exceptions:
            yield from (f"  | {line}" for part in _chain(each) for line in _describe(part))


_JSON = structlog.processors.JSONRenderer()


def _render(logger: WrappedLogger, method: str, event: EventDict) -> str:
    return SECRET.sub("[secret]", str(_JSON(logger, method, event)))


def _keep_first_line(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """asyncio adds, in further lines, what the error of a task says."""
    event["event"] = str(event["event"]).partition("\n")[0]
    return event


def _log_crash(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    structlog.get_logger().critical("crashed", exc_info=(kind, error, trace))


def _log_crash_of_thread(args: threading.ExceptHookArgs) -> None:
    if args.exc_value is not None:
        info = (args.exc_type, args.exc_value, args.exc_traceback)
        structlog.get_logger().critical("a thread crashed", exc_info=info)

"""What every process does around its loop: threads and signals."""

import asyncio
import ctypes
import gc
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeAlias

from storage.database import CALLERS

Announce: TypeAlias = Callable[[str], None]
"""Tells whoever started the process that it is at work, in one sentence."""


def widen_executor() -> None:
    """Let as many threads wait for the database as pay off."""
    asyncio.get_running_loop().set_default_executor(
        ThreadPoolExecutor(CALLERS, thread_name_prefix="inflow")
    )


def ease_collector() -> None:
    """Let the collector of cycles leave alone what stays as long as the process does.

    At its usual pace it takes a fifth of the time in which a morning's slots are planned,
    to look again and again at what the imports have brought. What is made for a thousand
    people at once is gone before it looks.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def give_back() -> None:
    """Hand what was freed back to the system. glibc keeps it: 5 MB after a start, and after an
    hour with much to do whatever that took. Other C libraries do it by themselves, or cannot."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


@contextmanager
def stop_signal() -> Iterator[asyncio.Event]:
    """Set by the first SIGINT or SIGTERM; the next one ends the process where it stands."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    numbers: Sequence[signal.Signals] = (signal.SIGINT, signal.SIGTERM)

    def stop() -> None:
        stopped.set()
        for number in numbers:
            loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_DFL)

    for number in numbers:
        loop.add_signal_handler(number, stop)
    try:
        yield stopped
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)

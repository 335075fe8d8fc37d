"""What is done beside all else."""

import asyncio
from datetime import timedelta

from bot.task import Tasks


def test_what_began_meanwhile_is_waited_for_too() -> None:
    async def story() -> None:
        tasks, done = Tasks(), list[str]()

        async def second() -> None:
            await asyncio.sleep(0)
            done.append("second")

        async def first() -> None:
            tasks.keep(second())
            done.append("first")

        tasks.keep(first())
        await tasks.settle()
        assert done == ["first", "second"]
        assert await tasks.close(timedelta(seconds=1)) == 0

    asyncio.run(story())


def test_what_takes_too_long_is_given_up_and_counted() -> None:
    async def story() -> None:
        tasks, ended = Tasks(), list[str]()

        async def wait_for_ever() -> None:
            try:
                await asyncio.Event().wait()
            finally:
                ended.append("in order")

        async def say_soon() -> str:
            await asyncio.sleep(0)
            return "soon"

        soon = tasks.keep(say_soon())
        tasks.keep(wait_for_ever())
        assert await tasks.close(timedelta(milliseconds=20)) == 1
        assert (soon.result(), ended) == ("soon", ["in order"])
        await tasks.settle()

    asyncio.run(story())

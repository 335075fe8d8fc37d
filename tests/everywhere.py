"""Where the people of every workspace are, for lanes of tests."""

from collections.abc import Awaitable, Callable

from bot.ids import WorkspaceId
from bot.ports import Platform


def everywhere(
    platform: Callable[[], Platform | None],
) -> Callable[[WorkspaceId], Awaitable[Platform | None]]:
    """One platform for all workspaces, asked for anew each time."""

    async def platform_of(_workspace: WorkspaceId) -> Platform | None:
        return platform()

    return platform_of

"""Takes up the work again on a database that was restored from a backup."""

from datetime import datetime

from bot.bootstrap import now
from bot.bootstrap.house import alone, open_house
from bot.bootstrap.playground import PlaygroundSite
from bot.bootstrap.site import SiteOf
from bot.bootstrap.store import holds_nothing
from bot.settings import Misconfigured, Settings
from storage.restoration import doubt, latest_letter


def take_up_again(
    settings: Settings, until: datetime | None = None, site_of: SiteOf = PlaygroundSite
) -> int:
    """Let the letters be looked up that may have been sent after the backup; returns how many.

    What has fallen due since is done first, for it promises letters that the lost database
    may have had as well, under the same keys. `until`, aware, is when the last process
    stopped that used that database; None is now.

    Raises:
        Misconfigured: a setting cannot be used, another process runs on the SQLite file, or
            the database is empty: there, nothing was restored.
        Unavailable: the store is out of reach. It can be called again.
    """
    if holds_nothing(settings):
        raise Misconfigured(
            "There is nothing in this database: no backup was restored to it, or not to its "
            "end. Restore it, then run inflow restored again."
        )
    with alone(settings), open_house(settings, site_of, searches=False) as house:
        latest = latest_letter(house.database)
        while house.app.run_due() or house.app.plan_due().seen:
            pass
        # The site's clock may have been moved.
        moment = house.site.now()
        stopped = moment if until is None else moment - (now() - until)
        return doubt(house.database, latest, stopped, moment)

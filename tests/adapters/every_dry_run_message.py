"""Values of every message of dry runs, for `tests.adapters.every_message`."""

from datetime import UTC, date, datetime, timedelta

from bot.attention import Forecast
from bot.capabilities.campaigns import dryrun_messages as dryrun
from bot.capabilities.campaigns.allocation import NEVER, Allocation
from bot.capabilities.campaigns.content import Format
from bot.capabilities.campaigns.dryrun import Clash, DryRun, Part, Share, Week
from bot.ids import CampaignId
from bot.message import Button, Buttons, Message
from bot.truth import Cause

DAY = date(2026, 3, 2)
_FORMATS = (*Format, *Format, *Format)
_BY_DAY = {DAY + timedelta(days=at): 4_000 - 150 * at for at in range(20)}
_FORECAST = Forecast(4_211, {DAY: 4_000, DAY + timedelta(days=1): 111}, 12, {"paused": 60}, 28)


def _dry_run(parts: int, *, faults: tuple[str, ...] = ()) -> DryRun:
    return DryRun(
        campaign=CampaignId("c5"),
        edition=3,
        digest="ab" * 32,
        title="Two weeks of *customer* data <now>",
        owner="Sam & Kim",
        audience="everybody in the teams Sales, R&D and Support",
        planned=(DAY, DAY + timedelta(days=25)),
        asks_first=True,
        faults=faults,
        approvers=("Ana *Silva*", "Kim"),
        are_named=True,
        total=4_211,
        excluded=12,
        waiting=2_000,
        reached=4_100,
        is_for_few=False,
        nothing=(Cause("paused", 60), Cause("away", 23), Cause(None, 28)),
        clusters=(Share("Sales", 2_211, 0), Share("R&D", 1_500, NEVER), Share(None, 500)),
        zones=(Share("Europe/Berlin", 4_000), Share("Asia/Tokyo", 211)),
        hours_apart=8.0,
        by_day=dict(list(_BY_DAY.items())[:parts]),
        other_days=40,
        parts=tuple(
            Part(
                id=f"a{at:02}",
                format=format_,
                title="Look *twice* at <links>",
                planned=(DAY + timedelta(days=at), DAY + timedelta(days=at + 14)),
                optional=at % 3 == 0,
                channel="#general" if format_ is Format.QNA_SESSION else None,
                there=200 if format_ is Format.QNA_SESSION else None,
                fault="It has been retired and is not used any more." if at == 1 else None,
                forecast=None if format_ is Format.QNA_SESSION else _FORECAST,
                moved=30 if at == 2 else None,
            )
            for at, format_ in enumerate(_FORMATS[:parts])
        ),
        clashes=(
            Clash(CampaignId("c6"), "Learning *week*", "Kim", "running", (DAY,), 1_200),
            Clash(CampaignId("c7"), "Another", "Bo", "scheduled", (), None),
        ),
        week=Week(5, 7, 4),
        allocation=Allocation(
            design="ab",
            seed=20260302,
            algorithm="1",
            at=datetime(2026, 3, 1, tzinfo=UTC),
            steps={"Sales": 0, "R&D": NEVER},
            strata={},
        ),
        cluster_by="team",
    )


_BUTTONS = Buttons(buttons=(Button(label="Send to me", action="campaign.show_me"),))
SHOWN: dict[str, Message] = {
    "dryrun.card": dryrun.card(_dry_run(7), _BUTTONS),
    "dryrun.card:long": dryrun.card(
        _dry_run(21, faults=("a1 (tip): It *has* been retired.",) * 30), _BUTTONS
    ),
    "dryrun.choose_pack": dryrun.choose_pack([("two-weeks", "Two weeks of *sharing* well")]),
    "dryrun.replace_draft": dryrun.replace_draft("Two weeks of *sharing* well", "two-weeks"),
}

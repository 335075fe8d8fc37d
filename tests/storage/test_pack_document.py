"""Prompts, campaigns and metrics of packs: kept as documents, by kind and id, with versions."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any

import pytest

from bot.errors import Invalid
from bot.pack.document import (
    Activity,
    Audience,
    Campaign,
    Document,
    Metric,
    Prompt,
    Rollout,
    Success,
    When,
)
from bot.pack.model import Kind
from bot.pack.ports import Put
from bot.pack.sync import Bundle, What, sync
from bot.pack.version import version_of
from storage import pack as pack_module
from storage.database import Database
from storage.work import SqlWork
from tests.storage.example import ACME, ANA, HOUR, NOW, OTHER

LATER = NOW + HOUR
STUCK = Prompt(id="np-stuck", type="stuck", text="Where are you stuck?", fields=("stuck", "tried"))
METRIC = Metric(
    id="misdirected",
    title="Misdirected files",
    definition="Files sent to the wrong address, in the week they were found.",
    unit_of_analysis="team",
    period="week",
    type="count",
    direction="lower_is_better",
    source="csv",
    owner="@kim",
)
CAMPAIGN = Campaign(
    id="two-weeks",
    title="Two weeks of sharing well",
    topic="data",
    owner="@kim",
    approvers=("@ana",),
    audience=Audience(include=("group:support",), exclude=("tag:quiet",)),
    start=date(2027, 2, 1),
    timing="enrolment",
    join_until=date(2027, 3, 1),
    rollout=Rollout(design="stepped_wedge", steps=3, step_every=timedelta(days=14), seed=1),
    completion="certified(sharing)",
    success=Success(
        metric="misdirected",
        baseline=timedelta(weeks=12),
        follow_up=timedelta(weeks=12),
        smallest_worthwhile=-1,
    ),
    activities=(
        Activity(id="a1", format="quiz", ref="sharing", when=When(day=0)),
        Activity(
            id="a2",
            format="poll",
            when=When(day=3, at="09:30"),
            to="channel",
            channel="#all",
            text="What helped most?",
            options=("The quiz", "The tips"),
        ),
    ),
)
ALL: Sequence[Document] = (STUCK, CAMPAIGN, METRIC)


@pytest.fixture(params=["remembered", "read"])
def work(
    request: pytest.FixtureRequest, acme: Database, monkeypatch: pytest.MonkeyPatch
) -> Iterator[SqlWork]:
    """For a process that has read everything before, and for one that has not."""
    if request.param == "read":
        monkeypatch.setattr(pack_module._Shelf, "get", lambda _self, _digest: None)
    with acme.transaction() as work:
        yield work


def bring(work: SqlWork, *documents: Document, at: Any = LATER, pack: str = "ours") -> list[str]:
    bundle = Bundle(pack, "Ours", "1.0.0", documents=documents)
    changes = sync(work.packs, ACME.id, bundle, at)
    return [f"{change.kind} {change.id} {change.what}" for change in changes]


def test_all_of_a_document_comes_back_by_its_kind_and_id(work: SqlWork) -> None:
    assert bring(work, *ALL) == [
        "prompt np-stuck added",
        "campaign two-weeks added",
        "metric misdirected added",
    ]
    for kind, value in ((Kind.PROMPT, STUCK), (Kind.CAMPAIGN, CAMPAIGN), (Kind.METRIC, METRIC)):
        kept = work.packs.document(ACME.id, kind, value.id)
        assert kept is not None
        assert (kept.value, kept.pack, kept.version) == (value, "ours", version_of(value))
        assert [each.value for each in work.packs.documents(ACME.id, kind)] == [value]
    assert work.packs.document(ACME.id, Kind.PROMPT, CAMPAIGN.id) is None
    assert work.packs.document(OTHER.id, Kind.PROMPT, STUCK.id) is None
    assert bring(work, *ALL) == []


def test_a_version_that_was_approved_can_be_read_for_ever(work: SqlWork) -> None:
    bring(work, *ALL)
    other = CAMPAIGN.model_copy(update={"title": "Three weeks of sharing well"})
    assert bring(work, STUCK, other, METRIC) == [f"campaign two-weeks {What.CHANGED}"]
    assert bring(work, STUCK, METRIC) == [f"campaign two-weeks {What.RETIRED}"]
    assert work.packs.documents(ACME.id, Kind.CAMPAIGN) == []
    kept = work.packs.document(ACME.id, Kind.CAMPAIGN, "two-weeks")
    assert kept is not None
    assert kept.retired
    for value in (CAMPAIGN, other):
        version = version_of(value)
        assert work.packs.document_at(ACME.id, Kind.CAMPAIGN, "two-weeks", version) == value
    with pytest.raises(KeyError, match="campaign two-weeks in version none"):
        work.packs.document_at(ACME.id, Kind.CAMPAIGN, "two-weeks", "none")
    history = work.packs.history(ACME.id, Kind.CAMPAIGN, "two-weeks")
    assert [edition.version for edition in history] == [version_of(other), version_of(CAMPAIGN)]


def test_they_come_in_the_order_in_which_they_were_added(work: SqlWork) -> None:
    prompts = [STUCK.model_copy(update={"id": f"np-{letter}"}) for letter in "cab"]
    bring(work, *prompts[:2])
    bring(work, *prompts, at=LATER + HOUR)
    ids = [kept.value.id for kept in work.packs.documents(ACME.id, Kind.PROMPT)]
    assert ids == ["np-a", "np-c", "np-b"]


def test_what_people_changed_here_stays_until_the_pack_says_something_new(work: SqlWork) -> None:
    bring(work, STUCK)
    ours = STUCK.model_copy(update={"hint": "Two sentences are plenty."})
    work.packs.put(ACME.id, [Put(ours, "ours", LATER, by=ANA.id)])
    assert bring(work, STUCK) == ["prompt np-stuck kept"]
    theirs = STUCK.model_copy(update={"hint": "One sentence."})
    assert bring(work, theirs) == ["prompt np-stuck changed", "prompt np-stuck overridden"]


def test_what_one_pack_brought_no_other_one_changes(work: SqlWork) -> None:
    bring(work, METRIC)
    with pytest.raises(Invalid, match=r"metric 'misdirected' \(pack ours\)"):
        bring(work, METRIC, pack="theirs")

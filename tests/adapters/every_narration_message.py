"""Values of every message of narration, for `tests.adapters.every_message`."""

from dataclasses import replace
from datetime import date

from bot.capabilities.narration import messages as narration
from bot.capabilities.narration.model import (
    Asked,
    Consent,
    Introduction,
    Line,
    Narration,
    Reach,
    Scope,
    Sort,
    State,
    room,
)
from bot.capabilities.narration.prompt import OWN
from bot.form import Form
from bot.ids import ArticleId, PersonId, TopicId, WorkspaceId
from bot.message import Message, Part
from bot.page import Section
from bot.people import Person
from bot.topic import Topic

DAY = date(2026, 3, 2)
_W = WorkspaceId("w")
ANA = Person(id=PersonId("ana"), workspace=_W, address="U0ANA0000", name="Ana *Silva*")
KIM = Person(id=PersonId("kim"), workspace=_W, address="U0KIM0000", name="Kim")
TRAVEL = Topic(TopicId("travel"), _W, "Travel & trips", steward=KIM.id)
LEARNED = Narration(
    id="n1",
    workspace=_W,
    author=ANA.id,
    sort=Sort.LEARNED,
    lines=(
        Line("What I learned", "The export loses its *header* when the <sheet> is filtered."),
        Line("Who could use it", "Whoever sends the monthly report."),
    ),
    link="https://example.com/export?a=1&b=2",
    written_on=DAY,
    changed_on=DAY,
    topic=TRAVEL.id,
)
DECISION = replace(
    LEARNED,
    id="n2",
    sort=Sort.DECISION,
    lines=(
        Line("Context", "Two tools for one thing."),
        Line("Decision", "We keep the older one."),
        Line("What was rejected, and why", ""),
    ),
    link=None,
    revisit_on=date(2026, 9, 1),
)
STUCK = replace(LEARNED, sort=Sort.STUCK, lines=(Line("Where I am stuck", "It says “no”."),))
_LONG = tuple(Line("X" * 40, "w" * room(4)) for _ in range(4))
LONG = replace(STUCK, lines=_LONG, link="https://example.com/" + "a" * 480)
SHARED = replace(LEARNED, state=State.SHARED, reach=Reach.CHANNEL, shared_on=DAY)
INTRODUCTION = Introduction("i1", _W, ANA.id, KIM.id, "n1", DAY)
CONSENT = Consent(ANA.id, _W, Scope.MATCH_DRAFTS, DAY, None, 1)
NAMES = {ANA.id: ANA.name, KIM.id: KIM.name}
_NEAR = narration.near(
    [(SHARED, KIM)],
    [(ArticleId("a1"), "How do I export a *sheet*?")],
    [Asked("q7", 7, "Why is the header gone?")],
    TRAVEL,
    date(2026, 5, 2),
)

SHOWN: dict[str, Message | Form | list[Part] | list[Section] | Section] = {
    "narration.begin": narration.begin(0),
    "narration.begin:drafts": narration.begin(2),
    "narration.write_form": narration.write_form(OWN[1], {"sort": "learned"}),
    "narration.write_form:again": narration.write_form(OWN[4], {"narration": "n2"}, DECISION),
    "narration.left_over": narration.left_over("The *rest*, word by word."),
    "narration.left_over:long": narration.left_over("word_ " * 4_000),
    "narration.content": narration.content(LEARNED),
    "narration.draft": narration.draft(LEARNED),
    "narration.draft:stuck": narration.draft(STUCK, _NEAR),
    "narration.draft:long": narration.draft(LONG),
    "narration.draft:kept": narration.draft(replace(DECISION, state=State.KEPT)),
    "narration.kept": narration.kept(LEARNED),
    "narration.share_form": narration.share_form(LEARNED, [TRAVEL], has_channel=True),
    "narration.share_form:bare": narration.share_form(LEARNED, [], has_channel=False),
    "narration.confirm": narration.confirm(
        LEARNED,
        narration.whom(Reach.PEOPLE, ["Kim", "Bo *B*", "Lu"]),
        narration.visible_to(Reach.PEOPLE, 3, manager=False),
        {"narration": "n1", "version": 0, "reach": "people", "people": ["kim"]},
        may_digest=False,
        always_digests=False,
        has_channel=False,
    ),
    "narration.confirm:channel": narration.confirm(
        LEARNED,
        narration.whom(Reach.CHANNEL, channel=("C024BE91L", "#sales")),
        narration.visible_to(Reach.CHANNEL, None, manager=None),
        {"narration": "n1", "version": 0, "reach": "channel"},
        may_digest=True,
        always_digests=False,
    ),
    "narration.confirm:everybody": narration.confirm(
        LONG,
        narration.whom(Reach.EVERYBODY),
        narration.visible_to(Reach.EVERYBODY, 12_345, manager=True),
        {"narration": "n1", "version": 0, "reach": "everybody"},
        may_digest=True,
        always_digests=True,
    ),
    "narration.confirm:topic": narration.confirm(
        DECISION,
        narration.whom(Reach.TOPIC, topic=TRAVEL),
        narration.visible_to(Reach.TOPIC, 3, manager=None),
        {"narration": "n1", "version": 0, "reach": "topic"},
        may_digest=False,
        always_digests=False,
    ),
    "narration.shared": narration.shared(SHARED, "everybody here", _NEAR),
    "narration.posted": narration.posted(SHARED, ANA),
    "narration.posted:long": narration.posted(LONG, ANA),
    "narration.handed": narration.handed(SHARED, ANA),
    "narration.left_post": narration.left_post(),
    "narration.withdrawn_post": narration.withdrawn_post(),
    "narration.withdrawn": narration.withdrawn(),
    "narration.changed": narration.changed(LEARNED),
    "narration.revisit": narration.revisit(DECISION),
    "narration.fading": narration.fading(LEARNED),
    "narration.which_topic": narration.which_topic(LEARNED, [TRAVEL]),
    "narration.proposed": narration.proposed(TRAVEL),
    "narration.mine": narration.mine([LEARNED, DECISION, LONG, LONG, LONG], page=1, pages=3),
    "narration.mine:none": narration.mine([], page=0, pages=1),
    "narration.in_full": narration.in_full(replace(SHARED, digest=True), "everybody here"),
    "narration.to_take": narration.to_take(
        [part for _ in range(2) for part in narration.in_full(LONG, "")], page=0, pages=2
    ),
    "narration.to_take:last": narration.to_take(
        [
            *narration.habits(2, Sort.LEARNED, ("C024BE91L", "#sales"), week=True),
            *narration.decided(
                [
                    narration.introduction(INTRODUCTION, ANA.id, NAMES),
                    narration.introduction(INTRODUCTION, KIM.id, NAMES),
                    *narration.ledger_lines([CONSENT] * 30),
                ]
            ),
        ],
        page=1,
        pages=2,
    ),
    "narration.shared_with_me": narration.shared_with_me([SHARED], NAMES, page=0, pages=1),
    "narration.shared_with_me:none": narration.shared_with_me([], {}, page=0, pages=1),
    "narration.decisions": narration.decisions([DECISION, SHARED], NAMES, KIM.id, page=0, pages=2),
    "narration.decisions:none": narration.decisions([], {}, KIM.id, page=0, pages=1),
    "narration.week": narration.week(
        [LEARNED, *[LONG] * 7], ["You asked: Why is the *header* gone?"], DAY
    ),
    "narration.week:empty": narration.week([], [], DAY),
    "narration.week_is_there": narration.week_is_there(),
    "narration.near": _NEAR,
    "narration.may_introduce": narration.may_introduce(INTRODUCTION, ANA, SHARED),
    "narration.met": narration.met(KIM, SHARED),
    "narration.digest_on": narration.digest_on(ANA),
    "narration.digest": narration.digest([SHARED, DECISION], NAMES, {TRAVEL.id: TRAVEL.title}, DAY),
    "narration.digest:many": narration.digest(
        [*[SHARED] * 5, *[replace(LONG, topic=None)] * 7], NAMES, {TRAVEL.id: TRAVEL.title}, DAY
    ),
    "narration.digest_is_empty": narration.digest_is_empty(DAY),
    "narration.prompt": narration.prompt(OWN[2], DAY),
    "narration.prompt:campaign": narration.prompt(OWN[0], None),
    "narration.ran_out": narration.ran_out(),
    "narration.wishes_form": narration.wishes_form(5, {Scope.MATCH_SHARED}, week=True),
    "narration.wishes_kept": narration.wishes_kept(5, "10:00", [Scope.MATCH_SHARED], week=True),
    "narration.wishes_kept:crowded": narration.wishes_kept(5, "10:00", [], week=True, crowded=[5]),
    "narration.wishes_kept:nothing": narration.wishes_kept(None, "10:00", [], week=False),
    "narration.ledger": narration.ledger(
        [CONSENT, replace(CONSENT, scope=Scope.MATCH_SHARED, granted_on=None, withdrawn_on=DAY)]
    ),
    "narration.ledger:long": narration.ledger([replace(CONSENT, withdrawn_on=DAY)] * 80),
    "narration.home": narration.home(2, 3),
    "narration.home:shared": narration.home(0, 21),
    "narration.home:nothing": narration.home(0),
    "narration.about_me": narration.about_me(3, 5, [Scope.MATCH_SHARED], week=True),
    "narration.about_me:nothing": narration.about_me(0, None, [], week=False),
}

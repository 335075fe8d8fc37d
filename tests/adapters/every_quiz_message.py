"""Values of every message of quizzes, for `tests.adapters.every_message`: an item of each type
as it is asked, with and without buttons, and all that is said about it."""

from dataclasses import replace
from datetime import UTC, datetime

from bot.capabilities.quizzes import messages as quizzes
from bot.capabilities.quizzes.certification import Checked
from bot.capabilities.quizzes.messages import Attested, Holder, Offer, Open, Place, Result, Reviewed
from bot.capabilities.quizzes.model import Attempt, State
from bot.capabilities.quizzes.ports import Need
from bot.capabilities.quizzes.show import ask, tell
from bot.form import Form
from bot.ids import AttemptId, CertificationId, PersonId, WorkspaceId
from bot.message import Args, Message, Part
from bot.pack.answer import Raw
from bot.pack.item import Item
from bot.pack.model import Objective, Quiz
from bot.pack.model import Section as Reading
from bot.pack.scoring import key, score
from bot.page import Section
from bot.people import Person
from tests.bot.item import CASE, CHOICE, EVERY, MATCH, NUMBER, ORDER, SELECT, SPOT, TEXT

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SEED = bytes(range(32))
ATTEMPT = AttemptId("at7")
ANA = Person(PersonId("ana"), WorkspaceId("w"), "U0ANA0000", "Ana", zone="Europe/Berlin")
QUIZ = Quiz(
    id="customer-data",
    title="Customer data & privacy",
    topic="customer-data",
    purpose="Shows that you can *decide*, in everyday cases, what data to take.",
    objectives=(
        Objective(id="one", text="Choose the least data", sections=("minimise",)),
        Objective(id="two", text="Share it by a *suitable* route", sections=("share",)),
        Objective(id="three", text="Report an incident in time", sections=("report",)),
        Objective(id="four", text="Spot what should not be there", sections=("minimise",)),
    ),
    items=EVERY,
)
SHARE = Reading(
    id="share",
    title="Share on a route you trust",
    topic="customer-data",
    minutes=3,
    summary="Who gets it, by which route, for how long? *Call back* on a number on file.",
    body="...",
)
MINIMISE = SHARE.model_copy(
    update={"id": "minimise", "title": "Take only what the job needs", "minutes": 2}
)
PLACE = Place(ATTEMPT, QUIZ.title, number=3, least=4, most=8)
PLAIN = replace(PLACE, plain=True, images=False, seen_before=True)
RESULT = Result(
    attempt=ATTEMPT,
    quiz=QUIZ,
    met=[QUIZ.objectives[0].text, QUIZ.objectives[3].text],
    not_met=[QUIZ.objectives[1].text],
    readings=[SHARE, MINIMISE],
    skip=[MINIMISE],
    again="tomorrow at 10:00",
)
PASSED = replace(
    RESULT, met=[o.text for o in QUIZ.objectives], not_met=[], saved=8, until="Tuesday 2 March 2027"
)
GOING = Attempt(ATTEMPT, WorkspaceId("w"), PersonId("ana"), QUIZ.id, NOW, NOW, state=State.PAUSED)
OFFER = Offer(QUIZ, least=8, most=12, minutes=9, reading=8, objectives=("one", "two"))
LONG = CHOICE.model_copy(
    update={
        "stem": "What now? " * 150,
        "options": tuple(o.model_copy(update={"text": "Wait. " * 50}) for o in CHOICE.options),
    }
)
ATTESTED = Attested(
    "Ana", "Monday 2 March", 12, "ab" * 32, "0123456789abcdef" * 2, right=8, asked=9, mode="gate"
)
ASKED: Args = {"quiz": "customer-data", "person": "ana", "day": "2026-03-02"}
PICTURED = CHOICE.model_copy(
    update={"image": "https://pictures.example/desk.png", "image_alt": "A desk with a badge"}
)
WRONG: dict[str, Raw] = {
    "scenario_choice": "a",
    "multi_select": ["a", "f"],
    "ordering": ["s2", "s1", "s4", "s3"],
    "matching": {"p1": "p1", "p2": "no-1", "p3": "p2"},
    "numeric": 72,
    "short_text": "my boss",
    "branching": ["a", "b"],
    "spot_problem": ["l1", "l2"],
}


def _question(item: Item, place: Place = PLACE, path: tuple[str, ...] = ()) -> Message:
    return quizzes.question(ask(item, SEED, path), place)


def _feedback(item: Item, raw: Raw, **more: int) -> list[Part]:
    return quizzes.feedback(
        ask(item, SEED),
        raw,
        score(item, raw),
        certainty=more.get("certainty"),
        asked_about={"text": "In the quiz: what do I do?", "about": f"item:{item.id}"},
        answered=more.get("certainty") == 3,
    )


def _reviewed(item: Item, raw: Raw) -> Reviewed:
    asking = ask(item, SEED)
    scored = score(item, raw)
    return Reviewed(
        item, tell(asking, raw), tell(asking, key(item)), scored.right, principle=item.feedback
    )


SHOWN: dict[str, Message | Form | list[Part] | list[Section] | Section] = {
    "quizzes.offer": quizzes.offer(OFFER),
    "quizzes.offer:again": quizzes.offer(
        replace(OFFER, least=2, most=2, minutes=1, carried=3, required=True, aloud=True)
    ),
    "quizzes.offer:held": quizzes.offer(
        replace(OFFER, required=True, held="passed, valid until Tuesday 2 March 2027")
    ),
    "quizzes.declined": quizzes.declined(),
    "quizzes.in_private": quizzes.in_private(),
    "quizzes.invitation": quizzes.invitation(QUIZ),
    "quizzes.held_back": quizzes.held_back(
        ask(ORDER, SEED), "I think 1, then 3", title=QUIZ.title, sure=False, paused=None
    ),
    "quizzes.held_back.paused": quizzes.held_back(
        ask(CHOICE, SEED), "Z " * 1_500, title=QUIZ.title, sure=False, paused=ATTEMPT
    ),
    "quizzes.held_at_the_end": quizzes.held_at_the_end(ATTEMPT, "let us finish it"),
    "quizzes.held_back.sure": quizzes.held_back(
        ask(CHOICE, SEED), "sure", title=QUIZ.title, sure=True, paused=None
    ),
    "quizzes.cannot_begin": quizzes.cannot_begin(ANA, QUIZ, NOW.replace(day=3), NOW, None),
    "quizzes.cannot_begin:quota": quizzes.cannot_begin(ANA, QUIZ, None, NOW, "Sam"),
    "quizzes.question": _question(CHOICE),
    "quizzes.question:long": _question(LONG),
    "quizzes.question:picture": _question(PICTURED),
    "quizzes.question:no picture": _question(PICTURED, PLAIN),
    "quizzes.question:picked": quizzes.question(ask(SELECT, SEED, picked=["A", "C"]), PLACE),
    "quizzes.question:after": quizzes.question(
        ask(CHOICE, SEED), PLACE, _feedback(SELECT, ["a", "f"])
    ),
    "quizzes.question:case": _question(CASE),
    "quizzes.question:further": _question(CASE, path=("b",)),
    **{f"quizzes.question:{one.type}": _question(one) for one in EVERY},
    **{f"quizzes.question:plain {one.type}": _question(one, PLAIN) for one in EVERY},
    **{
        f"quizzes.question_form:{one.type}": quizzes.question_form(
            ask(one, SEED), PLACE, certainty=one is not TEXT
        )
        for one in (ORDER, MATCH, NUMBER, TEXT)
    },
    "quizzes.how_sure": quizzes.how_sure(ask(CHOICE, SEED), PLACE, "b", counts=False),
    "quizzes.how_sure:counts": quizzes.how_sure(ask(SPOT, SEED), PLACE, [], counts=True),
    "quizzes.how_sure:plain": quizzes.how_sure(ask(CASE, SEED), PLAIN, ["b", "a"], counts=False),
    **{f"quizzes.feedback:{one.type}": _feedback(one, WRONG[one.type]) for one in EVERY},
    **{f"quizzes.feedback:right {one.type}": _feedback(one, key(one)) for one in EVERY},
    "quizzes.feedback:sure": _feedback(CHOICE, "a", certainty=3),
    "quizzes.feedback:unsure": _feedback(CHOICE, "b", certainty=1),
    "quizzes.feedback:person": _feedback(TEXT, "nobody at all"),
    "quizzes.left": quizzes.left(GOING, QUIZ.title),
    "quizzes.until_tomorrow": quizzes.until_tomorrow(
        _feedback(CHOICE, "b"), QUIZ.title, "tomorrow at 10:00"
    ),
    "quizzes.passed": quizzes.passed(PASSED),
    "quizzes.passed:after": quizzes.passed(PASSED, _feedback(CHOICE, "b")),
    "quizzes.fell_short": quizzes.fell_short(RESULT, 2, 4, _feedback(CHOICE, "a")),
    "quizzes.failed": quizzes.failed(RESULT),
    "quizzes.failed:held": quizzes.failed(replace(RESULT, until="Tuesday 2 March 2027")),
    "quizzes.failed:nothing to read": quizzes.failed(replace(RESULT, readings=[], skip=[], met=[])),
    "quizzes.waiting": quizzes.waiting(RESULT, _feedback(TEXT, "nobody at all")),
    "quizzes.takes_longer": quizzes.takes_longer(QUIZ, has_reader=True),
    "quizzes.takes_longer:nobody": quizzes.takes_longer(QUIZ, has_reader=False),
    "quizzes.answers": quizzes.answers(
        QUIZ, [_reviewed(one, WRONG[one.type]) for one in EVERY[:5]], 1, 2, ATTEMPT
    ),
    "quizzes.answers:right": quizzes.answers(
        QUIZ,
        [
            _reviewed(CHOICE, "b"),
            replace(_reviewed(SPOT, []), struck=True),
            replace(_reviewed(TEXT, "x"), waits=True),
        ],
        2,
        2,
        ATTEMPT,
    ),
    "quizzes.quizzes": quizzes.quizzes(
        [Open(QUIZ, "under way, your place is kept", ATTEMPT), Open(QUIZ)], calibration=True
    ),
    "quizzes.quizzes:none": quizzes.quizzes([], calibration=False),
    "quizzes.quizzes:many": quizzes.quizzes([Open(QUIZ)] * 14, calibration=False),
    "quizzes.calibration": quizzes.calibration({1: (5, 6), 2: (3, 4), 3: (6, 9)}),
    "quizzes.calibration:none": quizzes.calibration({}),
    "quizzes.needs_form": quizzes.needs_form(frozenset({Need.PLAIN_TEXT})),
    "quizzes.needs_kept": quizzes.needs_kept(frozenset({Need.PLAIN_TEXT, Need.ONE_A_DAY})),
    "quizzes.needs_kept:none": quizzes.needs_kept(frozenset()),
    "quizzes.page_under_way": quizzes.page_under_way(
        [(GOING, QUIZ.title), (replace(GOING, state=State.PENDING_REVIEW), "First response")]
    ),
    "quizzes.page_begin": quizzes.page_begin(3),
    "quizzes.page_begin:none": quizzes.page_begin(0),
    "quizzes.page_duty": quizzes.page_duty(2),
    "quizzes.page_duty:none": quizzes.page_duty(0),
    "quizzes.about_me": quizzes.about_me(
        [
            quizzes.taken(GOING, QUIZ.title),
            quizzes.certified(QUIZ.title, True, "Tuesday 2 March 2027"),
            quizzes.waived(8, QUIZ.title),
        ],
        frozenset({Need.NO_IMAGES}),
        [
            (
                GOING.id,
                quizzes.ended(replace(GOING, state=State.PASSED), QUIZ.title, "Monday 2 March"),
            )
        ],
    ),
    "quizzes.about_me:nothing": quizzes.about_me([], frozenset()),
    "quizzes.review_list": quizzes.review_list(
        [(ATTEMPT, TEXT, "nobody\nat *all*")], [QUIZ.title], [QUIZ]
    ),
    "quizzes.review_list:none": quizzes.review_list([], [], [QUIZ]),
    "quizzes.care": quizzes.care(QUIZ),
    "quizzes.review_list:many": quizzes.review_list([], [], [QUIZ] * 9),
    "quizzes.mark_form": quizzes.mark_form(ATTEMPT, TEXT, "nobody at all"),
    "quizzes.marked": quizzes.marked(),
    "quizzes.to_read": quizzes.to_read(QUIZ),
    "quizzes.mark_heard": quizzes.mark_heard(QUIZ, TEXT, "it is right", quizzes.passed(PASSED)),
    "quizzes.mark_heard:no more": quizzes.mark_heard(QUIZ, TEXT, "it is not right", None),
    "quizzes.withdraw_form": quizzes.withdraw_form(QUIZ, EVERY),
    "quizzes.withdrawn": quizzes.withdrawn(),
    "quizzes.struck": quizzes.struck(QUIZ, "Two answers were right.", quizzes.passed(PASSED)),
    "quizzes.struck:no more": quizzes.struck(QUIZ, "Two answers were right.", None),
    "quizzes.void_form": quizzes.void_form(QUIZ),
    "quizzes.voided": quizzes.voided(QUIZ, "The buttons were broken."),
    "quizzes.passed:in person": quizzes.passed(replace(PASSED, attempt=None)),
    "quizzes.aloud_asked": quizzes.aloud_asked(["Sam", "Dana"]),
    "quizzes.aloud_asked:nobody": quizzes.aloud_asked([]),
    "quizzes.aloud_wanted": quizzes.aloud_wanted(ANA, QUIZ, ASKED),
    "quizzes.record_form": quizzes.record_form(QUIZ, "Ana", ASKED),
    "quizzes.recorded": quizzes.recorded(),
    "quizzes.aloud_not_yet": quizzes.aloud_not_yet(QUIZ),
    "quizzes.material_form": quizzes.material_form(QUIZ),
    "quizzes.exempt_form": quizzes.exempt_form(QUIZ),
    "quizzes.revoke_form": quizzes.revoke_form(QUIZ, CertificationId("c1")),
    "quizzes.audited": quizzes.audited([QUIZ]),
    "quizzes.audited:none": quizzes.audited([]),
    "quizzes.holders": quizzes.holders(
        QUIZ,
        [
            Holder("c1", "Ana", "valid", "Tuesday 2 March 2027"),
            Holder("c2", "Kim <3", "lapsed", "Monday 2 March"),
        ],
        is_more=True,
    ),
    "quizzes.holders:nobody": quizzes.holders(QUIZ, [], is_more=False),
    "quizzes.attested": quizzes.attested(QUIZ, ATTESTED, CertificationId("c1")),
    "quizzes.attested:in person": quizzes.attested(
        QUIZ,
        replace(ATTESTED, vouched_by="Sam", account="Three cases, all decided well."),
        CertificationId("c1"),
    ),
    "quizzes.all_kept": quizzes.all_kept(
        [
            (AttemptId("a1"), "Customer <data>: passed, Monday 2 March", 9),
            (None, "Phishing: under way", 1),
        ],
        page=1,
        pages=3,
    ),
    "quizzes.all_kept:nothing": quizzes.all_kept([], page=0, pages=1),
    "quizzes.forgotten": quizzes.forgotten(is_any_kept=True),
    "quizzes.forgotten:all": quizzes.forgotten(is_any_kept=False),
    "quizzes.attested:exempt": quizzes.attested(
        QUIZ,
        replace(
            ATTESTED,
            decision="exempted",
            decided_by=["Sam <3"],
            reason="She *wrote* it.",
            until="Friday 12 March",
        ),
        None,
    ),
    "quizzes.exemption_kept": quizzes.exemption_kept(ANA),
    "quizzes.exempted": quizzes.exempted(QUIZ, ANA, "She <wrote> it & all.", "Tuesday 2 March"),
    "quizzes.exempted:for ever": quizzes.exempted(QUIZ, ANA, "She wrote it.", ""),
    "quizzes.revocation_waits": quizzes.revocation_waits(["Kim", "Sam & co"]),
    "quizzes.revocation_proposed": quizzes.revocation_proposed(
        QUIZ, "Ben <3", ANA, "Somebody else *answered*.", CertificationId("c1")
    ),
    "quizzes.revocation_agreed": quizzes.revocation_agreed(),
    "quizzes.revocation_left": quizzes.revocation_left(),
    "quizzes.revocation_declined": quizzes.revocation_declined(QUIZ, ANA),
    "quizzes.revoked": quizzes.revoked(QUIZ, "Somebody else *answered*."),
    "quizzes.chain_checked": quizzes.chain_checked(Checked(12)),
    "quizzes.chain_checked:broken": quizzes.chain_checked(Checked(12, broken_at=7)),
    "quizzes.chain_checked:forgotten": quizzes.chain_checked(Checked(12, forgotten=3)),
    "quizzes.renewal_due": quizzes.renewal_due(QUIZ, "Tuesday 2 March 2027"),
    "quizzes.renewed": quizzes.renewed(QUIZ, "Thursday 2 March 2028"),
    "quizzes.in_grace": quizzes.in_grace(QUIZ, "Thursday 1 April 2027"),
}

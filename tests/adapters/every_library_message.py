"""Values of every message of the library, for `tests.adapters.every_message`."""

from dataclasses import replace
from datetime import UTC, date, datetime

from bot.capabilities.library import messages as library
from bot.capabilities.library.editing import entries_of
from bot.capabilities.library.model import Below, Figures, Standing, Told, What
from bot.capabilities.library.ports import Answered, Asked
from bot.capabilities.library.thing import Thing
from bot.form import Form
from bot.ids import ArticleId, IssueId, PersonId, QuestionId, TopicId, WorkspaceId
from bot.message import Message, Part
from bot.pack.flag import Effect, Flag, FlagKind, Share
from bot.pack.issue import Issue, State
from bot.pack.item import Item
from bot.pack.markdown import pages_of
from bot.pack.model import Kind, Section, Tip
from bot.pack.statistic import Given, Interval, ItemStatistic, item_statistics
from bot.page import Section as PageSection
from bot.topic import Topic
from tests.adapters.every_quiz_message import QUIZ
from tests.bot.item import CHOICE, EVERY

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
TRAVEL = Topic(TopicId("travel"), WorkspaceId("w"), "Travel & trips", steward=PersonId("sam"))
BODY = """
## Before you *book*

Ask **who** pays, and see [the rules](https://example.com/rules) <first>.

1. Look for a train.
2. Ask for a room near `Site 2`:
   - quiet,
   - with a desk.

| How far | By |
|---------|----|
| under 600 km | train |
| over 600 km | whatever is quickest |

> Nobody has ever regretted a seat by the window.

---

| What | Who | When |
|------|-----|------|
| the ticket | you | two weeks before |
"""


def _known(n: int, share: float, apart: float) -> ItemStatistic:
    """What is known of an item that tells people apart so well, in percent."""
    [found] = item_statistics([Given("i", str(k), share, share > k / n) for k in range(n)]).values()
    near = Interval(share, max(0.0, share - 0.1), min(1.0, share + 0.1))
    return replace(found, facility=near, discrimination=Interval(apart, apart - 11, apart + 11))


SECTION = Section(
    id="booking",
    title="Book what helps the work",
    topic="travel",
    minutes=3,
    review_by=date(2027, 3, 31),
    summary="What to ask before you book, and *whom*.",
    body=BODY,
)
[PAGE] = pages_of(BODY)
ANSWERED = Answered(
    ArticleId("a7"),
    "Who pays for the *seat*?",
    "Your team does, if you say so before. " * 3,
    PersonId("kim"),
    verified=True,
    topic=TRAVEL.id,
)
TOLD = [
    Told(ANSWERED, "Kim"),
    Told(replace(ANSWERED, verified=False, text="It depends, and at length. " * 60), None),
]
BELOW = Below(
    TOLD, {"text": "About it: ", "about": "section:booking"}, listens=False, is_steward=True
)
THING = Thing(
    "section:booking", Kind.SECTION, TRAVEL.id, SECTION.title, SECTION, "v1", "pack", retired=False
)
ITEM = Thing(
    f"item:{CHOICE.id}",
    Kind.ITEM,
    TRAVEL.id,
    "What do you book?",
    CHOICE,
    "v1",
    "pack",
    retired=False,
    quiz=QUIZ,
)
TIP = Tip(id="t-trains", topic="travel", text="Ask for the *early* train.", section="booking")
TIP_THING = Thing(
    "tip:t-trains", Kind.TIP, TRAVEL.id, "Ask for the early train.", TIP, "v1", "", retired=False
)
ISSUE = Issue(
    IssueId("i3"),
    WorkspaceId("w"),
    TRAVEL.id,
    THING.about,
    FlagKind.SECTION_UNCLEAR,
    NOW,
    NOW,
    n=3,
    before="v0",
)
CHANGED = replace(ISSUE, state=State.VERIFYING, after="v1", answered_at=NOW)
ASKED = [Asked(QuestionId(f"q{n}"), n, f"Question {n}: is a *taxi* <fine>?", NOW) for n in range(7)]
FIGURES = Figures(
    What.RIGHT_AFTER_READING,
    Share(20, 50),
    Share(45, 60),
    Effect.BETTER,
    Interval(0.35, 0.17, 0.51),
    also=(Share(80, 100), Share(4, 5)),
)
EARLY = Figures(
    What.RIGHT_AT_FIRST, Share(12, 40), Share(2, 3), Effect.TOO_EARLY, Interval(0.3, -0.2, 0.6)
)


def _edit(thing: Thing, value: Section | Tip | Item, rest: str = "") -> Form:
    fields = [entry.field for entry in entries_of(value) or []]
    return library.edit_form(thing, fields, {"about": thing.about, "version": "v1"}, rest)


SHOWN: dict[str, Message | Form | list[Part] | list[PageSection] | PageSection] = {
    "library.invitation": library.invitation(SECTION, is_tested=True),
    "library.topics": library.topics([TRAVEL]),
    "library.topics:many": library.topics([TRAVEL] * 12, none_of_that=True),
    "library.topics:none": library.topics([]),
    "library.topic": library.topic(TRAVEL, steward="Sam", minutes=8, sections=3, quizzes=1),
    "library.topic:nothing": library.topic(TRAVEL, steward=None, minutes=0, sections=0, quizzes=0),
    "library.contents": library.contents(TRAVEL, [SECTION] * 6, 1, 2),
    "library.section": library.section(SECTION, PAGE, 0, 1, BELOW),
    "library.section:late": library.section(
        SECTION.model_copy(update={"review_by": date(2026, 2, 1)}), PAGE, 0, 1, BELOW, is_late=True
    ),
    "library.section:page": library.section(SECTION, PAGE, 1, 3, None),
    "library.section:reader": library.section(
        SECTION, PAGE, 2, 3, Below([], {"text": "About it: "}, listens=True, is_steward=False)
    ),
    "library.answers": library.answers(TOLD),
    "library.unclear": library.unclear(
        SECTION, {"text": "About it: ", "about": "section:booking", "heard": True}, listens=False
    ),
    "library.unclear:listens": library.unclear(SECTION, {"text": "About it: "}, listens=True),
    "library.rewritten": library.rewritten(SECTION),
    "library.raised": library.raised(ISSUE, THING),
    "library.raised:again": library.raised(replace(ISSUE, state=State.REOPENED), THING),
    "library.works": library.works(
        QUIZ, [(SECTION, Flag(FlagKind.SECTION_WORKS, "item:share-1", 85, {"gain": 0.55}))]
    ),
    "library.issues": library.issues(
        [
            (replace(ISSUE, kind=kind), THING)
            for kind in (FlagKind.SECTION_UNCLEAR, FlagKind.MISCONCEPTION, FlagKind.STALE)
        ],
        9,
        [(CHANGED, THING)],
        [(replace(CHANGED, state=State.CLOSED), None)],
        [QUIZ, QUIZ],
    ),
    "library.items": library.items(
        QUIZ,
        [
            Standing(CHOICE, _known(63, 0.31, -38), [FlagKind.KEY_SUSPECT, FlagKind.SLOW]),
            Standing(CHOICE, _known(63, 0.48, 12), [FlagKind.DEAD_DISTRACTOR]),
            Standing(CHOICE, _known(63, 0.71, 44), [FlagKind.SECTION_WORKS]),
            Standing(CHOICE, _known(12, 0.83, 44), []),
        ],
        1,
        3,
        untold=7,
    ),
    "library.items:none": library.items(QUIZ, [], 0, 0, untold=1),
    "library.issues:none": library.issues([], 0, [], [], [QUIZ]),
    "library.issue_card": library.issue_card(ISSUE, THING, ASKED, FIGURES, may_change=True),
    "library.issue_card:changed": library.issue_card(
        CHANGED, THING, ASKED[:1], FIGURES, may_change=True
    ),
    "library.issue_card:item": library.issue_card(
        replace(CHANGED, kind=FlagKind.KEY_SUSPECT, about=ITEM.about),
        ITEM,
        [],
        EARLY,
        may_change=True,
    ),
    "library.issue_card:refused": library.issue_card(
        replace(ISSUE, state=State.WONT_FIX, reason="It is the *law*."),
        THING,
        [],
        None,
        may_change=False,
    ),
    "library.refuse_form": library.refuse_form(ISSUE, THING),
    "library.edit_form": _edit(THING, SECTION),
    "library.edit_form:tip": _edit(TIP_THING, TIP, library.THE_REST),
    **{f"library.edit_form:{item.type}": _edit(ITEM, item, library.THE_REST) for item in EVERY},
    "library.kept": library.kept(THING, told=2, watched=True),
    "library.kept:reworded": library.kept(THING, told=0, watched=False),
    "library.history": library.history(
        THING,
        [
            library.Edit("2 Mar 2026", "Sam", "Said *why* a train"),
            *[library.Edit("1 Mar 2026", None, "")] * 16,
        ],
    ),
    "library.home": library.home(3),
    "library.home:nothing": library.home(0),
    "library.about_me": library.about_me(["Book what helps the work"]),
}

"""A value that stands for each message and form of every capability, the same on every run.

By capability and function, as `questions.offer`; what follows a colon says which case it is, and
the first of a function is the usual one. Tests of platforms show all of them, and `find_makers`
says of which function there must be one.
"""

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, TypeAlias, get_type_hints

import bot.capabilities
import bot.messages
from bot.attention import Attention, Reason
from bot.capabilities.attention import messages as attention
from bot.capabilities.calendar import messages as calendar
from bot.capabilities.campaigns import messages as campaigns
from bot.capabilities.campaigns.content import Activity, one_message
from bot.capabilities.campaigns.model import Campaign, Enrolment, EnrolmentState
from bot.capabilities.campaigns.model import State as CampaignState
from bot.capabilities.campaigns.outlook import Outlook
from bot.capabilities.questions import messages as questions
from bot.capabilities.questions.model import (
    Article,
    ArticleState,
    Decline,
    Question,
    State,
    Tally,
    Turn,
    TurnKind,
    Urgency,
    Visibility,
)
from bot.capabilities.quizzes import messages as quizzes
from bot.capabilities.roles import messages as roles
from bot.capabilities.tips import messages as tips
from bot.capabilities.tips.course import entry_of
from bot.capabilities.tips.model import (
    Card,
    CardState,
    Certainty,
    Misbelief,
    Nomination,
    Pace,
    Pick,
    Reaction,
    Review,
    Subscription,
    SubscriptionState,
)
from bot.capabilities.tips.model import Tally as TipTally
from bot.capabilities.tips.spacing import Trace
from bot.form import Form
from bot.ids import (
    AnswerId,
    ArticleId,
    CampaignId,
    PersonId,
    QuestionId,
    TopicId,
    WorkspaceId,
)
from bot.message import Message, Part
from bot.outbox import LetterState
from bot.pack.completion import Atom
from bot.pack.item import Option
from bot.pack.model import Check, Tip
from bot.page import Section, Shelf
from bot.people import Person, Role, RoleChange, Workspace
from bot.topic import Topic
from bot.truth import Account, Cause, Unreached
from tests.adapters.every_campaign_message import SHOWN as CAMPAIGNS
from tests.adapters.every_dry_run_message import SHOWN as DRY_RUNS
from tests.adapters.every_library_message import SHOWN as LIBRARY
from tests.adapters.every_narration_message import SHOWN as NARRATION
from tests.adapters.every_quiz_message import QUIZ
from tests.adapters.every_quiz_message import SHOWN as QUIZZES
from tests.bot.item import CHOICE

Shown: TypeAlias = Message | Form | list[Part] | list[Section] | Section

MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
WORKSPACE = Workspace(id=WorkspaceId("w"), platform="room", external="w1", name="Example Ltd")


def _person(name: str) -> Person:
    return Person(
        id=PersonId(name.lower()),
        workspace=WORKSPACE.id,
        address=f"U0{name.upper():0<6}",
        name=name,
        zone="Europe/Berlin",
    )


ANA, KIM, SAM = _person("Ana"), _person("Kim"), _person("Sam")

TRAVEL = Topic(
    id=TopicId("travel"),
    workspace=WORKSPACE.id,
    title="Travel",
    aliases=("trips", "hotels"),
    steward=SAM.id,
)
PAYROLL = Topic(id=TopicId("payroll"), workspace=WORKSPACE.id, title="Pay & pensions")

QUESTION = Question(
    id=QuestionId("q12"),
    workspace=WORKSPACE.id,
    number=12,
    text="How do I book a train to the other site?\nIs the <old> form still in use?",
    visibility=Visibility.DIRECT,
    urgency=Urgency.URGENT,
    asked_at=MONDAY,
    changed_at=MONDAY,
    state=State.ROUTED,
    asker=ANA.id,
    goal="Be there on Thursday",
    tried="The portal says *no access*",
    topic=TRAVEL.id,
    wave=1,
)
LONG = replace(QUESTION, text="A very long story about trains. " * 45)
OTHER = replace(QUESTION, id=QuestionId("q7"), number=7, text="Who orders parking permits?")
ANONYMOUS = replace(QUESTION, visibility=Visibility.ANONYMOUS, asker=None)

ANSWER = Turn(
    id=AnswerId("a1"),
    question=QUESTION.id,
    kind=TurnKind.ANSWER,
    text="Book it in the portal under *Trips*, then send the number to travel@example.com.",
    at=MONDAY,
    author=KIM.id,
)
ADDED = replace(ANSWER, id=AnswerId("a2"), text="It is for two people.", author=None)

CHECK = Check(
    q="The train is full. What *first*?",
    options=(
        Option(id="a", text="Ask for the later one", score=1, feedback="Yes, it costs nothing."),
        Option(id="b", text="Buy a second `ticket`", feedback="Then you pay for two."),
        Option(id="c", text="Drive", feedback="Parking takes longer than the train."),
    ),
)
TIP = entry_of(
    Tip(
        id="t-trains",
        topic="travel",
        text="Before you book, look at the *later* train: it is often half as full.",
        try_it="Look at the last trip you booked.",
        check=CHECK,
        section="trains",
        credit="Kim",
    ),
    asked=7,
)
PICK = Pick(
    tip="t-trains",
    topic=TRAVEL.id,
    variant=0,
    day=date(2026, 3, 2),
    asks=False,
    letter="tips.daily:ana:2026-03-02",
    why="new 0.50, other topic 0.20",
    is_new=True,
)
ASKS = PICK._replace(asks=True, is_new=False, why="faded 0.12")
CARD = Card(
    ANA.id,
    WORKSPACE.id,
    "t-trains",
    TRAVEL.id,
    state=CardState.ACTIVE,
    due_on=date(2026, 3, 6),
)
SAID = Review(
    ANA.id,
    WORKSPACE.id,
    "t-trains",
    2,
    date(2026, 3, 2),
    Reaction.RIGHT,
    rating=3,
    certainty=Certainty.GUESS,
    chosen="0:a",
)
FOLLOWS = Subscription(
    ANA.id, WORKSPACE.id, TRAVEL.id, Pace.DAILY, frozenset({1, 2, 3, 4, 5}), MONDAY, "person"
)
ON_HOLD = replace(FOLLOWS, topic=PAYROLL.id, state=SubscriptionState.PAUSED)
STANDING = tips.Standing(topic=TRAVEL, subscription=FOLLOWS, seen=5, tips=12, active=4)
NOMINATION = Nomination(
    "n1",
    WORKSPACE.id,
    TRAVEL.id,
    "q12",
    KIM.id,
    "Book it in the portal under *Trips*, and keep the number of your seat.",
    MONDAY,
    asked=7,
)

ARTICLE = Article(
    id=ArticleId("f3"),
    workspace=WORKSPACE.id,
    title="How do I book a train?",
    text="In the portal under Trips.\n\n1. Log in\n2. Choose the train\n3. Keep the number",
    state=ArticleState.PUBLISHED,
    created_at=MONDAY - timedelta(days=200),
    changed_at=MONDAY - timedelta(days=20),
    topic=TRAVEL.id,
    author=KIM.id,
    verifier=SAM.id,
    verified_at=MONDAY - timedelta(days=20),
)
CANDIDATE = replace(
    ARTICLE,
    id=ArticleId("f4"),
    title="Is the <old> form still in use?",
    state=ArticleState.CANDIDATE,
    verifier=None,
    verified_at=None,
    question=QUESTION.id,
)
PROPOSED = replace(CANDIDATE, state=ArticleState.PROPOSED, question=None)
CHECKED = replace(ARTICLE, state=ArticleState.NEEDS_REVIEW, note="flagged as outdated")

TALLY = Tally(worked=8, partly_worked=1, did_not_work=1)
PUBLISHED = questions.Suggested(ARTICLE, TALLY, SAM, KIM, is_answer=True)
MAYBE = questions.Suggested(CANDIDATE, Tally(), None, None, is_answer=False)

ATTENTION = Attention(person=ANA.id, slot=time(9, 30), talked_at=MONDAY)
STOPPED = replace(ATTENTION, stopped_at=MONDAY)
PAUSED = replace(ANA, paused_until=MONDAY + timedelta(days=7))
OF_ATTENTION = attention.State(ATTENTION, "Mon-Fri", sent=1, waiting=2, ignored=0)

CAMPAIGN = Campaign(
    id=CampaignId("c5"),
    workspace=WORKSPACE.id,
    owner=SAM.id,
    content=one_message(
        "New expense rules & dates",
        "From **April** on, receipts go [to the portal](https://portal.example/receipts).\n"
        "- Take a picture\n- Send it the same day",
        None,
        date(2026, 3, 3),
        date(2026, 3, 6),
    ),
    created_at=MONDAY,
    changed_at=MONDAY,
)
RUNNING = replace(CAMPAIGN, state=CampaignState.RUNNING, expanded=True, people=212)
OUTLOOK = Outlook(
    {date(2026, 3, 3): 171, date(2026, 3, 4): 30}, {Reason.BUDGET: 11, Reason.TALKED: 9}
)
ACCOUNT = Account(
    delivered=180,
    waiting=20,
    left_alone=6,
    causes=(Cause(Reason.BUDGET, 6),),
    unreachable=2,
    failed=3,
    unknown=1,
    cancelled=0,
)


def _at(state: State, question: Question = QUESTION) -> Question:
    return replace(question, state=state)


_ASKED_OF = questions.page_asked_of(QUESTION, asker="Ana", topic=TRAVEL, mine=False)
_FOR_YOU = questions.page_questions_for_you([_ASKED_OF], 7)
_ANSWERED = questions.page_answered(_at(State.ANSWERED, OTHER), ANSWER, KIM, sharing=True)
_ASKED_BY = questions.page_asked_by(
    QUESTION, questions.whereabouts(QUESTION, TRAVEL, steward=None, offered=True), None
)
_YOURS = questions.page_your_questions([_ANSWERED, _ASKED_BY], 2)
_DUTIES = questions.page_duties(1, 2)
_WISHES = questions.page_wishes(ANA, is_stopped=False)
_TOPICS = questions.page_topics([(TRAVEL, "can_help"), (PAYROLL, "none")], is_any=True)
_SHARED = questions.page_shared([ARTICLE, CANDIDATE], 2)


def _every_state(make: Callable[[Question], Shown], name: str) -> dict[str, Shown]:
    return {f"{name}:{state.value}": make(_at(state)) for state in State}


SHOWN: dict[str, Shown] = {
    # --- the core
    "core.entrusted_with_all": bot.messages.entrusted_with_all(),
    "core.paused_by_silence": bot.messages.paused_by_silence(),
    "core.with_controls": bot.messages.with_controls(campaigns.letter(CAMPAIGN, SAM)),
    # --- asking
    "questions.ask_form": questions.ask_form(
        text="How do I <book>?", place_is_channel=True, topics=[TRAVEL, PAYROLL]
    ),
    "questions.asked_already": questions.asked_already(ANONYMOUS),
    "questions.stop_or_question": questions.stop_or_question(),
    "questions.suggestions": questions.suggestions(
        QUESTION, [PUBLISHED, MAYBE], ANA, looking=False
    ),
    "questions.suggestions:looking": questions.suggestions(QUESTION, [MAYBE], ANA, looking=True),
    "questions.suggestions:doubted": questions.suggestions(
        QUESTION, [MAYBE], ANA, looking=True, doubted=True
    ),
    "questions.solved_itself": questions.solved_itself(ARTICLE),
    "questions.on_its_way": questions.on_its_way(
        ANONYMOUS, questions.whereabouts(ANONYMOUS, TRAVEL, steward=None, offered=False)
    ),
    "questions.status": questions.status(QUESTION, TRAVEL, wait=timedelta(hours=3)),
    **_every_state(
        lambda question: questions.status(
            question, TRAVEL, holder="Kim", steward="Sam", wait=timedelta(hours=3)
        ),
        "questions.status",
    ),
    "questions.status:long": questions.status(LONG, None, asker="Ana"),
    "questions.read_all": questions.read_all(
        "Question 12", "Go on. " * 20, 0, "question.read", {"question": "q12"}
    ),
    "questions.read_all:long": questions.read_all(
        "Question 12", LONG.text * 20, 0, "question.read", {"question": "q12"}
    ),
    # --- the expert's card
    "questions.offer": questions.offer(
        QUESTION, asker="Ana", topic=TRAVEL, why=["you said that you can help"], load=1, cap=5
    ),
    "questions.offer:anonymous": questions.offer(
        replace(LONG, asker=None), asker=None, topic=None, why=[], load=3, cap=5, added=[ADDED]
    ),
    "questions.offer_state": questions.offer_state(_at(State.CLAIMED), mine=True, holder="Kim"),
    **_every_state(
        lambda question: questions.offer_state(
            question, mine=question.state is not State.ROUTED, holder="Kim", added=[ADDED]
        ),
        "questions.offer_state",
    ),
    "questions.offer_state:others": questions.offer_state(
        _at(State.CLAIMED), mine=False, holder="Kim"
    ),
    **{
        f"questions.declined:{reason.value}": questions.declined(QUESTION, reason)
        for reason in Decline
    },
    "questions.someone_else_form": questions.someone_else_form(QUESTION),
    "questions.answer_form": questions.answer_form(QUESTION, "Ana"),
    "questions.which_question": questions.which_question(
        [], [QUESTION, OTHER], "In the portal under Trips.", asking=False
    ),
    "questions.which_question:own": questions.which_question(
        [ANONYMOUS], [QUESTION, OTHER], "In the portal under Trips.", asking=False
    ),
    "questions.which_question:too_long": questions.which_question(
        [ANONYMOUS], [QUESTION, OTHER], "In the portal. " * 200, asking=True
    ),
    "questions.named_in_passing": questions.named_in_passing("Hi all, Inflow is our new bot"),
    "questions.named_in_passing:too_long": questions.named_in_passing("In the portal. " * 200),
    "questions.not_in_channel": questions.not_in_channel(
        QUESTION, "#general", questions.status(QUESTION, TRAVEL)
    ),
    "questions.status:consent": questions.status(ANONYMOUS, TRAVEL, consent="#travel"),
    "questions.passed_on": questions.passed_on(QUESTION, "Kim"),
    "questions.passed_on:unnamed": questions.passed_on(ANONYMOUS, None),
    "questions.asks_back": questions.asks_back(QUESTION, ANSWER, KIM),
    "questions.ask_back_form": questions.ask_back_form(QUESTION, None),
    "questions.released_by_clock": questions.released_by_clock(QUESTION),
    # --- answers
    "questions.answer": questions.answer(
        QUESTION, ANSWER, KIM, sharing=True, title="How do I book a train?", earlier=1
    ),
    "questions.answer:long": questions.answer(
        QUESTION,
        replace(ANSWER, text="Go on. " * 600),
        KIM,
        sharing=False,
        title="How do I book a train?",
    ),
    "questions.answer_in_thread": questions.answer_in_thread(QUESTION, ANSWER, KIM),
    "questions.answer_for_subscriber": questions.answer_for_subscriber(QUESTION, ANSWER, KIM),
    "questions.ended_for_subscriber": questions.ended_for_subscriber(QUESTION),
    "questions.follow_up_form": questions.follow_up_form(QUESTION, first=False),
    "questions.follow_up": questions.follow_up(QUESTION, ADDED, None),
    "questions.accepted": questions.accepted(QUESTION, ANSWER, KIM, CANDIDATE),
    "questions.was_accepted": questions.was_accepted(QUESTION, "Ana", CANDIDATE),
    "questions.was_accepted:private": questions.was_accepted(ANONYMOUS, None, None),
    "questions.did_it_work": questions.did_it_work(QUESTION, ANSWER.text, {"answer": "a1"}),
    **{
        f"questions.followed_through:{verb}": questions.followed_through(QUESTION, verb)
        for verb in ("worked", "partly_worked", "did_not_work", "not_tried")
    },
    "questions.it_worked": questions.it_worked(QUESTION),
    "questions.reopened": questions.reopened(QUESTION, "Ana", failed=True),
    # --- channel, steward, list
    "questions.consent": questions.consent(ANONYMOUS, "#travel"),
    "questions.in_channel": questions.in_channel(QUESTION),
    "questions.escalation": questions.escalation(
        QUESTION,
        TRAVEL,
        "Ana",
        [ADDED],
        questions.why_escalated(TRAVEL, looks_after=True, is_orphan=False),
    ),
    "questions.escalation:named": questions.escalation(
        QUESTION, TRAVEL, "Ana", [], "Why you: you look after Travel.", ("Sam", "Kim")
    ),
    "questions.duplicate_form": questions.duplicate_form(QUESTION),
    "questions.joined": questions.joined(QUESTION, OTHER),
    "questions.question_list": questions.question_list(
        "My questions", [QUESTION, _at(State.ANSWERED, OTHER)], "None.", questions.UNNAMED
    ),
    "questions.question_list:long": questions.question_list(
        "My questions", [replace(LONG, number=n) for n in range(1, 100)], "None."
    ),
    "questions.question_list:none": questions.question_list("My questions", [], "You have none."),
    "questions.unanswered": questions.unanswered([(_at(State.EXPIRED), "Sam")]),
    "questions.unanswered:none": questions.unanswered([]),
    "questions.kept_for_hour": questions.kept_for_hour(QUESTION),
    "questions.hour_questions": questions.hour_questions(
        "Two weeks of *data*",
        [
            (replace(_at(State.ROUTED), owner=SAM.id, due_on=date(2026, 3, 12)), "Sam"),
            (_at(State.ACCEPTED), None),
        ],
        "hour:c7--a5",
    ),
    "questions.hour_questions:none": questions.hour_questions("", [], "hour:c7--a5"),
    # --- what I know
    **{
        f"questions.declared:{level}": questions.declared(TRAVEL, level)
        for level in ("can_help", "learning", "none")
    },
    "questions.topic_list": questions.topic_list([TRAVEL, PAYROLL], {TRAVEL.id: "Sam"}),
    "questions.topic_list:none": questions.topic_list([], {}),
    "questions.topic_added": questions.topic_added(PAYROLL),
    "questions.about_me": questions.about_me(
        replace(ANA, asks_welcome=False),
        questions.Standing(
            declared=[("Travel", "can_help"), ("Pay & pensions", "none")],
            load=2,
            open=[QUESTION],
            held=[_at(State.CLAIMED, OTHER)],
            helped=9,
        ),
    ),
    "questions.limit_form": questions.limit_form(ANA),
    "questions.limit_set": questions.limit_set(4),
    "questions.limit_set:none": questions.limit_set(0),
    "questions.detached": questions.detached(2),
    "questions.detached:none": questions.detached(0),
    # --- FAQ
    "questions.article_card": questions.article_card(PUBLISHED, ANA, curates=False),
    "questions.article_card:steward": questions.article_card(
        replace(PUBLISHED, article=CHECKED), SAM, curates=True
    ),
    "questions.review": questions.review(MAYBE, SAM, "somebody proposed it"),
    "questions.reviews": questions.reviews(),
    "questions.escalations": questions.escalations(),
    "questions.which_of_several": questions.which_of_several(),
    "questions.review_list": questions.review_list([CHECKED, CANDIDATE]),
    "questions.review_list:none": questions.review_list([]),
    "questions.faq_results": questions.faq_results([PUBLISHED, MAYBE], ANA),
    "questions.faq_results:none": questions.faq_results([], ANA),
    "questions.review:proposed": questions.review(
        questions.Suggested(PROPOSED, Tally(), None, KIM, is_answer=False, proposer=ANA),
        SAM,
        "it is proposed for the FAQ",
    ),
    "questions.saved": questions.saved(["Sam"], KIM, ANA),
    "questions.saved:nobody": questions.saved([], ANA, ANA),
    "questions.proposed_by_another": questions.proposed_by_another(PROPOSED, ANA),
    "questions.faq_form": questions.faq_form(
        ANA, KIM, title="How do I book a train?", text=ANSWER.text, topics=[TRAVEL, PAYROLL]
    ),
    "questions.flag_form": questions.flag_form(ARTICLE, {"article": "f3"}),
    "questions.flagged": questions.flagged(CHECKED, ["Sam"], QUESTION),
    "questions.edit_form": questions.edit_form(ARTICLE),
    "questions.edit_form:long": questions.edit_form(replace(ARTICLE, text="Go on. " * 600)),
    "questions.merge_form": questions.merge_form(CANDIDATE, [ARTICLE]),
    "questions.moved": questions.moved(ARTICLE),
    "questions.marked_in_public": questions.marked_in_public(ANONYMOUS),
    "questions.know_form": questions.know_form([TRAVEL, PAYROLL]),
    # --- a person's own page
    "questions.page_beginning": questions.page_beginning(ANA, is_new=True),
    "questions.page_beginning:idle": questions.page_beginning(ANA, is_new=False),
    "questions.page_asked_of": _ASKED_OF,
    "questions.page_asked_of:mine": questions.page_asked_of(
        LONG, asker=None, topic=None, mine=True
    ),
    "questions.page_questions_for_you": _FOR_YOU,
    "questions.page_answered": _ANSWERED,
    "questions.page_asked_by": _ASKED_BY,
    **_every_state(
        lambda question: questions.page_asked_by(question, "It waits.", "Kim"),
        "questions.page_asked_by",
    ),
    "questions.page_your_questions": _YOURS,
    "questions.page_first_topic": questions.page_first_topic(),
    "questions.page_duties": _DUTIES,
    "questions.page_wishes": _WISHES,
    "questions.page_wishes:none": questions.page_wishes(
        replace(ANA, asks_welcome=False), is_stopped=False
    ),
    "questions.page_topics": _TOPICS,
    "questions.page_topics:none": questions.page_topics([], is_any=True),
    "questions.page_shared": _SHARED,
    "core.page": [
        _FOR_YOU,
        _YOURS,
        *calendar.tomorrow("Good Friday"),
        *_DUTIES,
        _WISHES,
        *attention.home(ANA, OF_ATTENTION, MONDAY),
        *campaigns.home([CAMPAIGN]),
        roles.home(),
        _TOPICS,
        _SHARED,
        Section(Shelf.BEGIN, buttons=[bot.messages.help_button()]),
    ],
    # --- roles
    "roles.listed": roles.listed({Role.COMMUNITY_MANAGER: [ANA, KIM]}),
    "roles.listed:changed": roles.listed(
        {Role.APPROVER: [KIM]},
        [
            roles.change_of(
                RoleChange(WORKSPACE.id, KIM.id, Role.APPROVER, True, SAM.id, MONDAY),
                {KIM.id: "Kim *K*", SAM.id: "Sam"},
            )
        ],
    ),
    "roles.listed:stewards": roles.listed(
        {Role.COMMUNITY_MANAGER: [ANA]}, stewards=[("Data *and* more", KIM), ("Rooms", None)]
    ),
    "roles.steward_form": roles.steward_form([(TopicId("data"), "Data *and* more")]),
    "roles.steward_kept": roles.steward_kept("Data *and* more", KIM),
    "roles.told_steward": roles.told_steward("Data *and* more", SAM, gives=True),
    "roles.told_steward:taken": roles.told_steward("Data *and* more", SAM, gives=False),
    "roles.about_me": roles.about_me(["- 2 March 2026: Kim became an auditor, by Sam"]),
    "roles.belongs": roles.belongs(replace(ANA, team="Customer *care*", site="Kiel"), KIM),
    "roles.form": roles.form([Role.COMMUNITY_MANAGER]),
    "roles.kept": roles.kept(KIM, Role.AUDITOR, gives=True, is_self=False),
    "roles.kept:oneself": roles.kept(ANA, Role.COMMUNITY_MANAGER, gives=False, is_self=True),
    "roles.told": roles.told(Role.COMMUNITY_MANAGER, SAM, gives=True),
    "roles.told_others": roles.told_others(Role.AUDITOR, KIM, SAM, gives=True),
    "roles.told:taken": roles.told(Role.AUDITOR, SAM, gives=False),
    "roles.home": roles.home(),
    # --- attention
    "attention.paused": attention.paused(ANA, MONDAY + timedelta(days=7), attention.ABOVE_GOES_ON),
    "attention.stopped_already": attention.stopped_already(),
    "attention.stopped": attention.stopped(attention.ASKED_GOES_ON),
    "attention.resumed": attention.resumed(ATTENTION, asks_welcome=True),
    "attention.resumed:no_asks": attention.resumed(ATTENTION, asks_welcome=False),
    "attention.why": attention.why(
        campaigns.because(SAM, CAMPAIGN.content, WORKSPACE), ATTENTION, sent=2
    ),
    "attention.why:campaign": attention.why(
        campaigns.because(SAM, CAMPAIGN.content, WORKSPACE),
        ATTENTION,
        2,
        campaigns.way_out(
            RUNNING,
            campaigns.done_when(
                "certified(a) and asked()",
                {Atom("certified", ("a",)): "Customer *data*", Atom("asked", ()): ""},
                {Atom("asked", ())},
            ),
        ),
    ),
    "attention.why_offer": attention.why_offer(questions.because_asked(["you can help"])),
    "attention.why_duty": attention.why_duty(roles.BECAUSE_WATCHED, despite_stop=True),
    "attention.why_trial": attention.why_trial(campaigns.BECAUSE_TRIAL),
    "attention.settings_form": attention.settings_form(ANA, ATTENTION, "Mon-Fri"),
    "attention.settings_kept": attention.settings_kept(ANA, ATTENTION, "Mon-Fri", MONDAY),
    "attention.settings_kept:paused": attention.settings_kept(PAUSED, ATTENTION, "Mon-Fri", MONDAY),
    "attention.about_me": attention.about_me(ANA, OF_ATTENTION, MONDAY),
    "attention.about_me:away": attention.about_me(
        PAUSED, replace(OF_ATTENTION, attention=STOPPED, ignored=20), MONDAY
    ),
    "attention.home": attention.home(ANA, OF_ATTENTION, MONDAY),
    "attention.home:away": attention.home(
        PAUSED, replace(OF_ATTENTION, attention=STOPPED, ignored=20), MONDAY
    ),
    "attention.me": attention.me(attention.about_me(ANA, OF_ATTENTION, MONDAY)),
    # --- tips
    "tips.tip": tips.tip(TIP, PICK, TRAVEL),
    "tips.tip:late": tips.tip(TIP, PICK._replace(letter=None, is_late=True), TRAVEL),
    "tips.held_back": tips.held_back(4, TRAVEL, "I would take the second one"),
    "tips.question": tips.question(TIP, CHECK, ASKS, TRAVEL),
    "tips.question:hint": tips.question(TIP, CHECK, ASKS, TRAVEL, hint=True),
    "tips.reacted": tips.reacted(TIP, PICK, Reaction.NEW_TO_ME, CARD, PICK.day),
    "tips.reacted:not_for_me": tips.reacted(
        TIP, PICK, Reaction.NOT_FOR_ME, replace(CARD, state=CardState.SUSPENDED), PICK.day
    ),
    "tips.reacted:once": tips.reacted(
        TIP, PICK, Reaction.USEFUL, replace(CARD, state=CardState.DONE, due_on=None), PICK.day
    ),
    "tips.drop_topic": tips.drop_topic(TRAVEL, PICK),
    "tips.how_sure": tips.how_sure(TIP, CHECK, CHECK.options[0], SAID, pulled=False),
    "tips.feedback": tips.feedback(TIP, CHECK, CHECK.options[0], SAID, CARD, test="travel"),
    "tips.feedback:wrong": tips.feedback(
        TIP,
        CHECK,
        CHECK.options[1],
        replace(SAID, reaction=Reaction.WRONG, certainty=Certainty.SURE),
        CARD,
    ),
    "tips.feedback:practice": tips.feedback(
        TIP, CHECK, CHECK.options[0], replace(SAID, rating=None), CARD
    ),
    "tips.overview": tips.overview(
        [STANDING, replace(STANDING, topic=PAYROLL, subscription=ON_HOLD)],
        [TRAVEL],
        ANA,
        next_on=date(2026, 3, 3),
        active=40,
        nominations=2,
    ),
    "tips.overview:nothing": tips.overview(
        [], [TRAVEL, PAYROLL], ANA, next_on=None, active=0, nominations=0
    ),
    "tips.overview:no_tips": tips.overview([], [], ANA, next_on=None, active=0, nominations=0),
    "tips.how_often": tips.how_often(TRAVEL, 12, ANA),
    "tips.following": tips.following(
        FOLLOWS,
        TRAVEL,
        ANA,
        hour="10:00",
        next_on=date(2026, 3, 3),
        limits=(1, 4),
        crowded=True,
    ),
    "tips.change_form": tips.change_form(FOLLOWS, TRAVEL),
    "tips.paused": tips.paused(TRAVEL),
    "tips.stopped": tips.stopped(TRAVEL),
    "tips.nothing_now": tips.nothing_now([PAYROLL]),
    "tips.which_topic": tips.which_topic([TRAVEL, PAYROLL]),
    "tips.nominated": tips.nominated(NOMINATION, TRAVEL, fits=True),
    "tips.nominated:long": tips.nominated(
        replace(NOMINATION, text="On and on. " * 120), TRAVEL, fits=False
    ),
    "tips.to_review": tips.to_review(NOMINATION, TRAVEL, KIM),
    "tips.suggested": tips.suggested(NOMINATION, TRAVEL, KIM),
    "tips.taken_back": tips.taken_back(),
    "tips.edit_form": tips.edit_form(NOMINATION),
    "tips.published": tips.published(TIP.tip, TRAVEL),
    "tips.proposed": tips.proposed(QUIZ, CHOICE, TRAVEL, "Kim"),
    "tips.proposed:nobody": tips.proposed(QUIZ, CHOICE, TRAVEL, None),
    "tips.on_trial": tips.on_trial(QUIZ, CHOICE, QUIZ.objectives[0].text),
    "tips.counts": tips.counts(QUIZ),
    "tips.sent_to_steward": tips.sent_to_steward(TRAVEL),
    "tips.nominations": tips.nominations([(NOMINATION, TRAVEL), (NOMINATION, PAYROLL)]),
    "tips.nominations:none": tips.nominations([]),
    "tips.all_kept": tips.all_kept(
        [(FOLLOWS, "Travel"), (ON_HOLD, "Payroll")],
        [
            tips.KeptCard(
                replace(CARD, shown=2, shown_on=date(2026, 3, 2), trace=Trace(3.5, 5, PICK.day)),
                TIP.tip.text,
                "Travel",
                [replace(SAID, reaction=Reaction.NEW_TO_ME, certainty=None), SAID],
            )
        ],
        ANA,
        page=0,
        pages=2,
    ),
    "tips.all_kept:nothing": tips.all_kept([], [], ANA, page=0, pages=1),
    "tips.misbelieved": tips.misbelieved(
        TIP.tip, TRAVEL, Misbelief("t-trains", 14, 9, "0:b", 8), CHECK.options[1]
    ),
    "tips.misbelieved:many": tips.misbelieved(
        TIP.tip.model_copy(update={"section": None}),
        TRAVEL,
        Misbelief("t-trains", 14, 9, "0:b", 4),
        None,
    ),
    "tips.flagged": tips.flagged(TIP.tip, TRAVEL, TipTally("t-trains", 20, 7)),
    "tips.home": tips.home(["Travel"], next_on=date(2026, 3, 3), has_any=True, waiting=2),
    "tips.home:new": tips.home([], next_on=None, has_any=True, waiting=0),
    "tips.about_me": tips.about_me(["Travel"], cards=12, reviews=30, pick=PICK),
    # --- calendar
    "calendar.coming": calendar.coming(
        "DE-BY", [(date(2026, 4, 3), "Good Friday")], [(date(2026, 12, 24), "Company day")]
    ),
    "calendar.coming:none": calendar.coming(None, [], []),
    "calendar.tomorrow": calendar.tomorrow("Good Friday"),
    "calendar.day_set": calendar.day_set(date(2026, 12, 24), "Company day"),
    "calendar.day_removed": calendar.day_removed(date(2026, 12, 24)),
    "calendar.country": calendar.country("DE-BY"),
    "calendar.country:none": calendar.country(None),
    # --- campaigns
    "campaigns.form": campaigns.form(
        None, title="Expenses", today=date(2026, 3, 2), teams=["Sales", "R&D"], args={}
    ),
    "campaigns.form:many_teams": campaigns.form(
        CAMPAIGN.content,
        title="",
        today=date(2026, 3, 2),
        teams=[f"Team {n}" for n in range(120)],
        args={"campaign": "c5"},
    ),
    "campaigns.letter": campaigns.letter(CAMPAIGN, SAM),
    "campaigns.orphaned": campaigns.orphaned(CAMPAIGN, SAM),
    "campaigns.orphaned:approver": campaigns.orphaned(CAMPAIGN, SAM, is_approver=True),
    "campaigns.orphaned:running": campaigns.orphaned(RUNNING, SAM),
    "campaigns.all_orphaned": bot.messages.with_controls(
        campaigns.all_orphaned([(CAMPAIGN, SAM, True), *[(RUNNING, SAM, False)] * 9], 2)
    ),
    "campaigns.invited": campaigns.invited(CAMPAIGN, SAM),
    "campaigns.joined": campaigns.joined(CAMPAIGN),
    "campaigns.declined": campaigns.declined(CAMPAIGN),
    "campaigns.about_me": campaigns.about_me(
        [(RUNNING, Enrolment(RUNNING.id, ANA.id, "Sales", date(2026, 3, 3)))],
        [
            (
                replace(RUNNING, state=CampaignState.FINISHED),
                Enrolment(RUNNING.id, ANA.id, "", date(2026, 1, 7), EnrolmentState.COMPLETED),
            )
        ],
        2,
        can_forget=True,
    ),
    "campaigns.about_me:nothing": campaigns.about_me([], [], 0, can_forget=False),
    "campaigns.lent": campaigns.lent(
        quizzes.invitation(QUIZ), CAMPAIGN, SAM, Activity(id="a2", text="Before we begin:")
    ),
    "campaigns.draft_card": campaigns.draft_card(CAMPAIGN, SAM, WORKSPACE, OUTLOOK),
    "campaigns.sent_to_me": campaigns.sent_to_me(),
    "campaigns.changed_meanwhile": campaigns.changed_meanwhile(
        campaigns.draft_card(CAMPAIGN, SAM, WORKSPACE, Outlook())
    ),
    "campaigns.campaign_list": campaigns.campaign_list([CAMPAIGN, RUNNING], {SAM.id: "Sam"}),
    "campaigns.campaign_list:news": bot.messages.with_controls(
        campaigns.campaign_list([CAMPAIGN, RUNNING], {SAM.id: "Sam"}, is_news=True)
    ),
    "campaigns.campaign_list:none": campaigns.campaign_list([], {}, has_packs=True),
    "campaigns.home": campaigns.home([CAMPAIGN, RUNNING]),
    "campaigns.left_out": campaigns.left_out(CAMPAIGN, campaigns.NOT_GONE_FIRST),
    "campaigns.truth_card": campaigns.truth_card(
        RUNNING,
        "Sam",
        WORKSPACE,
        ACCOUNT,
        [(Unreached(1, KIM.id, LetterState.UNREACHABLE, None), "Kim")],
        {LetterState.FAILED: 3, LetterState.UNREACHABLE: 2},
        note=campaigns.STARTED,
    ),
    "campaigns.truth_card:few": campaigns.truth_card(
        replace(RUNNING, state=CampaignState.FINISHED),
        "Sam",
        WORKSPACE,
        Account(7, 0, 1, (Cause(None, 1),), 0, 0, 0, 0),
        [],
        {},
    ),
    "campaigns.truth_card:finished": campaigns.truth_card(
        replace(RUNNING, state=CampaignState.FINISHED),
        "Sam",
        WORKSPACE,
        replace(ACCOUNT, waiting=0, failed=0, unreachable=0, left_alone=26),
        [],
        {},
    ),
    **CAMPAIGNS,
    **QUIZZES,
    **LIBRARY,
    **NARRATION,
    **DRY_RUNS,
}


def find_makers() -> Iterator[str]:
    """The functions of all `messages` modules that make something to be shown."""
    yield from _makers("core", bot.messages)
    inside = f"{bot.capabilities.__name__}."
    for found in pkgutil.walk_packages(bot.capabilities.__path__, inside):
        *_, place, module = found.name.split(".")
        if module == "messages":
            yield from _makers(place, importlib.import_module(found.name))


def _makers(name: str, module: Any) -> Iterator[str]:
    for maker, function in inspect.getmembers(module, inspect.isfunction):
        if function.__module__ == module.__name__ and not maker.startswith("_"):
            made = get_type_hints(function).get("return")
            if made in (Message, Form, list[Part], list[Section], Section):
                yield f"{name}.{maker}"

"""Every night: what answers and dates tell of what is written, and whether changes helped."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from statistics import median

from bot.attention import Wish, book
from bot.capabilities.library import messages
from bot.capabilities.library.access import stewards_of
from bot.capabilities.library.gap import find_gap, find_unsaid
from bot.capabilities.library.model import Figures, What
from bot.capabilities.library.ports import Answers
from bot.capabilities.library.step import (
    AFTER_ALL,
    EPOCH,
    changed_at,
    keep_up,
    keep_watch,
    look_at_section,
    note,
    raise_and_tell,
    tell_stewards,
)
from bot.capabilities.library.thing import Thing, family_of, find_thing, items_of, sections_of
from bot.capabilities.library.work import LibraryWork
from bot.context import Context
from bot.ids import QuestionId, TopicId, WorkspaceId
from bot.message import Args
from bot.outbox import Letter, Priority, ToPerson
from bot.pack.about import id_of
from bot.pack.flag import (
    DISCRIMINATION_FROM,
    FACILITY_FROM,
    SIMILAR,
    THIN,
    WRONG_FROM,
    Effect,
    Flag,
    FlagKind,
    Share,
    compare,
    flag_age,
    flag_gap,
    flag_item,
    flag_pool,
)
from bot.pack.issue import (
    OPEN_STATES,
    WATCHED_STATES,
    EventKind,
    Issue,
    State,
    step,
)
from bot.pack.item import Asked
from bot.pack.model import Kind, Quiz
from bot.pack.ports import Kept
from bot.pack.statistic import ItemStatistic, item_statistics
from bot.ports import Timer
from bot.topic import Topic

GAP_WITHIN = timedelta(days=90)
"""Questions of so long make a gap in the FAQ."""
ENOUGH = 100
"""Answers or readers after which a change that shows no difference has made none."""
_FACILITY = frozenset(
    {
        FlagKind.TOO_HARD_COLD_AND_READ,
        FlagKind.EVERYBODY_WRONG,
        FlagKind.MISCONCEPTION,
        FlagKind.KEY_SUSPECT,
    }
)
"""Of which it is better when more people are right."""
_NEEDS: Mapping[FlagKind, int] = {
    FlagKind.GIVES_ITSELF_AWAY: DISCRIMINATION_FROM,
    FlagKind.SLOW: FACILITY_FROM,
}
"""Answers from which it would be raised again."""


def night(context: Context, work: LibraryWork, timer: Timer) -> None:
    """Look at everything, a part in each transaction."""
    workspace = WorkspaceId(str(timer.args["workspace"]))
    for kept in work.packs.quizzes(workspace):
        work.timers.set(
            Timer(
                key=f"library:{workspace}:quiz:{kept.value.id}",
                due_at=context.now,
                action="library.look",
                args={"workspace": workspace, "quiz": kept.value.id},
            )
        )
    for topic in work.topics.every(workspace):
        for section in work.packs.sections(workspace, topic.id):
            about = f"section:{section.value.id}"
            _look_at_age(context, work, workspace, about, section.value.review_by)
        for tip in work.packs.tips(workspace, [topic.id]):
            about = f"tip:{tip.value.id}"
            _look_at_age(context, work, workspace, about, tip.value.review_by)
        work.timers.set(
            Timer(
                key=f"library:{workspace}:gap:{topic.id}",
                due_at=context.now,
                action="library.gap",
                args={"workspace": workspace, "topic": topic.id},
            )
        )
    for issue in work.issues.in_states(workspace, OPEN_STATES | WATCHED_STATES):
        if id_of(issue.about, "item") is None:
            _look_at_issue(context, work, issue, {})
    keep_watch(context, work, workspace)


def look(context: Context, work: LibraryWork, timer: Timer) -> None:
    """Look at one quiz, and at the issues of its items."""
    workspace, id_ = WorkspaceId(str(timer.args["workspace"])), str(timer.args["quiz"])
    kept = work.packs.quiz(workspace, id_)
    if kept is None or kept.retired:
        return
    quiz = kept.value
    answers = work.library.given(workspace, id_)
    cold = item_statistics(answers.cold)
    flags = flags_of(work, workspace, quiz, answers, cold)
    for about, flag in flags:
        thing = find_thing(work, workspace, about)
        if thing is not None and not thing.retired:
            raise_and_tell(context, work, workspace, thing, flag)
    _tell_what_works(context, work, workspace, kept, flags)
    _look_at_age(context, work, workspace, f"quiz:{id_}", quiz.review_by)
    here = {f"item:{item.id}" for item in quiz.items}
    for issue in work.issues.in_states(workspace, OPEN_STATES | WATCHED_STATES):
        if issue.about in here:
            _look_at_issue(context, work, issue, cold)


def _tell_what_works(
    context: Context,
    work: LibraryWork,
    workspace: WorkspaceId,
    kept: Kept[Quiz],
    flags: Sequence[tuple[str, Flag]],
) -> None:
    """The good news, once for each version of a quiz: after which sections people do better."""
    quiz = kept.value
    gains: dict[str, Flag] = {}
    for item in quiz.items:
        for about, flag in flags:
            if flag.kind is FlagKind.SECTION_WORKS and about == f"item:{item.id}":
                for section in sections_of(quiz, item):
                    gains.setdefault(section, flag)
    found = [(work.packs.section(workspace, section), flag) for section, flag in gains.items()]
    told = [(one.value, flag) for one, flag in found if one is not None and not one.retired]
    if not told:
        return
    wishes = [
        Wish(
            steward,
            Letter(
                key=f"library:works:{quiz.id}:{kept.version}:{steward.id}",
                to=ToPerson(person=steward.id),
                message=messages.works(quiz, told),
                kind="library.works",
                priority=Priority.TIP,
                because=messages.BECAUSE_LOOKS_AFTER,
            ),
        )
        for steward in stewards_of(work, workspace, TopicId(quiz.topic))
    ]
    book(context, work, wishes)


def flags_of(
    work: LibraryWork,
    workspace: WorkspaceId,
    quiz: Quiz,
    answers: Answers,
    cold: Mapping[str, ItemStatistic],
) -> list[tuple[str, Flag]]:
    """What the statistics tell of a quiz and its items as they stand now."""
    read = item_statistics(answers.read)
    seconds = [found.seconds for found in cold.values() if found.seconds is not None]
    found: list[tuple[str, Flag]] = []
    answered = {name.partition("@")[0] for name in cold}
    for item in quiz.items:
        if item.id not in answered:
            continue  # Of a large bank most were answered by nobody yet.
        name = f"{item.id}@{family_of(work, workspace, item)}"
        if name in cold:
            usual = median(seconds) if seconds else None
            flags = flag_item(item, cold[name], read.get(name), usual)
            found += [(flag.about, flag) for flag in flags]
    since = changed_at(work, workspace, f"quiz:{quiz.id}", FlagKind.POOL_THIN)
    pool = flag_pool(quiz.id, work.library.retaken(workspace, quiz.id, since, AFTER_ALL))
    return [*found, *([(pool.about, pool)] if pool is not None else [])]


def _look_at_age(
    context: Context, work: LibraryWork, workspace: WorkspaceId, about: str, due: date | None
) -> None:
    flag = flag_age(about, due, context.now.date())
    thing = find_thing(work, workspace, about) if flag is not None else None
    if flag is not None and thing is not None:
        raise_and_tell(context, work, workspace, thing, flag)


def look_for_gap(context: Context, work: LibraryWork, timer: Timer) -> None:
    """What people keep asking about a topic without an entry in the FAQ; and whether what was
    noticed has one by now, which is all that was wanted."""
    workspace = WorkspaceId(str(timer.args["workspace"]))
    topic = work.topics.get(workspace, TopicId(str(timer.args["topic"])))
    if topic is None:
        return
    about = f"topic:{topic.id}"
    issue = work.issues.find(workspace, about, FlagKind.FAQ_GAP)
    since = min(context.now, issue.raised_at if issue is not None else context.now) - GAP_WITHIN
    asked = work.library.unsaid(workspace, topic.id, since)
    if len(asked) < SIMILAR and (issue is None or not issue.is_open):
        return
    unsaid = find_unsaid(asked, work.library.entries(workspace, topic.id))
    if issue is not None and issue.is_open:
        waiting = {question.question for question in unsaid} & set(questions_of(issue))
        if len(waiting) < SIMILAR:
            for kind in (EventKind.CHANGED, EventKind.VERIFYING, EventKind.HELPED):
                data: Args = {"version": issue.before, "questions": [*sorted(waiting)]}
                issue = step(work.issues, issue, kind, context.now, data=data)
            note(context, work, issue, EventKind.HELPED.value)
    recent = [question for question in unsaid if question.at >= context.now - GAP_WITHIN]
    gap = find_gap(recent)
    flag = flag_gap(about, gap)
    if flag is not None:
        # The first question of it stands for all: another gap may be looked at anew.
        thing = Thing(about, Kind.TOPIC, topic.id, topic.title, topic, gap[0], "", retired=False)
        raise_and_tell(context, work, workspace, thing, flag)


def questions_of(issue: Issue) -> list[QuestionId]:
    """The questions that an issue itself names."""
    told = issue.data.get("questions")
    return [QuestionId(str(id_)) for id_ in told] if isinstance(told, list) else []


def _look_at_issue(
    context: Context, work: LibraryWork, issue: Issue, cold: Mapping[str, ItemStatistic]
) -> None:
    """What was changed elsewhere is noticed, and what was changed is held against the figures."""
    thing = find_thing(work, issue.workspace, issue.about)
    if thing is None or thing.kind is Kind.TOPIC:
        return
    issue = keep_up(context, work, issue, thing)
    if issue.kind is FlagKind.SECTION_UNCLEAR:
        look_at_section(context, work, issue.workspace, issue.about)
        issue = work.issues.get(issue.id) or issue
    if issue.state not in WATCHED_STATES:
        return
    figures = figures_of(work, issue, thing, context.now, cold)
    if issue.state is State.CHANGED and figures.after.n:
        issue = step(work.issues, issue, EventKind.VERIFYING, context.now)
    helped = _has_helped(issue, thing, figures, cold, context.now)
    if helped is None:
        return
    if issue.state is State.CHANGED:
        issue = step(work.issues, issue, EventKind.VERIFYING, context.now)
    data: Args = {
        "value": round(figures.gain.value, 4),
        "low": round(figures.gain.low, 4),
        "high": round(figures.gain.high, 4),
        "before": figures.before.n,
        "after": figures.after.n,
    }
    kind = EventKind.HELPED if helped else EventKind.DID_NOT_HELP
    issue = step(work.issues, issue, kind, context.now, data=data)
    note(context, work, issue, kind.value)
    if not helped:
        tell_stewards(context, work, issue, thing)


def figures_of(
    work: LibraryWork,
    issue: Issue,
    thing: Thing,
    now: datetime,
    cold: Mapping[str, ItemStatistic],
) -> Figures:
    """How people did before and since a change, and what they said. `cold` are the statistics
    of the quiz that an item is in."""
    if id_of(issue.about, "section") is not None:
        return _section_figures(work, issue, thing, now)
    if issue.kind is FlagKind.POOL_THIN:
        return _pool_figures(work, issue, thing)
    before = _share(cold.get(f"{thing.id}@{issue.before}"))
    after = _share(cold.get(f"{thing.id}@{issue.after}")) if issue.after else Share(0, 0)
    effect, gain = compare(before, after)
    return Figures(What.RIGHT_AT_FIRST, before, after, effect, gain)


def _pool_figures(work: LibraryWork, issue: Issue, thing: Thing) -> Figures:
    """How much of what people are asked again is new to them."""
    changed = issue.answered_at or AFTER_ALL

    def new(since: datetime, until: datetime) -> Share:
        return work.library.retaken(issue.workspace, thing.id, since, until).new

    before, after = new(EPOCH, changed), new(changed, AFTER_ALL)
    return Figures(What.NEW_TO_THEM, before, after, *compare(before, after))


def _share(found: ItemStatistic | None) -> Share:
    return Share(found.n - found.wrong, found.n) if found is not None else Share(0, 0)


def _section_figures(work: LibraryWork, issue: Issue, thing: Thing, now: datetime) -> Figures:
    """Answers of people who tried again say most; where these are too few, what readers say."""
    changed = issue.answered_at or now + timedelta(seconds=1)
    end = now + timedelta(seconds=1)
    items = items_of(work, issue.workspace, thing.id)

    def right(since: datetime, until: datetime) -> Share:
        return work.library.right(issue.workspace, items, since, until, first=False)

    def understood(since: datetime, until: datetime) -> Share:
        readers = work.library.readers(issue.workspace, thing.id, since, until)
        signals = work.library.signals(issue.workspace, issue.about, since, until)
        unclear = sum(signal.counts for signal in signals)
        return Share(max(0, readers - unclear), readers)

    read = (right(EPOCH, changed), right(changed, end))
    said = (understood(EPOCH, changed), understood(changed, end))
    by_answers, by_words = compare(*read), compare(*said)
    if by_answers[0] is Effect.TOO_EARLY and (
        by_words[0] is not Effect.TOO_EARLY or said[1].n > read[1].n
    ):
        return Figures(What.UNDERSTOOD, *said, *by_words, also=read)
    return Figures(What.RIGHT_AFTER_READING, *read, *by_answers, also=said)


def _has_helped(
    issue: Issue,
    thing: Thing,
    figures: Figures,
    cold: Mapping[str, ItemStatistic],
    now: datetime,
) -> bool | None:
    """Whether the change helped; None while nobody can tell."""
    kind = issue.kind
    if kind is FlagKind.STALE:
        due = None if isinstance(thing.value, Asked | Topic) else thing.value.review_by
        return True if due is None or due >= now.date() else None
    if kind is FlagKind.POOL_THIN:
        # Whether it is still too thin, not whether it is less thin than it was.
        return figures.after.value >= 1 - THIN if figures.after.is_of_enough else None
    if kind is FlagKind.SECTION_UNCLEAR or kind in _FACILITY:
        if figures.effect is Effect.TOO_EARLY:
            return None
        if figures.effect is Effect.NO_DIFFERENCE:
            return False if figures.after.n >= ENOUGH else None
        return figures.effect is Effect.BETTER
    # Of the others it is looked at whether they would be raised again: then they are.
    found = cold.get(f"{thing.id}@{issue.after}")
    if found is None:
        return None
    if kind is FlagKind.DEAD_DISTRACTOR:
        return True if found.wrong >= WRONG_FROM else None
    return True if found.n >= _NEEDS.get(kind, ENOUGH) else None

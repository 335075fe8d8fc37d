"""What questions show a person on their own page: it reads, and changes nothing."""

from collections.abc import Sequence
from datetime import date, time

from bot.access import Right, may
from bot.capabilities.questions import messages
from bot.capabilities.questions.access import topic_of
from bot.capabilities.questions.answer import may_keep_private
from bot.capabilities.questions.article import to_review
from bot.capabilities.questions.model import LOOKING_STATES, Question, State, TurnKind
from bot.capabilities.questions.offer import found_nobody
from bot.capabilities.questions.step import (
    asker_name,
    holder_name,
    whereabouts_of,
)
from bot.capabilities.questions.work import QuestionsWork
from bot.context import Context
from bot.page import MOST, Section
from bot.people import Person
from bot.schedule import at_local
from bot.steward import looked_after
from bot.topic import Topic

ASKED_LAST = 50
"""Questions of one's own among which the open ones are looked for."""
MOST_WAITING = 100
"""FAQ entries among which those of one's topics are counted."""


def home(context: Context, work: QuestionsWork, person: Person) -> Sequence[Section]:
    """The person's questions, what they are asked, what they look after, and what they share."""
    topics = work.topics.every(person.workspace)
    asked = work.questions.asked_by(person.id, ASKED_LAST)
    shared, count = work.articles.shared_by(person.id, MOST)
    known = _declared(work, person, topics)
    return [
        messages.page_beginning(person, is_new=not (asked or shared or known)),
        _asked_of(work, person),
        _asked_by(work, [question for question in asked if question.is_open]),
        *_looks_after(context, work, person, topics),
        *([messages.page_first_topic()] if not topics and may(person, Right.ADD_TOPIC) else []),
        messages.page_wishes(
            person, is_stopped=work.attention.get(person.id).stopped_at is not None
        ),
        messages.page_topics(known, is_any=bool(topics)),
        messages.page_shared(shared, count),
    ]


def week(_context: Context, work: QuestionsWork, person: Person, since: date) -> Sequence[str]:
    """What the person asked by name and answered since a day of theirs. What they asked without
    a name is not looked up: nothing is to stand beside theirs."""
    begun = at_local(since, time(0), person.zone)
    asked = [q for q in work.questions.asked_by(person.id, ASKED_LAST) if q.asked_at >= begun]
    answered = work.questions.answered_by(person.id, begun)
    return [
        *(messages.week_asked(question) for question in asked),
        *(messages.week_answered(question) for question in answered),
    ]


def _asked_of(work: QuestionsWork, person: Person) -> Section:
    """What the person has taken and not answered, then what waits for a yes or no."""
    held = [q for q in work.questions.held_by(person.id) if q.state is State.CLAIMED]
    offered = [q for q in work.questions.offered_to(person.id) if q.state in LOOKING_STATES]
    shown = [*held, *offered][:MOST]
    cards = [
        messages.page_asked_of(
            question,
            asker=asker_name(work, question),
            topic=topic_of(work, question),
            mine=question.claimed_by == person.id,
        )
        for question in shown
    ]
    return messages.page_questions_for_you(cards, len(held) + len(offered))


def _asked_by(work: QuestionsWork, asked: Sequence[Question]) -> Section:
    """The person's own, those with an answer first. What was asked without a name is on no list."""
    urgent = sorted(asked, key=lambda question: question.state is not State.ANSWERED)
    cards = [_own(work, question) for question in urgent[:MOST]]
    return messages.page_your_questions(cards, len(asked))


def _own(work: QuestionsWork, question: Question) -> messages.Entry:
    if question.state is State.ANSWERED:
        answers = [t for t in work.questions.turns(question.id) if t.kind is TurnKind.ANSWER]
        author = work.people.get(answers[-1].author) if answers and answers[-1].author else None
        if author is not None:
            private = may_keep_private(work, question)
            return messages.page_answered(question, answers[-1], author, sharing=private)
    where = whereabouts_of(work, question) if question.state in LOOKING_STATES else ""
    return messages.page_asked_by(question, where, holder_name(work, question))


def _looks_after(
    context: Context, work: QuestionsWork, person: Person, topics: Sequence[Topic]
) -> Sequence[Section]:
    """For stewards and community managers: what waits for them."""
    if not may(person, Right.CURATE) and all(topic.steward != person.id for topic in topics):
        return []
    reviews = to_review(work, person, topics, MOST_WAITING)
    orphans = found_nobody(work, person.workspace, context.now, looked_after(person, topics))
    return messages.page_duties(len(reviews), len(orphans))


def _declared(
    work: QuestionsWork, person: Person, topics: Sequence[Topic]
) -> list[tuple[Topic, str]]:
    """The topics about which something is known of the person, and what."""
    levels: dict[str, str] = {d.topic: d.level for d in work.experts.declared_by(person.id)}
    levels |= {topic.id: "steward" for topic in topics if topic.steward == person.id}
    return [(topic, levels[topic.id]) for topic in topics if topic.id in levels]

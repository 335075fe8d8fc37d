"""Who may see and do what with a question or an article.

Ids in buttons and forms come back from a client, so every handler gets its question
and its article through here.
"""

from collections.abc import Mapping
from datetime import datetime

from bot import steward
from bot.capabilities.questions import messages
from bot.capabilities.questions.model import Article, EventKind, Question, Visibility
from bot.capabilities.questions.work import QuestionsWork
from bot.errors import NotAllowed, NotFound
from bot.ids import ArticleId, PersonId, QuestionId, TopicId, WorkspaceId
from bot.inbound import named
from bot.outbox import To, ToPerson, ToRelay
from bot.people import Person, is_away, is_cut_off
from bot.steward import curators_of, is_steward
from bot.topic import Topic


def asker_of(work: QuestionsWork, question: Question) -> PersonId | None:
    """Who asked. For an anonymous question this opens the relay: never show the answer."""
    if question.visibility is Visibility.ANONYMOUS:
        return work.relay.open(question.subject)
    return question.asker


def to_asker(question: Question) -> To:
    """Where letters to the asker go, without naming an anonymous one."""
    if question.asker is None:
        return ToRelay(subject=question.subject)
    return ToPerson(person=question.asker)


def topic_of(work: QuestionsWork, of: Question | Article) -> Topic | None:
    return work.topics.get(of.workspace, of.topic) if of.topic else None


def topic_of_channel(
    work: QuestionsWork, workspace: WorkspaceId, conversation: str
) -> TopicId | None:
    """The one topic whose channel it is."""
    found = [t.id for t in work.topics.every(workspace) if t.channel == conversation]
    return found[0] if len(found) == 1 else None


def words_in(args: Mapping[str, object]) -> str:
    """The words that came back with a button, in all their lines. `ask.clean` makes them safe."""
    value = args.get("words")
    return value if isinstance(value, str) else ""


def find_question(work: QuestionsWork, person: Person, args: Mapping[str, object]) -> Question:
    """The question that `args["question"]` names, if the person may know of it.

    Raises:
        NotFound: there is none, or it is not the person's business. The two are
            told apart for nobody.
    """
    question = work.questions.get(QuestionId(named(args, "question")))
    if question is None or not _concerns(work, person, question):
        raise NotFound("I could not find that question any more.")
    return question


def _concerns(work: QuestionsWork, person: Person, question: Question) -> bool:
    if question.workspace != person.workspace:
        return False
    if question.conversation is not None or question.claimed_by == person.id:
        return True
    if is_steward(person, topic_of(work, question)):
        return True
    if any(offer.person == person.id for offer in work.questions.offers(question.id)):
        return True
    return asker_of(work, question) == person.id


def require_asker(work: QuestionsWork, person: Person, question: Question) -> None:
    """Raises NotAllowed unless the person asked the question."""
    if asker_of(work, question) != person.id:
        raise NotAllowed("Only the person who asked can do this.")


def is_private(work: QuestionsWork, question: Question) -> bool:
    """Whether the asker accepted an answer and kept it to themselves."""
    accepted = [
        event for event in work.questions.events(question.id) if event.kind is EventKind.ACCEPTED
    ]
    return question.accepted is not None and bool(accepted and accepted[-1].data.get("private"))


def find_article(work: QuestionsWork, person: Person, args: Mapping[str, object]) -> Article:
    """The article that `args["article"]` names, as far as merges lead.

    Raises:
        NotFound: there is none in the person's workspace.
    """
    article = work.articles.get(ArticleId(named(args, "article")))
    if article is not None:
        article = follow_merges(work, article)
    if article is None or article.workspace != person.workspace:
        raise NotFound("I could not find that FAQ entry any more.")
    return article


def follow_merges(work: QuestionsWork, article: Article) -> Article:
    """The entry that stands for the article now: itself, or what it was merged into."""
    for _ in range(10):
        into = work.articles.get(article.merged_into) if article.merged_into else None
        if into is None:
            break
        article = into
    return article


def require_steward(work: QuestionsWork, person: Person, article: Article) -> None:
    """Raises NotAllowed unless the person curates the article's topic."""
    if not is_steward(person, topic_of(work, article)):
        names = [steward.name for steward in stewards_of(work, article)]
        raise NotAllowed(messages.only_steward(names))


def stewards_of(work: QuestionsWork, of: Question | Article) -> list[Person]:
    """Who looks after the topic of a question or an article."""
    return steward.stewards_of(work, of.workspace, topic_of(work, of))


def told_when_escalated(work: QuestionsWork, question: Question, now: datetime) -> list[Person]:
    """Who is told now that a question found nobody; never the asker.

    The topic's steward, else the community managers, as long as any of them is there; whoever is
    away or paused hears of it only where there is nobody else. An anonymous question goes to both
    and never to the asker's line manager: were the managers told only when the steward
    cannot be, they would know that the steward had asked.
    """
    people, curators = stewards_of(work, question), curators_of(work, question.workspace)
    asker = asker_of(work, question)
    if question.visibility is not Visibility.ANONYMOUS:
        others = [p for p in people if p.id != asker]
        more = [p for p in curators if p.id != asker]
        there = [[p for p in some if not is_away(p, now)] for some in (others, more)]
        # Who cannot be written to would never see it.
        back = [p for p in others if not is_cut_off(p)]
        return there[0] or there[1] or back or more
    asked_by = work.people.get(asker) if asker else None
    hidden_from = {asker, asked_by.manager if asked_by else None}
    both = {p.id: p for p in [*people, *curators]}
    return [p for p in both.values() if p.id not in hidden_from]


def may_be_told(work: QuestionsWork, question: Question) -> list[Person]:
    """Everybody who may be among `told_when_escalated`, whoever asked."""
    people = [*stewards_of(work, question), *curators_of(work, question.workspace)]
    return list({person.id: person for person in people}.values())

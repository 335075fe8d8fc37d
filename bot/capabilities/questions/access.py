"""Who may see and do what with a question or an article.

Ids in buttons and forms come back from a client, so every handler gets its question
and its article through here.
"""

from collections.abc import Mapping

from bot.access import Right, may
from bot.capabilities.questions.model import Article, Question, Topic, Visibility
from bot.capabilities.questions.ports import QuestionsWork
from bot.errors import NotAllowed, NotFound
from bot.ids import ArticleId, PersonId, QuestionId, TopicId
from bot.message import Args
from bot.outbox import To, ToPerson, ToRelay
from bot.people import Person


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


def is_steward(person: Person, topic: Topic | None) -> bool:
    """Whether the person curates the topic: as its steward, or by right."""
    return (topic is not None and topic.steward == person.id) or may(person, Right.CURATE)


def topic_of(work: QuestionsWork, of: Question | Article) -> Topic | None:
    return work.topics.get(of.workspace, of.topic) if of.topic else None


def find_question(work: QuestionsWork, person: Person, args: Mapping[str, object]) -> Question:
    """The question that `args["question"]` names, if the person may know of it.

    Raises:
        NotFound: there is none, or it is not the person's business. The two are
            told apart for nobody.
    """
    question = work.questions.get(QuestionId(str(args.get("question", ""))))
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


def find_article(work: QuestionsWork, person: Person, args: Mapping[str, object]) -> Article:
    """The article that `args["article"]` names, as far as merges lead.

    Raises:
        NotFound: there is none in the person's workspace.
    """
    article = work.articles.get(ArticleId(str(args.get("article", ""))))
    hops = 0
    while article is not None and article.merged_into is not None and hops < 10:
        article = work.articles.get(article.merged_into)
        hops += 1
    if article is None or article.workspace != person.workspace:
        raise NotFound("I could not find that FAQ entry any more.")
    return article


def require_steward(work: QuestionsWork, person: Person, article: Article) -> None:
    """Raises NotAllowed unless the person curates the article's topic."""
    if not is_steward(person, topic_of(work, article)):
        raise NotAllowed("Only the steward of this topic can do this.")


def stewards_of(work: QuestionsWork, question: Question | Article) -> list[Person]:
    """Who looks after a question's topic: its steward, else the community managers."""
    topic = topic_of(work, question)
    if topic is not None and topic.steward is not None:
        steward = work.people.get(topic.steward)
        if steward is not None and steward.active:
            return [steward]
    return [p for p in work.people.everybody(question.workspace) if may(p, Right.CURATE)]


def find_topic(work: QuestionsWork, person: Person, args: Args) -> Topic:
    """Raises NotFound unless `args["topic"]` is a topic of the person's workspace."""
    topic = work.topics.get(person.workspace, TopicId(str(args.get("topic", ""))))
    if topic is None:
        raise NotFound("I could not find that topic any more.")
    return topic

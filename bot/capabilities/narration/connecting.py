"""What a narration has to do with others', told to its author alone; and introductions, for
which both have to say yes. No word of a private draft is shown to anybody."""

from collections.abc import Sequence
from dataclasses import replace

from bot.attention import Wish, book
from bot.capabilities.narration import messages
from bot.capabilities.narration.access import find_readable, find_topic, named
from bot.capabilities.narration.model import (
    NEAR,
    READ,
    Introduction,
    Meeting,
    Narration,
    Scope,
    allows,
)
from bot.capabilities.narration.work import NarrationWork
from bot.context import Context
from bot.errors import NotFound
from bot.ids import PersonId
from bot.inbound import Command
from bot.message import Part, say
from bot.outbox import Letter, Priority, ToPerson
from bot.people import Person, local
from bot.reply import Reply
from bot.search import Entry, TextIndex

MOST_NEAR = 2
MOST_HITS = 10
"""Several of them may be of one author, to whom one is introduced once."""


def near_draft(
    context: Context, work: NarrationWork, person: Person, narration: Narration
) -> Sequence[Part]:
    """The same for a draft, whose author allows that it is compared."""
    if not allows(work.narrations.ledger(person.id), Scope.MATCH_DRAFTS):
        return ()
    return near(context, work, person, narration)


def near(
    context: Context, work: NarrationWork, person: Person, narration: Narration
) -> Sequence[Part]:
    """Who has written about the same, what is in the FAQ about it, what is asked openly, and
    whether people know about its topic."""
    text, here = narration.text, person.workspace
    shared = {
        each.id: each for each in work.narrations.shared_with(person.id, READ, is_matched=True)
    }
    index = TextIndex()
    for each in shared.values():
        index.add(Entry(each.id, "", each.text))
    hits = [shared[hit.id] for hit in index.search(text, MOST_HITS) if hit.score >= NEAR]
    authors = {p.id: p for p in work.people.several({each.author for each in hits}) if p.active}
    alike = list(
        {
            each.author: (each, authors[each.author])
            for each in reversed(hits)
            if each.author in authors
        }.values()
    )[::-1][:MOST_NEAR]
    asked = {one.question: one for one in work.kin.open_questions(person.id, here, READ)}
    index = TextIndex()
    for one in asked.values():
        index.add(Entry(one.question, one.text))
    questions = [asked[hit.id] for hit in index.search(text, MOST_NEAR) if hit.score >= NEAR]
    articles = []
    for suggestion in work.memory.suggest(work, here, text)[:MOST_NEAR]:
        title = work.kin.published(here, suggestion.article)
        if title is not None:
            articles.append((suggestion.article, title))
    topic = find_topic(work, person, narration.topic or "")
    if topic is not None and not work.communities.is_known(person.id, here, topic.id):
        topic = None
    today = local(person, context.now).date()
    return messages.near(alike, articles, questions, topic, today)


def _asking_key(introduction: Introduction) -> str:
    """Of the letter that asks the other."""
    return f"narration:introduce:{introduction.id}"


def unask(work: NarrationWork, actor: PersonId, narration: str | None = None) -> None:
    """Take back what waits to be asked of or for somebody, over one narration or over any."""
    for introduction in work.narrations.introductions(actor):
        if introduction.state is Meeting.ASKED and narration in {None, introduction.narration}:
            work.outbox.cancel(introduction.workspace, _asking_key(introduction))


def introduce(context: Context, work: NarrationWork, command: Command) -> Reply:
    """*Introduce us*: the other one is asked, without a word of what the person wrote."""
    person = command.person
    theirs = find_readable(work, person, command.args)
    other = work.people.get(theirs.author)
    if theirs.author == person.id or other is None or not other.active:
        raise NotFound(messages.GONE)
    introduction = Introduction(
        id=context.new_id(),
        workspace=person.workspace,
        asker=person.id,
        asked=other.id,
        narration=theirs.id,
        asked_on=local(person, context.now).date(),
    )
    # Who does not want to be found any more is not asked, and the other hears nothing of it.
    is_found = allows(work.narrations.ledger(other.id), Scope.MATCH_SHARED)
    if is_found and work.narrations.introduce(introduction):
        letter = Letter(
            key=_asking_key(introduction),
            to=ToPerson(person=other.id),
            message=messages.may_introduce(introduction, person, theirs),
            kind="narration.introduce",
            priority=Priority.TIP,
            because=messages.because_introduced(person),
        )
        book(context, work, [Wish(other, letter)])
    return Reply(message=say(messages.INTRODUCTION_ASKED))


def meet(_context: Context, work: NarrationWork, command: Command) -> Reply:
    """*Yes, introduce us*: now both know."""
    person = command.person
    introduction, asker = _asked(work, command)
    if not work.narrations.answer_introduction(replace(introduction, state=Meeting.MET)):
        return Reply(message=say(messages.ANSWERED_ALREADY), replace=True)
    theirs = work.narrations.get(person.id, introduction.narration)
    if theirs is None or not asker.active:
        return Reply(message=say(messages.GONE), replace=True)
    work.outbox.post(
        person.workspace,
        Letter(
            key=f"narration:met:{introduction.id}",
            to=ToPerson(person=asker.id),
            message=messages.met(person, theirs),
            kind="narration.met",
            priority=Priority.ANSWER,
        ),
    )
    return Reply(message=messages.met(asker, theirs), replace=True)


def decline(_context: Context, work: NarrationWork, command: Command) -> Reply:
    """*No, thank you*: who asked hears nothing of it."""
    introduction, _ = _asked(work, command)
    if not work.narrations.answer_introduction(replace(introduction, state=Meeting.DECLINED)):
        return Reply(message=say(messages.ANSWERED_ALREADY), replace=True)
    return Reply(message=say(messages.DECLINED), replace=True)


def _asked(work: NarrationWork, command: Command) -> tuple[Introduction, Person]:
    person = command.person
    found = work.narrations.introduction(person.id, named(command.args, "introduction"))
    asker = work.people.get(found.asker) if found is not None else None
    if found is None or found.asked != person.id or asker is None:
        raise NotFound(messages.GONE)
    return found, asker

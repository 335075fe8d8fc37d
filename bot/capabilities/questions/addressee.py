"""Whom plain words in a direct message are for.

Most people answer where they stand, without opening a thread. What somebody writes while a
colleague waits for it goes to that colleague; where more than one thing can be meant they are
asked what it is, before the words go anywhere. That holds above all for who asked without a
name: taken for a question of their own, the words would show it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.capabilities.questions import messages
from bot.capabilities.questions.access import find_question, require_asker, words_in
from bot.capabilities.questions.answer import ask_back, give
from bot.capabilities.questions.ask import add, takes_more
from bot.capabilities.questions.model import (
    FOLLOW_THROUGH_ENDS,
    FOLLOW_UP_DAYS,
    LOOKING_STATES,
    Question,
    State,
    TurnKind,
    Visibility,
)
from bot.capabilities.questions.offer import refuse_own
from bot.capabilities.questions.step import holder_name
from bot.capabilities.questions.talk import begins_as_question
from bot.capabilities.questions.work import QuestionsWork
from bot.context import Context
from bot.inbound import Command
from bot.message import Message, say
from bot.people import Person
from bot.reply import Reply

ASKED_LAST = 20
"""Questions of one's own among which those are looked for that wait for one's word."""
ANSWER_WAITS = timedelta(days=1)
"""So long after an answer, words without a question are taken for what the asker says to it."""


@dataclass(frozen=True, slots=True)
class Talk:
    """Somebody's own question that more words of theirs may be about.

    `is_asked`: a colleague asked back and waits. `is_told`: an answer has come, just now and
    without a word from the asker since. `is_begun`: a colleague has said something at all.
    """

    question: Question
    is_asked: bool
    is_told: bool
    is_begun: bool

    @property
    def is_unnamed(self) -> bool:
        return self.question.visibility is Visibility.ANONYMOUS


def talks_of(work: QuestionsWork, person: Person, context: Context) -> list[Talk]:
    """The person's own questions that their words may be about, oldest first.

    Of those without their name all that still take words, as long as they are open or were
    settled in the last days; of the others those of which somebody waits for a word.
    """
    now, workspace = context.now, person.workspace
    hidden = work.questions.unnamed(workspace, now - timedelta(days=FOLLOW_UP_DAYS))
    behind = work.relay.behind(person.id, [question.subject for question in hidden])
    unnamed = [
        _talk(work, question, now)
        for question in hidden
        if question.subject in behind
        and takes_more(context, question)
        and (question.is_open or now - question.changed_at <= FOLLOW_THROUGH_ENDS)
    ]
    asked = [
        _talk(work, question, now)
        for question in reversed(work.questions.asked_by(person.id, ASKED_LAST))
        if question.state in {State.CLAIMED, State.ANSWERED}
    ]
    return [*unnamed, *(talk for talk in asked if talk.is_asked or talk.is_told)]


def _talk(work: QuestionsWork, question: Question, now: datetime) -> Talk:
    turns = work.questions.turns(question.id)
    last = turns[-1] if turns else None
    asked = question.state is State.CLAIMED and last is not None
    told = question.state is State.ANSWERED and last is not None
    return Talk(
        question,
        is_asked=asked and last is not None and last.kind is TurnKind.ASK_BACK,
        is_told=told
        and last is not None
        and last.kind is TurnKind.ANSWER
        and now - last.at <= ANSWER_WAITS,
        is_begun=any(turn.author is not None for turn in turns),
    )


def is_asked_back(context: Context, work: QuestionsWork, person: Person) -> bool:
    """Whether a colleague waits for any word of the person, be it “ok”."""
    return any(talk.is_asked for talk in talks_of(work, person, context))


def hear_direct(
    context: Context, work: QuestionsWork, command: Command, words: str
) -> Reply | None:
    """Plain words in a direct message of somebody who has a question before them, or has asked.

    The answer to the one question that they took, or the reply to the one colleague who
    waits for it; where it is not clear they are asked what it is. None when the words have
    nothing to do with any question.
    """
    asking = begins_as_question(words)
    held = [q for q in work.questions.held_by(command.person.id) if q.state is State.CLAIMED]
    offered = [q for q in work.questions.offered_to(command.person.id) if q.state in LOOKING_STATES]
    of_others = held or ([] if asking else offered)
    talks = talks_of(work, command.person, context)
    # Words that ask are a question of one's own, unless somebody has asked for them, or could
    # learn from them who has asked.
    own = [
        talk for talk in talks if not asking or talk.is_asked or (talk.is_unnamed and talk.is_begun)
    ]
    if not asking and len(own) == 1 and not of_others and (own[0].is_asked or own[0].is_told):
        return Reply(message=pass_on_words(context, work, own[0].question, words))
    if not asking and len(held) == 1 and not own:
        give(context, work, held[0], command.person, words)
        return Reply(message=say(messages.sent_to(held[0])))
    if not own and not of_others:
        return None
    return Reply(message=messages.which_question(_own_first(own), of_others, words, asking=asking))


def _own_first(own: Sequence[Talk]) -> list[Question]:
    """Those of which somebody waits for a word stand first."""
    waiting = sorted(own, key=lambda talk: not (talk.is_asked or talk.is_told))
    return [talk.question for talk in waiting]


def pass_on_words(context: Context, work: QuestionsWork, question: Question, words: str) -> Message:
    """The asker's words, for whoever has the question; what the asker is told.

    Raises:
        Invalid: no words, too many, or an anonymous asker's own name is in them.
    """
    heard = add(context, work, question, words)
    question = work.questions.get(question.id) or question
    reached = holder_name(work, question) if heard == messages.FOLLOW_UP_SENT else None
    return messages.passed_on(question, reached)


def give_words(context: Context, work: QuestionsWork, command: Command) -> Reply:
    """*Answer to question 7*, under words said before."""
    question = find_question(work, command.person, command.args)
    refuse_own(work, command.person, question)
    give(context, work, question, command.person, words_in(command.args))
    return Reply(message=say(messages.sent_to(question)), replace=True)


def ask_back_words(context: Context, work: QuestionsWork, command: Command) -> Reply:
    """*Ask back about question 7*, under words said before."""
    question = find_question(work, command.person, command.args)
    refuse_own(work, command.person, question)
    ask_back(context, work, question, command.person, words_in(command.args))
    return Reply(message=say(messages.ASKED_BACK), replace=True)


def reply_words(context: Context, work: QuestionsWork, command: Command) -> Reply:
    """*For my question 7*, under words said before."""
    question = find_question(work, command.person, command.args)
    require_asker(work, command.person, question)
    passed = pass_on_words(context, work, question, words_in(command.args))
    return Reply(message=passed, replace=True)

"""Where a narration stands for others: posted, changed everywhere, and taken back everywhere."""

from collections.abc import Sequence

from bot.attention import Wish, book
from bot.capabilities.narration import messages
from bot.capabilities.narration.connecting import unask
from bot.capabilities.narration.digesting import redo
from bot.capabilities.narration.model import NARRATION, Narration, Reach, State
from bot.capabilities.narration.reminding import forget
from bot.capabilities.narration.work import NarrationWork
from bot.context import Context
from bot.ids import PersonId
from bot.message import Message
from bot.outbox import Letter, Priority, To, ToPerson, ToPlace
from bot.people import Person

KIND = "narration.post"


def told_whom(work: NarrationWork, person: Person, narration: Narration) -> str:
    """With whom the person's own is shared, in words."""
    reach = narration.reach or Reach.PEOPLE
    names: Sequence[str] = ()
    if reach is Reach.PEOPLE:
        ids = work.narrations.readers(person.id, narration.id)
        names = sorted(p.name for p in work.people.several(ids)) or [messages.SOMEBODY]
    topic = work.topics.get(person.workspace, narration.topic) if narration.topic else None
    return messages.whom(reach, names, topic, channel_of(work, person, narration.conversation))


def channel_of(
    work: NarrationWork, person: Person, conversation: str | None
) -> tuple[str, str] | None:
    """Address and name of a conversation where the person is, for words about it."""
    if conversation is None:
        return None
    known = work.memberships.known(person.workspace, conversation)
    return conversation, (known.name or "") if known else ""


def publish(
    context: Context,
    work: NarrationWork,
    author: Person,
    narration: Narration,
    readers: Sequence[Person],
) -> None:
    """Post it to the channel, or hand it to those who were named, as far as they let themselves
    be told today: they find it among what was shared with them in any case. To a topic and to
    everybody nothing is posted."""
    if narration.reach is Reach.CHANNEL and narration.conversation is not None:
        to: To = ToPlace(conversation=narration.conversation)
        letter = _letter(narration, _place_key(narration), to, messages.posted(narration, author))
        work.outbox.post(narration.workspace, letter)
    if narration.reach is Reach.PEOPLE:
        message = messages.handed(narration, author)
        because = messages.because_named(author)
        book(
            context,
            work,
            [
                Wish(
                    reader,
                    _letter(
                        narration, _key(narration, reader.id), ToPerson(person=reader.id), message
                    ).model_copy(update={"priority": Priority.PROMPT, "because": because}),
                )
                for reader in readers
            ],
        )


def _letter(
    narration: Narration, key: str, to: To, message: Message, edits: str | None = None
) -> Letter:
    return Letter(
        key=key,
        to=to,
        message=message,
        kind=KIND,
        priority=Priority.ANSWER,
        about=f"{NARRATION}{narration.id}",
        edits=edits,
    )


def _place_key(narration: Narration) -> str:
    return f"narration:{narration.id}:place"


def _key(narration: Narration, reader: PersonId) -> str:
    return f"narration:{narration.id}:to:{reader}"


def _stands(work: NarrationWork, narration: Narration) -> list[tuple[str, To]]:
    """The keys under which it was posted, and to whom."""
    if narration.reach is Reach.CHANNEL and narration.conversation is not None:
        return [(_place_key(narration), ToPlace(conversation=narration.conversation))]
    if narration.reach is Reach.PEOPLE:
        readers = work.narrations.readers(narration.author, narration.id)
        return [(_key(narration, reader), ToPerson(person=reader)) for reader in readers]
    return []


def repost(context: Context, work: NarrationWork, author: Person, narration: Narration) -> None:
    """Put its new words wherever the old ones stand."""
    message = (
        messages.posted(narration, author)
        if narration.reach is Reach.CHANNEL
        else messages.handed(narration, author)
    )
    for key, to in _stands(work, narration):
        _replace(work, narration, key, to, message, f"v{narration.version}")
    redo(context, work, work.narrations.digests_with(narration.id))


def _replace(
    work: NarrationWork, narration: Narration, key: str, to: To, message: Message, what: str
) -> None:
    edit = _letter(narration, f"{key}:{what}", to, message, edits=key)
    work.outbox.post(narration.workspace, edit)
    work.outbox.forget(narration.workspace, [key])


def take_back_all(
    context: Context, work: NarrationWork, author: Person, instead: Message | None = None
) -> None:
    """Withdraw all that the person has shared."""
    while found := work.narrations.own(author.id, [State.SHARED], 100):
        for narration in found:
            take_back(context, work, narration, instead)


def take_back(
    context: Context, work: NarrationWork, narration: Narration, instead: Message | None = None
) -> None:
    """Withdraw it: it is nowhere any more, and nothing is kept of it, nor of whom it was shared
    with. `instead` stands where it stood."""
    stood = _stands(work, narration)
    unask(work, narration.author, narration.id)
    digests = work.narrations.delete(narration)
    message = instead or messages.withdrawn_post()
    for key, to in stood:
        work.outbox.cancel(narration.workspace, key)
        _replace(work, narration, key, to, message, "back")
    redo(context, work, digests)
    forget(context, work, narration)

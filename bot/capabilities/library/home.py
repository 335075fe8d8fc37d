"""What the library shows a person on their own page, what it holds about them, and what is left."""

from collections.abc import Sequence

from bot.capabilities.library import messages
from bot.capabilities.library.caring import count_waiting
from bot.capabilities.library.reading import titles_of
from bot.capabilities.library.work import LibraryWork
from bot.context import Context
from bot.message import Part
from bot.page import Section
from bot.people import Person


def home(_context: Context, work: LibraryWork, person: Person) -> Sequence[Section]:
    """What could be clearer in the topics that the person looks after."""
    return [messages.home(count_waiting(work, person))]


def about_me(_context: Context, work: LibraryWork, person: Person) -> Sequence[Part]:
    """What the library holds about this person, for this person."""
    return messages.about_me(titles_of(work, person.workspace, person.id))


def farewell(_context: Context, work: LibraryWork, person: Person) -> None:
    """A person has left: they are told of nothing, and what they wrote stays without their
    name."""
    work.library.forget(person.id)
    work.packs.detach(person.workspace, person.id)

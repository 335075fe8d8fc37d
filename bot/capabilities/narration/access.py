"""Who may see and do what with narrations. Ids in buttons come back from a client.

No role gives any right here: a narration is its author's, and its readers' whom they chose.
"""

from collections.abc import Mapping

from bot.capabilities.narration import messages
from bot.capabilities.narration.model import Narration
from bot.capabilities.narration.work import NarrationWork
from bot.errors import NotFound
from bot.ids import TopicId
from bot.people import Person
from bot.topic import Topic


def named(args: Mapping[str, object], name: str) -> str:
    """The id that came back from a client under `name`; "" unless it can be one of ours.

    PostgreSQL refuses a NUL in a text, which no id of ours has.
    """
    value = args.get(name)
    return value if isinstance(value, str) and value.isprintable() else ""


def find_own(work: NarrationWork, person: Person, args: Mapping[str, object]) -> Narration:
    """The narration that `args["narration"]` names, if the person wrote it.

    Raises:
        NotFound: there is none, or it is somebody else's. The two are told apart for nobody.
    """
    found = find_readable(work, person, args)
    if found.author != person.id:
        raise NotFound(messages.GONE)
    return found


def find_readable(work: NarrationWork, person: Person, args: Mapping[str, object]) -> Narration:
    """The same, if the person wrote it or it was shared with them.

    Raises:
        NotFound: as above.
    """
    found = work.narrations.get(person.id, named(args, "narration"))
    if found is None or found.workspace != person.workspace:
        raise NotFound(messages.GONE)
    return found


def find_topic(work: NarrationWork, person: Person, id_: str) -> Topic | None:
    """The topic of that id in the person's workspace."""
    return work.topics.get(person.workspace, TopicId(id_)) if id_ else None

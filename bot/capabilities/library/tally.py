"""How the questions of a quiz do, for whoever looks after its topic (domain.md 1.10 and 9.1)."""

from bot.capabilities.library import messages
from bot.capabilities.library.access import is_steward, looked_after, page_of
from bot.capabilities.library.model import Standing
from bot.capabilities.library.thing import family_of
from bot.capabilities.library.watching import flags_of
from bot.capabilities.library.work import LibraryWork
from bot.context import Context
from bot.errors import NotFound
from bot.ids import TopicId
from bot.inbound import Command, named
from bot.pack.flag import GOOD, FlagKind
from bot.pack.model import Quiz
from bot.pack.statistic import SHOWN_FROM, item_statistics
from bot.people import Person
from bot.reply import Reply

ITEMS_A_PAGE = 4
_ORDER = list(FlagKind)


def quizzes_of(work: LibraryWork, person: Person) -> list[Quiz]:
    """The quizzes of the topics that a person looks after."""
    topics = looked_after(work, person)
    every = [kept.value for kept in work.packs.quizzes(person.workspace)]
    return [quiz for quiz in every if topics is None or quiz.topic in topics]


def items(_context: Context, work: LibraryWork, command: Command) -> Reply:
    """*How its questions do*: a page of the items of a quiz, the worst first. Nothing is told of
    an item that fewer than ten people were asked."""
    id_ = named(command.args, "quiz") or named(command.args, "choice")
    workspace = command.person.workspace
    kept = work.packs.quiz(workspace, id_) if id_ else None
    if kept is None or not is_steward(work, command.person, TopicId(kept.value.topic)):
        raise NotFound(messages.NO_ISSUE)
    quiz = kept.value
    answers = work.library.given(workspace, quiz.id)
    cold = item_statistics(answers.cold)
    flags = [flag for _, flag in flags_of(work, workspace, quiz, answers, cold)]
    answered = {name.partition("@")[0] for name in cold}
    found = []
    for item in quiz.items:
        if item.id not in answered:
            continue
        known = cold.get(f"{item.id}@{family_of(work, workspace, item)}")
        if known is not None and known.n >= SHOWN_FROM:
            about = f"item:{item.id}"
            found.append(Standing(item, known, [f.kind for f in flags if f.about == about]))
    found.sort(key=_worst_first)
    last = max(0, (len(found) - 1) // ITEMS_A_PAGE)
    page = min(page_of(command.args), last)
    some = found[page * ITEMS_A_PAGE : (page + 1) * ITEMS_A_PAGE]
    told = messages.items(quiz, some, page, last, untold=len(quiz.items) - len(found))
    return Reply(message=told, replace="page" in command.args)


def _worst_first(standing: Standing) -> tuple[int, float, float]:
    bad = [_ORDER.index(kind) for kind in standing.flags if kind not in GOOD]
    apart = standing.known.discrimination
    return (
        min(bad, default=len(_ORDER)),
        apart.value if apart is not None else 100.0,
        standing.known.facility.value,
    )

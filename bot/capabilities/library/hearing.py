"""What the library hears of questions: which were asked about what is written, and what settled
them. Timers that are due at once bring it here, in transactions of their own."""

from bot.capabilities.library.step import keep_watch, look_at_section, things_behind
from bot.capabilities.library.work import LibraryWork
from bot.context import Context
from bot.ids import ArticleId, QuestionId, WorkspaceId
from bot.pack.about import id_of, read_about
from bot.ports import Timer


def asked(context: Context, work: LibraryWork, timer: Timer) -> None:
    """Somebody asked a question about a thing. `heard`: their tap was counted already."""
    workspace = WorkspaceId(str(timer.args["workspace"]))
    question = QuestionId(str(timer.args["question"]))
    about = read_about(timer.args.get("about"))
    heard = timer.args.get("heard") is True
    for thing in things_behind(work, workspace, about):
        work.library.note_question(workspace, thing, question, context.now, counts=not heard)
        if id_of(thing, "section"):
            look_at_section(context, work, workspace, thing)
    keep_watch(context, work, workspace)


def answered(context: Context, work: LibraryWork, timer: Timer) -> None:
    """An answer to such a question was accepted and is kept in the FAQ: it stands under the
    thing for the next one who misses or reads it."""
    workspace = WorkspaceId(str(timer.args["workspace"]))
    question = QuestionId(str(timer.args["question"]))
    article = ArticleId(str(timer.args["article"]))
    for thing in read_about(timer.args.get("about")):
        work.library.attach(workspace, thing, question, article, context.now)

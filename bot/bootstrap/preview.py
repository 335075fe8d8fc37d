"""How what a pack holds will look, before anybody gets it."""

import json
from collections.abc import Iterator, Sequence
from datetime import date
from typing import TypeVar

from bot.bootstrap.authoring import pieces_of
from bot.capabilities.library import messages as library
from bot.capabilities.library.model import Below
from bot.capabilities.quizzes.messages import Place, question, question_form
from bot.capabilities.quizzes.show import ask
from bot.capabilities.tips import messages as tips
from bot.capabilities.tips.course import entry_of
from bot.capabilities.tips.model import Pick
from bot.errors import Invalid, NotFound
from bot.form import Form
from bot.ids import AttemptId, TopicId, WorkspaceId
from bot.message import Message, Note, say
from bot.pack.document import Prompt
from bot.pack.item import Branching, Item, Matching, Numeric, Ordering, ShortText
from bot.pack.markdown import pages_of
from bot.pack.markup import bare, rich
from bot.pack.model import Kind, Quiz, Section, Tip
from bot.plain import render_plain
from bot.topic import Topic
from content.load import Loaded

P = TypeVar("P", Section, Tip, Prompt)
PLATFORMS = ("text", "slack", "teams")
_SEED = bytes(32)
"""Options stand in the same order every time."""
_DAY = date(2026, 1, 1)
"""The same for the questions of tips."""


def show(packs: Sequence[Loaded], kind: Kind, id_: str, platform: str) -> str:
    """An item, tip, section or prompt as people get it: in words, or as what is sent to Slack
    or Teams. A tip comes in each of its wordings and with its questions, a section page by page.

    Raises:
        NotFound: the packs have no such thing.
        Invalid: it has no beginning.
    """
    shown: list[Message | Form]
    match kind:
        case Kind.ITEM:
            shown = list(_item(packs, id_, plain=platform == "text"))
        case Kind.TIP:
            shown = list(_tip(packs, id_))
        case Kind.SECTION:
            shown = list(_section(packs, id_))
        case Kind.PROMPT:
            shown = list(_prompt(packs, id_))
        case _:
            raise NotFound(f"A {kind} is not one thing that people get.")
    if platform == "text":
        # What is asked in a form can be answered in words, and then there is no form.
        said = [render_plain(one) for one in shown if isinstance(one, Message)]
        return "\n\n----\n\n".join(said)
    drawn = [_draw(one, platform) for one in shown]
    return json.dumps(drawn if len(drawn) > 1 else drawn[0], indent=2, ensure_ascii=False)


def _item(packs: Sequence[Loaded], id_: str, *, plain: bool) -> Iterator[Message | Form]:
    quiz, found = _find_item(packs, id_)
    if isinstance(found, Branching) and found.start not in found.nodes:
        raise Invalid(f"The item '{id_}' begins at a node that there is not.")
    asking = ask(found, _SEED)
    place = Place(
        attempt=AttemptId("preview"),
        title=quiz.title,
        number=1,
        least=len(quiz.items),
        most=len(quiz.items),
        plain=plain,
    )
    yield question(asking, place)
    if isinstance(found, Ordering | Matching | Numeric | ShortText):
        yield question_form(asking, place, certainty=quiz.policy.confidence != "off")


def _tip(packs: Sequence[Loaded], id_: str) -> Iterator[Message]:
    found = _find(packs, Tip, id_)
    topic = _topic_of(packs, found.topic)
    entry = entry_of(found)
    first = Pick(id_, topic.id, 0, _DAY, asks=False, letter="preview", why="", is_new=True)
    for variant in range(len(entry.wordings)):
        yield tips.tip(entry, first._replace(variant=variant), topic)
    asked = []
    for variant in entry.asking:
        check = entry.wordings[variant].check
        if check is not None and check not in asked:
            asked.append(check)
            pick = first._replace(variant=variant, asks=True, is_new=False)
            yield tips.question(entry, check, pick, topic)


def _section(packs: Sequence[Loaded], id_: str) -> Iterator[Message]:
    found = _find(packs, Section, id_)
    pages = pages_of(found.body)
    below = Below(answers=(), ask={}, listens=False, is_steward=False)
    for page, parts in enumerate(pages):
        last = page == len(pages) - 1
        yield library.section(found, parts, page, len(pages), below if last else None)


def _prompt(packs: Sequence[Loaded], id_: str) -> Iterator[Message]:
    found = _find(packs, Prompt, id_)
    asked = [field.replace("_", " ").capitalize() for field in found.fields]
    hint = [Note(text=rich(found.hint))] if found.hint else []
    fields = [Note(text=" · ".join(asked))] if asked else []
    yield say(rich(found.text), *hint, *fields, summary=bare(found.text))


def _draw(shown: Message | Form, platform: str) -> object:
    if isinstance(shown, Form):
        return shown.model_dump(mode="json")
    # A worker and a check need neither adapter.
    if platform == "slack":
        from adapters.slack.render import render_message  # noqa: PLC0415
        from adapters.slack.wording import Wording  # noqa: PLC0415

        rendered = render_message(shown, Wording(commands={}, words=frozenset()))
        return {"text": rendered.text, "blocks": rendered.blocks}
    from adapters.teams.render import render_message as render  # noqa: PLC0415
    from adapters.teams.wording import Wording as TeamsWording  # noqa: PLC0415

    return render(shown, TeamsWording(words=frozenset())).card


def _find(packs: Sequence[Loaded], kind: type[P], id_: str) -> P:
    for value in pieces_of(packs):
        if isinstance(value, kind) and value.id == id_:
            return value
    raise NotFound(f"There is no {kind.__name__.lower()} '{id_}' in these packs.")


def _find_item(packs: Sequence[Loaded], id_: str) -> tuple[Quiz, Item]:
    for value in pieces_of(packs):
        if isinstance(value, Quiz):
            for each in value.items:
                if each.id == id_:
                    return value, each
    raise NotFound(f"There is no item '{id_}' in these packs.")


def _topic_of(packs: Sequence[Loaded], id_: str) -> Topic:
    titles = {topic.id: topic.title for loaded in packs for topic in loaded.pack.topics}
    return Topic(TopicId(id_), WorkspaceId("preview"), titles.get(TopicId(id_), id_))

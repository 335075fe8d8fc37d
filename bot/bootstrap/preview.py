"""How what a pack holds will look, before anybody gets it."""

import json
from collections.abc import Iterable

from bot.bootstrap.authoring import contents_of
from bot.capabilities.quizzes.messages import Place, question, question_form
from bot.capabilities.quizzes.show import ask
from bot.errors import NotFound
from bot.ids import AttemptId
from bot.message import Message
from bot.pack.item import Item, Matching, Numeric, Ordering, ShortText
from bot.pack.model import Quiz
from bot.plain import render_plain
from content.load import Loaded

PLATFORMS = ("text", "slack", "teams")
_SEED = bytes(32)
"""Options stand in the same order every time."""


def show_item(packs: Iterable[Loaded], item: str, platform: str) -> str:
    """An item as people get it: in words, or as what is sent to Slack or Teams.

    Raises:
        NotFound: the packs have no such item.
    """
    quiz, found = _find(packs, item)
    asking = ask(found, _SEED)
    place = Place(
        attempt=AttemptId("preview"),
        title=quiz.title,
        number=1,
        least=len(quiz.items),
        most=len(quiz.items),
        plain=platform == "text",
    )
    shown: list[object] = [_show(question(asking, place), platform)]
    if platform != "text" and isinstance(found, Ordering | Matching | Numeric | ShortText):
        form = question_form(asking, place, certainty=quiz.policy.confidence != "off")
        shown.append(form.model_dump(mode="json"))
    if platform == "text":
        return str(shown[0])
    return json.dumps(shown if len(shown) > 1 else shown[0], indent=2, ensure_ascii=False)


def _show(message: Message, platform: str) -> object:
    # A worker and a check need neither adapter.
    match platform:
        case "slack":
            from adapters.slack.render import render_message  # noqa: PLC0415
            from adapters.slack.wording import Wording  # noqa: PLC0415

            rendered = render_message(message, Wording(commands={}, words=frozenset()))
            return {"text": rendered.text, "blocks": rendered.blocks}
        case "teams":
            from adapters.teams.render import render_message as render  # noqa: PLC0415
            from adapters.teams.wording import Wording as TeamsWording  # noqa: PLC0415

            return render(message, TeamsWording(words=frozenset())).card
        case _:
            return render_plain(message)


def _find(packs: Iterable[Loaded], item: str) -> tuple[Quiz, Item]:
    for value in contents_of(packs):
        if isinstance(value, Quiz):
            for each in value.items:
                if each.id == item:
                    return value, each
    raise NotFound(f"There is no item '{item}' in these packs.")

"""What the Connector would not take of an activity, told by what Microsoft has published.

Known by themselves and not by the adapter's own `limits`: what is wrong in both would not show.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

LARGEST = 100_000
"""Bytes of an activity in UTF-16, "approximately 100 KB"."""
CARD = "application/vnd.microsoft.card.adaptive"
NEWEST = (1, 5)

_ACTIVITY = frozenset(
    {"type", "id", "text", "textFormat", "summary", "speak", "inputHint", "attachments",
     "attachmentLayout", "entities", "channelData", "channelId", "serviceUrl", "from",
     "recipient", "conversation", "replyToId", "locale", "importance", "suggestedActions"}
)  # fmt: skip
_ACTIONS = frozenset(
    {"Action.Execute", "Action.OpenUrl", "Action.ShowCard", "Action.Submit",
     "Action.ToggleVisibility"}
)  # fmt: skip
_ELEMENTS = frozenset(
    {"ActionSet", "AdaptiveCard", "Column", "ColumnSet", "Container", "FactSet", "Image",
     "ImageSet", "Input.ChoiceSet", "Input.Date", "Input.Number", "Input.Text", "Input.Time",
     "Input.Toggle", "RichTextBlock", "TextBlock", "TextRun"}
)  # fmt: skip
_BELOW = ("actions", "body", "card", "columns", "fallback", "images", "inlineAction", "inlines",
          "items", "selectAction")  # fmt: skip


def size_of(activity: Mapping[str, Any]) -> int:
    """Bytes in UTF-16."""
    return len(json.dumps(activity, ensure_ascii=False).encode("utf-16-le", "surrogatepass"))


def check_activity(activity: object) -> list[str]:
    """What is wrong with an activity that is sent; nothing if nothing is."""
    if not isinstance(activity, Mapping):
        return ["not an object"]
    faults = [f"unknown property: {name}" for name in sorted(activity.keys() - _ACTIVITY)]
    if activity.get("type") not in {"message", "typing"}:
        faults.append(f"type: {activity.get('type')}")
    attachments = activity.get("attachments") or []
    if activity.get("type") == "message" and not (activity.get("text") or attachments):
        faults.append("nothing is said")
    if activity.get("textFormat", "plain") not in {"plain", "markdown", "xml"}:
        faults.append("textFormat")
    for attachment in attachments:
        if attachment.get("contentType") != CARD:
            faults.append(f"contentType: {attachment.get('contentType')}")
        else:
            faults.extend(check_card(attachment.get("content")))
    for entity in activity.get("entities") or []:
        is_mention = entity.get("type") == "mention"
        if is_mention and str(entity.get("text")) not in (activity.get("text") or ""):
            faults.append("mention whose text is not said")
    return faults


def check_card(card: object) -> list[str]:
    """What is wrong with an Adaptive Card."""
    if not isinstance(card, Mapping) or card.get("type") != "AdaptiveCard":
        return ["not a card"]
    faults = []
    version = str(card.get("version")).split(".")
    if not all(part.isdigit() for part in version) or tuple(map(int, version)) > NEWEST:
        faults.append(f"version: {card.get('version')}")
    ids = []
    for element, is_fallback in _walk(card, is_fallback=False):
        kind = str(element.get("type"))
        if kind not in _ELEMENTS | _ACTIONS:
            faults.append(f"unknown element: {kind}")
        faults.extend(_check_element(kind, element))
        if "id" in element and not is_fallback:
            ids.append(element["id"])
    faults.extend(_check_refresh(card.get("refresh")))
    twice = {str(id_) for id_ in ids if ids.count(id_) > 1}
    return faults + [f"id used twice: {id_}" for id_ in sorted(twice)]


def _check_refresh(refresh: Any) -> Iterator[str]:
    if refresh is None:
        return
    if refresh.get("action", {}).get("type") != "Action.Execute":
        yield "refresh without Action.Execute"
    users = refresh.get("userIds", [])
    if len(users) > 60:
        yield f"refresh for {len(users)} people"
    if not all(str(user).startswith(("29:", "8:orgid:")) for user in users):
        yield "refresh for nobody's id"


def _check_element(kind: str, element: Mapping[str, Any]) -> Iterator[str]:
    if kind.startswith("Input.") and not element.get("id"):
        yield f"input without id: {kind}"
    if kind in {"TextBlock", "TextRun"} and not isinstance(element.get("text"), str):
        yield f"{kind} without text"
    if kind in _ACTIONS and not element.get("title") and "iconUrl" not in element:
        yield f"action without title: {kind}"
    url = element.get("url")
    if kind in {"Action.OpenUrl", "Image"} and not str(url).startswith("https://"):
        yield f"url: {kind}"


def _walk(element: Any, *, is_fallback: bool) -> Iterator[tuple[Mapping[str, Any], bool]]:
    """The element and all within it; "drop" is a fallback that is none."""
    if not isinstance(element, Mapping):
        return
    # Columns and runs of text may leave out what they are.
    yield element, is_fallback
    for name in _BELOW:
        below = element.get(name)
        for each in below if isinstance(below, list) else [below]:
            if isinstance(each, Mapping):
                told = {"type": _IMPLIED[name], **each} if name in _IMPLIED else each
                yield from _walk(told, is_fallback=is_fallback or name == "fallback")
            elif isinstance(each, str) and name == "inlines":
                yield {"type": "TextRun", "text": each}, is_fallback


_IMPLIED = {"columns": "Column", "images": "Image", "inlines": "TextRun"}

"""What people typed, out of what Teams makes of it. Pure.

Teams tells the words of a message as plain text with mentions as `<at>Name</at>`, and those of a
message that somebody points at as HTML. Here each becomes what its writer saw.
https://learn.microsoft.com/microsoftteams/platform/bots/how-to/conversations/channel-and-group-conversations
"""

import html
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.mention import cut_mentions

_AT = re.compile(r"<at(?: [^<>]*)?>([^<>]*)</at>", re.IGNORECASE)
_AT_ID = re.compile(r'<at id="([^"<>]{1,20})">[^<>]{0,300}</at>')
_TAG = re.compile(r"<(?:(/?)([a-zA-Z][a-zA-Z0-9]*)([^<>]*)|[!?][^<>]*)>")
_ATTRIBUTE = re.compile(r'(?<![\w-])(alt|href)="([^"]*)"')
_OURS = "\0"
"""What stands for a mention of us while a text is read; no text that is kept has it."""
_BLANKS = re.compile(r"[^\S\n]+")
_EMPTY_LINES = re.compile(r"\n{3,}")
_SURROGATE = re.compile("[\ud800-\udfff]")
_ENTITY = re.compile(r"&(nbsp|lt|gt|quot|apos|#39|amp);")
_ENTITIES = {"nbsp": " ", "lt": "<", "gt": ">", "quot": '"', "apos": "'", "#39": "'", "amp": "&"}

_QUOTED = re.compile(r"<quoted(?: [^<>]*)?/>", re.IGNORECASE)
_REPLY = re.compile(
    r'<blockquote\b(?=[^>]*\bitemtype="https?://schema\.skype\.com/Reply")'
    r'[^>]*\bitemid="([0-9]{1,20})"'
)
_ID = re.compile(r"[0-9]{1,20}")

_BLOCKS = frozenset(
    {"blockquote", "div", "h1", "h2", "h3", "h4", "h5", "h6", "ol", "p", "pre", "table", "tr", "ul"}
)
_UNSEEN = frozenset({"head", "script", "style", "template", "title"})


@dataclass(frozen=True, slots=True)
class Speech:
    """Words as they were said. `mentioned`: the bot was named in them; `addressed`: not only in
    passing (see `bot.mention`)."""

    words: str
    mentioned: bool = False
    addressed: bool = True


def read_speech(text: str, entities: Iterable[object], bot: str) -> Speech:
    """The words behind a message's text. `entities` are the activity's, `bot` is our id there.

    Whom a mention means its entity says, in the order of the text: somebody may be called as
    we are. Everybody else is called by their name.
    """
    text, is_mentioned = text.replace(_OURS, ""), False
    for entity in entities:
        if not isinstance(entity, Mapping) or entity.get("type") != "mention":
            continue
        start, end, name = _find_mention(text, entity)
        ours = _id_of(entity) == bot
        is_mentioned = is_mentioned or ours
        if ours and end:
            text = text[:start] + _OURS + text[end:]
        elif end:
            text = f"{text[:start]}@{name}{text[end:]}"
    text = _QUOTED.sub("", text)
    shown = _ENTITY.sub(lambda found: _ENTITIES[found[1]], _AT.sub(r"@\1", text))
    pieces = shown.replace("\r\n", "\n").replace("\xa0", " ").split(_OURS)
    words, is_addressed = cut_mentions(pieces)
    return Speech(clean(words).strip(), is_mentioned, is_addressed)


def read_quoted(attachments: Iterable[object], entities: Iterable[object]) -> str | None:
    """The id of the message that words were a reply to, in a chat, where Teams has no threads but
    quotes the message; None where they quote none.

    Teams says it in the words' HTML, and newer ones in an entity as well.
    """
    for entity in entities:
        if isinstance(entity, Mapping) and entity.get("type") == "quotedReply":
            quoted = entity.get("quotedReply")
            id_ = quoted.get("messageId") if isinstance(quoted, Mapping) else None
            if isinstance(id_, str) and _ID.fullmatch(id_):
                return id_
    for attachment in attachments:
        if isinstance(attachment, Mapping) and attachment.get("contentType") == "text/html":
            content = attachment.get("content")
            found = _REPLY.match(content.lstrip()) if isinstance(content, str) else None
            if found is not None:
                return found[1]
    return None


def _find_mention(text: str, entity: Mapping[str, Any]) -> tuple[int, int, str]:
    """Where in the text the entity stands, and the name there; 0, 0 where it does not. In group
    chats Teams leaves out what its text is."""
    said = entity.get("text")
    if isinstance(said, str) and said:
        start = text.find(said)
        named = _AT.fullmatch(said)
        return (start, start + len(said), named[1] if named else said) if start >= 0 else (0, 0, "")
    mentioned = entity.get("mentioned")
    wanted = mentioned.get("name") if isinstance(mentioned, Mapping) else None
    for found in _AT.finditer(text):
        if html.unescape(found[1]) == wanted:
            return found.start(), found.end(), found[1]
    return 0, 0, ""


def _id_of(entity: Mapping[str, Any]) -> object:
    mentioned = entity.get("mentioned")
    return mentioned.get("id") if isinstance(mentioned, Mapping) else None


def read_html(text: str, ours: Collection[str] = ()) -> str:
    """The words of a message that is told as HTML, a line for each paragraph or point. `ours` are
    the ids of mentions of us, of which only those stay that the sentence needs.

    Reads what Teams writes, in time that grows with the length. Python's own parser of HTML
    needs ten seconds and more for some messages of 30,000 characters.
    """
    text = text.replace(_OURS, "")
    if ours:
        text = _AT_ID.sub(lambda found: _OURS if found[1] in ours else found[0], text)
    pieces: list[str] = []
    links: list[tuple[str, int]] = []
    unseen, at = 0, 0
    for tag in _TAG.finditer(text):
        if not unseen:
            pieces.append(html.unescape(text[at : tag.start()]))
        at = tag.end()
        is_end, name, rest = bool(tag[1]), (tag[2] or "").lower(), tag[3] or ""
        if name in _UNSEEN:
            unseen = max(0, unseen - 1) if is_end else unseen + 1
        elif is_end and name == "a" and links:
            address, start = links.pop()
            pieces.append(_show_address(address, "".join(pieces[start:]).strip()))
        elif not is_end and name == "a":
            # A link in a link is none; so none of the words is looked at twice.
            links = [(_attribute(rest, "href"), len(pieces))]
        else:
            pieces.append(_show_tag(name, rest, is_end=is_end))
    if not unseen:
        pieces.append(html.unescape(text[at:]))
    # A mention of us is no blank, and goes with those around it.
    words, _ = cut_mentions("".join(pieces).replace("\xa0", " ").split(_OURS))
    lines = (_BLANKS.sub(" ", line).strip() for line in words.split("\n"))
    return clean(_EMPTY_LINES.sub("\n\n", "\n".join(lines))).strip()


def _show_tag(name: str, rest: str, *, is_end: bool) -> str:
    if name in _BLOCKS:
        return "\n"
    if is_end:
        return ""
    match name:
        case "br":
            return "\n"
        case "li":
            return "\n- "
        case "at":
            return "@"
        case "emoji" | "img":
            return _attribute(rest, "alt")
        case _:
            return ""


def _attribute(rest: str, name: str) -> str:
    return next(
        (html.unescape(each[2]) for each in _ATTRIBUTE.finditer(rest) if each[1] == name), ""
    )


def _show_address(address: str, label: str) -> str:
    """The address behind a link's words, which may be all that matters in an answer."""
    bare = address.removeprefix("https://").removeprefix("http://").rstrip("/")
    is_said = label.rstrip("/") in {address.rstrip("/"), bare}
    is_web = address.startswith(("https://", "http://"))
    return f" ({address})" if is_web and not is_said else ""


def clean(text: str) -> str:
    """The text without NUL characters and halves of surrogate pairs, which no store keeps."""
    return _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text.replace("\0", ""))

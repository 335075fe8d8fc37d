"""What people typed, out of what Slack makes of it. Pure.

Slack escapes `&`, `<` and `>` in what people write, and puts between angle brackets what is
more than words there: people, channels, links, dates. Here each becomes what its writer saw.
https://docs.slack.dev/messaging/formatting-message-text
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from bot.mention import cut_mentions

_TOKEN = re.compile(r"<([^<>\n]*)>")
_PERSON = re.compile(r"<@([A-Z0-9]{2,30})(?:\|[^<>\n]*)?>")
_DIGITS = re.compile(r"[-0-9+(). ]+")
_UNSAID = re.compile(r"[-(). ]+")
_SURROGATE = re.compile("[\ud800-\udfff]")
_LOUD = frozenset({"here", "channel", "everyone"})


@dataclass(frozen=True, slots=True)
class Speech:
    """Words as they were said. `mentioned`: the bot's name was among them; `addressed`: not
    only in passing (see `bot.mention`)."""

    words: str
    mentioned: bool = False
    addressed: bool = True


def read_speech(text: str, names: Mapping[str, str], bot: str | None = None) -> Speech:
    """The words behind Slack's text. `names` are people's names by their ids, `bot` is our id.

    Somebody without a name there is called as Slack calls them, or else by their id.
    """
    mentioned, addressed = False, True
    if bot is not None:
        said = re.split(rf"<@{re.escape(bot)}(?:\|[^<>\n]*)?>", text)
        mentioned = len(said) > 1
        if mentioned:
            text, addressed = cut_mentions(said)
    pieces = _TOKEN.split(text)
    # What stands between the brackets is every second piece.
    for place, piece in enumerate(pieces):
        pieces[place] = _unescape(_show(piece, names) if place % 2 else piece)
    return Speech(clean("".join(pieces)).strip(), mentioned, addressed)


def find_people(text: str) -> frozenset[str]:
    """The ids of people whom Slack's text mentions.

    What a command says of somebody besides the id is their handle, by which nobody knows them:
    who names themselves in what they ask without a name would not be warned.
    """
    return frozenset(_PERSON.findall(text)) if "<@" in text else frozenset()


def clean(text: str) -> str:
    """The text without NUL characters and halves of surrogate pairs, which no store keeps."""
    return _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text.replace("\0", ""))


def _unescape(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _show(token: str, names: Mapping[str, str]) -> str:
    what, _, label = token.partition("|")
    match what[:1]:
        case "@":
            return f"@{names.get(what[1:]) or label or what[1:]}"
        case "#":
            return f"#{label or what[1:]}"
        case "!":
            return _show_special(what[1:], label)
    scheme, colon, rest = what.partition(":")
    if not colon:
        return f"<{token}>"
    address = rest if scheme in {"mailto", "tel"} else what
    return address if not label else _link(label, address)


def _link(label: str, address: str) -> str:
    """What a link is called, with its address, which may be all that matters in an answer. By
    itself Slack makes links of what people typed, and those say their address already."""
    bare = address.removeprefix("https://").removeprefix("http://").rstrip("/")
    is_said = label.rstrip("/") in {address.rstrip("/"), bare}
    is_number = not _DIGITS.sub("", label) and _UNSAID.sub("", label) == address
    return label if is_said or is_number else f"{label} ({address})"


def _show_special(what: str, label: str) -> str:
    name, _, detail = what.partition("^")
    if name in _LOUD:
        return f"@{name}"
    if name == "subteam":
        return f"@{label.removeprefix('@') or detail}"
    # A date carries the words for who cannot show it.
    return label or f"<!{what}>"

"""Reads the small markdown subset of `bot.message` into spans, for whoever renders it.

The subset is `**strong**`, `*emphasis*`, `` `code` ``, `[label](https://...)`,
`[name](person:ID)`, `[name](channel:ID)`, line breaks and lines that begin with `- `.
Everything else is literal text: other addresses, headings, tables, HTML, entities,
underscores. Marks do not reach over a line's end, because Slack's do not.

What `bot.message.literal` returns always reads as the very text it was given.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline, emphasis, link
from markdown_it.token import Token

BULLET = "- "

_ADDRESS = re.compile(r"https://[^\s<>\"\\`{}|^]+")
_PERSON = re.compile(r"person:([A-Za-z0-9_.:-]+)")
_CHANNEL = re.compile(r"channel:(#?[A-Za-z0-9_.:-]+)")


@dataclass(frozen=True, slots=True)
class Span:
    """A run of characters that look the same. `link` is an https address, `person` and
    `channel` are ids."""

    text: str
    strong: bool = False
    emphasis: bool = False
    code: bool = False
    link: str | None = None
    person: str | None = None
    channel: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One line, or one bullet. An empty line has no spans."""

    spans: tuple[Span, ...]
    bullet: bool = False


def parse(text: str) -> tuple[Line, ...]:
    """The lines of a text in the subset; at least one, and one for each line break."""
    return tuple(_line(line) for line in text.split("\n"))


def is_channel(address: str) -> bool:
    """Whether a channel of this address can be mentioned."""
    return bool(_CHANNEL.fullmatch(f"channel:{address}"))


def text_of(line: Line) -> str:
    """The line's characters without any marks, a bullet as `- `."""
    return (BULLET if line.bullet else "") + "".join(span.text for span in line.spans)


def _line(source: str) -> Line:
    bullet = source.startswith(BULLET)
    tokens: list[Token] = []
    # The inline parser alone: the steps before it would replace characters (NUL, CR).
    _PARSER.inline.parse(source[len(BULLET) :] if bullet else source, _PARSER, {}, tokens)
    return Line(tuple(_join(_pieces(tokens))), bullet)


def _pieces(tokens: Sequence[Token]) -> Iterator[tuple[Span, str]]:
    """How each piece looks, and its text: one for every escaped character."""
    look = Span("")
    strong = emphasised = 0
    for token in tokens:
        match token.type:
            case "strong_open" | "strong_close":
                strong += token.nesting
                look = replace(look, strong=strong > 0)
            case "em_open" | "em_close":
                emphasised += token.nesting
                look = replace(look, emphasis=emphasised > 0)
            case "link_open":
                look = _aim(look, str(token.attrs["href"]))
            case "link_close":
                look = replace(look, link=None, person=None, channel=None)
            case "code_inline":
                yield replace(look, code=True), token.content
            case _:
                yield look, token.content


def _aim(look: Span, address: str) -> Span:
    if person := _PERSON.fullmatch(address):
        return replace(look, person=person[1])
    if channel := _CHANNEL.fullmatch(address):
        return replace(look, channel=channel[1])
    return replace(look, link=address)


def _join(pieces: Iterator[tuple[Span, str]]) -> Iterator[Span]:
    held: Span | None = None
    texts: list[str] = []
    for look, text in pieces:
        if not text:
            continue
        if held is not None and look != held:
            yield replace(held, text="".join(texts))
            texts = []
        held = look
        texts.append(text)
    if held is not None:
        yield replace(held, text="".join(texts))


def _read_stars(state: StateInline, silent: bool) -> bool:
    """Emphasis, but never by underscores: names like __init__ are common here."""
    return state.src[state.pos] == "*" and emphasis.tokenize(state, silent)


def _read_link(state: StateInline, silent: bool) -> bool:
    """A link, but only with an address that we know and nothing behind the address."""
    if state.src[state.pos] != "[":
        return False
    helpers = state.md.helpers
    end = helpers.parseLinkLabel(state, state.pos, True)
    if end < 0 or state.src[end + 1 : end + 2] != "(":
        return False
    address = helpers.parseLinkDestination(state.src, end + 2, state.posMax)
    if not address.ok or state.src[address.pos : address.pos + 1] != ")":
        return False
    return state.md.validateLink(address.str) and link(state, silent)


class _Parser(MarkdownIt):
    def validateLink(self, url: str) -> bool:  # noqa: N802 - the library's name for it
        known = (_ADDRESS, _PERSON, _CHANNEL)
        return any(pattern.fullmatch(url) for pattern in known)

    def normalizeLink(self, url: str) -> str:  # noqa: N802 - the library's name for it
        return url


def _make_parser() -> MarkdownIt:
    parser = _Parser("zero").enable(["backticks", "emphasis", "escape", "link"])
    parser.inline.ruler.at("emphasis", _read_stars)
    parser.inline.ruler.at("link", _read_link)
    return parser


_PARSER = _make_parser()

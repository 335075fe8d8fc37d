"""What Markdown of an author's cannot be sent as it is meant: people would read its signs."""

import re
from collections.abc import Iterator

from markdown_it import MarkdownIt
from markdown_it.token import Token

_TAGS = re.compile(
    r"a|abbr|article|aside|audio|b|blockquote|body|br|button|center|code|dd|del|details|div|dl|dt|em"
    r"|embed|figcaption|figure|font|footer|form|h[1-6r]|head|header|html|i|iframe|img|input|ins|kbd"
    r"|label|li|link|main|mark|meta|nav|object|ol|p|picture|pre|q|s|script|section|select|small"
    r"|source|span|strong|style|su[bp]|summary|svg|table|tbody|td|textarea|tfoot|th|thead|title|tr"
    r"|track|tt|u|ul|video|wbr",
    re.IGNORECASE,
)
"""What is HTML; `<name>` is perhaps a place to put a name."""
_TAG = re.compile(r"<!--|<\?|<(?P<name>[A-Za-z][A-Za-z0-9]*)")
_SHOWN = 40

PICTURE = "pictures are not sent: say it in words, or link to it"


class _Everything(MarkdownIt):
    """Takes for a link whatever is written as one."""

    def validateLink(self, url: str) -> bool:  # noqa: ARG002, N802 - the name is the parser's
        return True


_MARKDOWN = _Everything("commonmark", {"html": True}).enable("table")


def prose_faults(body: str) -> Iterator[tuple[int, str]]:
    """What of the text has no place in it, with its line from 0."""
    for token in _MARKDOWN.parse(body):
        line = token.map[0] if token.map is not None else 0
        if token.type == "html_block":
            yield from _html_faults(line, token.content)
        for child in token.children or ():
            if child.type in {"softbreak", "hardbreak"}:
                line += 1
            yield from _faults(line, child)


def _faults(line: int, token: Token) -> Iterator[tuple[int, str]]:
    match token.type:
        case "html_inline":
            yield from _html_faults(line, token.content)
        case "image":
            yield line, PICTURE
        case "link_open":
            address = str(token.attrs.get("href", ""))
            if not address.startswith("https://"):
                shown = address[:_SHOWN]
                yield line, f"a link begins with https://, and this one is to '{shown}'"
        case _:
            pass


def _html_faults(line: int, html: str) -> Iterator[tuple[int, str]]:
    """The first tag of a piece; when it is mended the others are seen."""
    for found in _TAG.finditer(html):
        name = found["name"]
        if name is None or _TAGS.fullmatch(name):
            line += html.count("\n", 0, found.start())
            message = f"HTML has no place here: people would read '{found[0]}'"
            yield line, f"{message}. Say it in Markdown, or put it in `backticks`"
            return

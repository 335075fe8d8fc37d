"""Markdown of an author's as parts of messages: what a section says, on every platform. Pure.

Headings, paragraphs, lists, quotes, code, rules and tables are understood, and `**strong**`,
`*emphasis*`, `` `code` `` and https links within them. Everything else is shown as it is written;
of an image its description.
"""

import textwrap
from collections.abc import Iterator, Sequence

from markdown_it import MarkdownIt
from markdown_it.token import Token

from bot.message import (
    MAX_QUOTE,
    MAX_TEXT,
    Divider,
    Fact,
    Facts,
    Heading,
    Part,
    Quote,
    Text,
    length_of,
    literal,
)

PAGE = 4_000
"""Characters of a page, as JSON: about two minutes' reading, and room for what stands below."""
PAGE_PARTS = 22
_MAX_HEADING = 150
_MAX_LABEL = 75
_MAX_VALUE = 1_000
_MAX_FACTS = 10
_PIECE = 1_200

_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")


def parts_of(body: str) -> list[Part]:
    """The whole text in parts, each of which fits a message."""
    parts: list[Part] = []
    tokens = _MARKDOWN.parse(body)
    place = 0
    while place < len(tokens):
        end = _end(tokens, place)
        parts += _block(tokens[place : end + 1])
        place = end + 1
    return parts


def pages_of(body: str) -> list[list[Part]]:
    """The text in pages, at least one. No page ends with a heading."""
    pages: list[list[Part]] = [[]]
    for part in parts_of(body):
        page = pages[-1]
        if page and (length_of([*page, part]) > PAGE or len(page) >= PAGE_PARTS):
            moved: list[Part] = []
            while len(page) > 1 and isinstance(page[-1], Heading):
                moved.insert(0, page.pop())
            pages.append([*moved, part])
        else:
            page.append(part)
    return pages


def _end(tokens: Sequence[Token], place: int) -> int:
    """Where the block that begins at `place` ends."""
    depth = 0
    for index in range(place, len(tokens)):
        depth += tokens[index].nesting
        if depth == 0:
            return index
    return len(tokens) - 1


def _block(tokens: Sequence[Token]) -> Iterator[Part]:
    first = tokens[0]
    match first.type:
        case "heading_open":
            words = _plain(tokens[1])
            if first.tag in {"h1", "h2"} and 0 < len(words) <= _MAX_HEADING:
                yield Heading(text=words)
            elif words:
                yield from _texts(f"**{literal(words)}**")
        case "bullet_list_open" | "ordered_list_open":
            yield from _texts("\n".join(_items(tokens)))
        case "blockquote_open":
            said = "\n".join(_plain(token) for token in tokens if token.type == "inline")
            yield from (Quote(text=piece) for piece in _pieces(said, MAX_QUOTE))
        case "fence" | "code_block":
            yield from _texts("\n".join(_code(line) for line in first.content.splitlines()))
        case "hr":
            yield Divider()
        case "table_open":
            yield from _table(tokens)
        case _:
            yield from _texts("\n".join(_rich(t) for t in tokens if t.type == "inline"))


def _items(tokens: Sequence[Token], depth: int = 0) -> Iterator[str]:
    """A line for each item and paragraph of a list, those of lists within it too."""
    is_ordered = tokens[0].type == "ordered_list_open"
    number = int(tokens[0].attrs.get("start", 1)) if is_ordered else 0
    place = 1
    while place < len(tokens) - 1:
        end = _end(tokens, place)
        within = place + 1
        begins = True
        while within < end:
            stop = _end(tokens, within)
            block = tokens[within : stop + 1]
            if block[0].type in {"bullet_list_open", "ordered_list_open"}:
                yield from _items(block, depth + 1)
            else:
                said = "\n".join(_rich(t) for t in block if t.type == "inline") or literal(
                    block[0].content.strip()
                )
                sign = (f"{number}. " if is_ordered else "- ") if begins else ""
                if depth and begins:
                    sign = f"{'– ' * depth}{sign.removeprefix('- ')}"
                yield sign + said
                begins = False
            within = stop + 1
        number += 1
        place = end + 1


def _table(tokens: Sequence[Token]) -> Iterator[Part]:
    rows: list[list[Token]] = []
    for token in tokens:
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline" and rows:
            rows[-1].append(token)
    if not rows:
        return
    head, *body = rows
    plain = [[_plain(cell) for cell in row] for row in body]
    if (
        len(head) == 2
        and 0 < len(body) <= _MAX_FACTS
        and all(
            len(row) == 2 and 0 < len(row[0]) <= _MAX_LABEL and 0 < len(row[1]) <= _MAX_VALUE
            for row in plain
        )
    ):
        names = [_rich(cell) for cell in head if _plain(cell)]
        if names:
            yield from _texts(" / ".join(names))
        yield Facts(facts=tuple(Fact(label=label, value=value) for label, value in plain))
        return
    lines = []
    for row in body:
        cells = [(_rich(name), _rich(cell)) for name, cell in zip(head, row, strict=False)]
        told = [f"{name}: {cell}" if name else cell for name, cell in cells[1:] if cell]
        lines.append(f"- {cells[0][1]}" + (f" ({'; '.join(told)})" if told else ""))
    yield from _texts("\n".join(lines))


def _texts(rich: str) -> Iterator[Part]:
    """The text in as many parts as it needs; it is cut between lines."""
    held = ""
    for line in rich.split("\n"):
        if len(line) > MAX_TEXT:
            if held.strip():
                yield Text(text=held)
            held = ""
            # A line like that loses its marks, so that none is cut in two.
            yield from (Text(text=literal(piece)) for piece in _pieces(_unmark(line), _PIECE))
        elif len(held) + 1 + len(line) > MAX_TEXT:
            yield Text(text=held)
            held = line
        else:
            held = f"{held}\n{line}" if held else line
    if held.strip():
        yield Text(text=held)


def _pieces(words: str, size: int) -> list[str]:
    if len(words) <= size:
        return [words] if words.strip() else []
    return textwrap.wrap(words, size, break_long_words=True, replace_whitespace=False)


def _unmark(rich: str) -> str:
    inline = _MARKDOWN.parseInline(rich)
    return "".join(_plain(token) for token in inline)


def _plain(token: Token) -> str:
    """The characters of a run of text without its marks."""
    said = []
    for child in token.children or ():
        if child.type in {"softbreak", "hardbreak"}:
            said.append(" ")
        else:
            said.append(child.content)
    return " ".join("".join(said).split())


def _rich(token: Token) -> str:
    """A run of text for `bot.message.Text`. Marks within marks are left out."""
    said: list[str] = []
    mark = ""
    link = ""
    for child in token.children or ():
        match child.type:
            case "strong_open" | "em_open" if not mark and not link:
                mark = "**" if child.type == "strong_open" else "*"
                said.append(mark)
            case "strong_close" | "em_close" if mark and not link:
                closes = "**" if child.type == "strong_close" else "*"
                if closes == mark:
                    said.append(mark)
                    mark = ""
            case "link_open":
                address = str(child.attrs.get("href", ""))
                if address.startswith("https://") and not mark:
                    link = address
                    said.append("[")
            case "link_close" if link:
                said.append(f"]({link})")
                link = ""
            case "softbreak":
                said.append(" ")
            case "hardbreak":
                said.append(f"{mark}\n{mark}" if not link else " ")
            case "code_inline":
                said.append(literal(child.content) if mark or link else _code(child.content))
            case _:
                said.append(literal(child.content))
    return "".join(said)


def _code(line: str) -> str:
    words = line.rstrip()
    return f"`{words}`" if words.strip() and "`" not in words else literal(words)


def chunks_of(body: str, size: int) -> list[str] | None:
    """The Markdown in pieces of at most `size` characters that, with an empty line between
    them, are the whole again: for the fields of a form. None where a paragraph is longer."""
    chunks: list[str] = []
    for block in body.split("\n\n"):
        if len(block) > size:
            return None
        if chunks and len(chunks[-1]) + 2 + len(block) <= size:
            chunks[-1] = f"{chunks[-1]}\n\n{block}"
        else:
            chunks.append(block)
    return chunks

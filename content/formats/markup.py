"""HTML as plain text with the small markup of packs, and back."""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.entities import html5
from html.parser import HTMLParser

from bot.pack.markup import MARKS
from content.formats.question import Format, Rich

_STRONG = re.compile(r"[^\s*](?:[^*\n]*[^\s*])?")
_CODE = re.compile(r"[^`\n]+")
_SOFT = re.compile(r"[ \t\n\r\f\v]+")
_NAMED = r"(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});"
"""A sign by its name or number, after the &."""
_TAG = re.compile(
    r"</?(?:a|abbr|b|blockquote|br|code|div|em|h[1-6]|hr|i|img|li|ol|p|pre|s|small|span|strong|sub"
    rf"|sup|table|tbody|td|th|thead|tr|tt|u|ul|video|audio)(?:\s[^<>]*)?/?>|&{_NAMED}",
    re.IGNORECASE,
)
_LINES = frozenset({"div", "li", "tr", "ul", "ol", "dl", "dt", "dd", "thead", "tbody", "hr"})
_PARAGRAPHS = frozenset(
    {"p", "h1", "h2", "h3", "h4", "h5", "h6", "table", "blockquote", "pre", "section", "article"}
)
_MARKED = {"strong": "*", "b": "*", "code": "`", "tt": "`", "kbd": "`"}
_SILENT = frozenset({"script", "style", "head", "title"})
_MEDIA = frozenset({"img", "video", "audio", "object", "iframe", "embed", "svg", "canvas"})
_NOT_SIMPLE = re.compile(r"[<&\t\r\f\v]|->|  | \n|\n ")


@dataclass(slots=True)
class Told:
    """A text of ours, and what of the one it comes from it does not have."""

    text: str
    lost: list[str] = field(default_factory=list)


def to_ours(rich: Rich) -> Told:
    """The text as a pack has it."""
    if rich.format is Format.HTML or (rich.format is Format.MOODLE and _TAG.search(rich.text)):
        reader = _Reader()
        # What is declared is none of the text; Python's parser does not survive all of it.
        text = re.sub(r"<!--.*?-->", "", rich.text, flags=re.DOTALL)
        text = re.sub(rf"&(?!{_NAMED})", "&amp;", text)
        # Nor is a tag that nothing closes, for which the parser would look again and again.
        whole = text.rfind(">") + 1
        text = text[:whole] + text[whole:].replace("<", "&lt;")
        reader.feed(re.sub(r"<(?=[!?])", "&lt;", text))
        reader.close()
        return Told(reader.finish(), reader.lost)
    return Told(rich.text.strip(" \t\n\r"))


def to_rich(text: str) -> Rich:
    """A text of a pack: as it is where that can mean nothing else, else as HTML."""
    if _NOT_SIMPLE.search(text) or text.startswith("[") or MARKS.search(text):
        return Rich(to_html(text), Format.HTML)
    return Rich(text, Format.MOODLE)


def to_html(text: str) -> str:
    """A text of a pack, so that `to_ours` gives it back."""
    return "".join(_html_of(text))


def _html_of(text: str) -> Iterator[str]:
    end = 0
    for found in MARKS.finditer(text):
        yield _literal(text[end : found.start()])
        if found["code"] is not None:
            code = html.escape(found["code"], quote=False)
            yield f"<code>{re.sub(r'[ 	]', _hard, code)}</code>"
        else:
            yield f"<strong>{_literal(found['strong'])}</strong>"
        end = found.end()
    yield _literal(text[end:])


def _literal(text: str) -> str:
    text = html.escape(text, quote=False)
    text = re.sub(r"[\t\r\f\v]|(?<=[ \n]) | (?=\n)", _hard, text)
    return text.replace("\n", "<br>")


def _hard(found: re.Match[str]) -> str:
    return f"&#{ord(found[0])};"


class _Reader(HTMLParser):
    """Text, of which everything is kept in pieces until it is known what stands around a mark."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.lost: list[str] = []
        self._pieces: list[tuple[str, str]] = []
        """A mark, or nothing, and the text in it."""
        self._open: list[str] = []
        """Marked elements that are open; only the outermost counts."""
        self._marked: list[str] = []
        self._silent = 0
        self._soft = True
        """At the beginning of a line, or after a space that counts once."""
        self._preserved = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._break(tag)
        if tag == "br":
            self._add_line()
        elif tag in _SILENT:
            self._silent += 1
        elif tag in _MARKED:
            self._open.append(tag)
        elif tag == "pre":
            self._preserved += 1
        elif tag == "li":
            self._add("- ")
            self._soft = True
        elif tag in {"td", "th"} and not self._at_start():
            self._add(" | ")
            self._soft = True
        elif tag in _MEDIA:
            alt = dict(attrs).get("alt") or ""
            self.lost.append(f"a picture or recording ({alt})" if alt else "a picture or recording")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _MEDIA | {"br", "hr"}:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif tag == "pre":
            self._preserved = max(0, self._preserved - 1)
        elif tag in self._open:
            while self._open.pop() != tag:
                pass
            if not self._open:
                self._pieces.append((_MARKED[tag], "".join(self._marked)))
                self._marked = []
        self._break(tag)

    def handle_data(self, data: str) -> None:
        if self._silent:
            return
        if self._preserved:
            self._add(data)
            return
        data = _SOFT.sub(" ", data)
        if self._soft:
            data = data.removeprefix(" ")
        if data:
            self._add(data)
            self._soft = data.endswith(" ")

    def handle_charref(self, name: str) -> None:
        self._refer(html.unescape(f"&#{name};"))

    def handle_entityref(self, name: str) -> None:
        if name == "nbsp":
            self._refer(" ")
        else:
            self._refer(html5.get(f"{name};", f"&{name};"))

    def _refer(self, text: str) -> None:
        if not self._silent:
            self._add(text)

    def _add(self, text: str) -> None:
        if self._open:
            self._marked.append(text)
        else:
            self._pieces.append(("", text))
        self._soft = False

    def _add_line(self) -> None:
        self._drop_soft()
        self._add("\n")
        self._soft = True

    def _drop_soft(self) -> None:
        """A space at the end of a line counts for nothing."""
        if not self._soft:
            return
        if self._open:
            if self._marked:
                self._marked[-1] = self._marked[-1].removesuffix(" ")
        elif self._pieces and not self._pieces[-1][0]:
            self._pieces[-1] = ("", self._pieces[-1][1].removesuffix(" "))

    def _at_start(self) -> bool:
        return not self._pieces or self._pieces[-1][1].endswith("\n")

    def _break(self, tag: str) -> None:
        """What begins or ends here stands in lines of its own."""
        lines = 2 if tag in _PARAGRAPHS else 1 if tag in _LINES else 0
        if not lines or self._open or not self._pieces:
            return
        self._drop_soft()
        tail = "".join(text for _, text in self._pieces[-3:])
        there = len(tail) - len(tail.rstrip("\n"))
        for _ in range(there, lines):
            self._pieces.append(("", "\n"))
        self._soft = True

    def finish(self) -> str:
        """What was read."""
        if self._marked:
            self._pieces.append(("", "".join(self._marked)))
        done = ""
        for place, (mark, text) in enumerate(self._pieces):
            after = next((m or t[0] for m, t in self._pieces[place + 1 :] if m or t), " ")
            done += f"{mark}{text}{mark}" if _is_mark(done[-1:], mark, text, after) else text
        return done.strip(" \t\n\r")


def _is_mark(before: str, mark: str, text: str, after: str) -> bool:
    """Whether the marks would be read as such where they stand."""
    if mark != "*":
        return bool(mark) and _CODE.fullmatch(text) is not None
    beside = re.match(r"[*\w]", before) or re.match(r"[*\w]", after)
    return _STRONG.fullmatch(text) is not None and beside is None

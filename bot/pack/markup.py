"""The small markup of packs: `*strong*`, `` `code` `` and line breaks, in what is not Markdown.

Authors write it in stems, options, feedback and tips. Stars and backticks that pair with none
on the same line are what they look like.
"""

import re

from bot.message import literal

MARKS = re.compile(
    r"`(?P<code>[^`\n]+)`"
    r"|(?<![*\w])(?P<stars>\*{1,2})(?P<strong>[^\s*](?:[^*\n]*[^\s*])?)(?P=stars)(?![*\w])"
)
"""A mark: its `code`, or what is `strong` between its `stars`."""


def rich(text: str) -> str:
    """The text for `bot.message.Text` or `Note`."""
    pieces: list[str] = []
    end = 0
    for found in MARKS.finditer(text):
        pieces.append(literal(text[end : found.start()]))
        end = found.end()
        code, strong = found["code"], found["strong"]
        pieces.append(f"`{code}`" if code is not None else f"**{literal(strong)}**")
    return "".join([*pieces, literal(text[end:])])


def bare(text: str) -> str:
    """The text without its marks, where there is no markup: in forms and quotes."""
    return MARKS.sub(lambda found: found["code"] or found["strong"], text)

"""From text to the pieces that are compared: words, pairs of words, runs of characters.

Stop words stay: "what is X" and "what are the symptoms of X" differ by little else, and their
weight is small anyway where every entry has them.
"""

import re
import unicodedata
from collections.abc import Sequence
from itertools import pairwise

# Invisible characters that sit inside a word without changing it: soft hyphen, joiner, marks and
# isolates of writing direction, byte order mark. (The zero-width non-joiner does separate.)
_INVISIBLE = dict.fromkeys(
    [0x00AD, 0x061C, 0x200D, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2060, 0x206A), 0xFEFF]
)
# Accents of Latin, Greek and Cyrillic, vowel points of Hebrew and Arabic: often left out when
# typing. The marks of other scripts carry meaning and stay.
_MARK = re.compile("[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u064b-\u065f]")

# Scripts written without spaces: every character is a word, so that pairs of words find them.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uf900-\ufaff\U00020000-\U0003ffff"
)
# The vowel signs of Indic scripts are no letters to `re`, yet belong to the word.
_INDIC = "\u0900-\u0963\u0966-\u0dff"
_WORD = re.compile(f"[{_UNSPACED}]|(?:[{_INDIC}]|(?![{_UNSPACED}])[^\\W_])+")
_ASCII_WORD = re.compile("[a-z0-9]+")

RUN_LENGTHS = range(3, 6)


def fold_words(text: str) -> list[str]:
    """Return the words of the text in order, without case, accents and invisible characters.

    Compatibility forms are equal (full width, ligatures); text without letters or digits, such as
    emoji, has no words.
    """
    if text.isascii():
        return _ASCII_WORD.findall(text.lower())
    plain = _MARK.sub("", unicodedata.normalize("NFKD", text.translate(_INVISIBLE)).casefold())
    return _WORD.findall(unicodedata.normalize("NFKC", plain))


def pair_words(words: Sequence[str]) -> list[str]:
    """Return the words, and every two neighbours as one term; the first is also one of its own.

    How a question begins (what, how, can I) says what kind of question it is.
    """
    return [*words, *map(" ".join, pairwise(["", *words]))]


def run_characters(words: Sequence[str]) -> list[str]:
    """Return the runs of 3 to 5 characters within each word, its edges counting as a blank."""
    runs: list[str] = []
    for word in words:
        padded = f" {word} "
        for length in RUN_LENGTHS:
            if length >= len(padded):
                runs.append(padded)
                break
            runs += [padded[i : i + length] for i in range(len(padded) - length + 1)]
    return runs


def clip(text: str, limit: int) -> str:
    """Return at most `limit` characters of the text, ending between words where it can."""
    if len(text) <= limit:
        return text
    head = text[:limit]
    if text[limit].isspace():
        return head
    # Far back there is no end of a word to be found, only a very long word to be cut.
    space = max(head.rfind(" ", limit // 2), head.rfind("\n", limit // 2))
    return head[:space] if space > 0 else head

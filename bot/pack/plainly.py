"""Whether words are plainly a question to a colleague, or may be an answer to an item. Pure.

English only, as all our sentences are. In doubt they are no question: an answer that was not
understood is its person's own, and must not reach anybody else.
"""

import re
from collections.abc import Sequence

_ASKING = "how|what|where|when|who|whom|whose|why|which"
_HELPING = (
    "do|does|did|can|could|may|might|shall|should|must|will|would|is|are|was|were|has|have|had|am"
)
_SOMEBODY = "i|we|you|they|he|she|it|one|people|somebody|someone|anybody|anyone"
_BEFORE = re.compile(
    r"^(?:(?:hi|hello|hey|please|sorry|excuse me|and|but|so|ok|okay|also|(?:a )?quick question)"
    r"[\s,.!:;-]+)+"
)
_WITH_A_MARK = re.compile(rf"(?:{_ASKING}|{_HELPING})\b.*[?？؟]", re.DOTALL)
_INVERTED = re.compile(rf"(?:{_ASKING})\s+(?:{_HELPING})\s+(?:{_SOMEBODY})\b")
_ORDINAL = "first|second|third|fourth|fifth|sixth|last"
_NAMES_A_CHOICE = re.compile(
    rf"\b(?:options?|answers?|letters?)\b|\b(?:{_ORDINAL})(?:\s+(?:one|two|three))?\W*$|"
    rf"\b(?:{_ORDINAL})\s+(?:one|line|step|choice)\b|\b[b-h]\b|\b\d{{1,2}}\W*$"
)
_FEWEST_WORDS = 3
_SENTENCE = re.compile(r"(?<=[.!;\n])\s+")


def is_question(said: str, choices: Sequence[str]) -> bool:
    """Whether somebody who was asked to choose among these plainly asks something else."""
    words = " ".join(said.casefold().replace("’", "'").split())
    if _NAMES_A_CHOICE.search(words):
        return False
    if any(choice and choice.casefold().rstrip(".!?") in words for choice in choices):
        return False
    return any(_asks(sentence) for sentence in _SENTENCE.split(words))


def _asks(sentence: str) -> bool:
    begun = _BEFORE.sub("", sentence)
    if len(begun.split()) < _FEWEST_WORDS:
        return False
    return bool(_WITH_A_MARK.match(begun) or _INVERTED.match(begun))

"""What plain words are, as far as their form tells: thanks, a question, a question back.

English only, as all our sentences are. When it is not clear, the person is asked.
"""

import unicodedata

_CHAT = frozenset(
    (
        *("thanks", "thank", "you", "thx", "ok", "okay", "great", "cool", "nice", "same", "here"),
        *("me", "too", "+1", "good", "morning", "hi", "hello", "hey", "following", "done", "sure"),
        *("welcome", "a", "lot", "very", "much", "so", "for", "this", "that", "the", "help"),
        *("perfect", "lovely", "cheers", "bye", "everybody", "all", "everyone", "inflow"),
    )
)
_GREETINGS = frozenset(
    (
        *("thanks", "thank", "thx", "ok", "okay", "great", "cool", "nice", "same", "+1", "good"),
        *("hi", "hello", "hey", "following", "done", "sure", "welcome", "perfect", "lovely"),
        *("cheers", "bye", "me"),
    )
)
_HELLO = frozenset(("hi", "hello", "hey"))
_THANKS = frozenset(("thanks", "thank", "thx", "cheers"))
_ASKING = frozenset(("how", "what", "where", "when", "who", "why", "which", "whose"))
_MARKS = "?？؟"
_FEWEST_WORDS = 3
_FEWEST_LETTERS = 12


def _words(text: str) -> list[str]:
    return [
        word.strip(".,!?:;-…")
        for word in text.casefold().replace("’", "'").split()
        if any(unicodedata.category(c)[0] in "LN" for c in word)
    ]


def is_chat(text: str) -> bool:
    """Whether the words are only thanks, greetings or signs."""
    words = _words(text)
    if any(mark in text for mark in _MARKS):
        return not words
    return all(word in _CHAT for word in words) and (not words or words[0] in _GREETINGS)


def is_greeting(text: str) -> bool:
    """Whether chat begins a talk, without thanks for anything."""
    words = _words(text)
    return (
        bool(words)
        and (words[0] in _HELLO or words[:2] == ["good", "morning"])
        and not is_thanks(text)
    )


def is_thanks(text: str) -> bool:
    """Whether chat thanks for something."""
    return bool(_THANKS.intersection(_words(text)))


def asks(text: str) -> bool:
    """Whether the words as a whole ask something: they end with a question mark."""
    return text.rstrip(" \t\n\"'”’).!*_").endswith(tuple(_MARKS))


def begins_as_question(text: str) -> bool:
    """Whether the words ask, by a mark anywhere or by the way they begin."""
    words = _words(text)
    return any(mark in text for mark in _MARKS) or (bool(words) and words[0] in _ASKING)


def may_be_question(text: str) -> bool:
    """Whether the words say enough to be taken for a question, mark or not."""
    letters = sum(c.isalnum() for c in text)
    return (
        any(mark in text for mark in _MARKS)
        or len(text.split()) >= _FEWEST_WORDS
        or letters >= _FEWEST_LETTERS
    )

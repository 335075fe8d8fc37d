"""Names of people in what others wrote: found, and taken out.

A name counts where it stands as a whole word, written as the person writes it; an address
wherever it cannot be an ordinary word: behind an @, or with a digit or a sign in it.
"""

import re
from collections.abc import Iterable, Iterator

from bot.people import Person

_ALSO_WORDS = frozenset(
    (
        *("April", "Art", "August", "Bill", "Chance", "Chase", "Christian", "Dawn", "Drew"),
        *("English", "Faith", "Frank", "Grace", "Grant", "Hope", "Iris", "Jack", "Joy", "June"),
        *("Long", "Lane", "Major", "Mark", "May", "Miles", "Page", "Pat", "Price", "Ray", "Rich"),
        *("Rob", "Robin", "Rose", "Sky", "Skip", "Sterling", "Sue", "Summer", "Victor", "Ward"),
        *("Will", "Young", "The", "A", "I"),
    )
)
"""They count with the rest of the name only: “Will I be paid in May?” is about nobody."""
_WORD = re.compile(r"\w+")


def names_person(text: str, person: Person) -> bool:
    """Whether the words name the person or hold their address."""
    pattern = _pattern([person], set(_WORD.findall(text)), text.casefold())
    return pattern is not None and pattern.search(text) is not None


def hide_names(text: str, people: Iterable[Person]) -> str:
    """The words with “a colleague” in the place of everybody's names and addresses."""
    pattern = _pattern(people, set(_WORD.findall(text)), text.casefold())
    if pattern is None:
        return text
    return pattern.sub(lambda found: _colleague(text[: found.start()]), text)


def _colleague(before: str) -> str:
    begins = not before.strip() or before.rstrip(" ").endswith((".", "!", "?", "\n", "•"))
    return "A colleague" if begins else "a colleague"


def _pattern(people: Iterable[Person], words: set[str], folded: str) -> re.Pattern[str] | None:
    """What to look for. Only of those of whom a part stands there: a workspace is large."""
    found: set[str] = set()
    for person in people:
        found.update(_names(person, words))
        if person.address.casefold() in folded:
            found.update(_addresses(person.address))
        if f"@{person.name.casefold()}" in folded:
            found.add(rf"(?<!\w)(?i:@{re.escape(person.name)})(?!\w)")
    if not found:
        return None
    return re.compile("|".join(sorted(found, key=lambda each: (-len(each), each))))


def _names(person: Person, words: set[str]) -> Iterator[str]:
    parts = person.name.split()
    known = [part for part in parts if any(word in words for word in _WORD.findall(part))]
    if not known:
        return
    if len(known) == len(parts) and not parts[0][:1].islower():
        yield r"(?<!\w)" + r"\s+".join(map(re.escape, parts)) + r"(?!\w)"
    for part in known:
        is_name = len(part) > 1 and part[0].isalpha() and not part[0].islower()
        if is_name and part not in _ALSO_WORDS:
            yield rf"(?<!\w){re.escape(part)}(?!\w)"


def _addresses(address: str) -> Iterator[str]:
    escaped = re.escape(address)
    yield rf"(?<!\w)(?i:<?@{escaped}(?:\|[^>\s]*)?>?)(?!\w)"
    if not address.isalpha() and len(address) > 3:
        yield rf"(?i:(?<![\w@]){escaped}(?:@[\w.-]*\w)?)(?!\w)"

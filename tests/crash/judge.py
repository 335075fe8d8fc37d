"""What became of every letter, from our table and the platform's ledger. No process, no clock."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from bot.outbox import LetterState

MERGED = "merged"
"""An edit whose message another letter carries."""

FINAL: frozenset[str] = frozenset(
    {
        MERGED,
        LetterState.SENT,
        LetterState.FAILED,
        LetterState.CANCELLED,
        LetterState.UNREACHABLE,
        LetterState.SUPPRESSED,
        LetterState.UNKNOWN,
    }
)


@dataclass(frozen=True, slots=True)
class Row:
    """One letter of our table. `lane/key` is how the platform knows it.

    `thing` is what was promised once, however many letters were made of it by mistake.
    `repeats` is `bot.outbox.may_repeat` of its priority.
    """

    lane: str
    key: str
    thing: str
    state: str
    repeats: bool
    edits: bool = False

    @property
    def name(self) -> str:
        return f"{self.lane}/{self.key}"


@dataclass(slots=True)
class Verdict:
    """How many letters were promised for good (acked) and what became of them."""

    acked: int = 0
    delivered: int = 0
    lost: int = 0
    """Promised, never seen by the platform, and not listed as unknown or refused by it."""
    duplicated: int = 0
    """Seen by the platform once too often. An edit that is made twice is none."""
    unknown: int = 0
    """Listed as unknown, delivered or not."""
    lost_unknown: int = 0
    """Of these, the ones the platform never saw."""
    refused: int = 0
    merged: int = 0
    """Edits whose message another letter has carried."""
    misjudged: int = 0
    """Our table says something else than the platform's ledger."""
    duplicated_at_most_once: int = 0
    """Of the duplicated, those of a kind that is never sent twice."""
    lost_at_least_once: int = 0
    """Of the unknown, those of a kind that is sent again rather."""
    examples: list[str] = field(default_factory=list)

    def note(self, what: str, name: str) -> None:
        if len(self.examples) < 10:
            self.examples.append(f"{what}: {name}")


def judge(
    promised: Iterable[str],
    rows: Sequence[Row],
    posted: Mapping[str, int],
    updated: Mapping[str, int],
    refused: Mapping[str, int],
) -> Verdict:
    """Hold the ledger against the table. `promised` are things that were acknowledged."""
    verdict = Verdict()
    of_thing: dict[str, list[Row]] = {}
    for row in rows:
        of_thing.setdefault(row.thing, []).append(row)
    things = set(promised)
    for thing in sorted(things - of_thing.keys()):
        verdict.lost += 1
        verdict.note("lost before it was kept", thing)
    verdict.acked = len(things)
    known = {row.name for row in rows}
    for name in sorted((posted.keys() | updated.keys()) - known):
        verdict.duplicated += 1
        verdict.note("on the platform and in no table", name)
    for thing, letters in sorted(of_thing.items()):
        _judge_thing(verdict, thing, letters, posted, updated, refused)
    return verdict


def _judge_thing(
    verdict: Verdict,
    thing: str,
    letters: Sequence[Row],
    posted: Mapping[str, int],
    updated: Mapping[str, int],
    refused: Mapping[str, int],
) -> None:
    row = letters[0]
    if row.edits:
        # Making the same edit twice changes nothing that anybody sees.
        seen = sum(min(1, updated.get(letter.name, 0)) for letter in letters)
    else:
        seen = sum(posted.get(letter.name, 0) for letter in letters)
    if seen > 1:
        verdict.duplicated += seen - 1
        verdict.duplicated_at_most_once += 0 if row.repeats else seen - 1
        verdict.note(f"seen {seen} times", thing)
    if len(letters) > 1:
        verdict.misjudged += 1
        verdict.note(f"kept {len(letters)} times", thing)
    verdict.delivered += min(seen, 1)
    match row.state:
        case state if state == MERGED and seen == 0:
            verdict.merged += 1
        case LetterState.UNKNOWN:
            verdict.unknown += 1
            verdict.lost_unknown += seen == 0
            if row.repeats:
                verdict.lost_at_least_once += seen == 0
        case LetterState.SENT:
            if seen == 0:
                verdict.lost += 1
                verdict.note("sent, and never seen", thing)
        case LetterState.FAILED | LetterState.UNREACHABLE if refused.get(row.name):
            verdict.refused += 1
            if seen:
                verdict.misjudged += 1
                verdict.note("failed, and seen", thing)
        case state:
            verdict.lost += seen == 0
            verdict.misjudged += seen > 0
            verdict.note(f"{state}, seen {seen} times", thing)


def breaches(
    verdict: Verdict, *, reads_back: bool, bound: int, unsure: int, limited: int
) -> list[str]:
    """Which rules a run has broken (delivery.md 5, R1 and R2).

    `bound` is how many letters the kills of the run can have caught on the wire; `unsure`
    how many requests the platform answered so that nobody could say what they had done;
    `limited` how many 429s were too many.
    """
    broken = []
    if verdict.lost:
        broken.append(f"{verdict.lost} lost")
    if verdict.misjudged:
        broken.append(f"{verdict.misjudged} misjudged")
    if limited:
        broken.append(f"{limited} refused for the rate")
    if reads_back:
        if verdict.duplicated:
            broken.append(f"{verdict.duplicated} duplicated")
        if verdict.unknown:
            broken.append(f"{verdict.unknown} unknown, though the platform can be asked")
        return broken
    allowed = bound + unsure
    if verdict.duplicated > allowed:
        broken.append(f"{verdict.duplicated} duplicated, more than {allowed}")
    if verdict.duplicated_at_most_once:
        broken.append(f"{verdict.duplicated_at_most_once} of at most once were duplicated")
    if verdict.lost_unknown > allowed:
        broken.append(f"{verdict.lost_unknown} lost as unknown, more than {allowed}")
    if verdict.lost_at_least_once:
        broken.append(f"{verdict.lost_at_least_once} of at least once were given up")
    return broken


def share_of_rate(accepted_at: Mapping[str, Sequence[float]], per_second: float | None) -> float:
    """How much of the allowed rate the lanes used, each from its first to its last message.

    Whatever stood in the way counts: kills, pauses, and that nothing was due.
    """
    busy = [moments for moments in accepted_at.values() if len(moments) > 1]
    if per_second is None or not busy:
        return 0.0
    sent = sum(len(moments) - 1 for moments in busy)
    allowed = sum(per_second * (max(moments) - min(moments)) for moments in busy)
    return round(sent / allowed, 4)

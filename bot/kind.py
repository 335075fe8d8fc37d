"""Kinds of letters to people, and the rule for each sort of them (domain.md 2.6).

Every letter to a person is *wished* for them by others, their *own* matter, or a *duty*. Each
capability declares the kinds that it posts (`bot.capability.Capability.letters`), each with the
reason why it is of that sort. What goes to a place is of no sort: a place has no budget.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.attention import NOTICE
from bot.message import Buttons
from bot.messages import BEHIND, CONTROLS, with_controls
from bot.outbox import Letter, ToPerson, ToRelay
from bot.people import Person
from bot.schedule import next_open_moment


class Sort(StrEnum):
    """Who decides when a letter goes.

    wished: nobody asked for it. It is booked through the ledger (`bot.attention.book`), which
    finds a day within the person's window and puts the three controls under it.
    own: it follows at once from what this person did or is in the middle of.
    duty: it is for a task that the person holds. It draws on no budget, but waits for their next
    working moment at which they are neither away nor paused (`for_duty`), says why they get it,
    has the three controls, and is at most one a day of its kind; a list when there is more, unless
    `Kind.each` says why each is a letter of its own. Somebody who has stopped gets it only where
    the reply to a stop says so.
    """

    WISHED = "wished"
    OWN = "own"
    DUTY = "duty"


@dataclass(frozen=True, slots=True)
class Kind:
    """What one kind of letter is, and why it is of that sort."""

    sort: Sort
    why: str
    despite_stop: bool = False
    """Somebody who has stopped gets it too, as the reply to a stop says."""
    each: str = ""
    """Why each duty of this kind is a letter of its own, though there may be several a day."""


def wished(why: str) -> Kind:
    return Kind(Sort.WISHED, why)


def own(why: str) -> Kind:
    return Kind(Sort.OWN, why, despite_stop=True)


def duty(why: str, *, despite_stop: bool = False, each: str = "") -> Kind:
    return Kind(Sort.DUTY, why, despite_stop, each)


CORE: Mapping[str, Kind] = {
    NOTICE: wished("nobody asks to be told of silence"),
    "greeting": own("they have just got the bot"),
    "added": own("they have just put the bot among others"),
    "entrusted": own("they have just been entrusted with the workspace"),
}
"""What the core itself posts to people."""


def for_duty(letter: Letter, person: Person, now: datetime) -> Letter:
    """The letter as somebody gets it for a task that they hold: when they work next and are
    neither away nor paused, with the three controls. Its `because` says why it is theirs."""
    return letter.model_copy(
        update={
            "due_at": next_open_moment(person, now),
            "message": with_controls(letter.message),
        }
    )


def find_fault(kind: Kind | None, letter: Letter, person: Person, *, is_stopped: bool) -> str:
    """What is wrong with a letter that was posted just now; nothing where it keeps the rule of
    its sort. Edits are no letters of their own, and places no people."""
    if letter.edits is not None or not isinstance(letter.to, (ToPerson, ToRelay)):
        return ""
    if kind is None:
        return "nobody has decided of which sort it is (Capability.letters)"
    if kind.sort is Sort.OWN:
        return "it is their own matter, and drew on their attention" if letter.day else ""
    if isinstance(letter.to, ToRelay):
        return "to a relay there is nothing but what it asked for"
    if letter.because is None:
        return "it does not say why they get it"
    if not _has_controls(letter):
        return "it has no Pause, Stop and Why"
    if kind.sort is Sort.WISHED:
        return "" if letter.day else "it was not booked"
    if letter.day is not None:
        return "a duty draws on no attention"
    if letter.due_at is None or next_open_moment(person, letter.due_at) != letter.due_at:
        return "it comes when they do not work, or are away or paused"
    if is_stopped and not kind.despite_stop:
        return "they have stopped"
    return ""


def _has_controls(letter: Letter) -> bool:
    rows = [part.buttons for part in letter.message.parts if isinstance(part, Buttons)]
    actions = {button.action for row in rows for button in row}
    is_behind = any(button.args.get(BEHIND) is True for row in rows for button in row)
    return is_behind or actions >= {button.action for button in CONTROLS.buttons}

"""A capability: one thing the bot can do, as a value that names all its entrances."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Generic, TypeAlias, TypeVar

from bot.access import Right
from bot.activity import Activities, Activity, Evidence, Writing
from bot.attention import Wish
from bot.context import Context
from bot.inbound import Command
from bot.kind import CORE, Kind
from bot.message import Message, Part
from bot.outbox import Delivered
from bot.page import Section
from bot.people import Person
from bot.ports import Timer, Work
from bot.reply import Reply
from bot.slot import DueSlot

W = TypeVar("W", bound=Work)
W_contra = TypeVar("W_contra", bound=Work, contravariant=True)

Handler: TypeAlias = Callable[[Context, W, Command], Reply]
TimerHandler: TypeAlias = Callable[[Context, W, Timer], None]
Farewell: TypeAlias = Callable[[Context, W, Person], None]
Hush: TypeAlias = Callable[[Context, W, Person], bool]
"""Takes back what waits for a person who wants to be left alone; returns whether something
that had reached them already goes to somebody else."""
AboutMe: TypeAlias = Callable[[Context, W, Person], Sequence[Part]]
Week: TypeAlias = Callable[[Context, W, Person, date], Sequence[str]]
"""What a person asked, answered or learned since a local day: lines for `Text`, for them alone.
Nothing that was asked without a name is among them."""
Home: TypeAlias = Callable[[Context, W, Person], Sequence[Section]]
"""What a person's own page shows of one capability (see `bot.page`); it changes nothing, and
reads no more than a few rows of that person's: the page is opened often."""
Answers: TypeAlias = Callable[[Context, W, Command], Reply | None]
"""Takes plain words in a direct message for the answer to what this capability has asked the
person there; None where they are none, and nothing was changed."""
View: TypeAlias = Callable[[Context, W, Person, Delivered], Message | None]
"""What a message that stands in a conversation is to one of its readers; None: the same as to
everybody. It changes nothing, and tells nothing that the person may not know."""
Why: TypeAlias = Callable[[Context, W, Person, Delivered], Sequence[Part]]
"""What a capability has to add, for the person alone, to why they got a letter of its own;
nothing for letters of others."""
SlotPlanner: TypeAlias = Callable[[Context, W, Sequence[DueSlot]], Sequence[Wish]]
"""What the slots of many people bring, in one transaction: at most one wish for each slot,
with the slot's key, to its person, between `due_at` and `closes_at`."""


@dataclass(frozen=True, slots=True)
class Order(Generic[W_contra]):
    """A command word: its handler, what may follow it, and a line of help."""

    handle: Handler[W_contra]
    hint: str
    help: str
    spoken: bool = True
    """Whether the bare word begins a command in plain words too, without a slash."""
    needs: Right | None = None
    """The right without which it is left out of the help."""
    slash: bool = False
    """Whether it is a command of its own where a platform must be told of each (Slack). The
    others are reached there through the root word: `/learn pause`."""


@dataclass(frozen=True, slots=True)
class MessageShortcut(Generic[W_contra]):
    """A shortcut on a message, or a global one."""

    handle: Handler[W_contra]
    title: str
    on_message: bool = True
    help: str = ""
    """What it does, where a platform shows a line under the title."""


@dataclass(frozen=True, slots=True)
class Capability(Generic[W_contra]):
    """All the ways into one capability.

    `presses` and `submits` are by action (`question.claim`), `timers` by timer
    action, `hears` by what a thread is about (`question`). `mention` answers words
    addressed to the bot in a channel, `words` plain words in a direct message. Before `words`
    each `answers` may take them, in the order of the capabilities: “b” answers a quiz. What none
    of them takes each `doubts` may hold back, so that what may have been meant for it alone is
    not passed on as a question.
    `farewell` puts in order what a person who left the workspace leaves behind. `slots`
    are by the kind of a slot (`tips.daily`), `reactions` by our name of a mark that somebody
    puts on a message (`accept`). `home` is this capability's share of the person's own page.
    `views` are by what a message is about (`question`); see `bot.message.Message.readers`.
    `opens_forms` are those of the `presses` whose reply may be a form: some platforms open one
    only for a button of which they know so beforehand (Teams).
    `activities` are by the format under which a campaign has them (`tip`), `evidence` by its
    word in what counts as completed (`certified`), `writings` by what it is that somebody wrote
    (`narration`): see `bot.activity`. `letters` are the kinds of letters that it posts to people,
    each with its sort (`bot.kind`).
    """

    name: str
    title: str
    orders: Mapping[str, Order[W_contra]] = field(default_factory=dict)
    shortcuts: Mapping[str, MessageShortcut[W_contra]] = field(default_factory=dict)
    presses: Mapping[str, Handler[W_contra]] = field(default_factory=dict)
    opens_forms: frozenset[str] = frozenset()
    submits: Mapping[str, Handler[W_contra]] = field(default_factory=dict)
    timers: Mapping[str, TimerHandler[W_contra]] = field(default_factory=dict)
    hears: Mapping[str, Handler[W_contra]] = field(default_factory=dict)
    views: Mapping[str, View[W_contra]] = field(default_factory=dict)
    slots: Mapping[str, SlotPlanner[W_contra]] = field(default_factory=dict)
    interrupts: Mapping[str, Handler[W_contra]] = field(default_factory=dict)
    reactions: Mapping[str, Handler[W_contra]] = field(default_factory=dict)
    mention: Handler[W_contra] | None = None
    words: Handler[W_contra] | None = None
    answers: Answers[W_contra] | None = None
    doubts: Answers[W_contra] | None = None
    farewell: Farewell[W_contra] | None = None
    hush: Hush[W_contra] | None = None
    about_me: AboutMe[W_contra] | None = None
    why: Why[W_contra] | None = None
    week: Week[W_contra] | None = None
    home: Home[W_contra] | None = None
    activities: Mapping[str, Activity[W_contra]] = field(default_factory=dict)
    evidence: Mapping[str, Evidence[W_contra]] = field(default_factory=dict)
    writings: Mapping[str, Writing[W_contra]] = field(default_factory=dict)
    letters: Mapping[str, Kind] = field(default_factory=dict)


class Clash(Exception):
    """Two capabilities want the same name."""


@dataclass(frozen=True, slots=True)
class Registry(Generic[W]):
    """All capabilities, by entrance."""

    capabilities: tuple[Capability[W], ...]
    orders: Mapping[str, Order[W]]
    shortcuts: Mapping[str, MessageShortcut[W]]
    presses: Mapping[str, Handler[W]]
    opens_forms: frozenset[str]
    submits: Mapping[str, Handler[W]]
    timers: Mapping[str, TimerHandler[W]]
    hears: Mapping[str, Handler[W]]
    views: Mapping[str, View[W]]
    interrupts: Mapping[str, Handler[W]]
    reactions: Mapping[str, Handler[W]]
    slots: Mapping[str, SlotPlanner[W]]
    mention: Handler[W] | None
    words: Handler[W] | None
    answers: tuple[Answers[W], ...]
    activities: Activities
    letters: Mapping[str, Kind]
    doubts: tuple[Answers[W], ...]


T = TypeVar("T")


def _merge(kind: str, tables: Iterable[Mapping[str, T]]) -> dict[str, T]:
    merged: dict[str, T] = {}
    for table in tables:
        for name, entry in table.items():
            if name in merged:
                raise Clash(f"two capabilities have the {kind} {name!r}")
            merged[name] = entry
    return merged


def _only(kind: str, entries: Iterable[T | None]) -> T | None:
    found = [entry for entry in entries if entry is not None]
    if len(found) > 1:
        raise Clash(f"two capabilities want {kind}")
    return found[0] if found else None


def register(capabilities: Iterable[Capability[W]]) -> Registry[W]:
    """One registry of all entrances.

    Raises:
        Clash: two capabilities claim the same word, action or plain words.
        ValueError: a form is said to open for a button that is not there.
    """
    every = tuple(capabilities)
    opens_forms = frozenset[str]().union(*(c.opens_forms for c in every))
    for action in sorted(opens_forms.difference(*(c.presses for c in every))):
        raise ValueError(f"no button is called {action}, which is said to open a form")
    return Registry(
        capabilities=every,
        orders=_merge("command", (c.orders for c in every)),
        shortcuts=_merge("shortcut", (c.shortcuts for c in every)),
        presses=_merge("button", (c.presses for c in every)),
        opens_forms=opens_forms,
        submits=_merge("form", (c.submits for c in every)),
        timers=_merge("timer", (c.timers for c in every)),
        hears=_merge("thread", (c.hears for c in every)),
        views=_merge("view", (c.views for c in every)),
        interrupts=_merge("interrupting word", (c.interrupts for c in every)),
        reactions=_merge("mark", (c.reactions for c in every)),
        slots=_merge("slot", (c.slots for c in every)),
        mention=_only("mentions", (c.mention for c in every)),
        words=_only("plain words", (c.words for c in every)),
        answers=tuple(c.answers for c in every if c.answers is not None),
        activities=Activities(
            _merge("activity", (c.activities for c in every)),
            _merge("evidence", (c.evidence for c in every)),
            _merge("writing", (c.writings for c in every)),
        ),
        letters=_merge("letter", (CORE, *(c.letters for c in every))),
        doubts=tuple(c.doubts for c in every if c.doubts is not None),
    )

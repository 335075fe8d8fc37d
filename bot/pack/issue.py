"""What could be better in what people learn from, from being noticed to being shown to be better
(domain.md 1.11). Pure, but for the port of the store and the two steps that use it.

An issue's state is the fold of its events. One that was answered by a change is not closed by
that: it is *verifying* until what people answer and say of the new version tells whether it
helped.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from bot.errors import Conflict
from bot.ids import IssueId, PersonId, TopicId, WorkspaceId
from bot.message import Args
from bot.pack.flag import GOOD, Flag, FlagKind

OPEN_PER_STEWARD = 5
"""More than these are not put before one steward at once; the rest is only counted."""
AGAIN_AFTER = timedelta(days=7)
"""So long the figures of an open issue stay as they were noticed."""


class State(StrEnum):
    OPEN = "open"
    TRIAGED = "triaged"
    """Somebody has said that it is one."""
    IN_PROGRESS = "in_progress"
    CHANGED = "changed"
    """The content was changed, and nobody has answered or read the new version yet."""
    VERIFYING = "verifying"
    """Answers to the new version come in."""
    CLOSED = "closed"
    REOPENED = "reopened"
    WONT_FIX = "wont_fix"


OPEN_STATES = frozenset({State.OPEN, State.TRIAGED, State.IN_PROGRESS, State.REOPENED})
"""The steward's turn."""
WATCHED_STATES = frozenset({State.CHANGED, State.VERIFYING})
"""It is being seen whether the change helped."""


class EventKind(StrEnum):
    RAISED = "raised"
    """It begins. `data`: version, of what it is about, and the figures."""
    RAISED_AGAIN = "raised_again"
    """The same, noticed once more; `data` are the new figures."""
    TRIAGED = "triaged"
    BEGUN = "begun"
    CHANGED = "changed"
    """`data`: version, of what was changed."""
    REWORDED = "reworded"
    """It was only said better: nothing is to be expected of that. `data`: version."""
    VERIFYING = "verifying"
    HELPED = "helped"
    """`data`: the figures before and after."""
    DID_NOT_HELP = "did_not_help"
    """`data`: the same."""
    REFUSED = "refused"
    """`data`: reason."""


_ALWAYS = {EventKind.CHANGED: State.CHANGED, EventKind.REFUSED: State.WONT_FIX}
_NEXT: Mapping[State, Mapping[EventKind, State]] = {
    State.OPEN: {
        EventKind.RAISED_AGAIN: State.OPEN,
        EventKind.REWORDED: State.OPEN,
        EventKind.TRIAGED: State.TRIAGED,
        EventKind.BEGUN: State.IN_PROGRESS,
        **_ALWAYS,
    },
    State.TRIAGED: {
        EventKind.RAISED_AGAIN: State.TRIAGED,
        EventKind.REWORDED: State.TRIAGED,
        EventKind.BEGUN: State.IN_PROGRESS,
        **_ALWAYS,
    },
    State.IN_PROGRESS: {
        EventKind.RAISED_AGAIN: State.IN_PROGRESS,
        EventKind.REWORDED: State.IN_PROGRESS,
        **_ALWAYS,
    },
    State.REOPENED: {
        EventKind.RAISED_AGAIN: State.REOPENED,
        EventKind.REWORDED: State.REOPENED,
        EventKind.TRIAGED: State.TRIAGED,
        EventKind.BEGUN: State.IN_PROGRESS,
        **_ALWAYS,
    },
    # A change while it is being verified begins the verification anew.
    State.CHANGED: {
        EventKind.REWORDED: State.CHANGED,
        EventKind.VERIFYING: State.VERIFYING,
        **_ALWAYS,
    },
    State.VERIFYING: {
        EventKind.REWORDED: State.VERIFYING,
        EventKind.HELPED: State.CLOSED,
        EventKind.DID_NOT_HELP: State.REOPENED,
        **_ALWAYS,
    },
    State.CLOSED: {EventKind.RAISED_AGAIN: State.REOPENED},
    # Whoever refuses has heard it: it is not raised again for the same version.
    State.WONT_FIX: {EventKind.CHANGED: State.CHANGED},
}


@dataclass(frozen=True, slots=True)
class Issue:
    """`about` is `item:ID`, `section:ID`, `tip:ID`, `quiz:ID` or `topic:ID`; `kind` the flag
    that raised it, of which there is one issue for each thing. `n` is how many answers, people
    or questions it rests on, and `data` are the other figures, of when it was last raised.

    `before` is the version that they are of, `after` the version that answers it, made at
    `answered_at`. Of an item these are families (`PackStore.family`). `version` is what was
    read; saving another one is a `Conflict`.
    """

    id: IssueId
    workspace: WorkspaceId
    topic: TopicId
    about: str
    kind: FlagKind
    raised_at: datetime
    changed_at: datetime
    state: State = State.OPEN
    n: int = 0
    data: Args = field(default_factory=dict)
    before: str = ""
    after: str = ""
    answered_at: datetime | None = None
    reason: str = ""
    version: int = 0

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES

    @property
    def subject(self) -> str:
        """What letters call it."""
        return f"issue:{self.id}"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to an issue. `actor` is None for the clock and the statistics."""

    issue: IssueId
    kind: EventKind
    at: datetime
    actor: PersonId | None = None
    data: Args = field(default_factory=dict)


def can(issue: Issue, kind: EventKind) -> bool:
    """Whether `kind` may happen to the issue in its present state."""
    return kind in _NEXT[issue.state]


def apply(issue: Issue, event: Event) -> Issue:
    """The issue after the event.

    Raises:
        Conflict: its state does not allow the event (any more).
    """
    state = _NEXT[issue.state].get(event.kind)
    if state is None:
        raise Conflict("This has been dealt with already. Please look again.")
    after = replace(issue, state=state, changed_at=event.at)
    match event.kind:
        case EventKind.RAISED_AGAIN:
            return _with_figures(replace(after, raised_at=event.at), event.data)
        case EventKind.CHANGED:
            return replace(after, after=str(event.data["version"]), answered_at=event.at)
        case EventKind.REWORDED if issue.after:
            return replace(after, after=str(event.data["version"]))
        case EventKind.REWORDED:
            return replace(after, before=str(event.data["version"]))
        case EventKind.DID_NOT_HELP:
            # What did not help is what the next change is compared with.
            return replace(after, before=issue.after, after="", raised_at=event.at)
        case EventKind.REFUSED:
            return replace(after, reason=str(event.data["reason"]))
        case _:
            return after


def _with_figures(issue: Issue, data: Args) -> Issue:
    figures = {name: value for name, value in data.items() if name not in {"n", "version"}}
    version = str(data.get("version", issue.before))
    return replace(issue, n=int(str(data.get("n", 0))), data=figures, before=version, after="")


def fold(issue: Issue, events: Iterable[Event]) -> Issue:
    """Replay: the issue as its events left it. The first event of all is that it was raised."""
    replayed = issue
    for event in events:
        if event.kind is EventKind.RAISED:
            begun = Issue(
                id=issue.id,
                workspace=issue.workspace,
                topic=issue.topic,
                about=issue.about,
                kind=issue.kind,
                raised_at=event.at,
                changed_at=event.at,
                version=issue.version,
            )
            replayed = _with_figures(begun, event.data)
        else:
            replayed = apply(replayed, event)
    return replayed


class IssueStore(Protocol):
    """Issues of workspaces, within one open transaction (`work.issues`)."""

    def get(self, issue: IssueId) -> Issue | None: ...

    def find(self, workspace: WorkspaceId, about: str, kind: FlagKind) -> Issue | None:
        """The one of that kind about a thing."""

    def about(self, workspace: WorkspaceId, thing: str) -> Sequence[Issue]:
        """All about a thing, the first raised first."""

    def add(self, issue: Issue) -> None: ...

    def save(self, issue: Issue) -> Issue:
        """Replace the version that was read; returns the value with its new version.

        Raises:
            Conflict: the issue was changed since it was read.
        """

    def record(self, event: Event) -> None:
        """Append to the issue's events."""

    def events(self, issue: IssueId) -> Sequence[Event]:
        """All events of an issue in order."""

    def in_states(
        self,
        workspace: WorkspaceId,
        states: frozenset[State],
        topics: Sequence[TopicId] | None = None,
    ) -> Sequence[Issue]:
        """Those in any of the states, of some topics where they are named; those that rest on
        the most first."""


def step(
    issues: IssueStore,
    issue: Issue,
    kind: EventKind,
    at: datetime,
    actor: PersonId | None = None,
    data: Args | None = None,
) -> Issue:
    """The issue after one more event, saved and recorded.

    Raises:
        Conflict: its state does not allow the event, or it was changed meanwhile.
    """
    event = Event(issue=issue.id, kind=kind, at=at, actor=actor, data=dict(data or {}))
    saved = issues.save(apply(issue, event))
    issues.record(event)
    return saved


def raise_flag(
    issues: IssueStore,
    workspace: WorkspaceId,
    topic: TopicId,
    flag: Flag,
    version: str,
    at: datetime,
    new_id: str,
) -> Issue | None:
    """Open an issue for a flag, or raise again the one that there is. Returns it if it is the
    steward's turn now and was not before; None where nothing new is to be said to anybody.

    `version` is that of the thing as it was when the figures of the flag were made.
    """
    if flag.kind in GOOD:
        return None
    figures: Args = {**flag.data, "n": flag.n, "version": version}
    issue = issues.find(workspace, flag.about, flag.kind)
    if issue is None:
        event = Event(IssueId(new_id), EventKind.RAISED, at, data=figures)
        begun = Issue(event.issue, workspace, topic, flag.about, flag.kind, at, at)
        issue = fold(begun, [event])
        issues.add(issue)
        issues.record(event)
        return issue
    if issue.is_open:
        if at - issue.raised_at >= AGAIN_AFTER:
            step(issues, issue, EventKind.RAISED_AGAIN, at, data=figures)
        return None
    if issue.state is State.CLOSED:
        return step(issues, issue, EventKind.RAISED_AGAIN, at, data=figures)
    if issue.state is State.WONT_FIX:
        if issue.before == version:
            return None
        issue = step(issues, issue, EventKind.CHANGED, at, data={"version": version})
    if issue.after != version:
        return None
    if issue.state is State.CHANGED:
        issue = step(issues, issue, EventKind.VERIFYING, at)
    return step(issues, issue, EventKind.DID_NOT_HELP, at, data=figures)

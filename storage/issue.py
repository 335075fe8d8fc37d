"""What could be better in content, in tables."""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection, insert, select, update

from bot.errors import Conflict
from bot.ids import IssueId, TopicId, WorkspaceId
from bot.pack.flag import FlagKind
from bot.pack.issue import Event, Issue, State
from storage.library_tables import content_issue_events, content_issues
from storage.row import columns_of, values_of

_ISSUE = columns_of(content_issues, Issue)
_EVENT = columns_of(content_issue_events, Event)


class SqlIssues:
    """`bot.pack.issue.IssueStore` in tables."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, issue: IssueId) -> Issue | None:
        """The issue of that id."""
        row = self._connection.execute(
            select(*_ISSUE).where(content_issues.c.id == issue)
        ).one_or_none()
        return None if row is None else Issue(**row._mapping)

    def find(self, workspace: WorkspaceId, about: str, kind: FlagKind) -> Issue | None:
        """The one of that kind about a thing."""
        return next((i for i in self.about(workspace, about) if i.kind is kind), None)

    def about(self, workspace: WorkspaceId, thing: str) -> Sequence[Issue]:
        """All about a thing, the first raised first."""
        rows = self._connection.execute(
            select(*_ISSUE)
            .where(content_issues.c.workspace == workspace, content_issues.c.about == thing)
            .order_by(content_issues.c.raised_at, content_issues.c.id)
        )
        return [Issue(**row._mapping) for row in rows]

    def add(self, issue: Issue) -> None:
        """Insert a new issue."""
        self._connection.execute(insert(content_issues), values_of(issue))

    def save(self, issue: Issue) -> Issue:
        """Replace the version that was read; returns the value with its new version.

        Raises:
            Conflict: the issue was changed since it was read.
        """
        saved = replace(issue, version=issue.version + 1)
        replaced = self._connection.execute(
            update(content_issues)
            .where(content_issues.c.id == issue.id, content_issues.c.version == issue.version)
            .values(values_of(saved))
        )
        if replaced.rowcount != 1:
            raise Conflict
        return saved

    def record(self, event: Event) -> None:
        """Append to the issue's events."""
        self._connection.execute(insert(content_issue_events), values_of(event))

    def events(self, issue: IssueId) -> Sequence[Event]:
        """All events of an issue in order."""
        rows = self._connection.execute(
            select(*_EVENT)
            .where(content_issue_events.c.issue == issue)
            .order_by(content_issue_events.c.id)
        )
        return [Event(**row._mapping) for row in rows]

    def in_states(
        self,
        workspace: WorkspaceId,
        states: frozenset[State],
        topics: Sequence[TopicId] | None = None,
    ) -> Sequence[Issue]:
        """Those in any of the states, of some topics where they are named; those that rest on
        the most first."""
        which = select(*_ISSUE).where(
            content_issues.c.workspace == workspace, content_issues.c.state.in_(sorted(states))
        )
        if topics is not None:
            which = which.where(content_issues.c.topic.in_(topics))
        rows = self._connection.execute(
            which.order_by(content_issues.c.n.desc(), content_issues.c.id)
        )
        return [Issue(**row._mapping) for row in rows]

"""FAQ articles: every version of them, the evidence, and how people ask for them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    Connection,
    Table,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)

from bot.capabilities.questions.model import (
    NOT_DOUBTED,
    SUGGESTED_STATES,
    Article,
    ArticleState,
    Indexed,
    Tally,
    Use,
    UseKind,
)
from bot.errors import Conflict
from bot.ids import ArticleId, PersonId, QuestionId, TopicId, WorkspaceId
from storage.question_tables import article_versions, articles, phrasings, questions, uses
from storage.revision import Revisions
from storage.row import add_new, columns_of, values_of

KEPT_PHRASINGS = 20

_ARTICLE = columns_of(articles, Article)
_VERSION = columns_of(article_versions, Article)
_BY_ID = select(*_ARTICLE).where(articles.c.id == bindparam("article"))
_BY_SOURCE = select(*_ARTICLE).where(
    articles.c.workspace == bindparam("of_workspace"),
    articles.c.source == bindparam("of_source"),
    articles.c.source != "",
)
_REPLACE = update(articles).where(
    articles.c.id == bindparam("of_id"), articles.c.version == bindparam("of_version")
)
_ADD_VERSION = insert(article_versions)
_ADD_PHRASING = insert(phrasings)
_FORGET_PHRASING = delete(phrasings).where(
    phrasings.c.article == bindparam("of_article"), phrasings.c.text == bindparam("of_text")
)
_KEEP_NEWEST = delete(phrasings).where(
    phrasings.c.article == bindparam("of_article"),
    phrasings.c.position.not_in(
        select(phrasings.c.position)
        .where(phrasings.c.article == bindparam("of_article"))
        .order_by(phrasings.c.position.desc())
        .limit(KEPT_PHRASINGS)
    ),
)
_NAMES = ("author", "verifier", "changed_by")


class SqlArticles:
    """`bot.capabilities.questions.ports.ArticleStore` in tables."""

    def __init__(self, connection: Connection, revisions: Revisions) -> None:
        self._connection = connection
        self._revisions = revisions

    def get(self, article: ArticleId) -> Article | None:
        """The article of that id."""
        row = self._connection.execute(_BY_ID, {"article": article}).one_or_none()
        return None if row is None else Article(**row._mapping)

    def save(self, article: Article) -> Article:
        """Insert (version 0) or replace the version that was read, keeping history.

        Raises:
            Conflict: the article was changed since it was read, or its id or source
                was taken meanwhile.
        """
        saved = replace(article, version=article.version + 1)
        values = values_of(saved)
        if article.version == 0:
            if not add_new(self._connection, articles, values):
                raise Conflict
            self._revisions.expect(articles, article.id, article.workspace)
        else:
            read = {"of_id": article.id, "of_version": article.version}
            if self._connection.execute(_REPLACE, values | read).rowcount != 1:
                raise Conflict
            self._revisions.renew(articles, article.id)
        self._connection.execute(_ADD_VERSION, values)
        return saved

    def history(self, article: ArticleId) -> Sequence[Article]:
        """All versions, oldest first."""
        rows = self._connection.execute(
            select(*_VERSION)
            .where(article_versions.c.id == article)
            .order_by(article_versions.c.version)
        )
        return [Article(**row._mapping) for row in rows]

    def by_source(self, workspace: WorkspaceId, source: str) -> Article | None:
        """The article that was imported under that key; no article has the empty key."""
        row = self._connection.execute(
            _BY_SOURCE, {"of_workspace": workspace, "of_source": source}
        ).one_or_none()
        return None if row is None else Article(**row._mapping)

    def of_question(self, question: QuestionId) -> Article | None:
        """The article that grew out of the question; the youngest if there are several."""
        row = self._connection.execute(
            select(*_ARTICLE)
            .where(articles.c.question == question)
            .order_by(articles.c.created_at.desc(), articles.c.id)
            .limit(1)
        ).one_or_none()
        return None if row is None else Article(**row._mapping)

    def in_states(
        self,
        workspace: WorkspaceId,
        states: frozenset[ArticleState],
        limit: int,
        topics: Sequence[TopicId] | None = None,
    ) -> Sequence[Article]:
        return self._unchanged(workspace, limit, topics, articles.c.state.in_(sorted(states)))

    def doubted(
        self, workspace: WorkspaceId, limit: int, topics: Sequence[TopicId] | None = None
    ) -> Sequence[Article]:
        return self._unchanged(
            workspace,
            limit,
            topics,
            articles.c.state == ArticleState.RETIRED,
            articles.c.verified_at.is_(None),
            articles.c.changed_by.is_(None),
            articles.c.note.not_in(NOT_DOUBTED),
        )

    def _unchanged(
        self,
        workspace: WorkspaceId,
        limit: int,
        topics: Sequence[TopicId] | None,
        *which: ColumnElement[bool],
    ) -> Sequence[Article]:
        """Longest unchanged first."""
        found = select(*_ARTICLE).where(articles.c.workspace == workspace, *which)
        if topics is not None:
            found = found.where(articles.c.topic.in_(topics))
        rows = self._connection.execute(
            found.order_by(articles.c.changed_at, articles.c.id).limit(limit)
        )
        return [Article(**row._mapping) for row in rows]

    def new_titles(self, workspace: WorkspaceId, since: datetime, limit: int) -> Sequence[str]:
        """What is published and was not before `since`, the newest first."""
        version = article_versions.c
        first = (
            select(version.id, func.min(version.changed_at).label("at"))
            .where(version.workspace == workspace, version.state == ArticleState.PUBLISHED)
            .group_by(version.id)
            .subquery()
        )
        return self._connection.scalars(
            select(articles.c.title)
            .join(first, first.c.id == articles.c.id)
            .where(
                articles.c.workspace == workspace,
                articles.c.state == ArticleState.PUBLISHED,
                articles.c.changed_at >= since,
                first.c.at >= since,
            )
            .order_by(first.c.at.desc(), articles.c.id)
            .limit(limit)
        ).all()

    def by_author(self, person: PersonId) -> Sequence[Article]:
        """Articles that name the person as author or verifier, oldest first."""
        rows = self._connection.execute(
            select(*_ARTICLE)
            .where(or_(articles.c.author == person, articles.c.verifier == person))
            .order_by(articles.c.created_at, articles.c.id)
        )
        return [Article(**row._mapping) for row in rows]

    def shared_by(self, person: PersonId, limit: int) -> tuple[Sequence[Article], int]:
        """Articles that others may be shown and that name the person as author: the newest
        ones, and how many there are."""
        theirs = (articles.c.author == person, articles.c.state.in_(sorted(SUGGESTED_STATES)))
        rows = self._connection.execute(
            select(*_ARTICLE)
            .where(*theirs)
            .order_by(articles.c.created_at.desc(), articles.c.id)
            .limit(limit)
        )
        found = [Article(**row._mapping) for row in rows]
        if len(found) < limit:
            return found, len(found)
        count: int = self._connection.execute(
            select(func.count()).select_from(articles).where(*theirs)
        ).scalar_one()
        return found, count

    def helped(self, person: PersonId) -> int:
        """How often others were helped by the person's articles (solved or worked)."""
        # A suggestion that solved a question and was said to have worked is one help.
        helped = func.coalesce(uses.c.question, uses.c.key)
        times: int = self._connection.execute(
            select(func.count(helped.distinct()))
            .select_from(uses)
            .join(articles, articles.c.id == uses.c.article)
            .where(articles.c.author == person, uses.c.kind.in_([UseKind.SOLVED, UseKind.WORKED]))
        ).scalar_one()
        return times

    def use(self, use: Use) -> bool:
        """Note evidence. False when its key was noted before."""
        workspace = self._connection.execute(
            select(articles.c.workspace).where(articles.c.id == use.article)
        ).scalar()
        return add_new(self._connection, uses, values_of(use) | {"workspace": workspace})

    def askers(self, article: Article) -> int:
        """How many people it has helped, with the one whose question it came from. Who asked
        without a name is somebody else each time."""
        helped = select(uses.c.question).where(
            uses.c.article == article.id, uses.c.kind.in_([UseKind.SOLVED, UseKind.WORKED])
        )
        who = func.coalesce(questions.c.asker, questions.c.id)
        asked = or_(questions.c.id == article.question, questions.c.id.in_(helped))
        return int(
            self._connection.execute(select(func.count(who.distinct())).where(asked)).scalar_one()
        )

    def tally(self, article: ArticleId, since: datetime | None = None) -> Tally:
        """How often each kind of evidence came in, at `since` or later where it is given."""
        query = (
            select(uses.c.kind, func.count()).where(uses.c.article == article).group_by(uses.c.kind)
        )
        if since is not None:
            query = query.where(uses.c.at >= since)
        return Tally(**{kind.value: count for kind, count in self._connection.execute(query)})

    def confirmations(self, workspace: WorkspaceId) -> Sequence[tuple[float, bool]]:
        """Score and whether it solved the question, of every suggestion with a score
        that was tapped Solves it (True) or No (False); oldest first."""
        rows = self._connection.execute(
            select(uses.c.score, uses.c.kind)
            .where(
                uses.c.workspace == workspace,
                uses.c.score.is_not(None),
                uses.c.kind.in_([UseKind.SOLVED, UseKind.NOT_SOLVED]),
            )
            .order_by(uses.c.at, uses.c.key)
        )
        return [(score, kind is UseKind.SOLVED) for score, kind in rows]

    def remember_phrasing(self, article: ArticleId, text: str, at: datetime) -> None:
        """Keep the words of an asker whom the article helped; the newest 20 are kept.

        The same words again are the newest again, and no second entry.
        """
        self._connection.execute(_FORGET_PHRASING, {"of_article": article, "of_text": text})
        self._connection.execute(_ADD_PHRASING, {"article": article, "text": text, "at": at})
        self._connection.execute(_KEEP_NEWEST, {"of_article": article})
        self._revisions.renew(articles, article)

    def phrasings(self, article: ArticleId) -> Sequence[str]:
        """The words that are kept, oldest first."""
        return (
            self._connection.execute(
                select(phrasings.c.text)
                .where(phrasings.c.article == article)
                .order_by(phrasings.c.position)
            )
            .scalars()
            .all()
        )

    def detach(
        self, workspace: WorkspaceId, person: PersonId, only: ArticleId | None = None
    ) -> int:
        """Take a person's name off every article, or one, and its history; returns how many.

        An article that somebody has read and not saved yet still holds the name, so its
        version moves on and that save is a Conflict.
        """
        named: dict[Table, Sequence[str]] = {}
        for table in (articles, article_versions):
            found = (
                select(table.c.id)
                .where(table.c.workspace == workspace, or_(*(table.c[n] == person for n in _NAMES)))
                .distinct()
            )
            if only is not None:
                found = found.where(table.c.id == only)
            named[table] = self._connection.execute(found).scalars().all()
        for article in named[articles]:
            version: int = self._connection.execute(
                update(articles)
                .where(articles.c.id == article)
                .values(version=articles.c.version + 1)
                .returning(articles.c.version)
            ).scalar_one()
            self._connection.execute(
                update(article_versions)
                .where(article_versions.c.id == article, article_versions.c.version == version - 1)
                .values(version=version)
            )
        for table in (articles, article_versions):
            for name in _NAMES:
                off = update(table).where(table.c.workspace == workspace, table.c[name] == person)
                if only is not None:
                    off = off.where(table.c.id == only)
                self._connection.execute(off.values({name: None}))
        return len({*named[articles], *named[article_versions]})

    def indexed_since(self, workspace: WorkspaceId, revision: int, limit: int) -> Sequence[Indexed]:
        """The first `limit` articles changed after `revision`, by revision.

        What this transaction itself has changed is not among them.
        """
        changed = (articles.c.workspace == workspace, articles.c.revision > revision)
        rows = self._connection.execute(
            select(
                articles.c.id,
                articles.c.title,
                articles.c.text,
                articles.c.state,
                articles.c.revision,
            )
            .where(*changed)
            .order_by(articles.c.revision)
            .limit(limit)
        ).all()
        last = rows[-1].revision if rows else revision
        # Words that came in between are newer than the row, which then comes again.
        words: dict[str, list[str]] = {}
        for article, text in self._connection.execute(
            select(phrasings.c.article, phrasings.c.text)
            .join(articles, articles.c.id == phrasings.c.article)
            .where(*changed, articles.c.revision <= last)
            .order_by(phrasings.c.position)
        ):
            words.setdefault(article, []).append(text)
        return [
            Indexed(
                article=row.id,
                title=row.title,
                text=row.text,
                phrasings=tuple(words.get(row.id, ())),
                suggested=row.state in SUGGESTED_STATES,
                revision=row.revision,
            )
            for row in rows
        ]

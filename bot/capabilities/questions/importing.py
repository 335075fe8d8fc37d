"""FAQ entries and past questions from elsewhere, taken on in one transaction.

The caller opens the transaction: when anything is wrong an error ends it, and a dry run is
one that the caller rolls back. Everything has a key of its own, so that the same file may be
imported again: what it said before is no news, what it says now is.

No letter is sent and no happening noted: this is what others did elsewhere, some time ago.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import pairwise
from typing import Literal

from bot.capabilities.questions.access import stewards_of
from bot.capabilities.questions.article import set_review_timer
from bot.capabilities.questions.model import (
    REVIEW_EVERY,
    Article,
    ArticleState,
    Credit,
    Event,
    EventKind,
    Question,
    State,
    Turn,
    TurnKind,
    Urgency,
    Visibility,
    apply,
    fold,
    move,
)
from bot.capabilities.questions.source import (
    MAX_PHRASINGS,
    AnswerRow,
    FaqRow,
    QuestionRow,
    Rows,
    read_faq,
    read_questions,
)
from bot.capabilities.questions.work import QuestionsWork
from bot.ids import AnswerId, ArticleId, PersonId, QuestionId, TopicId, WorkspaceId
from bot.message import Args
from bot.people import Person
from bot.textfile import Problems, Unreadable, suggest
from bot.topic import Topic

__all__ = [
    "FAQ_HELP",
    "QUESTIONS_HELP",
    "Entry",
    "ImportReport",
    "Intake",
    "Rows",
    "Unreadable",
    "Verified",
    "describe",
    "import_faq",
    "import_questions",
    "name_slug",
    "read_faq",
    "read_questions",
]

FAQ_HELP = """Import FAQ entries from a .csv or .jsonl file, all or none.

CSV has a header: question, answer, and perhaps id, topic, phrasings (other ways to ask,
separated by |), verified_at (2026-03-02) and verified_by (a person). JSONL has one object a
line with the same names.

An entry that says when or by whom it was verified is published, and counts as due for review
half a year after that. So is every entry with --publish, as verified today; in a regulated
topic an entry has to name who verified it. All others wait for the steward of their topic
(/faq review) and are suggested meanwhile as not yet reviewed.

Importing the file again changes only what is new in it. An entry that was edited, retired or
merged here stays as it is. Entries without an id are known by their question."""

QUESTIONS_HELP = """Import past questions and who answered them from a .jsonl file, all or none.

One object a line: id, ts (seconds since 1970), asker, text or title or both, answers (a list
of objects with user and perhaps accepted, text and dt, the seconds after the question), and
perhaps tags and channel, which name the topic where they are one that is known here. Where ts
is the number of a post and no date, the questions are taken to be a day apart, the last one
of yesterday.

People are found by address or name. Whoever is not found is kept as somebody who has left:
never asked, but what they answered is learnt from. Questions that nobody but the asker
answered are left out. Importing the file again adds what is new in it."""

NO_TEXT = "(answered in the chat)"
CHECK_TEXT = "the import brought another text"
PAST_REVIEW = "its review date has passed"
ORDER_STEP = timedelta(days=1)
"""Between two questions of which only the order is known."""
ANSWER_STEP = timedelta(minutes=1)
"""Between two answers of which only the order is known."""

Outcome = Literal["added", "changed", "unchanged", "kept"]

_WAITING = frozenset({ArticleState.CANDIDATE, ArticleState.DRAFTED, ArticleState.IN_REVIEW})
_GONE = frozenset({ArticleState.RETIRED, ArticleState.MERGED})


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did, or would have done."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    kept: int = 0
    """Left alone because it was edited, retired or merged here."""
    left_out: int = 0
    """Questions that nobody but the asker answered."""
    waiting: int = 0
    """FAQ entries added or changed that wait for a steward."""
    without_topic: int = 0
    """Questions added of which no topic is known."""
    new_people: int = 0
    new_topics: tuple[str, ...] = ()
    """Titles of topics that were opened."""


@dataclass(frozen=True, slots=True)
class Verified:
    """That an entry was verified. `is_news` when the source itself says so, with its date."""

    at: datetime
    by: PersonId | None = None
    is_news: bool = True


@dataclass(frozen=True, slots=True)
class Entry:
    """An FAQ entry from elsewhere. `source` is its key in the workspace."""

    source: str
    title: str
    text: str
    topic: TopicId | None = None
    phrasings: tuple[str, ...] = ()
    verified: Verified | None = None


class Intake:
    """Takes entries and questions into one workspace within one transaction.

    What it looked up it remembers, so nothing else may change topics or people meanwhile.
    """

    def __init__(
        self,
        work: QuestionsWork,
        workspace: WorkspaceId,
        now: datetime,
        new_id: Callable[[], str],
    ) -> None:
        self._work = work
        self._workspace = workspace
        self._now = now
        self._new_id = new_id
        self._topics: dict[str, Topic] = {}
        self._waits_in: dict[TopicId | None, ArticleState] = {}
        self._known: dict[str, PersonId | None] = {}
        self._names: Counter[str] = Counter()
        self._called: dict[str, PersonId] = {}
        self.new_people = 0
        self.new_topics: list[str] = []
        for topic in work.topics.every(workspace):
            self._learn_topic(topic)
        for person in work.people.everybody(workspace):
            self._names[person.name.casefold()] += 1
            self._called[person.name.casefold()] = person.id

    # --- topics ---

    def _learn_topic(self, topic: Topic) -> None:
        channel = (topic.channel,) if topic.channel else ()
        for name in (topic.id, topic.title, *topic.aliases, *channel):
            self._topics.setdefault(_fold(name), topic)

    def find_topic(self, words: str) -> Topic | None:
        """The topic of that id, title, alias or channel."""
        return self._topics.get(_fold(words))

    def open_topic(self, title: str) -> Topic:
        """A new topic without a steward."""
        topic = Topic(id=TopicId(name_slug(title)), workspace=self._workspace, title=title)
        self._work.topics.save(topic)
        self._learn_topic(topic)
        self.new_topics.append(title)
        return topic

    def suggest_topic(self, words: str) -> str:
        """` (did you mean “x”?)`, or nothing."""
        return suggest(words, [topic.title for topic in self._topics.values()] + [*self._topics])

    # --- people ---

    def find_person(self, words: str) -> PersonId | None:
        """The person of that address, or the only active one of that name."""
        name = _bare(words)
        if name not in self._known:
            person = self._work.people.by_address(self._workspace, name)
            if person is not None:
                self._known[name] = person.id
            elif self._names[name.casefold()] == 1:
                self._known[name] = self._called[name.casefold()]
            else:
                self._known[name] = None
        return self._known[name]

    def suggest_person(self, words: str) -> str:
        """` (did you mean “x”?)`, or nothing."""
        return suggest(_bare(words), [*self._called])

    def bring_person(self, words: str) -> PersonId:
        """The person, or somebody of that name who counts as having left."""
        found = self.find_person(words)
        if found is not None:
            return found
        name = _bare(words)
        address = f"import:{name}"
        person = self._work.people.by_address(self._workspace, address)
        if person is None:
            person = Person(
                id=PersonId(self._new_id()),
                workspace=self._workspace,
                address=address,
                name=name,
                asks_welcome=False,
                active=False,
            )
            self._work.people.save(person)
            self.new_people += 1
        self._known[name] = person.id
        return person.id

    # --- FAQ entries ---

    def bring_entry(self, entry: Entry) -> tuple[Outcome, Article]:
        """Add the entry, or take over what is new in it."""
        existing = self._work.articles.by_source(self._workspace, entry.source)
        outcome: Outcome = "added"
        if existing is None:
            article = self._add(entry)
        else:
            outcome, article = self._renew(existing, entry)
        if self._add_phrasings(article, entry, is_new=existing is None) and outcome == "unchanged":
            outcome = "changed"
        return outcome, article

    def _add(self, entry: Entry) -> Article:
        return self._save(
            self._verify(
                Article(
                    id=ArticleId(self._new_id()),
                    workspace=self._workspace,
                    title=entry.title,
                    text=entry.text,
                    state=ArticleState.CANDIDATE,
                    created_at=self._now,
                    changed_at=self._now,
                    topic=entry.topic,
                    source=entry.source,
                ),
                entry.verified,
            )
        )

    def _renew(self, article: Article, entry: Entry) -> tuple[Outcome, Article]:
        new = _content(entry)
        if new != _content(article):
            brought = _last_brought(self._work.articles.history(article.id))
            if new == brought:
                return "unchanged", article
            if brought != _content(article) or article.state in _GONE:
                return "kept", article
            changed = replace(
                article,
                title=entry.title,
                text=entry.text,
                topic=entry.topic,
                changed_at=self._now,
                changed_by=None,
            )
            return "changed", self._save(self._verify(changed, entry.verified))
        if _is_news(article, entry.verified):
            return "changed", self._save(self._verify(article, entry.verified))
        return "unchanged", article

    def _verify(self, article: Article, verified: Verified | None) -> Article:
        """The article in the state that it has by its new text and the word for it."""
        if verified is None:
            if article.state is ArticleState.PUBLISHED:
                article = move(article, ArticleState.NEEDS_REVIEW, self._now)
                return replace(article, note=CHECK_TEXT)
            if article.state is ArticleState.CANDIDATE:
                return move(article, self._waiting_state(article), self._now)
            return article
        review_by = verified.at + REVIEW_EVERY
        state, note = ArticleState.PUBLISHED, ""
        if review_by <= self._now:
            state, note = ArticleState.NEEDS_REVIEW, PAST_REVIEW
        return replace(
            article,
            state=state,
            note=note,
            changed_at=self._now,
            changed_by=None,
            verifier=verified.by,
            verified_at=verified.at,
            review_by=review_by,
        )

    def _waiting_state(self, article: Article) -> ArticleState:
        if article.topic not in self._waits_in:
            stewards = stewards_of(self._work, article)
            self._waits_in[article.topic] = (
                ArticleState.IN_REVIEW if stewards else ArticleState.DRAFTED
            )
        return self._waits_in[article.topic]

    def _save(self, article: Article) -> Article:
        saved = self._work.articles.save(article)
        if saved.state is ArticleState.PUBLISHED and saved.review_by is not None:
            set_review_timer(self._work, saved, saved.review_by)
        return saved

    def _add_phrasings(self, article: Article, entry: Entry, *, is_new: bool) -> bool:
        """Keep ways to ask, but none in place of words that helped somebody here."""
        if not entry.phrasings or article.state in _GONE:
            return False
        there = () if is_new else self._work.articles.phrasings(article.id)
        missing = [words for words in entry.phrasings if words not in there]
        missing = missing[: max(0, MAX_PHRASINGS - len(there))]
        for words in missing:
            self._work.articles.remember_phrasing(article.id, words, self._now)
        return bool(missing)

    # --- questions ---

    def bring_question(
        self, row: QuestionRow
    ) -> tuple[Outcome | Literal["left_out"], Question | None]:
        """Add the question with its answers, or the answers that are new."""
        asker = _bare(row.asker)
        if all(_bare(answer.user) == asker for answer in row.answers):
            return "left_out", None
        subject = f"import:{self._workspace}:{row.id}"
        existing = self._work.questions.get(QuestionId(_key(subject)))
        asked_at = min(row.asked_at or self._now - (row.later + 1) * ORDER_STEP, self._now)
        question = existing or Question(
            id=QuestionId(_key(subject)),
            workspace=self._workspace,
            number=0,
            text=row.text,
            visibility=Visibility.OPEN,
            urgency=Urgency.NORMAL,
            asked_at=asked_at,
            changed_at=asked_at,
            asker=self.bring_person(asker),
            topic=self._topic_of(row),
        )
        turns = self._turns(question, subject, row.answers)
        if existing is not None:
            return self._go_on(existing, turns)
        if not any(turn.author for turn, _ in turns):
            return "left_out", None
        events = [
            Event(question.id, EventKind.ASKED, asked_at),
            # Nobody was asked by us: it found its way without waves.
            Event(question.id, EventKind.ROUTED, asked_at, data={"wave": 0}),
            *_tell(turns, is_settled=False),
        ]
        number = self._work.questions.next_number(self._workspace)
        question = fold(replace(question, number=number), events)
        self._work.questions.add(question)
        for turn, _ in turns:
            self._work.questions.add_turn(turn)
        self._record(question, events, turns)
        return "added", question

    def _topic_of(self, row: QuestionRow) -> TopicId | None:
        found = (self.find_topic(subject) for subject in row.subjects)
        return next((topic.id for topic in found if topic is not None), None)

    def _turns(
        self, question: Question, subject: str, answers: Sequence[AnswerRow]
    ) -> list[tuple[Turn, bool]]:
        """What was said, and whether it was accepted. The asker's own words are no answer."""
        turns = []
        said: Counter[str] = Counter()
        for place, answer in enumerate(answers, start=1):
            said[answer.user] += 1
            author = self.bring_person(answer.user)
            own = author == question.asker
            if own and not answer.text:
                continue
            after = answer.after if answer.after is not None else place * ANSWER_STEP
            turn = Turn(
                id=AnswerId(_key(f"{subject}:{answer.user}:{said[answer.user]}")),
                question=question.id,
                kind=TurnKind.FOLLOW_UP if own else TurnKind.ANSWER,
                text=answer.text or NO_TEXT,
                at=min(question.asked_at + after, self._now),
                author=None if own else author,
            )
            turns.append((turn, answer.accepted and not own))
        return turns

    def _go_on(
        self, question: Question, turns: Sequence[tuple[Turn, bool]]
    ) -> tuple[Outcome, Question]:
        """The question with what has been said and accepted since it was imported."""
        there = {turn.id for turn in self._work.questions.turns(question.id)}
        new = [(turn, accepted) for turn, accepted in turns if turn.id not in there]
        late = [
            Event(question.id, EventKind.ACCEPTED, turn.at, data={"answer": turn.id})
            for turn, accepted in turns
            if accepted and turn.id in there and question.accepted is None
        ][:1]
        if not new and not late:
            return "unchanged", question
        if question.state not in {State.ACCEPTED, State.CLOSED_UNCONFIRMED}:
            return "kept", question
        events = [*late, *_tell(new, is_settled=bool(late) or question.accepted is not None)]
        for event in events:
            question = apply(question, event)
        for turn, _ in new:
            self._work.questions.add_turn(turn)
        if events:
            question = self._work.questions.save(question)
        self._record(question, events, turns)
        return "changed", question

    def _record(
        self, question: Question, events: Sequence[Event], turns: Sequence[tuple[Turn, bool]]
    ) -> None:
        """Keep the events, and credit who answered as it is credited when it happens here."""
        for event in events:
            self._work.questions.record(event)
        if question.topic is None:
            return
        for event in events:
            if event.kind is EventKind.ACCEPTED:
                author = next(turn.author for turn, _ in turns if turn.id == question.accepted)
                if author is not None:
                    self._credit(question, question.topic, author, "accepted", event.at)
            elif event.kind is EventKind.CLOSED and question.claimed_by is not None:
                author = question.claimed_by
                self._credit(question, question.topic, author, "unconfirmed", event.at)

    def _credit(
        self,
        question: Question,
        topic: TopicId,
        person: PersonId,
        kind: Literal["accepted", "unconfirmed"],
        at: datetime,
    ) -> None:
        key = f"{question.subject}:{kind}"
        if kind == "accepted":
            key += f":{person}"
        self._work.experts.credit(Credit(person=person, topic=topic, kind=kind, at=at, key=key))


def import_faq(
    work: QuestionsWork,
    workspace: WorkspaceId,
    rows: Iterable[FaqRow],
    now: datetime,
    new_id: Callable[[], str],
    progress: Callable[[int], None] = lambda _done: None,
    *,
    publish: bool = False,
    create_topics: bool = False,
) -> ImportReport:
    """Take FAQ entries on; `FAQ_HELP` says what becomes of them.

    `progress` is told how many more rows are done. `create_topics` opens a topic for a name
    that is unknown.

    Raises:
        Unreadable: a row names a topic or a person nobody knows, or was verified in the
            future, or could not be read. The transaction has to be rolled back.
    """
    intake = Intake(work, workspace, now, new_id)
    problems = Problems()
    is_whole = not isinstance(rows, Rows) or rows.is_whole
    outcomes: Counter[str] = Counter()
    waiting = 0
    for row in rows.read(problems) if isinstance(rows, Rows) else rows:
        entry = _read_entry(intake, row, now, problems, publish, create_topics)
        # After a problem the rest is looked at for others, and nothing more is written.
        if entry is not None and is_whole and not problems.total:
            outcome, article = intake.bring_entry(entry)
            outcomes[outcome] += 1
            is_new = outcome in {"added", "changed"}
            waiting += is_new and article.state is not ArticleState.PUBLISHED
        progress(1)
    problems.raise_any()
    return ImportReport(
        added=outcomes["added"],
        changed=outcomes["changed"],
        unchanged=outcomes["unchanged"],
        kept=outcomes["kept"],
        waiting=waiting,
        new_topics=tuple(intake.new_topics),
    )


def import_questions(
    work: QuestionsWork,
    workspace: WorkspaceId,
    rows: Iterable[QuestionRow],
    now: datetime,
    new_id: Callable[[], str],
    progress: Callable[[int], None] = lambda _done: None,
) -> ImportReport:
    """Take past questions on; `QUESTIONS_HELP` says what becomes of them.

    `progress` is told how many more rows are done.

    Raises:
        Unreadable: a question was asked in the future. The transaction has to be rolled back.
    """
    intake = Intake(work, workspace, now, new_id)
    problems = Problems()
    outcomes: Counter[str] = Counter()
    without_topic = 0
    for row in rows:
        if row.asked_at is not None and row.asked_at > now:
            problems.note(row.place, f"ts lies in the future ({row.asked_at:%Y-%m-%d}).")
        elif not problems.total:
            outcome, question = intake.bring_question(row)
            outcomes[outcome] += 1
            without_topic += outcome == "added" and question is not None and not question.topic
        progress(1)
    problems.raise_any()
    return ImportReport(
        added=outcomes["added"],
        changed=outcomes["changed"],
        unchanged=outcomes["unchanged"],
        kept=outcomes["kept"],
        left_out=outcomes["left_out"],
        without_topic=without_topic,
        new_people=intake.new_people,
    )


def describe(report: ImportReport) -> str:
    """The report in lines; what did not happen is not mentioned."""
    lines = [f"{report.added:,} added, {report.changed:,} changed, {report.unchanged:,} unchanged."]
    if report.kept:
        lines.append(f"{report.kept:,} left as they are: edited, retired or merged here.")
    if report.left_out:
        lines.append(f"{report.left_out:,} left out: nobody but the asker answered.")
    if report.waiting:
        lines.append(f"{report.waiting:,} wait for a steward: /faq review lists them.")
    if report.without_topic:
        lines.append(f"{report.without_topic:,} without a topic that is known here.")
    if report.new_people:
        lines.append(f"{report.new_people:,} people unknown here, kept as having left.")
    if report.new_topics:
        lines.append(f"New topics: {', '.join(report.new_topics)}.")
    return "\n".join(lines)


def name_slug(title: str) -> str:
    """The id of a topic called by the title: letters, digits and hyphens."""
    slug = re.sub(r"[^a-z0-9]+", "-", title.casefold()).strip("-")
    # A title in another script leaves nothing.
    return slug or f"topic-{_key(title)[:8]}"


def _read_entry(
    intake: Intake,
    row: FaqRow,
    now: datetime,
    problems: Problems,
    publish: bool,
    create_topics: bool,
) -> Entry | None:
    before = problems.total
    topic = intake.find_topic(row.topic) if row.topic else None
    if row.topic and topic is None:
        if create_topics:
            topic = intake.open_topic(row.topic)
        else:
            near = intake.suggest_topic(row.topic)
            problems.note(row.place, f"there is no topic “{row.topic}”{near}.")
    by = intake.find_person(row.verified_by) if row.verified_by else None
    if row.verified_by and by is None:
        near = intake.suggest_person(row.verified_by)
        problems.note(row.place, f"nobody here is called “{row.verified_by}”{near}.")
    if row.verified_at is not None and row.verified_at > now:
        problems.note(row.place, f"verified_at lies in the future ({row.verified_at:%Y-%m-%d}).")
    if problems.total > before:
        return None
    verified = None
    if topic is None or not topic.regulated or by is not None:
        if row.verified_at is not None:
            verified = Verified(row.verified_at, by)
        elif by is not None or publish:
            verified = Verified(now, by, is_news=False)
    own = row.id or _key(row.title.casefold())
    return Entry(
        source=f"import:faq:{own}",
        title=row.title,
        text=row.text,
        topic=topic.id if topic else None,
        phrasings=row.phrasings,
        verified=verified,
    )


def _content(entry: Entry | Article) -> tuple[str, str, TopicId | None]:
    return entry.title, entry.text, entry.topic


def _last_brought(history: Sequence[Article]) -> tuple[str, str, TopicId | None]:
    """What the last import said: the bot itself changes states, never what an entry says."""
    brought = _content(history[0])
    for before, after in pairwise(history):
        if after.changed_by is None and _content(after) != _content(before):
            brought = _content(after)
    return brought


def _is_news(article: Article, verified: Verified | None) -> bool:
    """Whether an entry that says what it said before was verified since."""
    if verified is None or article.state in _GONE:
        return False
    if article.state in _WAITING or article.verified_at is None:
        return True
    return verified.is_news and verified.at > article.verified_at


def _tell(turns: Sequence[tuple[Turn, bool]], *, is_settled: bool) -> list[Event]:
    """Answers as events, with the first acceptance; what was not accepted is closed."""
    events: list[Event] = []
    for turn, accepted in turns:
        if turn.author is None:
            continue
        events.append(Event(turn.question, EventKind.ANSWERED, turn.at, turn.author))
        if accepted and not is_settled:
            is_settled = True
            args: Args = {"answer": turn.id}
            events.append(Event(turn.question, EventKind.ACCEPTED, turn.at, data=args))
    if events and not is_settled:
        events.append(Event(turns[-1][0].question, EventKind.CLOSED, events[-1].at))
    return events


def _fold(words: str) -> str:
    return " ".join(re.sub(r"[\s_-]+", " ", words.strip().removeprefix("#").casefold()).split())


def _bare(words: str) -> str:
    """The name in `@name` and `<@name>`."""
    return words.strip().removeprefix("<").removesuffix(">").removeprefix("@").strip() or words


def _key(words: str) -> str:
    """32 hexadecimal digits that stand for the words."""
    return sha256(words.encode("utf-8", "surrogatepass")).hexdigest()[:32]

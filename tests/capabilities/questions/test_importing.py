"""Imports: what a file says comes in whole or not at all, and only once."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.capabilities.questions.importing import (
    NO_TEXT,
    ImportReport,
    Unreadable,
    describe,
    import_faq,
    import_questions,
    name_slug,
    read_faq,
    read_questions,
)
from bot.capabilities.questions.model import (
    REVIEW_EVERY,
    Article,
    ArticleState,
    Credit,
    EventKind,
    State,
    Turn,
    TurnKind,
    Visibility,
    fold,
    move,
)
from bot.capabilities.questions.source import AnswerRow, FaqRow, QuestionRow
from bot.ids import PersonId, QuestionId, TopicId, WorkspaceId
from bot.people import Person, Role, Workspace
from bot.textfile import MAX_REPORTED
from bot.topic import Topic
from storage.database import Database
from storage.work import SqlWork
from tests.search.shared_data import ABSENT, find_shared_data

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
HERE = WorkspaceId("w")
KIM, DANA = PersonId("p-kim"), PersonId("p-dana")
EXPENSES, LEGAL = TopicId("expenses"), TopicId("legal")
TS = 1_700_000_000
ASKED = datetime.fromtimestamp(TS, UTC)

Write = Callable[[str, str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(name: str, text: str) -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.fixture
def home(database: Database) -> Database:
    """A workspace with Kim, who looks after expenses, and Dana, who curates everything."""
    with database.transaction() as work:
        work.people.add_workspace(Workspace(HERE, "playground", "w", "W"))
        work.people.save(Person(KIM, HERE, "kim", "Kim Berg"))
        work.people.save(
            Person(DANA, HERE, "dana", "Dana", roles=frozenset({Role.COMMUNITY_MANAGER}))
        )
        work.topics.save(
            Topic(EXPENSES, HERE, "Expenses and travel", aliases=("hotel cost",), steward=KIM)
        )
        work.topics.save(Topic(LEGAL, HERE, "Legal", regulated=True, channel="#legal"))
    return database


def new_ids() -> Callable[[], str]:
    numbers = count(1)
    return lambda: f"id-{next(numbers)}"


IDS = new_ids()


def bring_faq(
    database: Database,
    path: Path,
    *,
    now: datetime = NOW,
    publish: bool = False,
    create_topics: bool = False,
) -> ImportReport:
    rows = read_faq(path)
    with database.transaction() as work:
        return import_faq(work, HERE, rows, now, IDS, publish=publish, create_topics=create_topics)


def bring_questions(database: Database, path: Path, *, now: datetime = NOW) -> ImportReport:
    rows = read_questions(path)
    with database.transaction() as work:
        return import_questions(work, HERE, rows, now, IDS)


def article(database: Database, key: str) -> Article:
    with database.transaction() as work:
        found = work.articles.by_source(HERE, f"import:faq:{key}")
    assert found is not None
    return found


def problems_of(call: Callable[[], object], folder: Path) -> list[str]:
    """What is said about a file, each path shortened to its name."""
    with pytest.raises(Unreadable) as caught:
        call()
    return [problem.removeprefix(f"{folder}/") for problem in caught.value.problems]


def question(**fields: object) -> str:
    row: dict[str, object] = {"id": "q1", "ts": TS, "asker": "ana", "text": "Why?", "answers": []}
    return json.dumps(row | fields) + "\n"


# --- reading FAQ files ----------------------------------------------------------------


def test_csv_rows_are_read_with_their_lines(write: Write) -> None:
    path = write(
        "faq.csv",
        "\ufeffId,Question,Answer,Topic,Phrasings,Verified_At,Verified_By,Owner\n"
        'a,"How, then?","Like ""this"".\nAnd that.",expenses,one | two|,2026-01-15,kim,x\n'
        "\n"
        "b,Why?,So.\n",
    )
    assert list(read_faq(path)) == [
        FaqRow(
            place=f"{path}:2",
            title="How, then?",
            text='Like "this".\nAnd that.',
            id="a",
            topic="expenses",
            phrasings=("one", "two"),
            verified_at=datetime(2026, 1, 15, tzinfo=UTC),
            verified_by="kim",
        ),
        FaqRow(place=f"{path}:5", title="Why?", text="So.", id="b"),
    ]
    assert len(read_faq(path)) == 2


@pytest.mark.parametrize("separator", [";", "\t"])
def test_other_separators_are_recognised(write: Write, separator: str) -> None:
    path = write("faq.csv", f"title{separator}text\nHow, then?{separator}Like this, so.\n")
    assert [(row.title, row.text) for row in read_faq(path)] == [("How, then?", "Like this, so.")]


def test_jsonl_rows_are_read_under_either_name(write: Write) -> None:
    path = write(
        "faq.jsonl",
        '{"id": 7, "title": "How?", "text": "So.", "phrasings": ["In what way?"], "group": "g"}\n'
        '{"question": "Why?", "answer": "Because.", "verified_at": "2026-01-15T12:00:00+02:00"}\n',
    )
    assert list(read_faq(path)) == [
        FaqRow(f"{path}:1", "How?", "So.", id="7", phrasings=("In what way?",)),
        FaqRow(f"{path}:2", "Why?", "Because.", verified_at=datetime(2026, 1, 15, 10, tzinfo=UTC)),
    ]


@pytest.mark.parametrize(
    ("name", "text", "problems"),
    [
        ("x.csv", "", ["x.csv: the file is empty."]),
        (
            "x.csv",
            "question,answer\n\n",
            ["x.csv: there is nothing in it but a header or blank lines."],
        ),
        (
            "x.csv",
            "question,anser\na,b\n",
            [
                "x.csv:1: “anser” is unknown (did you mean “answer”?).",
                "x.csv:1: the header has no column “answer” or “text”.",
            ],
        ),
        (
            "x.csv",
            "id,question,answer\n1,,So.\n1,Why?,\n2,How?,So.\n2,Who?,Me.\n",
            [
                "x.csv:2: question is empty.",
                "x.csv:3: answer is empty.",
                "x.csv:5: the id “2” stands in line 4 already.",
            ],
        ),
        (
            "x.csv",
            "Title,Text\n,So.\n" + "W" * 301 + ",So.\n",
            [
                "x.csv:2: Title is empty.",
                "x.csv:3: Title has 301 characters; at most 300 are kept.",
            ],
        ),
        (
            "x.jsonl",
            '{"question": "Why?", "title": "How?", "text": "", "answer": "So."}\n',
            ["x.jsonl:1: “question” and “title” are two names of the same column."],
        ),
        (
            "x.csv",
            "question,answer\nWhy?,So.\nWHY?,Thus.\n",
            ["x.csv:3: the same question stands in line 2 already."],
        ),
        (
            "x.csv",
            "question,answer\nWhy?,So, and so.\n",
            [
                (
                    "x.csv:2: there are 3 fields, and 2 in the header. "
                    "A text with “,” in it is put in quotes."
                )
            ],
        ),
        (
            "x.csv",
            "question,answer,verified_at\nWhy?,So.,yesterday\n",
            ["x.csv:2: verified_at is a date like 2026-03-02, not 'yesterday'."],
        ),
        (
            "x.jsonl",
            (
                '{"title": "Why?", "text": 3}\n[1]\n{"title": \n{"titel": "Why?", "text": "So."}\n'
                '{"title": "How?", "text": "So.", "phrasings": [1]}\n'
                '{"title": "How?", "text": "So.", "id": "a\\u0000b"}\n'
            ),
            [
                "x.jsonl:1: text is a text, not 3.",
                "x.jsonl:2: a row is a JSON object, not [1].",
                "x.jsonl:3: this is not JSON (Expecting value in column 10).",
                "x.jsonl:4: “titel” is unknown (did you mean “title”?).",
                "x.jsonl:4: question is empty.",
                "x.jsonl:5: phrasings is a list of texts, not [1].",
                "x.jsonl:6: id holds control characters or half a character.",
            ],
        ),
        ("x.txt", "a", ["x.txt: a FAQ file ends in .csv or .jsonl."]),
    ],
)
def test_everything_wrong_with_a_faq_file_is_said_at_once(
    write: Write, tmp_path: Path, name: str, text: str, problems: list[str]
) -> None:
    path = write(name, text)
    assert problems_of(lambda: read_faq(path), tmp_path) == problems


def test_broken_quotes_are_told_where_the_row_begins(write: Write, tmp_path: Path) -> None:
    path = write("x.csv", 'question,answer\nWhy?,So.\nHow?,"So\nWho?,Me.\n')
    (problem,) = problems_of(lambda: read_faq(path), tmp_path)
    assert problem.startswith("x.csv:3: the quotes are broken")


def test_other_encodings_are_told_with_the_line(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes("question,answer\nWhy?,Größe\nHow?,Süß\n".encode("latin-1"))
    assert problems_of(lambda: read_faq(path), tmp_path) == [
        "x.csv:2: byte 8 (0xf6) is not UTF-8. Please save the file as UTF-8.",
        "x.csv:3: byte 7 (0xfc) is not UTF-8. Please save the file as UTF-8.",
    ]
    path.write_bytes("question,answer\nWhy?,So.\n".encode("utf-16"))
    assert problems_of(lambda: read_faq(path), tmp_path) == [
        "x.csv: this is UTF-16. Please save it as UTF-8."
    ]


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    path = tmp_path / "gone.csv"
    assert problems_of(lambda: read_faq(path), tmp_path) == ["gone.csv: there is no such file."]


def test_after_twenty_problems_the_rest_is_counted(write: Write) -> None:
    path = write("x.csv", "question,answer\n" + "Why?,\n" * 25)
    with pytest.raises(Unreadable) as caught:
        read_faq(path)
    assert (len(caught.value.problems), caught.value.total) == (MAX_REPORTED, 25)
    assert caught.value.sentence.endswith("... and 5 more.")


@given(st.binary(max_size=200), st.sampled_from(["x.csv", "x.jsonl"]))
def test_any_bytes_are_read_or_refused_with_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, raw: bytes, name: str
) -> None:
    path = tmp_path_factory.getbasetemp() / name
    path.write_bytes(b"question,answer\n" * (name == "x.csv") + raw)
    for read in (read_faq, read_questions):
        problems: tuple[str, ...] = ()
        rows: list[object] = []
        try:
            rows = list(read(path))
        except Unreadable as error:
            problems = error.problems
        assert bool(rows) != bool(problems)


# --- importing FAQ files --------------------------------------------------------------


def test_verified_entries_are_published_and_others_wait_for_their_steward(
    home: Database, write: Write
) -> None:
    path = write(
        "faq.csv",
        "id,question,answer,topic,verified_at,verified_by,phrasings\n"
        "a,How?,So.,Hotel-Cost,2026-01-15,@kim,In what way?|How so?\n"
        "b,Why?,Because.,expenses,,,\n"
        "c,Who?,Me.,,,,\n"
        "d,When?,Then.,,2020-01-15,,\n",
    )
    report = bring_faq(home, path)
    assert report == ImportReport(added=4, waiting=3)
    verified_at = datetime(2026, 1, 15, tzinfo=UTC)
    a = article(home, "a")
    assert a == Article(
        id=a.id,
        workspace=HERE,
        title="How?",
        text="So.",
        state=ArticleState.PUBLISHED,
        created_at=NOW,
        changed_at=NOW,
        topic=EXPENSES,
        verifier=KIM,
        verified_at=verified_at,
        review_by=verified_at + REVIEW_EVERY,
        source="import:faq:a",
        version=1,
    )
    # Without a topic Dana, who curates everything, looks after it.
    assert [article(home, key).state for key in "bc"] == [ArticleState.IN_REVIEW] * 2
    d = article(home, "d")
    assert (d.state, d.note) == (ArticleState.NEEDS_REVIEW, "its review date has passed")
    with home.transaction() as work:
        assert work.articles.phrasings(a.id) == ["In what way?", "How so?"]
        assert [timer.key for timer in work.timers.due(NOW + timedelta(days=400), 9)] == [
            f"faq:{a.id}:review"
        ]
        assert work.memory.suggest(work, HERE, "How so?")[0].article == a.id


def test_publish_counts_as_verified_today_except_in_a_regulated_topic(
    home: Database, write: Write
) -> None:
    path = write(
        "faq.csv",
        "id,question,answer,topic,verified_by\n"
        "a,How?,So.,,\nb,Why?,Because.,legal,\nc,Who?,Me.,legal,Dana\n",
    )
    assert bring_faq(home, path, publish=True) == ImportReport(added=3, waiting=1)
    a, b, c = (article(home, key) for key in "abc")
    assert (a.state, a.verified_at, a.verifier) == (ArticleState.PUBLISHED, NOW, None)
    assert b.state is ArticleState.IN_REVIEW
    assert (c.state, c.verifier) == (ArticleState.PUBLISHED, DANA)


def test_the_same_file_again_changes_nothing(home: Database, write: Write) -> None:
    path = write(
        "faq.csv",
        "question,answer,topic,verified_at,phrasings\n"
        "How?,So.,expenses,2026-01-15,one|two\nWhy?,Because.,,,\n",
    )
    bring_faq(home, path)
    later = NOW + timedelta(days=3)
    assert bring_faq(home, path, now=later) == ImportReport(unchanged=2)
    # Published now, once.
    assert bring_faq(home, path, now=later, publish=True).changed == 1
    assert bring_faq(home, path, now=later, publish=True) == ImportReport(unchanged=2)


def test_what_is_new_in_a_file_is_taken_over(home: Database, write: Write) -> None:
    header = "id,question,answer,topic,verified_at,phrasings\n"
    bring_faq(
        home,
        write(
            "faq.csv",
            header + "a,How?,So.,expenses,2026-01-15,\nb,Why?,Because.,,2026-01-15,\n"
            "c,Who?,Me.,,,\nd,When?,Then.,,2026-01-15,\n",
        ),
    )
    report = bring_faq(
        home,
        write(
            "faq.csv",
            header + "a,How?,So.,expenses,2026-02-20,\nb,Why?,Thus.,,,\n"
            "c,Who?,Me.,expenses,,\nd,When?,Then.,,2026-01-15,At what time?\n",
        ),
    )
    assert report == ImportReport(changed=4, waiting=2)
    a, b, c = (article(home, key) for key in "abc")
    assert a.verified_at == datetime(2026, 2, 20, tzinfo=UTC)
    # A new text that nobody verified is shown as being checked.
    assert (b.text, b.state) == ("Thus.", ArticleState.NEEDS_REVIEW)
    assert (c.topic, c.state) == (EXPENSES, ArticleState.IN_REVIEW)
    with home.transaction() as work:
        assert [old.text for old in work.articles.history(b.id)] == ["Because.", "Thus."]


def test_what_was_edited_or_retired_here_stays(home: Database, write: Write) -> None:
    header = "id,question,answer,verified_at\n"
    first = header + "a,How?,So.,2026-01-15\nb,Why?,Because.,2026-01-15\n"
    bring_faq(home, write("faq.csv", first))
    with home.transaction() as work:
        edited = replace(article_in(work, "a"), text="So, since March.", changed_by=DANA)
        work.articles.save(edited)
        work.articles.save(move(article_in(work, "b"), ArticleState.RETIRED, NOW))
    # The file says what it said before: that is no news.
    assert bring_faq(home, write("faq.csv", first), publish=True) == ImportReport(unchanged=2)
    second = header + "a,How?,So!,2026-02-20\nb,Why?,Thus.,2026-02-20\n"
    assert bring_faq(home, write("faq.csv", second)) == ImportReport(kept=2)
    assert article(home, "a").text == "So, since March."
    assert article(home, "b").state is ArticleState.RETIRED


def article_in(work: SqlWork, key: str) -> Article:
    found = work.articles.by_source(HERE, f"import:faq:{key}")
    assert found is not None
    return found


def test_an_entry_can_go_back_to_an_earlier_text(home: Database, write: Write) -> None:
    for text in ("One.", "Two.", "One."):
        bring_faq(home, write("faq.csv", f"id,question,answer\na,How?,{text}\n"))
        assert article(home, "a").text == text


def test_imported_phrasings_never_displace_what_people_said(home: Database, write: Write) -> None:
    path = write("faq.jsonl", '{"id": "a", "title": "How?", "text": "So.", "phrasings": ["one"]}\n')
    bring_faq(home, path)
    words = [f"words {number}" for number in range(20)]
    with home.transaction() as work:
        for said in words:
            work.articles.remember_phrasing(article_in(work, "a").id, said, NOW)
    assert bring_faq(home, path) == ImportReport(unchanged=1)
    with home.transaction() as work:
        assert work.articles.phrasings(article_in(work, "a").id) == words


def test_unknown_topics_and_people_are_told_and_nothing_is_imported(
    home: Database, write: Write, tmp_path: Path
) -> None:
    path = write(
        "faq.csv",
        "id,question,answer,topic,verified_by,verified_at\n"
        "a,How?,So.,,,\n"
        "b,Why?,Because.,expanses,,\n"
        "c,Who?,Me.,,dnaa,\n"
        "d,When?,Then.,gardening,,2099-01-01\n",
    )
    assert problems_of(lambda: bring_faq(home, path), tmp_path) == [
        "faq.csv:3: there is no topic “expanses” (did you mean “expenses”?).",
        "faq.csv:4: nobody here is called “dnaa” (did you mean “dana”?).",
        "faq.csv:5: there is no topic “gardening”.",
        "faq.csv:5: verified_at lies in the future (2099-01-01).",
    ]
    with home.transaction() as work:
        assert work.articles.by_source(HERE, "import:faq:a") is None


def test_what_cannot_be_read_and_what_is_unknown_are_told_together(
    home: Database, write: Write, tmp_path: Path
) -> None:
    path = write(
        "faq.csv",
        "question,answer,topic\nHow?,So.,\nWhy?,Because.,expanses\nWho?,,\nWhen?,Then.,gardening\n",
    )
    with home.transaction() as work:
        rows = read_faq(path, partly=True)
        assert problems_of(lambda: import_faq(work, HERE, rows, NOW, IDS), tmp_path) == [
            "faq.csv:3: there is no topic “expanses” (did you mean “expenses”?).",
            "faq.csv:4: answer is empty.",
            "faq.csv:5: there is no topic “gardening”.",
        ]
        assert work.articles.in_states(HERE, frozenset(ArticleState), 9) == []


def test_topics_are_opened_on_request(home: Database, write: Write) -> None:
    path = write(
        "faq.csv", "question,answer,topic\nHow?,So.,Gärten & Parks\nWhy?,So.,gärten & parks\n"
    )
    report = bring_faq(home, path, create_topics=True)
    assert report.new_topics == ("Gärten & Parks",)
    with home.transaction() as work:
        assert work.topics.get(HERE, TopicId("g-rten-parks")) == Topic(
            TopicId("g-rten-parks"), HERE, "Gärten & Parks"
        )
    assert name_slug("経費").startswith("topic-")


def test_a_dry_run_reports_the_same_and_leaves_nothing(home: Database, write: Write) -> None:
    class Rehearsal(Exception):
        pass

    path = write("faq.csv", "id,question,answer,topic\na,How?,So.,Gardening\n")
    rows = read_faq(path)
    reports = []
    done: list[int] = []

    def rehearse() -> None:
        with home.transaction() as work:
            reports.append(import_faq(work, HERE, rows, NOW, IDS, done.append, create_topics=True))
            raise Rehearsal

    with pytest.raises(Rehearsal):
        rehearse()
    with home.transaction() as work:
        assert work.articles.by_source(HERE, "import:faq:a") is None
        assert work.topics.get(HERE, TopicId("gardening")) is None
    assert reports == [bring_faq(home, path, create_topics=True)]
    assert done == [1]


# --- reading questions ----------------------------------------------------------------


def test_questions_are_read_with_answers_in_the_order_of_time(write: Write) -> None:
    path = write(
        "q.jsonl",
        question(
            title="About it",
            tags=["hotel"],
            channel="money",
            answers=[
                {"user": "kim", "dt": 60, "accepted": True, "score": 3, "text": "So."},
                {"user": "bo", "dt": 5, "n": 2, "chars": 9, "accepted": False},
            ],
        ),
    )
    assert list(read_questions(path)) == [
        QuestionRow(
            place=f"{path}:1",
            id="q1",
            text="About it\n\nWhy?",
            asker="ana",
            answers=(
                AnswerRow("bo", after=timedelta(seconds=5)),
                AnswerRow("kim", accepted=True, text="So.", after=timedelta(seconds=60)),
            ),
            asked_at=ASKED,
            later=0,
            subjects=("hotel", "money"),
        )
    ]


def test_numbers_of_posts_give_the_order_only(write: Write) -> None:
    path = write("q.jsonl", "".join(question(id=f"q{ts}", ts=ts) for ts in (9, 2, 5)))
    rows = list(read_questions(path))
    assert [(row.id, row.asked_at, row.later) for row in rows] == [
        ("q9", None, 0),
        ("q2", None, 2),
        ("q5", None, 1),
    ]


def test_everything_wrong_with_questions_is_said_at_once(write: Write, tmp_path: Path) -> None:
    path = write(
        "q.jsonl",
        question()
        + question()
        + question(id="a", text="", title=" ")
        + question(id="b", ts=TS * 1000)
        + question(id="c", ts=True)
        + question(id="d", asker=None)
        + question(id="e", answers={"user": "kim"})
        + question(id="f", answers=[{"user": "kim"}, {"user": "", "accepted": "yes", "dt": -1}])
        + question(id="g", ts=5)
        + question(id="h", text="x" * 40_001),
    )
    assert problems_of(lambda: read_questions(path), tmp_path) == [
        "q.jsonl:2: the id “q1” stands in line 1 already.",
        "q.jsonl:3: there is neither text nor title.",
        (
            "q.jsonl:4: ts is in seconds since 1970; 1700000000000 lies after 2096 "
            "(is it milliseconds?)."
        ),
        "q.jsonl:5: ts is a number from 0 on, not True.",
        "q.jsonl:6: asker is empty.",
        "q.jsonl:7: answers is a list of objects, not {'user': 'kim'}.",
        "q.jsonl:8: answer 2: dt is a number from 0 on, not -1.",
        "q.jsonl:8: answer 2: user is empty.",
        "q.jsonl:8: answer 2: accepted is true or false, not 'yes'.",
        "q.jsonl:10: text has 40,001 characters; at most 40,000 are kept.",
        "q.jsonl:9: ts is no date here, and is one in other lines.",
    ]


# --- importing questions --------------------------------------------------------------


def the_question(work: SqlWork, number: int = 1) -> QuestionId:
    found = work.questions.by_number(HERE, number)
    assert found is not None
    events = work.questions.events(found.id)
    assert events[0].kind is EventKind.ASKED
    assert fold(found, events) == found
    return found.id


def test_an_accepted_answer_is_kept_learnt_and_credited(home: Database, write: Write) -> None:
    path = write(
        "q.jsonl",
        question(
            tags=["unknown", "Hotel cost"],
            answers=[
                {"user": "bo", "dt": 5},
                {"user": "Kim Berg", "dt": 60, "accepted": True, "text": "So."},
                {"user": "bo", "dt": 90, "accepted": True},
                {"user": "ana", "dt": 95, "text": "Thank you!"},
            ],
        ),
    )
    assert bring_questions(home, path) == ImportReport(added=1, new_people=2)
    with home.transaction() as work:
        found = work.questions.get(the_question(work))
        assert found is not None
        bo = work.people.by_address(HERE, "import:bo")
        ana = work.people.by_address(HERE, "import:ana")
        assert bo is not None
        assert ana is not None
        assert (bo.name, bo.active, bo.asks_welcome) == ("bo", False, False)
        assert (found.state, found.visibility, found.conversation) == (
            State.ACCEPTED,
            Visibility.OPEN,
            None,
        )
        assert (found.asker, found.topic, found.asked_at) == (ana.id, EXPENSES, ASKED)
        turns = work.questions.turns(found.id)
        assert [(turn.kind, turn.text, turn.author) for turn in turns] == [
            (TurnKind.ANSWER, NO_TEXT, bo.id),
            (TurnKind.ANSWER, "So.", KIM),
            (TurnKind.ANSWER, NO_TEXT, bo.id),
            (TurnKind.FOLLOW_UP, "Thank you!", None),
        ]
        assert found.accepted == turns[1].id
        answered = ASKED + timedelta(seconds=60)
        assert work.experts.credits_since(HERE, ASKED) == [
            Credit(KIM, EXPENSES, "accepted", answered, f"{found.subject}:accepted:{KIM}")
        ]
        (past,) = work.questions.past_since(HERE, 0)
        assert {a.person: a.accepted for a in past.answers} == {bo.id: False, KIM: True}
        assert work.memory.answered_before(work, HERE) == {bo.id, KIM}
        assert bo not in work.people.everybody(HERE)


def test_without_acceptance_the_question_is_closed_unconfirmed(
    home: Database, write: Write
) -> None:
    path = write(
        "q.jsonl",
        question(channel="legal", answers=[{"user": "kim", "dt": 5}])
        + question(id="q2", asker="kim", answers=[{"user": "kim", "accepted": True, "text": "!"}])
        + question(id="q3"),
    )
    assert bring_questions(home, path) == ImportReport(added=1, left_out=2, new_people=1)
    with home.transaction() as work:
        found = work.questions.get(the_question(work))
        assert found is not None
        assert (found.state, found.topic) == (State.CLOSED_UNCONFIRMED, LEGAL)
        (credit,) = work.experts.credits_since(HERE, ASKED)
        assert (credit.person, credit.kind) == (KIM, "unconfirmed")
        kinds = [event.kind for event in work.questions.events(found.id)]
        assert kinds == [
            EventKind.ASKED,
            EventKind.ROUTED,
            EventKind.ANSWERED,
            EventKind.CLOSED,
        ]


def test_questions_again_bring_only_what_is_new(home: Database, write: Write) -> None:
    first = [{"user": "kim", "dt": 5, "accepted": False}]
    path = write("q.jsonl", question(answers=first))
    bring_questions(home, path)
    assert bring_questions(home, path) == ImportReport(unchanged=1)
    grown = [{"user": "kim", "dt": 5, "accepted": True}, {"user": "Dana", "dt": 900}]
    path = write("q.jsonl", question(answers=grown))
    assert bring_questions(home, path) == ImportReport(changed=1)
    assert bring_questions(home, path) == ImportReport(unchanged=1)
    with home.transaction() as work:
        found = work.questions.get(the_question(work))
        assert found is not None
        assert found.state is State.ACCEPTED
        turns: list[Turn] = list(work.questions.turns(found.id))
        assert [turn.author for turn in turns] == [KIM, DANA]
        assert found.accepted == turns[0].id


def test_undated_questions_are_a_day_apart_and_the_last_is_of_yesterday(
    home: Database, write: Write
) -> None:
    path = write(
        "q.jsonl",
        "".join(question(id=f"q{ts}", ts=ts, answers=[{"user": "kim"}]) for ts in (2, 5, 9)),
    )
    bring_questions(home, path)
    with home.transaction() as work:
        dates = [work.questions.get(the_question(work, number)) for number in (1, 2, 3)]
    assert [found.asked_at for found in dates if found] == [
        NOW - timedelta(days=days) for days in (3, 2, 1)
    ]


def test_a_question_from_the_future_is_refused(
    home: Database, write: Write, tmp_path: Path
) -> None:
    path = write("q.jsonl", question(answers=[{"user": "kim"}]))
    before = ASKED - timedelta(days=1)
    assert problems_of(lambda: bring_questions(home, path, now=before), tmp_path) == [
        "q.jsonl:1: ts lies in the future (2023-11-14)."
    ]
    with home.transaction() as work:
        assert work.questions.by_number(HERE, 1) is None


def test_two_people_of_one_name_are_not_mistaken_for_each_other(
    home: Database, write: Write
) -> None:
    with home.transaction() as work:
        for address in ("jo1", "jo2"):
            work.people.save(Person(PersonId(address), HERE, address, "Jo"))
    path = write("q.jsonl", question(answers=[{"user": "Jo"}, {"user": "<@jo2>"}]))
    bring_questions(home, path)
    with home.transaction() as work:
        jo = work.people.by_address(HERE, "import:Jo")
        assert jo is not None
        authors = [turn.author for turn in work.questions.turns(the_question(work))]
    assert authors == [jo.id, PersonId("jo2")]


def shared_routing() -> Iterator[Path]:
    data = find_shared_data()
    return iter(()) if data is None else (data / "routing").glob("slack_*.jsonl")


def test_real_histories_come_in_and_are_known_again(home: Database) -> None:
    paths = sorted(shared_routing())
    if not paths:
        pytest.skip(ABSENT)
    path = paths[-1]
    rows = read_questions(path)
    first = bring_questions(home, path)
    assert first.added + first.left_out == len(rows)
    assert first.added > 200
    again = bring_questions(home, path)
    assert again == ImportReport(unchanged=first.added, left_out=first.left_out)
    with home.transaction() as work:
        for number in range(1, first.added + 1, 50):
            the_question(work, number)


def test_a_report_tells_what_happened_and_nothing_else() -> None:
    assert describe(ImportReport(added=1200)) == "1,200 added, 0 changed, 0 unchanged."
    full = ImportReport(1, 2, 3, 4, 5, 6, 7, 8, ("Gardening",))
    assert len(describe(full).splitlines()) == 7

"""What `inflow eval faq` measures, on a set small enough to rank by hand."""

import json
import sys
from pathlib import Path

import pytest

from bot.search import Vectors, evaluation
from bot.search.evaluation import (
    EvaluationError,
    Floor,
    evaluate_faq,
    measure_abstention,
    measure_rankings,
    read_set,
)
from bot.search.threshold import Thresholds
from tests.search.shared_data import ABSENT, find_shared_data

CORPUS = [
    {"id": "vpn#0", "group": "vpn", "title": "How do I reset my VPN token?", "text": ""},
    {"id": "vpn#1", "group": "vpn", "title": "The code generator is lost", "text": ""},
    {"id": "leave", "title": "How do I request parental leave?", "text": "Fill in the form."},
    {"id": "bike", "title": "Where may I park a bicycle?", "text": "Behind the canteen."},
]
QUERIES = [
    {"id": "q1", "text": "reset of the vpn token", "relevant_group": "vpn"},
    {"id": "q2", "text": "I lost the code generator", "relevant": ["vpn#0"]},
    {"id": "q3", "text": "request for parental leave", "relevant": ["bike", "leave"]},
    {"id": "q4", "text": "quantum chromodynamics", "relevant_group": None},
    # Its own entry is left out, so that the only other one with its words is found.
    {"id": "bike", "text": "Where may I park a bicycle? Behind the form", "relevant": ["leave"]},
]


def write_set(folder: Path, corpus: list[object], queries: list[object]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, lines in (("corpus", corpus), ("queries", queries)):
        text = "".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines)
        (folder / f"{name}.jsonl").write_text(text, encoding="utf-8")
    return folder


def test_one_set(tmp_path: Path) -> None:
    result = evaluate_faq(write_set(tmp_path / "small", [*CORPUS], [*QUERIES]), "none")
    assert result["vectors"] == "none"
    assert list(result["sets"]) == ["small"]
    figures = result["sets"]["small"]
    assert (figures["n"], figures["out_of_scope"]) == (4, 1)
    # q3: leave is first. "park" begins like "parental", which puts bike second; FTS5, which knows
    # only words, does not find it: (1/1 + 0) / 2.
    assert figures["map"] == 1.0
    assert figures["p_at_1"] == 1.0
    assert figures["hit_at_5"] == 1.0
    assert figures["fts5"]["map"] == pytest.approx(3.5 / 4)
    assert figures["fts5"]["columns"] == "title x3 + text"
    assert figures["abstention"]["auroc"] == 1.0
    assert figures["abstention"]["answered_out_of_scope"] == 0.0


def test_a_folder_of_sets(tmp_path: Path) -> None:
    for name in ("second", "first"):
        write_set(tmp_path / name, [*CORPUS], [*QUERIES])
    (tmp_path / "notes").mkdir()
    assert list(evaluate_faq(tmp_path, "none")["sets"]) == ["first", "second"]


def test_the_table_is_measured_where_it_is_installed(tmp_path: Path) -> None:
    folder = write_set(tmp_path, [*CORPUS], [*QUERIES])
    if Vectors.load() is None:
        with pytest.raises(EvaluationError, match=r"inflow\[vectors\]"):
            evaluate_faq(folder, "table")
    else:
        result = evaluate_faq(folder, "table")
        assert result["vectors"] == "table"
        assert result["sets"][tmp_path.name]["p_at_1"] == 1.0


def test_without_the_table_there_is_a_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # None in this place is how Python itself marks a module that cannot be imported.
    monkeypatch.setitem(sys.modules, "wordllama", None)
    folder = write_set(tmp_path, [*CORPUS], [*QUERIES])
    with pytest.raises(EvaluationError, match=r"inflow\[vectors\]"):
        evaluate_faq(folder, "table")
    with pytest.raises(EvaluationError, match="'none' or 'table', not 'minilm'"):
        evaluate_faq(folder, "minilm")


def test_rankings_are_measured() -> None:
    rankings = [["a", "b", "c"], ["b", "a"], [], list("bcdefa"), ["x"]]
    relevants = [frozenset(text) for text in ("a", "a", "a", "a", "")]
    quality = measure_rankings(rankings, relevants)
    assert quality["map"] == pytest.approx((1 + 1 / 2 + 0 + 1 / 6) / 4)
    assert quality["p_at_1"] == 1 / 4
    assert quality["hit_at_5"] == 2 / 4
    # Several right answers: the mean of the precisions where each of them stands.
    assert measure_rankings([["x", "a", "b"]], [frozenset("ab")])["map"] == pytest.approx(
        (1 / 2 + 2 / 3) / 2
    )


def test_abstention_is_measured() -> None:
    rankings = [["a"], ["b", "c", "d", "a"], ["b", "a"], ["a"], []]
    tops = [0.9, 0.8, 0.4, 0.4, 0.0]
    relevants = [frozenset("a"), frozenset("a"), frozenset("a"), frozenset(), frozenset()]
    figures = measure_abstention(rankings, tops, relevants, Thresholds(answer=0.8, suggest=0.4))
    assert figures == {
        # Of 3 x 2 pairs, 5 are in order and one is tied.
        "auroc": pytest.approx(5.5 / 6),
        "answer_threshold": 0.8,
        "suggest_threshold": 0.4,
        "precision": 1 / 2,
        "answered": pytest.approx(2 / 3),
        "answered_out_of_scope": 0.0,
        "offer_precision": 2 / 4,
        "offered": 1.0,
        "offered_out_of_scope": 1 / 2,
    }
    silent = measure_abstention([[]], [0.0], [frozenset("a")], Thresholds(0.8, 0.4))
    assert (silent["precision"], silent["auroc"], silent["offer_precision"]) == (None, None, None)


@pytest.mark.parametrize(
    ("corpus", "queries", "message"),
    [
        ([CORPUS[0], "{not json"], QUERIES, r"corpus\.jsonl:2: not JSON"),
        ([CORPUS[0], "[1]"], QUERIES, r"corpus\.jsonl:2: a line is one JSON object"),
        ([{"title": "x"}], QUERIES, r"corpus\.jsonl:1: 'id' must be text"),
        ([{"id": "x"}], QUERIES, r"corpus\.jsonl:1: 'title' must be text"),
        ([{"id": "x", "title": "x", "text": 3}], QUERIES, r"corpus\.jsonl:1: 'text' must be text"),
        ([CORPUS[0], "", CORPUS[0]], QUERIES, r"corpus\.jsonl:3: the id 'vpn#0' comes twice"),
        ([], QUERIES, r"queries\.jsonl:1: 'vpn' is not in the corpus"),
        (CORPUS, ['{"id": "q"}'], r"queries\.jsonl:1: 'text' must be text|needs 'relevant'"),
        (CORPUS, [{"id": "q", "text": "x"}], r"queries\.jsonl:1: needs 'relevant'"),
        (CORPUS, [{"id": "q", "text": "x", "relevant": []}], r"queries\.jsonl:1: needs"),
        (CORPUS, [{"id": "q", "text": "x", "relevant": ["?"]}], r"queries\.jsonl:1: '\?' is not"),
        (CORPUS, [QUERIES[3], {"id": "q", "text": "x", "relevant_group": "?"}], r"jsonl:2: '\?'"),
        (CORPUS, [{"id": "q", "text": "x", "relevant_group": 3}], r"'relevant_group' must be text"),
        (CORPUS, [QUERIES[3]], r"queries\.jsonl: no queries with an answer"),
        ([], [QUERIES[3]], r"corpus\.jsonl: no entries"),
    ],
)
def test_errors_name_file_and_line(
    tmp_path: Path, corpus: list[object], queries: list[object], message: str
) -> None:
    with pytest.raises(EvaluationError, match=message):
        read_set(write_set(tmp_path, corpus, queries))


def test_missing_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match="nowhere: no such folder"):
        evaluate_faq(tmp_path / "nowhere", "none")
    with pytest.raises(EvaluationError, match=r"no corpus\.jsonl here or in a folder below"):
        evaluate_faq(tmp_path, "none")
    write_set(tmp_path, [*CORPUS], [*QUERIES])
    (tmp_path / "queries.jsonl").unlink()
    with pytest.raises(EvaluationError, match=r"queries\.jsonl: No such file"):
        evaluate_faq(tmp_path, "none")
    (tmp_path / "queries.jsonl").write_bytes(b'{"id": "\xff"}')
    with pytest.raises(EvaluationError, match=r"queries\.jsonl:1: not UTF-8"):
        evaluate_faq(tmp_path, "none")
    (tmp_path / "corpus.jsonl").unlink()
    with pytest.raises(EvaluationError, match=r"corpus\.jsonl: No such file"):
        evaluate_faq(tmp_path, "none")


# Mean average precision to reach on the tuning data: with vectors somewhat more than was asked for,
# without them somewhat less than was measured when the weights were chosen.
GOALS = {
    "table": {
        "stackfaq": 0.88,
        "covidfaq": 0.66,
        "banking77": 0.74,
        "clinc150": 0.73,
        "englishdup": 0.42,
    },
    "none": {
        "stackfaq": 0.80,
        "covidfaq": 0.64,
        "banking77": 0.66,
        "clinc150": 0.65,
        "englishdup": 0.40,
    },
}


@pytest.fixture(scope="module")
def floors() -> dict[str, Floor]:
    """What FTS5 reaches on each set: the same with and without vectors, and half of the work."""
    return {}


@pytest.mark.parametrize("name", sorted(GOALS["table"]))
@pytest.mark.parametrize("vectors", ["table", "none"])
def test_figures_on_questions_of_others(
    name: str, vectors: str, floors: dict[str, Floor], monkeypatch: pytest.MonkeyPatch
) -> None:
    data = find_shared_data()
    if data is None:
        pytest.skip(ABSENT)
    if vectors == "table" and Vectors.load() is None:
        pytest.skip("the vectors extra is not installed")
    if name in floors:
        monkeypatch.setattr(evaluation, "_measure_fts5", lambda *_: floors[name])
    figures = evaluate_faq(data / "faq" / name, vectors)["sets"][name]
    floors[name] = figures["fts5"]
    assert figures["map"] >= GOALS[vectors][name]
    assert figures["map"] >= figures["fts5"]["map"]
    if figures["out_of_scope"]:
        abstention = figures["abstention"]
        assert abstention["precision"] is not None
        assert abstention["precision"] >= 0.9
        assert abstention["answered"] >= (0.22 if vectors == "table" else 0.12)
        assert abstention["answered_out_of_scope"] is not None
        assert abstention["answered_out_of_scope"] <= 0.02

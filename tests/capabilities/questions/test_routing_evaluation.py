"""The measure of routing: its arithmetic on paper, its input, and the figures it must reach."""

import json
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from bot.capabilities.questions.evaluation import evaluate_routing, read_questions
from bot.capabilities.questions.routing import CHAT, FORUM, Given
from bot.errors import Invalid
from tests.search.shared_data import ABSENT, find_shared_data

START = 1_700_000_000
DAY = 86_400


def question(number: int, *users: str, **changes: Any) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "id": f"q{number}",
        "ts": START + number * DAY,
        "channel": "help",
        "text": f"alpha w{number}",
        "asker": "asker",
        "answers": [{"user": user, "dt": 60, "accepted": False} for user in users],
    }
    return fields | changes


def write(folder: Path, *questions: object, name: str = "set.jsonl") -> Path:
    file = folder / name
    file.write_text("".join(f"{json.dumps(one)}\n" for one in questions), encoding="utf-8")
    return file


def test_the_figures_are_those_worked_out_by_hand(tmp_path: Path) -> None:
    # Learnt: bo answers four times, cy twice, di once. Scored: three questions.
    learnt = [
        question(0, "di"),
        question(1, "cy"),
        question(2, "bo", "cy"),
        question(3, "bo"),
        question(4, "bo"),
        question(5, "bo"),
    ]
    scored = [
        question(6, "bo"),  # first
        question(7, "di"),  # third
        question(8, "new"),  # unknown, so not ranked at all
    ]
    file = write(tmp_path, *learnt, *scored)
    figures = evaluate_routing(file, 6 / 9)["sets"]["set"]
    assert figures["n"] == 3
    assert figures["recent"] == {
        "mrr": round((1 + 1 / 3) / 3, 4),
        "hit_at_3": round(2 / 3, 4),
        "hit_at_5": round(2 / 3, 4),
        "busiest": 1.0,
        "pinged_hit": round(1 / 3, 4),
    }
    assert figures["mrr"] == round((1 + 1 / 3) / 3, 4)
    assert figures["hit_at_3"] == figures["hit_at_5"] == round(2 / 3, 4)
    assert figures["busiest"] <= 1.0


def test_the_same_file_gives_the_same_figures(tmp_path: Path) -> None:
    file = write(tmp_path, *[question(number, "bo", f"u{number % 7}") for number in range(40)])
    assert evaluate_routing(file) == evaluate_routing(file)


def test_an_answer_is_known_when_it_was_given_and_not_before(tmp_path: Path) -> None:
    late = question(0, answers=[{"user": "bo", "dt": 3 * DAY, "accepted": True}])
    file = write(tmp_path, late, question(1, "cy"), question(2, "bo"), question(4, "bo"))
    # Of the last two, the first comes before bo's late answer and finds only cy.
    figures = evaluate_routing(file, 0.5)["sets"]["set"]
    assert figures["recent"]["hit_at_5"] == figures["hit_at_5"] == 0.5


def test_questions_are_taken_in_the_order_of_time(tmp_path: Path) -> None:
    rows = [question(number, "bo") for number in range(10)]
    forward = write(tmp_path, *rows, name="forward.jsonl")
    backward = write(tmp_path, *reversed(rows), name="backward.jsonl")
    assert read_questions(forward) == read_questions(backward)


def test_the_asker_neither_is_right_nor_is_pinged(tmp_path: Path) -> None:
    own = [question(number, "asker") for number in range(5)]
    mixed = [question(number, "asker", "bo") for number in range(5, 10)]
    figures = evaluate_routing(write(tmp_path, *own, *mixed), 0.2)["sets"]["set"]
    assert figures["n"] == 5
    assert figures["recent"]["hit_at_5"] == figures["hit_at_5"] == 0.8


def test_a_file_is_measured_under_its_name_and_a_folder_file_by_file(tmp_path: Path) -> None:
    for name in ("one.jsonl", "two.jsonl"):
        write(tmp_path, *[question(number, "bo") for number in range(5)], name=name)
    (tmp_path / "README.md").write_text("no questions", encoding="utf-8")
    assert list(evaluate_routing(tmp_path)["sets"]) == ["one", "two"]
    assert list(evaluate_routing(tmp_path / "two.jsonl")["sets"]) == ["two"]


# Reading


def test_dates_are_read_as_dates_and_mentions_as_names(tmp_path: Path) -> None:
    row = question(1, "bo", text="<@cy> or <@U7|di>, who knows? a@b.c")
    read = read_questions(write(tmp_path, row))
    matter = read.matters[0]
    assert read.tempo == CHAT
    assert matter.at == datetime.fromtimestamp(START + DAY, UTC)
    assert matter.answers == (Given("bo", matter.at + timedelta(minutes=1)),)
    assert matter.subjects == ("help",)
    assert matter.named == frozenset({"cy", "U7"})


def test_post_numbers_give_the_order_only(tmp_path: Path) -> None:
    rows = [
        {"id": "a", "ts": 2, "text": "x", "tags": ["sql", "index"], "asker": "u",
         "answers": [{"user": "early", "post": 4}, {"user": "late", "post": 9_000}]},
        {"id": "b", "ts": 17, "text": "y", "tags": ["sql"], "asker": "u", "answers": []},
        {"id": "c", "ts": 8_000, "text": "z", "tags": ["sql"], "asker": "u", "answers": []},
    ]  # fmt: skip
    read = read_questions(write(tmp_path, *rows))
    first, second, third = read.matters
    assert read.tempo == FORUM
    assert second.at - first.at == third.at - second.at == timedelta(days=1)
    early, late = first.answers
    assert first.at < early.at < second.at
    assert third.at < late.at


def test_separators_within_a_text_do_not_end_the_line(tmp_path: Path) -> None:
    file = tmp_path / "set.jsonl"
    row = json.dumps(question(1, "bo", text="one\u2028two"), ensure_ascii=False)
    file.write_text(f"\ufeff{row}\r\n", encoding="utf-8", newline="")
    assert read_questions(file).matters[0].text == "one\u2028two"


def test_a_channel_is_a_chat_and_tags_are_a_forum(tmp_path: Path) -> None:
    chat = write(tmp_path, question(1, "bo"), name="chat.jsonl")
    forum = write(tmp_path, question(1, "bo", tags=["sql"]), name="forum.jsonl")
    assert read_questions(chat).tempo == CHAT
    assert read_questions(forum).tempo == FORUM


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("{", "not JSON"),
        ("[1]", "a question is a JSON object"),
        (json.dumps(question(1) | {"id": None}), "id is a text, not missing"),
        (json.dumps(question(1) | {"id": " "}), "id is a text"),
        (json.dumps(question(1) | {"ts": "yesterday"}), "ts is a number"),
        (json.dumps(question(1) | {"ts": None}), "ts is missing"),
        (json.dumps(question(1) | {"ts": True}), "ts is a number"),
        (json.dumps(question(1) | {"ts": -5}), "ts is a number"),
        (json.dumps(question(1)).replace(str(START + DAY), "NaN"), "ts is a number"),
        (json.dumps(question(1) | {"asker": 7}), "asker is a text, not 7"),
        (json.dumps(question(1) | {"text": " "}), "neither text nor title"),
        (json.dumps(question(1) | {"tags": "sql"}), "tags is a list"),
        (json.dumps(question(1) | {"answers": None}), "answers is a list"),
        (json.dumps(question(1) | {"answers": ["bo"]}), "answers is a list"),
        (json.dumps(question(1) | {"answers": [{}]}), "user is a text, not missing"),
        (json.dumps(question(1) | {"answers": [{"user": "bo", "dt": "1"}]}), "dt is a number"),
        (json.dumps(question(0)), "id q0 was used in line 1 already"),
    ],
)
def test_a_bad_line_is_named_with_its_file(tmp_path: Path, line: str, complaint: str) -> None:
    file = tmp_path / "bad.jsonl"
    file.write_text(f"{json.dumps(question(0))}\n\n{line}\n", encoding="utf-8")
    with pytest.raises(Invalid, match=complaint) as caught:
        evaluate_routing(file)
    assert str(caught.value).startswith(f"{file}:3: ")


def test_where_there_is_nothing_to_read_it_says_so(tmp_path: Path) -> None:
    empty, binary = tmp_path / "empty.jsonl", tmp_path / "binary.jsonl"
    empty.write_text("\n", encoding="utf-8")
    binary.write_bytes(b"\xff\xfe")
    with pytest.raises(Invalid, match=r"empty\.jsonl: there are no questions"):
        evaluate_routing(empty)
    with pytest.raises(Invalid, match=r"binary\.jsonl: cannot be read"):
        evaluate_routing(binary)
    with pytest.raises(Invalid, match=r"absent\.jsonl: cannot be read"):
        evaluate_routing(tmp_path / "absent.jsonl")
    (tmp_path / "nothing").mkdir()
    with pytest.raises(Invalid, match=r"no \.jsonl file"):
        evaluate_routing(tmp_path / "nothing")
    with pytest.raises(Invalid, match="score-from"):
        evaluate_routing(empty, 1.0)


# Figures on questions written by others

SHARED = find_shared_data()
ROUTING = SHARED / "routing" if SHARED else None


@cache
def measured(name: str, score_from: float) -> dict[str, Any]:
    assert ROUTING is not None
    figures: dict[str, Any] = evaluate_routing(ROUTING / f"{name}.jsonl", score_from)
    found: dict[str, Any] = figures["sets"][name]
    return found


@pytest.mark.skipif(ROUTING is None, reason=ABSENT)
@pytest.mark.parametrize("score_from", [0.4, 0.5, 0.6, 0.7])
@pytest.mark.parametrize("name", ["slack_clojure_2019", "slack_elm_2019", "slack_racket_2018"])
def test_in_chat_it_finds_as_many_and_spreads_the_load(name: str, score_from: float) -> None:
    figures = measured(name, score_from)
    recent = figures["recent"]
    assert figures["hit_at_5"] >= recent["hit_at_5"] - 0.02
    assert figures["mrr"] >= recent["mrr"] - 0.02
    assert figures["busiest"] <= 0.75 * recent["busiest"]


@pytest.mark.skipif(ROUTING is None, reason=ABSENT)
def test_in_a_large_forum_it_finds_more_than_the_plain_count() -> None:
    figures = measured("se_dba", 0.6)
    recent = figures["recent"]
    assert figures["mrr"] > recent["mrr"]
    assert figures["hit_at_5"] > recent["hit_at_5"]
    assert figures["busiest"] <= 0.75 * recent["busiest"]

"""What comes from elsewhere lands below what is there, which stays as it was."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from pydantic import TypeAdapter

from bot.pack.item import Item, Status
from bot.pack.model import Quiz
from content.file import PackError
from content.formats.item import as_mapping
from content.formats.landing import Landed, Unlanded, _write_items, land, take
from content.load import load_packs
from content.tree import read
from tests.content.formats.test_round_trip import items

PACK = "kind: pack\nid: buses\ntitle: Buses\nversion: 1.0.0\nlanguage: en\n"
TOPICS = "kind: topics\ntopics:\n  - {id: buses, title: Buses}\n"
LIVE = """\
  - id: bus-{n}
    type: scenario_choice
    objective: get-there
    stem: "It is {n} o’clock. Which bus?"
    options:
      - {{id: a, text: The 12, score: 1}}
      - {{id: b, text: The 14, feedback: It went.}}
      - {{id: c, text: The 9, feedback: It went.}}
"""
QUIZ = (
    "kind: quiz   # ours\nid: bus\ntitle: Buses\ntopic: buses\nobjectives:\n"
    "  - {id: get-there, text: Take the right bus}\n  - {id: get-back, text: Come back}\nitems:\n"
    + "".join(LIVE.format(n=n) for n in range(1, 4))
)
GIFT = """\
::Bus 1::Where does it stop?{=At the mill ~At the pond#It did. ~At the "hill"}

// [tag:objective:get-back]
Which go back?\\nOr round?{~%50%12 ~%50%14 ~%-50%9 ~%-50%7}

Tell us.{}
"""


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    folder = tmp_path / "buses"
    (folder / "quizzes").mkdir(parents=True)
    (folder / "pack.yaml").write_text(PACK)
    (folder / "topics.yaml").write_text(TOPICS)
    (folder / "quizzes" / "bus.yaml").write_text(QUIZ)
    (tmp_path / "in.gift").write_text(GIFT)
    return folder


def bring(pack: Path, objective: str = "get-there", **options: str) -> Landed:
    return land("gift", pack.parent / "in.gift", pack, objective, **options)  # type: ignore[arg-type]  # all are texts


def quiz_of(pack: Path, name: str = "bus") -> Quiz:
    value, _ = read((pack / "quizzes" / f"{name}.yaml").read_text())
    return Quiz.model_validate({key: one for key, one in value.items() if key != "kind"})


def test_drafts_stand_below_what_was_there(pack: Path) -> None:
    landed = bring(pack)
    assert landed.items == ((1, "bus-1-2"), (4, "bus-01"))
    assert [(problem.line, problem.refused) for problem in landed.problems] == [
        (1, False),
        (6, True),
    ]
    text = (pack / "quizzes" / "bus.yaml").read_text()
    assert text.startswith(QUIZ)
    assert text.removeprefix(QUIZ) == (
        "  - id: bus-1-2\n"
        "    type: scenario_choice\n"
        "    objective: get-there\n"
        "    status: draft\n"
        '    stem: "Where does it stop?"\n'
        "    options:\n"
        "      - id: a\n"
        '        text: "At the mill"\n'
        "        score: 1\n"
        "      - id: b\n"
        '        text: "At the pond"\n'
        '        feedback: "It did."\n'
        "      - id: c\n"
        '        text: "At the \\"hill\\""\n'
        "  - id: bus-01\n"
        "    type: multi_select\n"
        "    objective: get-back\n"
        "    status: draft\n"
        "    stem: |-\n"
        "      Which go back?\n"
        "      Or round?\n"
        "    options:\n"
        + "".join(
            f'      - id: {id_}\n        text: "{text_}"\n        correct: {correct}\n'
            for id_, text_, correct in (
                ("a", "12", "true"),
                ("b", "14", "true"),
                ("c", "9", "false"),
                ("d", "7", "false"),
            )
        )
    )


def test_the_check_says_what_drafts_still_need(pack: Path) -> None:
    (pack / "quizzes" / "bus.yaml").write_text(
        QUIZ.replace("  - {id: get-back, text: Come back}\n", "")
    )
    landed = bring(pack)
    assert landed.problems[1].message == (
        "the quiz has no objective 'get-back': this comes under 'get-there'"
    )
    (loaded,) = load_packs([pack])
    told = [line.partition("quizzes/")[2] for line in loaded.warnings]
    needs = [line for line in told if line.startswith("bus.yaml:") and "items.4" in line]
    assert needs == [
        (
            "bus.yaml:46:5: warning: items.4.sections: who misses this is shown nothing: "
            "neither it nor its objective has sections"
        ),
        (
            "bus.yaml:49:5: warning: items.4.status: this draft has no feedback yet: "
            "say the principle, or why, for a, b, c, d"
        ),
    ]
    (quiz,) = [value for value in loaded.bundle.contents if isinstance(value, Quiz)]
    assert [item.status for item in quiz.items[3:]] == [Status.DRAFT, Status.DRAFT]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (QUIZ + "# the end\n", "# the end\n"),
        (QUIZ + "\n# of what follows\nreview_by: 2027-01-01\n", "\n# of what follows\nreview_by:"),
        (QUIZ.removesuffix("\n"), ""),
        (QUIZ.replace("\n", "\r\n") + "review_by: 2027-01-01\r\n", "review_by: 2027-01-01\r\n"),
        ("\ufeff" + QUIZ, ""),
        (QUIZ.replace("    ", "  ").replace("\n  - id: bus", "\n- id: bus"), ""),
        (QUIZ + "...\n", "...\n"),
    ],
)
def test_every_byte_that_was_there_is_there_in_its_order(
    pack: Path, before: str, after: str
) -> None:
    path = pack / "quizzes" / "bus.yaml"
    path.write_bytes(before.encode())
    landed = bring(pack)
    assert len(landed.items) == 2
    text = path.read_bytes().decode()
    head = before[: before.index(after)] if after else before
    assert text.startswith(head)
    assert text.endswith(before[len(head) :])
    assert "\r\n" not in text or "\n" not in text.replace("\r\n", "")
    assert take("gift", pack, "bus").count == 5


def test_a_file_comes_once(pack: Path) -> None:
    bring(pack)
    before = (pack / "quizzes" / "bus.yaml").read_bytes()
    again = bring(pack)
    assert again.items == ()
    assert [problem.message for problem in again.problems if not problem.refused] == [
        "item 'bus-1-2' asks the same: it is left as it is",
        "item 'bus-01' asks the same: it is left as it is",
    ]
    assert (pack / "quizzes" / "bus.yaml").read_bytes() == before


@pytest.mark.parametrize("format_", ["gift", "moodle-xml"])
def test_what_goes_out_and_comes_back_is_there_already(pack: Path, format_: str) -> None:
    taken = take(format_, pack, "bus")
    assert (taken.count, list(taken.problems)) == (3, [])
    file = pack.parent / "out"
    file.write_text(taken.text)
    landed = land(format_, file, pack, "get-there")
    assert landed.items == ()
    assert (pack / "quizzes" / "bus.yaml").read_text() == QUIZ
    elsewhere = pack.parent / "empty"
    (elsewhere / "quizzes").mkdir(parents=True)
    (elsewhere / "pack.yaml").write_text(PACK)
    (elsewhere / "topics.yaml").write_text(TOPICS)
    land(format_, file, elsewhere, "get-there", quiz="bus")
    drafts = [item.model_copy(update={"status": Status.LIVE}) for item in quiz_of(elsewhere).items]
    assert drafts == list(quiz_of(pack).items)


def test_a_new_quiz_gets_a_file_of_its_own(pack: Path) -> None:
    landed = bring(pack, quiz="more", objective="get-up")
    assert (landed.path, landed.made) == (pack / "quizzes" / "more.yaml", True)
    quiz = quiz_of(pack, "more")
    assert (quiz.title, quiz.topic) == ("More", "buses")
    assert [(one.id, one.text) for one in quiz.objectives] == [
        ("get-up", "Get up"),
        ("get-back", "Get back"),
    ]
    assert (pack / "quizzes" / "bus.yaml").read_text() == QUIZ
    with pytest.raises(PackError) as caught:
        load_packs([pack])
    told = [line.partition("quizzes/")[2] for line in caught.value.warnings]
    assert (
        "more.yaml:7:5: warning: objectives.0.text: "
        "this only repeats the id; say what somebody can do"
    ) in told


def test_a_dry_run_writes_nothing(pack: Path) -> None:
    for quiz in ("bus", "more"):
        landed = land("gift", pack.parent / "in.gift", pack, "get-there", quiz=quiz, dry_run=True)
        assert len(landed.items) == 2
    assert (pack / "quizzes" / "bus.yaml").read_text() == QUIZ
    assert sorted(path.name for path in (pack / "quizzes").iterdir()) == ["bus.yaml"]


@pytest.mark.parametrize(
    ("objective", "options", "says"),
    [
        ("get-ther", {}, r"objective 'get-ther' \(did you mean 'get-there'\?\)\. To make a quiz"),
        ("get-up", {"quiz": "bus"}, "has no objective 'get-up'.* It has get-back, get-there"),
        ("get-there", {"quiz": "More!"}, "'More!' is no quiz: small letters"),
        ("get-there", {"quiz": "more", "topic": "busses"}, r"no topic 'busses' \(did you mean"),
        ("get-there", {"quiz": "taken"}, "is there already, and is not the quiz 'taken'"),
    ],
)
def test_a_place_that_is_not_there_is_told(
    pack: Path, objective: str, options: dict[str, str], says: str
) -> None:
    (pack / "quizzes" / "taken.yaml").write_text("kind: prompts\nprompts: []\n")
    with pytest.raises(Unlanded, match=says):
        bring(pack, objective, **options)
    assert (pack / "quizzes" / "bus.yaml").read_text() == QUIZ


def test_items_in_brackets_are_not_torn_apart(pack: Path) -> None:
    path = pack / "quizzes" / "bus.yaml"
    head, _, _ = QUIZ.partition("items:")
    text = f"{head}items: [{{id: x, type: numeric, objective: get-there, stem: S, answer: 1}}]\n"
    path.write_text(text)
    with pytest.raises(Unlanded, match="stand in brackets; write them as a list"):
        bring(pack)
    assert path.read_text() == text


def test_a_broken_pack_is_mended_first(pack: Path) -> None:
    (pack / "topics.yaml").write_text("kind: topic\n")
    with pytest.raises(PackError, match="this is one of 'pack'"):
        bring(pack)
    (pack / "topics.yaml").unlink()
    (pack / "pack.yaml").unlink()
    with pytest.raises(Unlanded, match="There is no pack in"):
        bring(pack)


def test_one_that_cannot_be_written_takes_no_other_with_it(pack: Path) -> None:
    path = pack / "quizzes" / "bus.yaml"
    path.write_text(
        QUIZ
        + "  - {id: o, type: ordering, objective: get-back, stem: How?, steps: [{id: s1, text: A},"
        " {id: s2, text: B}, {id: s3, text: C}]}\n"
        "  - {id: r, type: numeric, objective: get-back, stem: How?, status: retired, answer: 1}\n"
        '  - {id: c, type: numeric, objective: get-back, stem: "How\\a?", answer: 1, unit: km}\n'
    )
    taken = take("gift", pack, "bus")
    assert taken.count == 4
    assert [(problem.about, problem.refused) for problem in taken.problems] == [
        ("o", True), ("c", False),
    ]  # fmt: skip
    assert "use moodle-xml" in taken.problems[0].message
    assert "the unit (km)" in taken.problems[1].message
    taken = take("moodle-xml", pack, "bus")
    assert taken.count == 4
    assert [problem.message for problem in taken.problems] == [
        "XML has no character U+0007: take it out"
    ]
    with pytest.raises(Unlanded, match="no quiz 'buss'"):
        take("gift", pack, "buss")


@settings(max_examples=60)
@given(item=items())
def test_what_is_written_is_read_as_it_was(item: Item) -> None:
    text = f"items:\n{_write_items([item])}"
    for libyaml in (True, False):
        value, _ = read(text, libyaml=libyaml)
        assert [TypeAdapter[Item](Item).validate_python(one) for one in value["items"]] == [item]
    assert list(as_mapping(item))[:3] == ["id", "type", "objective"]

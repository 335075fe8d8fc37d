"""Moodle XML: what is read, what is refused with its line, and that nothing is ever fetched."""

import pytest

from bot.pack.item import Numeric, Ordering
from content.formats import moodle_xml
from content.formats.item import to_item, to_question
from content.formats.question import Refused

CHOICE = """\
<question type="multichoice">
  <name><text>The bus</text></name>
  <questiontext format="html">
    <text><![CDATA[<p>Which <b>bus</b>&nbsp;goes<br>to the mill?</p><ul><li>now</li></ul>]]></text>
  </questiontext>
  <generalfeedback format="html"><text>&lt;p&gt;Ask.&lt;/p&gt;</text></generalfeedback>
  <idnumber>bus-1</idnumber>
  <single>true</single>
  <shuffleanswers>false</shuffleanswers>
  <correctfeedback format="html"><text>Your answer is correct.</text></correctfeedback>
  <answer fraction="100" format="html"><text>&lt;p&gt;The 12&lt;/p&gt;</text>
    <feedback format="html"><text>Yes.</text></feedback></answer>
  <answer fraction="33.33333" format="plain_text"><text>The &lt;b&gt;14</text></answer>
  <answer fraction="-50" format="html"><text>The 9</text></answer>
  <tags><tag><text>objective:get-there</text></tag></tags>
</question>"""


def quiz(*questions: str) -> bytes:
    return "\n".join(["<?xml version='1.0'?>", "<quiz>", *questions, "</quiz>"]).encode()


def question(type_: str, inner: str) -> str:
    text = "<questiontext format='moodle_auto_format'><text>How?</text></questiontext>"
    return f"<question type='{type_}'>{text}\n{inner}</question>"


def test_a_choice_becomes_a_draft() -> None:
    reading = moodle_xml.read(quiz(CHOICE))
    assert list(reading.problems) == []
    (asked,) = reading.questions
    assert (asked.line, asked.id, asked.title) == (3, "bus-1", "The bus")
    brought = to_item(asked, "bus-1", "get-there")
    assert [problem.message for problem in brought.problems] == [
        "an option that takes credit away is worth nothing here"
    ]
    told = brought.item.model_dump(exclude_defaults=True)
    assert told["stem"] == "Which *bus* goes\nto the mill?\n\n- now"
    assert (told["feedback"], told["shuffle"]) == ("Ask.", False)
    assert told["options"] == (
        {"id": "a", "text": "The 12", "score": 1.0, "feedback": "Yes."},
        {"id": "b", "text": "The <b>14", "score": 0.3333333},
        {"id": "c", "text": "The 9"},
    )


def test_the_other_kinds_become_drafts() -> None:
    answers = "<answer fraction='100'><text>{}</text></answer>"
    pair = "<subquestion><text>{0}</text><answer><text>{0}!</text></answer></subquestion>"
    reading = moodle_xml.read(
        quiz(
            question("truefalse", answers.format("false") + "<answer><text>true</text></answer>"),
            question("shortanswer", answers.format("eight") + answers.format("*mill*")),
            question(
                "numerical",
                "<answer fraction='100'><text>7.5</text><tolerance>0.5</tolerance></answer>"
                "<units><unit><unit_name>hours</unit_name></unit></units>",
            ),
            question("matching", "".join(map(pair.format, "abc"))),
            question("ordering", "".join(map(answers.format, "abc"))),
        )
    )
    assert list(reading.problems) == []
    items = [to_item(asked, "x", "y").item for asked in reading.questions]
    assert [item.type for item in items] == [
        "scenario_choice", "short_text", "numeric", "matching", "ordering",
    ]  # fmt: skip
    assert [o["score"] for o in items[0].model_dump()["options"]] == [0.0, 1.0]
    assert [rule["match"] for rule in items[1].model_dump()["accept"]] == ["exact", "contains"]
    numeric = items[2]
    assert isinstance(numeric, Numeric)
    assert (numeric.answer, numeric.tolerance, numeric.unit) == (7.5, 0.5, "hours")
    written = moodle_xml.write([to_question(numeric).question]).encode()
    (again,) = moodle_xml.read(written).questions
    assert to_item(again, "x", "y").item == numeric


ORDERING = """\
<questiontext><text>Order them.</text></questiontext>
<{chosen}>{how}</{chosen}><{count}>2</{count}><gradingtype>{graded}</gradingtype>
<answer fraction="3.0"><text>a</text></answer>
<answer fraction="1.0"><text>b</text></answer>
<answer fraction="2.0"><text>c</text></answer>
"""
PAIRS = "what counts here is which pairs are in the right order (gradingtype)"
SOME = "all 3 steps are asked, not 2 of them (selecttype)"


@pytest.mark.parametrize(
    ("chosen", "count", "how", "graded", "notes"),
    [
        ("selecttype", "selectcount", "ALL", "RELATIVE_ALL_PREVIOUS_AND_NEXT", []),
        ("selecttype", "selectcount", "EXACT", "", []),
        ("selecttype", "selectcount", "RANDOM", "", [SOME]),
        ("logical", "studentsee", "CONTIG", "ABSOLUTE_POSITION", [SOME, PAIRS]),
        ("selecttype", "selectcount", "ALL", "ALL_OR_NOTHING", [PAIRS]),
    ],
)
def test_steps_are_in_the_order_of_the_file_as_in_moodle(
    chosen: str, count: str, how: str, graded: str, notes: list[str]
) -> None:
    inner = ORDERING.format(chosen=chosen, count=count, how=how, graded=graded)
    text = f'<quiz>\n<question type="ordering">{inner}</question></quiz>'
    reading = moodle_xml.read(text.encode())
    assert [problem.message for problem in reading.problems] == notes
    [item] = [to_item(asked, "x", "y").item for asked in reading.questions]
    assert isinstance(item, Ordering)
    assert [step.text for step in item.steps] == ["a", "b", "c"]
    written = moodle_xml.write([to_question(item).question])
    for line in (
        "<selecttype>ALL</selecttype>",
        "<selectcount>3</selectcount>",
        "<gradingtype>RELATIVE_ALL_PREVIOUS_AND_NEXT</gradingtype>",
        "<showgrading>SHOW</showgrading>",
        "<numberingstyle>none</numberingstyle>",
    ):
        assert line in written


@pytest.mark.parametrize(
    ("inner", "line", "says"),
    [
        (question("cloze", ""), 3, "the type 'cloze' is not read: write one question for each gap"),
        (question("zoom", ""), 3, "the type 'zoom' is not read: write it as one of multichoice"),
        ("<question/>", 3, "the type '' is not read"),
        ("<question type='essay'/>", 3, "there is no <questiontext>: write"),
        (question("multichoice", ""), 3, "there is no <answer>: write"),
        (question("matching", ""), 3, "there is no <subquestion>: write"),
        (question("matching", "<subquestion><text>a</text></subquestion>"), 4, "no right side"),
        (question("shortanswer", "<answer fraction='x'/>"), 4, "'x' is no number: write"),
        (question("shortanswer", "<answer fraction='101'/>"), 4, "fraction 101 is no share"),
        (question("numerical", "<answer><text>1e999</text></answer>"), 4, "'1e999' is no number"),
        (question("numerical", "<answer><text>NaN</text></answer>"), 4, "'NaN' is no number"),
        (question("truefalse", "<answer><text>x</text></answer>"), 4, "'true' or 'false'"),
        (question("truefalse", "<answer><text>true</text></answer>"), 3, "neither true nor false"),
        ("<x/>", 3, "<x> is no question: take it out"),
    ],
)
def test_what_is_no_question_is_named_with_its_line(inner: str, line: int, says: str) -> None:
    reading = moodle_xml.read(quiz(inner, CHOICE))
    (problem,) = reading.problems
    assert (problem.line, problem.refused) == (line, True)
    assert says in problem.message
    assert len(reading.questions) == 1


@pytest.mark.parametrize(
    ("inner", "says"),
    [
        ("<hint><text>Look.</text></hint>", "a hint is not kept: say it in the feedback"),
        ("<incorrectfeedback><text>Oh.</text></incorrectfeedback>", "is not kept: say it"),
        ("<file name='map.png'>AAAA</file>", "the file map.png is not brought along"),
        ("<usecase>1</usecase>", "capital letters count the same"),
    ],
)
def test_what_is_left_out_of_a_question_is_said(inner: str, says: str) -> None:
    answer = "<answer fraction='100'><text>a</text></answer>"
    reading = moodle_xml.read(quiz(question("shortanswer", answer + inner)))
    (problem,) = reading.problems
    assert says in problem.message
    assert not problem.refused
    assert len(reading.questions) == 1


def test_a_category_is_said_and_refuses_nothing() -> None:
    reading = moodle_xml.read(quiz("<question type='category'/>", CHOICE))
    assert [(problem.line, problem.refused) for problem in reading.problems] == [(3, False)]


BOMB = "".join(f"<!ENTITY e{n + 1} '{f'&e{n};' * 10}'>" for n in range(9))


@pytest.mark.parametrize(
    ("data", "line", "says"),
    [
        (b"<!DOCTYPE quiz>\n<quiz/>", 1, "the file has <!DOCTYPE>"),
        (b"<!DOCTYPE q [<!ENTITY e0 'x'>" + BOMB.encode() + b"]>\n<quiz>&e9;</quiz>", 1, "DOCTYPE"),
        (b"<!DOCTYPE q SYSTEM 'file:///etc/passwd'>\n<quiz/>", 1, "DOCTYPE"),
        (b"<!DOCTYPE q [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><quiz>&x;</quiz>", 1, "DOCTYPE"),
        (b"<!DOCTYPE q [<!ENTITY % p SYSTEM 'http://127.0.0.1/x'> %p;]><quiz/>", 1, "DOCTYPE"),
        (b"<quiz>\n&x;</quiz>", 2, "this is not XML: undefined entity"),
        (b"<quiz>\n<question></quiz>", 2, "this is not XML: mismatched tag"),
        (b"", 1, "this is not XML: no element found"),
        (b"<quiz>\x00</quiz>", 1, "this is not XML"),
        (b"<?xml version='1.0' encoding='x-none'?><quiz/>", 1, "in an encoding that is not read"),
        (b"<questions/>", 1, "it begins with <quiz>"),
        (b"<quiz>" + b"<a>" * 60 + b"</a>" * 60 + b"</quiz>", 1, "levels deep"),
    ],
)
def test_a_file_that_is_not_ours_to_read_is_refused(data: bytes, line: int, says: str) -> None:
    with pytest.raises(Refused) as refused:
        moodle_xml.read(data)
    assert says in refused.value.message
    assert refused.value.line == line

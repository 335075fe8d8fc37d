"""What to begin with: things as an author writes them, with everything still to do.

What can be a draft is one, which nobody is asked; of the rest `inflow content check` says what is
still to do, and nothing is brought before.
"""

import re
from collections.abc import Mapping
from pathlib import Path

_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
MAX_ID = 60

_HEAD = """\
  - id: {id}
    type: {type}
    objective: {objective}
    status: draft            # then pilot (asked, not counted) or live
    stem: "TODO A case from the work, and a question: what do you do?"
"""

_SHAPES: Mapping[str, str] = {
    "scenario_choice": """\
    options:                 # three good ones are enough; exactly one has score 1
      - id: a
        text: "TODO What somebody who can do it would do"
        score: 1
        feedback: "TODO Why this works."
      - id: b
        text: "TODO A plausible error"
        feedback: "TODO Why somebody would do this, and what is wrong with it."
        consequence: {text: "TODO What happens next in the world.", severity: minor}
      - id: c
        text: "TODO Another plausible error"
        feedback: "TODO Why somebody would do this, and what is wrong with it."
    feedback: "TODO The principle, shown with every answer."
""",
    "multi_select": """\
    options:                 # 4 to 10, of which some are correct
      - {id: a, text: "TODO first", correct: true, feedback: "TODO"}
      - {id: b, text: "TODO second", correct: true, feedback: "TODO"}
      - {id: c, text: "TODO third", correct: false, feedback: "TODO"}
      - {id: d, text: "TODO fourth", correct: false, feedback: "TODO"}
""",
    "ordering": """\
    steps:                   # 3 to 6, in their right order; they are shown shuffled
      - {id: s1, text: "TODO first of all"}
      - {id: s2, text: "TODO then"}
      - {id: s3, text: "TODO last"}
""",
    "matching": """\
    pairs:                   # 3 to 6; each left side has one right side
      - {id: p1, left: "TODO one case", right: "TODO its route"}
      - {id: p2, left: "TODO another case", right: "TODO another route"}
      - {id: p3, left: "TODO a third case", right: "TODO a third route"}
    distractors: ["TODO A route that fits none of them"]
""",
    "numeric": """\
    answer: 10               # TODO
    tolerance: 0
    unit: minutes
    near_misses:
      - {value: 60, score: 0, feedback: "TODO Where this number comes from."}
""",
    "short_text": """\
    accept:                  # the first rule that matches gives its credit
      - {match: contains, value: "TODO the words", score: 1}
    unmatched: human_review  # or wrong
""",
    "branching": """\
    start: n1                # at most six decisions deep, and never in a circle
    nodes:
      n1:
        text: "TODO The first moment, and what is known then."
        options:
          - {id: a, text: "TODO one way", next: n2, score: 1, feedback: "TODO"}
          - {id: b, text: "TODO another way", feedback: "TODO"}
      n2:
        text: "TODO What happens after that."
        options:
          - {id: a, text: "TODO one way", score: 1, feedback: "TODO"}
          - {id: b, text: "TODO another way", feedback: "TODO"}
""",
    "spot_problem": """\
    artefact: "TODO What they look at: a mail, a table, a plan"
    lines:                   # 4 to 10, of which some are a problem
      - {id: l1, text: "TODO a line"}
      - {id: l2, text: "TODO a line with a problem", problem: true, why: "TODO"}
      - {id: l3, text: "TODO a third line"}
      - {id: l4, text: "TODO a fourth line"}
""",
}
ITEM_TYPES = tuple(_SHAPES)

_TIP = """\
  - id: {id}
    topic: {topic}
    status: draft            # then live
    text: "TODO One idea, read in less than a minute. *Stars* make it strong."
    try_it: "TODO What they can try today."
    check:
      q: "TODO A case in which the idea helps. What do you do?"
      options:
        - {{id: a, text: "TODO the best one", score: 1, feedback: "TODO why"}}
        - {{id: b, text: "TODO a plausible error", feedback: "TODO why somebody would"}}
        - {{id: c, text: "TODO another one", feedback: "TODO why somebody would"}}
"""

_SECTION = """\
---
kind: section
id: {id}
title: TODO What it helps to do
topic: {topic}
minutes: 2
summary: TODO What to do, in two sentences, for those who read no further.
---
## What to do

1. TODO The first thing.
2. TODO The second thing.

## When it is different

| If | Then |
| --- | --- |
| TODO this | TODO that |
"""

_QUIZ = """\
kind: quiz
id: {id}
title: TODO What it shows that you can do
topic: {topic}
policy: {{mode: gate}}         # 2 of 2, or 2 of 3, for each objective
objectives:
  - {{id: {objective}, text: TODO Decide what to do in an everyday case{sections}}}
items:                       # six different ones for each objective are enough for a re-take
"""

_PACK = """\
kind: pack
id: {id}
title: TODO What the pack is about
version: 0.1.0
language: en
license: CC-BY-4.0
"""

_TOPICS = """\
kind: topics
topics:
  - {{id: {id}, title: {title}}}
"""


OBJECTIVE = "the-decision"
"""Of a quiz that is begun."""


def _check_id(id_: str) -> str:
    if not _ID.fullmatch(id_) or len(id_) > MAX_ID:
        raise ValueError(f"'{id_}' is no id: small letters, digits and hyphens, as in first-aid")
    return id_


# Each of these raises ValueError where an id is none.


def write_item(type_: str, id_: str, objective: str = "an-objective") -> str:
    """An item of that type, as an entry of a quiz's `items`."""
    _check_id(id_)
    _check_id(objective)
    return _HEAD.format(id=id_, type=type_, objective=objective) + _SHAPES[type_]


def write_tip(id_: str, topic: str = "a-topic") -> str:
    """A tip, as an entry of a file's `tips`."""
    return _TIP.format(id=_check_id(id_), topic=_check_id(topic))


def write_section(id_: str, topic: str = "a-topic") -> str:
    """A section, as a file."""
    return _SECTION.format(id=_check_id(id_), topic=_check_id(topic))


def write_quiz(id_: str, topic: str = "a-topic", section: str | None = None) -> str:
    """A quiz with three items, as a file. They are drafts, and so nobody is asked it yet.
    `section` is what helps those who miss them."""
    sections = f", sections: [{_check_id(section)}]" if section is not None else ""
    head = _QUIZ.format(
        id=_check_id(id_), topic=_check_id(topic), objective=OBJECTIVE, sections=sections
    )
    items = [
        write_item("scenario_choice", f"{id_}-{number:02}", OBJECTIVE).replace(
            "TODO A case", f"TODO Case {number}"
        )
        for number in range(1, 4)
    ]
    return head + "".join(items)


def make_pack(folder: Path, id_: str) -> list[Path]:
    """Begin a pack: the files that were written. All that the check finds wrong in them is that
    something is still to do.

    Raises:
        ValueError: that is no id.
        FileExistsError: there is such a file already; nothing was written.
    """
    _check_id(id_)
    files = {
        folder / "pack.yaml": _PACK.format(id=id_),
        folder / "topics.yaml": _TOPICS.format(id=id_, title=id_.replace("-", " ").capitalize()),
        folder / "sections" / f"{id_}.md": write_section(id_, id_),
        folder / "quizzes" / f"{id_}.yaml": write_quiz(id_, id_, id_),
        folder / "tips" / "tips.yaml": f"kind: tips\ntips:\n{write_tip(f't-{id_}', id_)}",
    }
    there = [str(path) for path in files if path.exists()]
    if there:
        raise FileExistsError(f"there is already: {', '.join(there)}")
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return list(files)

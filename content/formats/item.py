"""Questions as items of ours, which are drafts, and items as questions.

What of an item has no place in a question comes as problems that name the item. What is the
same there and back: items without sections, kin, ratings, picture and consequences, that are
not critical, with the ids that importing gives (a, b, ... for options, s1, ... for steps, p1,
... for pairs, l1, ... for lines), and texts without `**`.
"""

import re
import string
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from pydantic import TypeAdapter, ValidationError

from bot.pack.item import (
    Accept,
    Branching,
    Item,
    Matching,
    MultiSelect,
    Numeric,
    Ordering,
    ScenarioChoice,
    ShortText,
    SpotProblem,
    Status,
)
from bot.pack.scoring import key
from content.formats.markup import to_ours, to_rich
from content.formats.question import (
    Answer,
    Choice,
    Description,
    Essay,
    Match,
    Matches,
    Number,
    Numerical,
    Order,
    Problem,
    Question,
    Refused,
    Rich,
    TrueFalse,
    Written,
)
from content.sense import item_faults

_ITEM: TypeAdapter[Item] = TypeAdapter(Item)
_LONG = 10_000
"""Characters of a text that is far too long for anything."""
_NOT_ID = re.compile(r"[^a-z0-9]+")
_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_UNWRITABLE = re.compile(r"\\\*|\\$|->|^\[|\s\s|[\t\n\r]")
OBJECTIVE = "objective:"
"""Begins the tag that says which objective an item shows."""


# --- questions as items ---------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Brought:
    """An item, and what of its question it does not have."""

    item: Item
    problems: tuple[Problem, ...]


def to_item(question: Question, id_: str, objective: str) -> Brought:
    """The item, as a draft.

    Raises:
        Refused: it cannot be one of ours.
    """
    turning = _Turning(question)
    values = turning.values() | {
        "id": id_,
        "objective": objective,
        "status": Status.DRAFT,
        "stem": turning.say(question.stem),
    }
    if question.feedback is not None:
        values["feedback"] = turning.say(question.feedback)
    try:
        item = _ITEM.validate_python(values)
    except ValidationError as error:
        raise Refused(question.line, _misfit(error)) from error
    for where, message in item_faults(item):
        raise Refused(question.line, f"{'.'.join(map(str, where)) or 'item'}: {message}")
    return Brought(item, tuple(turning.problems))


def suggest_id(question: Question) -> str | None:
    """An id made of what the question is called there."""
    for name in (question.id, question.title):
        if name:
            made = _NOT_ID.sub("-", name.casefold()).strip("-")[:60].strip("-")
            if _ID.fullmatch(made):
                return made
    return None


def objective_of(question: Question) -> str | None:
    """The objective that the question itself names in a tag."""
    return next(
        (tag.removeprefix(OBJECTIVE) for tag in question.tags if tag.startswith(OBJECTIVE)), None
    )


def _misfit(error: ValidationError) -> str:
    detail = error.errors(include_url=False)[0]
    # The first step is which type of item was tried.
    where = ".".join(map(str, detail["loc"][1:])) or "item"
    most = detail.get("ctx", {}).get("max_length")
    match detail["type"]:
        case "string_too_long":
            return f"{where}: {len(detail['input']):,} characters, of at most {most:,}: shorten it"
        case "string_too_short":
            return f"{where}: there is no text here: write one"
        case _:
            return f"{where}: {detail['msg']}"


class _Turning:
    """Turns one question, and notes what is lost."""

    def __init__(self, question: Question) -> None:
        self.question = question
        self.problems: list[Problem] = []

    def refuse(self, message: str) -> Refused:
        return Refused(self.question.line, message)

    def note(self, message: str) -> None:
        problem = Problem(self.question.line, message, refused=False)
        if problem not in self.problems:
            self.problems.append(problem)

    def say(self, rich: Rich | None) -> str:
        if rich is None:
            return ""
        if len(rich.text) > _LONG:
            raise self.refuse(f"a text has {len(rich.text):,} characters: shorten it")
        told = to_ours(rich)
        for lost in told.lost:
            self.note(f"{lost} is not brought along: say it in words, or give image and image_alt")
        return told.text

    def values(self) -> dict[str, Any]:
        match self.question.body:
            case Choice() as choice:
                return self._choice(choice)
            case TrueFalse() as asked:
                return self._true_false(asked)
            case Written(answers=answers):
                return self._written(answers)
            case Numerical() as numerical:
                return self._numerical(numerical)
            case Matches(matches=matches):
                return self._matching(matches)
            case Order(steps=steps):
                if not 3 <= len(steps) <= 6:
                    raise self.refuse(f"{len(steps)} steps; there are 3 to 6: join or add some")
                return {
                    "type": "ordering",
                    "steps": [
                        {"id": f"s{number}", "text": self.say(step)}
                        for number, step in enumerate(steps, 1)
                    ],
                }
            case Essay():
                raise self.refuse(
                    "an essay has no rule for what is right: give answers that are accepted, "
                    "or let people tell it in a prompt"
                )
            case Description():
                raise self.refuse("this asks nothing: put it in a section")

    def _choice(self, choice: Choice) -> dict[str, Any]:
        answers = choice.answers
        full = [answer for answer in answers if answer.worth >= 100]
        several = choice.several
        if several and len(answers) < 4 and len(full) == 1:
            # Nobody can tell it from a question with one best option.
            several = False
        elif not several and len(full) > 1:
            self.note(
                f"{len(full)} options are wholly right: it becomes a multi_select, in which all "
                "of them are to be chosen"
            )
            several = True
        shuffle = {} if choice.shuffle else {"shuffle": False}
        if several:
            return self._several(answers) | shuffle
        if not full:
            raise self.refuse("no option is wholly right: make the best one right (=, or 100)")
        if not 2 <= len(answers) <= 5:
            raise self.refuse(f"{len(answers)} options; there are 2 to 5, and three are enough")
        if any(answer.worth < 0 for answer in answers):
            self.note("an option that takes credit away is worth nothing here")
        return {
            "type": "scenario_choice",
            "options": [
                {"id": letter, "text": self.say(answer.text), "feedback": self.say(answer.feedback)}
                | ({"score": _share(answer.worth)} if answer.worth > 0 else {})
                for letter, answer in zip(string.ascii_lowercase, answers, strict=False)
            ],
        } | shuffle

    def _several(self, answers: Sequence[Answer]) -> dict[str, Any]:
        if not 4 <= len(answers) <= 10:
            raise self.refuse(
                f"{len(answers)} options of which several are right; there are 4 to 10: "
                "add options or leave some out, or make one the best"
            )
        right = {answer.worth for answer in answers if answer.worth > 0}
        if len(right) > 1 and max(right) - min(right) > 1:
            self.note("what each option is worth is not kept: all the right ones count the same")
        return {
            "type": "multi_select",
            "options": [
                {
                    "id": letter,
                    "text": self.say(answer.text),
                    "correct": answer.worth > 0,
                    "feedback": self.say(answer.feedback),
                }
                for letter, answer in zip(string.ascii_lowercase, answers, strict=False)
            ],
        }

    def _true_false(self, asked: TrueFalse) -> dict[str, Any]:
        self.note("true or false is guessed half of the time: think of what people could do")
        said = {
            asked.is_true: self.say(asked.if_right),
            not asked.is_true: self.say(asked.if_wrong),
        }
        return {
            "type": "scenario_choice",
            "options": [
                {"id": "a", "text": "True", "score": int(asked.is_true), "feedback": said[True]},
                {
                    "id": "b",
                    "text": "False",
                    "score": int(not asked.is_true),
                    "feedback": said[False],
                },
            ],
            "shuffle": False,
        }

    def _written(self, answers: Sequence[Answer]) -> dict[str, Any]:
        if len(answers) > 20:
            raise self.refuse(f"{len(answers)} answers are accepted; there are at most 20")
        rules = []
        for answer in answers:
            if answer.worth < 0:
                self.note("an answer that takes credit away is worth nothing here")
            rules.append(
                _rule(answer.text.text)
                | {
                    "score": max(0.0, _share(answer.worth)),
                    "feedback": self.say(answer.feedback),
                }
            )
        return {"type": "short_text", "accept": rules}

    def _numerical(self, numerical: Numerical) -> dict[str, Any]:
        numbers = [number for number in numerical.numbers if number.number is not None]
        full = next((number for number in numbers if number.worth >= 100), None)
        if full is None or full.number is None:
            raise self.refuse("no number is wholly right: make one right (=, or 100)")
        if full.feedback is not None:
            self.note(
                "what is said about the right number is not kept: say it in the question’s "
                "feedback, which everybody gets"
            )
        for number in numerical.numbers:
            if number.number is None and (number.feedback is not None or number.worth != 0):
                self.note("what is said about any other number is not kept: name the likely ones")
        if len(numbers) > 11:
            raise self.refuse(f"{len(numbers) - 1} other numbers; there are at most 10")
        if any(number.worth < 0 for number in numbers):
            self.note("a number that takes credit away is worth nothing here")
        return {
            "type": "numeric",
            "answer": float(full.number),
            "tolerance": float(full.tolerance),
            "unit": numerical.unit,
            "near_misses": [
                {
                    "value": float(number.number),
                    "tolerance": float(number.tolerance),
                    "score": max(0.0, _share(number.worth)),
                    "feedback": self.say(number.feedback),
                }
                for number in numbers
                if number is not full and number.number is not None
            ],
        }

    def _matching(self, matches: Sequence[Match]) -> dict[str, Any]:
        pairs = [match for match in matches if match.left.text]
        rest = [match.right for match in matches if not match.left.text]
        if not 3 <= len(pairs) <= 6:
            raise self.refuse(f"{len(pairs)} pairs; there are 3 to 6: divide it or add some")
        if len(rest) > 4:
            raise self.refuse(f"{len(rest)} right sides fit nothing; there are at most 4")
        return {
            "type": "matching",
            "pairs": [
                {"id": f"p{number}", "left": self.say(match.left), "right": match.right}
                for number, match in enumerate(pairs, 1)
            ],
            "distractors": rest,
        }


def _share(percent: Decimal) -> float:
    return float(percent / 100)


def _rule(text: str) -> dict[str, Any]:
    """How a written answer with `*` for anything is looked for."""
    parts = [part.replace("\0", "*") for part in text.replace("\\*", "\0").split("*")]
    if len(parts) == 1:
        return {"match": "exact", "value": parts[0]}
    if len(parts) == 3 and not parts[0] and parts[1] and not parts[2]:
        return {"match": "contains", "value": parts[1]}
    return {"match": "regex", "value": f"^{'.*'.join(map(re.escape, parts))}$"}


# --- items as questions ---------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Given:
    """A question, and what of its item it does not have."""

    question: Question
    problems: tuple[Problem, ...]


def to_question(item: Item, *, units: bool = True) -> Given:
    """The question. `units` says whether the format knows them.

    Raises:
        Refused: it cannot be one; in line 0.
    """
    giving = _Giving(item, units)
    question = giving.question()
    return Given(question, tuple(giving.problems))


class _Giving:
    """Turns one item, and notes what is lost."""

    def __init__(self, item: Item, units: bool) -> None:
        self.item, self.units = item, units
        self.problems: list[Problem] = []

    def lose(self, message: str) -> None:
        problem = Problem(0, message, refused=False, about=self.item.id)
        if problem not in self.problems:
            self.problems.append(problem)

    def question(self) -> Question:
        item = self.item
        for name in ("critical", "sections", "variant_of", "enemies", "angoff", "image"):
            if getattr(item, name):
                self.lose(f"'{name}' is not there")
        if re.search(r"\*\*", item.model_dump_json()):
            self.lose("** becomes *")
        question = Question(
            0,
            to_rich(item.stem),
            Essay(),
            title=item.id,
            id=item.id,
            tags=(f"{OBJECTIVE}{item.objective}",),
            feedback=_maybe(item.feedback),
        )
        match item:
            case ScenarioChoice():
                body: Any = Choice(tuple(self._options(item.options)), shuffle=item.shuffle)
            case MultiSelect():
                for option in item.options:
                    self._consequence(option)
                right = [option.correct for option in item.options]
                body = Choice(
                    tuple(
                        Answer(
                            to_rich(option.text),
                            False,
                            _of(option.correct, right),
                            _maybe(option.feedback),
                        )
                        for option in item.options
                    ),
                    several=True,
                    shuffle=item.shuffle,
                )
            case SpotProblem():
                self.lose("it becomes a question with several right options")
                right = [line.problem for line in item.lines]
                wrong = Decimal(-100) / max(1, right.count(False))
                body = Choice(
                    tuple(
                        Answer(
                            to_rich(line.text),
                            False,
                            _of(True, right) if line.problem else _round(wrong),
                            _maybe(line.why),
                        )
                        for line in item.lines
                    ),
                    several=True,
                    shuffle=False,
                )
                if item.artefact:
                    question = replace(question, stem=to_rich(f"{item.stem}\n\n{item.artefact}"))
            case Branching():
                stem, body = self._last_decision(item)
                question = replace(question, stem=to_rich(stem))
            case Ordering():
                body = Order(tuple(to_rich(step.text) for step in item.steps))
            case Matching():
                body = Matches(
                    (
                        *(Match(to_rich(pair.left), pair.right) for pair in item.pairs),
                        *(Match(Rich(""), text) for text in item.distractors),
                    )
                )
            case Numeric():
                body = self._numeric(item)
            case ShortText():
                body = self._written(item)
        return replace(question, body=body)

    def _refuse(self, message: str) -> Refused:
        return Refused(0, message)

    def _consequence(self, option: Any) -> None:
        if option.consequence is not None:
            self.lose("what follows from a choice (consequence) is not there")

    def _options(self, options: Sequence[Any], best: float = 1) -> Iterator[Answer]:
        for option in options:
            self._consequence(option)
            percent = _decimal(option.score) * 100
            if best != 1:
                percent = _round(percent / _decimal(best))
            yield Answer(
                to_rich(option.text),
                percent == 100,
                percent if 0 < percent < 100 else None,
                _maybe(option.feedback),
            )

    def _last_decision(self, item: Branching) -> tuple[str, Choice]:
        """The last decision on the best way, with what led to it."""
        self.lose("of its decisions only the last one on the best way is there")
        told, name = [item.stem], item.start
        way: Any = key(item)
        node = item.nodes[name]
        for turn in way:
            node = item.nodes[name]
            told.append(node.text)
            chosen = next(option for option in node.options if option.id == turn)
            if chosen.next is None:
                break
            told.append(f"→ {chosen.text}")
            name = chosen.next
        best = max(option.score for option in node.options)
        if not best:
            raise self._refuse("nothing in its last decision has a score")
        return "\n\n".join(told), Choice(tuple(self._options(node.options, best)))

    def _numeric(self, item: Numeric) -> Numerical:
        if item.unit and not self.units:
            self.lose(f"the unit ({item.unit}) is not there: say it in the stem")
        answer = Number(_decimal(item.answer), _decimal(item.tolerance))
        misses = (
            Number(
                _decimal(miss.value),
                _decimal(miss.tolerance),
                percent=_decimal(miss.score) * 100,
                feedback=_maybe(miss.feedback),
            )
            for miss in item.near_misses
        )
        return Numerical((answer, *misses), unit=item.unit)

    def _written(self, item: ShortText) -> Written:
        if item.unmatched != "human_review":
            self.lose("'unmatched' is not there, nor in what comes back")
        if item.max_length != 200:
            self.lose("'max_length' is not there")
        answers = [answer for rule in item.accept if (answer := self._accepted(rule)) is not None]
        if not any(answer.worth >= 100 for answer in answers):
            raise self._refuse("no rule that can be written there gives full credit")
        return Written(tuple(answers))

    def _accepted(self, rule: Accept) -> Answer | None:
        if rule.match == "regex":
            self.lose(f"the rule /{rule.value}/ is not there")
            return None
        value = rule.value.replace("*", "\\*")
        if rule.value != rule.value.strip() or _UNWRITABLE.search(rule.value):
            self.lose(f"the rule '{rule.value}' cannot be written there")
            return None
        percent = _decimal(rule.score) * 100
        return Answer(
            Rich(value if rule.match == "exact" else f"*{value}*"),
            True,
            None if percent == 100 else percent,
            _maybe(rule.feedback),
        )


def _maybe(text: str) -> Rich | None:
    return to_rich(text) if text else None


def _of(correct: bool, right: Sequence[bool]) -> Decimal:
    """What an option of several is worth, so that the sum is credit as we count it."""
    return _round(Decimal(100 if correct else -100) / max(1, sum(right)))


def _round(percent: Decimal) -> Decimal:
    # Moodle knows five places.
    return round(percent, 5)


def _decimal(number: float) -> Decimal:
    return Decimal(repr(float(number)))


def as_mapping(item: Item) -> Mapping[str, Any]:
    """What an author would write: without what goes without saying."""
    told = item.model_dump(mode="json", exclude_defaults=True)
    first = ("id", "type", "objective", "status", "stem")
    return (
        {name: told[name] for name in first if name in told}
        | {name: value for name, value in told.items() if name not in first and name != "feedback"}
        | ({"feedback": told["feedback"]} if "feedback" in told else {})
    )

"""Whether what an author wrote can be asked and scored at all. What cannot is an error."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

from pydantic import JsonValue

from bot.pack.item import (
    Branching,
    Item,
    Matching,
    MultiSelect,
    Node,
    Numeric,
    Option,
    Ordering,
    ScenarioChoice,
    ShortText,
    SpotProblem,
    Status,
)
from bot.pack.model import Check, Policy, Quiz, Section, Tip, is_asked
from bot.pack.practice import PRACTICE_KEPT
from content.file import MARKDOWN, File, Findings, near
from content.pattern import fault_of
from content.prose import prose_faults
from content.reference import VARIABLES
from content.schema import PackFile
from content.tree import Where, find

MAX_ITEM = 6_000
"""Characters of everything in an item (domain.md 1.2): a message holds about twice that."""
MAX_STEPS = 6
"""Decisions on the longest way through a case."""
MIN_JUDGES = 3
_VARIABLE = re.compile(r"\{\{\s*[a-z_]+(\.[a-z_]+)*\s*\}\}", re.IGNORECASE)
_CODE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)
_UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX)\b")

Fault = tuple[Where, str]
"""Where it is, from the thing itself, and what is wrong."""


def check_tips(findings: Findings, file: File, tips: Sequence[Tip]) -> None:
    """Every check of a tip has one best option, and what is shown is finished."""
    for number, tip in enumerate(tips):
        for where, message in tip_faults(tip):
            findings.at(file, ("tips", number, *where), message)


def check_pack(findings: Findings, file: File, pack: PackFile) -> None:
    """What the pack is is said."""
    if _UNFINISHED.search(pack.title):
        findings.at(file, ("title",), "this is still to do")


def check_section(findings: Findings, file: File, section: Section) -> None:
    """What is shown is finished, and can be shown."""
    line, column = find(file.mark, ("body",))
    # Only below the data each line of a body is a line of the file.
    is_below = file.path.suffix.casefold() == MARKDOWN
    for where, message in _section_faults(section):
        findings.at(file, where, message)
    for number, message in prose_faults(section.body):
        at = (line + number, 0) if is_below else (line, column)
        findings.note(file.path, *at, f"body: {message}")


def check_variables(findings: Findings, file: File) -> None:
    """What is no campaign is sent as it is written."""
    for where, text in _texts(file.part.model_dump(mode="json")):
        for fault in _variable_faults(text):
            findings.at(file, where, fault)


def check_quiz(findings: Findings, file: File, quiz: Quiz) -> None:
    """Every item can be scored, and the rule can be decided with the items that there are."""
    if is_asked(quiz):
        said: list[tuple[Where, str]] = [(("title",), quiz.title), (("purpose",), quiz.purpose)]
        said += [(("objectives", n, "text"), one.text) for n, one in enumerate(quiz.objectives)]
        for where, text in said:
            if _UNFINISHED.search(text):
                findings.at(file, where, "this is still to do, and questions of the quiz are live")
    for number, item in enumerate(quiz.items):
        for where, message in item_faults(item):
            findings.at(file, ("items", number, *where), message)
        if (
            quiz.policy.requirement == "regulatory"
            and isinstance(item, ShortText)
            and item.unmatched == "wrong"
        ):
            message = "where a regulator asks, a person reads what no rule knows"
            findings.at(file, ("items", number, "unmatched"), message)
    for where, message in _policy_faults(quiz.policy):
        findings.at(file, ("policy", *where), message)
    for where, message in _pool_faults(quiz):
        findings.at(file, where, message)


def live(quiz: Quiz) -> Mapping[str, Sequence[Item]]:
    """The items that count, by objective."""
    found: dict[str, list[Item]] = {objective.id: [] for objective in quiz.objectives}
    for item in quiz.items:
        if item.status is Status.LIVE and item.objective in found:
            found[item.objective].append(item)
    return found


def faults_of(value: Section | Tip | Item) -> Sequence[Fault]:
    """What is wrong with a thing by itself: what people change in chat is held to it as well."""
    faults: list[Fault]
    match value:
        case Section():
            prose: list[Fault] = [(("body",), message) for _, message in prose_faults(value.body)]
            faults = [*_section_faults(value), *prose]
        case Tip():
            faults = list(tip_faults(value))
        case _:
            faults = list(item_faults(value))
    texts = _texts(value.model_dump(mode="json"))
    return *faults, *((where, said) for where, text in texts for said in _variable_faults(text))


# --- sections, and what everything says -----------------------------------------------


def _section_faults(section: Section) -> Iterator[Fault]:
    for name in ("title", "summary", "body"):
        if _UNFINISHED.search(getattr(section, name)):
            yield (name,), "something in it is still to do, and people read it once it is brought"


def _texts(value: JsonValue, where: Where = ()) -> Iterator[tuple[Where, str]]:
    """All that a thing says, with its place."""
    match value:
        case str():
            yield where, value
        case dict():
            for name, inner in value.items():
                yield from _texts(inner, (*where, name))
        case list():
            for place, inner in enumerate(value):
                yield from _texts(inner, (*where, place))
        case _:
            pass


def _variable_faults(text: str) -> Iterator[str]:
    if "{{" not in text:
        return
    for found in _VARIABLE.finditer(_CODE.sub("", text)):
        known = ", ".join(f"{{{{{name}}}}}" for name in sorted(VARIABLES))
        yield (
            f"'{found[0]}' would be sent as it stands: variables are for what a campaign says "
            f"({known}). What is meant as it stands is put in `backticks`"
        )


# --- tips -----------------------------------------------------------------------------


def tip_faults(tip: Tip) -> Iterator[Fault]:
    """What is wrong with a tip by itself."""
    if tip.check is not None:
        yield from _within(("check",), _check_faults(tip.check))
    for number, variant in enumerate(tip.variants):
        if variant.check is not None:
            yield from _within(("variants", number, "check"), _check_faults(variant.check))
    if tip.status == "live" and _UNFINISHED.search(tip.model_dump_json()):
        yield ("status",), "something in it is still to do; until then it is a draft"


def _check_faults(check: Check) -> Iterator[Fault]:
    yield from _unique_ids("options", [option.id for option in check.options])
    yield from _unique_texts("options", [option.text for option in check.options])
    yield from _one_best(check.options)


# --- items ----------------------------------------------------------------------------


def item_faults(item: Item) -> Iterator[Fault]:
    """What is wrong with an item by itself."""
    if item.image is not None and not item.image_alt:
        yield ("image",), "those who do not see the image need 'image_alt'"
    if item.image is not None and not item.image.startswith("https://"):
        yield ("image",), "an image is an address that begins with https://"
    dump = item.model_dump_json()
    if len(dump) > MAX_ITEM and (length := _length_of(item)) > MAX_ITEM:
        yield (), f"the item has {length:,} characters, of which a message holds {MAX_ITEM:,}"
    if item.status in {Status.LIVE, Status.PILOT} and _UNFINISHED.search(dump):
        yield ("status",), "something in it is still to do; until then it is a draft"
    match item:
        case ScenarioChoice():
            yield from _unique_ids("options", [option.id for option in item.options])
            yield from _unique_texts("options", [option.text for option in item.options])
            yield from _one_best(item.options)
        case MultiSelect():
            yield from _unique_ids("options", [option.id for option in item.options])
            yield from _unique_texts("options", [option.text for option in item.options])
            right = sum(option.correct for option in item.options)
            if right == 0:
                yield ("options",), "none of them is correct"
            elif right == len(item.options):
                yield ("options",), "all of them are correct; some must be wrong"
        case Ordering():
            yield from _unique_ids("steps", [step.id for step in item.steps])
            yield from _unique_texts("steps", [step.text for step in item.steps])
        case Matching():
            yield from _matching_faults(item)
        case Numeric():
            yield from _numeric_faults(item)
        case ShortText():
            yield from _text_faults(item)
        case Branching():
            yield from _case_faults(item)
        case SpotProblem():
            yield from _unique_ids("lines", [line.id for line in item.lines])
            wrong = sum(line.problem for line in item.lines)
            if wrong == 0:
                yield ("lines",), "none of them is a problem"
            elif wrong == len(item.lines):
                yield ("lines",), "all of them are problems; some must be in order"


def _length_of(item: Item) -> int:
    def measure(value: object) -> int:
        if isinstance(value, str):
            return len(value)
        if isinstance(value, dict):
            return sum(map(measure, value.values()))
        return sum(map(measure, value)) if isinstance(value, list | tuple) else 0

    return measure(item.model_dump())


def _within(place: Where, faults: Iterator[Fault]) -> Iterator[Fault]:
    for where, message in faults:
        yield (*place, *where), message


def _unique_ids(name: str, ids: Sequence[str]) -> Iterator[Fault]:
    for place, id_ in enumerate(ids):
        if id_ in ids[:place]:
            yield (name, place, "id"), f"there is one called '{id_}' already"


def _unique_texts(name: str, texts: Sequence[str], field: str = "text") -> Iterator[Fault]:
    said: set[str] = set()
    for place, text in enumerate(texts):
        plain = " ".join(text.casefold().split())
        if plain in said:
            yield (name, place, field), "this is said twice"
        said.add(plain)


def _one_best(options: Sequence[Option]) -> Iterator[Fault]:
    best = [place for place, option in enumerate(options) if option.score == 1]
    if not best:
        yield ("options",), "none of them has score 1; exactly one is the best"
    for place in best[1:]:
        yield ("options", place, "score"), "another one has score 1; exactly one is the best"


def _matching_faults(item: Matching) -> Iterator[Fault]:
    yield from _unique_ids("pairs", [pair.id for pair in item.pairs])
    yield from _unique_texts("pairs", [pair.left for pair in item.pairs], "left")
    rights = {" ".join(pair.right.casefold().split()) for pair in item.pairs}
    if len(rights) == 1:
        yield ("pairs",), "all have the same right side; there is nothing to match"
    seen = set(rights)
    for place, text in enumerate(item.distractors):
        plain = " ".join(text.casefold().split())
        if plain in seen:
            yield ("distractors", place), "this is a right side already"
        seen.add(plain)


def _numeric_faults(item: Numeric) -> Iterator[Fault]:
    for place, miss in enumerate(item.near_misses):
        # Beside the answer it may be wider: "within five is right, within fifty nearly".
        if abs(miss.value - item.answer) + miss.tolerance <= item.tolerance:
            yield ("near_misses", place, "value"), "this is within the tolerance of the answer"


def _text_faults(item: ShortText) -> Iterator[Fault]:
    for place, rule in enumerate(item.accept):
        fault = fault_of(rule.value) if rule.match == "regex" else None
        if fault is not None:
            yield ("accept", place, "value"), fault
    if all(rule.score < 1 for rule in item.accept):
        yield ("accept",), "no rule gives full credit"


def _case_faults(item: Branching) -> Iterator[Fault]:
    if item.start not in item.nodes:
        yield ("start",), f"node '{item.start}' is not defined{near(item.start, item.nodes)}"
    whole = item.start in item.nodes
    for name, node in item.nodes.items():
        yield from _within(
            ("nodes", name), _unique_ids("options", [turn.id for turn in node.options])
        )
        for place, turn in enumerate(node.options):
            if turn.next is not None and turn.next not in item.nodes:
                whole = False
                message = f"node '{name}' option '{turn.id}': next '{turn.next}' is not defined"
                message += near(turn.next, item.nodes)
                yield ("nodes", name, "options", place, "next"), message
    if not whole:
        return
    loop = _loop(item.nodes)
    if loop is not None:
        yield ("nodes", loop), f"a way leads from '{loop}' back to it"
        return
    reached = _reached(item)
    for name in item.nodes:
        if name not in reached:
            yield ("nodes", name), f"no way leads to '{name}'"
    steps = _longest(item, item.start)
    if steps > MAX_STEPS:
        yield ("nodes",), f"a way has {steps} decisions; at most {MAX_STEPS}"
    if not any(turn.score > 0 for name in reached for turn in item.nodes[name].options):
        yield ("nodes",), "no decision has a score"


def _loop(nodes: Mapping[str, Node]) -> str | None:
    """A node from which a way leads back to it."""
    done: set[str] = set()
    for first in nodes:
        way: list[tuple[str, Iterator[str]]] = [(first, _next(nodes[first]))]
        on_way = {first}
        while way:
            name, rest = way[-1]
            for following in rest:
                if following in on_way:
                    return following
                if following not in done:
                    way.append((following, _next(nodes[following])))
                    on_way.add(following)
                    break
            else:
                way.pop()
                on_way.discard(name)
                done.add(name)
    return None


def _next(node: Node) -> Iterator[str]:
    return iter([turn.next for turn in node.options if turn.next is not None])


def _reached(item: Branching) -> set[str]:
    reached, waiting = set[str](), [item.start]
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += _next(item.nodes[name])
    return reached


def _longest(item: Branching, start: str) -> int:
    """Decisions on the longest way; there is no loop, and there are few nodes."""
    known: dict[str, int] = {}

    def measure(name: str) -> int:
        if name not in known:
            known[name] = 1 + max(map(measure, _next(item.nodes[name])), default=0)
        return known[name]

    return measure(start)


# --- policies -------------------------------------------------------------------------


_NEVER = timedelta.max


def _policy_faults(policy: Policy) -> Iterator[Fault]:
    sprt = policy.sprt
    if sprt.p0 >= sprt.p1:
        yield ("sprt", "p1"), f"this must be above p0, {sprt.p0:g}"
    if sprt.alpha + sprt.beta >= 1:
        yield ("sprt", "beta"), "alpha and beta together must be below 1"
    if sprt.n_min > sprt.n_max:
        yield ("sprt", "n_max"), f"this must be at least n_min, {sprt.n_min}"
    if policy.valid_for is not None and policy.renew_from >= policy.valid_for:
        yield ("renew_from",), "one could renew before one has passed: valid_for is no longer"
    if policy.renewal == "longitudinal" and (policy.valid_for or _NEVER) > PRACTICE_KEPT:
        days = PRACTICE_KEPT.days
        yield ("renewal",), f"daily answers are kept for {days} days: valid_for can be no longer"
    if policy.mode == "fixed":
        if not policy.form:
            yield ("form",), "this is missing: how many items of each objective?"
        if policy.cut is None:
            yield ("cut",), "this is missing: how many right ones pass, or 'angoff'"
        elif isinstance(policy.cut, int) and 0 < sum(policy.form.values()) < policy.cut:
            yield ("cut",), f"the form has {sum(policy.form.values())} items only"
    else:
        for name in ("form", "cut"):
            if getattr(policy, name):
                yield (name,), f"this is for the mode 'fixed', and the mode is '{policy.mode}'"


def per_attempt(quiz: Quiz, objective: str) -> int:
    """Items of an objective that one attempt may ask."""
    if quiz.policy.mode == "fixed":
        return quiz.policy.form.get(objective, 0)
    return 3


def thin_objectives(quiz: Quiz) -> Mapping[int, str]:
    """What is wrong with the objectives that have too few items for an attempt, by their
    place."""
    found: dict[int, str] = {}
    pools = live(quiz)
    for number, objective in enumerate(quiz.objectives):
        need, there = per_attempt(quiz, objective.id), _different(pools[objective.id])
        if there < need:
            found[number] = (
                f"objective '{objective.id}' has {count_items(there)} that can be asked together, "
                f"and an attempt may need {need}"
            )
    return found


def _pool_faults(quiz: Quiz) -> Iterator[Fault]:
    if not is_asked(quiz):
        return
    pools = live(quiz)
    for number, message in thin_objectives(quiz).items():
        yield ("objectives", number), message
    if quiz.policy.mode == "gate_sprt":
        total = sum(map(_different, pools.values()))
        if total < quiz.policy.sprt.n_min:
            yield ("policy", "sprt"), f"n_min is {quiz.policy.sprt.n_min}, of {count_items(total)}"
    if quiz.policy.cut == "angoff":
        yield from _angoff_faults(quiz)


def _different(items: Sequence[Item]) -> int:
    """How many of them can be asked in one attempt: of variants only one is."""
    return len({item.variant_of or item.id for item in items})


def count_items(count: int) -> str:
    """“1 item”, “2 items”."""
    return "1 item" if count == 1 else f"{count} items"


def _angoff_faults(quiz: Quiz) -> Iterator[Fault]:
    rated = [len(item.angoff) for item in quiz.items if item.status is Status.LIVE]
    usual = Counter(rated).most_common(1)[0][0] if rated else 0
    for number, item in enumerate(quiz.items):
        if item.status is not Status.LIVE:
            continue
        where: Where = ("items", number, "angoff")
        if len(item.angoff) < MIN_JUDGES:
            yield where, f"the cut needs the ratings of at least {MIN_JUDGES} judges"
        elif len(item.angoff) != usual:
            yield where, f"{len(item.angoff)} judges rated this, and {usual} the others"

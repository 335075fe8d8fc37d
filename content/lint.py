"""What is allowed and still not good: warnings for who writes.

Rules for items are those of domain.md 1.2 and 1.4. R1 to R10 are the ten reasons not to make
a course; each rule that comes from one names it in a comment.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import date

from bot.capabilities.quizzes.rule import SECONDS_AN_ITEM, differ, expect
from bot.pack.document import Campaign, Metric
from bot.pack.item import (
    Branching,
    CheckOption,
    Item,
    Matching,
    MultiSelect,
    Numeric,
    Option,
    Ordering,
    ScenarioChoice,
    ShortText,
    SpotProblem,
    Status,
)
from bot.pack.model import Check, Quiz, Section, Tip, is_asked
from content.file import File, Findings
from content.schema import TipsFile
from content.sense import Fault, count_items, live, per_attempt, thin_objectives
from content.tree import Where

MAX_MINUTES = 10
"""Of a quiz."""
WORDS_A_MINUTE = 200
MANY_OPTIONS = 4
LENGTH_CUE = 1.5
"""How many times as long as every other option the best one may be."""
READ_AT_ONCE = 6_000
"""Characters of a question with what is said of its answer (domain.md 1.2). Slack refuses some
13,200 in a message, which has what is said of one question and the whole of the next."""
_ENOUGH_TO_SEE = 25
JUDGES = 5

_RECALL = re.compile(
    r"^(what (is|are) (a|an|the (definition|meaning))\b|what does .{1,60} (mean|stand for)\b"
    r"|what do(es)? the (letters|abbreviation|acronym)\b|define\b|who (wrote|invented|founded)\b"
    r"|in (which|what) year\b|which (of the following )?is the (correct )?(definition|meaning)\b"
    r"|true or false\b)",
    re.IGNORECASE,
)
_NEGATIVE = re.compile(r"\b(NOT|EXCEPT|not true|is false|are false)\b")
_ALL_OR_NONE = re.compile(
    r"^(all|none|both|neither|any) of (the|these|those|them)( above| options| answers)?\W*$",
    re.IGNORECASE,
)
_TRIVIAL = frozenset({"true", "false", "yes", "no", "ok", "okay", "next", "i understand", "got it"})
_CLICK_ON = re.compile(
    r"\b(click|tap|press) (on )?[“\"'*]*(next|continue|start)\b|\bnext (page|slide)\b",
    re.IGNORECASE,
)
_SEAT_TIME = re.compile(
    r"\b(at least|minimum of|no less than) \d+ (minutes|hours)\b.{0,40}\b(read|spend|stay|watch)"
    r"|\b(read|spend|stay|watch)\w* .{0,40}\b(at least|minimum of) \d+ (minutes|hours)\b",
    re.IGNORECASE,
)
_KNOWS = re.compile(
    r"^(know|understand|be aware|learn|remember|recall|appreciate)\b", re.IGNORECASE
)
_ADDRESS = re.compile(r"https?://", re.IGNORECASE)
_READ_ONLY = frozenset({"section", "tip", "message"})
_ASKS = frozenset({"quiz", "prompt", "qna_session", "poll"})


def lint(findings: Findings, files: Sequence[File], today: date | None) -> None:
    """Warn of everything that could be better. `today` None leaves out what has a date."""
    for file in files:
        match file.part:
            case Quiz() as quiz:
                _warn(findings, file, (), _quiz_faults(quiz))
                for number, item in enumerate(quiz.items):
                    if item.status is not Status.RETIRED:
                        _warn(findings, file, ("items", number), item_doubts(item))
                    if item.status is Status.DRAFT:
                        _warn(findings, file, ("items", number), draft_doubts(item))
                _due(findings, file, (), quiz.review_by, today)
            case Section() as section:
                _warn(findings, file, (), section_doubts(section))
                _due(findings, file, (), section.review_by, today)
            case TipsFile(tips=tips):
                for number, tip in enumerate(tips):
                    _warn(findings, file, ("tips", number), tip_doubts(tip))
                    _due(findings, file, ("tips", number), tip.review_by, today)
            case Campaign() as campaign:
                _warn(findings, file, (), _campaign_doubts(campaign))
            case Metric() as metric:
                if metric.type == "rate" and metric.denominator is None:
                    findings.warn(file, ("type",), "a rate of what? A 'denominator' says it")
            case _:
                pass


def _warn(findings: Findings, file: File, place: Where, faults: Iterator[Fault]) -> None:
    for where, message in faults:
        findings.warn(file, (*place, *where), message)


def _due(
    findings: Findings, file: File, place: Where, review_by: date | None, today: date | None
) -> None:
    if review_by is not None and today is not None and review_by < today:
        findings.warn(file, (*place, "review_by"), f"somebody was to look at it by {review_by}")


# --- items ----------------------------------------------------------------------------


def item_doubts(item: Item) -> Iterator[Fault]:
    """What could be better about an item."""
    if _RECALL.search(item.stem):
        yield ("stem",), "this asks what somebody remembers; ask what they would do"
    if _NEGATIVE.search(item.stem):
        yield ("stem",), "a question that asks for what is not so is misread; turn it round"
    length = _read_at_once(item)
    if length > READ_AT_ONCE:
        message = f"{length:,} characters to read at once; over {READ_AT_ONCE:,} some may be cut"
        yield (), f"{message} where messages are short, as in Slack"
    match item:
        case ScenarioChoice():
            yield from _options_doubts(item.options)
            if len(item.options) > MANY_OPTIONS:
                yield ("options",), f"{len(item.options)} options; three good ones are enough"
            elif len(item.options) == 2:
                yield ("options",), "half of those who guess are right; think of a third option"
        case MultiSelect(options=ticked):
            for place, one in enumerate(ticked):
                yield from _about_others(("options", place, "text"), one.text)
        case Branching(nodes=nodes):
            for name, node in nodes.items():
                for place, turn in enumerate(node.options):
                    yield from _about_others(("nodes", name, "options", place, "text"), turn.text)
        case ShortText(unmatched="wrong") if len(item.accept) == 1:
            message = "only one wording is right; others are read by nobody (unmatched: wrong)"
            yield ("accept",), message
        case _:
            pass


def _read_at_once(item: Item) -> int:
    """The characters of an item and of the longest that can be said of an answer to it."""
    shown: list[int]
    said: list[int]
    match item:
        case ScenarioChoice(options=options):
            shown = [len(one.text) for one in options]
            # Of the one that was chosen, and of the best.
            said = sorted(len(one.text) + _said(one) for one in options)[-2:]
        case MultiSelect(options=ticked):
            shown = [len(one.text) for one in ticked]
            said = [len(one.text) + _said(one) for one in ticked]
        case SpotProblem(lines=lines):
            shown = [len(line.text) for line in lines]
            said = [len(line.text) + len(line.why) for line in lines]
        case Ordering(steps=steps):
            shown = said = [len(step.text) for step in steps]
        case Matching(pairs=pairs):
            shown = said = [len(pair.left) + len(pair.right) for pair in pairs]
            shown = [*shown, *map(len, item.distractors)]
        case Branching(nodes=nodes):
            # One step at a time; what is said at the end is of one way through.
            shown = [max(len(n.text) + sum(len(o.text) for o in n.options) for n in nodes.values())]
            said = []
        case _:
            shown, said = [], []
    return len(item.stem) + len(item.feedback) + sum(shown) + sum(said)


def _said(option: Option | CheckOption) -> int:
    happens = option.consequence.text if option.consequence is not None else ""
    return len(option.feedback) + len(happens)


def _about_others(where: Where, text: str) -> Iterator[Fault]:
    if _ALL_OR_NONE.search(text):
        yield where, "an option is about the case, not about other options"


def draft_doubts(item: Item) -> Iterator[Fault]:
    """What is still missing before a draft can be asked, as what comes from elsewhere does."""
    silent = _silent_parts(item)
    if silent and not item.feedback:
        message = f"this draft has no feedback yet: say the principle, or why, for {silent}"
        yield ("status",), message


def _silent_parts(item: Item) -> str:
    """The parts of an answer about which nothing is said; "" when there are none."""
    match item:
        # A wrong option without feedback is warned of anyway.
        case MultiSelect(options=options):
            silent = [option.id for option in options if not option.feedback]
        case SpotProblem(lines=lines):
            silent = [line.id for line in lines if line.problem and not line.why]
        case Ordering() | Matching():
            return "the whole"
        case Numeric(near_misses=misses):
            return "" if any(miss.feedback for miss in misses) else "the likely wrong numbers"
        case ShortText(accept=rules):
            return "" if any(rule.feedback for rule in rules) else "what is accepted"
        case _:
            return ""
    return ", ".join(silent)


def _options_doubts(options: Sequence[Option]) -> Iterator[Fault]:
    for place, option in enumerate(options):
        yield from _about_others(("options", place, "text"), option.text)
        if option.score < 1 and not option.feedback:
            message = "say why somebody would choose this, and what is wrong with it"
            yield ("options", place), message
    # R4: there is nothing to weigh.
    if all(option.text.casefold().strip(" .!") in _TRIVIAL for option in options):
        yield ("options",), "there is nothing to weigh here; describe what one could do"
    best = max(options, key=lambda option: option.score)
    others = max((len(option.text) for option in options if option is not best), default=0)
    if len(best.text) > LENGTH_CUE * others and len(best.text) - others >= _ENOUGH_TO_SEE:
        yield (
            ("options", options.index(best), "text"),
            "the best option is much the longest, which gives it away",
        )


# --- quizzes --------------------------------------------------------------------------


def _quiz_faults(quiz: Quiz) -> Iterator[Fault]:
    yield from _pool_doubts(quiz)
    for number, objective in enumerate(quiz.objectives):
        if _KNOWS.search(objective.text):
            message = "this is what somebody knows; say what they can do"
            yield ("objectives", number, "text"), message
        if objective.text.casefold() == objective.id.replace("-", " "):
            message = "this only repeats the id; say what somebody can do"
            yield ("objectives", number, "text"), message
    taught = {objective.id for objective in quiz.objectives if objective.sections}
    stems: dict[str, str] = {}
    for number, item in enumerate(quiz.items):
        if not item.sections and item.objective not in taught:
            message = "who misses this is shown nothing: neither it nor its objective has sections"
            yield ("items", number, "sections"), message
        stem = " ".join(item.stem.casefold().split())
        if stem in stems:
            yield ("items", number, "stem"), f"'{stems[stem]}' asks in the same words"
        stems.setdefault(stem, item.id)
    fixed = [item for item in quiz.items if isinstance(item, ScenarioChoice)]
    places = {_place_of_best(item) for item in fixed}
    if len(fixed) >= 3 and len(places) == 1 and not any(item.shuffle for item in fixed):
        message = "the best option always stands in the same place, and nothing shuffles"
        yield ("items",), message
    # R5: how long somebody sits there is no achievement.
    if quiz.policy.max_time is not None and quiz.policy.requirement == "voluntary":
        yield ("policy", "max_time"), "this measures speed; leave it out unless the work does too"
    if quiz.policy.cut == "angoff":
        yield from _judges_doubts(quiz)


def _place_of_best(item: ScenarioChoice) -> int:
    return max(range(len(item.options)), key=lambda place: item.options[place].score)


def _pool_doubts(quiz: Quiz) -> Iterator[Fault]:
    if not is_asked(quiz):
        message = f"nobody is asked this yet: of {count_items(len(quiz.items))} none is live"
        yield ("items",), message
        return
    pools = live(quiz)
    broken = thin_objectives(quiz)
    for number, objective in enumerate(quiz.objectives):
        there, need = len(pools[objective.id]), per_attempt(quiz, objective.id)
        if number not in broken and there < 2 * need:
            message = (
                f"objective '{objective.id}' has {count_items(there)}; a re-take will repeat some "
                f"(want {2 * need} for two disjoint forms)"
            )
            yield ("objectives", number), message
    if quiz.policy.mode == "gate_sprt":
        total = sum(map(len, pools.values()))
        if total < quiz.policy.sprt.n_max:
            message = f"n_max is {quiz.policy.sprt.n_max}, of {count_items(total)}"
            yield ("policy", "sprt"), message
    # R1: what takes longer is no longer in the flow of work.
    expected = expect(quiz.policy, len(quiz.objectives))
    minutes = expected * SECONDS_AN_ITEM / 60
    if minutes > MAX_MINUTES:
        message = (
            f"about {expected:.0f} items take about {minutes:.0f} minutes; "
            f"a quiz takes at most {MAX_MINUTES}"
        )
        yield ("objectives",), message


def _judges_doubts(quiz: Quiz) -> Iterator[Fault]:
    for number, item in enumerate(quiz.items):
        ratings = item.angoff
        if not ratings or item.status is not Status.LIVE:
            continue
        if len(ratings) < JUDGES:
            yield ("items", number, "angoff"), f"{len(ratings)} judges; {JUDGES} are better"
        if differ(ratings):
            yield ("items", number, "angoff"), "the judges differ much; let them talk about it"


# --- sections and tips ----------------------------------------------------------------


def section_doubts(section: Section) -> Iterator[Fault]:
    """What could be better about a section."""
    words = len(section.body.split())
    minutes = words / WORDS_A_MINUTE
    # R8: what is long is looked up, not read.
    if minutes > section.minutes + 1:
        message = f"{words} words take about {minutes:.0f} minutes; shorten or divide it"
        yield ("minutes",), message
    # R2 and R5.
    if _CLICK_ON.search(section.body):
        yield ("body",), "a section has no next page: what to do is to be read here"
    if _SEAT_TIME.search(section.body):
        yield ("body",), "how long somebody reads says nothing; leave it to them"


def tip_doubts(tip: Tip) -> Iterator[Fault]:
    """What could be better about a tip."""
    said: list[tuple[Where, str]] = [(("text",), tip.text), (("try_it",), tip.try_it)]
    checks: list[tuple[Where, Check]] = [(("check",), tip.check)] if tip.check else []
    for number, variant in enumerate(tip.variants):
        said.append((("variants", number, "text"), variant.text))
        if variant.check is not None:
            checks.append((("variants", number, "check"), variant.check))
    for where, text in said:
        # R1: it is read where it comes. What to try may be somewhere else.
        if where[-1] == "text" and _ADDRESS.search(text):
            yield where, "a tip is read where it comes: say it here, and link the section"
        # R2.
        if _CLICK_ON.search(text):
            yield where, "a tip has no next page: say what to do"
    if tip.critical and tip.check is None:
        yield ("critical",), "without a check nobody is reminded of it"
    for at, check in checks:
        for where, message in _options_doubts(check.options):
            yield (*at, *where), message
        if _RECALL.search(check.q):
            yield (*at, "q"), "this asks what somebody remembers; ask what they would do"


# --- campaigns ------------------------------------------------------------------------


def _campaign_doubts(campaign: Campaign) -> Iterator[Fault]:
    # R10: whether the work goes better is what it is about.
    if campaign.success is None:
        yield ("success",), "which measure of the work is to change? Without one nobody can tell"
    formats = [activity.format for activity in campaign.activities]
    read_only = sum(format_ in _READ_ONLY for format_ in formats)
    # R9, and lite on content, rich in interaction.
    if not any(format_ in _ASKS for format_ in formats):
        yield ("activities",), "nobody is asked anything: let people try, tell or ask something"
    elif read_only > 0.75 * len(formats):
        message = (
            f"{read_only} of {len(formats)} are only read; ask people for something more often"
        )
        yield ("activities",), message
    # Assessment first: who knows it already is done at once.
    quizzes = [n for n, format_ in enumerate(formats) if format_ == "quiz"]
    sections = [n for n, format_ in enumerate(formats) if format_ == "section"]
    if quizzes and sections and sections[0] < quizzes[0]:
        message = "the check comes first: who knows it already need not read it"
        yield ("activities", sections[0]), message
    for number, activity in enumerate(campaign.activities):
        # R2 and R5, as of sections.
        if _CLICK_ON.search(activity.text or ""):
            yield ("activities", number, "text"), "there is no next page: say what to do"
        if _SEAT_TIME.search(activity.text or ""):
            message = "how long somebody reads says nothing; leave it to them"
            yield ("activities", number, "text"), message
    if campaign.requirement != "voluntary" and campaign.completion is None:
        yield ("completion",), "what is mandatory says what counts as done"

"""What the files of a pack say about each other: names are there once, and what is named is
there."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeAlias, TypeVar

from pydantic import BaseModel

from bot.pack.completion import TAKES, Nonsense, atoms, is_done, needs, parse
from bot.pack.document import (
    MOST_ANSWER,
    MOST_OPTIONS,
    MOST_QUESTION,
    Activity,
    Campaign,
    Metric,
)
from bot.pack.item import Item
from bot.pack.model import Quiz, Section
from content.file import File, Findings, near
from content.schema import (
    FILES,
    DemoFile,
    ExpertsFile,
    FaqFile,
    PromptsFile,
    TipsFile,
    TopicsFile,
)
from content.tree import Where, find

Named: TypeAlias = Iterable[tuple[File, Where, str]]
F = TypeVar("F", bound=BaseModel)

VARIABLES = frozenset({"faq.new_titles", "campaign.title", "campaign.owner", "topic.title"})
"""What a message of a campaign may leave to be filled in."""
_VARIABLE = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
_REFERS = {"section": "section", "tip": "tip", "quiz": "quiz", "prompt": "prompt"}
"""What an activity of each format names."""
_SAYS = frozenset({"message", "qna_session", "poll"})
_FEWEST_CHOICES = 2


def of_kind(files: Iterable[File], kind: type[F]) -> list[tuple[File, F]]:
    """The files of a shape, with what they hold."""
    return [(file, file.part) for file in files if isinstance(file.part, kind)]


def check_references(files: list[File], broken: set[str], findings: Findings) -> None:
    """Note what is named twice, and what is named and not there.

    `broken` are the kinds of which a file has no good shape; "" is any kind.
    """
    # A file whose kind is not known may be of any.
    whole = set(FILES) - broken if "" not in broken else set[str]()
    demos = of_kind(files, DemoFile)
    for again, _ in demos[1:]:
        findings.at(again, ("kind",), f"{demos[0][0].path.name} is of the kind 'demo' already")
    topics: dict[str, File] = {}
    for folder in dict.fromkeys(file.folder for file in files):
        # Packs that are used together may each say the same topic, and who knows it.
        one = [file for file in files if file.folder == folder]
        topics |= _unique(findings, "topic", _topic_ids(one))
        _unique(findings, "entry", _entry_ids(one))
        _unique(findings, "expert", _expert_ids(one))
    _unique(findings, "name", _topic_names(files))
    handles = _unique(findings, "person", _handles(demos))
    channels = _unique(findings, "channel", _channels(demos))
    known: dict[str, Mapping[str, object]] = {
        "section": _unique(findings, "section", _ids(files, Section)),
        "quiz": _unique(findings, "quiz", _ids(files, Quiz)),
        "item": _unique(findings, "item", _items(files)),
        "tip": _unique(findings, "tip", _tips(files)),
        "prompt": _unique(findings, "prompt", _prompts(files)),
        "metric": _unique(findings, "metric", _ids(files, Metric)),
        "objective": dict.fromkeys(_objectives(files)),
    }
    _unique(findings, "campaign", _ids(files, Campaign))
    if "topics" in whole:
        _require(findings, "topic", topics, _topics_used(files))
    if "demo" in whole and demos:
        _require(findings, "person", handles, _people_used(files))
        _require(findings, "channel", channels, _channels_used(files))
    if "section" in whole:
        _require(findings, "section", known["section"], _sections_used(files))
    if "quiz" in whole:
        _require(findings, "objective", known["objective"], _objectives_used(files))
    if "metric" in whole:
        _require(findings, "metric", known["metric"], _metrics_used(files))
    for file, campaign in of_kind(files, Campaign):
        _check_campaign(findings, file, campaign, known, whole)


def _unique(findings: Findings, what: str, named: Named) -> dict[str, File]:
    """The names; notes those that stand twice."""
    there: dict[str, tuple[File, Where]] = {}
    for file, where, name in named:
        if name in there:
            first, place = there[name]
            line = find(first.mark, place)[0] + 1
            findings.at(
                file, where, f"there is {a(what)} '{name}' already, in {first.path.name}:{line}"
            )
        else:
            there[name] = (file, where)
    return {name: file for name, (file, _) in there.items()}


def _require(findings: Findings, what: str, known: Mapping[str, object], used: Named) -> None:
    for file, where, name in used:
        if name not in known:
            findings.at(file, where, f"unknown {what} '{name}'{near(name, known)}")


def a(what: str) -> str:
    """“a topic”, “an item”."""
    return f"{'an' if what[0] in 'aeiou' else 'a'} {what}"


def bare(handle: str) -> str:
    """A handle without its @."""
    return handle.removeprefix("@")


# --- what is there --------------------------------------------------------------------


def _topic_ids(files: list[File]) -> Named:
    for file, part in of_kind(files, TopicsFile):
        for number, topic in enumerate(part.topics):
            yield file, ("topics", number, "id"), topic.id


def _topic_names(files: list[File]) -> Named:
    """By which a topic is found; a topic may say its own name twice, and so may packs."""
    first: dict[str, File] = {}
    for file, part in of_kind(files, TopicsFile):
        for number, topic in enumerate(part.topics):
            if first.setdefault(topic.id, file).folder != file.folder:
                continue
            own = {topic.title.casefold()}
            yield file, ("topics", number, "title"), topic.title.casefold()
            for place, alias in enumerate(topic.aliases):
                if alias.casefold() not in own:
                    own.add(alias.casefold())
                    yield file, ("topics", number, "aliases", place), alias.casefold()


def _entry_ids(files: list[File]) -> Named:
    for file, part in of_kind(files, FaqFile):
        for number, entry in enumerate(part.entries):
            yield file, ("entries", number, "id"), entry.id


def _expert_ids(files: list[File]) -> Named:
    for file, part in of_kind(files, ExpertsFile):
        for number, expert in enumerate(part.experts):
            yield file, ("experts", number, "user"), bare(expert.user)


def _handles(demos: list[tuple[File, DemoFile]]) -> Named:
    for file, part in demos:
        for number, person in enumerate(part.people):
            yield file, ("people", number, "handle"), person.handle


def _channels(demos: list[tuple[File, DemoFile]]) -> Named:
    for file, part in demos:
        for number, channel in enumerate(part.channels):
            yield file, ("channels", number, "name"), channel.name


def _ids(files: list[File], kind: type[Section | Quiz | Campaign | Metric]) -> Named:
    for file in files:
        if isinstance(file.part, kind):
            yield file, ("id",), file.part.id


def _items(files: list[File]) -> Named:
    for file, quiz in of_kind(files, Quiz):
        for number, item in enumerate(quiz.items):
            yield file, ("items", number, "id"), item.id


def _tips(files: list[File]) -> Named:
    for file, part in of_kind(files, TipsFile):
        for number, tip in enumerate(part.tips):
            yield file, ("tips", number, "id"), tip.id


def _prompts(files: list[File]) -> Named:
    for file, part in of_kind(files, PromptsFile):
        for number, prompt in enumerate(part.prompts):
            yield file, ("prompts", number, "id"), prompt.id


def _objectives(files: list[File]) -> Iterator[str]:
    for _, quiz in of_kind(files, Quiz):
        for objective in quiz.objectives:
            yield f"{quiz.id}/{objective.id}"


# --- what is named --------------------------------------------------------------------


def _topics_used(files: list[File]) -> Named:
    for file, faq in of_kind(files, FaqFile):
        for number, entry in enumerate(faq.entries):
            if entry.topic is not None:
                yield file, ("entries", number, "topic"), entry.topic
    for file, experts in of_kind(files, ExpertsFile):
        for number, expert in enumerate(experts.experts):
            for topic in expert.topics:
                yield file, ("experts", number, "topics", topic), topic
    for file, tips in of_kind(files, TipsFile):
        for number, tip in enumerate(tips.tips):
            yield file, ("tips", number, "topic"), tip.topic
    for file in files:
        if isinstance(file.part, Section | Quiz | Campaign):
            yield file, ("topic",), file.part.topic


def _people_used(files: list[File]) -> Named:
    for file, topics in of_kind(files, TopicsFile):
        for number, topic in enumerate(topics.topics):
            if topic.steward is not None:
                yield file, ("topics", number, "steward"), bare(topic.steward)
    for file, experts in of_kind(files, ExpertsFile):
        for number, expert in enumerate(experts.experts):
            yield file, ("experts", number, "user"), bare(expert.user)
    for file, demo in of_kind(files, DemoFile):
        for number, person in enumerate(demo.people):
            if person.manager is not None:
                yield file, ("people", number, "manager"), bare(person.manager)
    for file in files:
        if isinstance(file.part, Section | Quiz | Campaign | Metric) and file.part.owner:
            yield file, ("owner",), bare(file.part.owner)
    for file, campaign in of_kind(files, Campaign):
        for number, approver in enumerate(campaign.approvers):
            yield file, ("approvers", number), bare(approver)


def _channels_used(files: list[File]) -> Named:
    for file, part in of_kind(files, TopicsFile):
        for number, topic in enumerate(part.topics):
            if topic.channel is not None:
                yield file, ("topics", number, "channel"), topic.channel
    for file, campaign in of_kind(files, Campaign):
        for number, activity in enumerate(campaign.activities):
            if activity.channel is not None:
                yield file, ("activities", number, "channel"), activity.channel


def _sections_used(files: list[File]) -> Named:
    for file, quiz in of_kind(files, Quiz):
        for number, objective in enumerate(quiz.objectives):
            for place, section in enumerate(objective.sections):
                yield file, ("objectives", number, "sections", place), section
        for number, item in enumerate(quiz.items):
            for place, section in enumerate(item.sections):
                yield file, ("items", number, "sections", place), section
    for file, tips in of_kind(files, TipsFile):
        for number, tip in enumerate(tips.tips):
            if tip.section is not None:
                yield file, ("tips", number, "section"), tip.section


def _objectives_used(files: list[File]) -> Named:
    for file, tips in of_kind(files, TipsFile):
        for number, tip in enumerate(tips.tips):
            if tip.objective is not None:
                yield file, ("tips", number, "objective"), tip.objective


def _metrics_used(files: list[File]) -> Named:
    for file, campaign in of_kind(files, Campaign):
        if campaign.success is not None:
            yield file, ("success", "metric"), campaign.success.metric


# --- inside a quiz --------------------------------------------------------------------


def check_quiz_names(findings: Findings, file: File, quiz: Quiz) -> None:
    """Objectives are there once; items name objectives and items of their own quiz."""
    objectives: dict[str, int] = {}
    for number, objective in enumerate(quiz.objectives):
        if objective.id in objectives:
            message = f"there is an objective '{objective.id}' already"
            findings.at(file, ("objectives", number, "id"), message)
        objectives[objective.id] = number
    items: dict[str, Item] = {item.id: item for item in quiz.items}
    for number, item in enumerate(quiz.items):
        at: Where = ("items", number)
        if item.objective not in objectives:
            message = f"unknown objective '{item.objective}'{near(item.objective, objectives)}"
            findings.at(file, (*at, "objective"), message)
        _check_kin(findings, file, at, item, items)
    for name in quiz.policy.form:
        if name not in objectives:
            message = f"unknown objective '{name}'{near(name, objectives)}"
            findings.at(file, ("policy", "form", name), message)


def _check_kin(
    findings: Findings, file: File, at: Where, item: Item, items: Mapping[str, Item]
) -> None:
    if item.variant_of is not None:
        parent = items.get(item.variant_of)
        if item.variant_of == item.id:
            findings.at(file, (*at, "variant_of"), "an item is no variant of itself")
        elif parent is None:
            message = f"unknown item '{item.variant_of}'{near(item.variant_of, items)}"
            findings.at(file, (*at, "variant_of"), message)
        elif parent.variant_of is not None and parent.variant_of != parent.id:
            message = f"'{parent.id}' is a variant itself; name '{parent.variant_of}', as it does"
            findings.at(file, (*at, "variant_of"), message)
        elif parent.objective != item.objective:
            message = f"'{parent.id}' is about another objective, '{parent.objective}'"
            findings.at(file, (*at, "variant_of"), message)
    for place, enemy in enumerate(item.enemies):
        if enemy == item.id:
            findings.at(file, (*at, "enemies", place), "an item is no enemy of itself")
        elif enemy not in items:
            message = f"unknown item '{enemy}'{near(enemy, items)}"
            findings.at(file, (*at, "enemies", place), message)


# --- inside a campaign ----------------------------------------------------------------


def _check_campaign(
    findings: Findings,
    file: File,
    campaign: Campaign,
    known: Mapping[str, Mapping[str, object]],
    whole: set[str],
) -> None:
    note: Callable[[Where, str], None] = lambda where, said: findings.at(file, where, said)  # noqa: E731
    for number, approver in enumerate(campaign.approvers):
        if bare(approver) == bare(campaign.owner):
            note(("approvers", number), "the owner does not approve their own campaign")
    if campaign.rollout.design == "stepped_wedge":
        for name in ("steps", "step_every", "seed"):
            if getattr(campaign.rollout, name) is None:
                note(("rollout", name), "a stepped wedge needs this")
    if campaign.audience.consent == "assigned" and campaign.requirement == "voluntary":
        note(
            ("audience", "consent"),
            "only what is mandatory or regulatory is assigned; people choose everything else",
        )
    if campaign.join_until is not None:
        if campaign.timing == "calendar":
            message = "by the calendar everybody is at the same day; people join at any time"
            note(("join_until",), message)
        elif campaign.join_until < campaign.start:
            note(("join_until",), f"this is before the start, {campaign.start}")
    seen: set[str] = set()
    for number, activity in enumerate(campaign.activities):
        at: Where = ("activities", number)
        if activity.id in seen:
            note((*at, "id"), f"there is an activity '{activity.id}' already")
        seen.add(activity.id)
        _check_activity(findings, file, at, activity, campaign, known, whole)
    if campaign.completion is not None:
        _check_completion(findings, file, campaign, campaign.completion, known, whole)


def _check_activity(
    findings: Findings,
    file: File,
    at: Where,
    activity: Activity,
    campaign: Campaign,
    known: Mapping[str, Mapping[str, object]],
    whole: set[str],
) -> None:
    what = _REFERS.get(activity.format)
    if what is not None and activity.ref is None:
        findings.at(file, (*at, "ref"), f"this is missing: which {what}?")
    elif what is None and activity.ref is not None:
        findings.at(file, (*at, "ref"), f"a {activity.format} refers to nothing")
    elif what is not None and activity.ref is not None and _file_of(what) in whole:
        _require(findings, what, known[what], [(file, (*at, "ref"), activity.ref)])
    if activity.format in _SAYS and activity.text is None:
        findings.at(file, (*at, "text"), "this is missing: what is said?")
    if activity.format == "poll" and len(activity.options) < _FEWEST_CHOICES:
        findings.at(file, (*at, "options"), "a poll has at least two options")
    elif activity.format == "poll":
        _check_poll(findings, file, at, activity)
    elif activity.options:
        findings.at(file, (*at, "options"), f"a {activity.format} has no options; a poll has")
    for place, option in enumerate(activity.options):
        if option in activity.options[:place]:
            findings.at(file, (*at, "options", place), "this is said twice")
    if activity.catch_up and campaign.timing == "enrolment":
        message = "days of one's own wait while the campaign is paused; nothing is missed"
        findings.at(file, (*at, "catch_up"), message)
    if activity.to == "channel" and activity.channel is None:
        findings.at(file, (*at, "channel"), "this is missing: which channel?")
    if activity.to == "channel" and activity.format in {"quiz", "tip", "prompt"}:
        findings.at(file, (*at, "to"), f"a {activity.format} is between the bot and one person")
    by_day = campaign.timing == "enrolment"
    if (activity.when.day is None) == by_day or (activity.when.date is None) != by_day:
        one, other = ("day", "date") if by_day else ("date", "day")
        message = f"a campaign by {campaign.timing} has a '{one}' here, and no '{other}'"
        findings.at(file, (*at, "when"), message)
    if activity.when.date is not None and activity.when.date < campaign.start:
        findings.at(file, (*at, "when", "date"), f"this is before the start, {campaign.start}")
    for variable in _VARIABLE.findall(activity.text or ""):
        if variable not in VARIABLES:
            message = f"unknown variable '{variable}'{near(variable, VARIABLES)}"
            findings.at(file, (*at, "text"), message)


def _check_poll(findings: Findings, file: File, at: Where, poll: Activity) -> None:
    if len(poll.options) > MOST_OPTIONS:
        findings.at(file, (*at, "options"), f"a poll has at most {MOST_OPTIONS} options")
    if len(poll.text or "") > MOST_QUESTION:
        message = f"the question of a poll has at most {MOST_QUESTION} characters"
        findings.at(file, (*at, "text"), message)
    for place, option in enumerate(poll.options):
        if len(option) > MOST_ANSWER:
            message = f"an option of a poll has at most {MOST_ANSWER} characters, as a button has"
            findings.at(file, (*at, "options", place), message)


def _check_completion(
    findings: Findings,
    file: File,
    campaign: Campaign,
    text: str,
    known: Mapping[str, Mapping[str, object]],
    whole: set[str],
) -> None:
    where = ("completion",)
    try:
        completion = parse(text)
    except Nonsense as error:
        findings.at(file, where, f"{error} (at character {error.at + 1})")
        return
    for atom in atoms(completion):
        for what, name in zip(TAKES[atom.name], atom.about, strict=True):
            if what in known and _file_of(what) in whole:
                _require(findings, what, known[what], [(file, where, name)])
    if is_done(completion, frozenset({"section_opened"})):
        message = "to have opened a section says nothing of what somebody can do"
        if campaign.requirement == "voluntary":
            findings.warn(file, where, message)
        else:
            findings.at(file, where, message)
    if campaign.requirement != "voluntary":
        for name in ("answered", "asked"):
            if needs(completion, name):
                message = f"nobody is made to speak: let '{name}' be one of several ways"
                findings.at(file, where, message)


def _file_of(what: str) -> str:
    return {"objective": "quiz", "tip": "tips", "prompt": "prompts"}.get(what, what)

"""The packs that are shipped: they load, and keep to what makes a question worth asking."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import pytest
from ruamel.yaml import YAML

from bot.pack.answer import Raw
from bot.pack.item import (
    Branching,
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
    Turn,
)
from bot.pack.model import Quiz, Section, Tip
from bot.pack.scoring import guess, key, score
from content.load import find_packs, load_packs, load_starter

PACKS = Path(__file__).resolve().parents[2] / "content" / "packs"
LEARNING = ("everyday-data", "first-response", "meetings-that-decide")
LICENCES = {"Apache-2.0", "CC-BY-4.0"}
ITEM_TYPES = {part.__name__ for part in get_args(get_args(Item)[0])}

MIN_ITEMS = 6
MIN_TIPS = 12
CUE = 1.25
"""How many times as long as every other option the best one may be."""
ALL_OR_NONE = re.compile(r"^(all|none|both|any|either) of (the|these|those|them)\b", re.IGNORECASE)

MOST_BY_GUESSING = 0.5
"""Credit that whoever chooses blindly gets on average."""

WRITTEN = {
    "cd-12": (["17 March", "march 17th", "2025-03-17", "17.03."], ["3 March"]),
    "fr-13": (
        ["Kim, you are lead now.", "kim leads from here", "I hand over to Kim"],
        ["I am off then"],
    ),
    "md-10": (
        ["What speaks against B?", "How could B go wrong?", "which risks do you see"],
        ["Any objections?", "Does everybody agree?"],
    ),
}
"""Answers in words that are right, and such that are known to be wrong."""


@dataclass(frozen=True)
class Pack:
    """All files of a pack by their kind."""

    name: str
    files: dict[str, list[dict[str, Any]]]

    @property
    def about(self) -> dict[str, Any]:
        (about,) = self.files["pack"]
        return about

    @property
    def sections(self) -> list[Section]:
        return [Section.model_validate(told) for told in self.files.get("section", [])]

    @property
    def quizzes(self) -> list[Quiz]:
        return [Quiz.model_validate(told) for told in self.files.get("quiz", [])]

    @property
    def tips(self) -> list[Tip]:
        return [Tip.model_validate(told) for told in self.each("tips")]

    def each(self, kind: str, name: str = "") -> list[dict[str, Any]]:
        """What files of a kind hold as a list, which is called like the kind or `name`."""
        return [part for file in self.files.get(kind, []) for part in file[name or kind]]


def read_pack(name: str) -> Pack:
    files: dict[str, list[dict[str, Any]]] = {}
    for path in sorted((PACKS / name).rglob("*")):
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
        body: dict[str, str] = {}
        if path.suffix == ".md":
            _, text, rest = text.split("---\n", 2)
            body = {"body": rest}
        if text:
            told = YAML(typ="safe").load(text)
            files.setdefault(told.pop("kind"), []).append({**told, **body})
    return Pack(name, files)


ALL = {path.name: read_pack(path.name) for path in sorted(PACKS.iterdir()) if path.is_dir()}
TAUGHT = [pack for pack in ALL.values() if "quiz" in pack.files]
each_pack = pytest.mark.parametrize("pack", TAUGHT, ids=lambda pack: pack.name)


def choices(pack: Pack) -> Iterator[tuple[str, Sequence[Option | Turn]]]:
    """Everything with options of which one is the best, under its id."""
    for quiz in pack.quizzes:
        for item in quiz.items:
            if isinstance(item, ScenarioChoice):
                yield item.id, item.options
            elif isinstance(item, Branching):
                for name, node in item.nodes.items():
                    yield f"{item.id}/{name}", node.options
    for tip in pack.tips:
        for number, check in enumerate([tip.check, *(variant.check for variant in tip.variants)]):
            if check is not None:
                yield f"{tip.id}/{number}", check.options


def best_of(options: Sequence[Option | Turn]) -> int:
    """Where the best one stands. In a case that has gone wrong it may be worth less than 1."""
    (best,) = [
        place
        for place, option in enumerate(options)
        if option.score == max(each.score for each in options)
    ]
    return best


def right_answer(item: Item) -> Raw:
    """What somebody answers who knows it."""
    return WRITTEN[item.id][0][0] if isinstance(item, ShortText) else key(item)


def test_there_are_packs_to_learn_from() -> None:
    assert {pack.name for pack in TAUGHT} >= set(LEARNING)


def test_the_packs_load_together_and_nothing_is_to_be_said_of_them() -> None:
    loaded = load_packs(find_packs(PACKS))
    assert [pack.folder.name for pack in loaded] == list(ALL)
    assert [warning for pack in loaded for warning in pack.warnings] == []


@each_pack
def test_a_pack_loads_without_the_others(pack: Pack) -> None:
    (loaded,) = load_packs([PACKS / pack.name])
    assert loaded.bundle.id == pack.name


@each_pack
def test_a_pack_is_whole_and_may_be_used(pack: Pack) -> None:
    assert pack.about["id"] == pack.name
    assert pack.about["license"] in LICENCES
    assert pack.files.keys() >= {"topics", "faq", "prompts", "campaign", "metric"}
    assert pack.sections
    tips = pack.tips
    assert len([tip for tip in tips if tip.check is not None]) >= MIN_TIPS
    assert any(tip.variants for tip in tips)


@each_pack
def test_each_objective_has_items_for_two_forms_and_a_section(pack: Pack) -> None:
    sections = {section.id for section in pack.sections}
    for quiz in pack.quizzes:
        live = [item for item in quiz.items if item.status is Status.LIVE]
        for objective in quiz.objectives:
            kin = {item.variant_of or item.id for item in live if item.objective == objective.id}
            assert len(kin) >= MIN_ITEMS, objective.id
            assert objective.sections, objective.id
            assert sections.issuperset(objective.sections), objective.id
        known = {objective.id for objective in quiz.objectives}
        assert known.issuperset(item.objective for item in quiz.items)
        assert {type(item).__name__ for item in live} == ITEM_TYPES


@each_pack
def test_who_knows_it_is_right_and_near_misses_are_not(pack: Pack) -> None:
    for item in (item for quiz in pack.quizzes for item in quiz.items):
        scored = score(item, right_answer(item))
        assert scored.right, item.id
        assert not scored.consequences, item.id
        assert guess(item) <= MOST_BY_GUESSING, item.id
        if isinstance(item, Numeric):
            for miss in item.near_misses:
                assert not score(item, miss.value).right, (item.id, miss.value)


@each_pack
def test_a_written_answer_is_known_in_more_than_one_wording(pack: Pack) -> None:
    for quiz in pack.quizzes:
        for item in quiz.items:
            if isinstance(item, ShortText):
                right, wrong = WRITTEN[item.id]
                assert [score(item, words).right for words in right] == [True] * len(right)
                told = [score(item, words) for words in wrong]
                assert not any(scored.right or scored.needs_person for scored in told), item.id


@each_pack
def test_a_choice_has_three_or_four_options_of_which_one_is_best(pack: Pack) -> None:
    for id_, options in choices(pack):
        assert 3 <= len(options) <= 4, id_
        best = options[best_of(options)]
        assert best.score > 0 if isinstance(best, Turn) else best.score == 1, id_
        assert not any(ALL_OR_NONE.search(option.text) for option in options), id_


@each_pack
def test_the_best_option_is_given_away_neither_by_length_nor_by_place(pack: Pack) -> None:
    longest = 0
    places: Counter[int] = Counter()
    for id_, options in choices(pack):
        best = best_of(options)
        others = max(len(option.text) for option in options if option is not options[best])
        assert len(options[best].text) <= CUE * others, id_
        longest += len(options[best].text) > others
        places[best] += 1
    # By chance it would be the longest, and in each of the places, in a third of them.
    assert longest <= places.total() * 0.4
    assert len(places) > 2
    assert max(places.values()) <= places.total() / 2


@each_pack
def test_who_is_wrong_is_told_why(pack: Pack) -> None:
    silent = [
        f"{id_}/{option.id}"
        for id_, options in choices(pack)
        for option in options
        if not option.feedback
    ]
    for item in (item for quiz in pack.quizzes for item in quiz.items):
        match item:
            case MultiSelect():
                silent += [f"{item.id}/{o.id}" for o in item.options if not o.feedback]
            case SpotProblem():
                silent += [
                    f"{item.id}/{line.id}" for line in item.lines if line.problem > bool(line.why)
                ]
            case Numeric():
                silent += [
                    f"{item.id}/{miss.value}" for miss in item.near_misses if not miss.feedback
                ]
            case Branching():
                turns = [turn for node in item.nodes.values() for turn in node.options]
                silent += [f"{item.id}/{turn.id}" for turn in turns if not turn.feedback]
            case ScenarioChoice():
                # Somebody in the world notices at least one of the wrong ways.
                if not any(option.consequence for option in item.options):
                    silent.append(item.id)
            case Ordering() | Matching() | ShortText():
                if not item.feedback:
                    silent.append(item.id)
    assert silent == []


def test_an_id_stands_for_one_thing_in_all_packs() -> None:
    ids: Counter[tuple[str, str]] = Counter()
    for pack in ALL.values():
        ids.update(("section", section.id) for section in pack.sections)
        ids.update(("tip", tip.id) for tip in pack.tips)
        ids.update(("quiz", quiz.id) for quiz in pack.quizzes)
        ids.update(("item", item.id) for quiz in pack.quizzes for item in quiz.items)
        ids.update(("prompt", prompt["id"]) for prompt in pack.each("prompts"))
        ids.update(
            (kind, told["id"])
            for kind in ("campaign", "metric")
            for told in pack.files.get(kind, [])
        )
    assert [id_ for id_, count in ids.items() if count > 1] == []


def test_a_topic_in_two_packs_is_the_same() -> None:
    topics: dict[str, Any] = {}
    for pack in ALL.values():
        for topic in pack.each("topics"):
            assert topics.setdefault(topic["id"], topic) == topic
    names = Counter(
        name.casefold()
        for topic in topics.values()
        for name in {topic["title"].casefold(), *map(str.casefold, topic["aliases"])}
    )
    assert [name for name, count in names.items() if count > 1] == []


@each_pack
def test_what_a_pack_names_is_in_it(pack: Pack) -> None:
    topics = {topic["id"] for topic in pack.each("topics")}
    known = {
        "section": {section.id for section in pack.sections},
        "tip": {tip.id for tip in pack.tips},
        "quiz": {quiz.id for quiz in pack.quizzes},
        "prompt": {prompt["id"] for prompt in pack.each("prompts")},
    }
    objectives = {f"{quiz.id}/{o.id}" for quiz in pack.quizzes for o in quiz.objectives}
    for tip in pack.tips:
        assert tip.topic in topics, tip.id
        assert tip.section is None or tip.section in known["section"], tip.id
        assert tip.objective is None or tip.objective in objectives, tip.id
    assert topics >= {s.topic for s in pack.sections} | {quiz.topic for quiz in pack.quizzes}
    for campaign in pack.files["campaign"]:
        assert campaign["success"]["metric"] in {metric["id"] for metric in pack.files["metric"]}
        for activity in campaign["activities"]:
            if "ref" in activity:
                assert activity["ref"] in known[activity["format"]], activity["id"]


@each_pack
def test_the_people_and_channels_of_a_pack_are_there_in_the_demo(pack: Pack) -> None:
    (demo,) = ALL["starter"].files["demo"]
    people = {f"@{person['handle']}" for person in demo["people"]}
    channels = {channel["name"] for channel in demo["channels"]}
    named = {
        *pack.about["owners"],
        *(topic["steward"] for topic in pack.each("topics")),
        *(expert["user"] for expert in pack.each("experts")),
        *(section.owner for section in pack.sections),
        *(quiz.owner for quiz in pack.quizzes),
        *(metric["owner"] for metric in pack.files["metric"]),
        *(name for told in pack.files["campaign"] for name in [told["owner"], *told["approvers"]]),
    }
    assert people.issuperset(named)
    assert channels.issuperset(
        activity["channel"]
        for activity in pack.each("campaign", "activities")
        if "channel" in activity
    )
    for campaign in pack.files["campaign"]:
        assert campaign["owner"] not in campaign["approvers"]


def test_every_channel_that_is_named_is_there() -> None:
    """Who is told to write somewhere can, in the workspace that all of them are tried in."""
    demo = load_starter().demo
    assert demo is not None
    there = {channel.name for channel in demo.channels}
    files = [path for path in PACKS.rglob("*") if path.suffix in {".yaml", ".md"}]
    named = {
        channel
        for path in files
        for channel in re.findall(r"(?<![\w&/])#[a-z][a-z-]+", path.read_text(encoding="utf-8"))
    }
    assert named <= there
    assert "#data-incident" in named


def test_the_faq_says_the_same_as_the_quiz_about_the_wrong_recipient() -> None:
    [entry] = [one for one in load_starter().faq if one.id == "wrong-recipient"]
    assert "ask the recipient" not in entry.text.casefold()
    assert "incident lead" in entry.text

"""The talks of the capabilities, collected to be held on a platform from end to end.

They are those of `tests/capabilities`, word for word: there they are held with the core alone, here
with the same world behind an adapter. Of a talk with many examples the first one is held: the
others differ in words, and words come through whole (see the contract).

What stewards do with entries, and what becomes of a question as time passes, is decided by the core
and said in messages made of the same parts: each talk of `IN_TURN` is held on one platform, but
for those of `ON_BOTH`, where a form stays open, a channel reads along or a card changes.
"""

import inspect
import re
from collections.abc import Collection, Iterable, Iterator
from types import FunctionType, ModuleType
from typing import Any

import pytest

from tests.capabilities.questions import (
    test_anonymity,
    test_bad_input,
    test_card,
    test_expert,
    test_expertise,
    test_faq,
    test_home,
    test_mark,
    test_memory,
    test_name,
    test_routing,
    test_story,
    test_talk,
    test_walk,
    test_wave,
)
from tests.world import World

MODULES = (
    test_story,
    test_talk,
    test_card,
    test_faq,
    test_home,
    test_mark,
    test_anonymity,
    test_bad_input,
    test_expert,
    test_expertise,
    test_memory,
    test_name,
    test_routing,
    test_walk,
    test_wave,
)
IN_TURN = (test_faq, test_wave)
"""Each of their talks is held on one platform."""
ON_BOTH = {
    "test_faq.test_an_accepted_answer_is_a_candidate_in_the_askers_words",
    "test_faq.test_the_asker_hears_who_is_told_that_it_worked",
    "test_faq.test_a_message_saved_as_faq_waits_for_the_steward",
    "test_faq.test_saved_from_our_message_with_an_answer_it_is_whoever_gave_that",
    "test_faq.test_an_entry_without_words_keeps_the_form",
    "test_faq.test_a_flag_marks_a_published_entry_as_being_checked",
    "test_faq.test_of_two_edits_the_second_keeps_its_form_and_overwrites_nothing",
    "test_faq.test_an_edit_of_a_long_answer_keeps_its_end",
    "test_faq.test_a_button_on_a_merged_entry_does_nothing_to_the_other",
    "test_faq.test_at_most_three_are_offered",
    "test_wave.test_with_consent_it_is_posted_without_the_name_and_anybody_may_answer",
    "test_wave.test_who_reads_the_post_and_opens_the_answer_form_is_not_told_the_name",
    "test_wave.test_consent_pressed_twice_posts_once",
    "test_wave.test_taking_the_post_does_not_show_everybody_the_takers_card",
    "test_wave.test_the_post_can_be_taken_again_when_it_was_given_back",
    "test_wave.test_where_it_was_asked_without_a_name_is_not_told",
    "test_wave.test_somebody_else_is_asked_and_told_who_named_them",
    "test_wave.test_the_form_stays_open_when_the_named_person_cannot_be_asked",
    "test_wave.test_who_comes_second_sees_who_is_on_it",
    "test_wave.test_withdrawn_closes_every_card",
    "test_wave.test_a_number_that_is_none_keeps_the_form",
    "test_wave.test_when_nobody_was_asked_nobody_says_so",
    "test_wave.test_a_question_about_nothing_known_goes_to_the_managers_and_says_so",
}
WORLDS = {"world", "either_world", "new_world"}

ASKERS = ("ana", "ben", "cem", "dana")
QUESTIONS = (
    "How do I claim the taxi from a client visit?",
    "How do I book a hotel for a trip?",
    "Who signs the trip to the fair?",
    "Where is the form for a lost hotel bill?",
)


def find_fixtures(module: ModuleType) -> dict[str, Any]:
    """The module's own fixtures by name, which its talks need beside a world."""
    return {name: value for name, value in vars(module).items() if _is_fixture(value)}


def held_elsewhere(platform: str) -> set[str]:
    """The talks whose turn it is on the other platform."""
    return {
        name
        for module in IN_TURN
        for number, name in enumerate(name_talks(module))
        if name not in ON_BOTH and (number % 2 == 0) is (platform == "slack")
    }


def find_talks(
    module: ModuleType, left_out: Collection[str], whole: Collection[str] = ()
) -> Iterator[tuple[str, FunctionType]]:
    """The module's talks by name, but for those `left_out` as `test_module.test_talk`; those of
    `whole` with all their examples."""
    called = name_module(module)
    short = called.replace("test_", "").replace(".", "_")
    for name, value in vars(module).items():
        full = f"{called}.{name}"
        if not isinstance(value, FunctionType) or full in left_out:
            continue
        if name.startswith("test_") and _needs(module, value) & WORLDS:
            talk = value if full in whole else _with_one_example(value)
            yield f"{short}_{name.removeprefix('test_')}", talk


def name_module(module: ModuleType) -> str:
    """What a module of talks is called: `test_story` of questions, elsewhere `tips.test_talk`."""
    return module.__name__.removeprefix("tests.capabilities.").removeprefix("questions.")


def name_talks(module: ModuleType) -> list[str]:
    """The names of all that a module tests, in order."""
    talks = [name for name, value in vars(module).items() if isinstance(value, FunctionType)]
    return [f"{name_module(module)}.{name}" for name in talks if name.startswith("test_")]


def all_names(modules: Iterable[ModuleType] = MODULES) -> set[str]:
    """The names that may be left out."""
    return {f"{name_module(module)}.{name}" for module in modules for name in vars(module)}


def what_was_told(world: World) -> list[tuple[str, str]]:
    """What those who asked were told, wherever and in whatever order; nobody's offers."""
    world.drains()
    told = [h for h in world.room.heard if h.key is None or ":offer:" not in h.key]
    # Which question comes first decides whom it goes to, and so how many are asked at once.
    varies = re.compile(r"[0-9]+|a colleague\b|two colleagues\b")
    return sorted((h.conversation, varies.sub("N", h.text)) for h in told)


def check_all_were_heard(world: World) -> None:
    """Each of `ASKERS` asked their one of `QUESTIONS`, once."""
    asked = {(world.question(n).asker, world.question(n).text) for n in range(1, 5)}
    assert asked == set(zip(ASKERS, QUESTIONS, strict=True))
    with pytest.raises(AssertionError, match="no question 5"):
        world.question(5)


def _is_fixture(value: object) -> bool:
    return type(value).__name__ == "FixtureFunctionDefinition"


def _needs(module: ModuleType, value: Any) -> set[str]:
    """The names of all fixtures that a talk asks for, or that these ask for."""
    wanted = set(inspect.signature(value).parameters)
    for name in list(wanted):
        fixture: Any = vars(module).get(name)
        if _is_fixture(fixture):
            wanted |= set(inspect.signature(fixture._get_wrapped_function()).parameters)
    return wanted


def _with_one_example(talk: FunctionType) -> FunctionType:
    marks = getattr(talk, "pytestmark", [])
    if not marks:
        return talk
    shorter = FunctionType(
        talk.__code__, talk.__globals__, talk.__name__, talk.__defaults__, talk.__closure__
    )
    vars(shorter)["pytestmark"] = [_shorten(mark) for mark in marks]
    return shorter


def _shorten(mark: pytest.Mark) -> pytest.Mark:
    if mark.name != "parametrize":
        return mark
    names, values = mark.args
    more = {name: value for name, value in mark.kwargs.items() if name != "ids"}
    return pytest.mark.parametrize(names, list(values)[:1], **more).mark

"""Made-up people: what they answer, type and forget."""

from collections.abc import Sequence
from random import Random

import pytest

from bot.bootstrap.character import (
    DO_NOT_KNOW,
    PLACES,
    Idea,
    Mind,
    Temper,
    expect_met,
    find_mistake,
    grave_share,
    make_character,
    type_out,
)
from bot.capabilities.quizzes.rule import gate_met
from bot.errors import Invalid
from bot.holiday import read_country
from bot.pack.answer import Raw, arrange, parse
from bot.pack.item import Branching, Item, ShortText
from bot.pack.model import Quiz
from bot.pack.scoring import key, score
from bot.people import zone_of
from content.load import PACKS, find_packs, load_packs


@pytest.fixture(scope="module")
def quizzes() -> Sequence[Quiz]:
    return [
        part
        for loaded in load_packs(find_packs(PACKS))
        for part in loaded.bundle.contents
        if isinstance(part, Quiz)
    ]


def understood(item: Item, raw: Raw) -> Raw:
    """What is understood of what somebody types to say this."""
    words = type_out(item, raw, b"seed")
    if not isinstance(item, Branching):
        (said,) = words
        return parse(item, said, arrange(item, b"seed"))
    path: list[str] = []
    for said in words:
        path.append(str(parse(item, said, arrange(item, b"seed", path), path)))
    return list(path)


def test_whatever_they_know_or_do_not_is_understood(quizzes: Sequence[Quiz]) -> None:
    for quiz in quizzes:
        for item in quiz.items:
            mistake = find_mistake(item)
            assert score(item, understood(item, key(item))).right, item.id
            assert not score(item, understood(item, mistake)).right, item.id
            assert isinstance(item, ShortText) == (mistake == DO_NOT_KNOW)


def test_without_grave_mistakes_it_is_the_gate(quizzes: Sequence[Quiz]) -> None:
    for share in (0.0, 0.3, 0.6, 0.9, 1.0):
        assert expect_met(share, 0) == pytest.approx(gate_met(share))
        # Where every mistake decides by itself, the first two must be right.
        assert expect_met(share, 1) == pytest.approx(share**2)
    for quiz in quizzes:
        mistakes = {item.id: find_mistake(item) for item in quiz.items}
        shares = [grave_share(quiz, objective, mistakes) for objective in quiz.objectives]
        assert all(0 <= each < 0.5 for each in shares)
        mild = quiz.policy.model_copy(update={"critical_error_fails": False})
        lenient = quiz.model_copy(update={"policy": mild})
        assert not any(grave_share(lenient, each, mistakes) for each in quiz.objectives)


def test_what_is_not_asked_for_fades_and_what_comes_back_lasts() -> None:
    idea = Idea(strength=2, on=10)
    assert idea.recall(10) == 1
    assert idea.recall(12) == pytest.approx(0.9)
    assert idea.recall(12) > idea.recall(30) > idea.recall(300) > 0


def test_the_same_seed_makes_the_same_person() -> None:
    one, same, other = (make_character(3, Random(seed)) for seed in ("a", "a", "b"))
    assert one == same
    assert one != other
    minds = [Mind(one, Random("a")), Mind(one, Random("a"))]
    heard = [[mind.hear(f"t{n}", "q/o", n) for n in range(50)] for mind in minds]
    assert heard[0] == heard[1]
    assert set(heard[0]) <= {"new_to_me", "useful", "knew_it", "not_for_me"}
    assert minds[0].share("q/o") > one.able - 0.3


def test_there_are_all_kinds_of_people_in_places_that_exist() -> None:
    cast = [make_character(number, Random(number)) for number in range(200)]
    assert {each.temper for each in cast} == set(Temper)
    assert {each.where for each in cast} == set(PLACES)
    for where in PLACES:
        assert zone_of(where.zone).key == where.zone
        if where.country is not None:
            assert read_country(where.country) == where.country
    with pytest.raises(Invalid):
        read_country("XX")
    assert all(each.starts <= each.slot < each.ends for each in cast)
    assert all(0.25 <= each.able <= 0.97 for each in cast)

"""Names in what people write."""

from dataclasses import replace

import pytest

from bot.capabilities.questions.name import hide_names, names_person
from bot.people import Person
from tests.world import person

ANA = replace(person("ana"), address="U0ANA77", name="Ana de Silva")
WILL = replace(person("will"), address="will.page", name="Will Page")
KIM = person("kim")
PEOPLE = (ANA, WILL, KIM)


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("Does Ana de Silva know?", "Does a colleague know?"),
        ("Ana said so. Kim’s desk", "A colleague said so. A colleague’s desk"),
        ("Ask Silva about Kim.", "Ask a colleague about a colleague."),
        ("Will I be paid on page 3?", "Will I be paid on page 3?"),
        ("Ask Will Page!", "Ask a colleague!"),
        ("ask <@U0ANA77> or @kim", "ask a colleague or a colleague"),
        ("write to will.page@example.com, please", "write to a colleague, please"),
        ("kim chi and anatomy, de rien, Kimberley", "kim chi and anatomy, de rien, Kimberley"),
        ("mail info@kim.example", "mail info@kim.example"),
        ("How do I claim a taxi?", "How do I claim a taxi?"),
        ("", ""),
    ],
)
def test_names_are_hidden_and_nothing_else(text: str, hidden: str) -> None:
    assert hide_names(text, PEOPLE) == hidden


@pytest.mark.parametrize(
    ("text", "who", "named"),
    [
        ("It is me, Ana", ANA, True),
        ("u0ana77", ANA, True),
        ("analysis", ANA, False),
        ("Will it work?", WILL, False),
        ("@Kim here", KIM, True),
        ("kim", KIM, False),
    ],
)
def test_whether_words_name_somebody(text: str, who: Person, named: bool) -> None:
    assert names_person(text, who) is named

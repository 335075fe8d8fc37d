"""Tests hold what `WORKS_COUNCIL.md` promises, and its figures are the code’s."""

import ast
import re
from pathlib import Path

from bot.access import K_ANONYMOUS, Right, roles_with
from bot.capabilities.narration.model import DRAFT_DAYS
from bot.capabilities.questions.model import FORGOTTEN_AFTER
from bot.messages import POLICY
from bot.people import Role
from storage.retention import (
    ATTEMPTS_KEPT,
    ENROLMENTS_KEPT,
    LETTERS_KEPT,
    REACTIONS_KEPT,
    SIGNALS_KEPT,
    TEXTS_KEPT,
)

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "WORKS_COUNCIL.md").read_text(encoding="utf-8")


def test_every_test_that_it_names_is_there() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", TEXT)
    assert len(named) > 20
    assert len(named) == TEXT.count("::")
    for file, name in named:
        tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
        there = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
        assert name in there, f"{file}::{name}"


def test_it_says_how_long_things_are_kept() -> None:
    rows = {line.split(" | ")[0].strip("| "): line for line in TEXT.splitlines() if " | " in line}
    told = {
        "who asked without a name": f"{FORGOTTEN_AFTER.days} days",
        "answers in quizzes, results, how sure you were": f"{ATTEMPTS_KEPT.days} days",
        "which tips you follow, what you answered and said of them": f"{REACTIONS_KEPT.days} days",
        "who read a section or did not understand it": f"{SIGNALS_KEPT.days} days",
        "private drafts and what you keep to yourself": f"drafts {DRAFT_DAYS} days",
        "which campaigns you are or were in, with which team, whether you said no, stopped, or "
        "have what they ask for": f"{ENROLMENTS_KEPT.days} days",
        "letters: that one was sent, and when": f"their words {TEXTS_KEPT.days} days, that there "
        f"was one {LETTERS_KEPT.days} days",
    }
    for what, how_long in told.items():
        assert how_long in rows[what], what
    assert K_ANONYMOUS == 5
    assert "fewer than five" in TEXT


def test_it_says_the_policy_as_administrators_are_told_it() -> None:
    assert f"*{POLICY}*" in " ".join(TEXT.split())


def test_people_managers_may_nothing() -> None:
    assert not any(Role.PEOPLE_MANAGER in roles_with(right) for right in Right)


def test_the_readme_leads_to_it() -> None:
    assert "(WORKS_COUNCIL.md)" in (ROOT / "README.md").read_text(encoding="utf-8")

"""Tests hold what `WORKS_COUNCIL.md` promises, and its figures are the code’s."""

import ast
import re
from pathlib import Path

from bot.access import K_ANONYMOUS, Right, roles_with
from bot.capabilities.narration.model import DRAFT_DAYS
from bot.capabilities.questions.model import FORGOTTEN_AFTER
from bot.messages import POLICY
from bot.people import Role
from storage.migrate import SCHEMA
from storage.retention import (
    ATTEMPTS_KEPT,
    COUNTS_KEPT,
    ENROLMENTS_KEPT,
    EVENTS_KEPT,
    LETTERS_KEPT,
    REACTIONS_KEPT,
    SIGNALS_KEPT,
    TEXTS_KEPT,
)

ASKED = "a question"
BELONGS = "time zone, hours"
CAMPAIGN = "which campaigns you are or were in"
CONTENT = "what you changed in content"
GAVE = "answers and FAQ entries"
KNOWS = "what you say you know, what others"
LEARNS = "answers in quizzes"
MANDATORY = "what is mandatory"
READ = "who read a section"
SHARED = "what you shared, and with whom"
TIPS = "which tips you follow"
TOLD = {
    "article_versions": GAVE,
    "articles": GAVE,
    "ask_counts": "how often you asked",
    "attempt_events": LEARNS,
    "attempts": LEARNS,
    "attention": "the hour of your last talk",
    "campaign_ballots": "that you have voted",
    "campaign_enrolments": CAMPAIGN,
    "campaign_events": "that you wrote, approved",
    "campaigns": "that you wrote, approved",
    "certification_events": MANDATORY,
    "certifications": MANDATORY,
    "content_issue_events": CONTENT,
    "content_listeners": "what you want to be told of",
    "content_readers": READ,
    "content_signals": READ,
    "credits": KNOWS,
    "days_off": BELONGS,
    "declarations": KNOWS,
    "endorsements": KNOWS,
    "inbox": "what Inflow replied",
    "memberships": "who is in a channel",
    "narration_consents": "what you allow",
    "narration_habits": "the sort of your last prompt",
    "narration_introductions": "whom you asked to be introduced to",
    "narration_readers": SHARED,
    "narrations": "private drafts",
    "offers": "that you were asked",
    "outbox": "letters: that one was sent",
    "pack_editions": CONTENT,
    "people": "member id and name",
    "question_events": ASKED,
    "questions": ASKED,
    "quiz_accommodations": "what you need in quizzes",
    "quiz_evidence": MANDATORY,
    "quiz_responses": LEARNS,
    "relay": "who asked without a name",
    "role_changes": "which roles you were given",
    "slack_installations": "in Teams, the ids",
    "slots": "your hour, your limits",
    "subscriptions": ASKED,
    "teams_people": "in Teams, the ids",
    "timers": "what falls due for you",
    "tip_cards": TIPS,
    "tip_learners": TIPS,
    "tip_nominations": "a tip that you proposed",
    "tip_reviews": TIPS,
    "tip_subscriptions": TIPS,
    "topics": "that you look after a topic",
    "transcript": "what is said in the playground",
    "turns": GAVE,
    "waivers": "what you need in quizzes",
}
"""Each table that has anything of a person, and the row that tells of it, by its beginning."""
OF_NOBODY = {
    *("campaign_runs", "campaign_votes", "content_answers", "content_issues", "conversations"),
    *("counters", "directories", "followed", "happenings", "narration_digests"),
    *("narration_mentions", "pack_bodies", "pack_families", "pack_things", "phrasings"),
    *("quiz_exposures", "rates", "settings", "showings", "slack_bots", "slack_oauth_states"),
    *("teams_places", "uses", "workspaces"),
}
TABLES = SCHEMA.tables
NAMES_SOMEBODY = re.compile(
    r"person|author|ask(er|ed)|actor|by|owner|verifier|steward|manager|user(_id)?|address"
    r"|\w+_by|visible_to|subject"
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
        "how often you asked on a day, a mark without a name": f"{COUNTS_KEPT.days} days",
        "what Inflow replied to you, in case your platform asks twice; what you narrate is sealed "
        "in it": f"{EVENTS_KEPT.days} days",
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


def test_each_table_with_anything_of_a_person_is_told_of() -> None:
    """Whoever adds a table says here what of people it has, or that it has nothing."""
    rows = [line.removeprefix("| ") for line in TEXT.splitlines() if line.startswith("| ")]
    assert {*TOLD, *OF_NOBODY} == set(TABLES)
    assert not TOLD.keys() & OF_NOBODY
    for table, beginning in TOLD.items():
        assert [row for row in rows if row.startswith(beginning)], table
    for name in OF_NOBODY:
        for column in TABLES[name].columns:
            assert not NAMES_SOMEBODY.fullmatch(column.name), f"{name}.{column.name}"
            assert not any(key.column.table.name == "people" for key in column.foreign_keys)


def test_it_says_the_policy_as_administrators_are_told_it() -> None:
    assert f"*{POLICY}*" in " ".join(TEXT.split())


def test_people_managers_may_nothing() -> None:
    assert not any(Role.PEOPLE_MANAGER in roles_with(right) for right in Right)


def test_the_readme_leads_to_it() -> None:
    assert "(WORKS_COUNCIL.md)" in (ROOT / "README.md").read_text(encoding="utf-8")

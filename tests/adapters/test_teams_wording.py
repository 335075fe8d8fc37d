"""Commands as people write them to the bot in Teams."""

from dataclasses import replace

import pytest

from adapters.teams.wording import Wording

WORDING = Wording(
    frozenset({"ask", "pause", "faq", "help", "holiday", "holidays"}), handle="@Helper"
)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("/pause", "pause"),
        ("/pause until Monday", "pause until Monday"),
        ("/faq review words", "faq review words"),
        ("/learn", "help"),
        ("/learn pause", "pause"),
        ("/learn shows all", "help shows all"),
        ("Did you mean /help? /holidays lists them.", "Did you mean help? holidays lists them."),
        ("(/holiday), /pause, “stop”", "(holiday), pause, “stop”"),
        ("with @inflow in a channel", "with @Helper in a channel"),
    ],
)
def test_known_command_has_no_slash(ours: str, theirs: str) -> None:
    assert WORDING.say(ours) == theirs


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("/holiday 2026-12-24", "learn holiday 2026-12-24"),
        ("/learn holiday", "learn holiday"),
        ("`/holiday`, /pause", "`learn holiday`, pause"),
        ("/holidays", "holidays"),
    ],
)
def test_a_word_that_might_begin_a_sentence_has_the_root_before_it(ours: str, theirs: str) -> None:
    assert replace(WORDING, rooted=frozenset({"holiday"})).say(ours) == theirs


@pytest.mark.parametrize(
    "text",
    [
        "/shrug and /giphy are others'",
        "and/ask either/pause",
        "https://pages.example/ask /ask/me /pause.html",
        "</ask> ./ask ~/ask C:/ask \\/ask //ask",
        "/askew /pausing /ask-me /ask_me",
        "“how does /ask work”, they said",
        "/",
        "",
    ],
)
def test_everything_else_stays(text: str) -> None:
    assert WORDING.say(text) == text


def test_command_is_quoted_where_nothing_else_sets_it_off() -> None:
    assert WORDING.quote("/pause until Monday") == "“pause until Monday”"
    assert WORDING.quote("/giphy cat") == "/giphy cat"


def test_in_a_thread_it_is_said_what_it_takes_to_be_heard() -> None:
    # Teams tells a bot what mentions it, and nothing else.
    assert WORDING.call("Write in its thread.") == "Write in a reply to it that mentions @Helper."
    assert WORDING.call("Write in this thread.") == "Write in a reply that mentions @Helper."

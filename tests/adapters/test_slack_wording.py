"""Commands as they are called in a workspace."""

from datetime import UTC, datetime

import pytest

from adapters.slack.answer import plan_answer
from adapters.slack.read import Heard, Kind, Source
from adapters.slack.wording import Wording
from bot.inbound import Inbound, Place, PlaceKind, Submitted
from bot.reply import Reply

WORDING = Wording(
    {"learn": "inflow", "ask": "askhr"},
    frozenset({"ask", "pause", "faq", "help", "holiday", "holidays"}),
)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("/pause", "/inflow pause"),
        ("/pause until Monday", "/inflow pause until Monday"),
        ("/faq words", "/inflow faq words"),
        ("/ask how do I", "/askhr how do I"),
        ("/learn", "/inflow"),
        ("Did you mean /help? /holidays lists them.",
         "Did you mean /inflow help? /inflow holidays lists them."),
        ("(/holiday), /pause, “stop”", "(/inflow holiday), /inflow pause, “stop”"),
    ],
)  # fmt: skip
def test_known_command_is_called_as_here(ours: str, theirs: str) -> None:
    assert WORDING.say(ours) == theirs


@pytest.mark.parametrize(
    "text",
    [
        "/shrug and /giphy are Slack's",
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


def test_names_that_are_ours_change_nothing() -> None:
    plain = Wording({"learn": "learn", "ask": "ask"}, frozenset({"ask"}))
    assert plain.say("/ask or /learn, @inflow") == "/ask or /learn, @inflow"


def test_bot_is_called_by_its_handle() -> None:
    helper = Wording({"learn": "learn"}, frozenset(), handle="@Helper")
    assert helper.say("with @inflow in a channel") == "with @Helper in a channel"


@pytest.mark.parametrize(
    ("command", "word"),
    [
        ("/askhr", "ask"),
        ("/ASKHR ", "ask"),
        ("askhr", "ask"),
        ("/inflow", "learn"),
        ("/ask", None),
        ("/learn", None),
        ("", None),
    ],
)
def test_commands_of_slack_are_read(command: str, word: str | None) -> None:
    assert WORDING.word_of(command) == word


def test_what_is_wrong_with_a_field_calls_commands_as_here() -> None:
    inbound = Inbound(
        platform="slack",
        workspace="T0TEAM000",
        event_id="view:1",
        person="U0ANA0000",
        place=Place(conversation="D0ANA0000", kind=PlaceKind.DM),
        at=datetime(2026, 3, 2, tzinfo=UTC),
        what=Submitted(action="a.b"),
    )
    view = {"blocks": [{"type": "input", "block_id": "topic"}]}
    heard = Heard(inbound, Source(Kind.SUBMIT, "T0TEAM000", view=view))
    wrong = Reply(errors={"topic": "I know no “/faq”. See /faq review."})
    plan = plan_answer(heard, wrong, WORDING, b"s" * 32)
    errors = {"topic": "I know no “/faq”. See /inflow faq review."}
    assert plan.ack == {"response_action": "errors", "errors": errors}

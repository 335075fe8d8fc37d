"""What the doctor says of Slack, with a Slack of our own that has one thing wrong at a time."""

import asyncio
import json
import ssl
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest
from aiohttp.client_reqrep import ConnectionKey
from pydantic import SecretStr

from adapters.slack.doctor import Patient, describe_failure, look_at_slack
from adapters.slack.manifest import Way, needed_scopes
from adapters.slack.settings import SlackSettings
from bot.doctor import Finding, Verdict
from tests.adapters.slack.method import Call
from tests.adapters.slack_server import FakeSlack
from tests.cli.program import Program

KEY = ConnectionKey("slack.com", 443, True, True, None, None, None)
LEAST = needed_scopes(Way())
PRIVATE = [scope for scope in needed_scopes(Way(in_private_channels=True)) if scope not in LEAST]


def now() -> datetime:
    return datetime.now(UTC)


def settings_of(slack: FakeSlack, **other: object) -> SlackSettings:
    given: dict[str, object] = {
        "bot_token": SecretStr(slack.token),
        "app_token": SecretStr(slack.app_token),
        "api_base_url": slack.url,
    }
    return SlackSettings.model_validate(given | other)


def grant(slack: FakeSlack, scopes: Iterable[str]) -> None:
    """Give the bot these scopes and no others."""
    tokens = slack.memory.tokens
    tokens[slack.token] = replace(tokens[slack.token], scopes=frozenset(scopes))


def examine(
    ill: Callable[[FakeSlack], None] = lambda _slack: None,
    patient_of: Callable[[FakeSlack, Patient], Patient] = lambda _slack, patient: patient,
    clock: Callable[[], datetime] = now,
) -> list[Finding]:
    """What is found where one thing was made wrong."""

    async def story() -> list[Finding]:
        async with FakeSlack() as slack:
            slack.add_user("UANA", "Ana")
            slack.add_channel("CTRAVEL", "UANA")
            slack.add_channel("CALONE", "UANA", with_bot=False)
            grant(slack, LEAST)
            ill(slack)
            patient = Patient(
                slack=settings_of(slack),
                scopes=LEAST,
                private_scopes=PRIVATE,
                commands=["learn", "ask"],
                administrators=["UANA"],
                channels=["CTRAVEL"],
            )
            patient = patient_of(slack, patient)
            found = await asyncio.to_thread(lambda: list(look_at_slack(patient, clock)))
            text = "".join(f"{each.what} {each.mend}" for each in found)
            for secret in (slack.token, slack.app_token, slack.memory.signing_secret):
                assert secret not in text
            return found

    return asyncio.run(story())


def problem(found: list[Finding]) -> Finding:
    """The only thing that is wrong."""
    (only,) = [each for each in found if each.verdict is not Verdict.OK]
    assert only.mend
    return only


def test_when_all_is_well_nothing_is_wrong() -> None:
    found = examine()
    assert {each.verdict for each in found} == {Verdict.OK}
    said = " ".join(each.what for each in found)
    assert "the workspace Test" in said
    assert "all scopes that it needs" in said
    assert "Socket Mode is on" in said
    assert "/learn, /ask" in said


def test_socket_mode_is_asked_for_once() -> None:
    calls: list[str] = []

    def note(slack: FakeSlack) -> None:
        def weather(call: Call) -> None:
            calls.append(call.method)

        slack.weather = weather

    examine(note)
    assert calls.count("apps.connections.open") == 1


def test_a_refused_token_says_where_the_right_one_stands() -> None:
    def other(slack: FakeSlack, patient: Patient) -> Patient:
        return replace(patient, slack=settings_of(slack, bot_token=SecretStr("xoxb-1-other")))

    found = problem(examine(patient_of=other))
    assert found.verdict is Verdict.PROBLEM
    assert "SLACK_BOT_TOKEN (invalid_auth)" in found.what
    assert "api.slack.com/apps > your app > OAuth & Permissions" in str(found.mend)
    assert "xoxb-1" not in f"{found}"


def test_missing_scopes_are_named_with_the_way_to_grant_them() -> None:
    def take(slack: FakeSlack) -> None:
        grant(slack, set(LEAST) - {"reactions:read", "im:history"})

    found = problem(examine(take))
    assert found.what == "The app lacks the scopes im:history, reactions:read."
    assert "inflow slack manifest" in str(found.mend)
    assert "Reinstall" in str(found.mend)


def test_scopes_that_nobody_needs_are_doubted() -> None:
    def give(slack: FakeSlack) -> None:
        grant(slack, [*LEAST, "users:read.email"])

    found = problem(examine(give))
    assert found.verdict is Verdict.WARNING
    assert "users:read.email" in found.what


def test_a_scope_that_may_be_chosen_is_not_doubted() -> None:
    found = examine(lambda slack: grant(slack, [*LEAST, "metadata.message:read"]))
    assert {each.verdict for each in found} == {Verdict.OK}


@pytest.mark.parametrize(
    ("scopes", "verdict"), [(set(PRIVATE), None), ({"groups:read"}, Verdict.PROBLEM)]
)
def test_private_channels_take_both_scopes_or_none(
    scopes: set[str], verdict: Verdict | None
) -> None:
    def give(slack: FakeSlack) -> None:
        grant(slack, [*LEAST, *scopes])

    found = [each for each in examine(give) if each.verdict is not Verdict.OK]
    assert [each.verdict for each in found] == ([verdict] if verdict else [])


@pytest.mark.parametrize(
    ("skew", "verdict"), [(20, None), (90, Verdict.WARNING), (-400, Verdict.PROBLEM)]
)
def test_a_wrong_clock_is_found(skew: int, verdict: Verdict | None) -> None:
    found = examine(clock=lambda: now() + timedelta(seconds=skew))
    wrong = [each for each in found if each.verdict is not Verdict.OK]
    assert [each.verdict for each in wrong] == ([verdict] if verdict else [])
    assert all("seconds apart" in each.what for each in wrong)


def test_a_slack_out_of_reach_is_said_without_more() -> None:
    def away(slack: FakeSlack, patient: Patient) -> Patient:
        return replace(
            patient, slack=settings_of(slack, app_token=None, api_base_url="http://127.0.0.1:9/")
        )

    found = problem(examine(patient_of=away))
    assert found.what == "Slack cannot be reached: the connection is refused."


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (aiohttp.ClientConnectorDNSError(KEY, OSError()), "its name is not found"),
        (aiohttp.ClientConnectorError(KEY, ConnectionRefusedError()), "the connection is refused"),
        (aiohttp.ClientProxyConnectionError(KEY, OSError()), "the proxy does not answer"),
        (
            aiohttp.ClientConnectorCertificateError(KEY, ssl.SSLCertVerificationError()),
            "its certificate is not trusted here",
        ),
        (TimeoutError(), "no answer within 8 seconds"),
        (aiohttp.ServerTimeoutError(), "no answer within 8 seconds"),
        (json.JSONDecodeError("no", "<html>", 0), "the answer is not Slack’s"),
        (aiohttp.ServerDisconnectedError(), "the connection broke"),
    ],
    ids=lambda each: type(each).__name__,
)
def test_why_nobody_answers_is_said_in_words(error: Exception, said: str) -> None:
    assert describe_failure(error) == said


@pytest.mark.parametrize(
    ("fault", "verdict", "said"),
    [
        ("error:missing_scope", Verdict.PROBLEM, "SLACK_APP_TOKEN (missing_scope)"),
        ("reset_before", Verdict.PROBLEM, "cannot be reached for Socket Mode"),
    ],
)
def test_socket_mode_that_does_not_work_says_what_to_turn_on(
    fault: str, verdict: Verdict, said: str
) -> None:
    found = problem(examine(lambda slack: slack.fail("apps.connections.open", fault)))
    assert found.verdict is verdict
    assert said in found.what


def test_who_looks_again_within_a_minute_is_not_alarmed() -> None:
    found = examine(lambda slack: slack.fail("apps.connections.open", "limited:60"))
    assert {each.verdict for each in found} == {Verdict.OK}
    assert "about once a minute" in " ".join(each.what for each in found)


def test_a_wrong_app_token_is_found_within_a_minute_too() -> None:
    def other(slack: FakeSlack, patient: Patient) -> Patient:
        slack.fail("apps.connections.open", "limited:60")
        return replace(patient, slack=settings_of(slack, app_token=SecretStr("xapp-1-other")))

    found = problem(examine(patient_of=other))
    assert found.verdict is Verdict.PROBLEM
    assert "SLACK_APP_TOKEN (invalid_auth)" in found.what


def test_channels_without_the_bot_are_named() -> None:
    found = problem(
        examine(patient_of=lambda _, patient: replace(patient, channels=["CTRAVEL", "CALONE"]))
    )
    assert "#calone" in found.what
    assert "/invite @Inflow" in str(found.mend)


@pytest.mark.parametrize(
    ("administrators", "verdict", "said"),
    [
        ([], Verdict.WARNING, "Nobody is named in INFLOW_ADMINS"),
        (["ana"], Verdict.PROBLEM, "INFLOW_ADMINS names “ana”, which is no member id."),
        (
            ["UANA", "UNOBODY"],
            Verdict.PROBLEM,
            "INFLOW_ADMINS names UNOBODY, who is not in the workspace.",
        ),
    ],
)
def test_administrators_are_looked_for(
    administrators: list[str], verdict: Verdict, said: str
) -> None:
    found = problem(
        examine(patient_of=lambda _, patient: replace(patient, administrators=administrators))
    )
    assert found.verdict is verdict
    assert said in found.what


def test_over_http_the_secret_and_the_address_are_looked_at() -> None:
    def over_http(slack: FakeSlack, patient: Patient) -> Patient:
        secret = SecretStr("not-quite-a-signing-secret")
        return replace(
            patient,
            slack=settings_of(slack, app_token=None, signing_secret=secret),
            public_url="http://127.0.0.1:9",
        )

    found = [each for each in examine(patient_of=over_http) if each.verdict is not Verdict.OK]
    assert [each.verdict for each in found] == [Verdict.WARNING, Verdict.WARNING]
    assert "does not look like one" in found[0].what
    assert "does not answer at http://127.0.0.1:9/healthz" in found[1].what


def test_of_many_workspaces_those_with_dead_tokens_are_counted() -> None:
    def many(slack: FakeSlack, patient: Patient) -> Patient:
        app = settings_of(slack, bot_token=None, client_id="1.2", client_secret=SecretStr("s"))
        return replace(patient, slack=app, tokens={"T1": slack.token, "T2": "xoxb-1-dead"})

    found = problem(examine(patient_of=many))
    assert found.what == "Of 2 workspaces 1 have tokens that Slack does not take any more."


# --- the command ------------------------------------------------------------------------


def test_without_slack_there_is_nothing_to_look_at(tmp_path: Path) -> None:
    done = Program(tmp_path).call("doctor", "slack")
    assert done.returncode == 0
    assert "No credentials of Slack are set" in done.stdout


def test_tokens_that_were_mixed_up_are_a_problem(tmp_path: Path) -> None:
    settings = {"SLACK_BOT_TOKEN": "xapp-secret", "SLACK_APP_TOKEN": "xoxb-secret"}
    done = Program(tmp_path, settings).call("doctor", "slack")
    assert (done.returncode, done.stderr) == (1, "")
    assert "  problem  SLACK_BOT_TOKEN and SLACK_APP_TOKEN hold each other's token" in done.stdout
    assert "secret" not in done.stdout


def test_each_mistake_in_the_settings_is_a_problem_of_its_own(tmp_path: Path) -> None:
    done = Program(tmp_path, {"SLACK_CLIENT_ID": "1"}).call("doctor", "slack")
    assert done.returncode == 1
    starts = [line.split()[1] for line in done.stdout.splitlines() if "  problem  " in line]
    assert starts == ["Slack", "SLACK_CLIENT_ID", "INFLOW_PUBLIC_URL"]
    assert "->" not in done.stdout


def test_the_command_looks_at_slack_and_ends_with_one_when_it_is_ill(tmp_path: Path) -> None:
    async def story() -> None:
        async with FakeSlack() as slack:
            slack.add_user("UANA", "Ana")
            settings = {
                "SLACK_BOT_TOKEN": slack.token,
                "SLACK_APP_TOKEN": slack.app_token,
                "SLACK_API_BASE_URL": slack.url,
                "INFLOW_ADMINS": "UANA",
            }
            program = Program(tmp_path, settings)
            grant(slack, LEAST)
            done = await asyncio.to_thread(program.call, "doctor", "slack")
            assert (done.returncode, done.stderr) == (0, ""), done.stdout
            assert done.stdout.startswith("Slack\n  ok ")
            grant(slack, [])
            done = await asyncio.to_thread(program.call, "doctor", "slack")
            assert done.returncode == 1
            assert "The app lacks the scopes app_mentions:read" in done.stdout

    asyncio.run(story())

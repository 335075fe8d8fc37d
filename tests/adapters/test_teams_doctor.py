"""What the doctor says of Teams, with a Teams of our own that has one thing wrong at a time."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adapters.teams.auth import PUBLIC
from adapters.teams.client import Credentials, Identity
from adapters.teams.doctor import ENTRANCE, Patient, look_at_teams
from bot.doctor import Finding, Verdict
from tests.adapters.far_end import Act, far_end, reset, saying
from tests.adapters.teams.memory import TENANT
from tests.adapters.teams_server import FakeTeams
from tests.cli.program import Program

ADMINISTRATOR = "aaaaaaaa-0000-4000-8000-000000000001"


def now() -> datetime:
    return datetime.now(UTC)


def keep(_teams: FakeTeams, patient: Patient) -> Patient:
    return patient


def examine(
    ill: Callable[[FakeTeams, Patient], Patient] = keep, clock: Callable[[], datetime] = now
) -> list[Finding]:
    """What is found where one thing was made wrong."""

    async def story() -> list[Finding]:
        async with FakeTeams() as teams:
            well = Patient(
                credentials=Credentials(teams.app_id, teams.app_password, TENANT),
                login_url=teams.login_url,
                cloud=replace(PUBLIC, metadata_url=teams.metadata_url),
                administrators=[ADMINISTRATOR, "U012AB3CD"],
                known=3,
            )
            patient = ill(teams, well)
            found = await asyncio.to_thread(lambda: list(look_at_teams(patient, clock)))
            assert teams.calls == [], "nobody is written to"
            text = "".join(f"{each.what} {each.mend}" for each in found)
            assert teams.app_password not in text
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
    assert "Microsoft gives a token" in said
    assert "keys by which it is known what comes from Teams can be read" in said
    assert "apart" in said, "whether that is a second or none"
    assert f"https://...{ENTRANCE}" in said
    assert "by their Object ID: 1." in said
    assert "can be written to: 3." in said


def test_a_wrong_secret_says_where_a_new_one_is_made() -> None:
    def other(teams: FakeTeams, patient: Patient) -> Patient:
        return replace(patient, credentials=Credentials(teams.app_id, "another-password", TENANT))

    found = problem(examine(other))
    assert found.verdict is Verdict.PROBLEM
    assert found.what == "Microsoft gives no token (invalid_client)."
    assert "Certificates & secrets: make a new client secret" in str(found.mend)
    assert "another-password" not in f"{found}"


def test_a_word_that_we_do_not_know_leads_to_both_ids() -> None:
    def other(teams: FakeTeams, patient: Patient) -> Patient:
        credentials = Credentials(teams.app_id, teams.app_password, "elsewhere")
        return replace(patient, credentials=credentials)

    found = problem(examine(other))
    assert found.what == "Microsoft gives no token (invalid_tenant)."
    assert "Overview: compare both ids." in str(found.mend)


def test_a_managed_identity_is_looked_at_where_this_machine_has_one() -> None:
    async def story(act: Act) -> Finding:
        async with FakeTeams() as teams, far_end(act) as machine:
            patient = Patient(
                credentials=Identity("app-id", TENANT, machine.url),
                cloud=replace(PUBLIC, metadata_url=teams.metadata_url),
            )
            found = await asyncio.to_thread(lambda: list(look_at_teams(patient, now)))
            return found[0]

    well = asyncio.run(story(saying({"access_token": "t1", "expires_in": "86399"})))
    assert (well.verdict, "managed identity" in well.what) == (Verdict.OK, True)
    ill = asyncio.run(story(saying({"error": "invalid_request"}, status=400)))
    assert "does not have the managed identity of MICROSOFT_APP_ID" in ill.what
    assert "Identity > User assigned" in str(ill.mend)
    away = asyncio.run(story(reset))
    assert away.what == "No managed identity can be asked for on this machine."
    assert "Container Apps" in str(away.mend)


def test_a_login_out_of_reach_is_said() -> None:
    def away(_teams: FakeTeams, patient: Patient) -> Patient:
        return replace(patient, login_url="http://127.0.0.1:9/")

    found = problem(examine(away))
    assert found.what == "Microsoft’s login cannot be reached."


@pytest.mark.parametrize("fault", ["garbage", 503])
def test_without_keys_nothing_is_believed(fault: str | int) -> None:
    def ill(teams: FakeTeams, patient: Patient) -> Patient:
        teams.open_id.faults.append(fault)
        return patient

    found = problem(examine(ill))
    assert found.verdict is Verdict.PROBLEM
    assert found.what.startswith("The keys cannot be had")


def test_a_microsoft_out_of_reach_has_no_time_either() -> None:
    def away(_teams: FakeTeams, patient: Patient) -> Patient:
        return replace(patient, cloud=replace(PUBLIC, metadata_url="http://127.0.0.1:9/keys"))

    found = [each.verdict for each in examine(away) if each.verdict is not Verdict.OK]
    assert found == [Verdict.PROBLEM, Verdict.WARNING]


@pytest.mark.parametrize(
    ("skew", "verdict"), [(20, None), (90, Verdict.WARNING), (-400, Verdict.PROBLEM)]
)
def test_a_wrong_clock_is_found(skew: int, verdict: Verdict | None) -> None:
    found = examine(clock=lambda: now() + timedelta(seconds=skew))
    wrong = [each for each in found if each.verdict is not Verdict.OK]
    assert [each.verdict for each in wrong] == ([verdict] if verdict else [])
    assert all("seconds apart" in each.what for each in wrong)


@pytest.mark.parametrize(
    ("status", "verdict", "said"),
    [
        (401, Verdict.OK, "lets nobody in without a token"),
        (200, Verdict.PROBLEM, "somebody is let in without a token"),
        (404, Verdict.WARNING, "Inflow does not answer at"),
        (502, Verdict.WARNING, "Inflow does not answer at"),
    ],
)
def test_the_public_address_lets_nobody_in_without_a_token(
    status: int, verdict: Verdict, said: str
) -> None:
    async def story() -> None:
        async with FakeTeams() as teams, far_end(saying({}, status=status)) as end:
            patient = Patient(
                credentials=Credentials(teams.app_id, teams.app_password, TENANT),
                login_url=teams.login_url,
                cloud=replace(PUBLIC, metadata_url=teams.metadata_url),
                public_url=f"http://127.0.0.1:{end.port}",
            )
            found = await asyncio.to_thread(lambda: list(look_at_teams(patient, now)))
            (about,) = [each for each in found if said in each.what]
            assert about.verdict is verdict
            assert [each.line for each in end.heard] == [f"POST {ENTRANCE} HTTP/1.1"]
            assert "authorization" not in end.heard[0].headers

    asyncio.run(story())


def test_an_address_at_which_nobody_listens_is_doubted() -> None:
    found = problem(examine(lambda _, patient: replace(patient, public_url="http://127.0.0.1:9")))
    assert found.verdict is Verdict.WARNING
    assert "does not answer at http://127.0.0.1:9/api/messages" in found.what


@pytest.mark.parametrize(
    ("administrators", "verdict", "said"),
    [
        ([], Verdict.WARNING, "Nobody is named in INFLOW_ADMINS"),
        (["ana@example.com"], Verdict.PROBLEM, "names nobody by an Object ID"),
    ],
)
def test_administrators_are_named_by_their_ids(
    administrators: list[str], verdict: Verdict, said: str
) -> None:
    found = problem(examine(lambda _, patient: replace(patient, administrators=administrators)))
    assert found.verdict is verdict
    assert said in found.what


def test_whom_teams_does_not_let_us_write_to_is_counted_by_its_word() -> None:
    refused = {"MessageWritesBlocked": 1, "gone": 1}
    found = problem(examine(lambda _, patient: replace(patient, refused=refused)))
    assert found.verdict is Verdict.WARNING
    assert found.what.startswith("Of 3 people 2 cannot be written to")
    assert "MessageWritesBlocked: 1, gone: 1" in found.what
    assert "Setup policies" in str(found.mend)


def test_places_that_are_lost_are_counted() -> None:
    found = problem(examine(lambda _, patient: replace(patient, lost_places=2)))
    assert "not in channels and chats any more that it knew: 2" in found.what


def test_who_is_believed_without_a_token_is_told_so() -> None:
    found = problem(examine(lambda _, patient: replace(patient, credentials=None)))
    assert found.verdict is Verdict.WARNING
    assert "TEAMS_ANONYMOUS" in found.what


def test_before_anybody_has_spoken_it_says_what_may_be_missing_at_microsoft() -> None:
    found = problem(examine(lambda _, patient: replace(patient, known=0)))
    assert found.verdict is Verdict.WARNING
    assert "has spoken with Inflow yet" in found.what
    assert "Channels" in (found.mend or "")


# --- the command ------------------------------------------------------------------------


def test_without_teams_there_is_nothing_to_look_at(tmp_path: Path) -> None:
    done = Program(tmp_path).call("doctor", "teams")
    assert done.returncode == 0
    assert "No credentials of Teams are set" in done.stdout


def test_each_mistake_in_the_settings_is_a_problem_of_its_own(tmp_path: Path) -> None:
    done = Program(tmp_path, {"MICROSOFT_APP_PASSWORD": "a-secret"}).call("doctor", "teams")
    assert done.returncode == 1
    starts = [line.split()[1] for line in done.stdout.splitlines() if "  problem  " in line]
    assert starts == ["MICROSOFT_APP_ID", "MICROSOFT_APP_TENANT_ID", "MICROSOFT_APP_PASSWORD"]
    assert "a-secret" not in done.stdout


def test_the_command_looks_at_teams_and_ends_with_one_when_it_is_ill(tmp_path: Path) -> None:
    async def story() -> None:
        async with FakeTeams() as teams:
            settings = {
                "MICROSOFT_APP_ID": teams.app_id,
                "MICROSOFT_APP_PASSWORD": teams.app_password,
                "MICROSOFT_APP_TENANT_ID": TENANT,
                "TEAMS_LOGIN_URL": teams.login_url,
                "TEAMS_METADATA_URL": teams.metadata_url,
                "INFLOW_ADMINS": ADMINISTRATOR,
            }
            program = Program(tmp_path, settings)
            done = await asyncio.to_thread(program.call, "doctor", "teams")
            assert (done.returncode, done.stderr) == (0, ""), done.stdout
            assert done.stdout.startswith("Teams\n  ok ")
            teams.app_password = "another one by now"
            done = await asyncio.to_thread(program.call, "doctor", "teams")
            assert done.returncode == 1
            assert "Microsoft gives no token (invalid_client)." in done.stdout

    asyncio.run(story())

"""Installations on Slack: what comes back is what was kept, and nobody reads it without a key."""

import itertools
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from slack_sdk.oauth.installation_store import Installation
from slack_sdk.oauth.installation_store.sqlalchemy import SQLAlchemyInstallationStore
from slack_sdk.oauth.state_store.sqlalchemy import SQLAlchemyOAuthStateStore
from sqlalchemy import MetaData, Table, func, select, update

import storage.installation
from bot.capabilities.questions.memory import Memory
from bot.errors import Unavailable
from storage.column import metadata
from storage.database import Database, make_engine
from storage.installation import SEALED, Installations
from storage.installation_tables import slack_bots, slack_installations, slack_oauth_states
from storage.token_seal import TokenSeal, WrongTokenKey, read_key_file, read_keys
from tests.databases import RELAY_KEY
from tests.storage.example import NOW

CLIENT = "111.222"
OLD_KEY, NEW_KEY, OTHER_KEY = (name * 8 for name in (b"old!", b"new!", b"oops"))
HOUR = timedelta(hours=1)
MARGIN, LEASE = 2 * HOUR, timedelta(minutes=2)


def token(kind: str, mark: str) -> str:
    """A token longer than those for which slack_sdk's own tables have room."""
    return f"{kind}-{mark}-" + "t0k3n" * 50


def installation(team: str | None = "T1", mark: str = "a", **changes: Any) -> Installation:
    """An installation with everything that Slack can tell."""
    told: dict[str, Any] = {
        "app_id": "A1",
        "enterprise_id": "E1",
        "enterprise_name": "Acme “Group” 🚲",
        "enterprise_url": "https://acme.enterprise.slack.com/",
        "team_id": team,
        "team_name": "Acme",
        "bot_token": token("xoxb", f"{mark}1"),
        "bot_id": "B1",
        "bot_user_id": "U0BOT",
        "bot_scopes": ["chat:write", "commands"],
        "bot_refresh_token": token("xoxe", f"{mark}2"),
        "bot_token_expires_at": NOW + 12 * HOUR,
        "user_id": "U1",
        "user_token": token("xoxp", f"{mark}3"),
        "user_scopes": ["users:read"],
        "user_refresh_token": token("xoxe", f"{mark}4"),
        "user_token_expires_at": NOW + 11 * HOUR,
        "incoming_webhook_url": f"https://hooks.slack.com/services/{mark}5-secret",
        "incoming_webhook_channel": "#general",
        "incoming_webhook_channel_id": "C1",
        "incoming_webhook_configuration_url": f"https://acme.slack.com/services/{mark}6-secret",
        "is_enterprise_install": False,
        "token_type": "bot",
        "installed_at": NOW,
    }
    return Installation(**{**told, **changes})


def of_whole_org(mark: str = "o", **changes: Any) -> Installation:
    """An installation of an organisation, as Slack tells of it: without a team."""
    return installation(
        None, mark, team_name=None, is_enterprise_install=True, user_id="U9", **changes
    )


def secrets_of(found: Installation) -> list[str]:
    """All that must not be read without a key."""
    return [getattr(found, name) for name in SEALED]


@pytest.fixture
def kept(database: Database) -> Installations:
    """An empty store, on each engine in turn."""
    return Installations(database, CLIENT, [OLD_KEY])


def rows(database: Database, table: Table) -> int:
    """How many rows a table has."""
    with database.begin() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()


def at_once(count: int, work: Callable[[int], Any]) -> list[Any]:
    """What each of so many threads gets that begin together."""
    ready = threading.Barrier(count, timeout=20)

    def begin(number: int) -> Any:
        ready.wait()
        return work(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(begin, range(count), timeout=60))


def test_what_comes_back_is_what_was_kept(kept: Installations) -> None:
    given = installation()
    kept.save(given)
    found = kept.find("T1")
    assert found is not None
    assert found.custom_values == {"first_user_id": "U1"}
    found.custom_values = {}
    assert found.to_dict() == given.to_dict()
    assert found.installed_at == NOW.timestamp()


def test_slack_sdk_has_no_column_that_our_tables_lack() -> None:
    theirs = MetaData()
    SQLAlchemyInstallationStore.build_installations_table(theirs, "slack_installations")
    SQLAlchemyInstallationStore.build_bots_table(theirs, "slack_bots")
    SQLAlchemyOAuthStateStore.build_oauth_states_table(theirs, "slack_oauth_states")
    for name, table in theirs.tables.items():
        ours = metadata.tables[name]
        for column in table.columns:
            assert column.name in ours.c
            assert ours.c[column.name].nullable == column.nullable
    tokens = {c.name for t in theirs.tables.values() for c in t.c if c.name.endswith("token")}
    assert tokens <= set(SEALED)


def test_no_token_can_be_read_in_the_tables(kept: Installations, database: Database) -> None:
    kept.save(installation())
    with database.begin() as connection:
        told = "".join(
            repr(connection.execute(select(table)).all())
            for table in (slack_installations, slack_bots)
        )
    assert "U0BOT" in told
    assert not [secret for secret in secrets_of(installation()) if secret[:30] in told]
    assert "t0k3n" not in told
    assert "-secret" not in told


def test_no_token_can_be_read_in_the_file(sqlite_url: str) -> None:
    database = Database(sqlite_url, relay_key=RELAY_KEY, memory=Memory())
    kept = Installations(database, CLIENT, [OLD_KEY])
    kept.save(installation())
    kept.save(installation(mark="b"))
    got = (token("xoxb", "new"), token("xoxe", "new"), NOW + 24 * HOUR)
    assert kept.keep_refreshed("T1", token("xoxe", "b2"), *got)
    file = Path(sqlite_url.removeprefix("sqlite:///"))
    log = file.with_name(file.name + "-wal")
    assert b"U0BOT" in log.read_bytes()
    for held in (file.read_bytes(), log.read_bytes()):
        assert b"t0k3n" not in held
        assert b"-secret" not in held
        assert OLD_KEY not in held
    database.close()
    assert b"U0BOT" in file.read_bytes()
    assert b"t0k3n" not in file.read_bytes()


def test_a_new_installation_takes_the_place_of_the_old(
    kept: Installations, database: Database
) -> None:
    kept.save(installation())
    # By somebody else, a little later, and Slack does not tell the organisation this time.
    later = installation(mark="b", user_id="U2", installed_at=NOW + HOUR, enterprise_id=None)
    kept.save(later)
    assert rows(database, slack_installations) == rows(database, slack_bots) == 1
    found = kept.find("T1")
    assert found is not None
    assert secrets_of(found) == secrets_of(later)
    assert found.user_id == "U2"
    # Whoever can install apps cannot make themselves an administrator by it.
    assert found.custom_values["first_user_id"] == "U1"


def test_two_installations_at_once_leave_one(kept: Installations, database: Database) -> None:
    def save(team: str, mark: int) -> None:
        kept.save(installation(team, f"m{mark}"))

    for number in range(1, 6):
        at_once(8, partial(save, f"T{number}"))
        assert rows(database, slack_installations) == rows(database, slack_bots) == number


def test_what_is_forgotten_is_gone_and_can_come_back(
    kept: Installations, database: Database
) -> None:
    kept.save(installation())
    kept.save(installation("T2", "x"))
    assert kept.forget("T1")
    assert not kept.forget("T1")
    assert kept.find("T1") is None
    assert kept.teams() == ["T2"]
    assert rows(database, slack_installations) == rows(database, slack_bots) == 1
    kept.save(installation(user_id="U7"))
    found = kept.find("T1")
    assert found is not None
    assert found.custom_values["first_user_id"] == "U7"


def test_an_organisation_has_an_installation_of_its_own(kept: Installations) -> None:
    kept.save(installation())
    kept.save(of_whole_org())
    whole, own = kept.find("E1"), kept.find("T1")
    assert whole is not None
    assert own is not None
    assert (whole.is_enterprise_install, whole.team_id) == (True, None)
    assert (whole.enterprise_id, whole.enterprise_name) == ("E1", "Acme “Group” 🚲")
    assert whole.enterprise_url == "https://acme.enterprise.slack.com/"
    assert (whole.user_id, own.user_id) == ("U9", "U1")
    assert whole.bot_token != own.bot_token
    assert kept.teams() == ["E1", "T1"]
    # Slack names a team now and then although the organisation installed it.
    kept.save(of_whole_org("p", team_id="T5"))
    assert kept.find("T5") is None
    assert kept.forget("E1")
    assert kept.find("E1") is None
    assert kept.find("T1") is not None


def test_apps_that_share_a_database_do_not_share_installations(database: Database) -> None:
    one, other = (Installations(database, client, [OLD_KEY]) for client in ("1.1", "2.2"))
    one.save(installation())
    assert other.find("T1") is None
    assert not other.forget("T1")
    assert one.find("T1") is not None


def test_tokens_of_people_go_and_the_bot_stays(kept: Installations) -> None:
    kept.save(installation())
    kept.forget_users("T1", {"U8"})
    found = kept.find("T1")
    assert found is not None
    assert found.user_token is not None
    kept.forget_users("T1", {"U1", "U8"})
    found = kept.find("T1")
    assert found is not None
    assert (found.user_token, found.user_refresh_token) == (None, None)
    assert found.bot_token == token("xoxb", "a1")


# --- keys ---------------------------------------------------------------------------------


def test_keys_are_replaced_while_all_goes_on(database: Database) -> None:
    Installations(database, CLIENT, [OLD_KEY]).save(installation())
    both = Installations(database, CLIENT, [NEW_KEY, OLD_KEY])
    found = both.find("T1")
    assert found is not None
    assert secrets_of(found) == secrets_of(installation())
    assert both.reseal() == 2
    assert both.reseal() == 0
    found = Installations(database, CLIENT, [NEW_KEY]).find("T1")
    assert found is not None
    assert secrets_of(found) == secrets_of(installation())
    with pytest.raises(WrongTokenKey):
        Installations(database, CLIENT, [OLD_KEY]).find("T1")


def test_a_key_that_comes_second_first_meets_no_seal_that_it_cannot_open(
    database: Database,
) -> None:
    """As the README has several processes change it, one after the other."""
    steps = [[OLD_KEY], [OLD_KEY, NEW_KEY], [NEW_KEY, OLD_KEY], [NEW_KEY]]
    Installations(database, CLIENT, steps[0]).save(installation())
    for before, after in itertools.pairwise(steps):
        restarted, running = (Installations(database, CLIENT, each) for each in (after, before))
        restarted.reseal()
        for first, other in ((restarted, running), (running, restarted)):
            first.save(installation())
            found = other.find("T1")
            assert found is not None
            assert secrets_of(found) == secrets_of(installation())
        restarted.reseal()


def test_a_wrong_key_is_found_out_at_start_and_changes_nothing(database: Database) -> None:
    kept = Installations(database, CLIENT, [OLD_KEY])
    kept.save(installation())
    Installations(database, CLIENT, [OTHER_KEY]).save(installation("T2", "x"))
    with pytest.raises(WrongTokenKey) as caught:
        Installations(database, CLIENT, [NEW_KEY, OTHER_KEY]).reseal()
    assert "INFLOW_TOKEN_KEYS does not hold the key" in str(caught.value)
    assert "Add that key" in str(caught.value)
    assert caught.value.sentence == Unavailable().sentence
    # The second row could have been sealed anew, and was not.
    assert Installations(database, CLIENT, [OTHER_KEY]).find("T2") is not None
    assert kept.find("T1") is not None


def test_a_token_that_was_moved_to_another_workspace_is_refused(
    kept: Installations, database: Database
) -> None:
    """Who can write to the tables must not have one workspace served with another's token."""
    kept.save(installation())
    kept.save(installation("T2", "x"))
    c = slack_installations.c
    with database.begin() as connection:
        stolen = connection.execute(select(c.bot_token).where(c.team_id == "T1")).scalar_one()
        connection.execute(
            update(slack_installations).where(c.team_id == "T2").values(bot_token=stolen)
        )
    with pytest.raises(WrongTokenKey):
        kept.find("T2")
    assert kept.find("T1") is not None


def test_equal_tokens_do_not_look_equal() -> None:
    seal = TokenSeal([OLD_KEY])
    assert seal.close("here", "x") != seal.close("here", "x")
    assert seal.open("here", seal.close("here", "x")) == "x"


def test_keys_are_read_from_a_list() -> None:
    first, second = OLD_KEY.decode(), NEW_KEY.decode()
    assert read_keys(f" {first},\n{second}, ") == (OLD_KEY, NEW_KEY)
    for text in ("", " , ", f"{first},short-one"):
        with pytest.raises(ValueError, match="key") as caught:
            read_keys(text)
        assert "short-one" not in str(caught.value)
        assert first not in str(caught.value)


def test_a_key_file_is_made_once_and_is_the_owners(tmp_path: Path) -> None:
    path = tmp_path / "inflow.tokens.key"
    keys = read_key_file(path, lambda: "k" * 40)
    assert keys == (b"k" * 40,)
    assert path.stat().st_mode & 0o777 == 0o600
    path.write_text(f"{NEW_KEY.decode()}\n{'k' * 40}\n")
    assert read_key_file(path, lambda: "z" * 40) == (NEW_KEY, b"k" * 40)


# --- tokens that run out ------------------------------------------------------------------


def take(kept: Installations, owner: str, now: datetime) -> Installation | None:
    return kept.take_refresh("T1", owner, now, MARGIN, LEASE)


def test_one_of_many_exchanges_a_token(kept: Installations) -> None:
    kept.save(installation())
    late = NOW + 10 * HOUR + timedelta(seconds=1)
    assert take(kept, "early", NOW + 9 * HOUR) is None
    assert not kept.is_refreshing("T1", NOW + 9 * HOUR)
    taken = [found for found in at_once(8, lambda n: take(kept, str(n), late)) if found]
    assert [found.bot_refresh_token for found in taken] == [token("xoxe", "a2")]
    assert kept.is_refreshing("T1", late)
    # It died; somebody else may try when its time is over.
    assert take(kept, "next", late + LEASE - timedelta(seconds=1)) is None
    assert not kept.is_refreshing("T1", late + LEASE)
    assert take(kept, "next", late + LEASE) is not None


def test_what_a_refresh_token_was_given_for_is_kept_once(kept: Installations) -> None:
    kept.save(installation(user_id="U1"))
    kept.save(installation(user_id="U2"))
    late = NOW + 11 * HOUR
    assert take(kept, "me", late) is not None
    got = (token("xoxb", "new"), token("xoxe", "new"), late + 12 * HOUR)
    assert kept.keep_refreshed("T1", token("xoxe", "a2"), *got)
    found = kept.find("T1")
    assert found is not None
    assert (found.bot_token, found.bot_refresh_token) == got[:2]
    assert found.bot_token_expires_at == got[2].timestamp()
    assert found.user_token == token("xoxp", "a3")
    assert found.custom_values["first_user_id"] == "U1"
    assert take(kept, "me", late) is None
    assert not kept.keep_refreshed("T1", token("xoxe", "a2"), "x", "y", late)
    again = kept.find("T1")
    assert again is not None
    assert again.bot_token == got[0]


def test_what_came_meanwhile_is_not_undone_by_an_exchange(kept: Installations) -> None:
    kept.save(installation())
    kept.save(installation(mark="b"))
    assert not kept.keep_refreshed("T1", token("xoxe", "a2"), "x", "y", NOW)
    kept.forget("T1")
    assert not kept.keep_refreshed("T1", token("xoxe", "b2"), "x", "y", NOW)
    assert kept.find("T1") is None


def test_who_was_refused_leaves_time_before_the_next_attempt(kept: Installations) -> None:
    kept.save(installation())
    late = NOW + 11 * HOUR
    assert take(kept, "me", late) is not None
    kept.put_off_refresh("T1", "somebody else", late + HOUR)
    assert kept.is_refreshing("T1", late)
    kept.put_off_refresh("T1", "me", late + timedelta(minutes=10))
    assert not kept.is_refreshing("T1", late)
    assert take(kept, "other", late + timedelta(minutes=9)) is None
    assert take(kept, "other", late + timedelta(minutes=10)) is not None


def test_a_token_that_does_not_run_out_is_not_exchanged(kept: Installations) -> None:
    kept.save(installation(bot_refresh_token=None, bot_token_expires_at=None))
    assert take(kept, "me", NOW + 1000 * HOUR) is None
    assert kept.take_refresh("T9", "me", NOW, MARGIN, LEASE) is None
    assert not kept.is_refreshing("T9", NOW)


# --- states of OAuth ----------------------------------------------------------------------


def test_a_state_is_good_once(kept: Installations) -> None:
    ends_at = NOW + timedelta(minutes=10)
    state = kept.issue_state(ends_at, NOW)
    assert at_once(8, lambda _: kept.consume_state(state, NOW)).count(True) == 1
    assert not kept.consume_state("made up", NOW)
    late = kept.issue_state(ends_at, NOW)
    assert not kept.consume_state(late, ends_at)


def test_a_state_is_good_for_one_app_and_with_any_of_the_keys(
    kept: Installations, database: Database
) -> None:
    ends_at = NOW + timedelta(minutes=10)
    later = (NOW + HOUR).timestamp()
    state = kept.issue_state(ends_at, NOW)
    told, _, mark = state.rpartition("-")
    for forged in (
        f"{told[:-1]}f-{mark}",
        f"{told.rpartition('-')[0]}-{int(later):x}-{mark}",
        f"{told}-{'0' * 64}",
        f"{told}-",
        told,
        f"{told}-\N{SNOWMAN}",
    ):
        assert not kept.consume_state(forged, NOW)
    assert not Installations(database, "another", [OLD_KEY]).consume_state(state, NOW)
    assert not Installations(database, CLIENT, [NEW_KEY]).consume_state(state, NOW)
    assert Installations(database, CLIENT, [NEW_KEY, OLD_KEY]).consume_state(state, NOW)


def test_whoever_asks_for_many_states_is_in_nobodys_way(
    kept: Installations, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage.installation, "STATES_KEPT", 3)
    ends_at = NOW + timedelta(minutes=10)
    states = [kept.issue_state(ends_at, NOW) for _ in range(9)]
    assert rows(database, slack_oauth_states) == 0
    assert all(kept.consume_state(state, NOW) for state in states)
    assert not any(kept.consume_state(state, NOW) for state in states[-3:])
    assert rows(database, slack_oauth_states) <= 4
    later = kept.issue_state(ends_at + HOUR, ends_at)
    assert kept.consume_state(later, ends_at)
    assert rows(database, slack_oauth_states) == 1


# --- beside all else ----------------------------------------------------------------------


@pytest.fixture
def busy(sqlite_url: str) -> Iterator[Installations]:
    """A store that waits a little only, and somebody else who writes to its file."""
    database = Database(sqlite_url, relay_key=RELAY_KEY, memory=Memory(), busy_timeout=0.1)
    engine = make_engine(sqlite_url)
    with engine.begin():
        yield Installations(database, CLIENT, [OLD_KEY])
    engine.dispose()
    database.close()


def test_a_store_out_of_reach_is_not_taken_for_a_no(busy: Installations) -> None:
    """slack_sdk would say that the state is wrong, and send the person away for ever."""
    state = busy.issue_state(NOW + HOUR, NOW)
    with pytest.raises(Unavailable):
        busy.consume_state(state, NOW)
    with pytest.raises(Unavailable):
        busy.find("T1")
    with pytest.raises(Unavailable):
        busy.save(installation())


def test_installations_and_all_else_wait_for_nobody(
    kept: Installations, database: Database
) -> None:
    """slack_sdk's transactions would compete with ours for the one writer of a SQLite file."""
    kept.save(installation())

    def work(number: int) -> int:
        for turn in range(8):
            match number % 4:
                case 0:
                    kept.save(installation(f"T{number}", f"n{turn}"))
                case 1:
                    assert kept.find("T1") is not None
                case 2:
                    assert kept.consume_state(kept.issue_state(NOW + HOUR, NOW), NOW)
                case _:
                    with database.transaction() as ours:
                        ours.inbox.begin("slack", f"{number} {turn}", NOW)
        return number

    began = datetime.now(UTC)
    assert at_once(16, work) == list(range(16))
    # One after the other with a wait for a lock among them it would be minutes.
    assert datetime.now(UTC) - began < timedelta(seconds=20)
    assert kept.teams() == ["T0", "T1", "T12", "T4", "T8"]

"""Nobody is watched (domain.md 4.5, product.md e2 and e3): what the code cannot even ask, what
no role can do, and what cannot be read from the database."""

import ast
import inspect
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, get_type_hints

import pytest

from bot.access import Right, roles_with
from bot.bootstrap.registry import CAPABILITIES
from bot.capabilities.campaigns.content import OnlyIf
from bot.capabilities.narration import messages
from bot.capabilities.narration.model import (
    GRANTED_UNASKED,
    STATES,
    TEXT_VERSION,
    Scope,
    State,
    allows,
)
from bot.capabilities.narration.ports import Communities, Kin, NarrationStore
from bot.capability import register
from bot.ids import PersonId
from bot.message import Buttons, Choice, Message
from bot.pack.completion import TAKES
from bot.people import Role
from bot.reply import Reply
from storage import narration as sql
from storage.column import metadata
from storage.retention import retain
from tests.adapters.every_narration_message import SHOWN
from tests.capabilities.narration.narrating import FRIDAY, own, propose, share, write
from tests.world import WORKSPACE, World

SECRET = "Zanzibarian exports lose their header"
REGISTRY = register(CAPABILITIES)
FREE = {"freeze", "answered"}
"""What takes people who are not the actor: the readers whom the author has just chosen, and those
for whom a campaign plans something, so that who has answered its prompt is left in peace."""


def methods(port: type) -> Iterator[tuple[str, Any]]:
    for name, method in inspect.getmembers(port, inspect.isfunction):
        if not name.startswith("_"):
            yield name, method


# --- what the code cannot ask ---------------------------------------------------------------


def test_no_port_takes_a_person_other_than_who_asks() -> None:
    for port in (NarrationStore, Communities, Kin):
        for name, method in methods(port):
            people = {
                word
                for word, kind in get_type_hints(method).items()
                if word != "return" and "PersonId" in str(kind)
            }
            assert people <= {"actor", "actors"} or name in FREE, name


def test_whatever_returns_narrations_asks_who_wants_them() -> None:
    for name, method in methods(NarrationStore):
        hints = get_type_hints(method)
        if "Narration" in str(hints["return"]).rpartition(".")[2] and name != "save":
            # A digest is of a conversation, and holds what was shared with all of it.
            assert "actor" in hints or name == "to_digest", name


def test_no_port_counts_what_people_wrote() -> None:
    counted = [name for name, method in methods(NarrationStore) if _returns(method) is int]
    assert counted == []


def _returns(method: Any) -> object:
    return get_type_hints(method).get("return")


def test_no_query_groups_or_counts_by_person() -> None:
    source = inspect.getsource(sql)
    assert "group_by" not in source
    # How many people there are, and which narration a letter brought; nothing of what they did.
    assert sorted(re.findall(r"func\.\w+", source)) == ["func.count", "func.substr"]
    counted = source[: source.index("func.count")].rpartition("def ")[2]
    assert counted.startswith("count(self, workspace: WorkspaceId)")


def test_no_table_keeps_readings_opens_streaks_moods_or_moments() -> None:
    ours = [table for table in metadata.sorted_tables if table.name.startswith("narration")]
    assert {table.name for table in ours} >= {"narrations", "narration_readers"}
    for table in ours:
        for column in table.columns:
            assert not re.search("read_at|seen|open|streak|score|mood|count", column.name)
            # A moment beside a name could tell who asked something without one.
            assert "INSTANT" not in str(type(column.type)).upper(), column


def test_no_handler_asks_for_a_role_or_right() -> None:
    """Roles are named in one place: to say whether a manager would see what is shared."""
    folder = Path(inspect.getfile(messages)).parent
    for file in sorted(folder.glob("*.py")):
        names = {
            node.attr
            for node in ast.walk(ast.parse(file.read_text()))
            if isinstance(node, ast.Attribute)
        }
        names |= {
            node.id for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Name)
        }
        assert not names & {"Right", "may", "require", "roles_with"}, file.name
        assert file.name == "sharing.py" or "Role" not in names, file.name


def test_nothing_else_reaches_what_people_wrote() -> None:
    """Neither another capability, nor a command line, nor a bench of a manager's: whoever wants a
    narration has to come through the handlers here."""
    root = Path(inspect.getfile(messages)).parents[3]
    folder = Path(inspect.getfile(messages)).parent
    migrations = root / "storage" / "migrations" / "versions"
    ours = {file.name for file in migrations.glob("*_narration.py")}
    assert len(ours) == 1
    tables = {"narration.py", "narration_tables.py"} | ours
    for place in ("bot", "adapters", "content", "storage"):
        for file in sorted((root / place).rglob("*.py")):
            source = file.read_text()
            if folder not in file.parents and place != "storage":
                assert ".narrations" not in source, file
            if file.name not in tables:
                assert "narration_tables" not in source or file.name == "migrate.py", file
                assert "narration_readers" not in source, file


def test_no_campaign_can_ask_who_shares() -> None:
    """Who has gone first is asked of a campaign's owner only: no condition or completion, which
    people write, knows the word."""
    assert "has_modelled" not in TAKES
    assert "has_modelled" not in {each.value for each in OnlyIf}
    assert "answered" in TAKES


# --- what no role can do --------------------------------------------------------------------


@pytest.mark.parametrize("role", [None, *Role])
def test_no_role_sees_anything_of_somebody_else(world: World, role: Role | None) -> None:
    write(world, "ana", SECRET)
    share(world, "ana", f"For Ben: {SECRET}", reach="people", person_one="ben")
    notes = own(world, "ana")
    if role is not None:
        world.changes("kim", roles=frozenset({role}), team="sales")
        world.changes("ana", team="sales", manager=PersonId("kim"))
    for action in REGISTRY.presses:
        if action.startswith("narration."):
            for note in notes:
                world.forges("kim", action, {"narration": note.id, "choice": "travel"})
    for action in REGISTRY.submits:
        if action.startswith("narration."):
            for note in notes:
                world.forges(
                    "kim", action, {"narration": note.id}, {"line_a": "x", "reach": "keep"}
                )
    for command in ("/narrate", "/week", "/decisions", "/me", "/home", "/faq Zanzibarian exports"):
        world.says("kim", command)
    assert not any("Zanzibarian" in told or "Ana" in told for told in world.dms("kim"))
    assert {note.state for note in own(world, "ana")} == {State.DRAFT, State.SHARED}


def test_a_narration_of_another_workspace_is_none() -> None:
    hints = get_type_hints(NarrationStore.get)
    assert hints["actor"] is PersonId


def test_no_right_opens_narrations() -> None:
    assert not any("narrat" in right.value for right in Right)
    assert all(roles_with(right) for right in Right)


# --- what cannot be read --------------------------------------------------------------------


def test_a_draft_stands_nowhere_in_the_database(either_world: World) -> None:
    world = either_world
    world.forges("ana", "narration.wishes", {})
    world.fills("ana", match_drafts="yes", prompts="tuesday", week="yes")
    write(world, "ana", SECRET, "stuck")
    world.presses("ana", "Edit")
    world.fills("ana", line_b="Tried Zanzibarian ways.", link="https://example.com/Zanzibarian")
    world.presses("ana", "Share…")
    world.fills("ana", reach="everybody")
    world.presses("ana", "Keep private", on=world.hears("ana")[-1])
    world.says("ana", "/week")
    world.says("ana", "/home")
    world.forges("ana", "narration.mine", {})
    world.says("ana", "/me")
    world.passes(days=8)
    assert any("Zanzibarian" in told for told in world.dms("ana"))
    for table, rows in world.dump().items():
        assert "Zanzibarian" not in rows, table


def test_what_is_proposed_as_a_tip_is_read_by_who_decides_and_stands_in_no_timer(
    world: World,
) -> None:
    words = f"{SECRET} whenever the clock changes."
    write(world, "ana", words)
    [note] = own(world, "ana")
    world.forges("ana", "narration.tip", {"narration": note.id, "choice": "travel"})
    assert "decides whether it becomes a tip" in world.last("ana")
    for table, rows in world.dump().items():
        assert "Zanzibarian" not in rows, table
    world.passes(days=1)
    assert words in world.last("sam")


@pytest.mark.parametrize(
    "name", ["posted", "posted:long", "withdrawn_post", "left_post", "digest", "digest_on"]
)
def test_what_stands_before_a_channel_has_nothing_to_press(name: str) -> None:
    """A draft takes the place of the card from which its form was opened: none may be one that
    others see."""
    message = SHOWN[f"narration.{name}"]
    assert isinstance(message, Message)
    assert not any(isinstance(part, Buttons | Choice) for part in message.parts)


def test_a_second_delivery_of_a_press_gets_the_same_draft(world: World) -> None:
    write(world, "ana", SECRET)
    world.forges("ana", "narration.mine", {})
    heard = world.hears("ana")[-1]
    button = next(button for button in heard.buttons if button.label == "Open")
    world.taps("ana", button, on=heard, event="twice")
    first = world.last("ana")
    world.taps("ana", button, on=heard, event="twice")
    assert first == world.last("ana")
    assert SECRET in first


def test_every_reply_that_shows_ones_own_is_private(world: World) -> None:
    write(world, "ana", SECRET)
    [note] = own(world, "ana")
    shown: list[Reply] = [
        world.forges("ana", action, {"narration": note.id, "choice": "learned"})
        for action in REGISTRY.presses
        if action.startswith("narration.")
        and action not in {"narration.discard", "narration.forget"}
    ]
    telling = [reply for reply in shown if SECRET in reply.model_dump_json()]
    assert telling != []
    assert all(reply.private for reply in telling)


def test_the_log_has_no_words_of_it(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    share(world, "ana", SECRET)
    world.presses("ana", "Withdraw")
    captured = capsys.readouterr()
    assert "Zanzibarian" not in captured.out + captured.err


def test_what_colleagues_say_under_it_is_not_read(world: World) -> None:
    world.says("ana", "/narrate here", "#sales")
    share(world, "ana", SECRET, reach="channel")
    post = world.in_channel("#sales")[-1]
    before = world.dump()
    world.says("new", "This helped me too.", "#sales", thread=post.id)
    assert world.dump() == before


def test_the_log_and_what_is_counted_say_nothing_of_who(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.says("kim", "/narrate digest on", "#sales")
    share(world, "ana", SECRET, reach="people", person_one="ben")
    world.presses("ana", "Withdraw")
    world.forges("ana", "narration.wishes", {})
    world.fills("ana", prompts="tuesday", week="yes", match_drafts="yes")
    world.passes(days=9)
    world.presses("ana", "Not this time")
    logged = capsys.readouterr()
    lines = [line for line in (logged.out + logged.err).splitlines() if "narrat" in line]
    assert lines != []
    # Neither who wrote, nor for whom: names stand in no line.
    assert not any(re.search(r"\b(ana|ben|kim)\b", line, re.IGNORECASE) for line in lines)
    assert "narrat" not in world.dump()["happenings"]


# --- consent --------------------------------------------------------------------------------


def test_all_is_off_but_what_holds_for_readers() -> None:
    assert {scope for scope in Scope if allows({}, scope)} == GRANTED_UNASKED
    assert {Scope.MATCH_SHARED} == GRANTED_UNASKED
    assert set(messages.CONSENTS) == set(Scope) == set(TEXT_VERSION)


def test_the_ledger_keeps_every_decision_with_its_words(world: World) -> None:
    world.forges("ana", "narration.ledger", {})
    assert "not decided about anything yet" in world.last("ana")
    for value in ("yes", "no", "yes"):
        world.forges("ana", "narration.wishes", {})
        world.fills("ana", match_drafts=value)
        world.passes(days=1)
    world.forges("ana", "narration.wishes", {})
    world.fills("ana", match_shared="no")
    with world.database.transaction() as work:
        history = work.narrations.history(PersonId("ana"))
    told = [(c.scope, c.granted_on is not None, c.withdrawn_on is not None) for c in history]
    assert told == [
        (Scope.MATCH_DRAFTS, True, True),
        (Scope.MATCH_DRAFTS, True, False),
        (Scope.MATCH_SHARED, False, True),
    ]
    world.says("ana", "/me")
    world.presses("ana", "What I allowed")
    assert "Allowed 2 Mar 2026, withdrawn 3 Mar 2026 (words of version 1)" in world.last("ana")


def test_what_is_allowed_for_one_narration_is_allowed_for_no_other(world: World) -> None:
    write(world, "ana", SECRET)
    propose(world, "ana", reach="everybody")
    world.presses("ana", "Share, also in digests")
    assert "Take out of digests" in [button.label for button in world.hears("ana")[-1].buttons]
    with world.database.transaction() as work:
        assert Scope.QUOTE_IN_DIGEST not in work.narrations.ledger(PersonId("ana"))
    share(world, "ana", f"Another thing: {SECRET}")
    assert [note.digest for note in own(world, "ana")] == [False, True]


def test_share_alone_never_allows_a_digest(world: World) -> None:
    world.forges("ana", "narration.wishes", {})
    world.fills("ana", quote_in_digest="yes")
    write(world, "ana", SECRET)
    propose(world, "ana", reach="everybody")
    labels = [button.label for button in world.hears("ana")[-1].buttons]
    assert labels[:2] == ["Share, also in digests", "Share"]
    world.presses("ana", "Share")
    assert [note.digest for note in own(world, "ana")] == [False]


# --- leaving and taking away ----------------------------------------------------------------


def test_me_shows_all_of_it_and_deletes_all_of_it(either_world: World) -> None:
    world = either_world
    world.says("ana", "/narrate here", "#sales")
    share(world, "ana", SECRET, reach="channel")
    write(world, "ana", "A draft.")
    world.forges("ana", "narration.wishes", {})
    world.fills("ana", prompts="tuesday", week="yes", match_drafts="yes")
    world.says("ana", "/me")
    assert "2 of yours are still here." in world.last("ana")
    world.presses("ana", "All I wrote")
    assert SECRET in world.last("ana")
    assert "A draft." in world.last("ana")
    world.says("ana", "/me")
    world.presses("ana", "Delete all")
    assert "withdrawn by its author" in world.in_channel("#sales")[0].text
    world.passes(days=14)
    assert not any("surprised" in told or "Your week" in told for told in world.dms("ana"))
    for table, rows in world.dump().items():
        assert not table.startswith("narration") or rows == "", table
        assert SECRET not in rows, table


def test_all_of_it_can_be_taken_away_with_every_word(world: World) -> None:
    long = "Zanzibarian " + "words and more of them " * 36 + "end."
    for number in range(3):
        write(world, "ana", f"Number {number}.", "working_on")
        world.passes(days=1)
    world.says("ana", "/narrate decision")
    world.fills("ana", line_a="Why.", line_b=long, revisit_on="2026-06-01", link="https://a.org/b")
    propose(world, "ana", reach="people", person_one="ben", person_two="kim")
    world.presses("ana", "Share")
    for value in ("yes", "no") * 20:
        world.forges("ana", "narration.wishes", {})
        world.fills("ana", match_drafts=value, prompts="tuesday")
    world.says("ana", "/me")
    world.presses("ana", "What I allowed")
    assert world.last("ana").count("Compare my private drafts?") == 20
    world.presses("ana", "Take it with you")
    first = world.last("ana")
    assert "page 1 of 3" in first
    assert "Decision · 5 Mar 2026 · shared with Ben and Kim on 5 Mar 2026" in first
    assert f"Decision\n\n> {long}" in first
    assert "looked at again on 1 Jun 2026" in first
    assert "https://a.org/b" in first
    assert "Number 0" not in first
    world.presses("ana", "Next page")
    assert "Number 0" in world.last("ana")
    world.presses("ana", "Next page")
    last = world.last("ana")
    assert "A prompt comes on Tuesdays." in last
    assert last.count("Compare my private drafts?") == 20
    assert "Next page" not in [button.label for button in world.hears("ana")[-1].buttons]
    assert "words and more of them" not in world.dump()["inbox"]


def test_how_the_other_one_answered_cannot_be_taken_away(world: World) -> None:
    share(world, "kim", SECRET)
    share(world, "ana", SECRET)
    world.presses("ana", "Introduce us")
    world.passes(days=2)
    world.forges("ana", "narration.take", {"page": 1})
    told = world.last("ana")
    assert "you asked to be introduced to Kim." in told
    world.presses("kim", "No, thank you")
    world.forges("ana", "narration.take", {"page": 1})
    assert told == world.last("ana")
    world.forges("kim", "narration.take", {"page": 9})
    assert "Ana asked to meet you. You said no" in world.last("kim")


def test_who_leaves_leaves_nothing_here(either_world: World) -> None:
    world = either_world
    share(world, "ana", SECRET)
    share(world, "kim", "For Ana.", reach="people", person_one="ana")
    world.forges("ana", "narration.wishes", {})
    world.fills("ana", prompts="tuesday", match_drafts="yes")
    world.leaves("ana")
    world.drains()
    with world.database.transaction() as work:
        assert work.narrations.own(PersonId("ana"), STATES, 9) == []
        assert work.slots.of(PersonId("ana")) == []
        assert work.narrations.shared_with(PersonId("ben"), 9) == []
    assert "'ana'" not in world.dump()["narration_readers"]


def test_who_leaves_takes_their_words_out_of_every_message_and_digest(
    either_world: World,
) -> None:
    world = either_world
    world.says("kim", "/narrate digest on", "#sales")
    world.says("ana", "/narrate here", "#sales")
    write(world, "ana", SECRET)
    propose(world, "ana", reach="channel")
    world.presses("ana", "Share, also in digests")
    share(world, "ana", f"For Ben: {SECRET}", reach="people", person_one="ben")
    due = FRIDAY.replace(hour=15, minute=5)
    world.passes(seconds=(due - world.now).total_seconds())
    posts = world.hears("ben")
    assert len([post for post in posts if SECRET in post.text]) == 3
    world.leaves("ana")
    world.drains()
    assert not any(SECRET in post.text for post in posts)
    assert len([post for post in posts if "gone with them" in post.text]) == 2
    for table, rows in world.dump().items():
        assert SECRET not in rows, table


def test_what_is_withdrawn_after_years_goes_wherever_it_stood(either_world: World) -> None:
    world = either_world
    world.says("kim", "/narrate digest on", "#sales")
    world.says("ana", "/narrate here", "#sales")
    write(world, "ana", SECRET)
    propose(world, "ana", reach="channel")
    world.presses("ana", "Share, also in digests")
    share(world, "ana", f"For Ben: {SECRET}", reach="people", person_one="ben")
    due = FRIDAY.replace(hour=15, minute=5)
    world.passes(seconds=(due - world.now).total_seconds())
    years = timedelta(days=800)
    retain(world.database, world.now + years)
    posts = [post for post in world.hears("ben") if SECRET in post.text]
    assert len(posts) == 3
    for each in own(world, "ana"):
        world.forges("ana", "narration.withdraw", {"narration": each.id})
    world.drains()
    assert not any(SECRET in post.text for post in posts)
    while retain(world.database, world.now + years).letters:
        pass
    assert "narration:" not in world.dump()["outbox"]


def test_a_page_of_ones_own_can_be_turned(world: World) -> None:
    for number in range(7):
        write(world, "ana", f"Number {number}.")
    world.forges("ana", "narration.mine", {})
    assert "Number 6." in world.last("ana")
    assert "Number 1." not in world.last("ana")
    world.presses("ana", "Older")
    assert "Number 1." in world.hears("ana")[-1].text
    world.forges("ana", "narration.mine", {"page": 99})
    assert "Number 0." in world.last("ana")
    with world.database.transaction() as work:
        assert work.narrations.shared_with(PersonId("ana"), 9) == []
        assert work.communities.count(WORKSPACE) == 8

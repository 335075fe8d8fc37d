"""Writing, sharing, changing and withdrawing, as talks."""

import pytest

from bot.capabilities.narration.model import State
from bot.ids import PersonId
from bot.message import Choice
from bot.outbox import LetterState
from tests.capabilities.narration.narrating import leads, own, propose, share, write
from tests.world import WORKSPACE, World, person

TEXT = "The export loses its header when the sheet is filtered."


def test_it_begins_with_what_it_is_about(world: World) -> None:
    reply = world.says("ana", "/narrate")
    assert reply.message is not None
    [choice] = [part for part in reply.message.parts if isinstance(part, Choice)]
    assert [option.label for option in choice.options] == [
        "Working on",
        "Learned",
        "Stuck",
        "Would do differently",
        "Decision",
        "Thanks",
    ]
    assert "private draft at first" in world.last("ana")


@pytest.mark.parametrize(
    ("sort", "labels"),
    [
        ("working_on", ["What I am doing", "What would help"]),
        ("learned", ["What I learned", "Who could use it"]),
        ("stuck", ["Where I am stuck", "What I tried"]),
        ("differently", ["What happened", "What I would do next time"]),
        ("decision", ["Context", "Decision", "What was rejected, and why", "Look at it again on"]),
        ("thanks", ["Who helped", "With what"]),
    ],
)
def test_each_sort_has_its_own_parts(world: World, sort: str, labels: list[str]) -> None:
    form = world.forges("ana", "narration.write", {"choice": sort}).form
    assert form is not None
    assert [field.label for field in form.fields] == [*labels, "A link, if there is one"]
    world.form = form
    world.fills("ana", line_a="One.", line_b="Two.", link="https://example.com/a")
    assert f"> {labels[0]}: One.\n> \n> {labels[1]}: Two." in world.last("ana")
    [kept] = own(world, "ana")
    assert (kept.state, kept.link) == (State.DRAFT, "https://example.com/a")


def test_words_behind_the_command_are_a_draft_at_once(world: World) -> None:
    world.says("ana", f"/learn narrate learned {TEXT}")
    heard = world.last("ana")
    assert "a private draft. Only you see it." in heard
    assert TEXT in heard
    assert "deleted on 29 Aug 2026" in heard
    world.says("ana", "/narrate Preparing the fair")
    assert [n.sort.value for n in own(world, "ana")] == ["working_on", "learned"]


@pytest.mark.parametrize("said", ["narrate learned", "Narrate: learned,", "/narrate learned!"])
def test_what_is_written_without_the_slash_is_a_draft_and_no_question(
    world: World, said: str
) -> None:
    world.says("ana", f"{said} {TEXT}")
    assert "Learned: a private draft. Only you see it." in world.last("ana")
    assert world.dump()["questions"] == ""
    assert [kept.text for kept in own(world, "ana")] == [TEXT]


def test_kept_private_is_the_first_choice_and_the_default(world: World) -> None:
    write(world, "ana", TEXT)
    draft = world.hears("ana")[-1]
    assert draft.buttons[0].label == "Keep private"
    world.presses("ana", "Share…")
    assert world.form is not None
    assert world.form.fields[0].value == "keep"
    assert world.fills("ana").replace
    assert "a private draft" in world.last("ana")
    world.presses("ana", "Keep private", on=draft)
    [kept] = own(world, "ana")
    assert kept.state is State.KEPT
    assert "kept to yourself" in draft.text
    world.presses("ana", "Open", on=draft)
    assert TEXT in world.last("ana")
    assert "until you delete it" in world.last("ana")


def test_a_draft_is_changed_and_deleted(world: World) -> None:
    write(world, "ana", TEXT)
    draft = world.hears("ana")[-1]
    world.presses("ana", "Edit", on=draft)
    assert world.form is not None
    assert world.form.fields[0].value == TEXT
    # Where the form was opened stands what it led to, and not the old words beside it.
    assert world.fills("ana", line_a="Other words.", line_b="The team.").replace
    assert "What I learned: Other words." in world.last("ana")
    world.presses("ana", "Delete", on=draft)
    assert "Nothing of it is left" in draft.text
    assert own(world, "ana") == []
    world.taps("ana", world.room.heard[-1].buttons[0], on=world.room.heard[-1])
    assert "not there any more, or not yours" in world.last("ana")


def test_who_is_named_comes_back_as_an_id_or_an_address(world: World) -> None:
    world.changes("ben", address="U0BEN")
    for told in ("ben", "U0BEN"):
        write(world, "ana", TEXT)
        propose(world, "ana", reach="people", person_one=told)
        assert "Share this with Ben?" in world.last("ana")
    propose(world, "ana", reach="people", person_one="nobody")
    assert "Share this with Ben?" in world.last("ana")


def test_before_it_is_shared_its_author_hears_who_would_see_it(world: World) -> None:
    leads(world, "dana", "sales", "ana", "ben")
    write(world, "ana", TEXT)
    propose(world, "ana", reach="people", person_one="ben", person_two="kim")
    heard = world.last("ana")
    assert "write /narrate here there once" in heard
    assert "Share this with Ben and Kim?" in heard
    assert "Visible to 2 people, including your manager: no." in heard
    assert own(world, "ana")[0].state is State.DRAFT
    assert world.dms("ben") == []
    world.presses("ana", "Somebody else")
    world.fills("ana", reach="people", person_one="dana")
    assert "Visible to 1 person, including your manager: yes." in world.last("ana")
    world.presses("ana", "Somebody else")
    world.fills("ana", reach="everybody")
    assert "Visible to 7 people, including your manager: yes." in world.last("ana")


def test_nobody_claims_to_know_a_manager_whom_nobody_named(world: World) -> None:
    write(world, "ana", TEXT)
    propose(world, "ana", reach="people", person_one="ben")
    assert "Visible to 1 person. I do not know who your manager is." in world.last("ana")
    world.presses("ana", "Somebody else")
    world.fills("ana", reach="everybody")
    said = "Visible to 7 people. I do not know who your manager is; if they are here, they see it"
    assert said in world.last("ana")
    assert "yes" not in world.last("ana")


def test_a_manager_who_has_left_is_nobodys_any_more(world: World) -> None:
    world.changes("ana", manager=world.find_person("dana").id)
    world.leaves("dana")
    write(world, "ana", TEXT)
    propose(world, "ana", reach="people", person_one="ben")
    assert "I do not know who your manager is." in world.last("ana")


def test_few_of_a_community_are_not_counted(world: World) -> None:
    write(world, "ana", TEXT)
    propose(world, "ana", reach="topic", topic="travel")
    assert "fewer than 5 people" in world.last("ana")


def test_who_was_named_gets_it_and_can_read_it(world: World) -> None:
    share(world, "ana", TEXT, reach="people", person_one="ben")
    assert "shared with Ben" in world.last("ana")
    world.passes(days=1)
    assert any(
        "would like you to read this" in heard and TEXT in heard for heard in world.dms("ben")
    )
    world.forges("ben", "narration.shared", {})
    assert TEXT in world.last("ben")
    [kept] = own(world, "ana")
    for other in ("kim", "dana", "sam"):
        world.forges(other, "narration.show", {"narration": kept.id})
        assert "not yours to read" in world.last(other)
        world.forges(other, "narration.shared", {})
        assert "Nobody has shared anything" in world.last(other)


def test_a_team_channel_hears_it_at_once(world: World) -> None:
    world.says("ana", "/narrate here", "#sales")
    share(world, "ana", TEXT, reach="channel")
    [posted] = world.in_channel("#sales")
    assert posted.text.startswith("Ana · Learned")
    assert TEXT in posted.text


def test_without_a_team_channel_none_is_offered(world: World) -> None:
    write(world, "ana", TEXT)
    world.presses("ana", "Share…")
    assert world.form is not None
    assert "channel" not in str(world.form.fields[0])
    reply = world.fills("ana", reach="channel")
    assert reply.message is not None
    assert "I do not know your team’s channel" in world.last("ana")


def test_what_is_changed_is_changed_where_it_stands(world: World) -> None:
    world.says("ana", "/narrate here", "#sales")
    share(world, "ana", TEXT, reach="channel")
    world.presses("ana", "Edit")
    world.fills("ana", line_a="Better words.")
    [posted] = world.in_channel("#sales")
    assert "Better words." in posted.text
    assert TEXT not in posted.text


@pytest.mark.parametrize("reach", ["channel", "people"])
def test_what_is_withdrawn_is_nowhere_any_more(world: World, reach: str) -> None:
    world.says("ana", "/narrate here", "#sales")
    share(world, "ana", TEXT, reach=reach, person_one="ben")
    world.passes(days=1)
    world.presses("ana", "Withdraw")
    assert "Withdrawn. Where I had posted it" in world.last("ana")
    assert not any(TEXT in heard.text for heard in world.room.heard if "ana" not in str(heard.only))
    assert not any(TEXT in told for told in world.dump().values())
    for table, rows in world.dump().items():
        # Neither that there was one, nor whose, nor whom it was for; only the team's channel.
        assert not table.startswith("narration") or table == "narration_habits" or not rows, table
    world.forges("ben", "narration.shared", {})
    assert TEXT not in world.last("ben")


def test_what_waits_for_its_hour_is_taken_back(world: World) -> None:
    share(world, "ana", TEXT, reach="people", person_one="ben")
    assert world.dms("ben") == []
    world.presses("ana", "Withdraw")
    world.passes(days=3)
    assert world.dms("ben") == []


# --- what can go wrong ----------------------------------------------------------------------


def test_a_button_pressed_twice_does_it_once(world: World) -> None:
    write(world, "ana", TEXT)
    propose(world, "ana", reach="people", person_one="ben")
    confirm = world.hears("ana")[-1]
    [button] = [b for b in confirm.buttons if b.label == "Share"]
    world.taps("ana", button, on=confirm)
    world.taps("ana", button, on=confirm)
    assert "You have shared this already." in confirm.text
    world.passes(days=2)
    assert len(world.dms("ben")) == 1


def test_it_cannot_be_shared_with_somebody_who_left(world: World) -> None:
    write(world, "ana", TEXT)
    world.presses("ana", "Share…")
    world.leaves("ben")
    reply = world.fills("ana", reach="people", person_one="ben")
    assert reply.errors == {"person_one": "I do not know this person here any more."}
    reply = world.fills("ana", reach="people")
    assert reply.errors == {"person_one": "Please name somebody."}
    reply = world.fills("ana", reach="people", person_one="ana")
    assert reply.errors == {"person_one": "That is you. You can read it anyway."}


def test_somebody_leaves_between_the_question_and_the_press(world: World) -> None:
    write(world, "ana", TEXT)
    propose(world, "ana", reach="people", person_one="ben", person_two="kim")
    world.leaves("ben")
    world.presses("ana", "Share")
    assert "I do not know this person here any more." in world.last("ana")
    assert own(world, "ana")[0].state is State.DRAFT


@pytest.mark.parametrize(
    ("values", "is_told"),
    [
        ({"reach": "topic", "topic": "travel"}, True),
        ({"reach": "everybody"}, True),
        ({"reach": "people", "person_one": "kim"}, False),
    ],
)
def test_who_is_not_written_to_finds_it_on_their_page(
    world: World, values: dict[str, str], is_told: bool
) -> None:
    world.says("kim", "/home")
    assert "shared with you" not in world.last("kim")
    write(world, "ana", TEXT)
    propose(world, "ana", **values)
    assert ("Nobody is written to" in world.last("ana")) is is_told
    world.presses("ana", "Share")
    world.passes(days=3)
    assert any(TEXT in heard for heard in world.dms("kim")) is not is_told
    world.says("kim", "/home")
    assert "1 narration was shared with you in the last 7 days." in world.last("kim")
    world.presses("kim", "Shared with me")
    assert TEXT in world.last("kim")
    world.passes(days=9)
    world.says("kim", "/home")
    assert "shared with you" not in world.last("kim")


def test_it_is_asked_again_when_others_would_see_it(world: World) -> None:
    world.declares("cem", "travel", "can_help")
    world.changes("ana", manager=PersonId("ben"))
    write(world, "ana", TEXT)
    propose(world, "ana", reach="topic", topic="travel")
    assert "including your manager: no" in world.last("ana")
    # As many as before; but one of them is another one.
    world.changes("cem", active=False)
    world.declares("ben", "travel", "can_help")
    world.presses("ana", "Share")
    asked = world.hears("ana")[-1].text
    assert "Please look again at who would see it. Share this with" in asked
    assert "including your manager: yes" in asked
    assert own(world, "ana")[0].state is State.DRAFT
    world.presses("ana", "Share")
    assert own(world, "ana")[0].state is State.SHARED


def test_it_is_asked_again_when_somebody_becomes_the_manager(world: World) -> None:
    world.changes("ana", manager=PersonId("lu"))
    write(world, "ana", TEXT)
    propose(world, "ana", reach="people", person_one="ben")
    world.changes("ana", manager=PersonId("ben"))
    world.presses("ana", "Share")
    assert "including your manager: yes" in world.hears("ana")[-1].text
    assert own(world, "ana")[0].state is State.DRAFT


def test_it_is_asked_again_when_the_channel_is_another(world: World) -> None:
    world.says("ana", "/narrate here", "#sales")
    write(world, "ana", TEXT)
    propose(world, "ana", reach="channel")
    confirm = world.hears("ana")[-1]
    world.says("ana", "/narrate here", "#legal")
    world.presses("ana", "Share", on=confirm)
    assert world.in_channel("#sales") == world.in_channel("#legal") == []
    assert own(world, "ana")[0].state is State.DRAFT


def test_who_joins_everybody_does_not_let_it_be_asked_again(world: World) -> None:
    write(world, "ana", TEXT)
    propose(world, "ana", reach="everybody")
    assert "Guests, and who joins later, can read it too." in world.last("ana")
    world.joins(person("neo"))
    world.presses("ana", "Share")
    assert own(world, "ana")[0].state is State.SHARED


def test_nobody_becomes_a_reader_later(world: World) -> None:
    share(world, "ana", TEXT, reach="topic", topic="travel")
    world.declares("ben", "travel", "can_help")
    [kept] = own(world, "ana")
    world.forges("kim", "narration.show", {"narration": kept.id})
    assert TEXT in world.last("kim")
    world.forges("ben", "narration.show", {"narration": kept.id})
    assert "not yours to read" in world.last("ben")


def test_what_was_withdrawn_cannot_be_changed(world: World) -> None:
    share(world, "ana", TEXT)
    shared = world.hears("ana")[-1]
    [edit] = [b for b in shared.buttons if b.label == "Edit"]
    world.taps("ana", edit, on=shared)
    form = world.form
    world.presses("ana", "Withdraw", on=shared)
    world.form = form
    world.fills("ana", line_a="Too late.")
    assert "This is not there any more" in world.last("ana")
    world.taps("ana", edit, on=shared)
    assert "This is not there any more" in world.last("ana")
    assert own(world, "ana") == []


def test_somebody_changed_it_between_the_question_and_the_press(world: World) -> None:
    write(world, "ana", TEXT)
    draft = world.hears("ana")[-1]
    propose(world, "ana", reach="everybody")
    confirm = world.hears("ana")[-1]
    world.presses("ana", "Edit", on=draft)
    world.fills("ana", line_a="Quite other words.")
    world.presses("ana", "Share", on=confirm)
    assert "It has changed since" in confirm.text
    assert own(world, "ana")[0].state is State.DRAFT


@pytest.mark.parametrize(
    ("values", "errors"),
    [
        ({"line_a": " "}, {"line_a": "Please write something first."}),
        (
            {"line_a": "x" * 867},
            {"line_a": "That is a little long. Please keep it to 866 characters."},
        ),
        ({"line_a": "a", "link": "http://x"}, {"link": "A link begins with https://"}),
        ({"line_a": "a", "link": "https://x y"}, {"link": "A link begins with https://"}),
        (
            {"line_a": "a", "revisit_on": "2026-03-02"},
            {"revisit_on": "That day is over. Please choose one that is still to come."},
        ),
        (
            {"line_a": "a", "revisit_on": "soon"},
            {"revisit_on": "Please write the day as YYYY-MM-DD."},
        ),
    ],
)
def test_what_a_form_cannot_take(
    world: World, values: dict[str, str], errors: dict[str, str]
) -> None:
    world.says("ana", "/narrate decision")
    assert world.fills("ana", **values).errors == errors
    assert own(world, "ana") == []


def test_long_words_behind_the_command_stand_in_the_form(world: World) -> None:
    words = "The export loses its header. " * 40
    reply = world.says("ana", f"/narrate learned {words}")
    assert reply.message is None
    assert world.form is not None
    first, second = (str(field.value) for field in world.form.fields[:2])
    assert len(first) <= 900
    assert f"{first} {second}" == words.strip()
    assert own(world, "ana") == []
    world.fills("ana")
    assert own(world, "ana")[0].text == f"{first}\n{second}"


def test_what_the_form_has_no_room_for_is_given_back(world: World) -> None:
    words = " ".join(f"word{number}" for number in range(500))
    reply = world.says("ana", f"/narrate learned {words}")
    assert world.form is not None
    assert reply.private
    held = " ".join(str(field.value) for field in world.form.fields[:2])
    told = world.last("ana")
    assert "this is the rest" in told
    assert told.endswith("word499")
    assert held.endswith(f"word{int(told.split('> word')[1].split()[0]) - 1}")


def test_words_without_a_gap_are_cut_where_the_room_ends(world: World) -> None:
    world.says("ana", "/narrate learned " + "x" * 901)
    assert world.form is not None
    assert [field.value for field in world.form.fields[:2]] == ["x" * 900, "x"]


def test_what_begins_with_a_word_of_ours_is_written_down(world: World) -> None:
    world.says("ana", "/narrate digest of the conference I went to")
    world.says("ana", "/narrate here is what I found")
    assert [kept.text for kept in own(world, "ana")] == [
        "here is what I found",
        "digest of the conference I went to",
    ]
    world.says("ana", "/narrate digest")
    assert "in the channel it is about" in world.last("ana")


def test_markup_and_control_characters_are_only_text(world: World) -> None:
    write(world, "ana", "**not bold** <b>x</b> \x00\u202e[a](https://x) ok")
    assert "**not bold** <b>x</b> [a](https://x) ok" in world.last("ana")


def test_letters_of_who_is_silent_are_not_forced_upon_them(world: World) -> None:
    world.says("ben", "stop")
    share(world, "ana", TEXT, reach="people", person_one="ben")
    world.passes(days=4)
    assert not any(TEXT in heard for heard in world.dms("ben"))
    [kept] = own(world, "ana")
    with world.database.transaction() as work:
        state = work.outbox.state(WORKSPACE, f"narration:{kept.id}:to:ben")
        assert work.narrations.shared_with(PersonId("ben"), 5) != []
    assert state is LetterState.SUPPRESSED

"""What a question's card in a channel is to each of its readers."""

import pytest

from bot.form import ChoiceField
from bot.inbound import Inbound, Place, PlaceKind, Said, Shortcut
from bot.message import Buttons, Message
from bot.plain import render_plain
from tests.world import Heard, World

TAXI = "How do I claim a taxi on a trip?"
FORM = "Use the expense form, with the receipt."


def posted(world: World, command: str = "/ask anonymously") -> Heard:
    """Ana's question stands in the topic's channel, without her name."""
    world.says("ana", f"{command} {TAXI}")
    world.passes(hours=1, minutes=31)
    world.presses("ana", "Post it")
    (post,) = world.in_channel("#travel")
    return post


def seen(world: World, who: str, post: Heard) -> Message:
    view = world.looks(who, post)
    assert view is not None
    return view


def readers(post: Heard) -> list[str]:
    return list(post.message.readers)


def labels(card: Message) -> list[str]:
    rows = [part for part in card.parts if isinstance(part, Buttons)]
    return [button.label for row in rows for button in row.buttons]


@pytest.mark.parametrize("command", ["/ask anonymously", "/ask"])
def test_who_took_it_can_answer_on_the_post_and_others_see_who_has_it(
    either_world: World, command: str
) -> None:
    world = either_world
    post = posted(world, command)
    assert readers(post) == []
    for who in ("ana", "cem", "kim"):
        assert seen(world, who, post) == post.message
    world.presses("cem", "I take it", on=post)
    assert "Cem is on it." in post.text
    assert (readers(post), labels(post.message)) == (["cem"], [])
    own = seen(world, "cem", post)
    assert labels(own) == ["Answer", "Ask back", "Give it back"]
    assert own.readers == ("cem",)
    for who in ("ana", "kim", "sam", "dana"):
        assert seen(world, who, post) == post.message


def test_what_the_asker_added_is_for_who_has_it(world: World) -> None:
    post = posted(world)
    world.presses("cem", "I take it", on=post)
    world.presses("ana", "Add something")
    world.fills("ana", text="It was in Lyon.")
    assert "Lyon" in render_plain(seen(world, "cem", post))
    for who in ("ana", "kim", "dana"):
        assert "Lyon" not in render_plain(seen(world, who, post))


def test_given_back_on_the_own_card_the_post_stays_for_all(world: World) -> None:
    post = posted(world)
    world.presses("cem", "I take it", on=post)
    (give_back,) = [
        button
        for part in seen(world, "cem", post).parts
        if isinstance(part, Buttons)
        for button in part.buttons
        if button.label == "Give it back"
    ]
    reply = world.taps("cem", give_back, on=post)
    assert not reply.replace
    assert "Someone asks" in post.text
    assert labels(post.message) == ["I take it", "Answer"]
    assert readers(post) == []
    assert seen(world, "cem", post) == post.message


def test_nobody_is_named_by_a_card_that_names_nobody(world: World) -> None:
    post = posted(world)
    world.presses("cem", "I take it", on=post)
    world.presses("cem", "Answer")
    world.fills("cem", answer=FORM)
    assert readers(post) == ["cem"]
    assert labels(seen(world, "cem", post)) == ["Add to it"]
    world.presses("ana", "That’s the answer")
    assert "has been answered" in post.text
    assert readers(post) == []
    assert seen(world, "cem", post) == post.message


def test_an_open_question_is_the_holders_in_the_channel_too(world: World) -> None:
    world.says("ana", f"/ask openly {TAXI}", "#general")
    (status,) = world.in_channel("#general")
    holder = world.who_was_asked()[0]
    assert readers(status) == []
    world.presses(holder, "I take it")
    assert readers(status) == [holder]
    assert labels(seen(world, holder, status)) == ["Answer", "Ask back", "Give it back"]
    assert seen(world, "ana", status) == status.message
    assert "Withdraw" in labels(status.message)


def test_what_is_no_card_of_a_question_is_nothing_to_anybody(world: World) -> None:
    post = posted(world)
    world.presses("cem", "I take it", on=post)
    other = Heard(id="m999", conversation=post.conversation, message=post.message)
    assert world.looks("cem", other) is None
    elsewhere = Heard(id=post.id, conversation="#general", message=post.message)
    assert world.looks("cem", elsewhere) is None
    card = next(h for h in world.hears("ana") if h.conversation == "dm:ana" and h.key is not None)
    assert world.looks("ana", card) is None


def test_looking_leaves_no_trace(world: World) -> None:
    post = posted(world)
    world.presses("cem", "I take it", on=post)
    before = world.now
    world.looks("nobody-we-know", post)
    with world.database.transaction() as work:
        assert work.people.find(world.platform, world.external, "nobody-we-know")[1] is None
    world.leaves("cem")
    assert world.looks("cem", post) is None
    assert world.now == before


@pytest.mark.parametrize("is_there", [True, False])
def test_openly_is_offered_only_where_we_can_say_something(world: World, is_there: bool) -> None:
    place = Place(conversation="#general", kind=PlaceKind.CHANNEL, has_us=is_there)
    used = Inbound(
        platform=world.platform,
        workspace=world.external,
        event_id="used",
        person="ana",
        place=place,
        at=world.now,
        what=Shortcut(name="ask"),
    )
    form = world.app.receive(used).form
    assert form is not None
    (who_sees,) = [field for field in form.fields if field.name == "visibility"]
    assert isinstance(who_sees, ChoiceField)
    assert ("open" in [option.value for option in who_sees.options]) is is_there


def test_where_there_are_no_threads_the_card_says_what_was_asked(world: World) -> None:
    # It stands ten messages further down, among all else.
    place = Place(conversation="#general", kind=PlaceKind.CHANNEL, has_threads=False)
    words = Inbound(
        platform=world.platform,
        workspace=world.external,
        event_id="group",
        person="ana",
        place=place,
        at=world.now,
        what=Said(text=TAXI, mentioned=True, message="m1"),
    )
    world.app.receive(words)
    world.drains()
    (card,) = world.in_channel("#general")
    assert TAXI in card.text
    reply = place.model_copy(update={"thread": "m1"})
    for event, to in (("to words", "m1"), ("to the card", card.id)):
        reply = place.model_copy(update={"thread": to})
        said = Said(text=f"{FORM} {event}", mentioned=True, message=event)
        more = {"event_id": event, "person": "cem", "place": reply, "what": said}
        world.app.receive(words.model_copy(update=more))
        world.drains()
        assert f"{FORM} {event}" in world.last("ana")

"""Writing a campaign of several parts in chat, as Dana does it, and what stands where then."""

from bot.capabilities.campaigns.content import Format
from bot.capabilities.campaigns.model import Campaign, fold
from bot.form import ChoiceField
from bot.ids import PersonId
from bot.message import Button, Choice
from bot.pack.ports import Put
from bot.people import Role
from bot.reply import Reply
from tests.capabilities.quizzes.taking import TWO, quiz_of
from tests.world import WORKSPACE, Heard, World


def writes(world: World, title: str = "Two weeks of data", **values: str) -> Heard:
    """Dana begins a campaign of several parts; its card. Sam approves campaigns."""
    world.changes("sam", roles=frozenset({Role.APPROVER}))
    with world.database.transaction() as work:
        work.packs.put(WORKSPACE, [Put(quiz_of(TWO), "test", world.now)])
    world.says("dana", "/campaign")
    world.presses("dana", "Several parts")
    reply = world.fills("dana", title=title, **values)
    assert reply.errors == {}
    return world.hears("dana")[-1]


def now_of(world: World, who: str, card: Heard) -> Heard:
    """A card as it stands now; platforms give what it was when it was heard."""
    return next(heard for heard in world.hears(who) if heard.id == card.id)


def picks(world: World, who: str, on: Heard, label: str, value: str) -> Reply:
    """Choose something on a card."""
    on = now_of(world, who, on)
    choice = next(
        part
        for part in on.message.parts
        if isinstance(part, Choice)
        and part.label == label
        and value in {option.value for option in part.options}
    )
    chosen = Button(label=label, action=choice.action, args={**choice.args, "choice": value})
    return world.taps(who, chosen, on=on)


def place_of(world: World, said: str) -> str:
    """What the form before Dana calls a place; a channel has another address on each platform."""
    assert world.form is not None
    [field] = [field for field in world.form.fields if field.name == "place"]
    assert isinstance(field, ChoiceField)
    called = said.removeprefix("#").casefold()
    return next(
        option.value
        for option in field.options
        if option.value == said or called in option.label.casefold()
    )


def adds(world: World, card: Heard, format_: Format, **values: str) -> Heard:
    """Dana adds a part; the card as it is then."""
    picks(world, "dana", card, "Add a part", format_)
    if "place" in values:
        values["place"] = place_of(world, values["place"])
    reply = world.fills("dana", **values)
    assert reply.errors == {}
    return world.hears("dana")[-1]


def three_parts(world: World) -> Heard:
    """Two messages and a quiz between them, from Tuesday to Thursday."""
    card = writes(world)
    card = adds(world, card, Format.MESSAGE, date="2026-03-03", text="Here we go.")
    card = adds(world, card, Format.QUIZ, date="2026-03-04", ref="data")
    return adds(world, card, Format.MESSAGE, date="2026-03-05", text="That was it.")


def reads(world: World) -> Campaign:
    """The newest campaign of Dana’s, which is the fold of its events."""
    with world.database.transaction() as work:
        campaign = work.campaigns.shown_to(WORKSPACE, PersonId("dana"), 1)[0]
        assert fold(campaign, work.campaigns.events(campaign.id)) == campaign
    return campaign


def labels(heard: Heard) -> list[str]:
    return [button.label for button in heard.buttons]


def starts(world: World) -> Heard:
    """Three parts, approved by Sam and scheduled; Dana’s card."""
    card = three_parts(world)
    world.presses("dana", "Submit for approval", on=card)
    world.passes(seconds=1)
    world.presses("sam", "Approve")
    world.passes(seconds=1)
    world.presses("dana", "Open it")
    card = world.hears("dana")[-1]
    world.presses("dana", "Schedule it", on=card)
    return card


def travel(world: World) -> list[Heard]:
    """What stands in the channel of the topic for everybody."""
    return [h for h in world.room.heard if h.conversation == "#travel" and h.only is None]


def approve_and_schedule(world: World, card: Heard) -> None:
    """What Dana has before her is approved by Sam, and begins by itself."""
    world.presses("dana", "Submit for approval", on=card)
    world.passes(seconds=1)
    world.presses("sam", "Approve")
    world.passes(seconds=1)
    world.presses("dana", "Open it")
    world.presses("dana", "Schedule it", on=world.hears("dana")[-1])

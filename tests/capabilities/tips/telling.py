"""Tips for the people of a world, and what stands in the store about them."""

from dataclasses import replace

from bot.capabilities.tips.model import Card, Learner, Subscription
from bot.ids import PersonId, TopicId
from bot.message import Choice
from bot.pack.item import Option
from bot.pack.model import Check, Tip, Variant
from bot.pack.ports import Put
from bot.slot import Slot
from bot.topic import Topic
from tests.world import WORKSPACE, Heard, World

LABELS = ("New to me", "Useful", "Knew it", "Not for me")


def check(name: str) -> Check:
    """A question with one right answer and two likely mistakes."""
    return Check(
        q=f"What about {name}?",
        options=(
            Option(id="a", text=f"The best of {name}", score=1, feedback="That is it."),
            Option(id="b", text=f"Half of {name}", feedback="It leaves the other half."),
            Option(id="c", text=f"None of {name}", feedback="That is what most think."),
        ),
    )


def tip(name: str, topic: str = "travel", *, asks: bool = True, **more: object) -> Tip:
    """A tip called so, with a question unless it is said once."""
    fields: dict[str, object] = {
        "id": f"t-{name}",
        "topic": topic,
        "text": f"Mind *{name}*.",
        "check": check(name) if asks else None,
        "spaced": asks,
    }
    return Tip.model_validate(fields | more)


def variant(name: str, words: str) -> Variant:
    """The same idea in other words, with a question of its own."""
    return Variant(text=f"Mind {name}, {words}.", check=check(f"{name}, {words}"))


def tell(world: World, *tips: Tip) -> None:
    """Somebody wrote these tips just now."""
    with world.database.transaction() as work:
        work.packs.put(WORKSPACE, [Put(one, pack="made-up", at=world.now) for one in tips])


def open_topic(world: World, id_: str, *, steward: str = "sam", regulated: bool = False) -> None:
    world.opens_topic(
        Topic(TopicId(id_), WORKSPACE, id_.title(), steward=PersonId(steward), regulated=regulated)
    )


def follow(world: World, who: str, topic: str = "travel", pace: str = "Every working day") -> str:
    """Two taps; what is said then."""
    world.says(who, f"/tips {topic}")
    world.presses(who, pace)
    return world.last(who)


def budget(world: World, who: str, per_day: int = 1, per_week: int = 5) -> None:
    """What somebody lets themselves be told in a week."""
    with world.database.transaction() as work:
        attention = work.attention.get(PersonId(who))
        work.attention.save(replace(attention, per_day=per_day, per_week=per_week))


def letters(world: World, who: str) -> list[Heard]:
    """What slots brought to somebody, oldest first."""
    return [
        heard
        for heard in world.hears(who)
        if heard.key is not None and heard.key.startswith("tips.daily:")
    ]


def labels(heard: Heard) -> list[str]:
    return [button.label for button in heard.buttons]


def letter_of(heard: Heard, text: str) -> str:
    """The letter of the option that begins with these words."""
    for line in heard.text.splitlines():
        letter, _, words = line.strip().partition(". ")
        if words.startswith(text):
            return letter
    raise AssertionError(heard.text)


def card(world: World, who: str, name: str) -> Card | None:
    with world.database.transaction() as work:
        return work.tips.card(PersonId(who), f"t-{name}")


def learner(world: World, who: str) -> Learner:
    with world.database.transaction() as work:
        return work.tips.learner(PersonId(who), WORKSPACE)


def subscription(world: World, who: str, topic: str = "travel") -> Subscription:
    with world.database.transaction() as work:
        return next(s for s in work.tips.subscriptions(PersonId(who)) if s.topic == topic)


def slot(world: World, who: str) -> Slot | None:
    with world.database.transaction() as work:
        return next(iter(work.slots.of(PersonId(who))), None)


def choose(world: World, who: str, label: str, value: str) -> str:
    """Choose one of a list that the person sees; what is said then."""
    for heard in reversed(world.hears(who)):
        for part in heard.message.parts:
            if isinstance(part, Choice) and part.label == label:
                assert value in {option.value for option in part.options}
                world.forges(who, part.action, {**part.args, "choice": value})
                return world.last(who)
    raise AssertionError(f"{who} sees no list {label!r}")

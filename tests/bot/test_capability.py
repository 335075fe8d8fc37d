"""A registry names every entrance once."""

import pytest

from bot.capabilities.questions import capability as questions
from bot.capability import Capability, Clash, Order, register
from bot.context import Context
from bot.inbound import Command
from bot.ports import Timer, Work
from bot.reply import NOTHING, Reply


def quiet(_context: Context, _work: Work, _command: Command) -> Reply:
    return NOTHING


def later(_context: Context, _work: Work, _timer: Timer) -> None:
    return None


ORDER: Order[Work] = Order(quiet, "", "does nothing")
ENTRANCES: list[Capability[Work]] = [
    Capability(name="a", title="A", orders={"go": ORDER}),
    Capability(name="a", title="A", presses={"a.go": quiet}),
    Capability(name="a", title="A", submits={"a.go": quiet}),
    Capability(name="a", title="A", timers={"a.go": later}),
    Capability(name="a", title="A", hears={"a": quiet}),
    Capability(name="a", title="A", mention=quiet),
    Capability(name="a", title="A", words=quiet),
]


@pytest.mark.parametrize("entrance", ENTRANCES)
def test_two_capabilities_do_not_share_an_entrance(entrance: Capability[Work]) -> None:
    with pytest.raises(Clash):
        register([entrance, entrance])


def test_what_is_registered_is_found_under_its_name() -> None:
    registry = register(ENTRANCES[:5])
    assert (set(registry.orders), set(registry.presses)) == ({"go"}, {"a.go"})
    assert registry.words is None


def test_no_command_is_the_beginning_of_help_for_another() -> None:
    registry = register([questions])
    assert "help" not in registry.orders
    for order in registry.orders.values():
        assert order.help
        assert order.help[0].islower()
        assert not order.help.endswith(".")


def test_every_action_names_its_noun_and_verb() -> None:
    registry = register([questions])
    for action in {*registry.presses, *registry.submits, *registry.timers}:
        noun, _, verb = action.partition(".")
        assert noun in {"question", "faq"}
        assert verb.replace("_", "").isalpha()

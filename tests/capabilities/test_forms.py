"""Which buttons open forms is known before they are pressed: Teams opens a dialog for no other.

That every one which does is declared, every talk looks at as well (`tests.world.World`).
"""

import ast
import inspect
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from textwrap import dedent
from types import FunctionType, ModuleType
from typing import Any

import pytest

from bot.bootstrap.registry import CAPABILITIES
from bot.capability import Capability, register
from bot.context import Context
from bot.inbound import Command
from bot.ports import Work
from bot.reply import NOTHING, Reply

REGISTRY = register(CAPABILITIES)


def plain(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function without what was bound to it beforehand."""
    return plain(function.func) if isinstance(function, partial) else inspect.unwrap(function)


def called(function: FunctionType) -> Iterator[FunctionType]:
    """The functions of capabilities that a function names, and may so call."""
    known: Mapping[str, Any] = {
        **function.__globals__,
        **inspect.getclosurevars(function).nonlocals,
    }
    for node in ast.walk(tree_of(function)):
        found: Any = None
        if isinstance(node, ast.Name):
            found = known.get(node.id)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            owner = known.get(node.value.id)
            found = getattr(owner, node.attr, None) if isinstance(owner, ModuleType) else None
        found = plain(found) if callable(found) and not isinstance(found, type) else None
        if isinstance(found, FunctionType) and found.__module__.startswith("bot.capabilities"):
            yield found


def tree_of(function: FunctionType) -> ast.AST:
    return ast.parse(dedent(inspect.getsource(function)))


def makes_form(function: FunctionType) -> bool:
    """Whether its own lines answer with a form."""
    return any(
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == Reply.__name__
        and any(word.arg == "form" for word in node.keywords)
        for node in ast.walk(tree_of(function))
    )


def may_open(function: FunctionType) -> bool:
    """Whether a form can be what a function answers, by whatever it calls."""
    seen: set[FunctionType] = set()
    waiting = [function]
    while waiting:
        one = waiting.pop()
        if one in seen:
            continue
        seen.add(one)
        if makes_form(one):
            return True
        waiting.extend(called(one))
    return False


def handler(action: str) -> FunctionType:
    found = plain(REGISTRY.presses[action])
    assert isinstance(found, FunctionType)
    return found


@pytest.mark.parametrize("action", REGISTRY.presses)
def test_a_button_is_declared_to_open_a_form_when_it_can(action: str) -> None:
    assert may_open(handler(action)) == (action in REGISTRY.opens_forms)


def open_something(_context: Context, _work: Work, _command: Command) -> Reply:
    return NOTHING


def test_no_form_is_declared_for_a_button_that_is_not_there() -> None:
    capability: Capability[Work] = Capability(
        name="a", title="A", presses={"a.go": open_something}, opens_forms=frozenset({"a.gone"})
    )
    with pytest.raises(ValueError, match=r"a\.gone"):
        register([capability])

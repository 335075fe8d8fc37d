"""Sentences name commands as code, so that a platform can write them as they are typed there."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from bot.app import OWN_WORDS
from bot.capability import register
from tests.world import CAPABILITIES

CORE = Path(__file__).parents[2] / "bot"
WORDS = {*register(CAPABILITIES).orders, *OWN_WORDS}
BARE = re.compile(r"(?<![\w/.`])/([a-z]+)\b")


def sentences(path: Path) -> Iterator[str]:
    """The strings of a module, but for what explains it."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    explained = {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in explained:
            yield node.value


def is_bare(said: str) -> bool:
    """Whether a string of several words names a command without the marks of code."""
    return " " in said and not WORDS.isdisjoint(BARE.findall(said))


def test_every_sentence_names_commands_as_code() -> None:
    paths = [
        *(CORE / "capabilities").rglob("*.py"),
        *(CORE / name for name in ("app.py", "messages.py", "errors.py", "page.py")),
    ]
    # What imports says is said on the command line, where nothing is rewritten.
    paths = [path for path in paths if path.name != "importing.py"]
    said = [sentence for path in paths for sentence in sentences(path)]
    assert sum("`/" in sentence for sentence in said) > 30
    bare = [sentence for sentence in said if is_bare(sentence)]
    assert bare == []


def test_a_sentence_with_a_bare_command_would_be_found() -> None:
    assert is_bare("Say /pause to be left alone.")
    assert not is_bare("Say `/pause` to be left alone.")
    assert not is_bare("Either/or, and/pause is no command.")

"""What the guide for authors shows can be used as it stands."""

import re
from datetime import timedelta
from pathlib import Path
from shlex import split
from typing import get_args

import click
import pytest
from click.testing import CliRunner, Result
from pydantic import BaseModel

from bot.__main__ import main
from bot.pack.completion import Some, parse
from bot.pack.document import Campaign
from bot.pack.item import Item
from bot.pack.model import Quiz
from content.file import Findings, read_file
from content.schema import FILES
from content.sense import item_faults
from content.template import ITEM_TYPES
from content.trailer import Trailers, read_trailers

GUIDE = Path(__file__).parents[2] / "content" / "README.md"
README = Path(__file__).parents[2] / "README.md"


def test_its_quiz_has_good_shape(tmp_path: Path) -> None:
    (quiz, campaign) = (read_example(tmp_path, number) for number in range(2))
    assert isinstance(quiz, Quiz)
    assert [fault for item in quiz.items for fault in item_faults(item)] == []
    assert isinstance(campaign, Campaign)
    assert isinstance(parse(campaign.completion or ""), Some)


def test_it_can_be_followed_from_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("INFLOW_DEMO", "false")
    text = GUIDE.read_text(encoding="utf-8")
    first, *later = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    new, check, render, *bring = [split(line, comments=True)[1:] for line in first.splitlines()]

    def call(words: list[str]) -> Result:
        return CliRunner().invoke(main, words)

    assert call(new).exit_code == 0
    done = call(check)
    assert done.exit_code == 1
    errors = [line for line in done.stdout.splitlines() if ": error: " in line]
    assert [line for line in errors if "still to do" not in line] == []
    assert call(render).exit_code == 0
    # Somebody writes it, and takes the quiz of the guide.
    for path in Path("first-aid").rglob("*.*"):
        path.write_text(path.read_text().replace("TODO", ""))
    Path("first-aid/quizzes/first-aid.yaml").write_text(
        re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)[0]
    )
    assert call(check).exit_code == 0
    assert [call(words).exit_code for words in (render, *bring)] == [0] * 4
    # What somebody has elsewhere comes and goes.
    Path("bank.gift").write_text("What now?{=Call ~Run ~Wait}\n")
    lines = [split(line)[1:] for block in later for line in block.splitlines()]
    exchange = [
        words for words in lines if words[:2] in (["content", "import"], ["content", "export"])
    ]
    gift = next(words for words in exchange if words[:3] == ["content", "import", "gift"])
    assert call(gift).exit_code == 0
    assert call([word for word in exchange[-1] if word != ">"][:6]).exit_code == 0
    readme = README.read_text(encoding="utf-8")
    assert f"--objective {gift[gift.index('--objective') + 1]}" in readme


def read_example(folder: Path, number: int) -> BaseModel:
    examples = re.findall(r"```yaml\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    path = folder / f"{number}.yaml"
    path.write_text(examples[number], encoding="utf-8")
    findings = Findings()
    _, file = read_file(folder, path, findings)
    findings.raise_any()
    assert file is not None
    assert findings.warnings() == ()
    return file.part


@pytest.mark.parametrize("page", [GUIDE, README], ids=["guide", "readme"])
def test_every_command_that_is_shown_is_there(page: Path) -> None:
    shown = re.findall(r"inflow (content [^`#>\n)]+)", page.read_text(encoding="utf-8"))
    assert len(shown) > 5
    for line in shown:
        words = line.split()
        command: click.Command = main
        while words and isinstance(command, click.Group):
            command = command.commands[words.pop(0)]
        known = {option for param in command.params for option in param.opts}
        assert {word for word in words if word.startswith("--")} <= known, line


def test_the_end_of_a_message_says_what_is_said_of_it() -> None:
    [told] = re.findall(r"```\n(Material.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    assert read_trailers(told) == Trailers(
        editorial=frozenset({"first-aid-01", "first-aid-04"}),
        is_material=True,
        deadline=timedelta(days=60),
        approved_by=("kim", "ana"),
    )


def test_it_names_every_kind_of_file_and_every_type_of_item() -> None:
    rows = set(re.findall(r"^\| `([a-z_]+)` \|", GUIDE.read_text(encoding="utf-8"), re.MULTILINE))
    assert rows == (set(FILES) - {"demo"}) | set(ITEM_TYPES)
    types = {
        get_args(kind.model_fields["type"].annotation)[0] for kind in get_args(get_args(Item)[0])
    }
    assert types == set(ITEM_TYPES)

"""What the guide for authors shows can be used as it stands."""

import re
from pathlib import Path
from typing import get_args

from bot.pack.item import Item
from bot.pack.model import Quiz
from content.file import Findings, read_file
from content.schema import FILES
from content.sense import item_faults
from content.template import ITEM_TYPES

GUIDE = Path(__file__).parents[2] / "content" / "README.md"


def test_its_quiz_has_good_shape(tmp_path: Path) -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    path = tmp_path / "quiz.yaml"
    path.write_text(example, encoding="utf-8")
    findings = Findings()
    _, file = read_file(tmp_path, path, findings)
    findings.raise_any()
    assert file is not None
    assert isinstance(file.part, Quiz)
    assert [fault for item in file.part.items for fault in item_faults(item)] == []


def test_it_names_every_kind_of_file_and_every_type_of_item() -> None:
    rows = set(re.findall(r"^\| `([a-z_]+)` \|", GUIDE.read_text(encoding="utf-8"), re.MULTILINE))
    assert rows == (set(FILES) - {"demo"}) | set(ITEM_TYPES)
    types = {
        get_args(kind.model_fields["type"].annotation)[0] for kind in get_args(get_args(Item)[0])
    }
    assert types == set(ITEM_TYPES)

"""What an author begins with has good shape, and nobody gets it before it is finished."""

from collections.abc import Callable
from pathlib import Path

import pytest

from bot.pack.item import Status
from bot.pack.model import Quiz, Tip
from content.load import PackError, find_packs, load_packs
from content.template import ITEM_TYPES, make_pack, write_item, write_quiz, write_section, write_tip


def finish(made: list[Path]) -> None:
    """Do what is still to do."""
    for path in made:
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace("TODO ", "").replace("TODO", "So."), encoding="utf-8")


def test_in_a_new_pack_all_is_to_do_and_nothing_is_wrong(tmp_path: Path) -> None:
    folder = tmp_path / "first-aid"
    made = make_pack(folder, "first-aid")
    assert all(path.is_file() for path in made)
    with pytest.raises(PackError) as caught:
        load_packs([folder])
    assert all("still to do" in error for error in caught.value.errors)
    assert [error.removeprefix(f"{folder}/").split(": ")[0] for error in caught.value.errors] == [
        "pack.yaml:3:1",
        "sections/first-aid.md:4:1",
        "sections/first-aid.md:7:1",
        "sections/first-aid.md:9:1",
    ]
    finish(made)
    (loaded,) = load_packs([folder])
    (warning,) = loaded.warnings
    assert warning.endswith("items: nobody is asked this yet: of 3 items none is live")
    assert [v.id for v in loaded.bundle.contents] == ["first-aid", "first-aid", "t-first-aid"]
    (tip,) = [value for value in loaded.bundle.contents if isinstance(value, Tip)]
    assert tip.status == "draft"


def test_nothing_is_written_over(tmp_path: Path) -> None:
    folder = tmp_path / "first-aid"
    make_pack(folder, "first-aid")
    (folder / "pack.yaml").unlink()
    with pytest.raises(FileExistsError, match=r"topics\.yaml"):
        make_pack(folder, "first-aid")
    assert not (folder / "pack.yaml").exists()


def test_a_name_that_is_no_id_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="'First Aid' is no id"):
        make_pack(tmp_path / "First Aid", "First Aid")
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize(
    "write",
    [
        lambda: write_item("numeric", "foo_bar"),
        lambda: write_item("numeric", "it-1", "An objective"),
        lambda: write_tip("T 1"),
        lambda: write_section("a", "B"),
        lambda: write_quiz("x" * 61),
    ],
)
def test_nothing_begins_with_an_id_that_the_check_refuses(write: Callable[[], str]) -> None:
    with pytest.raises(ValueError, match="is no id: small letters, digits and hyphens"):
        write()


@pytest.mark.parametrize("type_", ITEM_TYPES)
def test_every_type_of_item_has_good_shape(tmp_path: Path, type_: str) -> None:
    folder = tmp_path / "first-aid"
    finish(make_pack(folder, "first-aid"))
    quiz = write_quiz("aid", "first-aid").replace("status: draft", "status: live")
    quiz = quiz.replace("TODO ", "").replace("TODO", "So.")
    (folder / "aid.yaml").write_text(quiz + write_item(type_, "aid-99", "the-decision"))
    (loaded,) = load_packs([folder])
    (found,) = [v for v in loaded.bundle.contents if isinstance(v, Quiz) and v.id == "aid"]
    assert (found.items[-1].type, found.items[-1].status) == (type_, Status.DRAFT)


def test_what_is_still_to_do_is_no_live_item(tmp_path: Path) -> None:
    folder = tmp_path / "first-aid"
    finish(make_pack(folder, "first-aid"))
    quiz = write_quiz("aid", "first-aid").replace("status: draft", "status: live")
    (folder / "aid.yaml").write_text(quiz)
    with pytest.raises(PackError) as caught:
        load_packs([folder])
    assert all("still to do" in error for error in caught.value.errors)
    # The title of the quiz, what its objective is, and each of the items.
    assert len(caught.value.errors) == 5


def test_packs_are_found_in_a_folder_of_packs(tmp_path: Path) -> None:
    make_pack(tmp_path / "b", "b")
    make_pack(tmp_path / "a", "a")
    (tmp_path / "empty").mkdir()
    assert find_packs(tmp_path) == [tmp_path / "a", tmp_path / "b"]
    assert find_packs(tmp_path / "a") == [tmp_path / "a"]
    assert find_packs(tmp_path / "empty") == []

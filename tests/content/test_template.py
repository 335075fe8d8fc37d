"""What an author begins with passes the check, as a draft."""

from pathlib import Path

import pytest

from bot.pack.item import Status
from bot.pack.model import Quiz, Tip
from content.load import PackError, find_packs, load_packs
from content.template import ITEM_TYPES, make_pack, write_item, write_quiz


def test_a_new_pack_is_well(tmp_path: Path) -> None:
    made = make_pack(tmp_path / "first-aid", "first-aid")
    assert all(path.is_file() for path in made)
    (loaded,) = load_packs([tmp_path / "first-aid"])
    assert loaded.warnings == ()
    assert [value.id for value in loaded.bundle.contents] == ["first-aid", "t-first-aid"]
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


@pytest.mark.parametrize("type_", ITEM_TYPES)
def test_every_type_of_item_has_good_shape(tmp_path: Path, type_: str) -> None:
    folder = tmp_path / "first-aid"
    make_pack(folder, "first-aid")
    quiz = write_quiz("aid", "first-aid").replace("status: draft", "status: live")
    quiz = quiz.replace("TODO ", "").replace("TODO", "So.")
    (folder / "aid.yaml").write_text(quiz + write_item(type_, "aid-99", "the-decision"))
    (loaded,) = load_packs([folder])
    (found,) = [value for value in loaded.bundle.contents if isinstance(value, Quiz)]
    assert (found.items[-1].type, found.items[-1].status) == (type_, Status.DRAFT)


def test_what_is_still_to_do_is_no_live_item(tmp_path: Path) -> None:
    folder = tmp_path / "first-aid"
    make_pack(folder, "first-aid")
    quiz = write_quiz("aid", "first-aid").replace("status: draft", "status: live")
    (folder / "aid.yaml").write_text(quiz)
    with pytest.raises(PackError) as caught:
        load_packs([folder])
    assert all("something in it is still to do" in error for error in caught.value.errors)
    assert len(caught.value.errors) == 3


def test_packs_are_found_in_a_folder_of_packs(tmp_path: Path) -> None:
    make_pack(tmp_path / "b", "b")
    make_pack(tmp_path / "a", "a")
    (tmp_path / "empty").mkdir()
    assert find_packs(tmp_path) == [tmp_path / "a", tmp_path / "b"]
    assert find_packs(tmp_path / "a") == [tmp_path / "a"]
    assert find_packs(tmp_path / "empty") == []

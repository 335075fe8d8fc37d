"""The static table, read without its package."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from bot.search import Vectors, VectorsUnreadable


@pytest.fixture(scope="module")
def vectors() -> Vectors:
    loaded = Vectors.load()
    if loaded is None:
        pytest.skip("the vectors extra is not installed")
    return loaded


def test_rows_have_length_one(vectors: Vectors) -> None:
    rows = vectors.encode(["How do I reset my token?", "", "  ", "😀", "x" * 40_000])
    assert rows.shape == (5, vectors.width)
    assert rows.dtype == np.float32
    assert np.linalg.norm(rows, axis=1) == pytest.approx([1, 0, 0, 1, 1], abs=1e-5)
    assert vectors.encode([]).shape == (0, vectors.width)


def test_alike_is_nearer_than_unlike(vectors: Vectors) -> None:
    asked, alike, unlike = vectors.encode(
        ["how do I request vacation", "applying for holidays", "the printer has no paper"]
    )
    assert asked @ alike > asked @ unlike + 0.1


def test_a_text_does_not_depend_on_its_neighbours(vectors: Vectors) -> None:
    together = vectors.encode(["short", "a considerably longer text than that", "short"])
    assert together[0].tolist() == together[2].tolist() == vectors.encode(["short"])[0].tolist()


@pytest.mark.parametrize("missing", ["wordllama", "tokenizers"])
def test_without_the_extra_there_are_none(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    # None in this place is how Python itself marks a module that cannot be imported.
    monkeypatch.setitem(sys.modules, missing, None)
    assert Vectors.load() is None


@pytest.mark.parametrize("damaged", ["weights", "tokenizers"])
def test_damaged_files_are_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, vectors: Vectors, damaged: str
) -> None:
    # A package of the same name, found first: the real table beside a broken file.
    spec = importlib.util.find_spec("wordllama")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    real = Path(spec.submodule_search_locations[0])
    package = tmp_path / "wordllama"
    (package / "weights").mkdir(parents=True)
    (package / "tokenizers").mkdir()
    (package / "__init__.py").touch()
    for name in (
        "weights/l2_supercat_256.safetensors",
        "tokenizers/l2_supercat_tokenizer_config.json",
    ):
        if name.startswith(damaged):
            (package / name).write_bytes(b"\x00 broken")
        else:
            (package / name).symlink_to(real / name)
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(VectorsUnreadable, match=damaged):
        Vectors.load()


def test_missing_files_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    if Vectors.load() is None:
        pytest.skip("the vectors extra is not installed")
    (tmp_path / "wordllama").mkdir()
    (tmp_path / "wordllama" / "__init__.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(VectorsUnreadable, match="l2_supercat_256"):
        Vectors.load()


def test_searching_imports_neither_the_package_nor_an_http_client(vectors: Vectors) -> None:
    code = (
        "import sys\n"
        "from bot.search import Entry, TextIndex, Vectors\n"
        "index = TextIndex(Vectors.load())\n"
        "index.add(Entry('a', 'reset the token'))\n"
        "assert index.search('token reset')\n"
        "print(sorted({name.split('.')[0] for name in sys.modules}))\n"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=root,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    loaded = set(done.stdout.replace("'", "").strip("[]\n").split(", "))
    assert {"bot", "numpy", "tokenizers"} <= loaded
    assert loaded.isdisjoint({"wordllama", "requests", "huggingface_hub", "urllib3", "torch"})


def test_vectors_that_have_rested_say_the_same(vectors: Vectors) -> None:
    before = vectors.encode(["a taxi from the airport"])
    vectors.rest()
    assert vectors._tokenizer is None
    vectors.rest()
    assert (vectors.encode(["a taxi from the airport"]) == before).all()

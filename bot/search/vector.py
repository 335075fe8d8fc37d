"""Word vectors from a static table: the mean of a text's token rows.

The table and its tokenizer are the two data files inside the wordllama package (MIT licence, 256
numbers for each of 32,000 tokens). The package itself is never imported: it would bring compiled
code and an HTTP client, and its loader looks for files on the network.
"""

from __future__ import annotations

import importlib.util
import json
import mmap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from bot.late import Late

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from tokenizers import Tokenizer
else:
    np = Late("numpy")

_TABLE: Final = "weights/l2_supercat_256.safetensors"
_TABLE_NAME: Final = "embedding.weight"
_TOKENIZER: Final = "tokenizers/l2_supercat_tokenizer_config.json"

# A mean over more text than this says little, and the tokenizer takes a millisecond for it.
_CHARACTERS: Final = 4_000


class VectorsUnreadable(ValueError):
    """The packages of the `vectors` extra are there, but their data cannot be read."""


class Vectors:
    """The table in its file (16 MB, half precision), of which the pages that are used come into
    memory, and the tokenizer, which takes 15 MB while it is there. Threads may share it."""

    def __init__(self, tokenizer: Path, table: npt.NDArray[np.float16]) -> None:
        self._file = tokenizer
        self._table = table
        self._tokenizer: Tokenizer | None = None

    @classmethod
    def load(cls) -> Self | None:
        """Return the vectors, or None when the `vectors` extra is not installed.

        Raises VectorsUnreadable when it is installed but its files are missing or damaged. Never
        uses the network.
        """
        spec = importlib.util.find_spec("wordllama")
        if spec is None or not spec.submodule_search_locations:
            return None
        if importlib.util.find_spec("tokenizers") is None:
            return None
        folder = Path(spec.submodule_search_locations[0])
        try:
            table = _map_table(folder / _TABLE)
        except (OSError, LookupError, TypeError, ValueError) as error:
            raise VectorsUnreadable(f"{folder / _TABLE}: {error}") from error
        vectors = cls(folder / _TOKENIZER, table)
        if table.ndim != 2 or len(table) < vectors._ready().get_vocab_size():
            raise VectorsUnreadable(f"{folder / _TABLE}: the table does not fit its tokenizer")
        return vectors

    def _ready(self) -> Tokenizer:
        """The tokenizer, read where it was let go. Two threads may read it at once, which does
        no harm."""
        tokenizer = self._tokenizer
        if tokenizer is None:
            tokenizer = self._tokenizer = _read_tokenizer(self._file)
        return tokenizer

    @property
    def width(self) -> int:
        """How many numbers a vector has."""
        return int(self._table.shape[1])

    def rest(self) -> None:
        """Give back what only encoding needs: the tokenizer, and the pages of the table that were
        read so far, some 10 MB after a start.

        The next text waits for 50 ms until the tokenizer is read again, and the pages come from
        the system's memory of the file.
        """
        self._tokenizer = None
        file: object = self._table.base
        if isinstance(file, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
            file.madvise(mmap.MADV_DONTNEED)

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Return one row of length 1 for each text, or zeros for a text without tokens.

        The plain mean of the token rows: weighting tokens by rarity or taking out the first
        component ranked worse. Only the first 4,000 characters count.
        """
        encoded = np.zeros((len(texts), self.width), np.float32)
        tokenizer = self._ready()
        for row, text in zip(encoded, texts, strict=True):
            # Half of a surrogate pair, from a text cut in the middle, is no character to Rust.
            whole = text.strip()[:_CHARACTERS].encode(errors="replace").decode()
            tokens = tokenizer.encode(whole, add_special_tokens=False).ids
            if tokens:
                mean = self._table[tokens].mean(axis=0, dtype=np.float32)
                row[:] = mean / max(float(np.linalg.norm(mean)), 1e-12)
        return encoded


def _read_tokenizer(path: Path) -> Tokenizer:
    from tokenizers import Tokenizer  # noqa: PLC0415 - optional extra

    try:
        # From a string it would take 14 MB more, which the process never gets rid of.
        tokenizer = Tokenizer.from_file(str(path))
    # The tokenizers package raises bare exceptions for a file it cannot read.
    except Exception as error:
        raise VectorsUnreadable(f"{path}: {error}") from error
    # It would keep 10,000 texts for the case that one comes again, which takes 25 MB and, here,
    # saves nothing. There is no public way to say so for a tokenizer read from a file.
    tokenizer.model._resize_cache(0)
    return tokenizer


def _map_table(path: Path) -> npt.NDArray[np.float16]:
    """The table as it stands in the file; the safetensors package would copy all of it.

    The format: eight bytes with the length of the header, the header in JSON, the numbers
    (https://github.com/huggingface/safetensors#format).
    """
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if length > path.stat().st_size:
            raise ValueError("its header is longer than the file")
        tensor = json.loads(file.read(length))[_TABLE_NAME]
    if tensor["dtype"] != "F16":
        raise ValueError(f"the numbers are {tensor['dtype']}, not F16")
    start = 8 + length + tensor["data_offsets"][0]
    return np.memmap(path, "<f2", mode="r", offset=start, shape=tuple(tensor["shape"]))

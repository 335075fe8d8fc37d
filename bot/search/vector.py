"""Word vectors from a static table: the mean of a text's token rows.

The table and its tokenizer are the two data files inside the wordllama package (MIT licence, 256
numbers for each of 32,000 tokens). The package itself is never imported: it would bring compiled
code and an HTTP client, and its loader looks for files on the network.
"""

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_TABLE: Final = "weights/l2_supercat_256.safetensors"
_TABLE_NAME: Final = "embedding.weight"
_TOKENIZER: Final = "tokenizers/l2_supercat_tokenizer_config.json"

# A mean over more text than this says little, and the tokenizer takes a millisecond for it.
_CHARACTERS: Final = 4_000


class VectorsUnreadable(ValueError):
    """The packages of the `vectors` extra are there, but their data cannot be read."""


class Vectors:
    """The table in memory (16 MB, half precision). Immutable, so threads may share it."""

    def __init__(self, tokenizer: "Tokenizer", table: npt.NDArray[np.float16]) -> None:
        self._tokenizer = tokenizer
        self._table = table

    @classmethod
    def load(cls) -> Self | None:
        """Return the vectors, or None when the `vectors` extra is not installed.

        Raises VectorsUnreadable when it is installed but its files are missing or damaged. Never
        uses the network.
        """
        spec = importlib.util.find_spec("wordllama")
        if spec is None or not spec.submodule_search_locations:
            return None
        try:
            from safetensors import SafetensorError, safe_open  # noqa: PLC0415 - optional extra
            from tokenizers import Tokenizer  # noqa: PLC0415 - optional extra
        except ImportError:
            return None
        folder = Path(spec.submodule_search_locations[0])
        try:
            with safe_open(folder / _TABLE, framework="numpy") as tensors:
                table = tensors.get_tensor(_TABLE_NAME)
        except (OSError, SafetensorError) as error:
            raise VectorsUnreadable(f"{folder / _TABLE}: {error}") from error
        try:
            text = (folder / _TOKENIZER).read_text(encoding="utf-8")
            tokenizer = Tokenizer.from_str(text)
        # The tokenizers package raises bare exceptions for a file it cannot read.
        except Exception as error:
            raise VectorsUnreadable(f"{folder / _TOKENIZER}: {error}") from error
        # It would keep 10,000 texts for the case that one comes again, which takes 25 MB and, here,
        # saves nothing. There is no public way to say so for a tokenizer read from a file.
        tokenizer.model._resize_cache(0)
        if table.ndim != 2 or len(table) < tokenizer.get_vocab_size():
            raise VectorsUnreadable(f"{folder / _TABLE}: the table does not fit its tokenizer")
        return cls(tokenizer, table)

    @property
    def width(self) -> int:
        """How many numbers a vector has."""
        return int(self._table.shape[1])

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Return one row of length 1 for each text, or zeros for a text without tokens.

        The plain mean of the token rows: weighting tokens by rarity or taking out the first
        component ranked worse. Only the first 4,000 characters count.
        """
        encoded = np.zeros((len(texts), self.width), np.float32)
        for row, text in zip(encoded, texts, strict=True):
            # Half of a surrogate pair, from a text cut in the middle, is no character to Rust.
            whole = text.strip()[:_CHARACTERS].encode(errors="replace").decode()
            tokens = self._tokenizer.encode(whole, add_special_tokens=False).ids
            if tokens:
                mean = self._table[tokens].mean(axis=0, dtype=np.float32)
                row[:] = mean / max(float(np.linalg.norm(mean)), 1e-12)
        return encoded

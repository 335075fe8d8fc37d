"""Find the entries that say nearly the same as a question.

Read `index.py` first: `TextIndex` is what serves and, through `evaluation.py`, what is measured.
Nothing here knows of platforms, databases or the rest of the core.
"""

from bot.search.entry import Entry, Hit
from bot.search.index import LEXICAL, WITH_VECTORS, TextIndex, Weights
from bot.search.threshold import (
    THRESHOLDS_LEXICAL,
    THRESHOLDS_WITH_VECTORS,
    Thresholds,
    calibrate,
)
from bot.search.vector import Vectors, VectorsUnreadable

__all__ = [
    "LEXICAL",
    "THRESHOLDS_LEXICAL",
    "THRESHOLDS_WITH_VECTORS",
    "WITH_VECTORS",
    "Entry",
    "Hit",
    "TextIndex",
    "Thresholds",
    "Vectors",
    "VectorsUnreadable",
    "Weights",
    "calibrate",
]

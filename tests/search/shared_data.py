"""Where the questions written by others are, which may be measured on but not copied here."""

import os
from pathlib import Path

ABSENT = "../shared/data is absent: set INFLOW_SHARED_DATA to measure on it"


def find_shared_data() -> Path | None:
    """Return the folder of shared data, or None where there is none."""
    named = os.environ.get("INFLOW_SHARED_DATA")
    folder = Path(named) if named else Path(__file__).parents[3] / "shared" / "data"
    return folder if (folder / "faq").is_dir() else None

"""A library that is loaded by the first look into it, and not by who imports its user."""

import importlib
from typing import Any


class Late:
    """Stands for the library `name`. Its parts are looked up once each, so that what runs often
    pays nothing for it.

    For libraries that some processes never use: numpy takes 12 MB, and a worker that delivers
    letters neither searches nor reckons.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, part: str) -> Any:
        found = getattr(importlib.import_module(self._name), part)
        setattr(self, part, found)
        return found

"""What can go wrong, in words for the person who caused it.

    BotError
    |-- Invalid       what was said cannot be used; says what to change
    |-- NotAllowed    the person may not do this
    |-- NotFound      the thing is gone or never was
    |-- Conflict      somebody else was quicker; the same command may work now
    +-- Unavailable   we cannot work at the moment; the platform should deliver again

The docstring of each class is the default sentence that the person reads.
"""

from collections.abc import Mapping


class BotError(Exception):
    """Something went wrong. Nothing was changed."""

    def __init__(self, sentence: str | None = None) -> None:
        super().__init__(sentence or (type(self).__doc__ or "").strip())

    @property
    def sentence(self) -> str:
        """The sentence for the person: what happened and what to do next."""
        return str(self)


class Invalid(BotError):
    """I could not use that. Please change it and send it again."""

    def __init__(
        self, sentence: str | None = None, *, fields: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(sentence)
        self.fields: dict[str, str] = dict(fields or {})
        """Sentences by form field, for a form that stays open with its values."""


class NotAllowed(BotError):
    """You may not do this."""


class NotFound(BotError):
    """I could not find that any more. It may have been withdrawn or removed."""


class Conflict(BotError):
    """Somebody else changed this at the same moment. Please look again."""


class Unavailable(BotError):
    """I am busy at the moment and could not keep this. Please try again in a minute."""

"""What is said at once to the person who acted. A value: it is stored and can be sent again."""

from enum import Enum, StrEnum

from pydantic import Field

from bot.form import Form
from bot.message import Message, Value


class Audience(StrEnum):
    PERSON = "person"
    """Only the person who acted sees it (ephemeral in a channel)."""
    PLACE = "place"
    """Everybody in the conversation sees it."""


class Reply(Value):
    """Nothing, a message, a form, or what is wrong with a form that stays open.

    `replace` puts `message` in the place of the message that was pressed, or on which the form
    was opened that was sent, where the platform can still reach it. A message and a
    form may come together: the message is shown and the form opens. `page` is the person's own
    page: alone for who opened it; with a message when they pressed something on it, which then
    stands as it is here while the message is shown as any other. `on_page`: their own page says
    what the message says, so that it is left out for who pressed there.
    """

    message: Message | None = None
    audience: Audience = Audience.PERSON
    replace: bool = False
    form: Form | None = None
    errors: dict[str, str] = Field(default_factory=dict)
    page: Message | None = None
    on_page: bool = False
    private: bool = Field(default=False, exclude_if=lambda private: not private)


NOTHING = Reply()


class Showing(Enum):
    """Who shows a reply that a platform does not show with the answer to the event itself."""

    OURS = "ours"
    """We do, from now on."""
    THEIRS = "theirs"
    """Somebody else does at the moment."""
    DONE = "done"
    """Nobody: it was shown."""

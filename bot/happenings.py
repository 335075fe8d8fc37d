"""Facts kept for insights. Never who: what happened, to which thing, when."""

from dataclasses import dataclass, field
from datetime import datetime

from bot.ids import WorkspaceId
from bot.message import Args


@dataclass(frozen=True, slots=True)
class Happening:
    """`kind` is past tense (`question.asked`); `about` names a thing, never a person."""

    workspace: WorkspaceId
    kind: str
    at: datetime
    about: str
    data: Args = field(default_factory=dict)

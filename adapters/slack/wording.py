"""How a command is called in this workspace. Pure functions of values.

Our sentences say `/pause until Monday`. On Slack only a few words are commands of their own,
everything else goes through the root word, and an administrator may have given them other
names: there it is `/learn pause until Monday`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

ROOT = "learn"
"""The word before all others. An App knows it as one of its `ROOT_WORDS`."""

HANDLE = "@inflow"
"""How our sentences call the bot where it must be mentioned."""

_QUOTED = re.compile(r"(“[^”]*”)")
_COMMAND = re.compile(r"(?<![\w/.:<>~\\@-])/([a-z]+)(?![\w/.]\w|\w|/|-\w)")


@dataclass(frozen=True, slots=True)
class Wording:
    """`commands` are the names of Slack's commands by our word, without the slash, with one
    for `learn`; `words` are all the words we know; `handle` is how the bot is mentioned."""

    commands: Mapping[str, str]
    words: frozenset[str]
    handle: str = HANDLE

    def say(self, text: str) -> str:
        """One of our own sentences with the commands as they are called here.

        Only words that we know are changed, and nothing that stands in “quotation marks”:
        that may be what a person wrote.
        """
        return "".join(
            part if part.startswith("“") else self._say(part) for part in _QUOTED.split(text)
        )

    def _say(self, text: str) -> str:
        return self.call(_COMMAND.sub(self._called, text))

    def call(self, text: str) -> str:
        """The text with the bot's own handle."""
        return text.replace(HANDLE, self.handle)

    def _called(self, match: re.Match[str]) -> str:
        word = match[1]
        if word in self.commands:
            return f"/{self.commands[word]}"
        return f"/{self.commands[ROOT]} {word}" if word in self.words else match[0]

    def word_of(self, command: str) -> str | None:
        """Our word for a command as Slack tells it (`/askhr` is `ask`), in any case."""
        name = command.strip().lower().removeprefix("/")
        return next((word for word, called in self.commands.items() if called == name), None)

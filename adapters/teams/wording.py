"""How a command is called in Teams. Pure functions of values.

Our sentences say `/pause until Monday`. Teams has no slash commands: there people write the
words alone to the bot, and in a channel with a mention before them.
"""

import re
from dataclasses import dataclass
from typing import Any

from bot.app import OWN_WORDS
from bot.capability import Registry
from bot.messages import IN_ITS_THREAD, IN_THREAD

ROOT = "learn"
"""The word before all others on other platforms. Here nothing stands before them."""
HELP = "help"
"""What is written here instead of the root word alone."""

HANDLE = "@inflow"
"""How our sentences call the bot where it must be mentioned."""
IN_REPLY = f"in a reply that mentions {HANDLE}"
"""What “in this thread” is here: Teams tells a bot only what mentions it, unless the owner of the
team lets it read all; and a group chat has replies, but no threads."""
IN_REPLY_TO_IT = f"in a reply to it that mentions {HANDLE}"

_QUOTED = re.compile(r"(“[^”]*”)")
_COMMAND = re.compile(r"(?<![\w/.:<>~\\@-])/([a-z]+)(?![\w/.]\w|\w|/|-\w)(?: ([a-z]+)(?!\w))?")


@dataclass(frozen=True, slots=True)
class Wording:
    """`words` are all the words we know; `handle` is how the bot is mentioned. `rooted` are the
    words that begin a command here only with the root before them: with more words behind them
    they might be a sentence."""

    words: frozenset[str]
    handle: str = "@Inflow"
    rooted: frozenset[str] = frozenset()

    def say(self, text: str) -> str:
        """One of our own sentences with the commands as they are called here.

        Only words that we know are changed, and nothing that stands in “quotation marks”:
        that may be what a person wrote.
        """
        return "".join(
            part if part.startswith("“") else self.call(_COMMAND.sub(self._called, part))
            for part in _QUOTED.split(text)
        )

    def call(self, text: str) -> str:
        """The text with the bot's own handle, and with what it takes to be heard by it."""
        for ours, theirs in ((IN_THREAD, IN_REPLY), (IN_ITS_THREAD, IN_REPLY_TO_IT)):
            text = text.replace(ours, theirs)
        return text.replace(HANDLE, self.handle)

    def quote(self, command: str) -> str:
        """A command where nothing but words can set it off: in quotation marks, for without
        its slash it would read as part of the sentence."""
        said = self.say(command)
        return said if said == command else f"“{said}”"

    def _called(self, match: re.Match[str]) -> str:
        word, after = match[1], match[2]
        behind = "" if after is None else f" {after}"
        if word == ROOT:
            if after in self.rooted:
                return ROOT + behind
            return after if after in self.words else HELP + behind
        if word in self.rooted:
            return f"{ROOT} {word}{behind}"
        return word + behind if word in self.words else match[0]


def make_wording(registry: Registry[Any]) -> Wording:
    """How the commands of these capabilities are called."""
    rooted = (word for word, order in registry.orders.items() if order.hint and not order.spoken)
    return Wording(frozenset({*OWN_WORDS, *registry.orders}), rooted=frozenset(rooted))

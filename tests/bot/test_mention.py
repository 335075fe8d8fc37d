"""What stays of the bot's own name, and whether the words are to it."""

import pytest

from bot.mention import cut_mentions


@pytest.mark.parametrize(
    ("pieces", "words", "addressed"),
    [
        (["", " where?"], "where?", True),
        (["  ", ":  where?"], "where?", True),
        (["– ", ", where?"], "– where?", True),
        (["where? ", ""], "where?", False),
        (["where? ", " !"], "where? !", False),
        (["Hi all, ", " is new"], "Hi all, Inflow is new", False),
        (["Hi all, ", ", do say"], "Hi all, Inflow, do say", False),
        (["", " is what ", " does?"], "is what Inflow does?", True),
        (["", ""], "", True),
        (["only words"], "only words", True),
    ],
)
def test_a_name_in_the_middle_stays(pieces: list[str], words: str, addressed: bool) -> None:
    assert cut_mentions(pieces) == (words, addressed)

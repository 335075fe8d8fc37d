"""What people answered to daily questions, read for those who may count it."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import Connection, select

from bot.capabilities.tips.model import Reaction
from bot.ids import PersonId
from bot.pack.practice import Practised
from storage.tip_tables import tip_reviews


class SqlPractice:
    """`bot.pack.practice.Practice` over the reactions to tips."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def answers(self, person: PersonId, since: date) -> Sequence[Practised]:
        """A person's answers of that day or later, in the order in which they were given."""
        reviews = tip_reviews.c
        rows = self._connection.execute(
            select(reviews.tip, reviews.chosen, reviews.reaction, reviews.hint, reviews.day)
            .where(
                reviews.person == person,
                reviews.day >= since,
                reviews.reaction.in_([Reaction.RIGHT, Reaction.WRONG]),
                reviews.chosen.is_not(None),
            )
            .order_by(reviews.day, reviews.tip, reviews.number)
        )
        found = []
        for tip, chosen, reaction, hint, day in rows:
            variant, _, option = chosen.partition(":")
            right = reaction is Reaction.RIGHT
            found.append(Practised(tip, int(variant), option, right, hint, day))
        return found

"""Votes of polls: how many chose what, and apart from that who has voted."""

from collections.abc import Mapping

from sqlalchemy import Connection, delete, func, select, update

from bot.ids import CampaignId, PersonId
from storage.campaign_tables import campaign_ballots, campaign_votes
from storage.row import add_new


class SqlBallots:
    """`bot.capabilities.campaigns.ports.BallotStore` in two tables that share no person."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def cast(self, campaign: CampaignId, activity: str, person: PersonId, option: int) -> bool:
        """Count a vote, unless the person has voted."""
        of = {"campaign": campaign, "activity": activity}
        if not add_new(self._connection, campaign_ballots, {**of, "person": person}):
            return False
        add_new(self._connection, campaign_votes, {**of, "option": option, "votes": 0})
        self._connection.execute(
            update(campaign_votes)
            .where(
                campaign_votes.c.campaign == campaign,
                campaign_votes.c.activity == activity,
                campaign_votes.c.option == option,
            )
            .values(votes=campaign_votes.c.votes + 1)
        )
        return True

    def votes(self, campaign: CampaignId, activity: str) -> Mapping[int, int]:
        """How many chose which answer, by its place."""
        rows = self._connection.execute(
            select(campaign_votes.c.option, campaign_votes.c.votes).where(
                campaign_votes.c.campaign == campaign, campaign_votes.c.activity == activity
            )
        )
        return {row.option: row.votes for row in rows}

    def count(self, person: PersonId) -> int:
        """In how many polls it is kept that the person has voted."""
        mine = select(func.count()).where(campaign_ballots.c.person == person)
        return int(self._connection.execute(mine).scalar_one())

    def close(self, campaign: CampaignId, activity: str) -> None:
        """Forget who has voted; the counts stay."""
        self._connection.execute(
            delete(campaign_ballots).where(
                campaign_ballots.c.campaign == campaign, campaign_ballots.c.activity == activity
            )
        )

    def forget(self, person: PersonId) -> None:
        """Forget that the person has voted in anything."""
        self._connection.execute(
            delete(campaign_ballots).where(campaign_ballots.c.person == person)
        )

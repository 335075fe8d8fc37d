"""One open transaction as the handlers of campaigns see it."""

from typing import Protocol

from bot.capabilities.campaigns.ports import Stores, Titles
from bot.crowd import CrowdStore
from bot.directory import MembershipStore
from bot.pack.ports import PackStore
from bot.pack.waiver import Waivers
from bot.ports import Work
from bot.topic import TopicStore


class CampaignsWork(Work, Stores, Protocol):
    """The core's stores, and those of campaigns."""

    @property
    def crowds(self) -> CrowdStore:
        """People by the thousand."""

    @property
    def memberships(self) -> MembershipStore:
        """Who is in a conversation, where the platform can tell."""

    @property
    def waivers(self) -> Waivers:
        """Who need not be taught what."""

    @property
    def topics(self) -> TopicStore:
        """What there is to learn, and the channels where it is talked about."""

    @property
    def articles(self) -> Titles:
        """What is new in the FAQ."""

    @property
    def packs(self) -> PackStore:
        """What packs bring, campaigns among it."""

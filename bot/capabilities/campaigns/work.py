"""One open transaction as the handlers of campaigns see it."""

from typing import Protocol

from bot.capabilities.campaigns.ports import Stores
from bot.ports import Work


class CampaignsWork(Work, Stores, Protocol):
    """The core's stores, and that of campaigns."""

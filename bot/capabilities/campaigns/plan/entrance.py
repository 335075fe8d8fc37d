"""All buttons and forms of campaigns of several parts."""

from collections.abc import Mapping

from bot.capabilities.campaigns.plan import pack, review, steering, trial, writing
from bot.capabilities.campaigns.work import CampaignsWork
from bot.capability import Handler

PRESSES: Mapping[str, Handler[CampaignsWork]] = {
    "campaign.new_plan": writing.new,
    "campaign.several": writing.several,
    "campaign.settings": writing.settings,
    "campaign.add_part": writing.add_part,
    "campaign.part": writing.part,
    "campaign.change_part": writing.change_part,
    "campaign.earlier": writing.earlier,
    "campaign.later": writing.later,
    "campaign.remove": writing.remove,
    "campaign.look_at": review.open_,
    "campaign.submit": review.submit,
    "campaign.remind": review.remind,
    "campaign.approve": review.approve,
    "campaign.send_back": review.send_back,
    "campaign.schedule": review.schedule,
    "campaign.take_back": review.take_back,
    "campaign.drop": review.drop,
    "campaign.dry_run": trial.dry_run,
    "campaign.show_me": trial.show_me,
    "campaign.pilot": trial.pilot,
    "campaign.try_it": trial.try_it,
    "campaign.pause": steering.pause,
    "campaign.resume": steering.resume,
    "campaign.end": steering.end,
    "campaign.amend": steering.amend,
    "campaign.drop_change": steering.drop_change,
    "campaign.from_pack": pack.choose,
    "campaign.take_pack": pack.take,
}
OPENS_FORMS = frozenset(
    {
        "campaign.new_plan",
        "campaign.settings",
        "campaign.add_part",
        "campaign.change_part",
        "campaign.send_back",
        "campaign.pilot",
    }
)
SUBMITS: Mapping[str, Handler[CampaignsWork]] = {
    "campaign.keep_settings": writing.keep_settings,
    "campaign.keep_part": writing.keep_part,
    "campaign.reject": review.reject,
    "campaign.ask_pilot": trial.ask_pilot,
}

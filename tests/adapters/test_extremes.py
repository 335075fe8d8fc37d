"""The longest tips, sections and forms that can be written, within the limits of each platform.

The longest quiz is taken from end to end in `tests.capabilities.quizzes.test_extreme`.
"""

from dataclasses import replace
from itertools import count

import pytest

from adapters.slack.limits import find_faults as slack_faults
from adapters.slack.render import render_form as slack_form
from adapters.slack.render import render_message as slack_message
from adapters.slack.wording import Wording
from adapters.teams.limits import find_faults as teams_faults
from adapters.teams.render import render_form as teams_form
from adapters.teams.render import render_message as teams_message
from adapters.teams.wording import make_wording
from bot.capabilities.library import messages as library
from bot.capabilities.library.editing import entries_of
from bot.capabilities.tips import messages as tips
from bot.capabilities.tips.course import entry_of
from bot.capabilities.tips.model import Reaction
from bot.capability import register
from bot.form import Form
from bot.message import Message
from bot.pack.item import Item
from bot.pack.markdown import pages_of
from bot.pack.model import Check, Kind, Section, Tip
from tests.adapters.every_library_message import BELOW, ITEM, THING
from tests.adapters.every_message import ASKS, CARD, PICK, SAID, TRAVEL
from tests.capabilities.quizzes.test_extreme import FILLS, Long
from tests.world import CAPABILITIES

SLACK = Wording({"learn": "learn"}, frozenset())
TEAMS = make_wording(register(CAPABILITIES))


def fits(shown: Message | Form) -> None:
    if isinstance(shown, Form):
        assert slack_faults(slack_form(shown, SLACK, "m" * 3_000)) == []
        assert teams_faults(teams_form(shown, TEAMS, "h" * 500, in_chat=True)) == []
    else:
        assert slack_faults(slack_message(shown, SLACK).blocks) == []
        assert teams_faults(teams_message(shown, TEAMS).card) == []


@pytest.mark.parametrize("fill", FILLS)
def test_the_longest_tip_fits(fill: str) -> None:
    long = Long(FILLS[fill])
    options = [{**each, "score": float(n == 0)} for n, each in enumerate(long.choices(4))]
    check = Check.model_validate({"q": long(1_500), "options": options})
    longest = Tip(
        id="t" * 60,
        topic="travel",
        text=long(600),
        try_it=long(600),
        credit=long(300),
        check=check,
        section="s" * 60,
        critical=True,
    )
    entry, pick = entry_of(longest, asked=12), PICK._replace(tip=longest.id, is_late=True)
    topic = replace(TRAVEL, title=long(150))
    asks = ASKS._replace(tip=longest.id)
    wrong = replace(SAID, reaction=Reaction.WRONG)
    for shown in (
        tips.tip(entry, pick, topic),
        tips.question(entry, check, asks, topic, hint=True),
        tips.how_sure(entry, check, check.options[1], SAID, pulled=True),
        *(tips.feedback(entry, check, each, wrong, CARD) for each in check.options),
        tips.feedback(entry, check, check.options[0], SAID, CARD, test="t" * 60),
        *(tips.reacted(entry, pick, said, CARD, PICK.day) for said in tips.SAID_WORDS.values()),
        tips.published(longest, topic),
        tips.stopped(topic),
    ):
        fits(shown)


@pytest.mark.parametrize("fill", FILLS)
def test_the_longest_section_fits(fill: str) -> None:
    long = Long(FILLS[fill])
    section = Section(
        id="s" * 60,
        title=long(150),
        topic="travel",
        minutes=15,
        summary=long(400),
        body="\n".join(f"{'#' * (n % 3 + 1)} {long(100)}\n\n- {long(500)}\n" for n in range(18)),
    )
    pages = pages_of(section.body)
    for number, page in zip(count(), pages, strict=False):
        fits(library.section(section, page, number, len(pages), BELOW))
    fits(library.contents(TRAVEL, [section] * 6, 1, 2))
    fields = [entry.field for entry in entries_of(section) or []]
    args = {"about": f"section:{section.id}", "version": "v" * 64}
    thing = replace(THING, value=section, title=section.title, kind=Kind.SECTION)
    fits(library.edit_form(thing, fields, dict(args)))


@pytest.mark.parametrize("fill", FILLS)
def test_the_form_of_the_longest_item_fits_or_says_that_it_cannot(fill: str) -> None:
    items: list[Item] = Long(FILLS[fill]).items()
    forms = 0
    for item in items:
        entries = entries_of(item)
        if entries is not None:
            thing = replace(ITEM, value=item)
            args = {"about": f"item:{item.id}", "version": "v" * 64}
            fits(library.edit_form(thing, [e.field for e in entries], dict(args), library.THE_REST))
            forms += 1
    assert forms >= 12

"""Broken packs: each is told where it is broken and how, once, and nothing else is said."""

# ruff: noqa: E501 - a case is a line

from datetime import date
from pathlib import Path

import pytest

from bot.pack.document import Campaign
from content.file import NO_TRANSLATIONS
from content.load import PackError, find_packs, load_packs
from tests.content.example import (
    CHOICE,
    FILES,
    HEAD,
    ITEM_LINE,
    ITEMS,
    changed,
    load_ours,
    with_item,
    write_pack,
)

QUIZ = "quizzes/sharing.yaml"
TIPS = "tips/tips.yaml"
SECTION = "sections/share.md"
CAMPAIGN = "campaigns/two-weeks.yaml"
METRIC = "metrics/misdirected.yaml"
PROMPTS = "prompts/prompts.yaml"

OBJECTIVE = "  - {id: share, text: Share by the narrowest route, sections: [share]}\n"


def errors_of(folder: Path, files: dict[str, str]) -> list[str]:
    with pytest.raises(PackError) as caught:
        load_ours(folder, files)
    return [error.removeprefix(f"{folder}/") for error in caught.value.errors]


def test_the_pack_is_well_before_it_is_broken(tmp_path: Path) -> None:
    loaded = load_ours(tmp_path)
    assert loaded.warnings == ()
    assert [value.id for value in loaded.bundle.contents] == ["sharing", "share", "t-link"]


@pytest.mark.parametrize(
    ("name", "old", "new", "error"),
    [
        # The shape of files.
        (QUIZ, "mode: gate", "mode: gates", "5:10: error: policy.mode: Input should be 'gate', 'gate_sprt' or 'fixed' (did you mean 'gate'?)"),
        (QUIZ, "score: 1", "scroe: 1", "14:33: error: items.0.options.0.scroe: this is unknown here (did you mean 'score'?)"),
        (QUIZ, "text: The export, f", "text: The export, please, f", "15:35: error: items.0.options.1.please: this is unknown here"),
        (QUIZ, "feedback: Too much.}", "feedback: Much, too much.}", "15:51: error: items.0.options.1.too much.: 'too much.' is no name. Does a comma end the text before it? Text with a comma is put in quotes inside braces"),
        (QUIZ, "type: scenario_choice", "type: scenario_choices", "10:5: error: items.0.type: this is one of 'scenario_choice', 'multi_select', 'ordering', 'matching', 'numeric', 'short_text', 'branching', 'spot_problem' (did you mean 'scenario_choice'?)"),
        (QUIZ, "    type: scenario_choice\n", "", "9:5: error: items.0.type: this is missing"),
        (QUIZ, "    objective: share\n", "", "9:5: error: items.0.objective: this is missing"),
        (QUIZ, "{mode: gate}", "{mode: gate, valid_for: 365}", "5:22: error: policy.valid_for: how long something lasts is written like PT24H, P14D or P1Y"),
        (QUIZ, "{mode: gate}", "{mode: gate, retake: {cooldown: -P1D}}", "5:31: error: policy.retake.cooldown: nothing lasts less than no time at all"),
        (QUIZ, "score: 1", "score: 2", "14:33: error: items.0.options.0.score: Input should be less than or equal to 1"),
        (QUIZ, "id: a, text: The link", "id: Option A, text: The link", "14:10: error: items.0.options.0.id: this is at most 8 small letters and digits, as in a or s1"),
        (QUIZ, "id: s-1\n", "id: S-1\n", "9:5: error: items.0.id: an id is small letters, digits and hyphens, as in first-aid"),
        (QUIZ, "{mode: gate}", "{mode: gate, valid_for: 1 year}", "5:22: error: policy.valid_for: how long something lasts is written like PT24H, P14D or P1Y"),
        (SECTION, "minutes: 1\n", "minutes: 1\nreview_by: 31.12.2027\n", "7:1: error: review_by: a day is written like 2027-12-31"),
        (SECTION, "A copy", "x" * 12_000, "9:1: error: body: String should have at most 12000 characters: divide it into several sections"),
        ("pack.yaml", "language: en", "language: English", "5:1: error: language: a language is written like en, de or pt-BR"),
        (TIPS, "objective: sharing/share", "variants: {text: More.}", "5:5: error: tips.0.variants: this is a list: each entry in a line of its own that begins with '- '"),
        (QUIZ, "text: The link", "text: 2027-01-01", "14:17: error: items.0.options.0.text: Input should be a valid string (put it in quotes)"),
        (TIPS, "text: Send the link.", f"text: {'x' * 601}", "7:5: error: tips.0.text: String should have at most 600 characters"),
        (TIPS, "q: What do you send?", "", "8:5: error: tips.0.check.q: this is missing"),
        (SECTION, "minutes: 1", "minutes: 16", "6:1: error: minutes: Input should be less than or equal to 15"),
        (SECTION, "minutes: 1", "minutes: 1\nbody: x", "7:1: error: body: this is what stands below the '---'"),
        (SECTION, "minutes: 1\n", "", "2:1: error: minutes: this is missing"),
        (SECTION, "minutes: 1", "minuts: 1", "6:1: error: minuts: this is unknown here (did you mean 'minutes'?)"),
        (QUIZ, "    objective: share\n", "    objectiv: share\n", "11:5: error: items.0.objectiv: this is unknown here (did you mean 'objective'?)"),
        (SECTION, "---\nkind", "kind", "1:1: error: a section begins with '---', its data and '---' again"),
        (CAMPAIGN, 'at: "09:30"', 'at: "9:30"', "17:46: error: activities.3.when.at: a time is written like 09:30"),
        (METRIC, "unit_of_analysis: team", "unit_of_analysis: person", "5:1: error: unit_of_analysis: Input should be 'team', 'site', 'queue' or 'organisation'"),
        (PROMPTS, "type: stuck", "type: stuk", "3:20: error: prompts.0.type: Input should be 'working_on', 'learned', 'stuck', 'differently', 'decision' or 'thanks' (did you mean 'stuck'?)"),
        # What files say about each other.
        (TIPS, "section: share", "section: sharing", "6:5: error: tips.0.section: unknown section 'sharing' (did you mean 'share'?)"),
        (TIPS, "objective: sharing/share", "objective: sharing/shares", "5:5: error: tips.0.objective: unknown objective 'sharing/shares' (did you mean 'sharing/share'?)"),
        (TIPS, "topic: data", "topic: dates", "4:5: error: tips.0.topic: unknown topic 'dates' (did you mean 'data'?)"),
        (QUIZ, "topic: data", "topic: zebra", "4:1: error: topic: unknown topic 'zebra'"),
        (QUIZ, "sections: [share]", "sections: [shares]", "7:64: error: objectives.0.sections.0: unknown section 'shares' (did you mean 'share'?)"),
        (QUIZ, "objective: share", "objective: shar", "11:5: error: items.0.objective: unknown objective 'shar' (did you mean 'share'?)"),
        (QUIZ, "id: s-2", "id: s-1", "17:5: error: items.1.id: there is an item 's-1' already, in sharing.yaml:9"),
        (QUIZ, OBJECTIVE, OBJECTIVE * 2, "8:6: error: objectives.1.id: there is an objective 'share' already"),
        (QUIZ, "objective: share\n", "objective: share\n    variant_of: s-9\n", "12:5: error: items.0.variant_of: unknown item 's-9' (did you mean 's-6'?)"),
        (QUIZ, "objective: share\n", "objective: share\n    variant_of: s-1\n", "12:5: error: items.0.variant_of: an item is no variant of itself"),
        (QUIZ, "objective: share\n", "objective: share\n    enemies: [s-1]\n", "12:15: error: items.0.enemies.0: an item is no enemy of itself"),
        (QUIZ, "objective: share\n", "objective: share\n    enemies: [x]\n", "12:15: error: items.0.enemies.0: unknown item 'x'"),
        # What can be asked and scored.
        (QUIZ, "score: 1, ", "", "13:5: error: items.0.options: none of them has score 1; exactly one is the best"),
        (QUIZ, "text: The export", "text: The export, score: 1", "15:35: error: items.0.options.1.score: another one has score 1; exactly one is the best"),
        (QUIZ, "{id: b, text: The export", "{id: a, text: The export", "15:10: error: items.0.options.1.id: there is one called 'a' already"),
        (QUIZ, "text: The export", "text: the  LINK", "15:17: error: items.0.options.1.text: this is said twice"),
        (QUIZ, "Colleague 1 asks", "TODO", "9:5: error: items.0.status: something in it is still to do; until then it is a draft"),
        (QUIZ, "objective: share\n", "objective: share\n    image: https://x.example/a.png\n", "12:5: error: items.0.image: those who do not see the image need 'image_alt'"),
        (QUIZ, "objective: share\n", "objective: share\n    image: a.png\n    image_alt: A.\n", "12:5: error: items.0.image: an image is an address that begins with https://"),
        (TIPS, "score: 1, ", "", "10:7: error: tips.0.check.options: none of them has score 1; exactly one is the best"),
        (TIPS, "text: Send", "text: FIXME Send", "3:5: error: tips.0.status: something in it is still to do; until then it is a draft"),
        # How a quiz decides.
        (QUIZ, "{mode: gate}", "{mode: gate, sprt: {p0: 0.9, p1: 0.6}}", "5:38: error: policy.sprt.p1: this must be above p0, 0.9"),
        (QUIZ, "{mode: gate}", "{mode: gate, sprt: {alpha: 0.5, beta: 0.5}}", "5:41: error: policy.sprt.beta: alpha and beta together must be below 1"),
        (QUIZ, "{mode: gate}", "{mode: gate, sprt: {n_min: 9, n_max: 8}}", "5:39: error: policy.sprt.n_max: this must be at least n_min, 9"),
        (QUIZ, "{mode: gate}", "{mode: gate_sprt}", "5:1: error: policy.sprt: n_min is 8, of 6 items"),
        (QUIZ, "{mode: gate}", "{mode: gate, cut: 3}", "5:22: error: policy.cut: this is for the mode 'fixed', and the mode is 'gate'"),
        (QUIZ, "{mode: gate}", "{mode: fixed, cut: 3}", "5:1: error: policy.form: this is missing: how many items of each objective?"),
        (QUIZ, "{mode: gate}", "{mode: fixed, form: {share: 3}}", "5:1: error: policy.cut: this is missing: how many right ones pass, or 'angoff'"),
        (QUIZ, "{mode: gate}", "{mode: fixed, form: {share: 3}, cut: 4}", "5:41: error: policy.cut: the form has 3 items only"),
        (QUIZ, "{mode: gate}", "{mode: fixed, form: {share: 7}, cut: 4}", "7:5: error: objectives.0: objective 'share' has 6 items that can be asked together, and an attempt may need 7"),
        (QUIZ, "{mode: gate}", "{mode: fixed, form: {shame: 3}, cut: 2}", "5:30: error: policy.form.shame: unknown objective 'shame' (did you mean 'share'?)"),
        (QUIZ, "{mode: gate}", "{mode: gate, valid_for: P2Y, renewal: longitudinal}", "5:38: error: policy.renewal: daily answers are kept for 365 days: valid_for can be no longer"),
        (QUIZ, "{mode: gate}", "{mode: gate, renewal: longitudinal}", "5:22: error: policy.renewal: daily answers are kept for 365 days: valid_for can be no longer"),
        (QUIZ, "{mode: gate}", "{mode: gate, valid_for: P30D}", "5:1: error: policy.renew_from: one could renew before one has passed: valid_for is no longer"),
        # Campaigns.
        (CAMPAIGN, 'approvers: ["@ana"]', 'approvers: ["@kim"]', "6:13: error: approvers.0: the owner does not approve their own campaign"),
        (CAMPAIGN, "consent: opt_in", "consent: assigned", "7:40: error: audience.consent: only what is mandatory or regulatory is assigned; people choose everything else"),
        (CAMPAIGN, ", steps: 3", "", "10:1: error: rollout.steps: a stepped wedge needs this"),
        (CAMPAIGN, "ref: sharing", "ref: shearing", "14:28: error: activities.0.ref: unknown quiz 'shearing' (did you mean 'sharing'?)"),
        (CAMPAIGN, "ref: t-link, ", "", "15:5: error: activities.1.ref: this is missing: which tip?"),
        (CAMPAIGN, "when: {day: 1}", "when: {date: 2027-03-01}", "15:40: error: activities.1.when: a campaign by enrolment has a 'day' here, and no 'date'"),
        (CAMPAIGN, "{id: a2", "{id: a1", "15:6: error: activities.1.id: there is an activity 'a1' already"),
        (CAMPAIGN, "{{faq.new_titles}}", "{{faq.titles}}", "17:90: error: activities.3.text: unknown variable 'faq.titles' (did you mean 'faq.new_titles'?)"),
        (CAMPAIGN, ', channel: "#all"', "", "17:5: error: activities.3.channel: this is missing: which channel?"),
        (CAMPAIGN, "ref: t-link,", "ref: t-link, to: channel, channel: '#all',", "15:40: error: activities.1.to: a tip is between the bot and one person"),
        (CAMPAIGN, "metric: misdirected", "metric: misdirect", "12:11: error: success.metric: unknown metric 'misdirect' (did you mean 'misdirected'?)"),
        (CAMPAIGN, "certified(sharing) or", "certified(sharing)", "11:1: error: completion: 'and' or 'or' is missing before '(' (at character 20)"),
        (CAMPAIGN, "certified(sharing)", "certified(shearing)", "11:1: error: completion: unknown quiz 'shearing' (did you mean 'sharing'?)"),
        (CAMPAIGN, "timing: enrolment", "timing: enrolment\njoin_until: 2027-01-01", "10:1: error: join_until: this is before the start, 2027-02-01"),
        (QUIZ, "id: sharing\n", "id: sharing\ntranslation_of: sharing\n", f"3:1: error: translation_of: {NO_TRANSLATIONS}"),
        (TIPS, "topic: data\n", "topic: data\n    translation_of: t-link\n", f"5:5: error: tips.0.translation_of: {NO_TRANSLATIONS}"),
        (SECTION, "minutes: 1\n", "minutes: 1\ntranslation_of: share\n", f"7:1: error: translation_of: {NO_TRANSLATIONS}"),
        (CAMPAIGN, "format: message", "format: drill", "17:14: error: activities.3.format: there are no drills yet"),
        (QUIZ, "type: scenario_choice", "type: drill", "10:5: error: items.0.type: there are no drills yet"),
        (CAMPAIGN, "format: message", "format: poll", "17:5: error: activities.3.options: a poll has at least two options"),
        (CAMPAIGN, "format: message", "format: poll, options: [One, One]", "17:43: error: activities.3.options.1: this is said twice"),
        (CAMPAIGN, "format: message", "format: poll, options: [a, b, c, d, e, f]", "17:28: error: activities.3.options: a poll has at most 5 options"),
        (CAMPAIGN, "format: message", f"format: poll, options: [One, {'o' * 76}]", "17:43: error: activities.3.options.1: an option of a poll has at most 75 characters, as a button has"),
        (CAMPAIGN, "format: message", "format: message, options: [One, Two]", "17:31: error: activities.3.options: a message has no options; a poll has"),
        (CAMPAIGN, "format: message", "format: message, catch_up: true", "17:31: error: activities.3.catch_up: days of one's own wait while the campaign is paused; nothing is missed"),
        (CAMPAIGN, "start: 2027-02-01", "start: 2027-02-30", "8:1: error: start: Input should be a valid date or datetime, day value is outside expected range"),
    ],
)  # fmt: skip
def test_one_break_is_one_error(tmp_path: Path, name: str, old: str, new: str, error: str) -> None:
    assert errors_of(tmp_path, changed(name, old, new)) == [f"{name}:{error}"]


def test_a_campaign_may_say_until_when_people_join_and_ask_a_poll(tmp_path: Path) -> None:
    files = changed(CAMPAIGN, "timing: enrolment", "timing: enrolment\njoin_until: 2027-05-01")
    poll = "format: poll, options: [One, Two]"
    files[CAMPAIGN] = files[CAMPAIGN].replace("format: message", poll)
    (campaign,) = (d for d in load_ours(tmp_path, files).bundle.documents if d.id == "two-weeks")
    assert isinstance(campaign, Campaign)
    assert campaign.join_until == date(2027, 5, 1)
    assert campaign.activities[-1].options == ("One", "Two")


def test_who_goes_by_the_calendar_joins_at_any_time(tmp_path: Path) -> None:
    files = changed(CAMPAIGN, "timing: enrolment", "timing: calendar\njoin_until: 2027-05-01")
    days = files[CAMPAIGN].replace("{day: 3, at", "{date: 2027-02-04, at")
    for day in range(3):
        days = days.replace(f"{{day: {day}}}", f"{{date: 2027-02-0{day + 1}}}")
    error = "join_until: by the calendar everybody is at the same day; people join at any time"
    assert errors_of(tmp_path, {**files, CAMPAIGN: days}) == [f"{CAMPAIGN}:10:1: error: {error}"]


SHARE = "    objective: share\n    stem: And this?\n"
ORDERING = (
    """\
  - id: x
    type: ordering
"""
    + SHARE
    + """\
    steps:
      - {id: a, text: One}
      - {id: b, text: Two}
      - {id: c, text: Three}
"""
)
MATCHING = (
    """\
  - id: x
    type: matching
"""
    + SHARE
    + """\
    pairs:
      - {id: a, left: One, right: First}
      - {id: b, left: Two, right: Second}
      - {id: c, left: Three, right: Third}
    distractors: [Fourth]
"""
)
NUMERIC = (
    """\
  - id: x
    type: numeric
"""
    + SHARE
    + """\
    answer: 10
    tolerance: 1
    near_misses:
      - {value: 60}
"""
)
SHORT = (
    """\
  - id: x
    type: short_text
"""
    + SHARE
    + """\
    accept:
      - {match: regex, value: "call (them|her)"}
"""
)
SELECT = (
    """\
  - id: x
    type: multi_select
"""
    + SHARE
    + """\
    options:
      - {id: a, text: One, correct: true}
      - {id: b, text: Two, correct: true}
      - {id: c, text: Three, correct: false}
      - {id: d, text: Four, correct: false}
"""
)
SPOT = (
    """\
  - id: x
    type: spot_problem
"""
    + SHARE
    + """\
    lines:
      - {id: a, text: One, problem: true}
      - {id: b, text: Two}
      - {id: c, text: Three}
      - {id: d, text: Four}
"""
)
CASE = (
    """\
  - id: x
    type: branching
"""
    + SHARE
    + """\
    start: n1
    nodes:
      n1:
        text: First.
        options:
          - {id: a, text: On, next: n2, score: 1}
          - {id: b, text: Out}
      n2:
        text: Then.
        options:
          - {id: a, text: Good, score: 1}
          - {id: b, text: Bad}
"""
)


@pytest.mark.parametrize("item", [ORDERING, MATCHING, NUMERIC, SHORT, SELECT, SPOT, CASE])
def test_an_item_of_each_type_is_well(tmp_path: Path, item: str) -> None:
    assert load_ours(tmp_path, with_item(item)).warnings == ()


@pytest.mark.parametrize(
    ("item", "old", "new", "line", "error"),
    [
        (ORDERING, "id: b", "id: a", 7, "items.6.steps.1.id: there is one called 'a' already"),
        (ORDERING, "Two", "one", 7, "items.6.steps.1.text: this is said twice"),
        (MATCHING, "Two", "One", 7, "items.6.pairs.1.left: this is said twice"),
        (MATCHING, "Fourth", "third", 9, "items.6.distractors.0: this is a right side already"),
        (NUMERIC, "60", "11", 8, "items.6.near_misses.0.value: this is within the tolerance of the answer"),
        (NUMERIC, "answer: 10", "answer: .inf", 5, "items.6.answer: Input should be a finite number"),
        (NUMERIC, "answer: 10", "answer: 7,5", 5, "items.6.answer: a number has a point, and is written like 7.5"),
        (ORDERING, "      - {id: c, text: Three}\n", "", 5, "items.6.steps: there are 2, and there must be at least 3"),
        (NUMERIC, "answer: 10", "answer: ten", 5, "items.6.answer: Input should be a valid number, unable to parse string as a number"),
        (SHORT, "(them|her)", "(them|her", 6, "items.6.accept.0.value: this is no regular expression (missing ), unterminated subpattern at position 5)"),
        (SHORT, "call (them|her)", "(a+)+b", 6, "items.6.accept.0.value: a choice or a repetition within a repetition can take for ever"),
        (SHORT, "call (them|her)", ".*", 6, "items.6.accept.0.value: this matches every answer, even an empty one"),
        (SHORT, "her)\"", "her)\", score: 0.5", 5, "items.6.accept: no rule gives full credit"),
        (SELECT, "true}\n      - {id: b, text: Two, correct: true", "false}\n      - {id: b, text: Two, correct: false", 5, "items.6.options: none of them is correct"),
        (SPOT, ", problem: true", "", 5, "items.6.lines: none of them is a problem"),
        (CASE, "start: n1", "start: n9", 5, "items.6.start: node 'n9' is not defined"),
        (CASE, "next: n2", "next: n9", 10, "items.6.nodes.n1.options.0.next: node 'n1' option 'a': next 'n9' is not defined"),
        (CASE, "text: Good", "text: Good, next: n1", 7, "items.6.nodes.n1: a way leads from 'n1' back to it"),
        (CASE, ", next: n2", "", 12, "items.6.nodes.n2: no way leads to 'n2'"),
        (CASE, "score: 1}\n          - {id: b, text: Out", "score: 0}\n          - {id: b, text: Out", None, None),
    ],
)  # fmt: skip
def test_an_item_that_cannot_be_scored_is_named(
    tmp_path: Path, item: str, old: str, new: str, line: int | None, error: str | None
) -> None:
    assert old in item
    files = with_item(item.replace(old, new, 1))
    if error is None or line is None:
        assert load_ours(tmp_path, files).warnings == ()
        return
    (found,) = errors_of(tmp_path, files)
    place, _, said = found.partition(" error: ")
    assert (place.split(":")[1], said) == (str(ITEM_LINE + line - 1), error)


def test_a_case_is_at_most_six_decisions_deep(tmp_path: Path) -> None:
    nodes = "".join(
        f"      n{n}:\n        text: Step {n}.\n        options:\n"
        f"          - {{id: a, text: On, next: n{n + 1}, score: 1}}\n"
        "          - {id: b, text: Out}\n"
        for n in range(1, 7)
    )
    last = CASE[CASE.index("      n2:\n") :]
    head = CASE[: CASE.index("      n1:\n")]
    (found,) = errors_of(tmp_path, with_item(head + nodes + last.replace("n2", "n7")))
    assert found.endswith("items.6.nodes: a way has 7 decisions; at most 6")
    shorter = nodes[: nodes.index("      n6:")]
    load_ours(tmp_path, with_item(head + shorter + last.replace("n2", "n6")))


@pytest.mark.parametrize(
    ("words", "line", "error"),
    [
        ("![](pic.png)", 11, "pictures are not sent: say it in words, or link to it"),
        ("One.\nTwo ![A box](https://x.example/p.png) three.", 12, "pictures are not sent: say it in words, or link to it"),
        ("<script>alert(1)</script>", 11, "HTML has no place here: people would read '<script'. Say it in Markdown, or put it in `backticks`"),
        ("One.\nTwo <b>three</b>.", 12, "HTML has no place here: people would read '<b'. Say it in Markdown, or put it in `backticks`"),
        ("<!-- of mine -->", 11, "HTML has no place here: people would read '<!--'. Say it in Markdown, or put it in `backticks`"),
        ("[x](javascript:alert(1))", 11, "a link begins with https://, and this one is to 'javascript:alert(1)'"),
        ("- One\n- [y](other.md)", 12, "a link begins with https://, and this one is to 'other.md'"),
    ],
)  # fmt: skip
def test_markdown_that_people_would_read_raw(
    tmp_path: Path, words: str, line: int, error: str
) -> None:
    (found, *more) = errors_of(
        tmp_path, changed(SECTION, "A copy stays", f"{words}\n\nA copy stays")
    )
    assert found == f"{SECTION}:{line}:1: error: body: {error}"
    assert [one for one in more if "HTML" not in one] == []


def test_markdown_that_is_well(tmp_path: Path) -> None:
    words = "Dear <name>, [go](https://x.example), <https://x.example>, a < b, `<b>` and `{{x.y}}`."
    assert load_ours(tmp_path, changed(SECTION, "A copy", f"{words} A copy")).warnings == ()


def test_what_is_still_to_do_goes_to_nobody(tmp_path: Path) -> None:
    (error,) = errors_of(tmp_path, changed(SECTION, "A copy", "TODO A copy"))
    assert "body: something in it is still to do" in error
    files = {**FILES, "pack.yaml": FILES["pack.yaml"].replace("title: Ours", "title: TODO")}
    assert errors_of(tmp_path, files) == ["pack.yaml:3:1: error: title: this is still to do"]
    (error,) = errors_of(tmp_path, changed(QUIZ, "title: Sharing", "title: TODO Sharing"))
    assert "title: this is still to do, and questions of the quiz are live" in error


@pytest.mark.parametrize(
    ("name", "old", "place"),
    [
        (TIPS, "Send the link.", "tips.0.text"),
        (QUIZ, "Colleague 1", "items.0.stem"),
        (SECTION, "A copy", "body"),
    ],
)
def test_only_campaigns_have_variables(tmp_path: Path, name: str, old: str, place: str) -> None:
    (error,) = errors_of(tmp_path, changed(name, old, f"{old} {{{{user.name}}}}"))
    assert f"error: {place}: '{{{{user.name}}}}' would be sent as it stands: variables are" in error
    assert "{{faq.new_titles}}" in error


def test_a_file_that_is_not_read_is_named(tmp_path: Path) -> None:
    files = {name: text for name, text in FILES.items() if name != TIPS}
    files |= {
        "tips/tips.YAML": FILES[TIPS],
        "text/more.md": FILES[SECTION],
        "README.md": "# Ours\n",
    }
    loaded = load_ours(tmp_path, files)
    assert "t-link" in [value.id for value in loaded.bundle.contents]
    assert loaded.warnings == (
        f"{tmp_path}/text/more.md:1:1: warning: this is not read: a section lies in a folder 'sections'",
    )


def test_a_folder_of_packs_names_the_one_without_a_pack_file(tmp_path: Path) -> None:
    folder = write_pack(tmp_path / "packs" / "ours")
    (folder / "pack.yaml").unlink()
    write_pack(tmp_path / "packs" / "more")
    assert find_packs(tmp_path / "packs") == [tmp_path / "packs" / "more", folder]
    assert errors_of(
        folder, {name: FILES[name] for name in ("topics.yaml", SECTION, TIPS, QUIZ)}
    ) == [
        "pack.yaml:1:1: error: 'ours' has no file of the kind 'pack': inflow content new pack FOLDER shows one"
    ]


def test_a_quiz_that_is_still_being_written_holds_up_nothing(tmp_path: Path) -> None:
    draft = ITEMS.replace("objective: share\n", "objective: share\n    status: draft\n")
    files = {**FILES, QUIZ: HEAD + draft}
    warnings = [line.removeprefix(f"{tmp_path}/") for line in load_ours(tmp_path, files).warnings]
    assert warnings == [
        f"{QUIZ}:8:1: warning: items: nobody is asked this yet: of 6 items none is live"
    ]
    begun = draft.replace("    status: draft\n", "", 1)
    with pytest.raises(PackError) as caught:
        load_ours(tmp_path, {**FILES, QUIZ: HEAD + begun})
    (error,) = caught.value.errors
    assert error.endswith(
        "objective 'share' has 1 item that can be asked together, and an attempt may need 3"
    )
    assert caught.value.warnings == ()


def test_the_cut_of_judges_needs_judges(tmp_path: Path) -> None:
    head = HEAD.replace("{mode: gate}", "{mode: fixed, form: {share: 3}, cut: angoff}")
    rated = ITEMS.replace("objective: share\n", "objective: share\n    angoff: [.6, .7, .8]\n")
    files = {**FILES, QUIZ: head + rated.replace("[.6, .7, .8]", "[.6, .7]", 1)}
    (error,) = errors_of(tmp_path, files)
    assert error.endswith("the cut needs the ratings of at least 3 judges")
    # One that nobody rated would have no part in the cut, and could not be passed by it.
    files = {**FILES, QUIZ: head + rated.replace("    angoff: [.6, .7, .8]\n", "", 1)}
    (error,) = errors_of(tmp_path, files)
    assert "error: items.0" in error
    assert error.endswith("angoff: the cut needs the ratings of at least 3 judges")
    files = {**FILES, QUIZ: head + rated.replace("[.6, .7, .8]", "[.6, .7, .8, .9]", 1)}
    (error,) = errors_of(tmp_path, files)
    assert error.endswith("items.0.angoff: 4 judges rated this, and 3 the others")


def test_a_regulator_lets_a_person_read_what_no_rule_knows(tmp_path: Path) -> None:
    head = HEAD.replace("{mode: gate}", "{mode: gate, requirement: regulatory}")
    (error,) = errors_of(tmp_path, with_item(SHORT + "    unmatched: wrong\n", head))
    assert error.endswith("where a regulator asks, a person reads what no rule knows")


@pytest.mark.parametrize(
    ("completion", "error"),
    [
        ("section_opened(share)", "to have opened a section says nothing of what somebody can do"),
        ("certified(sharing) or section_opened(share)", "to have opened a section says nothing of what somebody can do"),
        ("certified(sharing) and asked()", "nobody is made to speak: let 'asked' be one of several ways"),
        ("answered(np-stuck)", "nobody is made to speak: let 'answered' be one of several ways"),
    ],
)  # fmt: skip
def test_what_is_mandatory_is_done_by_what_somebody_can_do(
    tmp_path: Path, completion: str, error: str
) -> None:
    files = changed(CAMPAIGN, "timing:", "requirement: mandatory\ntiming:")
    old = "certified(sharing) or (answered(np-stuck) and section_opened(share))"
    files[CAMPAIGN] = files[CAMPAIGN].replace(old, completion)
    assert errors_of(tmp_path, files) == [f"{CAMPAIGN}:12:1: error: completion: {error}"]


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_broken_file_hides_no_cause_behind_what_it_would_have_held(
    tmp_path: Path, name: str
) -> None:
    files = {**FILES, name: FILES[name].replace("kind: ", "kind: x", 1)}
    (error,) = errors_of(tmp_path, files)
    assert "kind: this is one of" in error
    kind = FILES[name].partition("kind: ")[2].split("\n")[0]
    files = {**FILES, name: FILES[name].replace(f"kind: {kind}", f"kind: {kind}\nx: 1", 1)}
    (error,) = errors_of(tmp_path, files)
    assert error.endswith("error: x: this is unknown here")


def test_packs_that_are_used_together_are_checked_together(tmp_path: Path) -> None:
    ours = write_pack(tmp_path / "ours")
    theirs = write_pack(tmp_path / "theirs", {**FILES, "pack.yaml": FILES["pack.yaml"]})
    with pytest.raises(PackError) as caught:
        load_packs([ours, theirs])
    twice = [error.rpartition("error: ")[2] for error in caught.value.errors]
    assert "id: there is a quiz 'sharing' already, in sharing.yaml:2" in twice
    assert "items.0.id: there is an item 's-1' already, in sharing.yaml:9" in twice
    # The same topic may stand in both.
    assert not any("topics.yaml" in error for error in caught.value.errors)


def test_one_pack_may_name_what_another_one_has(tmp_path: Path) -> None:
    ours = {name: text for name, text in FILES.items() if name != SECTION}
    theirs = {"pack.yaml": FILES["pack.yaml"], "share.md": "# Notes, which nobody reads here."}
    folder = write_pack(tmp_path / "ours", ours)
    beside = write_pack(tmp_path / "theirs", {**theirs, SECTION: FILES[SECTION]})
    assert [loaded.folder for loaded in load_packs([folder, beside])] == [folder, beside]
    with pytest.raises(PackError, match="unknown section 'share'"):
        load_packs([folder])


def test_items_of_one_pack_have_warnings_of_their_own(tmp_path: Path) -> None:
    ours = write_pack(tmp_path / "ours", changed(QUIZ, "Colleague 1 asks for it", "What is a link"))
    beside = write_pack(tmp_path / "beside", {"pack.yaml": FILES["pack.yaml"]})
    loaded = load_packs([ours, beside])
    assert [len(each.warnings) for each in loaded] == [1, 0]


def test_a_choice_may_be_written_in_any_order(tmp_path: Path) -> None:
    shuffled = CHOICE.format(id="x", stem="And this one?").replace("score: 1, ", "")
    shuffled = shuffled.replace("feedback: Yes.", "feedback: Yes., score: 1")
    load_ours(tmp_path, with_item(shuffled))

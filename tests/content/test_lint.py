"""What is allowed and could be better."""

# ruff: noqa: E501 - a case is a line

from datetime import date
from pathlib import Path

import pytest

from bot.pack.item import Item
from content.lint import item_doubts
from content.load import PACKS, find_packs, load_packs
from tests.capabilities.quizzes.taking import TWO
from tests.capabilities.quizzes.test_extreme import FILLS, Long
from tests.content.example import (
    CAMPAIGN as CAMPAIGN_FILE,
)
from tests.content.example import (
    CHOICE,
    FILES,
    HEAD,
    ITEM_LINE,
    ITEMS,
    SECTION,
    TIPS,
    changed,
    load_ours,
    with_item,
    write_pack,
)
from tests.content.test_broken import CASE, SELECT

QUIZ = "quizzes/sharing.yaml"
CAMPAIGN = "campaigns/two-weeks.yaml"
TODAY = date(2026, 11, 22)


def warnings_of(folder: Path, files: dict[str, str]) -> list[str]:
    """What is said, without where: `where: what`."""
    loaded = load_packs([write_pack(folder, files)], TODAY)[0]
    assert all(": warning: " in line for line in loaded.warnings)
    return [line.partition(": warning: ")[2] for line in loaded.warnings]


def test_our_packs_are_as_good_as_we_ask_of_others() -> None:
    packs = load_packs(find_packs(PACKS), TODAY)
    assert [line for loaded in packs for line in loaded.warnings] == []
    assert len(packs) >= 4


def test_a_warning_has_its_place(tmp_path: Path) -> None:
    item = CHOICE.format(id="x", stem="What does VPN stand for?")
    (line,) = load_ours(tmp_path, with_item(item)).warnings
    place = f"{tmp_path}/{QUIZ}:{ITEM_LINE + 3}:5: warning: items.6.stem: "
    assert line == f"{place}this asks what somebody remembers; ask what they would do"


@pytest.mark.parametrize(
    ("old", "new", "warning"),
    [
        ("And this?", "What is a link?", "items.6.stem: this asks what somebody remembers; ask what they would do"),
        ("And this?", "Define personal data.", "items.6.stem: this asks what somebody remembers; ask what they would do"),
        ("And this?", "True or false - links are safe.", "items.6.stem: this asks what somebody remembers; ask what they would do"),
        ("And this?", "Which of these is NOT safe?", "items.6.stem: a question that asks for what is not so is misread; turn it round"),
        ("A picture of it", "All of the above", "items.6.options.2.text: an option is about the case, not about other options"),
        ("A picture of it", "None of these.", "items.6.options.2.text: an option is about the case, not about other options"),
        ("A picture of it, feedback: It stays for ever.", "A picture of it", "items.6.options.2: say why somebody would choose this, and what is wrong with it"),
        ("The link", "The link to the record in our own system for those who may see it", "items.6.options.0.text: the best option is much the longest, which gives it away"),
        ("And this?", "Colleague 2 asks for it. What do you send?", "items.6.stem: 's-2' asks in the same words"),
    ],
)  # fmt: skip
def test_an_item_is_told_how_it_could_be_better(
    tmp_path: Path, old: str, new: str, warning: str
) -> None:
    item = CHOICE.format(id="x", stem="And this?")
    assert warnings_of(tmp_path, with_item(item)) == []
    assert old in item
    assert warnings_of(tmp_path, with_item(item.replace(old, new, 1))) == [warning]


@pytest.mark.parametrize(
    "stem",
    [
        "What is the first thing you do when the file is gone?",
        "A colleague defines a new field. What do you tell her?",
        "Who in the team do you call?",
        "Not everybody has access. What do you do?",
    ],
)
def test_a_case_is_no_recall(tmp_path: Path, stem: str) -> None:
    assert warnings_of(tmp_path, with_item(CHOICE.format(id="x", stem=stem))) == []


def test_options_are_worth_weighing(tmp_path: Path) -> None:
    item = (
        CHOICE.format(id="x", stem="May you?")
        .replace("The link", "Yes")
        .replace("The export", "No")
    )
    item = item.replace(
        "      - {id: c, text: A picture of it, feedback: It stays for ever.}\n", ""
    )
    assert warnings_of(tmp_path, with_item(item)) == [
        "items.6.options: half of those who guess are right; think of a third option",
        "items.6.options: there is nothing to weigh here; describe what one could do",
    ]
    more = "".join(f"      - {{id: {x}, text: {x * 4}, feedback: No.}}\n" for x in "de")
    many = CHOICE.format(id="x", stem="And this?") + more
    assert warnings_of(tmp_path, with_item(many)) == [
        "items.6.options: 5 options; three good ones are enough"
    ]


def test_a_retired_item_is_left_alone(tmp_path: Path) -> None:
    item = CHOICE.format(id="x", stem="What is a link?") + "    status: retired\n"
    assert warnings_of(tmp_path, with_item(item)) == []


def test_a_thin_pool_is_told(tmp_path: Path) -> None:
    five = ITEMS[: ITEMS.rindex("  - id: s-6")]
    assert warnings_of(tmp_path, {**FILES, QUIZ: HEAD + five}) == [
        "objectives.0: objective 'share' has 5 items; a re-take will repeat some (want 6 for two disjoint forms)"
    ]
    # A draft is no item yet.
    draft = HEAD + ITEMS.replace("objective: share\n", "objective: share\n    status: pilot\n", 1)
    assert "objective 'share' has 5 items" in warnings_of(tmp_path, {**FILES, QUIZ: draft})[0]


@pytest.mark.parametrize(
    ("old", "new", "warning"),
    [
        ("Share by the narrowest route", "Understand sharing", "objectives.0.text: this is what somebody knows; say what they can do"),
        ("mode: gate", "mode: gate, max_time: PT10M", "policy.max_time: this measures speed; leave it out unless the work does too"),
        ("mode: gate", "mode: gate_sprt, sprt: {n_min: 6, n_max: 12}", "policy.sprt: n_max is 12, of 6 items"),
    ],
)  # fmt: skip
def test_a_quiz_is_told_how_it_could_be_better(
    tmp_path: Path, old: str, new: str, warning: str
) -> None:
    assert warnings_of(tmp_path, changed(QUIZ, old, new)) == [warning]


def test_who_misses_something_is_shown_something(tmp_path: Path) -> None:
    found = warnings_of(tmp_path, changed(QUIZ, ", sections: [share]", ""))
    assert found == [
        f"items.{n}.sections: who misses this is shown nothing: neither it nor its objective has sections"
        for n in range(6)
    ]


def test_a_quiz_takes_ten_minutes(tmp_path: Path) -> None:
    objectives = "".join(
        f"  - {{id: share{n}, text: Share by route {n}, sections: [share]}}\n" for n in range(6)
    )
    items = "".join(
        ITEMS.replace("s-", f"s{n}-")
        .replace("objective: share", f"objective: share{n}")
        .replace("Colleague", f"In {n} colleague")
        for n in range(6)
    )
    head = HEAD.replace(
        "  - {id: share, text: Share by the narrowest route, sections: [share]}\n", objectives
    )
    files = {
        **FILES,
        QUIZ: head + items,
        "tips/tips.yaml": TIPS.replace("sharing/share", "sharing/share1"),
    }
    assert warnings_of(tmp_path, files) == [
        "objectives: about 14 items take about 12 minutes; a quiz takes at most 10"
    ]


def test_judges_who_differ_are_asked_to_talk(tmp_path: Path) -> None:
    head = HEAD.replace("{mode: gate}", "{mode: fixed, form: {share: 3}, cut: angoff}")
    rated = ITEMS.replace(
        "objective: share\n", "objective: share\n    angoff: [.6, .7, .7, .8, .7]\n"
    )
    assert warnings_of(tmp_path, {**FILES, QUIZ: head + rated}) == []
    differ = rated.replace("[.6, .7, .7, .8, .7]", "[.3, .7, .7, .8, .7]", 1)
    assert warnings_of(tmp_path, {**FILES, QUIZ: head + differ}) == [
        "items.0.angoff: the judges differ much; let them talk about it"
    ]
    few = rated.replace("[.6, .7, .7, .8, .7]", "[.6, .7, .7]")
    assert (
        warnings_of(tmp_path, {**FILES, QUIZ: head + few})[0]
        == "items.0.angoff: 3 judges; 5 are better"
    )


def test_the_best_option_does_not_always_stand_first(tmp_path: Path) -> None:
    fixed = ITEMS.replace("objective: share\n", "objective: share\n    shuffle: false\n")
    assert warnings_of(tmp_path, {**FILES, QUIZ: HEAD + fixed}) == [
        "items: the best option always stands in the same place, and nothing shuffles"
    ]


@pytest.mark.parametrize(
    ("old", "new", "warning"),
    [
        ("A copy stays for ever.", "word " * 500, "minutes: 505 words take about 3 minutes; shorten or divide it"),
        ("A copy stays for ever.", "Click **Next** to go on.", "body: a section has no next page: what to do is to be read here"),
        ("A copy stays for ever.", "Spend at least 10 minutes on it.", "body: how long somebody reads says nothing; leave it to them"),
        ("minutes: 1", "minutes: 1\nreview_by: 2026-11-21", "review_by: somebody was to look at it by 2026-11-21"),
    ],
)  # fmt: skip
def test_a_section_is_told_how_it_could_be_better(
    tmp_path: Path, old: str, new: str, warning: str
) -> None:
    files = {**FILES, "sections/share.md": SECTION.replace(old, new, 1)}
    assert warnings_of(tmp_path, files) == [warning]


def test_what_has_a_date_is_left_out_without_today(tmp_path: Path) -> None:
    files = changed("sections/share.md", "minutes: 1", "minutes: 1\nreview_by: 2026-11-22")
    assert warnings_of(tmp_path, files) == []
    files = changed("sections/share.md", "minutes: 1", "minutes: 1\nreview_by: 2000-01-01")
    assert load_ours(tmp_path, files).warnings == ()


@pytest.mark.parametrize(
    ("old", "new", "warning"),
    [
        ("Send the link.", "See https://example.com/a.", "tips.0.text: a tip is read where it comes: say it here, and link the section"),
        ("Send the link.", "Tap *Next* to go on.", "tips.0.text: a tip has no next page: say what to do"),
        ("What do you send?", "What is a link?", "tips.0.check.q: this asks what somebody remembers; ask what they would do"),
        ("The export", "None of them", "tips.0.check.options.1.text: an option is about the case, not about other options"),
        ("text: Send the link.", "text: Send the link.\n    try_it: Press Next twice.", "tips.0.try_it: a tip has no next page: say what to do"),
        ("    check:\n", "    variants: [{text: 'Look at http://x.example'}]\n    check:\n", "tips.0.variants.0.text: a tip is read where it comes: say it here, and link the section"),
        ("    check:\n", "    variants: [{text: 'Send it.', check: {q: 'Define a link.', options: [{id: a, text: A, score: 1}, {id: b, text: B, feedback: No}]}}]\n    check:\n", "tips.0.variants.0.check.q: this asks what somebody remembers; ask what they would do"),
    ],
)  # fmt: skip
def test_a_tip_is_told_how_it_could_be_better(
    tmp_path: Path, old: str, new: str, warning: str
) -> None:
    assert warnings_of(tmp_path, changed("tips/tips.yaml", old, new)) == [warning]


def test_a_critical_tip_has_a_check(tmp_path: Path) -> None:
    tip = "kind: tips\ntips:\n  - {id: t-link, topic: data, text: Send it., critical: true}\n"
    assert warnings_of(tmp_path, {**FILES, "tips/tips.yaml": tip}) == [
        "tips.0.critical: without a check nobody is reminded of it"
    ]


QUIZ_FIRST = "  - {id: a1, format: quiz, ref: sharing, when: {day: 0}}\n"
READ_FIRST = "  - {id: a0, format: section, ref: share, when: {day: 0}}\n"
SUCCESS = (
    "success: {metric: misdirected, baseline: P12W, follow_up: P12W, smallest_worthwhile: -1}\n"
)
MESSAGE = "  - {{id: m{n}, format: message, when: {{day: {n}}}, text: Hello.}}\n"


@pytest.mark.parametrize(
    ("old", "new", "warning"),
    [
        (SUCCESS, "", "success: which measure of the work is to change? Without one nobody can tell"),
        (QUIZ_FIRST, READ_FIRST + QUIZ_FIRST, "activities.0: the check comes first: who knows it already need not read it"),
        ("certified(sharing) or (answered(np-stuck) and section_opened(share))", "section_opened(share)", "completion: to have opened a section says nothing of what somebody can do"),
        ("activities:\n", "activities:\n" + "".join(MESSAGE.format(n=n) for n in range(5)), "activities: 7 of 9 are only read; ask people for something more often"),
        (CAMPAIGN_FILE[CAMPAIGN_FILE.index("activities:"):], "activities:\n" + MESSAGE.format(n=1), "activities: nobody is asked anything: let people try, tell or ask something"),
        ("completion: certified(sharing) or (answered(np-stuck) and section_opened(share))\n", "requirement: mandatory\n", "completion: what is mandatory says what counts as done"),
        ("New: {{faq.new_titles}}.", "Press Continue.", "activities.3.text: there is no next page: say what to do"),
        ("New: {{faq.new_titles}}.", "Read it for at least 10 minutes.", "activities.3.text: how long somebody reads says nothing; leave it to them"),
    ],
)  # fmt: skip
def test_a_campaign_is_told_how_it_could_be_better(
    tmp_path: Path, old: str, new: str, warning: str
) -> None:
    assert warnings_of(tmp_path, changed(CAMPAIGN, old, new)) == [warning]


def test_a_rate_says_of_what(tmp_path: Path) -> None:
    found = warnings_of(tmp_path, changed("metrics/misdirected.yaml", "type: count", "type: rate"))
    assert found == ["type: a rate of what? A 'denominator' says it"]


@pytest.mark.parametrize(
    ("item", "old", "where"),
    [(SELECT, "Four", "options.3"), (CASE, "Bad", "nodes.n2.options.1")],
)
def test_no_option_of_any_kind_is_about_the_others(
    tmp_path: Path, item: str, old: str, where: str
) -> None:
    found = warnings_of(tmp_path, with_item(item.replace(old, "All of the above")))
    said = "an option is about the case, not about other options"
    assert found == [f"items.6.{where}.text: {said}"]


def test_what_a_comment_cuts_off_is_named(tmp_path: Path) -> None:
    cut = "text: Ask in #help before you send it."
    files = changed("tips/tips.yaml", "text: Send the link.", cut)
    files["topics.yaml"] += "# aliases: none yet  #later\n"
    files["sections/share.md"] = files["sections/share.md"].replace(
        "summary: Send the link.", "summary: Send the link. #data  # is this right?"
    )
    warnings = [line.removeprefix(f"{tmp_path}/") for line in load_ours(tmp_path, files).warnings]
    said = "begins a comment and is not read; put the text in quotes"
    assert warnings == [
        f"sections/share.md:7:25: warning: '#data' {said}",
        f"tips/tips.yaml:7:18: warning: '#help' {said}",
    ]
    files = changed("tips/tips.yaml", "text: Send the link.", 'text: "Ask in #help."  # really')
    assert load_ours(tmp_path, files).warnings == ()


@pytest.mark.parametrize("fill", FILLS)
def test_what_is_too_long_to_be_read_at_once_is_said(fill: str) -> None:
    found = {item.type for item in Long(FILLS[fill]).items() if is_too_long(item)}
    assert found == {"scenario_choice", "multi_select", "spot_problem", "matching"}
    assert not any(map(is_too_long, TWO))


def is_too_long(item: Item) -> bool:
    return any("characters to read at once" in message for _, message in item_doubts(item))

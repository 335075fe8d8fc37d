"""A small pack in which everything is well, to be broken in one place at a time."""

from collections.abc import Mapping
from pathlib import Path

from content.load import Loaded, load_packs

PACK = "kind: pack\nid: ours\ntitle: Ours\nversion: 1.0.0\nlanguage: en\n"
TOPICS = "kind: topics\ntopics:\n  - {id: data, title: Data}\n"
SECTION = """\
---
kind: section
id: share
title: Share by a link
topic: data
minutes: 1
summary: Send the link.
---
## Share by a link

A copy stays for ever.
"""
TIPS = """\
kind: tips
tips:
  - id: t-link
    topic: data
    objective: sharing/share
    section: share
    text: Send the link.
    check:
      q: What do you send?
      options:
        - {id: a, text: The link, score: 1, feedback: Yes.}
        - {id: b, text: The export, feedback: Too much.}
"""
HEAD = """\
kind: quiz
id: sharing
title: Sharing
topic: data
policy: {mode: gate}
objectives:
  - {id: share, text: Share by the narrowest route, sections: [share]}
items:
"""
LAST_LINE_OF_HEAD = HEAD.count("\n")
CHOICE = """\
  - id: {id}
    type: scenario_choice
    objective: share
    stem: "{stem}"
    options:
      - {{id: a, text: The link, score: 1, feedback: Yes.}}
      - {{id: b, text: The export, feedback: Too much.}}
      - {{id: c, text: A picture of it, feedback: It stays for ever.}}
"""
ITEMS = "".join(
    CHOICE.format(id=f"s-{number}", stem=f"Colleague {number} asks for it. What do you send?")
    for number in range(1, 7)
)
PROMPTS = """\
kind: prompts
prompts:
  - {id: np-stuck, type: stuck, text: Where are you stuck?, fields: [stuck]}
"""
METRIC = """\
kind: metric
id: misdirected
title: Misdirected files
definition: Files sent to the wrong address, in the week they were found.
unit_of_analysis: team
period: week
type: count
direction: lower_is_better
source: csv
owner: "@kim"
"""
CAMPAIGN = """\
kind: campaign
id: two-weeks
title: Two weeks of sharing well
topic: data
owner: "@kim"
approvers: ["@ana"]
audience: {include: ["group:support"], consent: opt_in}
start: 2027-02-01
timing: enrolment
rollout: {design: stepped_wedge, cluster_by: team, steps: 3, step_every: P14D, seed: 1}
completion: certified(sharing) or (answered(np-stuck) and section_opened(share))
success: {metric: misdirected, baseline: P12W, follow_up: P12W, smallest_worthwhile: -1}
activities:
  - {id: a1, format: quiz, ref: sharing, when: {day: 0}}
  - {id: a2, format: tip, ref: t-link, when: {day: 1}}
  - {id: a3, format: prompt, ref: np-stuck, when: {day: 2}}
  - {id: a4, format: message, when: {day: 3, at: "09:30"}, to: channel, channel: "#all", text: "New: {{faq.new_titles}}."}
"""  # noqa: E501 - as authors write it
FILES: Mapping[str, str] = {
    "pack.yaml": PACK,
    "topics.yaml": TOPICS,
    "sections/share.md": SECTION,
    "tips/tips.yaml": TIPS,
    "quizzes/sharing.yaml": HEAD + ITEMS,
    "prompts/prompts.yaml": PROMPTS,
    "campaigns/two-weeks.yaml": CAMPAIGN,
    "metrics/misdirected.yaml": METRIC,
}


def write_pack(folder: Path, files: Mapping[str, str] = FILES) -> Path:
    """The pack in a folder, which is returned."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def load_ours(folder: Path, files: Mapping[str, str] = FILES) -> Loaded:
    """The pack of these files, written to a folder and read from there."""
    return load_packs([write_pack(folder, files)])[0]


def changed(name: str, old: str, new: str) -> dict[str, str]:
    """The files, with words of one of them replaced where they stand first."""
    assert old in FILES[name], old
    return {**FILES, name: FILES[name].replace(old, new, 1)}


def with_item(item: str, head: str = HEAD) -> dict[str, str]:
    """The files, with one more item, which begins in line ITEM_LINE."""
    return {**FILES, "quizzes/sharing.yaml": head + ITEMS + item}


ITEM_LINE = LAST_LINE_OF_HEAD + ITEMS.count("\n") + 1

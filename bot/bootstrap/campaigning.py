"""`inflow campaign plan`: a campaign of a file, gone through beforehand or put in as a draft."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from adapters.slack import limits as slack_limits
from adapters.slack.render import render_message as render_for_slack
from adapters.slack.wording import Wording as SlackWording
from adapters.teams import limits as teams_limits
from adapters.teams.render import render_message as render_for_teams
from adapters.teams.wording import Wording as TeamsWording
from bot.bootstrap import new_id
from bot.bootstrap.registry import CAPABILITIES
from bot.capabilities.campaigns.approving import gathering_of
from bot.capabilities.campaigns.dryrun import DryRun
from bot.capabilities.campaigns.dryrun_messages import as_text, differs
from bot.capabilities.campaigns.fault import part_of
from bot.capabilities.campaigns.packed import Finding, draft_of, find_draft, keep, plan
from bot.capabilities.campaigns.rehearsing import rehearse
from bot.capability import register
from bot.context import Context
from bot.ids import WorkspaceId
from bot.message import Message
from bot.pack.document import Campaign
from bot.plain import render_plain
from content.file import File, Findings, dotted, read_file
from content.tree import find
from storage.work import SqlWork

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Looks:
    """How a message is on one platform: what is sent, how long it is and what is wrong with it."""

    sent: Any
    length: int
    faults: Sequence[str]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is printed, and whether the campaign can be used."""

    lines: Sequence[str]
    errors: Sequence[str]
    warnings: Sequence[str]


def read_campaign(path: Path) -> tuple[File, Campaign]:
    """The campaign of a pack's file.

    Raises:
        PackError: the file has no good shape; names all that is wrong.
    """
    findings = Findings()
    kind, file = read_file(path.parent, path, findings)
    if file is None:
        findings.raise_any()
    if file is None or not isinstance(file.part, Campaign):
        findings.note(path, 0, 0, f"kind: this is a {kind or 'file'}, and no campaign")
        findings.raise_any()
    assert file is not None and isinstance(file.part, Campaign)  # noqa: PT018, S101 - for mypy
    return file, file.part


def plan_campaign(
    work: SqlWork,
    workspace: WorkspaceId,
    file: File,
    document: Campaign,
    moment: datetime,
    progress: Progress,
    *,
    owner: str | None,
    dry_run: bool,
    as_data: bool,
    replace: bool,
) -> Outcome:
    """The whole dry run of the campaign as lines, or as JSON; or the draft that it has become.

    What cannot be resolved comes with its place. A campaign that has errors is not kept, nor one
    that would change a draft of that title, unless it is to `replace` it.
    """
    context = Context(moment, new_id, register(CAPABILITIES).activities)
    if owner is not None:
        document = document.model_copy(update={"owner": owner})
    planned = plan(work, workspace, document)
    errors = [_at(file, finding, "error") for finding in planned.faults]
    warnings = [_at(file, finding, "warning") for finding in planned.hints]
    if planned.owner is None:
        return Outcome((), errors, warnings)
    if not dry_run:
        if errors:
            return Outcome((), errors, warnings)
        known = find_draft(work, planned.content.title, planned.owner)
        if known is not None and known.content != planned.content and not replace:
            errors.append(_at(file, Finding(("title",), differs(known.title)), "error"))
            return Outcome((), errors, warnings)
        kept = keep(context, work, planned, planned.owner)
        told = f"“{kept.title}” is a draft of {planned.owner.name}, who can open it in chat."
        return Outcome((told,), errors, warnings)
    draft = draft_of(context, planned, planned.owner)
    work.campaigns.add(draft)
    total = sum(work.enrolments.sizes(gathering_of(draft)).values())
    told_run: DryRun | None = None
    for people, told_run in rehearse(context, work, draft):  # noqa: B007 - the last one counts
        progress("people", min(people, total), total)
    assert told_run is not None  # noqa: S101 - for mypy: the last one is there
    for sentence in told_run.faults:
        part = part_of(draft.content, sentence)
        errors.append(_of_activity(file, document, part.id if part else None, sentence))
    looks = {part.id: looks_of(part.message) for part in told_run.parts if part.message}
    for id_, each in looks.items():
        errors += [
            _of_activity(file, document, id_, f"{id_} ({platform}): {fault}")
            for platform, one in each.items()
            for fault in one.faults
        ]
    if as_data:
        lines = [json.dumps(data_of(told_run, looks), indent=2, ensure_ascii=False)]
    else:
        shown = {
            part.id: list(_shown(part.message, looks[part.id]))
            for part in told_run.parts
            if part.message
        }
        lines = list(as_text(told_run, shown))
    return Outcome(lines, errors, warnings)


def looks_of(message: Message) -> dict[str, Looks]:
    """A message as each platform gets it."""
    slack = render_for_slack(message, SlackWording(commands={}, words=frozenset()))
    teams = render_for_teams(message, TeamsWording(words=frozenset()))
    plain = render_plain(message)
    return {
        "slack": Looks(
            {"text": slack.text, "blocks": slack.blocks},
            slack_limits.measure(slack.blocks),
            slack_limits.find_faults(slack.blocks),
        ),
        "teams": Looks(
            teams.card, teams_limits.measure(teams.card), teams_limits.find_faults(teams.card)
        ),
        "text": Looks(plain, len(plain), ()),
    }


def data_of(dry_run: DryRun, looks: dict[str, dict[str, Looks]]) -> dict[str, Any]:
    """The dry run as JSON values; each part has what is sent, platform by platform."""
    data: dict[str, Any] = _DRY_RUN.dump_python(dry_run, mode="json")
    for part in data["parts"]:
        del part["message"]
        part["looks"] = {
            platform: {"sent": one.sent, "length": one.length, "faults": list(one.faults)}
            for platform, one in looks.get(part["id"], {}).items()
        }
    data["detectable_effect"] = None
    return data


_DRY_RUN = TypeAdapter(DryRun)


def _shown(message: Message, looks: dict[str, Looks]) -> Iterator[str]:
    sizes = (
        f"Slack {looks['slack'].length:,} characters",
        f"Teams {looks['teams'].length:,} bytes of {teams_limits.MAX_BYTES:,}",
        f"plain {looks['text'].length:,}",
    )
    faults = [f"{name}: {fault}" for name, one in looks.items() for fault in one.faults]
    yield f"{', '.join(sizes)}: {'; '.join(faults) or 'it fits'}"
    yield from (f"| {line}" for line in render_plain(message).splitlines())


def _at(file: File, finding: Finding, grade: str) -> str:
    line, column = find(file.mark, finding.where)
    where = dotted(finding.where)
    return f"{file.path}:{line + 1}:{column + 1}: {grade}: {where}: {finding.sentence}"


def _of_activity(file: File, document: Campaign, id_: str | None, sentence: str) -> str:
    """A sentence with the place of the part that it is about, if it is about one."""
    ids = [activity.id for activity in document.activities]
    if id_ not in ids:
        return f"{file.path}:1:1: error: {sentence}"
    return _at(file, Finding(("activities", ids.index(id_)), sentence), "error")

"""Every sentence of the dry run: as a card for the owner and those who approve, and as text."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

from bot.access import K_ANONYMOUS
from bot.attention import Forecast
from bot.capabilities.campaigns.allocation import NEVER, Allocation
from bot.capabilities.campaigns.content import INVITATION
from bot.capabilities.campaigns.dryrun import Clash, DryRun, Part, Share
from bot.capabilities.campaigns.messages import FORMATS, REASONS
from bot.message import (
    Button,
    Buttons,
    Choice,
    Fact,
    Facts,
    Message,
    Note,
    Option,
    Style,
    Text,
    Tone,
    bare_commands,
    literal,
    say,
    shorten,
    show_commands,
)
from bot.message import Part as Piece
from bot.messages import LEFT_ALONE

MOST_LINES = 24
"""Days or parts that a card names."""
MOST_GROUPS = 8
_BAR = 24
"""Characters of the longest bar."""

COUNTING = (
    "I am going through it with everybody’s calendar and attention. The card comes in a moment."
)
NOTHING_YET = "There is nothing to look at yet: it has no parts."
DOES_NOT_FIT = "It is too long for one message."
_EFFECT = "Detectable effect"
EFFECT = (
    "Not yet: I cannot say how large an effect would be seen. The metric and what is worth while "
    "are kept with it, and so is who begins when."
)
HOW = (
    "Counted as things are now. Who pauses, leaves, or gets something else until then is not in "
    "it, nor that who does not react gets less. Groups of fewer than five people are not told "
    "apart."
)
WHETHER = "Whether they want it"
BY_CHOICE = (
    "everybody is asked first, and who says nothing gets nothing more; this is counted as if all "
    "said yes at once"
)
ALL_CATCH_UP = (
    "What a pause makes too late comes afterwards for all parts of a campaign or for none. As one "
    "wishes it, all do."
)
NO_PACKS = "There is no campaign in the packs that I have."
NO_SUCH_PACK = "I do not have that campaign any more."


def no_such_person(handle: str) -> str:
    """A handle of nobody."""
    return f"I know nobody here who is called @{handle}."


def several_people(handle: str) -> str:
    """A handle that may be anybody's."""
    return f"Several people are called @{handle}. Please write the address of the one you mean."


def may_not_run(name: str) -> str:
    """An owner without the right."""
    return f"{name} may not run campaigns. An administrator can give them the role in chat."


def owner_approves_not(name: str) -> str:
    """Who takes a campaign of a pack and is one of its approvers."""
    return f"It names {name} as an approver, who owns it now, and nobody approves their own."


def no_such_topic(topic: str) -> str:
    """A topic that is not open here."""
    return f"There is no topic {topic} here."


IMPORT_TEAMS = "Whoever runs Inflow can say who is in which team, with inflow people import."
DRAWN_BY_SITE = (
    "Nobody’s team is known here, so groups are drawn by site: where people are or, where nobody "
    "has said that, whose clock is theirs."
)
ALL_AT_ONCE = (
    f"Nobody’s team is known here, so it begins for everybody at once. {IMPORT_TEAMS} Then take it "
    "once more."
)


def no_such_group(segment: str, known: Sequence[str]) -> str:
    """A group of which nobody is known."""
    teams = ", ".join(known[:8]) + (", …" if len(known) > 8 else "")
    return f"I do not know who {segment} is. " + (
        f"I know the teams {teams}." if teams else f"I know of no teams here. {IMPORT_TEAMS}"
    )


def left_alone_anyway(segment: str) -> str:
    """People who get nothing whatever a campaign says."""
    return (
        f"I know no {segment}, and need not: who is on leave, or wants quiet, gets nothing "
        "unasked from me."
    )


def no_such_channel(channel: str) -> str:
    """A channel whose address is not known."""
    return (
        f"I do not know where {channel} is. Please write its id after the #, as in #C024BE91L: "
        "it stands at the end of what people see about the channel."
    )


def choose_pack(found: Sequence[tuple[str, str]]) -> Message:
    """Which campaign of the packs; `found` are ids with titles."""
    return say(
        "These campaigns came with the packs that I have. Choose one: it becomes a draft of your "
        "own, which you can change.",
        Choice(
            label="Which one?",
            action="campaign.take_pack",
            options=tuple(Option(label=shorten(title, 75), value=id_) for id_, title in found),
        ),
    )


def replace_draft(title: str, choice: str) -> Message:
    """Before a draft is begun anew; `choice` is the campaign of the pack."""
    return say(
        f"You have a draft “{literal(title)}” already, and it does not say what the pack says. "
        "You find it under `/campaign`. To begin it anew is to lose what you changed in it.",
        Buttons(
            buttons=(
                Button(
                    label="Begin it anew",
                    action="campaign.take_pack",
                    args={"choice": choice, "replace": True},
                    style=Style.DANGER,
                ),
                Button(label="Leave it as it is", action="campaign.list"),
            )
        ),
    )


def differs(title: str) -> str:
    """Of a draft that the command line would change."""
    return (
        f"there is a draft “{title}” already, which was written or changed elsewhere; "
        "--replace begins it anew"
    )


def taken_from_pack(findings: Sequence[str]) -> str:
    """Above a draft that came out of a pack: what does not fit here."""
    told = "It is a draft of your own now. You can change everything."
    if not findings:
        return told
    lines = "\n".join(f"- {literal(finding)}" for finding in dict.fromkeys(findings))
    return shorten(f"{told} What is different here:\n{lines}", 2_000)


def card(dry_run: DryRun, buttons: Buttons | None = None) -> Message:
    """The dry run on one card; `buttons` are what can be done with the campaign."""
    parts: list[Piece] = [Text(text=f"**Dry run** of “{literal(dry_run.title)}”")]
    if dry_run.faults:
        parts.append(_listed("Before it can be submitted", map(show_commands, dry_run.faults)))
    facts = [*_facts(dry_run)]
    if dry_run.allocation is not None:
        facts.append((_EFFECT, EFFECT))
    parts.append(Facts(facts=tuple(Fact(label=a, value=shorten(b, 1_000)) for a, b in facts)))
    if any(share.name for share in dry_run.clusters):
        groups = [_share(dry_run, share) for share in dry_run.clusters]
        parts.append(_listed(f"By {dry_run.cluster_by}", map(literal, groups), MOST_GROUPS))
    if dry_run.by_day:
        # Bars would be read aloud sign by sign, and stand askew in letters of unequal width.
        days = [f"{short(day)}: {count:,}" for day, count in sorted(dry_run.by_day.items())]
        parts.append(_listed("Messages a day", days, MOST_LINES))
    if dry_run.parts:
        parts.append(_listed("Part by part", (_line(part) for part in dry_run.parts), MOST_LINES))
    if dry_run.clashes:
        clashes = (literal(_clash(clash)) for clash in dry_run.clashes)
        parts.append(_listed("Other campaigns for the same people", clashes, MOST_GROUPS))
    parts.append(Note(text=literal(HOW)))
    people = people_of(dry_run.total)
    return Message(
        summary=shorten(f"Dry run of “{dry_run.title}”: {people}, {_when(dry_run)}", 300),
        parts=(*parts, *([buttons] if buttons else [])),
        tone=Tone.NEUTRAL if dry_run.is_clean else Tone.WARNING,
    )


def as_text(dry_run: DryRun, shown: Mapping[str, Sequence[str]] | None = None) -> Iterator[str]:
    """The whole dry run as lines for a terminal; `shown` is what each part looks like, by id."""
    yield f"Dry run of “{dry_run.title}”, by {dry_run.owner}"
    yield ""
    for label, value in _facts(dry_run):
        yield f"{label + ':':22}{value}"
    yield f"{_EFFECT + ':':22}{EFFECT}"
    if (drawn := dry_run.allocation) is not None:
        yield f"{'Seed, method:':22}{drawn.seed}, {drawn.algorithm}"
    yield f"{'Content:':22}{dry_run.digest}"
    if dry_run.faults:
        yield from _under("Before it can be submitted", map(bare_commands, dry_run.faults))
    if any(share.name for share in dry_run.clusters):
        yield from _under(
            f"By {dry_run.cluster_by}", (_share(dry_run, s) for s in dry_run.clusters)
        )
    if dry_run.zones:
        yield from _under("By clock", (_plain_share(share) for share in dry_run.zones))
    if dry_run.by_day or dry_run.other_days:
        yield from _under("Messages a day", _bars(dry_run.by_day))
        if dry_run.other_days:
            yield f"  {dry_run.other_days:,} on other days"
    if dry_run.clashes:
        yield from _under("Other campaigns for the same people", map(_clash, dry_run.clashes))
    yield from _under("Part by part", [])
    for part in dry_run.parts:
        yield f"  {_days(part)}  {_name(part)}{_where(part)}"
        if part.title:
            yield f"    “{shorten(part.title, 100)}”"
        yield from (f"    {line}" for line in _told(part))
        yield from (f"    {line}".rstrip() for line in (shown or {}).get(part.id, ()))
    yield ""
    yield HOW


def _facts(dry_run: DryRun) -> Iterator[tuple[str, str]]:
    yield "To", dry_run.audience[:1].upper() + dry_run.audience[1:]
    yield "When", _when(dry_run)
    yield "People", _reach(dry_run)
    if dry_run.asks_first:
        yield "By choice", BY_CHOICE
    if nothing := _nothing(dry_run):
        yield "Nothing for", nothing
    yield "Approval by", _approval(dry_run)
    yield "Fullest week", _week(dry_run)
    if clocks := _clocks(dry_run):
        yield "Clocks", clocks
    if dry_run.allocation is not None:
        yield "Drawn", _drawn(dry_run.allocation)


_MAIN = frozenset({"People", "Nothing for", "Fullest week", "Drawn"})


def figures(dry_run: DryRun) -> tuple[tuple[str, str], ...]:
    """What of it stands on the card of who approves, which leads to all of it."""
    main = [(label, shorten(value, 1_000)) for label, value in _facts(dry_run) if label in _MAIN]
    if dry_run.clashes:
        titles = ", ".join(f"“{shorten(clash.title, 60)}”" for clash in dry_run.clashes[:5])
        more = ", …" if len(dry_run.clashes) > 5 else ""
        main.append(("For the same people", f"{titles}{more}"))
    return tuple(main)


def _clocks(dry_run: DryRun) -> str:
    """How far apart the zones are that five people or more share; nothing where there are none."""
    apart = dry_run.hours_apart
    if not any(zone.name for zone in dry_run.zones):
        return ""
    if all(zone.name for zone in dry_run.zones):
        return f"up to {apart:g} hours apart" if apart else "all show the same hour"
    return (
        f"up to {apart:g} hours apart, and those of a few of whom I do not say"
        if apart
        else "most show the same hour; of the few others I do not say"
    )


def _reach(dry_run: DryRun) -> str:
    told = f"{people_of(dry_run.total)} now"
    if dry_run.excluded:
        told += f", without {dry_run.excluded:,} who are taken out"
    if dry_run.waiting != 0:
        waiting = "some" if dry_run.waiting is None else f"{dry_run.waiting:,}"
        told += f"; {waiting} of them are the others to compare with, and get nothing"
    if dry_run.reached is not None and dry_run.total:
        told += f"; {dry_run.reached:,} get something of it"
    elif dry_run.is_for_few:
        told += "; hardly anybody, or nobody, gets anything of it"
    elif dry_run.total:
        told += "; most, or nearly all, get something of it" * (dry_run.total > 1)
    return told


def _nothing(dry_run: DryRun) -> str:
    if not dry_run.nothing:
        return ""
    return "; ".join(
        f"{cause.people:,} {REASONS.get(cause.why, 'for other reasons')}"
        if cause.why is not None
        else f"{cause.people:,} others: {LEFT_ALONE}"
        for cause in dry_run.nothing
    )


def _approval(dry_run: DryRun) -> str:
    if not dry_run.approvers:
        return "nobody yet: name somebody, or let an administrator give the role"
    names = [*dry_run.approvers]
    joined = " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
    if dry_run.are_named or len(names) == 1:
        return joined
    return "any one of " + ", ".join(names)


def _week(dry_run: DryRun) -> str:
    week = dry_run.week
    planned = max(week.wanted, week.with_others)
    told = f"{week.wanted} planned for each person"
    if week.with_others > week.wanted:
        told += f", {week.with_others} with the other campaigns"
    if not week.gets:
        return told
    if week.gets < planned:
        return told + (
            f"; attention budgets let {week.gets} of them through. What is over comes later, or "
            "not at all"
        )
    return told + f"; with all else that waits for them people get {week.gets} at most"


def _drawn(allocation: Allocation) -> str:
    return {
        "ab": "half of the groups get it and half do not, alike in size",
        "stepped_wedge": f"one after another in {len(set(allocation.steps.values()))} steps",
    }.get(allocation.design, allocation.design)


def _share(dry_run: DryRun, share: Share) -> str:
    told = _plain_share(share)
    if share.step is None:
        return told
    if share.step == NEVER:
        return f"{told}, to compare with"
    return told if dry_run.waiting != 0 else f"{told}, step {share.step + 1}"


def _plain_share(share: Share) -> str:
    return f"{share.name or 'all others'}: {share.people:,}"


def _bars(by_day: Mapping[date, int]) -> Iterator[str]:
    """The days, each with a bar as long as its number."""
    most = max(by_day.values(), default=1)
    wide = len(f"{most:,}")
    for day, count in sorted(by_day.items()):
        yield f"{short(day):10} {count:>{wide},} {'▇' * max(1, round(_BAR * count / most))}"


def _clash(clash: Clash) -> str:
    people = "a few people" if clash.people is None else people_of(clash.people)
    days = ", ".join(short(day) for day in clash.days[:6])
    more = f" and {len(clash.days) - 6} more" if len(clash.days) > 6 else ""
    when = f"on {days}{more}" if days else "in the same weeks, on other days"
    return f"“{clash.title}” by {clash.owner} ({clash.state}): {people}, {when}"


def _line(part: Part) -> str:
    optional = ", if they like" if part.optional else ""
    what = f"{FORMATS[part.format]}{optional}"
    if part.id == INVITATION:
        what = f"the question {WHETHER.casefold()}"
    elif part.title:
        what += f" “{shorten(part.title, 60)}”"
    first = literal(f"{_days(part)}, {what}{_where(part)}")
    return f"{first}: {literal(_short(part))}"


def _short(part: Part) -> str:
    """What becomes of a part, in a few words."""
    if part.fault is not None:
        return part.fault
    forecast = part.forecast
    if forecast is None or not forecast.total:
        return "once" if part.channel else "nobody"
    told = _got(forecast)
    if part.moved:
        told += f", {part.moved:,} later than planned"
    return told


def _got(forecast: Forecast) -> str:
    """How many get a part, as far as it may be told."""
    got, total = sum(forecast.by_day.values()) + forecast.later, forecast.total
    if total < K_ANONYMOUS:
        return "too few to say"
    if not forecast.open:
        return f"{got:,} of {total:,}"
    if got:
        return f"{got:,} or more of {total:,}"
    return f"{'most' if forecast.is_for_most else 'few'} of {total:,}"


def _told(part: Part) -> Iterator[str]:
    """What becomes of a part, in full."""
    if part.fault is not None:
        yield part.fault
    if part.channel:
        there = (
            "how many I may not say, or do not know" if part.there is None else f"{part.there:,}"
        )
        yield f"Stands there once. Of its people in that channel: {there}."
    if part.forecast is not None:
        yield part.forecast.sentence
    if part.moved:
        yield f"{part.moved:,} get it on a later day than planned."


def _name(part: Part) -> str:
    optional = ", if they like" if part.optional else ""
    return f"{part.id} ({FORMATS[part.format]}{optional})"


def _where(part: Part) -> str:
    return f" in {part.channel}" if part.channel else ""


def _days(part: Part) -> str:
    first, last = part.planned
    if first == date.min:
        return "no day"
    return short(first) if first == last else f"{short(first)} to {short(last)}"


def _when(dry_run: DryRun) -> str:
    if dry_run.planned is None:
        return "no day yet"
    first, last = dry_run.planned
    told = f"{short(first)} {first.year}"
    return told if first == last else f"{told} to {short(last)} {last.year}"


def short(day: date) -> str:
    """A day in a list: `Tue 3 Mar`."""
    return f"{day:%a} {day.day} {day:%b}"


def people_of(count: int) -> str:
    """A number of people."""
    return "1 person" if count == 1 else f"{count:,} people"


def _listed(title: str, lines: Iterable[str], most: int = MOST_LINES) -> Text:
    every = list(lines)
    shown = [f"- {shorten(line, 220)}" for line in every[:most]]
    if len(every) > most:
        shown.append(f"- and {len(every) - most} more")
    kept, room = [f"**{title}**"], 2_900
    for line in shown:
        if sum(len(each) + 1 for each in kept) + len(line) > room:
            kept.append("- and more")
            break
        kept.append(line)
    return Text(text="\n".join(kept))


def _under(title: str, lines: Iterable[str]) -> Iterator[str]:
    yield ""
    yield title
    yield from (f"  {line}" for line in lines)

"""Every sentence of campaigns of several parts, as they are written, approved and run in chat.

What people wrote goes through `literal`, but for a part as it is shown: that is its owner's own
words in the markdown subset of `Text`, as everybody will get them.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from types import MappingProxyType

from bot.activity import Found
from bot.capabilities.campaigns.content import (
    INVITATION,
    Activity,
    Audience,
    Consent,
    Content,
    Design,
    Format,
    OnlyIf,
    Timing,
    in_order,
    is_personal,
)
from bot.capabilities.campaigns.messages import (
    date_of,
    fault_lines,
    plain,
    short_date,
    told_of,
)
from bot.capabilities.campaigns.model import MAX_BODY, MAX_TITLE, STATES, Campaign, State
from bot.capabilities.campaigns.plan.arrangement import ALL_OF_THEM, completions, mark_of
from bot.form import (
    AnyField,
    ChoiceField,
    DateField,
    Form,
    LongTextField,
    NumberField,
    PeopleField,
    TextField,
)
from bot.message import (
    Args,
    Button,
    Buttons,
    Choice,
    Confirm,
    Divider,
    Fact,
    Facts,
    Message,
    Note,
    Option,
    Part,
    Style,
    Text,
    Tone,
    fit,
    literal,
    say,
    shorten,
)
from bot.pack.completion import Atom, Nonsense, describe, parse
from bot.pack.document import MOST_OPTIONS, MOST_QUESTION
from bot.page import Section, Shelf
from bot.people import Person
from bot.truth import Account

MOST_CHOICES = 10
"""Of one choice, and how many parts are named before the next one begins."""
MOST_REFERENCES = 100
MANY = 20
"""From so many parts on less is shown of each."""
TO_EACH = "each"
HERE = "here"
YES, NO = "yes", "no"
EVERYBODY_GETS_IT = "always"
NOBODY_COMPLETES = "nobody at all"
ALL_AT_ONCE, STEPS = "all", "steps"
_WEEKDAYS = 5
_DAY = timedelta(days=1)
_FIRST_ASKED = frozenset({"title", "audience", "consent", "timing", "start", "approver"})
PILOT_SEATS = ("one", "two", "three", "four", "five")

FORMATS: Mapping[Format, str] = {
    Format.MESSAGE: "message",
    Format.TIP: "tip",
    Format.SECTION: "section to read",
    Format.QUIZ: "quiz",
    Format.PROMPT: "prompt about one’s work",
    Format.POLL: "poll",
    Format.QNA_SESSION: "hour of questions",
}
"""Each format as it is offered."""
_ONLY_IF: Mapping[str, str] = {
    EVERYBODY_GETS_IT: "Everybody in it",
    OnlyIf.NOT_CERTIFIED: "Only who has not passed the quiz yet",
    OnlyIf.CERTIFIED: "Only who has passed the quiz",
    OnlyIf.NOT_ANSWERED: "Only who has not answered it yet",
}
_ONLY_IF_SAID: Mapping[OnlyIf, str] = {
    OnlyIf.NOT_CERTIFIED: "for who has not passed the quiz",
    OnlyIf.CERTIFIED: "for who has passed the quiz",
    OnlyIf.NOT_ANSWERED: "for who has not answered it",
}

CHANGED_SINCE = "It was changed since. This is how it is now; tap again."
CHANGED_MEANWHILE = (
    "It was changed meanwhile. This is what you wrote: keep it to put it in the place of what "
    "stands there now."
)
BAD_DAY_NUMBER = "Please give the number of the working day: 1 is their first."
BAD_TIME = "Please write the hour like 15:00."
BAD_DAYS = "Please give a whole number of days between 1 and 31."
NO_REFERENCE = "Please choose which one."
NO_SUCH_REFERENCE = "I have none with these words in its title."


def several_references(titles: Sequence[str], more: int) -> str:
    """Words that stand in the titles of several; some of them, and how many `more` there are."""
    named = ", ".join(f"“{shorten(title, 60)}”" for title in titles)
    rest = f" and {more} more" if more else ""
    return f"Several have these words: {named}{rest}. Please write more of the title."


NOTHING_TO_CHOOSE = "There is nothing of the kind here yet."
NO_OPTION = "Please choose one of the options."
UNKNOWN_PERSON = "I do not know that person here."
NO_APPROVER_YOURSELF = "You cannot approve your own campaign. Please name somebody else."
PAST = "This day has passed."
NO_PLACE = "Please choose a channel. Of others I know only those of topics: begin there again."
A_CHANNEL = "the channel chosen before"
NOT_THE_OWNER = "Only its owner can do that."
MOVED = "Moved: the two parts have changed their days."
AS_WRITTEN = "as written"
AS_IT_WAS = "As it was written"
"""The value for an audience that a form cannot say, as it came with a pack."""
UNKNOWN_PART = "This part is not in it any more."
BAD_STEPS = "Please give a whole number of groups, 2 or more."
NOBODY_NAMED = "Please name at least one person."
NO_START = "Please choose the first day."
END_OF_LINE = "It is the first or the last already."
NO_REASON = "Please say what should be different."
NOBODY_TO_APPROVE = (
    "There is nobody here who could approve it. Give somebody the role of an approver with `/role`."
)
NO_CHANNEL = (
    "An hour of questions needs a channel, and I know none yet. Write `/campaign` in the one you "
    "want, or open a topic there with `/topic`."
)
NOT_INVITED = "This was to be tried by a few others. You get it when it begins, if it is for you."
TRIED_TOO_LATE = "It is over, or was thrown away, so there is nothing to try any more."
_IN_NO_FIGURE = (
    "It is in no figure of the campaign. What you do under it, as a quiz or a draft, is yours and "
    "counts as always; only a vote does not."
)
BECAUSE_APPROVER = "You approve campaigns, and this one waits for you."
BECAUSE_PILOT = "You were asked to look at it before others do."


# --- what a part is, in a line ---------------------------------------------------------


def when_of(content: Content, activity: Activity) -> str:
    """When a part comes: “Tue 3 Mar”, or “working day 1”."""
    if content.timing is Timing.CALENDAR:
        told = short_date(activity.date) if activity.date else "no day yet"
    else:
        told = "no day yet" if activity.day is None else f"working day {activity.day + 1}"
    return f"{told}, {activity.at:%H:%M}" if activity.at else told


def _room(content: Content) -> int:
    """How many letters of what a part says are shown among others, so that all of them fit."""
    return 90 if len(content.activities) <= MANY else 30


def _what(activity: Activity, titles: Mapping[str, str], room: int = 90) -> str:
    """What a part is, literally."""
    said = plain(titles.get(activity.id, "")) or _words_of(activity) or activity.ref or ""
    kind = FORMATS[activity.format]
    return f"{kind}, “{shorten(' '.join(said.split()), room)}”" if said else kind


def _words_of(activity: Activity) -> str:
    """Its text without its markup, which only what people get has."""
    if activity.format is Format.POLL:
        return activity.text
    return plain(activity.text)


def line_of(
    content: Content,
    activity: Activity,
    titles: Mapping[str, str],
    places: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """A part among others; `titles` are what references are called, by part, and `places` how
    people call a channel, by its address."""
    what = literal(_what(activity, titles, _room(content)))
    told = f"**{_first(when_of(content, activity))}**: {what}"
    if activity.channel is not None:
        told += f", in {literal(places.get(activity.channel) or _called(activity.channel))}"
    if activity.only_if is not None:
        told += f", {_ONLY_IF_SAID[activity.only_if]}"
    return told + (" (optional)" if activity.optional else "")


def _called(channel: str) -> str:
    """A channel of which no name is known."""
    return channel if channel.startswith("#") else "a channel"


def lines_of(content: Content, titles: Mapping[str, str], places: Mapping[str, str]) -> list[Part]:
    """All parts by when they come, as texts that fit."""
    lines = [
        f"{number}. {line_of(content, activity, titles, places)}"
        for number, activity in enumerate(in_order(content), 1)
    ]
    rows = (lines[first : first + MOST_CHOICES] for first in range(0, len(lines), MOST_CHOICES))
    texts: list[Part] = [Text(text=shorten("\n".join(row), 3_000)) for row in rows]
    return texts or [Text(text="There is nothing in it yet. *Add a part* begins with the first.")]


def _look_at(content: Content, titles: Mapping[str, str], args: Args, action: str) -> list[Part]:
    """Choices of one part, ten at a time."""
    room = 30 if len(content.activities) <= MANY else 8
    ordered = list(in_order(content))
    return [
        Choice(
            label="Look at a part"
            if len(ordered) <= MOST_CHOICES
            else f"Look at a part, {first + 1} to {min(first + MOST_CHOICES, len(ordered))}",
            action=action,
            args=args,
            options=tuple(
                Option(
                    label=shorten(f"{n}. {when_of(content, a)}: {_what(a, titles, room)}", 75),
                    value=a.id,
                )
                for n, a in enumerate(ordered[first : first + MOST_CHOICES], first + 1)
            ),
        )
        for first in range(0, len(ordered), MOST_CHOICES)
    ]


def args_of(campaign: Campaign) -> Args:
    """What everything carries that is pressed on a campaign's card: which, and as it was seen."""
    return {"campaign": campaign.id, "seen": mark_of(campaign.proposed)}


# --- the card ---------------------------------------------------------------------------


def facts_of(
    content: Content,
    whom: str,
    approvers: Sequence[str],
    *,
    are_named: bool,
    metric: str | None = None,
) -> Facts:
    """To whom it goes, when, and who says that it may; `whom` is a part of a sentence, and
    `metric` what it is measured by is called, if that is described in a pack."""
    facts = [
        Fact(label="To", value=whom[:1].upper() + whom[1:]),
        Fact(label="When", value=_when(content)),
    ]
    if content.rollout.design is Design.STEPPED_WEDGE:
        told = (
            f"Teams begin in {content.rollout.steps} groups, one every "
            f"{content.rollout.step_every} days; the order is drawn{_by_hand(content)}"
        )
        facts.append(Fact(label="Rollout", value=told))
    elif content.rollout.design is Design.AB:
        told = f"Half of the teams get it, as drawn{_by_hand(content)}; the others do not"
        facts.append(Fact(label="Rollout", value=told))
    if content.audience.consent is Consent.OPT_IN:
        facts.append(
            Fact(label="Consent", value="People are asked first; who says nothing gets nothing")
        )
    joint = " and " if are_named else " or "
    named = joint.join(approvers) if approvers else "nobody yet"
    facts.append(Fact(label="Approvers", value=shorten(named, 1_000)))
    if content.completion:
        told = _completed(content.completion)
        facts.append(Fact(label="Completed by who", value=shorten(told, 1_000)))
    if content.success is not None:
        told = metric or content.success.metric
        told += f", by at least {content.success.smallest_worthwhile}"
        facts.append(Fact(label="Measured by", value=shorten(told, 1_000)))
    else:
        facts.append(Fact(label="Measured by", value="nothing: no outcome is claimed"))
    return Facts(facts=tuple(facts))


_HAS = {
    "certified": "has passed {}",
    "passed_within": "has passed {} lately",
    "met": "can do {}",
    "answered": "has answered {}",
    "asked": "has asked a question",
    "section_opened": "has read {}",
}
_HAS_NOT = {
    "certified": "has not passed {}",
    "passed_within": "has not passed {} lately",
    "met": "cannot do {} yet",
    "answered": "has not answered {}",
    "asked": "has not asked a question",
    "section_opened": "has not read {}",
}


def _completed(completion: str) -> str:
    """What makes it completed, for who did not write the pack."""
    try:
        return describe(parse(completion), _evidence)
    except Nonsense:
        # The card says besides what is wrong with it.
        return completion


def _evidence(atom: Atom, is_not: bool) -> str:
    return (_HAS_NOT if is_not else _HAS)[atom.name].format(*atom.about)


def _by_hand(content: Content) -> str:
    """Who chooses a seed can choose what is drawn, which those who approve ought to know."""
    seed = content.rollout.seed
    return "" if seed is None else f" by the seed {seed}, which its owner has chosen"


def _when(content: Content) -> str:
    if content.timing is Timing.ENROLMENT:
        start = date_of(content.start) if content.start else "a day that is not chosen yet"
        until = (
            f"; newcomers join until {date_of(content.join_until)}" if content.join_until else ""
        )
        return f"By everybody’s own working days, from {start}{until}"
    if not content.activities:
        return "No days yet"
    if content.first_day == content.last_day:
        return date_of(content.first_day)
    return f"{date_of(content.first_day)} to {date_of(content.last_day)}"


def sheet(
    campaign: Campaign,
    facts: Facts,
    titles: Mapping[str, str],
    places: Mapping[str, str],
    *,
    faults: Sequence[str] = (),
    waits_for: Sequence[str] = (),
    figures: Sequence[tuple[str, str]] = (),
    rows: Sequence[Sequence[Button]] = (),
    note: str | None = None,
    formats: Sequence[Format] = (),
) -> Message:
    """A campaign before it has begun, or what its owner would change: its parts and what can be
    done. `formats` are of what one more part may be; `faults` what stands in its way, `waits_for`
    who has not approved it yet, `figures` what its dry run told when it was submitted."""
    content = campaign.proposed
    state = "would be changed" if campaign.amendment is not None else f"is {STATES[campaign.state]}"
    parts: list[Part] = [Text(text=f"**{literal(campaign.title)}** {state}.")]
    if note:
        parts.append(Text(text=note))
    if waits_for:
        parts.append(Text(text=f"It waits for {literal(shorten(_and(waits_for), 1_000))}."))
    # A card has room for all of many parts once: where one is chosen.
    is_long = len(content.activities) > MANY
    parts += [facts, *([] if is_long else lines_of(content, titles, places))]
    if figures:
        told = tuple(Fact(label=label, value=value) for label, value in figures)
        parts += [Text(text="**What it would do**, as of when it was submitted"), Facts(facts=told)]
    if not content.activities:
        faults = ()
    if faults:
        parts.append(Text(text=shorten(fault_lines(faults), 3_000)))
    parts += _look_at(content, titles, args_of(campaign), "campaign.part")
    parts += [add_choice(campaign, formats)] if formats else []
    parts += [Buttons(buttons=tuple(row)) for row in rows if row]
    summary = f"{campaign.title} {state}: {_parts(len(content.activities))}."
    return Message(
        summary=shorten(summary, 300),
        parts=tuple(parts),
        tone=Tone.WARNING if faults else Tone.NEUTRAL,
    )


def _parts(count: int) -> str:
    return "1 part" if count == 1 else f"{count} parts"


def _and(words: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def writing_rows(campaign: Campaign, *, is_clean: bool) -> list[list[Button]]:
    """What the owner of a draft can do, or of a change while it runs."""
    of = args_of(campaign)
    is_draft = campaign.state is State.DRAFT
    first = [Button(label="Settings", action="campaign.settings", args=of)] if is_draft else []
    if campaign.content.activities:
        first += _trials(of)
    second: list[Button] = []
    if is_clean:
        second.append(_submit(campaign))
    if is_draft:
        second.append(_discard(of))
    elif campaign.amendment is not None:
        second.append(Button(label="Leave it as it was", action="campaign.drop_change", args=of))
    if not is_draft:
        second.append(Button(label="Back", action="campaign.look_at", args=of))
    return [first, second]


def _submit(campaign: Campaign) -> Button:
    claims = "" if campaign.proposed.success is not None else CLAIMS_NOTHING
    return Button(
        label="Submit for approval",
        action="campaign.submit",
        args=args_of(campaign),
        style=Style.PRIMARY,
        confirm=Confirm(
            title="Submit it for approval?",
            text="Those who approve it get its card. If you change anything afterwards, it has to "
            f"be approved anew.{claims}",
            yes="Submit it",
            no="Not yet",
        ),
    )


def under_dry_run(campaign: Campaign, *, is_owner: bool, may_submit: bool) -> Buttons:
    """What can be done with a campaign whose dry run one has before oneself."""
    of = args_of(campaign)
    buttons = [Button(label="Back", action="campaign.look_at", args=of)]
    trials = _trials(of)[1:]
    buttons += trials if is_owner else trials[:1]
    if is_owner and may_submit and campaign.state is State.DRAFT:
        buttons.append(_submit(campaign))
    return Buttons(buttons=tuple(buttons))


def _trials(of: Args) -> list[Button]:
    """How a campaign can be looked at before it begins."""
    return [
        Button(label="Dry run", action="campaign.dry_run", args=of),
        Button(label="Send to me", action="campaign.show_me", args=of),
        Button(label="Let a few try it", action="campaign.pilot", args=of),
    ]


def _discard(of: Args) -> Button:
    return Button(
        label="Discard",
        action="campaign.drop",
        args=of,
        style=Style.DANGER,
        confirm=Confirm(
            title="Discard it?", text="It is thrown away.", yes="Discard", no="Keep it"
        ),
    )


def waiting_rows(campaign: Campaign) -> list[list[Button]]:
    """What the owner can do until it begins."""
    of = args_of(campaign)
    rows = [
        _trials(of),
        [
            Button(
                label="Change it",
                action="campaign.take_back",
                args=of,
                confirm=Confirm(
                    title="Make it a draft again?",
                    text="It does not begin, and has to be approved anew.",
                    yes="Make it a draft",
                    no="Leave it",
                ),
            ),
            _discard(of),
        ],
    ]
    if campaign.is_put_forward:
        rows[1].insert(0, ask_again(campaign))
    if campaign.state is State.APPROVED:
        begins = date_of(campaign.content.first_day)
        schedule = Button(
            label="Schedule it",
            action="campaign.schedule",
            args=of,
            style=Style.PRIMARY,
            confirm=Confirm(
                title="Schedule it?",
                text=f"It begins by itself on {begins}.{_drawn_now(campaign.content)}",
                yes="Schedule it",
                no="Not yet",
            ),
        )
        rows[1].insert(0, schedule)
    return rows


def _drawn_now(content: Content) -> str:
    if content.rollout.design is Design.ALL:
        return ""
    return " Who begins when is drawn now and does not change any more."


def ask_again(campaign: Campaign) -> Button:
    """For its owner, while it waits for approval."""
    return Button(label="Ask again", action="campaign.remind", args=args_of(campaign))


def approval_rows(campaign: Campaign) -> list[list[Button]]:
    """What who approves it can do."""
    of = args_of(campaign)
    return [
        [
            Button(
                label="Approve",
                action="campaign.approve",
                args=of,
                style=Style.PRIMARY,
                confirm=Confirm(
                    title="Approve it?",
                    text="You approve what stands here. If anything is changed, you are asked "
                    "anew.",
                    yes="Approve",
                    no="Not yet",
                ),
            ),
            Button(label="Send it back", action="campaign.send_back", args=of),
            *_trials(of)[:-1],
        ]
    ]


def approval_note(owner: Person, campaign: Campaign) -> str:
    """What is asked of who approves it."""
    what = "a change of this campaign" if campaign.amendment is not None else "this campaign"
    return (
        f"{literal(owner.name)} asks you to approve {what}. Your approval is of exactly what "
        "stands here."
    )


def part_card(
    campaign: Campaign,
    activity: Activity,
    number: int,
    line: str,
    shown: Message | None,
    *,
    may_change: bool,
    note: str | None = None,
) -> Message:
    """One part as everybody would get it, and what can be done with it. None of its buttons
    count here."""
    of: Args = {**args_of(campaign), "part": activity.id}
    total = len(campaign.proposed.activities)
    parts: list[Part] = [
        Text(text=f"**Part {number} of {total}** of {literal(campaign.title)}\n{line}"),
        *([Text(text=note)] if note else []),
    ]
    if shown is not None:
        kept = [p for p in shown.parts if not isinstance(p, Buttons | Choice)]
        parts += [Divider(), *kept[:30]]
        if len(kept) < len(shown.parts):
            parts.append(Note(text="Its buttons come with it. *Send to me* shows it as it is."))
        parts.append(Divider())
    buttons: list[Button] = []
    if may_change:
        buttons += [
            Button(label="Change", action="campaign.change_part", args=of),
            Button(label="Earlier", action="campaign.earlier", args=of),
            Button(label="Later", action="campaign.later", args=of),
            Button(
                label="Remove",
                action="campaign.remove",
                args=of,
                style=Style.DANGER,
                confirm=Confirm(title="Remove it?", text="The other parts stay.", yes="Remove"),
            ),
        ]
    buttons.append(Button(label="Back", action="campaign.look_at", args=args_of(campaign)))
    parts.append(Buttons(buttons=tuple(buttons)))
    return Message(
        summary=shorten(f"Part {number} of {total} of {campaign.title}", 300), parts=tuple(parts)
    )


def add_choice(campaign: Campaign, formats: Sequence[Format]) -> Choice:
    """What the next part may be."""
    return Choice(
        label="Add a part",
        action="campaign.add_part",
        args=args_of(campaign),
        options=tuple(Option(label=_first(FORMATS[f]), value=f.value) for f in formats),
    )


def _first(words: str) -> str:
    return words[:1].upper() + words[1:]


# --- forms -------------------------------------------------------------------------------


def settings_form(
    content: Content,
    whom: AnyField,
    approvers: Sequence[str],
    today: date,
    args: Args,
    *,
    is_new: bool,
    titles: Mapping[str, str] = MappingProxyType({}),
) -> Form:
    """What a campaign is as a whole. `whom` is the field of its audience, `approvers` are
    addresses, `titles` what references are called, by part. A new one is asked only what nobody
    can leave open (`_FIRST_ASKED`)."""
    start = content.start or max(content.first_day, _next_date(content, today))
    if not _is_sayable(content.audience) and isinstance(whom, ChoiceField):
        kept = Option(label=AS_IT_WAS, value=AS_WRITTEN)
        whom = whom.model_copy(update={"options": (kept, *whom.options), "value": AS_WRITTEN})
    named = [*approvers, None, None]
    more = len(approvers) - 2
    by_steps = content.rollout.design is Design.STEPPED_WEDGE
    by_halves = content.rollout.design is Design.AB
    is_assigned = content.audience.consent is Consent.ASSIGNED
    success = content.success
    fields: list[AnyField] = [
        TextField(
            name="title",
            label="Title",
            value=content.title,
            max_length=MAX_TITLE,
            required=True,
        ),
        whom,
        _choice(
            "consent",
            "May people say no?",
            {
                Consent.OPT_OUT: "They get it until they say stop",
                Consent.OPT_IN: "They are asked first, and get nothing unless they say yes",
                **({Consent.ASSIGNED: AS_IT_WAS} if is_assigned else {}),
            },
            content.audience.consent,
        ),
        _choice(
            "timing",
            "How are days counted?",
            {
                Timing.CALENDAR: "By the calendar: the same day for everybody",
                Timing.ENROLMENT: "By each one’s own working days from the first",
            },
            content.timing,
        ),
        DateField(
            name="start",
            label="First day",
            hint="By the calendar each part has its own date, and you can change it there.",
            value=start.isoformat(),
        ),
        DateField(
            name="join_until",
            label="Newcomers may join until",
            hint="Only where days are each one’s own. Without a day nobody joins later.",
            value=content.join_until.isoformat() if content.join_until else None,
        ),
        PeopleField(
            name="approver",
            label="Who approves it?",
            hint="Not you. If you name nobody, anyone may who approves campaigns here.",
            value=named[0],
        ),
        PeopleField(
            name="second",
            label="And who else? Both have to.",
            hint=f"And {more} more, as it was written." if more > 0 else None,
            value=named[1],
        ),
        _choice(
            "rollout",
            "Who begins when?",
            {
                ALL_AT_ONCE: "Everybody at once",
                STEPS: "One group of teams after another, as drawn",
                **({AS_WRITTEN: AS_IT_WAS} if by_halves else {}),
            },
            STEPS if by_steps else AS_WRITTEN if by_halves else ALL_AT_ONCE,
        ),
        NumberField(
            name="steps",
            label="In how many groups?",
            value=content.rollout.steps if by_steps else None,
            minimum=2,
        ),
        *_completion(content, titles),
        TextField(
            name="metric",
            label="What should be better afterwards?",
            hint="In words, or the name of a metric. It is kept as it is approved.",
            value=success.metric if success else "",
        ),
        TextField(
            name="worthwhile",
            label="By how much at least, to be worth it?",
            value=success.smallest_worthwhile if success else "",
        ),
        LongTextField(
            name="closing",
            label="If it has to be ended early, what are people told?",
            value=content.closing,
            max_length=1_000,
        ),
        _choice(
            "catch_up",
            "What a pause has made too late",
            {NO: "is left out", YES: "comes afterwards"},
            YES if content.catch_up else NO,
        ),
    ]
    intro = "What it is as a whole."
    if is_new:
        fields = [field for field in fields if field.name in _FIRST_ASKED]
        intro += (
            " Its parts come next, more can be said later under “Settings”, and others approve it "
            "before it begins."
        )
    return Form(
        title="Campaign",
        intro=intro,
        fields=tuple(fields),
        submit="Go on to the parts" if is_new else "Keep",
        action="campaign.keep_settings",
        args=args,
    )


def _completion(content: Content, titles: Mapping[str, str]) -> list[AnyField]:
    """What makes it done, of the quizzes and prompts in it; nothing where there are none."""
    choices = completions(content)
    if not choices and not content.completion:
        return []
    offered = {NOBODY_COMPLETES: "Nobody is said to have completed it"}
    for activity in in_order(content):
        if activity.id in choices:
            does = "passes" if activity.format is Format.QUIZ else "answers"
            title = titles.get(activity.id) or activity.ref
            offered[activity.id] = shorten(f"Who {does} “{title}”", 75)
    if ALL_OF_THEM in choices:
        offered[ALL_OF_THEM] = "Who does all of these"
    chosen = next((n for n, asked in choices.items() if asked == content.completion), None)
    if content.completion and chosen is None:
        chosen = AS_WRITTEN
        offered[AS_WRITTEN] = AS_IT_WAS
    label = "When has somebody completed it?"
    return [_choice("completion", label, offered, chosen or NOBODY_COMPLETES)]


def _is_sayable(whom: Audience) -> bool:
    """Whether the form can say to whom it goes."""
    one = len(whom.teams) + (whom.conversation is not None) <= 1
    return one and not (whom.people or whom.without_teams or whom.without_people)


def _choice(name: str, label: str, options: Mapping[str, str], value: str) -> ChoiceField:
    return ChoiceField(
        name=name,
        label=label,
        options=tuple(Option(label=said, value=str(given)) for given, said in options.items()),
        value=str(value),
        required=True,
    )


def part_form(
    content: Content,
    activity: Activity,
    found: Sequence[Found],
    places: Mapping[str, str],
    today: date,
    args: Args,
) -> Form:
    """One part, new or as it is. `found` are what it may refer to, `places` how channels are
    called in which it may stand, by what the form calls them."""
    fields: list[AnyField] = [_day_field(content, activity, today)]
    format_ = activity.format
    if format_ in {Format.TIP, Format.SECTION, Format.QUIZ, Format.PROMPT}:
        fields.append(_reference(activity, found))
    if format_ is Format.POLL:
        fields += [
            TextField(
                name="text",
                label="Question",
                value=activity.text,
                max_length=MOST_QUESTION,
                required=True,
            ),
            LongTextField(
                name="options",
                label="Answers",
                hint=f"Each on a line of its own, 2 to {MOST_OPTIONS} of them. How many chose "
                "what is told once it is over, if five or more have voted; who, never.",
                value="\n".join(activity.options),
                max_length=400,
                required=True,
            ),
        ]
    else:
        asks = {
            Format.MESSAGE: "Message",
            Format.QNA_SESSION: "What is it about, and who answers?",
        }
        fields.append(
            LongTextField(
                name="text",
                label=asks.get(format_, "A word before it"),
                hint="You may use **strong**, *emphasis*, `code`, [a link](https://...) and lines "
                "that begin with “- ”.",
                value=activity.text,
                max_length=MAX_BODY,
                required=format_ in asks,
            )
        )
    if format_ in {Format.MESSAGE, Format.POLL, Format.QNA_SESSION}:
        fields += _place(activity, places)
    if format_ not in {Format.QNA_SESSION, Format.POLL}:
        offered = dict(_ONLY_IF)
        if format_ is not Format.PROMPT:
            offered.pop(OnlyIf.NOT_ANSWERED)
        fields.append(
            _choice("only_if", "Who gets it?", offered, activity.only_if or EVERYBODY_GETS_IT)
        )
    if format_ is not Format.QNA_SESSION:
        fields.append(
            NumberField(
                name="days",
                label="For how many days is it good?",
                hint="Without a number until the next part comes, three days at most.",
                value=activity.days,
                minimum=1,
                maximum=31,
            )
        )
    return Form(
        title=shorten(_first(FORMATS[format_]), 24),
        fields=tuple(fields),
        submit="Keep",
        action="campaign.keep_part",
        args=args,
    )


def _day_field(content: Content, activity: Activity, today: date) -> AnyField:
    if content.timing is Timing.CALENDAR:
        value = activity.date or _next_date(content, today)
        return DateField(name="date", label="On which day?", value=value.isoformat(), required=True)
    number = activity.day
    if number is None:
        number = 1 + max((a.day for a in content.activities if a.day is not None), default=-1)
    return NumberField(
        name="day",
        label="On which of their working days?",
        hint="1 is their first.",
        value=number + 1,
        minimum=1,
        required=True,
    )


def _next_date(content: Content, today: date) -> date:
    """The first day that was named for it; then the weekday behind the last part. Never today,
    which has begun for some before others can approve it."""
    dates = [a.date for a in content.activities if a.date is not None]
    if not dates and content.start is not None and content.start > today:
        return content.start
    day = max([*dates, today]) + _DAY
    while day.isoweekday() > _WEEKDAYS:
        day += _DAY
    return day


def _reference(activity: Activity, found: Sequence[Found]) -> AnyField:
    if not found or len(found) > MOST_REFERENCES:
        titles = {one.ref: one.title for one in found}
        return TextField(
            name="ref",
            label="Which one?",
            hint="Its title, or some words of it.",
            value=titles.get(activity.ref or "", activity.ref or ""),
            required=True,
        )
    offered = {one.ref for one in found}
    return ChoiceField(
        name="ref",
        label="Which one?",
        options=tuple(Option(label=shorten(one.title, 75), value=one.ref[:150]) for one in found),
        value=activity.ref if activity.ref in offered else None,
        required=True,
    )


def _place(activity: Activity, places: Mapping[str, str]) -> list[AnyField]:
    only_channel = activity.format is Format.QNA_SESSION
    options = {} if only_channel else {TO_EACH: "Each person alone, at their own hour"}
    options |= {value: shorten(f"In {name}", 75) for value, name in places.items()}
    if not options:
        return []
    chosen = next((v for v in places if v == activity.channel), None)
    where = _choice("place", "Where does it go?", options, chosen or next(iter(options)))
    return [
        where,
        TextField(
            name="at",
            label="At what hour?" if only_channel else "At what hour, in a channel?",
            hint="On your own clock, like 15:00.",
            value=f"{activity.at:%H:%M}" if activity.at else ("15:00" if only_channel else ""),
            max_length=5,
            required=only_channel,
        ),
    ]


def back_form(campaign: Campaign) -> Form:
    """Why a campaign goes back to its owner."""
    return Form(
        title="Send it back",
        fields=(
            LongTextField(
                name="why",
                label="What should be different?",
                hint="Its owner reads it, with your name.",
                max_length=1_000,
                required=True,
            ),
        ),
        submit="Send it back",
        action="campaign.reject",
        args=args_of(campaign),
    )


def pilot_form(campaign: Campaign) -> Form:
    """Who tries a campaign before others."""
    return Form(
        title="Let a few try it",
        intro="They are asked whether they would look at it, and get all of it at once if they "
        "tap. It is in no figure of the campaign.",
        fields=tuple(
            PeopleField(name=name, label=f"Person {n}", required=n == 1)
            for n, name in enumerate(PILOT_SEATS, 1)
        ),
        submit="Ask them",
        action="campaign.ask_pilot",
        args=args_of(campaign),
    )


# --- what others are told ------------------------------------------------------------------


def asked_pilot(names: Sequence[str]) -> Message:
    """After *Let a few try it*."""
    return say(
        f"I ask {literal(_and(names))} to look at it, each at their own hour and as far as their "
        "attention allows.",
        tone=Tone.GOOD,
    )


def tried(count: int) -> str:
    """To who shows themselves so many parts, as one of a few who try it."""
    return f"Here it comes, as it is now: {_messages(count)}. {_IN_NO_FIGURE}"


def sent_to_me(count: int) -> str:
    """After *Send to me*."""
    return (
        f"Every part is on its way to you alone, as everybody would get it: {_messages(count)}. "
        f"{_IN_NO_FIGURE}"
    )


def _messages(count: int) -> str:
    return "1 message" if count == 1 else f"{count} messages, all at once"


def invite(campaign: Campaign, owner: Person, count: int) -> Message:
    """Asks somebody to try a campaign of so many parts."""
    return say(
        f"{literal(owner.name)} prepares “{literal(campaign.title)}” and would like you to see it "
        f"before others do. Tap when you have a moment: you get {_messages(count)}. "
        f"{_IN_NO_FIGURE}",
        Buttons(
            buttons=(
                Button(
                    label="Show it to me",
                    action="campaign.try_it",
                    args=args_of(campaign),
                    style=Style.PRIMARY,
                ),
            )
        ),
    )


def approved(campaign: Campaign, by: Person) -> Message:
    """Tells the owner that it was approved for good."""
    if campaign.state is State.APPROVED:
        return say(
            f"{literal(by.name)} has approved “{literal(campaign.title)}”. Nothing begins before "
            "you schedule it.",
            Buttons(
                buttons=(
                    Button(
                        label="Open it",
                        action="campaign.look_at",
                        args=args_of(campaign),
                        style=Style.PRIMARY,
                    ),
                )
            ),
            tone=Tone.GOOD,
        )
    return say(
        f"{literal(by.name)} has approved your change of “{literal(campaign.title)}”. It counts "
        "from now on.",
        _open(campaign),
        tone=Tone.GOOD,
    )


def _open(campaign: Campaign) -> Buttons:
    return Buttons(
        buttons=(Button(label="Open it", action="campaign.look_at", args=args_of(campaign)),)
    )


def approved_partly(campaign: Campaign, by: Person, missing: Sequence[str]) -> Message:
    """Tells the owner that one of several has approved it."""
    return say(
        f"{literal(by.name)} has approved “{literal(campaign.title)}”. It still waits for "
        f"{literal(_and(missing))}.",
        _open(campaign),
    )


def overtaken(campaign: Campaign, why: Sequence[str]) -> Message:
    """Tells the owner that a change came too late to be approved as it is."""
    left = (
        "What has begun stays as it is. The rest of your change is kept until you submit it again."
        if campaign.amendment is not None
        else "Nothing is left of it: all of it has begun."
    )
    return say(
        f"Your change of “{literal(campaign.title)}” could not be approved any more.\n"
        + "\n".join(why)
        + f"\n{left}",
        _open(campaign),
        tone=Tone.WARNING,
    )


def rejected(campaign: Campaign, by: Person, why: str) -> Message:
    """Tells the owner what should be different."""
    return say(
        f"{literal(by.name)} has sent “{literal(campaign.title)}” back to you.\n{literal(why)}",
        _open(campaign),
        tone=Tone.WARNING,
    )


def said_approved(campaign: Campaign) -> str:
    """To who approved it, on its card."""
    if campaign.state is State.IN_REVIEW or campaign.amendment is not None:
        return "You have approved it. Others have to as well."
    return "You have approved it, and its owner is told."


CLAIMS_NOTHING = (
    " You claim no outcome: that no figure of the work is better by it. If one should be, say "
    "first in Settings which."
)
ALL_LEFT_HAVE = (
    "It is approved by all who are left to approve it. Tap *Ask again*: one of them has to say so "
    "once more."
)
SAID_REJECTED = "It is with its owner again, who reads what you wrote."
SAID_OVERTAKEN = (
    "Some of what it would change has begun meanwhile, or is too late. It is with its owner again, "
    "who is told."
)
GOING_THROUGH = (
    "I go through it with everybody’s calendar and attention first. Those who approve it get its "
    "card then, with what it would do."
)
SUBMITTED = "Those who approve it get its card at their next working hour."
SCHEDULED = "It begins by itself. Until then you can make it a draft again."
TAKEN_BACK = "It is a draft again, and has to be approved before it begins."
CHANGE_DROPPED = "It goes on as it was approved."
SAVED = "Kept."
REMOVED = "The part is out."
DISCARDED = "It is discarded."
RESUMED = "It goes on. People get at most what their attention allows, so nothing comes in a burst."
CANCELLED = (
    "It has ended. What waited is taken back; what people have begun, as a quiz, they may finish."
)
CHANGE_WHILE_RUNNING = (
    "What has begun stays as it is. A change of what is still to come counts once it is approved."
)


# --- while it runs -------------------------------------------------------------------------


def paused(content: Content) -> str:
    """After *Pause*."""
    return (
        "Nothing more is sent. What is on its way this very second may still arrive. "
        f"{_meanwhile(content)}"
    )


def _meanwhile(content: Content) -> str:
    """What becomes of days that fall into a pause."""
    if content.timing is Timing.ENROLMENT:
        return "Everybody’s days wait, and are counted on afterwards."
    if content.catch_up:
        return "What has its day meanwhile comes afterwards."
    return "What has its day meanwhile is left out."


def running_rows(campaign: Campaign, *, is_owner: bool) -> list[list[Button]]:
    """What can be done with one that runs or rests, each with what will happen."""
    of = args_of(campaign)
    row: list[Button] = []
    if campaign.state is State.RUNNING:
        row.append(
            Button(
                label="Pause",
                action="campaign.pause",
                args=of,
                confirm=Confirm(
                    title="Pause it?",
                    text=f"From now on nothing is sent. {_meanwhile(campaign.content)}",
                    yes="Pause it",
                    no="Leave it running",
                ),
            )
        )
    elif campaign.state is State.PAUSED:
        row.append(
            Button(
                label="Go on",
                action="campaign.resume",
                args=of,
                style=Style.PRIMARY,
                confirm=Confirm(
                    title="Go on?",
                    text="What is still to come comes on its day, and never all at once.",
                    yes="Go on",
                    no="Not yet",
                ),
            )
        )
    if is_owner and campaign.state in {State.RUNNING, State.PAUSED}:
        row.append(Button(label="Change what comes", action="campaign.amend", args=of))
    if campaign.state in {State.RUNNING, State.PAUSED}:
        text = (
            "Who has something keeps it. Nobody gets anything more, and it cannot be begun again."
        )
        if campaign.content.closing:
            text += " Those who were in it are told once."
        row.append(
            Button(
                label="End it",
                action="campaign.end",
                args=of,
                style=Style.DANGER,
                confirm=Confirm(title="End it?", text=text, yes="End it", no="Not now"),
            )
        )
    return [row] if row else []


def truth_lines(
    campaign: Campaign,
    accounts: Mapping[str, Account],
    titles: Mapping[str, str],
    places: Mapping[str, str],
    stands: Mapping[str, str],
    enrolled: int = 0,
) -> list[Part]:
    """What became of each part: its letters, or in `stands` what became of what is in a channel
    or was left out.

    All parts are told of the same people, those who were ever in it (`enrolled`): who has less and
    less of it, since somebody stops or is done, would be counted by the difference.
    """
    everybody = max([enrolled, *(account.letters for account in accounts.values())])
    lines = _groups(campaign.content)
    if asked := accounts.get(INVITATION):
        said = _delivered(campaign, asked, everybody)
        lines.append(f"The question whether they want it\n*{said}*")
    for number, activity in enumerate(in_order(campaign.content), 1):
        line = f"{number}. {line_of(campaign.content, activity, titles, places)}"
        account = accounts.get(activity.id)
        if activity.id in stands:
            said = stands[activity.id]
        elif account is None or not account.letters:
            said = "still to come" if campaign.state in _GOING else "was not sent"
        else:
            said = _told(campaign, activity, account, everybody)
        lines.append(f"{line}\n*{said}*")
    return [
        Text(text=shorten("\n".join(lines[first : first + MOST_CHOICES]), 3_000))
        for first in range(0, len(lines), MOST_CHOICES)
    ]


_GOING = frozenset({State.RUNNING, State.PAUSED})


def _told(campaign: Campaign, activity: Activity, account: Account, everybody: int) -> str:
    """In a line what became of the letters of a part."""
    if is_personal(activity):
        return PERSONAL_WAITS if campaign.state in _GOING else PERSONAL
    return _delivered(campaign, account, everybody)


def _groups(content: Content) -> list[str]:
    """When each group of teams begins, where they begin one after another."""
    rollout = content.rollout
    if rollout.design is not Design.STEPPED_WEDGE or content.start is None:
        return []
    days = [content.start + step * rollout.step_every * _DAY for step in range(rollout.steps)]
    return [f"{len(days)} groups of teams: from {_and([short_date(day) for day in days])}"]


def _delivered(campaign: Campaign, account: Account, everybody: int) -> str:
    (_, delivered), *others = told_of(campaign, account, everybody)
    return "; ".join(
        [f"delivered to {delivered}", *(f"{label.lower()}: {count}" for label, count in others)]
    )


CHANGE_BEGUN = (
    "You have begun a change of what is still to come. Submit it under *Change what comes*."
)


def change_waits(names: Sequence[str]) -> str:
    """A change that nobody has settled yet."""
    return f"A change of what is still to come waits for {literal(_and(names))}."


PERSONAL_WAITS = "comes to those whom it is for; I do not say how many"
PERSONAL = "has gone to those whom it is for; I do not say how many"
STANDS = "stands in the channel"
LEFT_OUT = "was left out"
RESTED_OVER = "was left out: its day fell into a pause"
NOT_POSTED = "could not be posted in the channel: is Inflow a member of it?"


# --- the page ------------------------------------------------------------------------------


def waiting_for_you(campaigns: Sequence[tuple[Campaign, str]]) -> list[Section]:
    """What somebody is asked to approve, with its owner’s name, for their own page."""
    return [
        Section(
            Shelf.NOW,
            "To approve",
            entries=[
                [
                    Text(text=f"**{literal(campaign.title)}**, by {literal(owner)}"),
                    Buttons(
                        buttons=(
                            Button(
                                label="Look at it",
                                action="campaign.look_at",
                                args=args_of(campaign),
                                style=Style.PRIMARY,
                            ),
                        )
                    ),
                ]
                for campaign, owner in campaigns
            ],
        )
    ]


def waiting_list(campaigns: Sequence[tuple[Campaign, str]]) -> Message:
    """The same as the answer to `/campaign` for who approves campaigns and runs none."""
    if not campaigns:
        return say("Nothing waits for your approval.")
    lines = [
        f"- **{literal(campaign.title)}**, by {literal(owner)}"
        for campaign, owner in campaigns[:MOST_CHOICES]
    ]
    more = len(campaigns) - len(lines)
    return say(
        "These wait for your approval:",
        Text(text=fit(lines)),
        Choice(
            label="Look at one",
            action="campaign.open",
            options=tuple(
                Option(label=shorten(campaign.title, 75), value=campaign.id)
                for campaign, _ in campaigns[:MOST_CHOICES]
            ),
        ),
        *([Note(text=f"And {more} more, after these.")] if more > 0 else []),
    )

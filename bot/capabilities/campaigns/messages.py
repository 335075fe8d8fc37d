"""Every sentence of the campaigns capability.

The title and what a campaign says are their owner's own words, in the markdown subset of
`Text`; every other word of a person goes through `literal`.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import date, timedelta
from types import MappingProxyType

from bot.access import K_ANONYMOUS
from bot.attention import Reason
from bot.capabilities.campaigns.content import Activity, Audience, Content, Format
from bot.capabilities.campaigns.model import (
    MAX_BODY,
    MAX_TITLE,
    MIN_AUDIENCE,
    STATES,
    Campaign,
    Enrolment,
    EnrolmentState,
    State,
)
from bot.capabilities.campaigns.outlook import Outlook, told
from bot.form import AnyField, ChoiceField, DateField, Form, LongTextField, TextField
from bot.ids import CampaignId, PersonId
from bot.markup import parse, text_of
from bot.message import (
    Args,
    Button,
    Buttons,
    Choice,
    Confirm,
    Divider,
    Fact,
    Facts,
    Heading,
    Message,
    Note,
    Option,
    Part,
    Progress,
    Style,
    Text,
    Tone,
    literal,
    say,
    shorten,
    show_commands,
)
from bot.messages import LEFT_ALONE, WHAT_YOU_LOOK_AFTER
from bot.outbox import LetterState
from bot.pack.completion import Atom, describe
from bot.pack.completion import parse as read_completion
from bot.page import Section, Shelf
from bot.people import Person, Workspace
from bot.truth import Account, Cause, Unreached, is_told

MOST_NAMED = 20
"""People a card names who could not be reached."""
MOST_TEAMS = 97
"""Teams among which a form lets one choose, beside everybody and two conversations; more are
typed."""

EVERYBODY = "everybody"
"""The value of the form for everybody; a team's is `TEAM` and its name."""
TEAM = "team:"
HERE = "this channel"
"""The value for the people of the conversation in which the form was opened."""
KEPT = "that channel"
"""The value for the people of the conversation that was chosen before."""

NO_TITLE = "Please give it a title: people read it first."
NO_BODY = "Please write what people are to read."
NO_DAY = "Please choose a day."
BAD_DAY = "Please write the day like 2026-03-31."
PAST = "This day has passed."
BACKWARDS = "The last day is before the first one."
NO_TEAMS = "I know of no teams here: whoever runs Inflow can import them."
UNKNOWN_TEAM = "I do not know that team any more. Nobody is in it."
UNKNOWN_CHANNEL = "I cannot say any more which channel that was. Please begin in the channel again."
UNREADABLE = (
    "I cannot see who is in that channel. If it is private, add me there and open the "
    "campaign again."
)
NOBODY = "There is nobody to send it to."
NOBODY_THEN = "\nSo nobody would get it. Tap *Change* and choose other days."
GONE = "I could not find that campaign any more."
DISCARDED = "The draft is discarded."
NOT_A_DRAFT = "It has been sent already."
OVER = "Its last day has passed. Tap *Change* and choose other days."
MOST_LISTED = 10
"""So many campaigns stand in a list at once."""
BECAUSE_TRIAL = "You wanted to see it before others do."
BECAUSE_OWNER = "It is about a campaign of yours."
BECAUSE_MANAGER = "You may run campaigns, and nobody runs this one."
COUNTING = (
    "I am counting whom it would reach and when. The card with the forecast comes in a moment."
)
READING = (
    "I am still reading who is in the channel. The card with the forecast comes as soon as I know."
)
READ_FIRST = "I am still reading who is in the channel. Please try again in a minute."
DRAFT_GONE = "This draft was discarded."
NOBODY_LEFT = "There is nobody to send it to again: they are not here any more."


def too_few(people: int) -> str:
    """An audience smaller than the least."""
    return (
        f"That is {_people(people)}. A campaign goes to {MIN_AUDIENCE} people or more, because "
        "I count what became of it and nobody should be found out. Write to them yourself."
    )


def too_long(longest: timedelta) -> str:
    """More days than a campaign may take."""
    return f"A campaign may take {longest.days} days at most."


def too_much(limit: int, given: int) -> str:
    """A text longer than is kept."""
    return f"That is {given:,} characters; {limit:,} fit."


def _people(count: int) -> str:
    return "1 person" if count == 1 else f"{count:,} people"


def date_of(day: date) -> str:
    """A day in full: `Tuesday, 3 March 2026`."""
    return f"{day:%A}, {day.day} {day:%B %Y}"


def short_date(day: date) -> str:
    """A day in short: `Tue 3 Mar`."""
    return f"{day:%a} {day.day} {day:%b}"


def _days(content: Content) -> str:
    if content.first_day == content.last_day:
        return date_of(content.first_day)
    return f"{date_of(content.first_day)} to {date_of(content.last_day)}"


def audience(whom: Audience, workspace: Workspace, channel: str | None = None) -> str:
    """Whom it goes to, as a part of a sentence; `channel` is how people call a conversation,
    nothing for a private one."""
    groups: list[str] = []
    if whom.conversation is not None:
        groups.append(f"everybody in {channel or 'a private channel'}")
    if len(whom.teams) == 1:
        groups.append(f"everybody in the team {whom.teams[0]}")
    elif whom.teams:
        groups.append(f"everybody in the teams {_and(whom.teams)}")
    if whom.people:
        groups.append(f"{_people(len(whom.people))} by name")
    told = _and(groups) if groups else f"everybody in {workspace.name}"
    if whom.without_teams:
        told += f", without the team{'s' * (len(whom.without_teams) > 1)} "
        told += _and(whom.without_teams)
    if whom.without_people:
        told += f", without {_people(len(whom.without_people))} by name"
    return told


def _and(words: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def because(
    owner: Person, content: Content, workspace: Workspace, channel: str | None = None
) -> str:
    """Why a person gets it: the answer to *Why am I getting this?*."""
    whom = audience(content.audience, workspace, channel)
    if content.is_one_message:
        return shorten(f"{owner.name} sent this to {whom}.", 300)
    told = shorten(content.title, 100)
    return shorten(f"It is part of “{told}”, which {owner.name} has for {whom}.", 300)


# --- writing --------------------------------------------------------------------------


def form(
    content: Content | None,
    *,
    title: str,
    today: date,
    teams: Sequence[str],
    args: Args,
    channels: Mapping[str, str] = MappingProxyType({}),
) -> Form:
    """The form of a new campaign, or of one that is changed (`content`).

    `channels` are the conversations whose people may be chosen, `HERE` or `KEPT`, each with how
    people call it.
    """
    whom = whom_field(content, teams, channels)
    first = content.first_day if content else today
    last = content.last_day if content else today + timedelta(days=4)
    return Form(
        title="Campaign",
        intro="One message to many people. You see what it will do before anybody gets it.",
        fields=(
            TextField(
                name="title",
                label="Title",
                value=content.title if content else title[:MAX_TITLE],
                max_length=MAX_TITLE,
                required=True,
            ),
            LongTextField(
                name="body",
                label="Message",
                hint=(
                    "You may use **strong**, *emphasis*, `code`, [a link](https://...) and "
                    "lines that begin with “- ”."
                ),
                value=content.body if content else "",
                max_length=MAX_BODY,
                required=True,
            ),
            whom,
            DateField(name="first_day", label="First day", value=first.isoformat(), required=True),
            DateField(
                name="last_day",
                label="Last day",
                hint="People get it once, at their own hour, on one of these days.",
                value=last.isoformat(),
                required=True,
            ),
        ),
        submit="See the forecast",
        action="campaign.draft",
        args=args,
    )


def whom_field(
    content: Content | None, teams: Sequence[str], channels: Mapping[str, str]
) -> AnyField:
    """The field that asks who gets it, with what `content` says."""
    chosen = _chosen(content, channels)
    if len(teams) <= MOST_TEAMS:
        options = [Option(label="Everybody", value=EVERYBODY)]
        options += [
            Option(label=shorten(label, 75), value=value)
            for value, label in _labels(channels).items()
        ]
        options += [
            Option(label=shorten(f"Team {team}", 75), value=team_value(team)) for team in teams
        ]
        known = {option.value for option in options}
        return ChoiceField(
            name="audience",
            label="Who gets it?",
            hint=None if teams else NO_TEAMS,
            options=tuple(options),
            value=chosen if chosen in known else EVERYBODY,
            required=True,
        )
    return TextField(
        name="audience",
        label="Who gets it?",
        hint=", ".join(("everybody", *channels, "or the name of a team")),
        value=chosen.removeprefix(TEAM),
        required=True,
    )


def _chosen(content: Content | None, channels: Mapping[str, str]) -> str:
    if content is None:
        return EVERYBODY
    if content.conversation is not None:
        return KEPT if KEPT in channels else HERE
    return EVERYBODY if content.team is None else team_value(content.team)


def _labels(channels: Mapping[str, str]) -> Mapping[str, str]:
    unnamed = {HERE: "this channel", KEPT: "the private channel chosen before"}
    return {value: f"People of {name or unnamed[value]}" for value, name in channels.items()}


def team_value(team: str) -> str:
    """The team as the form's option names it; long names are cut, as an option must be."""
    return f"{TEAM}{team}"[:150]


_TO_FILL_IN = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
_FILLED_IN = {
    "faq.new_titles": "what is new in the FAQ",
    "campaign.title": "its title",
    "campaign.owner": "its owner",
    "topic.title": "its topic",
}


def plain(words: str) -> str:
    """Words without their markup, which only what people get has, and with what is filled in when
    they get it called by what it is."""
    said = _TO_FILL_IN.sub(lambda found: f"({_FILLED_IN.get(found[1], found[0])})", words)
    return " ".join(text_of(line) for line in parse(said))


def new_titles(titles: Sequence[str], most: int) -> str:
    """What is new in the FAQ, as part of a sentence."""
    if not titles:
        return "nothing new yet"
    named = ", ".join(f"“{shorten(title, 80)}”" for title in titles[:most])
    return f"{named} and more" if len(titles) > most else named


POLL_AS_IT_STANDS = "the question of a poll is asked as it stands; nothing in it is filled in."


def no_such_variable(variable: str, known: Iterable[str]) -> str:
    """Something that is to be filled in and is not known."""
    every = ", ".join(f"{{{{{one}}}}}" for one in sorted(known))
    return f"I cannot fill in {{{{{variable}}}}}. I can fill in {every}."


def letter(campaign: Campaign, owner: Person, activity: Activity | None = None) -> Message:
    """What people get of a message."""
    text = activity.text if activity is not None else campaign.content.body
    return Message(
        summary=shorten(f"{campaign.title} ({owner.name})", 300),
        parts=(
            Heading(text=campaign.title),
            Text(text=text),
            Note(text=f"From {literal(owner.name)}"),
        ),
    )


def invited(campaign: Campaign, owner: Person) -> Message:
    """Whether somebody wants a campaign, where that is theirs to say."""
    count = len([a for a in campaign.content.activities if a.channel is None])
    args: Args = {"campaign": campaign.id}
    return Message(
        summary=shorten(f"Would you like to take part: {campaign.title}?", 300),
        parts=(
            Heading(text=campaign.title),
            Text(
                text=f"{literal(owner.name)} invites you: {count} small "
                f"{'thing' if count == 1 else 'things'}, one at a time, at your own hour. "
                "You choose, and you can stop at any time. If you do nothing, nothing more comes, "
                "and nobody is told who said what."
            ),
            Buttons(
                buttons=(
                    Button(
                        label="Yes, count me in",
                        action="campaign.join",
                        args=args,
                        style=Style.PRIMARY,
                    ),
                    Button(label="No, thanks", action="campaign.decline", args=args),
                )
            ),
        ),
    )


def joined(campaign: Campaign) -> Message:
    """In the place of the question, after a yes."""
    return say(
        f"You are in **{literal(campaign.title)}**. It begins on your next working day, at your "
        "hour.",
        Buttons(
            buttons=(
                Button(
                    label="I have had enough of it",
                    action="campaign.decline",
                    args={"campaign": campaign.id},
                ),
            )
        ),
    )


def declined(campaign: Campaign) -> Message:
    """In the place of the question, after a no."""
    return say(f"Fine: nothing more comes of **{literal(campaign.title)}**.")


HAS_ALL = "You have all that it asks for already, so nothing more comes of it."
NOT_INVITED = "It has ended for you, so nothing more comes of it."
TOO_LATE_TO_JOIN = "It is too late to join it."
NOT_FOR_YOU_NOW = "It is not for your team or channel at the moment. Once it is, tap this again."
OVER_FOR_ALL = "It is over already."


def lent(shown: Message, campaign: Campaign, owner: Person, activity: Activity) -> Message:
    """What another capability has, as it comes in a campaign; the owner may say a word before."""
    before = (Text(text=activity.text),) if activity.text else ()
    note = Note(text=f"Part of “{literal(campaign.title)}”, from {literal(owner.name)}")
    return shown.model_copy(update={"parts": (*before, *shown.parts, note)})


# --- about oneself -------------------------------------------------------------------------

FORGOTTEN = "It is forgotten that you were in campaigns which are over."
MOST_OF_ONE = 20
"""Campaigns that somebody is shown of those they were in, the newest first."""
_MOST_LEFT = 5
"""Buttons to leave one."""


def about_me(
    open_: Sequence[tuple[Campaign, Enrolment]],
    closed: Sequence[tuple[Campaign, Enrolment]],
    votes: int,
    *,
    can_forget: bool,
    progress: Mapping[CampaignId, str] = MappingProxyType({}),
) -> list[Part]:
    """What is kept of a person's campaigns, for that person: those they are in, those they were
    in, and in how many polls that are not over they have voted. `progress` is what makes one done
    for them."""
    if not open_ and not closed and not votes:
        return []
    lines = ["**Campaigns.** Nobody else sees who is in one, or has had enough."]
    for campaign, enrolment in (*open_, *closed)[:MOST_OF_ONE]:
        more = progress.get(campaign.id)
        lines.append(f"- {_mine(campaign, enrolment)}{f'. {more}' if more else ''}")
    if len(open_) + len(closed) > MOST_OF_ONE:
        lines.append(f"- and {len(open_) + len(closed) - MOST_OF_ONE} older ones")
    if votes:
        polls = "1 poll that is" if votes == 1 else f"{votes} polls that are"
        lines.append(f"- You have voted in {polls} not over. What you chose is not kept with you.")
    buttons = [
        Button(
            label=shorten(f"Leave “{campaign.title}”", 75),
            action="campaign.decline",
            args={"campaign": campaign.id},
        )
        for campaign, _ in open_[:_MOST_LEFT]
    ]
    if can_forget:
        buttons.append(Button(label="Forget what is over", action="campaign.forget"))
    told = Text(text=shorten("\n".join(lines), 3_000))
    return [told, *([Buttons(buttons=tuple(buttons))] if buttons else [])]


def way_out(campaign: Campaign, progress: str) -> list[Part]:
    """Why somebody gets a part of a campaign: what makes it done (`done_when`), and how they get
    no more of it."""
    no_more = Button(
        label="No more of this campaign",
        action="campaign.decline",
        args={"campaign": campaign.id},
    )
    return [*([Text(text=progress)] if progress else []), Buttons(buttons=(no_more,))]


_DONE = {
    "certified": "you have passed {}",
    "passed_within": "you have passed {} lately",
    "met": "you can do {}",
    "answered": "you have answered {}",
    "asked": "you have asked a question",
    "section_opened": "you have read {}",
}
_DONE_WITHOUT = {
    "certified": "you have not passed {}",
    "passed_within": "you have not passed {} lately",
    "met": "you cannot do {} yet",
    "answered": "you have not answered {}",
    "asked": "you have not asked a question",
    "section_opened": "you have not read {}",
}


def done_when(completion: str, titles: Mapping[Atom, str], given: AbstractSet[Atom]) -> str:
    """What makes a campaign done for a person, for them alone: `titles` are what is asked for and
    how people call what it is about, `given` what of it they have."""

    def told(atom: Atom, is_not: bool) -> str:
        title = f"“{literal(shorten(titles[atom], 100))}”"
        if is_not:
            said = _DONE_WITHOUT[atom.name].format(title)
            return f"{said} ({'not so any more' if atom in given else 'so far'})"
        said = _DONE[atom.name].format(title)
        return f"{said} ({'done' if atom in given else 'still to do'})"

    said = describe(read_completion(completion), told)
    return shorten(f"It is done for you when {said}.", 1_000)


_STANDING = {
    EnrolmentState.INVITED: "you were asked whether you want it",
    EnrolmentState.ACTIVE: "you are in it",
    EnrolmentState.ABSENT: "it is not for your team or channel at the moment",
    EnrolmentState.UNDECIDED: "it is not for your team or channel at the moment",
    EnrolmentState.ENDED: "it has ended for you",
    EnrolmentState.COMPLETED: "you have all that it asks for",
}


def _mine(campaign: Campaign, enrolment: Enrolment) -> str:
    told = f"“{literal(shorten(campaign.title, 80))}”, from {short_date(enrolment.wave)}"
    standing = _STANDING[enrolment.state]
    if campaign.state not in {State.RUNNING, State.PAUSED}:
        told += ", which is over"
        standing = standing.replace("you are in it", "you were in it")
    group = f", counted with {literal(shorten(enrolment.cluster, 60))}" if enrolment.cluster else ""
    return f"{told}{group}: {standing}"


# --- what stands in the way ----------------------------------------------------------------

NO_ACTIVITIES = "There is nothing in it yet."
OWNER_APPROVES = (
    "Who owns a campaign does not approve it. Please name somebody else as an approver."
)
NOT_YOUR_OWN = "This is your own campaign. Somebody else has to approve it."
NOT_AN_APPROVER = "You are not asked to approve this campaign."
APPROVED_BEFORE = "You have approved it already."
ONLY_OWNER = "Only its owner can do that."
BEGUN_ALREADY = (
    "It has begun: only what has not been sent yet can be changed, and neither to whom it goes "
    "nor what it is measured by."
)
BEGUN_SINCE = (
    "Some of what it would change has begun meanwhile. Please tap *Change what comes* and "
    "look at it again."
)
NOT_GONE_THROUGH = (
    "I am still going through it with everybody’s calendar and attention. You get its card, with "
    "what it would do, in a moment."
)
STARTED_IN_THE_PAST = "Its first day has passed. Please choose another one."
ASKED_IN_THE_PAST = (
    "People are asked first, on the weekday before its first day, and that one has passed. Please "
    "choose a later first day."
)
GO_FIRST = (
    "You ask people to tell of their work, so please go first: share two of your own, "
    "with `/narrate`."
)
NOT_GONE_FIRST = (
    "Who asks people to tell of their work has shared two of their own, and of yours there are not "
    "two any more."
)
CLOSING_WORDS = "What people are told if it ends early"
STEPS_NEED_ENROLMENT = (
    "Where teams begin one after another, days are counted from each one’s beginning. Please "
    "count days instead of naming dates."
)
NOT_TO_BE_ASSIGNED = "Only what is mandatory can be assigned. Please let people choose."
NO_REFERENCE = "It does not say which one."
NOT_IN_A_CHANNEL = "This comes to each person alone, and not to a channel."
NEEDS_A_CHANNEL = "An hour of questions needs a channel."
NOTHING_TO_ANSWER = "There is nothing to answer in it, so nobody can have answered it."
CHANNEL_IS_FOR_ALL = "In a channel everybody sees it, so it cannot depend on who somebody is."
UNKNOWN_FORMAT = "I have nothing of the kind."
RETIRED = "It has been retired and is not used any more."
TOO_LATE = "Its day has passed."
OPENING_IS_NO_PROOF = (
    "For what is mandatory it is not enough to have opened a section. Please ask for something "
    "that people can do."
)


def goes_to_nobody(team: str) -> str:
    """To whom it goes nobody here is called so, or in a team of that name."""
    return (
        f"I do not know who this is: {team}. Choose under Settings to whom it goes, or take it "
        "out of its pack anew, without this or with a name that I know."
    )


def leaves_out_nobody(team: str) -> str:
    """Whom it leaves out nobody here is called so, or in a team of that name."""
    return (
        f"I do not know whom it leaves out: {team}. Choose under Settings to whom it goes, "
        "or take it out of its pack anew, without this or with a name that I know."
    )


def too_few_clusters(found: int) -> str:
    """Fewer teams than can be drawn."""
    return (
        f"There {'is' if found == 1 else 'are'} {found} "
        f"{'team' if found == 1 else 'teams'} in it, which are too few to begin one after another. "
        "Let everybody begin at once, or let whoever runs Inflow say who is in which team, with "
        "inflow people import."
    )


ONE_STEP = "One after another needs two steps at least."


def short_baseline(periods: int, period: str) -> str:
    """Too little is known of its metric from before."""
    return (
        f"Its metric has a figure a {period}: what is known from before it begins has to be at "
        f"least {periods} {period}s."
    )


def short_steps(periods: int, period: str) -> str:
    """The steps follow one another too quickly."""
    return (
        f"Its metric has a figure a {period}: from one step to the next it takes at least "
        f"{periods} {period}s, so that it can show anything."
    )


def too_many_activities(most: int) -> str:
    """More than a campaign holds."""
    return f"A campaign has at most {most} parts."


def too_many_a_day(most: int) -> str:
    """More than people get in a day."""
    times = "one thing" if most == 1 else f"{most} things"
    return f"People get at most {times} a day of a campaign, and there are more on one day."


def named_twice(id_: str) -> str:
    """Two parts that cannot be told apart."""
    return f"Two parts are called {id_}."


def no_such_reference(ref: str) -> str:
    """A name of nothing."""
    return f"I know nothing that is called {ref}."


def no_such_evidence(name: str) -> str:
    """A word of completion that nobody can answer for."""
    return f"I cannot tell who has “{name}”."


def in_completion(fault: str) -> str:
    """What is wrong with when it counts as completed."""
    return f"When somebody has completed it: {fault}"


def unreadable_completion(why: str, at: int) -> str:
    """What makes it completed says nothing."""
    return f"I cannot read when it counts as completed: {why} (at character {at + 1})."


def poll_options(most: int, longest: int) -> str:
    """A poll that nobody can answer."""
    return (
        f"A poll has between 2 and {most} different answers, each of at most {longest} characters."
    )


def name_of(activity: Activity) -> str:
    """How a part is called when it is spoken of."""
    return f"{activity.id} ({FORMATS[activity.format]})"


def fault_lines(faults: Sequence[str]) -> str:
    """What stands in the way of a campaign, under its card."""
    told = "\n".join(f"- {show_commands(fault)}" for fault in faults)
    return f"**Before it can be approved**\n{told}"


def in_activity(name: str, fault: str) -> str:
    """What is wrong in one part."""
    return f"{name}: {fault}"


FORMATS = {
    Format.MESSAGE: "message",
    Format.SECTION: "section",
    Format.TIP: "tip",
    Format.QUIZ: "quiz",
    Format.PROMPT: "prompt",
    Format.QNA_SESSION: "hour of questions",
    Format.POLL: "poll",
}


def draft_card(
    campaign: Campaign,
    owner: Person,
    workspace: Workspace,
    outlook: Outlook,
    channel: str | None = None,
    obstacle: str | None = None,
) -> Message:
    """The draft as people will see it, what it would do, and what can be done with it.

    `obstacle` is why it cannot be sent as it is.
    """
    of: Args = {"campaign": campaign.id, "edition": campaign.edition}
    forecast = obstacle or told(outlook).sentence
    send = Button(
        label="Send it",
        action="campaign.send",
        args=of,
        style=Style.PRIMARY,
        confirm=Confirm(
            title="Send it?",
            text="Those in the forecast get it once, each at their own hour on one of the days.",
            yes="Send it",
            no="Not yet",
        ),
    )
    return Message(
        summary=shorten(f"Draft: {campaign.title}. {forecast}", 300),
        parts=(
            Text(text="**A draft.** This is what people will see:"),
            Divider(),
            *letter(campaign, owner).parts,
            Divider(),
            Facts(
                facts=(
                    Fact(
                        label="To",
                        value=_sentence(audience(campaign.content.audience, workspace, channel)),
                    ),
                    Fact(label="When", value=_days(campaign.content)),
                )
            ),
            Text(
                text=f"**Forecast.** {literal(forecast)}"
                f"{NOBODY_THEN * (not outlook.reached and obstacle is None)}"
            ),
            Note(
                text="People get at most what their attention allows: I count all that I send "
                "unasked. Who pauses or stops me is left alone, and I do not say who."
            ),
            Buttons(
                buttons=(
                    *([send] if outlook.reached else []),
                    Button(label="Send to me", action="campaign.send_to_me", args=of),
                    Button(label="Change", action="campaign.change", args=of),
                    Button(
                        label="Add more parts",
                        action="campaign.several",
                        args=of,
                        confirm=Confirm(
                            title="Make it one of several?",
                            text="Others then approve it before anybody gets it, and you cannot "
                            "send it yourself any more. Your text stays.",
                            yes="Add parts",
                            no="Leave it",
                        ),
                    ),
                    Button(
                        label="Discard",
                        action="campaign.discard",
                        args=of,
                        style=Style.DANGER,
                        confirm=Confirm(
                            title="Discard it?", text="The draft is thrown away.", yes="Discard"
                        ),
                    ),
                )
            ),
        ),
    )


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]


def sent_to_me() -> Message:
    """After *Send to me*."""
    return say("It is on its way to you alone, as everybody would get it.")


def changed_meanwhile(card: Message) -> Message:
    """The card of the draft as it is now, for who pressed a button of an older one."""
    return card.model_copy(
        update={
            "parts": (
                Text(text="**It was changed since.** This is how it is now; tap again."),
                *card.parts,
            )
        }
    )


# --- what became of it ----------------------------------------------------------------


def campaign_list(
    campaigns: Sequence[Campaign],
    owners: Mapping[PersonId, str],
    *,
    has_packs: bool = False,
    behind: int | None = None,
    is_news: bool = False,
) -> Message:
    """What the person may look at; `owners` are names by person. `has_packs`: there are campaigns
    in packs to begin with; `behind` how many come before those that are not shown, if any.
    `is_news`: they are told so unasked, because there is more to tell than one letter a day."""
    lines = "\n".join(
        f"- **{literal(campaign.title)}**: {STATES[campaign.state]}, "
        f"{_span(campaign.content)}, by {literal(owners[campaign.owner])}"
        for campaign in campaigns
    )
    options = tuple(Option(label=_named(one), value=one.id) for one in campaigns)
    listed: list[Part] = []
    if options:
        choice = Choice(label="Look at one", action="campaign.open", options=options)
        listed = [Text(text=lines), choice]
    if is_news:
        return say("There is news of several of your campaigns:", *listed)
    packs = [Button(label="From a pack…", action="campaign.from_pack")] if has_packs else []
    more = Button(label="More campaigns", action="campaign.list", args={"skipped": behind or 0})
    return say(
        "Campaigns, what is under way first:" if campaigns else "There is no campaign here yet.",
        *listed,
        Text(
            text="**A new one** is one message to many, which you send yourself, or several parts "
            "on several days, which somebody else approves first."
        ),
        Buttons(
            buttons=(
                Button(label="One message", action="campaign.new", style=Style.PRIMARY),
                Button(label="Several parts", action="campaign.new_plan"),
                *packs,
                *([more] if behind is not None else []),
            )
        ),
    )


def home(campaigns: Sequence[Campaign]) -> list[Section]:
    """The person's drafts and what is being sent, for their page, and the way to all."""
    said = {
        State.DRAFT: "not sent yet",
        State.IN_REVIEW: "waits for approval",
        State.APPROVED: "approved, not scheduled yet",
        State.SCHEDULED: "begins by itself",
        State.RUNNING: "runs",
        State.PAUSED: "rests",
    }
    lines = "\n".join(
        f"- Campaign **{literal(shorten(campaign.title, 80))}**: {said[campaign.state]}, "
        f"{_span(campaign.content)}"
        for campaign in campaigns
        if campaign.state in said
    )
    return [
        Section(
            Shelf.DUTY,
            WHAT_YOU_LOOK_AFTER,
            entries=[[Text(text=lines)]] if lines else [],
            buttons=(Button(label="Campaigns", action="campaign.list"),),
        )
    ]


def _named(campaign: Campaign) -> str:
    """A campaign among others, which may have the same title."""
    which = f" ({STATES[campaign.state]}, {_span(campaign.content)})"
    return shorten(campaign.title, 75 - len(which)) + which


def _span(content: Content) -> str:
    if content.first_day == date.min:
        return "no day yet"
    if content.first_day == content.last_day:
        return short_date(content.first_day)
    return f"{short_date(content.first_day)} to {short_date(content.last_day)}"


REASONS: Mapping[str, str] = {
    Reason.STOPPED: "want nothing unasked",
    Reason.PAUSED: "have paused",
    Reason.IGNORED: "have not reacted for long, so I am silent",
    Reason.AWAY: "are away or just back",
    Reason.CUT_OFF: "have blocked me, or do not have me installed",
    Reason.DAY_OFF: "have these days off",
    Reason.QUIET: "were not in their hours any more",
    Reason.TALKED: "had just talked with me",
    Reason.BUDGET: "get enough already (their budget)",
    Reason.LATE: "had no time left on these days",
    Reason.LEFT: "have left",
    "campaign paused": "were to get it while it was paused",
    "need not be taught it": "have shown that they can do it",
    "not meant for them": "were not meant by it",
}
"""Why people were left in peace, after their number."""


def truth_card(
    campaign: Campaign,
    owner: str,
    workspace: Workspace,
    account: Account,
    unreached: Sequence[tuple[Unreached, str]],
    again: Mapping[LetterState, int | None],
    *,
    note: str | None = None,
    channel: str | None = None,
) -> Message:
    """What became of a campaign. `unreached` are those who can be helped, with their names,
    and `again` says to how many in a state it would make sense to send it again; None: of how
    many may not be told.

    Of several parts nothing is added up: who is left in peace five times is not five people.
    """
    of: Args = {"campaign": campaign.id}
    parts: list[Part] = [Text(text=f"**{literal(campaign.title)}** is {STATES[campaign.state]}.")]
    if note:
        parts.append(Text(text=note))
    parts.append(
        Facts(
            facts=(
                Fact(label="From", value=owner),
                Fact(
                    label="To",
                    value=_sentence(audience(campaign.content.audience, workspace, channel)),
                ),
                Fact(label="When", value=_days(campaign.content)),
            )
        )
    )
    is_one = campaign.content.is_one_message
    if is_one and campaign.state is State.RUNNING and not campaign.expanded:
        parts.append(
            Text(text=f"People are being handed their letters: {campaign.people:,} so far.")
        )
    summary = f"{campaign.title} is {STATES[campaign.state]}."
    if is_one:
        parts += _counted(campaign, account)
        summary = f"{summary[:-1]}: delivered to {_reached(account, account.letters)} people."
    parts += _unreached(unreached, account, is_one=is_one)
    parts.append(Buttons(buttons=_buttons(campaign, of, again)))
    tone = Tone.WARNING if unreached else Tone.NEUTRAL
    return Message(summary=shorten(summary, 300), parts=tuple(parts), tone=tone)


def told_of(campaign: Campaign, account: Account, everybody: int) -> list[tuple[str, str]]:
    """What became of letters, each with how many, as far as that may be told of `everybody`.

    Who waits and who is left in peace are one number while it goes on: told apart, the one would
    fall by one and the other rise when somebody stops me. So are, once it was ended, those of
    whom it was taken back. Whom a failure concerns is named, so failures are numbered.
    """
    apart = account.unreachable + account.failed + account.unknown
    others = max(everybody - account.delivered - apart, 0)
    if is_told(account.delivered, others):
        left = f"{others:,}" if others else ""
    else:
        left = "" if account.delivered < K_ANONYMOUS else f"fewer than {K_ANONYMOUS}"
    is_over = campaign.state in {State.FINISHED, State.REPORTED, State.CANCELLED}
    is_over = is_over and not account.waiting
    was_ended = campaign.state is State.CANCELLED
    ended = "Taken back, or left in peace" if was_ended else "Left in peace"
    lines = [
        ("Delivered", _reached(account, everybody)),
        (ended if is_over else "Not yet, or not at all", left),
        *(
            (label, f"{count:,}" if count else "")
            for label, count in (
                ("Unreachable", account.unreachable),
                ("Failed", account.failed),
                ("Unknown", account.unknown),
            )
        ),
    ]
    return [(label, count) for label, count in lines if count]


def _reached(account: Account, everybody: int) -> str:
    """How many got something: “7 of 12”, or in words where that would tell of a few."""
    others = everybody - account.delivered - account.unreachable - account.failed - account.unknown
    if everybody < K_ANONYMOUS:
        return f"some of fewer than {K_ANONYMOUS}"
    if is_told(account.delivered, others):
        return f"{account.delivered:,} of {everybody:,}"
    if account.delivered < K_ANONYMOUS:
        return f"fewer than {K_ANONYMOUS} of {everybody:,}"
    return f"{'most' if 2 * account.delivered > everybody else 'some'} of {everybody:,}"


def _counted(campaign: Campaign, account: Account) -> list[Part]:
    """What became of the letters of one message."""
    if not account.letters:
        return []
    why = {
        "Left in peace": _causes(account.causes),
        "Not yet, or not at all": "each at their own hour, or left in peace",
        "Unreachable": "they have blocked me, or do not have me installed",
        "Failed": "it could not be sent",
        "Unknown": "perhaps delivered; I cannot find out, and do not send it twice",
    }
    lines = told_of(campaign, account, account.letters)
    facts = [
        Fact(label=label, value=f"{count} ({why[label]})" if label in why else count)
        for label, count in lines
    ]
    if lines[0][1][:1].isdigit():
        done = Progress(label="Delivered", done=account.delivered, total=account.letters)
        return [done, *([Facts(facts=tuple(facts[1:]))] if facts[1:] else [])]
    return [Facts(facts=tuple(facts))]


def _causes(causes: Sequence[Cause]) -> str:
    """Why people were left in peace, as far as groups are large enough to be told apart."""
    if not any(cause.why for cause in causes):
        return LEFT_ALONE
    return "; ".join(
        f"{cause.people:,} {REASONS.get(cause.why or '', 'for other reasons')}" for cause in causes
    )


FAILURES: Mapping[str, str] = {
    "expired": "it came too late",
    "left": "has left",
}
"""Why a letter failed; whatever else a platform says is for operators."""


def _unreached(
    unreached: Sequence[tuple[Unreached, str]], account: Account, *, is_one: bool
) -> list[Part]:
    if not unreached:
        return []
    lines = [
        f"- {literal(name)}: "
        + (
            "has blocked me, or does not have me installed"
            if someone.state is LetterState.UNREACHABLE
            else FAILURES.get(someone.why or "", "it could not be sent")
        )
        for someone, name in sorted(unreached, key=lambda one: one[1].casefold())
    ]
    more = account.failed + account.unreachable - len(unreached)
    if more > 0 and is_one:
        lines.append(f"- and {more:,} more")
    elif len(unreached) == MOST_NAMED:
        # Of several parts it is letters that are counted, and one person may miss them all.
        lines.append("- and perhaps more")
    return [Text(text="**Whom you may help to get it**\n" + "\n".join(lines))]


def _buttons(
    campaign: Campaign, of: Args, again: Mapping[LetterState, int | None]
) -> tuple[Button, ...]:
    buttons = [Button(label="Refresh", action="campaign.refresh", args=of)]
    if campaign.state in {State.RUNNING, State.FINISHED}:
        count = {state: "" if n is None else f" ({n:,})" for state, n in again.items()}
        if LetterState.FAILED in again:
            buttons.append(
                Button(
                    label=f"Resend to failed{count[LetterState.FAILED]}",
                    action="campaign.resend",
                    args=of,
                    style=Style.PRIMARY,
                )
            )
        if LetterState.UNREACHABLE in again:
            buttons.append(
                Button(
                    label=f"Try the unreachable again{count[LetterState.UNREACHABLE]}",
                    action="campaign.resend_unreachable",
                    args=of,
                )
            )
    # Whether anything waits would tell whether the rest are left in peace.
    if campaign.state is State.RUNNING and campaign.content.is_one_message:
        buttons.append(
            Button(
                label="Cancel what waits",
                action="campaign.cancel",
                args=of,
                style=Style.DANGER,
                confirm=Confirm(
                    title="Cancel what waits?",
                    text="Who has it keeps it. Nobody else gets it, and it cannot be begun again.",
                    yes="Cancel it",
                    no="Go on",
                ),
            )
        )
    return tuple(buttons)


STARTED = "Off it goes: people are handed their letters, each for their own hour."
UNSENT = "Nobody got it."
CHANGE_TOO_LATE = "A change of it still waited for approval when its days were over. It is dropped."
CANCELLED = "What waited is taken back. What is on its way this very second may still arrive."


def orphaned(campaign: Campaign, owner: Person, *, is_approver: bool = False) -> Message:
    """To all who may run a campaign that nobody runs; `is_approver`: who has approved it may not
    take it over."""
    said, rows = _without_owner(campaign, owner, {}, is_approver=is_approver)
    return say(said, *rows, tone=Tone.WARNING)


def all_orphaned(campaigns: Sequence[tuple[Campaign, Person, bool]], more: int) -> Message:
    """The same of several, each with its owner and whether who reads this has approved it; `more`
    are those for which this letter has no room."""
    parts: list[Part] = []
    for campaign, owner, is_approver in campaigns:
        said, rows = _without_owner(campaign, owner, {"listed": True}, is_approver=is_approver)
        parts += [Text(text=said), *rows]
    if more:
        parts.append(Note(text=f"And {more} more that nobody runs."))
    return say("Nobody runs these campaigns any more:", *parts, tone=Tone.WARNING)


def _without_owner(
    campaign: Campaign, owner: Person, args: Args, *, is_approver: bool
) -> tuple[str, list[Part]]:
    if campaign.started_at is None:
        said = "It does not begin before somebody else takes it over."
    else:
        said = "It goes on as it stands, but nobody is told what becomes of it."
    button = Button(
        label="Take it over", action="campaign.take_over", args={"campaign": campaign.id, **args}
    )
    return (
        f"{literal(owner.name)}, who owns “{literal(campaign.title)}”, does not run campaigns any "
        f"more. {said}" + (f" {APPROVED_IT}" if is_approver else ""),
        [] if is_approver else [Buttons(buttons=(button,))],
    )


IS_LED = "Somebody runs it already."
APPROVED_IT = (
    "You have approved it, and nobody approves their own: another community manager has to take "
    "it over. Whoever gets that role with `/role` is offered it the next day."
)
TAKEN_OVER = "It is yours from now on."


def resent(until: date) -> str:
    """After *Resend*."""
    return (
        f"I try once more, by {date_of(until)} at the latest, as far as their attention allows. "
        "Whom it does not reach stays in this list."
    )


def left_out(campaign: Campaign, why: str) -> Message:
    """Tells the owner that nobody gets one of the parts, and why."""
    return say(f"A prompt of “{literal(campaign.title)}” was left out. {why}", tone=Tone.WARNING)


def may_not_approve(name: str) -> str:
    """Somebody who is named as an approver and has not the right."""
    return (
        f"{name} may not approve campaigns. Name somebody else, or let a community manager make "
        "them an approver, with `/role`."
    )


def over_already(campaign: Campaign) -> str:
    """A button of a campaign with which nothing can be done any more."""
    return f"This campaign is {STATES[campaign.state]} already."

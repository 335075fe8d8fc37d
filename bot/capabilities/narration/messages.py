"""Every sentence about narrating one's work."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date

from bot.access import K_ANONYMOUS
from bot.capabilities.narration.model import (
    DIGEST_LINES,
    DRAFT_DAYS,
    LEAST_TIP,
    MAX_LINK,
    MOST_NAMED,
    SORTS,
    Asked,
    Consent,
    Introduction,
    Line,
    Meeting,
    Narration,
    Reach,
    Scope,
    Sort,
    State,
    room,
)
from bot.capabilities.narration.prompt import Prompt
from bot.form import (
    AnyField,
    ChoiceField,
    DateField,
    Form,
    LongTextField,
    PeopleField,
    TextField,
)
from bot.ids import ArticleId, PersonId, TopicId
from bot.message import (
    MAX_ARGS,
    MAX_QUOTE,
    Args,
    Button,
    Buttons,
    Choice,
    Confirm,
    Divider,
    Message,
    Note,
    Option,
    Part,
    Quote,
    Style,
    Text,
    fit,
    fits_a_button,
    literal,
    mention,
    mention_channel,
    say,
    shorten,
)
from bot.page import Section, Shelf
from bot.people import Person
from bot.topic import Topic

GONE = "This is not there any more, or not yours to read."
EMPTY = "Please write something first."
TOO_LONG = "That is a little long. Please keep it to {most} characters."
LEFT_OVER = (
    "That is more than one narration holds. Its beginning stands in the form; this is the rest, "
    "for another one. Only you see it."
)
MOST_LEFT = 3
BAD_LINK = "A link begins with https://"
PAST_DAY = "That day is over. Please choose one that is still to come."
BAD_DAY = "Please write the day as YYYY-MM-DD."
CHOOSE_READERS = "Please name somebody."
HAS_LEFT = "I do not know this person here any more."
YOURSELF = "That is you. You can read it anyway."
CHOOSE_TOPIC = "Please choose the topic."
NOBODY_THERE = "Nobody follows this topic or has said that they know about it yet."
NO_CHANNEL_YET = " To share with your team’s channel, write `/narrate here` there once."
NO_CHANNEL = "I do not know your team’s channel. Write `/narrate here` there once."
NOT_A_CHANNEL = "Write `/narrate here` in your team’s channel."
NOT_IN_CHANNEL = "You are not in that channel any more."
HERE_KEPT = "Thank you. From now on I offer this as your team’s channel when you share something."
KEPT = "Kept to yourself. Nobody else sees it, and nobody sees that you wrote it."
DISCARDED = "Deleted. Nothing of it is left here."
SHARED_ALREADY = "You have shared this already."
FIND_IT = " Nobody is written to: they find it under *Shared with me*."
OTHER_READERS = "**Please look again at who would see it.** "
CHANGED = "It has changed since. Please look at it again."
SOMEBODY = "somebody who has left"
SKIPPED = "All right. Nobody sees that, and nothing of it is kept."
INTRODUCTION_ASKED = (
    "All right. If they would like that too, you hear from me; if not, you hear nothing."
)
ANSWERED_ALREADY = "You have answered that already."
DECLINED = "All right. Nobody is told."
DIGEST_HOW = (
    "Write `/narrate digest now`, `/narrate digest on` or `/narrate digest off` in the channel it "
    "is about."
)
NO_DIGEST = "Nothing was shared with this channel in the last seven days that may be mentioned."
DIGEST_OFF = "The weekly digest is switched off here."
CHOOSE_DAY = "Please choose a day, or “Never”."
NO_LEDGER = "You have not decided about anything yet. Nothing but the defaults holds."
NO_TOPICS = "There are no topics here yet to which a tip could belong."
TOO_SHORT_FOR_TIP = f"For a tip it is a little short: please write at least {LEAST_TIP} characters."
NOTHING_YET = "You have written nothing yet. Whatever you write is private first."
NOTHING_SHARED = "Nobody has shared anything with you yet."
NO_DECISIONS = "There is no decision here yet that you may read."
FORGOTTEN = "Deleted: what you wrote, what prompted you, and what you had allowed."
BECAUSE_REVISIT = "You set this day yourself, when you wrote the decision down."
BECAUSE_FADING = "You are told a week before a private draft is deleted."
BECAUSE_PROMPT = "You have switched on prompts. “Change prompts” switches them off."
BECAUSE_WEEK = "You wanted to be told of your own week."
WEEK_LINES = 20
MOST_LATELY = 20
LATELY_SHARED = 7
LATELY = 28
"""Days."""
SHOWN = 600
"""Characters of a narration in a list."""
LEFT_WITH_IT = "Who wrote this has left, and what they wrote has gone with them."
STOOD_HERE = "This was withdrawn by its author."
PRIVATE_FIRST = (
    "Whatever you write is a private draft at first. You decide each time who may read it, and "
    "“nobody” is a good answer."
)

_TITLES = {
    Sort.WORKING_ON: "Working on",
    Sort.LEARNED: "Learned",
    Sort.STUCK: "Stuck",
    Sort.DIFFERENTLY: "Would do differently",
    Sort.DECISION: "Decision",
    Sort.THANKS: "Thanks",
}
SORT_WORDS: Mapping[str, Sort] = {
    **{sort.value: sort for sort in SORTS},
    "working": Sort.WORKING_ON,
    "learnt": Sort.LEARNED,
    "decided": Sort.DECISION,
    "thank": Sort.THANKS,
}
"""What may follow `/narrate`."""
_LINES = ("line_a", "line_b", "line_c", "line_d")

_MINE = Button(label="My narrations", action="narration.mine")
_SHARED = Button(label="Shared with me", action="narration.shared")
_TAKE = Button(label="Take it with you", action="narration.take")
_BEGIN = Button(label="Narrate", action="narration.begin")
_DECIDE = Button(
    label="Write one down", action="narration.write", args={"sort": Sort.DECISION.value}
)


def line_fields(count: int) -> Sequence[str]:
    """The names of so many fields of the form."""
    return _LINES[:count]


def _about(narration: Narration) -> Args:
    return {"narration": narration.id}


def _button(label: str, action: str, narration: Narration) -> Button:
    return Button(label=label, action=action, args=_about(narration))


def title(sort: Sort) -> str:
    return _TITLES[sort]


# --- writing --------------------------------------------------------------------------------


def begin(drafts: int) -> Message:
    """What one may narrate."""
    options = tuple(Option(label=_TITLES[sort], value=sort.value) for sort in SORTS)
    mine = (_MINE,) if not drafts else (_MINE.model_copy(update={"label": _drafts(drafts)}),)
    return say(
        "**Narrate your work**\nFive minutes, for yourself first. What is it about?",
        Choice(label="About", action="narration.write", options=options),
        Buttons(
            buttons=(
                *mine,
                _SHARED,
                Button(label="My week", action="narration.week"),
                Button(label="Prompts and consent", action="narration.wishes"),
            )
        ),
        Note(text=f"{PRIVATE_FIRST} Or write at once, as in `/narrate learned` and your words."),
    )


def _drafts(count: int) -> str:
    return "One draft waits" if count == 1 else f"{count} drafts wait"


def write_form(
    prompt: Prompt, args: Args, before: Narration | None = None, *, lines: Sequence[Line] = ()
) -> Form:
    """The parts of a prompt, empty or as they were written; `lines` if they are new."""
    told = {line.label: line.text for line in (before.lines if before is not None else lines)}
    labels = tuple(told) or prompt.labels
    fields: list[AnyField] = [
        LongTextField(
            name=name,
            label=shorten(label, 150),
            value=told.get(label, ""),
            max_length=room(len(labels)),
            required=place == 0,
        )
        for place, (name, label) in enumerate(zip(_LINES, labels, strict=False))
    ]
    if prompt.sort is Sort.DECISION:
        day = before.revisit_on if before is not None else None
        fields.append(
            DateField(
                name="revisit_on",
                label="Look at it again on",
                value=day.isoformat() if day is not None else None,
            )
        )
    link = before.link or "" if before is not None else ""
    fields.append(
        TextField(name="link", label="A link, if there is one", value=link, max_length=MAX_LINK)
    )
    return Form(
        title=_TITLES[prompt.sort],
        intro=shorten(f"{prompt.text}\n{prompt.hint}".strip(), 1_000),
        fields=tuple(fields),
        submit="Keep as a draft" if before is None or before.is_private else "Change it",
        action="narration.keep",
        args=args,
    )


def cut(text: str, most: int) -> tuple[str, str]:
    """The beginning of a text, up to the end of a word, and the rest of it."""
    if len(text) <= most:
        return text, ""
    end = max(text.rfind(mark, most // 2, most + 1) for mark in " \n")
    end = end if end > 0 else most
    return text[:end].rstrip(), text[end:].lstrip()


def left_over(text: str) -> Message:
    """What the form had no room for."""
    parts: list[Part] = []
    while text and len(parts) < MOST_LEFT:
        some, text = cut(text, MAX_QUOTE)
        parts.append(Quote(text=some))
    return say(LEFT_OVER, *parts)


def content(narration: Narration) -> list[Part]:
    """What was written, as it stands."""
    lines = [line for line in narration.lines if line.text]
    return [Quote(text=shorten(_labelled(lines, "\n\n"), MAX_QUOTE)), *_beside(narration, 80)]


def _labelled(lines: Sequence[Line], gap: str = "\n") -> str:
    """What was written, each part with its label, where there are several."""
    if len(lines) == 1:
        return lines[0].text
    return gap.join(f"{line.label}: {line.text}" for line in lines)


def _beside(narration: Narration, length: int = MAX_LINK) -> list[Part]:
    parts: list[Part] = []
    if narration.link is not None:
        parts.append(Text(text=f"[{literal(shorten(narration.link, length))}]({narration.link})"))
    if narration.revisit_on is not None:
        parts.append(Note(text=f"To be looked at again on {day(narration.revisit_on)}."))
    return parts


def day(when: date) -> str:
    return f"{when.day} {when:%b %Y}"


def draft(narration: Narration, near: Sequence[Part] = ()) -> Message:
    """A draft, or what was kept, before its author."""
    is_draft = narration.state is State.DRAFT
    told = "a private draft. Only you see it." if is_draft else "kept to yourself. Only you see it."
    row = [
        *([_button("Keep private", "narration.keep_private", narration)] if is_draft else []),
        _button("Share…", "narration.choose", narration),
        _button("Edit", "narration.edit", narration),
        Button(
            label="Delete",
            action="narration.discard",
            args=_about(narration),
            style=Style.DANGER,
            confirm=Confirm(title="Delete this?", text="Nothing of it will be left here."),
        ),
    ]
    more = _turns(narration)
    small = (
        f"It is deleted on {day(narration.deleted_on)}, {DRAFT_DAYS} days after its last change; "
        "you are told a week before."
        if is_draft
        else "It stays until you delete it."
    )
    return say(
        f"**{_TITLES[narration.sort]}**: {told}",
        *content(narration),
        Buttons(buttons=tuple(row)),
        *([Buttons(buttons=tuple(more))] if more else []),
        *near,
        Note(text=small),
    )


def _turns(narration: Narration) -> list[Button]:
    """What else may become of it."""
    if narration.sort is Sort.STUCK:
        args: Args = {"text": narration.text}
        if not fits_a_button(args):
            args = {"text": shorten(narration.text, MAX_ARGS // 2)}
        args = args if fits_a_button(args) else {}
        return [Button(label="Ask it as a question", action="question.ask", args=args)]
    if narration.sort is Sort.LEARNED:
        return [
            Button(
                label="Make it a tip?",
                action="narration.tip",
                args=_about(narration),
                confirm=Confirm(
                    title="Propose it as a tip?",
                    text="Who looks after the topic reads what you wrote, with your name.",
                ),
            )
        ]
    return []


# --- sharing --------------------------------------------------------------------------------


def share_form(narration: Narration, topics: Sequence[Topic], *, has_channel: bool) -> Form:
    """Who may read it; nobody, unless something else is chosen."""
    options = [
        Option(label="Keep private", value="keep"),
        Option(label="People I name", value=Reach.PEOPLE.value),
        *([Option(label="My team’s channel", value=Reach.CHANNEL.value)] if has_channel else []),
        *(
            [Option(label="Who follows or knows a topic", value=Reach.TOPIC.value)]
            if topics
            else []
        ),
        Option(label="Everybody here", value=Reach.EVERYBODY.value),
    ]
    fields: list[AnyField] = [
        ChoiceField(
            name="reach",
            label="Who may read it?",
            options=tuple(options),
            value="keep",
            required=True,
        ),
        *(
            PeopleField(name=name, label=f"By name: {which} of three people at most")
            for name, which in zip(PEOPLE_FIELDS, ("first", "second", "third"), strict=True)
        ),
    ]
    if topics:
        none = Option(label="No topic", value="none")
        known = narration.topic if narration.topic in {topic.id for topic in topics} else None
        fields.append(
            ChoiceField(
                name="topic",
                label="Topic",
                options=(
                    none,
                    *(Option(label=shorten(t.title, 75), value=t.id) for t in topics[:99]),
                ),
                value=known or "none",
            )
        )
    return Form(
        title="Share",
        intro="Before anything is shown to anybody, I say how many people would see it.",
        fields=tuple(fields),
        submit="Go on",
        action="narration.propose",
        args=_about(narration),
    )


PEOPLE_FIELDS = ("person_one", "person_two", "person_three")[:MOST_NAMED]


def whom(
    reach: Reach,
    names: Sequence[str] = (),
    topic: Topic | None = None,
    channel: tuple[str, str] | None = None,
) -> str:
    """Those with whom it is shared, inside `Text`."""
    if reach is Reach.PEOPLE:
        return literal(_list(names))
    if reach is Reach.CHANNEL:
        address, name = channel or ("", "")
        return mention_channel(address, name)
    if reach is Reach.TOPIC:
        return f"those who follow or know {literal(topic.title if topic else 'the topic')}"
    return "everybody here"


def _list(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def visible_to(
    reach: Reach, count: int | None, manager: bool | None, *, strangers: bool | None = False
) -> str:
    """How many would see it, and whether the author's manager is among them. Of a community
    that nobody named, few are not counted, and `strangers` of other organisations cannot be;
    of those None is that nobody knows."""
    if count is None:
        people = "everybody who can open the channel"
    elif reach is not Reach.PEOPLE and count < K_ANONYMOUS:
        people = f"fewer than {K_ANONYMOUS} people"
    else:
        people = "1 person" if count == 1 else f"{count:,} people"
    later = " Guests, and who joins later, can read it too." if reach is Reach.EVERYBODY else ""
    unknown = " (I do not know how many that are)" if count is None else ""
    if strangers:
        unknown += " **and to people of other organisations**, whom I cannot count"
    if strangers is None:
        later += " I cannot tell whether people of other organisations read it."
    if manager is not None:
        boss = "**yes**" if manager else "no"
        return f"Visible to **{people}**{unknown}, including your manager: {boss}.{later}"
    boss = (
        "I do not know whether your manager is one of them."
        if count is None
        else "I do not know who your manager is; if they are here, they see it too."
        if reach is Reach.EVERYBODY
        else "I do not know who your manager is."
    )
    return f"Visible to **{people}**{unknown}. {boss}{later}"


def confirm(
    narration: Narration,
    to: str,
    seen: str,
    args: Args,
    *,
    may_digest: bool,
    always_digests: bool,
    has_channel: bool = True,
    is_changed: bool = False,
) -> Message:
    """The last look before it is shared."""
    plain, also = (
        Button(label=label, action="narration.share", args=args | {"digest": is_digested})
        for label, is_digested in (("Share", False), ("Share, also in digests", True))
    )
    share = [plain, also] if may_digest else [plain]
    if always_digests:
        share.reverse()
    digested = (
        "Also in digests: one line of it in the weekly digest, where a channel has one. "
        if may_digest
        else ""
    )
    quietly = FIND_IT if args.get("reach") in {Reach.TOPIC, Reach.EVERYBODY} else ""
    return say(
        f"{OTHER_READERS if is_changed else ''}Share this with {to}?\n{seen}{quietly}",
        *content(narration),
        Buttons(
            buttons=(
                *share,
                _button("Somebody else", "narration.choose", narration),
                _button("Keep private", "narration.keep_private", narration),
            )
        ),
        Note(
            text=f"{digested}You can change or withdraw it at any time, everywhere, and it goes "
            f"when you leave.{'' if has_channel else NO_CHANNEL_YET}"
        ),
    )


def shared(narration: Narration, to: str, near: Sequence[Part] = ()) -> Message:
    """It is out, and may be changed."""
    return say(
        f"**{_TITLES[narration.sort]}**, shared with {to}.",
        *content(narration),
        Buttons(buttons=tuple(_own_buttons(narration))),
        *([Buttons(buttons=tuple(more))] if (more := _turns(narration)) else []),
        *near,
    )


def _own_buttons(narration: Narration) -> list[Button]:
    undigest = _button("Take out of digests", "narration.undigest", narration)
    return [
        _button("Edit", "narration.edit", narration),
        *([undigest] if narration.digest else []),
        Button(
            label="Withdraw",
            action="narration.withdraw",
            args=_about(narration),
            style=Style.DANGER,
            confirm=Confirm(
                title="Withdraw this?",
                text="It is taken out of every message and digest that I posted.",
            ),
        ),
    ]


def posted(narration: Narration, author: Person) -> Message:
    """A narration before those with whom it was shared."""
    return say(
        f"{mention(author.name, author.address)} · **{_TITLES[narration.sort]}**",
        *content(narration),
        summary=f"{author.name}: {_TITLES[narration.sort]}",
    )


def handed(narration: Narration, author: Person) -> Message:
    """The same to somebody who was named."""
    return say(
        f"{mention(author.name, author.address)} would like you to read this: "
        f"**{_TITLES[narration.sort]}**",
        *content(narration),
        summary=f"{author.name} has shared something with you",
    )


def because_named(author: Person) -> str:
    return f"{author.name} has chosen you to read it."


def withdrawn_post() -> Message:
    """What stands where it stood."""
    return say(f"*{STOOD_HERE}*", summary=STOOD_HERE)


def left_post() -> Message:
    """The same, when its author has left."""
    return say(f"*{LEFT_WITH_IT}*", summary=LEFT_WITH_IT)


def withdrawn() -> Message:
    return say(
        "Withdrawn. Where I had posted it, it now says only that it was withdrawn; digests no "
        "longer mention it, and nothing is left of it here."
    )


def changed(narration: Narration) -> Message:
    """It is not what was to be shared any more."""
    shown = draft(narration)
    return shown.model_copy(update={"parts": (Text(text=f"**{CHANGED}**"), *shown.parts)})


def kept(narration: Narration) -> Message:
    return say(
        f"**{_TITLES[narration.sort]}**: {KEPT[0].lower()}{KEPT[1:]}",
        Buttons(buttons=(_button("Open", "narration.show", narration), _MINE)),
    )


# --- what becomes of it ---------------------------------------------------------------------


def revisit(narration: Narration) -> Message:
    """The day has come. What was decided is shown only when its author asks for it."""
    return say(
        f"You wanted to look again at a decision of {day(narration.written_on)}. Does it still "
        "hold?",
        Buttons(buttons=(_button("Show it", "narration.show", narration),)),
    )


def fading(narration: Narration) -> Message:
    """A draft goes in a week."""
    return say(
        f"A private draft of yours from {day(narration.written_on)} goes in a week. Keep it, "
        "change it, or let it go; you need do nothing.",
        Buttons(
            buttons=(
                _button("Show it", "narration.show", narration),
                _button("Keep private", "narration.keep_private", narration),
            )
        ),
    )


def which_topic(narration: Narration, topics: Sequence[Topic]) -> Message:
    """A tip belongs to a topic."""
    options = tuple(Option(label=shorten(t.title, 75), value=t.id) for t in topics)
    return say(
        "What is it about? Who looks after the topic reads it, with your name, and decides.",
        Choice(label="Topic", action="narration.tip", args=_about(narration), options=options),
    )


def proposed(topic: Topic) -> Message:
    return say(
        f"Thank you. Who looks after **{literal(topic.title)}** reads it, with your name, and "
        "decides whether it becomes a tip."
    )


# --- looking back ---------------------------------------------------------------------------


def _dated(narration: Narration, by: str = "") -> str:
    who = f"{literal(by)} · " if by else ""
    state = "" if by else f" · {_STATES[narration.state]}"
    return f"**{_TITLES[narration.sort]}** · {who}{day(narration.written_on)}{state}"


_STATES = {
    State.DRAFT: "draft",
    State.KEPT: "kept to yourself",
    State.SHARED: "shared",
}


def mine(found: Sequence[Narration], *, page: int, pages: int) -> Message:
    """One's own."""
    if not found:
        return say(NOTHING_YET, Buttons(buttons=(_BEGIN,)))
    return say(
        "**My narrations**",
        *(
            part
            for each in found
            for part in (
                Text(text=_dated(each)),
                Quote(text=shorten(_labelled(each.written), SHOWN)),
                Buttons(buttons=(_button("Open", "narration.show", each),)),
            )
        ),
        *_pages("narration.mine", page, pages),
        Buttons(buttons=(_TAKE,)),
        Note(text="Only you can see this list."),
    )


def in_full(narration: Narration, to: str) -> list[Part]:
    """One narration with every word, and what is kept beside it; `to` in words, if shared."""
    told = _dated(narration)
    if narration.shared_on is not None:
        told += f" with {to} on {day(narration.shared_on)}"
    if narration.digest:
        told += ", may be mentioned in digests"
    if narration.changed_on != narration.written_on:
        told += f" · changed on {day(narration.changed_on)}"
    parts: list[Part] = [Divider(), Text(text=told)]
    for line in narration.lines:
        if line.text:
            parts += [Note(text=literal(shorten(line.label, 150))), Quote(text=line.text)]
    return [*parts, *_beside(narration)]


def introduction(introduction: Introduction, own: PersonId, names: Mapping[PersonId, str]) -> str:
    """What is kept of one, for one of the two. How the other answered is not told."""
    if introduction.asker == own:
        other = literal(names.get(introduction.asked, SOMEBODY))
        return f"- {day(introduction.asked_on)}: you asked to be introduced to {other}."
    other = literal(names.get(introduction.asker, SOMEBODY))
    said = {Meeting.ASKED: "", Meeting.MET: ". You said yes", Meeting.DECLINED: ". You said no"}
    return f"- {day(introduction.asked_on)}: {other} asked to meet you{said[introduction.state]}."


def habits(
    weekday: int | None, last: Sort | None, channel: tuple[str, str] | None, *, week: bool
) -> list[Part]:
    """What somebody wishes."""
    told = _wishes(weekday, week=week)
    if last is not None:
        told += f" The last prompt was “{_TITLES[last]}”."
    if channel is not None:
        told += f" Your team’s channel: {mention_channel(*channel)}."
    return [Text(text=f"**What you wish**\n{told}")]


def decided(lines: Sequence[str]) -> list[Part]:
    """Introductions and the ledger."""
    return [Text(text="**Introductions, and what you allowed**"), *_texts(lines or [NO_LEDGER])]


def to_take(parts: Sequence[Part], *, page: int, pages: int) -> Message:
    """One page of all that is kept of somebody."""
    rest = (Button(label="Next page", action="narration.take", args={"page": page + 1}),)
    return say(
        f"**Yours to take with you**, page {page + 1} of {pages}",
        *parts,
        *([Buttons(buttons=rest)] if page + 1 < pages else []),
        Note(text="Only you can see this. Copy it wherever you like."),
    )


def shared_with_me(
    found: Sequence[Narration], authors: Mapping[PersonId, str], *, page: int, pages: int
) -> Message:
    """What others have shared with one."""
    if not found:
        return say(NOTHING_SHARED)
    return say(
        "**Shared with you**",
        *(
            part
            for each in found
            for part in (
                Text(text=_dated(each, authors.get(each.author, SOMEBODY))),
                Quote(text=shorten(_labelled(each.written), SHOWN)),
                Buttons(buttons=(_button("Open", "narration.show", each),)),
            )
        ),
        *_pages("narration.shared", page, pages),
    )


def _pages(action: str, page: int, pages: int) -> list[Part]:
    row = []
    if page > 0:
        row.append(Button(label="Newer", action=action, args={"page": page - 1}))
    if page + 1 < pages:
        row.append(Button(label="Older", action=action, args={"page": page + 1}))
    return [Buttons(buttons=tuple(row))] if row else []


def decisions(
    found: Sequence[Narration],
    authors: Mapping[PersonId, str],
    own: PersonId,
    *,
    page: int,
    pages: int,
) -> Message:
    """The decision log, as far as the person may read it."""
    if not found:
        return say(NO_DECISIONS, Buttons(buttons=(_DECIDE,)))
    parts: list[Part] = []
    for each in found:
        by = "" if each.author == own else authors.get(each.author, SOMEBODY)
        again = f" · to be looked at again {day(each.revisit_on)}" if each.revisit_on else ""
        parts.append(Text(text=_dated(each, by) + again))
        parts.append(Quote(text=shorten(_labelled(each.written), SHOWN)))
        parts.append(Buttons(buttons=(_button("Open", "narration.show", each),)))
    return say(
        "**Decisions**: yours, and those that were shared with you.",
        *parts,
        *_pages("narration.decisions", page, pages),
    )


def week(own: Sequence[Narration], lines: Sequence[str], begun: date) -> Message:
    """The person's own week."""
    told: list[Part] = []
    for each in own[:6]:
        told += [Text(text=_dated(each)), Quote(text=shorten(_labelled(each.written), SHOWN))]
    if len(own) > 6:
        told.append(Note(text=f"And {len(own) - 6} more under *My narrations*."))
    more: list[Part] = [Text(text=fit(f"- {line}" for line in lines[:WEEK_LINES]))] if lines else []
    if len(lines) > WEEK_LINES:
        more.append(Note(text=f"And {len(lines) - WEEK_LINES} more."))
    if not told and not more:
        told = [Text(text="There is nothing from this week here yet, and that is fine.")]
    return say(
        f"**Your week** since {day(begun)}",
        *told,
        *more,
        Buttons(buttons=(_BEGIN, _MINE)),
        Note(text="Only you can see this; it is put together now and kept nowhere."),
    )


def week_is_there() -> Message:
    return say(
        "Your week in two minutes: what you wrote, asked, answered and learned.",
        Buttons(buttons=(Button(label="Show my week", action="narration.week"),)),
    )


# --- others ---------------------------------------------------------------------------------


def near(
    alike: Sequence[tuple[Narration, Person]],
    articles: Sequence[tuple[ArticleId, str]],
    questions: Sequence[Asked],
    known: Topic | None,
    today: date,
) -> list[Part]:
    """What it has to do with others'. Nothing where there is nothing. `known` is a topic about
    which others can be asked."""
    parts: list[Part] = []
    for narration, author in alike:
        when = _when(narration.shared_on or narration.written_on, today)
        parts.append(
            Text(
                text=f"{mention(author.name, author.address)} shared something like this "
                f"{when}. Shall I introduce you?"
            )
        )
        parts.append(
            Buttons(
                buttons=(
                    _button("Introduce us", "narration.introduce", narration),
                    _button("Read it", "narration.show", narration),
                )
            )
        )
    for id_, said in articles:
        parts.append(Text(text=f"In the FAQ: {literal(shorten(said, 150))}"))
        args: Args = {"article": id_}
        parts.append(Buttons(buttons=(Button(label="Read", action="faq.open", args=args),)))
    for asked in questions:
        told = literal(shorten(asked.text, 150))
        parts.append(Text(text=f"Asked openly, question {asked.number}: {told}"))
        answer = Button(
            label="Answer it", action="question.answer", args={"question": asked.question}
        )
        parts.append(Buttons(buttons=(answer,)))
    if known is not None:
        told = f"Colleagues have said that they can be asked about **{literal(known.title)}**."
        parts.append(Text(text=told))
        ask = Button(label="Ask them", action="question.ask", args={"topic": known.id})
        parts.append(Buttons(buttons=(ask,)))
    return [Note(text="Only you are told this:"), *parts] if parts else []


def _when(day: date, today: date) -> str:
    if (today - day).days <= LATELY:
        return "lately"
    return f"in {day:%B}" if day.year == today.year else f"in {day:%B %Y}"


def may_introduce(introduction: Introduction, asker: Person, theirs: Narration) -> Message:
    """Asked of who shared something. What the other one wrote is not said."""
    args: Args = {"introduction": introduction.id}
    return say(
        f"{mention(asker.name, asker.address)} works on something like what you shared on "
        f"{day(theirs.shared_on or theirs.written_on)} ({_TITLES[theirs.sort].lower()}). Shall I "
        "introduce you?",
        Buttons(
            buttons=(
                Button(label="Yes, introduce us", action="narration.meet", args=args),
                Button(label="No, thank you", action="narration.decline", args=args),
                _button("What I shared", "narration.show", theirs),
            )
        ),
        Note(text="If you say no, nobody is told."),
    )


def because_introduced(asker: Person) -> str:
    return f"{shorten(asker.name, 80)} has asked to be introduced to you."


def met(other: Person, about: Narration) -> Message:
    """To each of the two: both have said yes."""
    what = "they" if about.author == other.id else "you"
    return say(
        f"{mention(other.name, other.address)} would like to talk with you about what {what} "
        f"shared on {day(about.shared_on or about.written_on)}. You have both said yes: write to "
        "each other.",
        Buttons(buttons=(_button("Show it", "narration.show", about),)),
    )


# --- digests --------------------------------------------------------------------------------


def digest_on(person: Person) -> Message:
    return say(
        f"{mention(person.name, person.address)} has switched on a digest here: on Fridays, in at "
        f"most {DIGEST_LINES} lines, what colleagues have shared with this channel or with "
        "everybody and allow to be mentioned. `/narrate digest now` shows you what there is so "
        "far, `/narrate digest off` ends it."
    )


_OTHER = "Other things"


def digest(
    found: Sequence[Narration],
    authors: Mapping[PersonId, str],
    titles: Mapping[TopicId, str],
    week: date,
) -> Message:
    """By topic, one line each, and never more than a few."""
    shown = found[:DIGEST_LINES] if len(found) <= DIGEST_LINES else found[: DIGEST_LINES - 1]
    by_topic: dict[str, list[Narration]] = {}
    for each in shown:
        by_topic.setdefault(titles.get(each.topic or TopicId(""), _OTHER), []).append(each)
    parts: list[Part] = []
    for name in sorted(by_topic, key=lambda name: (name == _OTHER, name)):
        lines = [
            f"- {literal(authors.get(each.author, SOMEBODY))}, {_TITLES[each.sort].lower()}: "
            f"{literal(shorten(' '.join(each.text.split()), 140))}"
            for each in by_topic[name]
        ]
        heading = f"**{literal(name)}**\n" if len(by_topic) > 1 or name != _OTHER else ""
        parts.append(Text(text=heading + "\n".join(lines)))
    if len(shown) < len(found):
        parts.append(Note(text=f"And {len(found) - len(shown)} more."))
    return say(f"**What colleagues shared** in the week to {day(week)}", *parts)


def digest_is_empty(week: date) -> Message:
    return say(f"What was shared in the week to {day(week)} has been withdrawn.")


# --- wishes and consent ---------------------------------------------------------------------


def prompt(asked: Prompt, on: date | None) -> Message:
    """One prompt, which nobody needs to answer. Without a day it does not run out, and is none
    of the person's own prompts."""
    args: Args = {"prompt": asked.id, "sort": asked.sort.value}
    if on is not None:
        args["day"] = on.isoformat()
    change = Button(label="Change prompts", action="narration.wishes")
    return say(
        literal(asked.text),
        *([Note(text=literal(asked.hint))] if asked.hint else []),
        Buttons(
            buttons=(
                Button(label="Write", action="narration.answer", args=args, style=Style.PRIMARY),
                Button(label="Not this time", action="narration.skip", args=args),
                *((change,) if on is not None else ()),
            )
        ),
        Note(text="It stays yours until you share it. Nobody sees whether you answer."),
    )


def ran_out() -> Message:
    return say(
        "That prompt was for some days ago. You can write whenever you like.",
        Buttons(buttons=(_BEGIN,)),
    )


_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
PROMPT_DAYS: Mapping[str, int | None] = {
    "never": None,
    **{name.casefold(): number for number, name in enumerate(_DAYS, 1)},
}
"""What may be chosen in the form, and the ISO weekday."""
_YES_NO = (Option(label="Yes", value="yes"), Option(label="No", value="no"))
CONSENTS: Mapping[Scope, tuple[str, str]] = {
    Scope.MATCH_DRAFTS: (
        "Compare my private drafts?",
        "Only to tell you who has written about the same. No word of a draft is shown to anybody.",
    ),
    Scope.MATCH_SHARED: (
        "Tell my readers of what I shared?",
        "When they write about the same, and then they may ask to be introduced to you.",
    ),
    Scope.QUOTE_IN_DIGEST: (
        "May weekly digests mention what I share?",
        "One line in a channel, of what you shared with that channel or with everybody.",
    ),
}
"""The words with which each is asked for. Whoever changes them raises `TEXT_VERSION`."""
_ALLOWED: Mapping[Scope, str] = {
    Scope.MATCH_DRAFTS: "that I compare your private drafts for you",
    Scope.MATCH_SHARED: "that I tell your readers of what you shared with them",
    Scope.QUOTE_IN_DIGEST: "that weekly digests mention what you share",
}


def wishes_form(weekday: int | None, granted: Collection[Scope], *, week: bool) -> Form:
    """Prompts, the own week and all consents in one place."""
    days = [
        Option(label="Never", value="never"),
        *(Option(label=f"Once a week, on {name}", value=name.casefold()) for name in _DAYS),
    ]
    fields: list[AnyField] = [
        ChoiceField(
            name="prompts",
            label="Prompts",
            hint="At the hour at which I write to you anyway, unless something more urgent comes.",
            options=tuple(days),
            value="never" if weekday is None else _DAYS[weekday - 1].casefold(),
            required=True,
        ),
        ChoiceField(
            name="week",
            label="Tell me at the end of the week that my week is there?",
            options=_YES_NO,
            value="yes" if week else "no",
            required=True,
        ),
    ]
    for scope, (asked, hint) in CONSENTS.items():
        fields.append(
            ChoiceField(
                name=scope.value,
                label=asked,
                hint=hint,
                options=_YES_NO,
                value="yes" if scope in granted else "no",
                required=True,
            )
        )
    return Form(
        title="Prompts and consent",
        intro="Everything here can be changed back at any time. What follows from a consent is "
        "undone at once when you withdraw it.",
        fields=tuple(fields),
        submit="Keep",
        action="narration.keep_wishes",
    )


def wishes_kept(
    weekday: int | None,
    hour: str,
    granted: Sequence[Scope],
    *,
    week: bool,
    crowded: Sequence[int] = (),
    daily: int = 1,
) -> Message:
    """`crowded` are the weekdays of which more was chosen for them alone than the `daily` limit
    lets through."""
    lines = [f"- {CONSENTS[scope][0]} {'Yes' if scope in granted else 'No'}." for scope in CONSENTS]
    notes = [
        Note(
            text=f"On {_DAYS[day - 1]}s you have chosen more than the {daily} a day that may reach "
            "you, so some of it will not come. Choose another day, or more a day in `/settings`."
        )
        for day in crowded
    ]
    told = _wishes(weekday, f" around {hour}", week=week) + "\n" + "\n".join(lines)
    return say(told, *notes)


def _wishes(weekday: int | None, around: str = "", *, week: bool) -> str:
    prompts = (
        "No prompts come."
        if weekday is None
        else f"A prompt comes on {_DAYS[weekday - 1]}s{around}."
    )
    own = "At the end of the week you are told that your week is there." if week else ""
    return f"{prompts} {own}".strip()


def ledger(history: Sequence[Consent]) -> Message:
    """The ledger, the newest last; where it is long, all of it is in what can be taken away."""
    return say("**What you have allowed**", *_texts(ledger_lines(history[-60:])))


def ledger_lines(history: Sequence[Consent]) -> list[str]:
    """Each decision that was ever taken, the newest last."""
    lines = []
    for each in history:
        since = f"Allowed {day(each.granted_on)}" if each.granted_on else "Allowed from the start"
        until = f", withdrawn {day(each.withdrawn_on)}" if each.withdrawn_on else ""
        asked = CONSENTS[each.scope][0]
        lines.append(f"- {asked} {since}{until} (words of version {each.text_version})")
    return lines


def _texts(lines: Sequence[str]) -> list[Part]:
    return [Text(text="\n".join(lines[at : at + 15])) for at in range(0, len(lines), 15)]


# --- about oneself --------------------------------------------------------------------------


def home(drafts: int, shared: int = 0) -> list[Section]:
    """The way in, drafts that wait, and how many others have shared lately."""
    sections = [Section(Shelf.BEGIN, buttons=(_BEGIN,))]
    told: list[list[Part]] = []
    if drafts:
        told.append([Text(text=f"{_drafts(drafts)}. Only you see them.")])
    if shared:
        many = "1 narration was" if shared == 1 else f"{shared} narrations were"
        many = f"{MOST_LATELY} narrations and more were" if shared > MOST_LATELY else many
        told.append([Text(text=f"{many} shared with you in the last {LATELY_SHARED} days.")])
    if told:
        buttons = (*((_MINE,) if drafts else ()), *((_SHARED,) if shared else ()))
        sections.append(Section(Shelf.MINE, "Narrations", entries=told, buttons=buttons))
    return sections


def about_me(
    count: int, weekday: int | None, granted: Sequence[Scope], *, week: bool
) -> list[Part]:
    """What is kept, in a few lines, and where all of it can be read."""
    allowed = "; ".join(_ALLOWED[scope] for scope in granted)
    lines = [
        f"{count} of yours {'are' if count > 1 else 'is'} still here."
        if count
        else "You have written nothing here.",
        f"Prompts: {'none' if weekday is None else f'on {_DAYS[weekday - 1]}s'}.",
        f"A word about your own week: {'yes' if week else 'no'}.",
        f"You allow: {allowed or 'nothing'}.",
    ]
    return [
        Text(text="**Narrations**\n" + "\n".join(lines)),
        Buttons(
            buttons=(
                Button(label="All I wrote", action="narration.mine"),
                _TAKE,
                Button(label="Prompts and consent", action="narration.wishes"),
                Button(label="What I allowed", action="narration.ledger"),
                Button(
                    label="Delete all",
                    action="narration.forget",
                    style=Style.DANGER,
                    confirm=Confirm(
                        title="Delete all your narrations?",
                        text="What you shared is withdrawn. Nothing is left of all the rest.",
                    ),
                ),
            )
        ),
    ]

"""Every sentence about roles."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from bot.form import AnyField, ChoiceField, Form, PeopleField, TextField
from bot.ids import PersonId, TopicId
from bot.message import (
    MAX_TEXT,
    Button,
    Buttons,
    Message,
    Note,
    Option,
    Part,
    Style,
    Text,
    Tone,
    fit,
    literal,
    mention,
    say,
    shorten,
)
from bot.messages import WHAT_YOU_LOOK_AFTER
from bot.page import Section, Shelf
from bot.people import Person, Role, RoleChange

GIVE, TAKE = "give", "take"

TITLES: Mapping[Role, str] = {
    Role.COMMUNITY_MANAGER: "Community manager",
    Role.PEOPLE_MANAGER: "People manager",
    Role.AUDITOR: "Auditor",
    Role.OPERATOR: "Operator",
    Role.APPROVER: "Approver of campaigns",
    Role.STEWARD: "Steward",
}
_MOST_NAMED = 30
_MOST_TOPICS = 100
UNKNOWN_TOPIC = "There is no topic of that name here."
IS_STEWARD = "They look after this topic already."
NO_STEWARD = "Nobody looks after this topic as it is."

NO_OPTION = "Please choose one of the options."
UNKNOWN_PERSON = "I do not know that person here yet. Ask them to write to me once."
LAST = "This is the last community manager. Name another one first, or nobody could."
NOT_YOURSELF = (
    "Nobody gives themselves rights that they do not have. Somebody else who names roles can give "
    "it to you."
)
HAS_IT = "{name} has this role already."
HAS_IT_NOT = "{name} does not have this role."
BECAUSE_WATCHED = (
    "You name people for roles here, or have this role yourself, and hear of each change, so that "
    "nobody comes to see more than before unseen."
)


def _names(people: Sequence[Person], room: int) -> str:
    """As many as `room` has characters for: some addresses are long."""
    if not people:
        return "nobody"
    named: list[str] = []
    for person in people[:_MOST_NAMED]:
        one = mention(person.name, person.address)
        if len(", ".join([*named, one])) > room:
            break
        named.append(one)
    left = len(people) - len(named)
    told = ", ".join(named)
    return f"{told} and {left} more" if left > 0 else told


def change_of(
    change: RoleChange,
    names: Mapping[PersonId, str],
    topics: Mapping[TopicId, str] = MappingProxyType({}),
) -> str:
    """One change of a role, for `Text`; `topics` are the titles of those of stewards."""
    who = literal(names.get(change.person, "somebody who has left"))
    by = "how Inflow was set up here"
    if change.by is not None:
        by = literal(names.get(change.by, "somebody who has left"))
    done = "became" if change.gives else "is no longer"
    title = _one(TITLES[change.role].lower())
    if change.topic is not None:
        title = f"steward of {literal(topics.get(change.topic, str(change.topic)))}"
    day = f"{change.at.day} {change.at:%B %Y}"
    return f"- {day}: {who} {done} {title}, by {by}"


def about_me(changes: Sequence[str]) -> list[Part]:
    """The person's own changes, for them."""
    if not changes:
        return []
    return [Text(text=fit(["**Your roles here, and who changed them**", *changes]))]


def belongs(person: Person, manager: Person | None) -> list[Part]:
    """Where the person belongs, for them; nothing where nobody has said that."""
    told = [
        *([f"team {literal(person.team)}"] if person.team else []),
        *([f"site {literal(person.site)}"] if person.site else []),
        *([f"your manager {literal(manager.name)}"] if manager is not None else []),
    ]
    if not told:
        return []
    return [Text(text=f"**Where you belong, as your organisation told me**\n{', '.join(told)}")]


def listed(
    holders: Mapping[Role, Sequence[Person]],
    changes: Sequence[str] = (),
    earlier: int | None = None,
    stewards: Sequence[tuple[str, Person | None]] = (),
) -> Message:
    """Who has which role, and `changes` of it (see `change_of`); behind so many more recent ones
    come `earlier` ones. `stewards` are topics, by title, each with its own."""
    more = Button(label="Earlier changes", action="role.list", args={"skipped": earlier or 0})
    room = MAX_TEXT // len(holders) - 100
    lines = [f"- **{TITLES[role]}**: {_names(people, room)}" for role, people in holders.items()]
    looked_after = [
        f"- {literal(title)}: {mention(who.name, who.address) if who else 'nobody'}"
        for title, who in stewards
    ]
    name_steward = Button(label="Name a steward", action="role.change_steward")
    return say(
        "Who has which role here:",
        Text(text="\n".join(lines)),
        *([Text(text=fit(["**Stewards of topics**", *looked_after]))] if looked_after else []),
        *([Text(text=fit(["**Last changed**", *changes]))] if changes else []),
        Buttons(
            buttons=(
                Button(label="Give or take a role", action="role.change", style=Style.PRIMARY),
                *([name_steward] if stewards else []),
                *([more] if earlier is not None else []),
            )
        ),
        Note(
            text="Community managers look after the FAQ, topics, days off, campaigns and roles. "
            "Approvers say whether a campaign of somebody else may begin. Stewards look after "
            "what stands in their topic. "
            "Auditors see who has passed mandatory quizzes: `/quiz audit`."
        ),
    )


def form(roles: Sequence[Role]) -> Form:
    """Whom, which of the roles, and whether it is given or taken."""
    return Form(
        title="Give or take a role",
        fields=(
            PeopleField(name="person", label="Who?", required=True, hint="They will be told."),
            ChoiceField(
                name="role",
                label="Which role?",
                required=True,
                options=tuple(Option(label=TITLES[role], value=role.value) for role in roles),
                value=Role.COMMUNITY_MANAGER.value,
            ),
            ChoiceField(
                name="change",
                label="What of it?",
                required=True,
                options=(
                    Option(label="They get the role", value=GIVE),
                    Option(label="They lose the role", value=TAKE),
                ),
                value=GIVE,
            ),
        ),
        submit="Keep",
        action="role.keep",
    )


def steward_form(topics: Sequence[tuple[TopicId, str]]) -> Form:
    """Who looks after a topic from now on; `topics` are ids with titles."""
    which: AnyField
    if len(topics) <= _MOST_TOPICS:
        which = ChoiceField(
            name="topic",
            label="Which topic?",
            required=True,
            options=tuple(Option(label=shorten(title, 75), value=id_) for id_, title in topics),
        )
    else:
        which = TextField(name="topic", label="Which topic?", hint="Its title.", required=True)
    return Form(
        title="Name a steward",
        fields=(
            which,
            PeopleField(
                name="person",
                label="Who looks after it from now on?",
                hint="They are told, and so is who did until now. If you name nobody, the "
                "community managers do.",
            ),
        ),
        submit="Keep",
        action="role.keep_steward",
    )


def steward_kept(topic: str, person: Person | None) -> Message:
    """For the one who named a steward, or took it from somebody."""
    if person is None:
        said = f"Nobody is steward of {literal(topic)} now: community managers look after it."
    else:
        said = f"{literal(person.name)} looks after {literal(topic)} now, and is told."
    return say(said, tone=Tone.GOOD)


def told_steward(topic: str, by: Person, *, gives: bool) -> Message:
    """For who became steward of a topic, or is not any more."""
    who = mention(by.name, by.address)
    if not gives:
        return say(
            f"You are no longer steward of {literal(topic)}: {who} has changed it with `/role`."
        )
    return say(
        f"You are steward of {literal(topic)} now, named by {who}: `/faq review` shows what waits "
        "for your eyes, `/improve` what could be clearer, and `/unanswered` what found nobody.",
        tone=Tone.GOOD,
    )


def kept(person: Person, role: Role, *, gives: bool, is_self: bool) -> Message:
    """For the one who changed it."""
    title = TITLES[role].lower()
    if is_self:
        now = "are" if gives else "are no longer"
        return say(f"You {now} {_one(title)}.", tone=Tone.GOOD)
    now = "is" if gives else "is no longer"
    return say(f"{literal(person.name)} {now} {_one(title)}, and is told.", tone=Tone.GOOD)


def _one(title: str) -> str:
    return f"an {title}" if title[0] in "aeiou" else f"a {title}"


APPROVES = (
    " When somebody asks for your approval of a campaign you get its card, with what it would do, "
    "and approve it or send it back there. `/campaign` and `/home` list what waits for you."
)


def told(role: Role, by: Person, *, gives: bool) -> Message:
    """For the one who gets or loses a role."""
    title, who = TITLES[role].lower(), mention(by.name, by.address)
    if not gives:
        return say(f"You are no longer {_one(title)} here. {who} took the role back.")
    if role is not Role.COMMUNITY_MANAGER:
        more = APPROVES if role is Role.APPROVER else ""
        return say(f"You are {_one(title)} here now, named by {who}.{more}", tone=Tone.GOOD)
    return say(
        f"You are a community manager here now, named by {who}: `/faq review` shows what waits for "
        "your eyes, `/unanswered` what found nobody, `/campaign` writes to many, and `/role` names "
        "others. `/home` is your own page.",
        tone=Tone.GOOD,
    )


def told_others(role: Role, person: Person, by: Person, *, gives: bool) -> Message:
    """For the others who name roles, or have this one."""
    who, whom = mention(by.name, by.address), mention(person.name, person.address)
    now = "is" if gives else "is no longer"
    return say(
        f"{whom} {now} {_one(TITLES[role].lower())} here: {who} has changed it with `/role`."
    )


def home() -> Section:
    """The way to roles, for the page of who may name people."""
    roles = Button(label="Roles", action="role.list")
    return Section(Shelf.DUTY, WHAT_YOU_LOOK_AFTER, buttons=(roles,))

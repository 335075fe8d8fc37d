"""What the word, the buttons and the form of roles do."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from bot.access import Right, give, may, require, roles_of_use, roles_with, take
from bot.capabilities.roles import messages
from bot.context import Context
from bot.errors import Invalid
from bot.ids import PersonId, TopicId
from bot.inbound import Command
from bot.kind import for_duty
from bot.message import Message, Part
from bot.outbox import Letter, Priority, ToPerson
from bot.page import Section
from bot.people import Person, Role, RoleChange
from bot.ports import Work
from bot.reply import Reply
from bot.schedule import next_open_moment
from bot.topic import TopicStore

MOST_CHANGES = 10


class RolesWork(Work, Protocol):
    """What every capability has in common, and the topics that stewards look after."""

    @property
    def topics(self) -> TopicStore: ...


def list_roles(_context: Context, work: RolesWork, command: Command) -> Reply:
    """`/role`: who has what, and page by page what was ever changed of it."""
    require(command.person, Right.NAME_ROLES)
    value = command.args.get("skipped")
    skipped = value if isinstance(value, int) and 0 < value < 2**31 else 0
    return Reply(message=_list(work, command.person, skipped), replace=skipped > 0)


def _list(work: RolesWork, person: Person, skipped: int) -> Message:
    # One more tells whether there are more.
    found = work.people.role_changes(person.workspace, MOST_CHANGES + 1, skipped=skipped)
    changes = found[:MOST_CHANGES]
    return messages.listed(
        {role: work.people.holders(person.workspace, role) for role in roles_of_use()},
        _told(work, changes, person),
        stewards=_stewards(work, person),
        earlier=skipped + MOST_CHANGES if len(found) > MOST_CHANGES else None,
    )


def _told(work: RolesWork, changes: Sequence[RoleChange], person: Person) -> list[str]:
    names, topics = _names(work, changes), dict[TopicId, str]()
    if any(change.topic is not None for change in changes):
        topics = {topic.id: topic.title for topic in work.topics.every(person.workspace)}
    return [messages.change_of(change, names, topics) for change in changes]


def _stewards(work: RolesWork, person: Person) -> list[tuple[str, Person | None]]:
    """All topics by title, each with who looks after it, if they are here."""
    topics = work.topics.every(person.workspace)
    people = work.people.several({one.steward for one in topics if one.steward is not None})
    here = {one.id: one for one in people if one.active}
    return [(one.title, here.get(one.steward) if one.steward else None) for one in topics]


def _names(work: RolesWork, changes: Sequence[RoleChange]) -> Mapping[PersonId, str]:
    ids = {id_ for change in changes for id_ in (change.person, change.by) if id_ is not None}
    return {person.id: person.name for person in work.people.several(ids)}


def about_me(_context: Context, work: RolesWork, person: Person) -> Sequence[Part]:
    """Which roles the person was given or has lost, by whom and when, and where they belong."""
    changes = work.people.role_changes(person.workspace, MOST_CHANGES, person.id)
    manager = work.people.get(person.manager) if person.manager is not None else None
    manager = manager if manager is not None and manager.active else None
    return [
        *messages.about_me(_told(work, changes, person)),
        *messages.belongs(person, manager),
    ]


def open_form(_context: Context, _work: RolesWork, command: Command) -> Reply:
    """*Give or take a role*."""
    require(command.person, Right.NAME_ROLES)
    return Reply(form=messages.form(roles_of_use()))


def keep(context: Context, work: RolesWork, command: Command) -> Reply:
    """The form. The last community manager stays one: nobody else could name another."""
    by = command.person
    require(by, Right.NAME_ROLES)
    # Two who take the role from each other at the same moment must not both succeed.
    managers = work.people.holders(by.workspace, Role.COMMUNITY_MANAGER, changing=True)
    role, gives = _read(command)
    person = _named(work, command)
    if person is None:
        raise Invalid(fields={"person": messages.UNKNOWN_PERSON})
    if gives is (role in person.roles):
        said = messages.HAS_IT if gives else messages.HAS_IT_NOT
        raise Invalid(fields={"role": said.format(name=person.name)})
    if not gives and role is Role.COMMUNITY_MANAGER and {m.id for m in managers} <= {person.id}:
        raise Invalid(fields={"person": messages.LAST})
    changed = give(person, role) if gives else take(person, role)
    if person.id == by.id and _rights_of(changed) - _rights_of(by):
        raise Invalid(fields={"person": messages.NOT_YOURSELF})
    work.people.save(changed)
    change = RoleChange(person.workspace, person.id, role, gives, by.id, context.now)
    work.people.note_role(change)
    key = f"role:{person.id}:{role}:{context.new_id()}"
    if person.id != by.id:
        _tell(context, work, person, key, messages.told(role, by, gives=gives))
    for other in _watchers(work, by, role):
        if other.id not in {by.id, person.id}:
            letter = Letter(
                key=f"{key}:{other.id}",
                to=ToPerson(person=other.id),
                message=messages.told_others(role, person, by, gives=gives),
                kind="role.watched",
                priority=Priority.ANSWER,
                because=messages.BECAUSE_WATCHED,
            )
            work.outbox.post(other.workspace, for_duty(letter, other, context.now))
    return Reply(message=messages.kept(changed, role, gives=gives, is_self=person.id == by.id))


def open_steward_form(_context: Context, work: RolesWork, command: Command) -> Reply:
    """*Name a steward*."""
    require(command.person, Right.NAME_ROLES)
    topics = work.topics.every(command.person.workspace)
    if not topics:
        raise Invalid(messages.UNKNOWN_TOPIC)
    return Reply(form=messages.steward_form([(topic.id, topic.title) for topic in topics]))


def keep_steward(context: Context, work: RolesWork, command: Command) -> Reply:
    """The form. Who looks after a topic from now on, or nobody in particular."""
    by = command.person
    require(by, Right.NAME_ROLES)
    said = command.values.get("topic", "").strip()
    topic = next(
        (
            one
            for one in work.topics.every(by.workspace)
            if said == one.id or said.casefold() == one.title.casefold()
        ),
        None,
    )
    if topic is None:
        raise Invalid(fields={"topic": messages.UNKNOWN_TOPIC})
    person = None
    if command.values.get("person", "").strip():
        person = _named(work, command)
        if person is None:
            raise Invalid(fields={"person": messages.UNKNOWN_PERSON})
    if topic.steward == (person.id if person is not None else None):
        wrong = messages.NO_STEWARD if person is None else messages.IS_STEWARD
        raise Invalid(fields={"person": wrong})
    work.topics.save(replace(topic, steward=person.id if person is not None else None))
    before = work.people.get(topic.steward) if topic.steward is not None else None
    for whom, gives in ((before, False), (person, True)):
        if whom is None:
            continue
        work.people.note_role(
            RoleChange(by.workspace, whom.id, Role.STEWARD, gives, by.id, context.now, topic.id)
        )
        if whom.active and whom.id != by.id:
            letter = messages.told_steward(topic.title, by, gives=gives)
            key = f"steward:{topic.id}:{whom.id}:{context.new_id()}"
            _tell(context, work, whom, key, letter)
    return Reply(message=messages.steward_kept(topic.title, person))


def _rights_of(person: Person) -> set[Right]:
    return {right for right in Right if may(person, right)}


def _watchers(work: RolesWork, by: Person, role: Role) -> Sequence[Person]:
    """Who hears of every change besides whom it is about: all who name roles, and of one who
    audits those who do. So nobody comes to see more than before unseen."""
    roles = {*roles_with(Right.NAME_ROLES), *({role} & set(roles_with(Right.AUDIT)))}
    found = [p for each in sorted(roles) for p in work.people.holders(by.workspace, each)]
    return list({person.id: person for person in found}.values())


def _tell(context: Context, work: RolesWork, person: Person, key: str, message: Message) -> None:
    """Once they work, since nobody waits for it."""
    letter = Letter(
        key=key,
        to=ToPerson(person=person.id),
        message=message,
        kind="role",
        priority=Priority.ANSWER,
        due_at=next_open_moment(person, context.now),
    )
    work.outbox.post(person.workspace, letter)


def _read(command: Command) -> tuple[Role, bool]:
    wrong: dict[str, str] = {}
    chosen, change = command.values.get("role", ""), command.values.get("change", "")
    if chosen not in roles_of_use():
        wrong["role"] = messages.NO_OPTION
    if change not in {messages.GIVE, messages.TAKE}:
        wrong["change"] = messages.NO_OPTION
    if wrong:
        raise Invalid(fields=wrong)
    return Role(chosen), change == messages.GIVE


def _named(work: RolesWork, command: Command) -> Person | None:
    """Whom the form names, by address or id, if they are here."""
    who, workspace = command.values.get("person", "").strip(), command.person.workspace
    if not who.isprintable():
        return None  # PostgreSQL refuses a NUL in a text.
    person = work.people.by_address(workspace, who) or work.people.get(PersonId(who))
    if person is None or person.workspace != workspace or not person.active:
        return None
    return person


def home(_context: Context, _work: RolesWork, person: Person) -> Sequence[Section]:
    """For those who may name people, the way there."""
    return [messages.home()] if may(person, Right.NAME_ROLES) else []

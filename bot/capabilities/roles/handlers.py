"""What the word, the buttons and the form of roles do."""

from collections.abc import Mapping, Sequence

from bot.access import Right, give, may, require, roles_of_use, take
from bot.capabilities.roles import messages
from bot.context import Context
from bot.errors import Invalid
from bot.ids import PersonId
from bot.inbound import Command
from bot.message import Message, Part
from bot.outbox import Letter, Priority, ToPerson
from bot.page import Section
from bot.people import Person, Role, RoleChange
from bot.ports import Work
from bot.reply import Reply

MOST_CHANGES = 10


def list_roles(_context: Context, work: Work, command: Command) -> Reply:
    """`/role`: who has what."""
    require(command.person, Right.NAME_ROLES)
    return Reply(message=_list(work, command.person))


def _list(work: Work, person: Person) -> Message:
    changes = work.people.role_changes(person.workspace, MOST_CHANGES)
    return messages.listed(
        {role: work.people.holders(person.workspace, role) for role in roles_of_use()},
        [messages.change_of(change, _names(work, changes)) for change in changes],
    )


def _names(work: Work, changes: Sequence[RoleChange]) -> Mapping[PersonId, str]:
    ids = {id_ for change in changes for id_ in (change.person, change.by) if id_ is not None}
    return {person.id: person.name for person in work.people.several(ids)}


def about_me(_context: Context, work: Work, person: Person) -> Sequence[Part]:
    """Which roles the person was given or has lost, by whom and when, and where they belong."""
    changes = work.people.role_changes(person.workspace, MOST_CHANGES, person.id)
    manager = work.people.get(person.manager) if person.manager is not None else None
    return [
        *messages.about_me([messages.change_of(c, _names(work, changes)) for c in changes]),
        *messages.belongs(person, manager),
    ]


def open_form(_context: Context, _work: Work, command: Command) -> Reply:
    """*Give or take a role*."""
    require(command.person, Right.NAME_ROLES)
    return Reply(form=messages.form(roles_of_use()))


def keep(context: Context, work: Work, command: Command) -> Reply:
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
    work.people.save(changed)
    change = RoleChange(person.workspace, person.id, role, gives, by.id, context.now)
    work.people.note_role(change)
    if person.id != by.id:
        letter = Letter(
            key=f"role:{person.id}:{role}:{context.new_id()}",
            to=ToPerson(person=person.id),
            message=messages.told(role, by, gives=gives),
            kind="notice",
            priority=Priority.ANSWER,
        )
        work.outbox.post(person.workspace, letter)
    return Reply(message=messages.kept(changed, role, gives=gives, is_self=person.id == by.id))


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


def _named(work: Work, command: Command) -> Person | None:
    """Whom the form names, by address or id, if they are here."""
    who, workspace = command.values.get("person", "").strip(), command.person.workspace
    if not who.isprintable():
        return None  # PostgreSQL refuses a NUL in a text.
    person = work.people.by_address(workspace, who) or work.people.get(PersonId(who))
    if person is None or person.workspace != workspace or not person.active:
        return None
    return person


def home(_context: Context, _work: Work, person: Person) -> Sequence[Section]:
    """For those who may name people, the way there."""
    return [messages.home()] if may(person, Right.NAME_ROLES) else []

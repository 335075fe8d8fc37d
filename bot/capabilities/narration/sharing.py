"""Sharing: whom with is asked every time, with how many would see it, before anybody does."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.capabilities.narration import messages
from bot.capabilities.narration.access import find_own, find_topic, named
from bot.capabilities.narration.connecting import near
from bot.capabilities.narration.consenting import may_quote
from bot.capabilities.narration.digesting import redo
from bot.capabilities.narration.model import READ_FOR, Narration, Reach, State
from bot.capabilities.narration.posting import publish, take_back, told_whom
from bot.capabilities.narration.work import NarrationWork
from bot.capabilities.narration.writing import look
from bot.context import Context
from bot.errors import Invalid
from bot.ids import PersonId, WorkspaceId
from bot.inbound import Command
from bot.message import Args, say
from bot.people import Person, Role, local
from bot.reply import Reply
from bot.topic import Topic


@dataclass(frozen=True, slots=True)
class Circle:
    """Those who would see it. `readers` is None for everybody, and for a channel whose people
    are not known."""

    reach: Reach
    count: int | None
    manager: bool | None
    readers: tuple[PersonId, ...] | None = None
    names: tuple[str, ...] = ()
    topic: Topic | None = None
    conversation: str | None = None
    channel: str = ""
    strangers: bool | None = False
    """Whether people of other organisations would; None where that may be, and is not known."""

    @property
    def mark(self) -> str:
        """Another one, as soon as other people would see it, or the author's manager would. Those
        who come to *everybody* do not count: that they read it too is said."""
        readers = sorted(self.readers) if self.readers is not None else None
        of = (self.reach.value, self.conversation, self.strangers, self.manager, readers)
        return hashlib.sha256(repr(of).encode()).hexdigest()[:16]

    @property
    def words(self) -> str:
        channel = (self.conversation, self.channel) if self.conversation is not None else None
        return messages.whom(self.reach, self.names, self.topic, channel)


def choose(_context: Context, work: NarrationWork, command: Command) -> Reply:
    """*Share…*: who may read it."""
    person = command.person
    narration = find_own(work, person, command.args)
    if not narration.is_private:
        return Reply(message=say(messages.SHARED_ALREADY))
    form = messages.share_form(
        narration,
        work.topics.every(person.workspace),
        has_channel=_channel(work, person, narration) is not None,
    )
    return Reply(form=form)


def _channel(work: NarrationWork, person: Person, narration: Narration) -> str | None:
    """What the person calls their team's channel, else where they began to write."""
    return work.narrations.habit(person.id, person.workspace).channel or narration.place


def propose(context: Context, work: NarrationWork, command: Command) -> Reply:
    """The form: nothing is shared yet; who would see it is said first."""
    person, values = command.person, command.values
    narration = find_own(work, person, command.args)
    if not narration.is_private:
        return Reply(message=say(messages.SHARED_ALREADY))
    topic = find_topic(work, person, values.get("topic", ""))
    reach = values.get("reach", "keep")
    if reach not in {each.value for each in Reach}:
        return Reply(message=messages.draft(narration), replace=True, private=True)
    args: Args = {"narration": narration.id, "version": narration.version, "reach": reach}
    if topic is not None:
        args["topic"] = topic.id
    if reach == Reach.PEOPLE:
        args["people"] = list(_named_people(work, person, values))
    circle = measure(context, work, person, narration, args)
    return _confirm(work, person, narration, circle, args)


def _named_people(work: NarrationWork, person: Person, values: dict[str, str]) -> Sequence[str]:
    chosen: list[str] = []
    errors: dict[str, str] = {}
    for name in messages.PEOPLE_FIELDS:
        address = values.get(name, "").strip()
        if not address:
            continue
        found = work.people.by_address(person.workspace, address) or work.people.get(
            PersonId(address)
        )
        if found is None or not found.active or found.workspace != person.workspace:
            errors[name] = messages.HAS_LEFT
        elif found.id == person.id:
            errors[name] = messages.YOURSELF
        elif found.id not in chosen:
            chosen.append(found.id)
    if not chosen and not errors:
        errors[messages.PEOPLE_FIELDS[0]] = messages.CHOOSE_READERS
    if errors:
        raise Invalid(fields=errors)
    return chosen


def measure(
    context: Context, work: NarrationWork, person: Person, narration: Narration, args: Args
) -> Circle:
    """Who would see it by now.

    Raises:
        Invalid: there is nobody, or the place is not theirs to share with.
    """
    workspace = person.workspace
    reach = Reach(named(args, "reach"))
    topic = find_topic(work, person, named(args, "topic"))
    if reach is Reach.PEOPLE:
        given = args.get("people")
        ids = [PersonId(str(id_)) for id_ in given] if isinstance(given, list) else []
        found = [
            p
            for p in work.people.several(ids[: len(messages.PEOPLE_FIELDS)])
            if p.active and p.workspace == workspace and p.id != person.id
        ]
        if not found or len(found) < len(set(ids)):
            raise Invalid(messages.HAS_LEFT)
        return _circle(work, person, reach, [p.id for p in found], topic=topic)
    if reach is Reach.CHANNEL:
        return _channel_circle(context, work, person, narration, topic)
    if reach is Reach.TOPIC:
        if topic is None:
            raise Invalid(fields={"topic": messages.CHOOSE_TOPIC})
        there = [id_ for id_ in work.communities.of_topic(workspace, topic.id) if id_ != person.id]
        if not there:
            raise Invalid(fields={"topic": messages.NOBODY_THERE})
        return _circle(work, person, reach, there, topic=topic)
    count = max(0, work.communities.count(workspace) - 1)
    return Circle(reach, count, manager=_known_manager(work, person) or None, topic=topic)


def _channel_circle(
    context: Context,
    work: NarrationWork,
    person: Person,
    narration: Narration,
    topic: Topic | None,
) -> Circle:
    conversation = _channel(work, person, narration)
    if conversation is None:
        raise Invalid(messages.NO_CHANNEL)
    there = _members(context, work, person.workspace, conversation)
    known = work.memberships.known(person.workspace, conversation)
    if there is None:
        circle = Circle(Reach.CHANNEL, None, None, topic=topic)
    elif person.id not in there:
        raise Invalid(messages.NOT_IN_CHANNEL)
    else:
        others = [id_ for id_ in there if id_ != person.id]
        circle = _circle(work, person, Reach.CHANNEL, others, topic=topic)
    return replace(
        circle,
        conversation=conversation,
        channel=(known.name or "") if known else "",
        strangers=_are_strangers_there(work, person.workspace, conversation),
    )


def _are_strangers_there(
    work: NarrationWork, workspace: WorkspaceId, conversation: str
) -> bool | None:
    if not work.memberships.can_be_known(workspace):
        return False
    known = work.memberships.known(workspace, conversation)
    return known.strangers if known else None


def _members(
    context: Context, work: NarrationWork, workspace: WorkspaceId, conversation: str
) -> Sequence[PersonId] | None:
    """Who is in a conversation; None where that is not known, or not yet."""
    if not work.memberships.can_be_known(workspace):
        return None
    work.memberships.want(workspace, conversation, context.now, context.now + READ_FOR)
    known = work.memberships.known(workspace, conversation)
    if known is None or known.read_at is None or known.is_refused:
        return None
    return work.communities.of_conversation(workspace, conversation)


def _circle(
    work: NarrationWork,
    person: Person,
    reach: Reach,
    ids: Sequence[PersonId],
    topic: Topic | None,
) -> Circle:
    readers = sorted(work.people.several(ids), key=lambda reader: reader.name)
    return Circle(
        reach=reach,
        count=len(readers),
        manager=_includes_manager(work, person, readers),
        readers=tuple(reader.id for reader in readers),
        names=tuple(reader.name for reader in readers) if reach is Reach.PEOPLE else (),
        topic=topic,
    )


def _includes_manager(
    work: NarrationWork, person: Person, readers: Sequence[Person]
) -> bool | None:
    """Whether the person's manager is one of them; None where nobody told who that is."""
    if any(is_manager_of(reader, person) for reader in readers):
        return True
    return False if _known_manager(work, person) else None


def _known_manager(work: NarrationWork, person: Person) -> bool:
    """Whether it is known who leads the person, and that they are still here."""
    found = work.people.get(person.manager) if person.manager is not None else None
    if found is not None and found.active:
        return True
    leading = work.people.holders(person.workspace, Role.PEOPLE_MANAGER)
    return any(is_manager_of(one, person) for one in leading)


def is_manager_of(other: Person, person: Person) -> bool:
    """Whether one is known to be the other's manager, by the roster or by role and team."""
    leads = Role.PEOPLE_MANAGER in other.roles
    return other.id == person.manager or (
        leads and person.team is not None and other.team == person.team
    )


def _confirm(
    work: NarrationWork,
    person: Person,
    narration: Narration,
    circle: Circle,
    args: Args,
    *,
    is_changed: bool = False,
) -> Reply:
    may_digest = circle.reach in {Reach.CHANNEL, Reach.EVERYBODY}
    message = messages.confirm(
        narration,
        circle.words,
        messages.visible_to(circle.reach, circle.count, circle.manager, strangers=circle.strangers),
        args | {"mark": circle.mark},
        is_changed=is_changed,
        may_digest=may_digest,
        always_digests=may_digest and may_quote(work, person),
        has_channel=_channel(work, person, narration) is not None,
    )
    return Reply(message=message, replace=True, private=True)


def share(context: Context, work: NarrationWork, command: Command) -> Reply:
    """*Share*: from now on those can read it who were counted, and nobody else later."""
    person, args = command.person, command.args
    narration = find_own(work, person, args)
    if not narration.is_private:
        return Reply(message=say(messages.SHARED_ALREADY), replace=True)
    if args.get("version") != narration.version or named(args, "reach") not in set(Reach):
        return Reply(message=messages.changed(narration), replace=True, private=True)
    circle = measure(context, work, person, narration, args)
    if circle.mark != args.get("mark"):
        again: Args = {"narration": narration.id, "version": narration.version}
        again |= {name: args[name] for name in ("reach", "topic", "people") if name in args}
        return _confirm(work, person, narration, circle, again, is_changed=True)
    digest = args.get("digest") is True and circle.reach in {Reach.CHANNEL, Reach.EVERYBODY}
    today = local(person, context.now).date()
    shared = work.narrations.save(
        replace(
            narration,
            state=State.SHARED,
            reach=circle.reach,
            topic=circle.topic.id if circle.topic is not None else None,
            conversation=circle.conversation,
            shared_on=today,
            digest=digest,
        )
    )
    if circle.readers is not None:
        work.narrations.freeze(shared.id, circle.readers)
    publish(context, work, person, shared, work.people.several(circle.readers or ()))
    found = near(context, work, person, shared)
    message = messages.shared(shared, told_whom(work, person, shared), found)
    return Reply(message=message, replace=True, private=True)


def withdraw(context: Context, work: NarrationWork, command: Command) -> Reply:
    """*Withdraw*: everywhere."""
    narration = find_own(work, command.person, command.args)
    if narration.is_private:
        return Reply(message=messages.draft(narration), private=True)
    take_back(context, work, narration)
    return Reply(message=messages.withdrawn(), replace=True)


def undigest(context: Context, work: NarrationWork, command: Command) -> Reply:
    """*Take out of digests*: it stays shared, and no digest mentions it any more."""
    person = command.person
    narration = find_own(work, person, command.args)
    if narration.digest:
        narration = work.narrations.save(replace(narration, digest=False))
        redo(context, work, work.narrations.digests_with(narration.id))
    return Reply(message=look(work, person, narration), replace=True, private=True)

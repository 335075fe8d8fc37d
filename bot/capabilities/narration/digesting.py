"""A weekly digest of a channel: who wants one there says so before all, and who wrote something
says whether it may be mentioned. It is written anew when anything in it is changed or withdrawn."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from bot.capabilities.narration import messages
from bot.capabilities.narration.model import Digest, Narration, Reach
from bot.capabilities.narration.work import NarrationWork
from bot.context import Context
from bot.errors import Invalid
from bot.ids import WorkspaceId
from bot.inbound import Command, PlaceKind
from bot.message import Args, Message, say
from bot.outbox import Letter, Priority, ToPlace
from bot.people import Person, local, zone_of
from bot.ports import Timer
from bot.reply import Audience, Reply
from bot.schedule import at_local

KIND = "narration.digest"
DIGEST_WORDS = frozenset({"on", "off", "now"})
"""What may follow `/narrate digest`; with other words it is what somebody writes about digests."""
FRIDAY = 5
HOUR = time(15)
_WEEK = timedelta(days=7)


def switch(context: Context, work: NarrationWork, command: Command) -> Reply:
    """`/narrate digest on` or `off`, before everybody in the channel; `now`, for who asks."""
    person, place = command.person, command.place
    word = command.text.split()[-1].casefold().strip(".!")
    if place.kind is not PlaceKind.CHANNEL or not place.has_us or word not in DIGEST_WORDS:
        raise Invalid(messages.DIGEST_HOW)
    if word == "now":
        return _so_far(context, work, person, place.conversation)
    key = f"narration:digest:{person.workspace}:{place.conversation}"
    if word == "off":
        work.timers.cancel(key)
        return Reply(message=say(messages.DIGEST_OFF), audience=Audience.PLACE)
    due_at = next_friday(person.zone, context.now)
    args: Args = {
        "workspace": person.workspace,
        "conversation": place.conversation,
        "zone": person.zone,
    }
    work.timers.set(Timer(key, due_at, KIND, args))
    _look_who_is_there(context, work, person.workspace, place.conversation)
    return Reply(message=messages.digest_on(person), audience=Audience.PLACE)


def _so_far(context: Context, work: NarrationWork, person: Person, conversation: str) -> Reply:
    """What a digest of the last seven days would say."""
    today = local(person, context.now).date()
    tomorrow = today + timedelta(days=1)
    found = _found(work, person.workspace, conversation, tomorrow)
    message = _render(work, found, today) if found else say(messages.NO_DIGEST)
    return Reply(message=message, private=True)


def next_friday(zone: str, after: datetime) -> datetime:
    """The next Friday afternoon there, later than `after`."""
    today = after.astimezone(zone_of(zone)).date()
    friday = today + timedelta(days=(FRIDAY - today.isoweekday()) % 7)
    due_at = at_local(friday, HOUR, zone)
    return due_at if due_at > after else at_local(friday + _WEEK, HOUR, zone)


def post(context: Context, work: NarrationWork, timer: Timer) -> None:
    """It is Friday. A week in which nothing was shared has no digest."""
    args = timer.args
    workspace, conversation = WorkspaceId(str(args["workspace"])), str(args["conversation"])
    zone = str(args["zone"])
    # A week is a week, also where nobody was there to post it on its Friday.
    work.timers.set(Timer(timer.key, next_friday(zone, timer.due_at), KIND, args))
    # The day itself belongs to the next digest: what is shared this evening is not lost.
    today = timer.due_at.astimezone(zone_of(zone)).date()
    day = today - timedelta(days=(today.isoweekday() - FRIDAY) % 7)
    _look_who_is_there(context, work, workspace, conversation)
    found = _found(work, workspace, conversation, day)
    if not found:
        return
    key = f"narration:digest:{conversation}:{day.isoformat()}"
    work.narrations.add_digest(
        Digest(key, workspace, conversation, day, tuple(each.id for each in found))
    )
    work.outbox.post(
        workspace,
        Letter(
            key=key,
            to=ToPlace(conversation=conversation),
            message=_render(work, found, day),
            kind=KIND,
            priority=Priority.PROMPT,
            expires_at=context.now + timedelta(days=1),
        ),
    )


def _look_who_is_there(
    context: Context, work: NarrationWork, workspace: WorkspaceId, conversation: str
) -> None:
    """Have it known, by the next digest, whether people of other organisations read it."""
    if work.memberships.can_be_known(workspace):
        until = context.now + _WEEK + timedelta(days=1)
        work.memberships.want(workspace, conversation, context.now, until)


def _found(
    work: NarrationWork, workspace: WorkspaceId, conversation: str, until: date
) -> Sequence[Narration]:
    """What a digest of the week before a day mentions. What was shared with everybody was not
    shared with people of other organisations, who read some channels too: it is there only where
    the platform told that they do not, or tells nothing of the kind."""
    found = work.narrations.to_digest(workspace, conversation, until - _WEEK, until)
    known = work.memberships.known(workspace, conversation)
    if not work.memberships.can_be_known(workspace) or (known and known.strangers is False):
        return found
    return [each for each in found if each.reach is Reach.CHANNEL]


def _render(work: NarrationWork, found: Sequence[Narration], week: date) -> Message:
    if not found:
        return messages.digest_is_empty(week)
    authors = {p.id: p.name for p in work.people.several({each.author for each in found})}
    titles = {topic.id: topic.title for topic in work.topics.every(found[0].workspace)}
    return messages.digest(found, authors, titles, week)


def redo(context: Context, work: NarrationWork, digests: Sequence[Digest]) -> None:
    """Write digests anew: something that they mention was changed, or is not there any more."""
    for digest in digests:
        still = [
            each
            for each in _found(work, digest.workspace, digest.conversation, digest.week)
            if each.id in digest.narrations
        ]
        message = _render(work, still, digest.week)
        ids = tuple(each.id for each in still)
        work.narrations.add_digest(
            Digest(digest.key, digest.workspace, digest.conversation, digest.week, ids)
        )
        edit = Letter(
            key=f"{digest.key}:{context.new_id()}",
            to=ToPlace(conversation=digest.conversation),
            message=message,
            kind=KIND,
            priority=Priority.ANSWER,
            edits=digest.key,
        )
        work.outbox.post(digest.workspace, edit)
        work.outbox.forget(digest.workspace, [digest.key])

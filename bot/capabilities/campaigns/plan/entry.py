"""What the forms of a campaign of several parts say, read: its settings, and one part."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, time

from bot.access import Right, may
from bot.activity import Found
from bot.capabilities.campaigns.audience import here
from bot.capabilities.campaigns.content import (
    LENT,
    Activity,
    Audience,
    Consent,
    Content,
    Design,
    Format,
    OnlyIf,
    Rollout,
    Success,
    Timing,
    are_answers,
)
from bot.capabilities.campaigns.messages import (
    NO_BODY,
    NO_TITLE,
    may_not_approve,
    poll_options,
    too_much,
)
from bot.capabilities.campaigns.model import MAX_BODY, MAX_TITLE, Campaign
from bot.capabilities.campaigns.plan import messages
from bot.capabilities.campaigns.plan.arrangement import completions, retime
from bot.capabilities.campaigns.plan.sheet import places_of
from bot.capabilities.campaigns.reading import kept, read_conversation, read_day, read_team
from bot.capabilities.campaigns.work import CampaignsWork
from bot.context import Context
from bot.errors import Invalid
from bot.ids import PersonId
from bot.inbound import Command
from bot.pack.document import MOST_ANSWER, MOST_OPTIONS
from bot.people import Person

_BASELINE, _FOLLOW_UP = 28, 28
"""Days before and after, of a metric that is named in chat."""
_LONGEST = 31
_MOST_ALIKE = 5
_APPROVERS = ("approver", "second")


def read_settings(
    context: Context,
    work: CampaignsWork,
    command: Command,
    draft: Campaign | None,
    today: date,
) -> Content:
    """The content with what the form of settings says.

    Raises:
        Invalid: with a sentence for each field that cannot be used.
    """
    values, wrong = command.values, dict[str, str]()
    content = draft.content if draft else Content(title="", activities=())
    title = " ".join(kept(values.get("title", "")).split())
    if not title:
        wrong["title"] = NO_TITLE
    elif len(title) > MAX_TITLE:
        wrong["title"] = too_much(MAX_TITLE, len(title))
    audience = _audience(context, work, command, draft, wrong)
    try:
        timing = Timing(values.get("timing") or content.timing)
        audience = replace(audience, consent=Consent(values.get("consent") or audience.consent))
    except ValueError:
        timing = content.timing
        wrong["timing"] = messages.NO_OPTION
    start = _day_or_none(values, "start", wrong)
    join_until = _day_or_none(values, "join_until", wrong)
    if timing is Timing.ENROLMENT and start is None:
        wrong.setdefault("start", messages.NO_START)
    approvers = _approvers(work, command, content.approvers, wrong)
    rollout = _rollout(command, content.rollout, wrong)
    if wrong:
        raise Invalid(fields=wrong)
    timed = retime(content, timing, start or today)
    by_days = timing is Timing.ENROLMENT
    return replace(
        timed,
        title=title,
        audience=audience,
        start=start,
        join_until=join_until if by_days else None,
        approvers=approvers,
        rollout=rollout,
        completion=_completion(values.get("completion"), content),
        success=_success(values, content.success),
        closing=kept(values.get("closing", ""))[:1_000],
        catch_up=values.get("catch_up") == messages.YES,
    )


def _audience(
    context: Context,
    work: CampaignsWork,
    command: Command,
    draft: Campaign | None,
    wrong: dict[str, str],
) -> Audience:
    """To whom it goes. What a form cannot say, as people by name, stays as it was written."""
    before = draft.content.audience if draft else Audience()
    if command.values.get("audience") == messages.AS_WRITTEN and draft is not None:
        return before
    conversation = read_conversation(context, work, command, draft, wrong)
    team = None
    if conversation is None and "audience" not in wrong:
        team = read_team(work, command, wrong)
    return Audience(
        teams=() if team is None else (team,), conversation=conversation, consent=before.consent
    )


def _day_or_none(values: dict[str, str], name: str, wrong: dict[str, str]) -> date | None:
    return read_day(values, name, wrong) if values.get(name, "").strip() else None


def read_person(work: CampaignsWork, by: Person, said: str) -> Person | None:
    """Whom a form names, by address or id, if they are here."""
    who = said.strip()
    if not who or not who.isprintable():
        return None  # PostgreSQL refuses a NUL in a text.
    found = work.people.by_address(by.workspace, who) or work.people.get(PersonId(who))
    if found is None or found.workspace != by.workspace or not found.active:
        return None
    return found


def _approvers(
    work: CampaignsWork, command: Command, before: Sequence[PersonId], wrong: dict[str, str]
) -> tuple[PersonId, ...]:
    """Who is named in the form, and whom it has no room for; nobody if it names nobody."""
    found: list[PersonId] = []
    for name in _APPROVERS:
        said = command.values.get(name, "").strip()
        if not said:
            continue
        person = read_person(work, command.person, said)
        if person is None:
            wrong[name] = messages.UNKNOWN_PERSON
        elif person.id == command.person.id:
            wrong[name] = messages.NO_APPROVER_YOURSELF
        elif not may(person, Right.APPROVE_CAMPAIGN):
            wrong[name] = may_not_approve(person.name)
        elif person.id not in found:
            found.append(person.id)
    return tuple(dict.fromkeys((*found, *before[len(_APPROVERS) :]) if found else ()))


def _rollout(command: Command, before: Rollout, wrong: dict[str, str]) -> Rollout:
    chosen = command.values.get("rollout")
    if chosen == messages.STEPS:
        steps = read_number(command.values, "steps")
        if steps is None or not 2 <= steps <= 100:
            wrong["steps"] = messages.BAD_STEPS
            return before
        return replace(before, design=Design.STEPPED_WEDGE, steps=steps)
    # What packs know beyond this form (`ab`) stays until something else is chosen.
    return Rollout() if chosen == messages.ALL_AT_ONCE else before


def _completion(chosen: str | None, before: Content) -> str:
    """What makes it done, as the form says; what it cannot say stays as it was written."""
    if chosen == messages.NOBODY_COMPLETES:
        return ""
    return completions(before).get(chosen or "", before.completion)


def _success(values: dict[str, str], before: Success | None) -> Success | None:
    metric = " ".join(kept(values.get("metric", "")).split())
    if not metric:
        return None
    worthwhile = " ".join(kept(values.get("worthwhile", "")).split())
    if before is None:
        return Success(metric, _BASELINE, _FOLLOW_UP, worthwhile)
    return replace(before, metric=metric, smallest_worthwhile=worthwhile)


def read_number(values: dict[str, str], name: str) -> int | None:
    """A whole number, however a platform writes it (`7`, `7.0`)."""
    try:
        number = float(values.get(name, "").strip())
    except ValueError:
        return None
    return int(number) if number.is_integer() and abs(number) < 2**31 else None


def _reference(said: str, found: Sequence[Found], wrong: dict[str, str]) -> str:
    """What is meant: one of those `found`, by its id or by words of its title."""
    if not said:
        wrong["ref"] = messages.NO_REFERENCE
        return said
    if not found or said in {one.ref[:150] for one in found}:
        return said[:150]
    words = said.casefold()
    alike = [one for one in found if words in one.title.casefold()]
    same = [one for one in alike if words == one.title.casefold()]
    if len(same or alike) == 1:
        return (same or alike)[0].ref[:150]
    if not alike:
        wrong["ref"] = messages.NO_SUCH_REFERENCE
    else:
        titles = [one.title for one in alike[:_MOST_ALIKE]]
        wrong["ref"] = messages.several_references(titles, len(alike) - len(titles))
    return said[:150]


def read_part(
    work: CampaignsWork,
    command: Command,
    content: Content,
    activity: Activity,
    found: Sequence[Found],
    today: date,
) -> Activity:
    """The part with what its form says; `found` is all that it may refer to, where that is known.

    Raises:
        Invalid: with a sentence for each field that cannot be used.
    """
    values, wrong = command.values, dict[str, str]()
    changed = _with_day(values, content, activity, today, wrong)
    text = kept(values.get("text", ""))
    if len(text) > MAX_BODY:
        wrong["text"] = too_much(MAX_BODY, len(text))
    needs_text = activity.format not in LENT
    if needs_text and not text:
        wrong["text"] = NO_BODY
    changed = replace(changed, text=text)
    if activity.format in LENT:
        changed = replace(changed, ref=_reference(values.get("ref", "").strip(), found, wrong))
    if activity.format is Format.POLL:
        lines = [" ".join(line.split()) for line in kept(values.get("options", "")).split("\n")]
        options = tuple(line for line in lines if line)
        if not are_answers(options):
            wrong["options"] = poll_options(MOST_OPTIONS, MOST_ANSWER)
        changed = replace(changed, options=options)
    changed = _with_place(work, command, changed, wrong)
    changed = _with_condition(values, changed, wrong)
    days = values.get("days", "").strip()
    if days:
        number = read_number(values, "days")
        if number is None or not 1 <= number <= _LONGEST:
            wrong["days"] = messages.BAD_DAYS
        changed = replace(changed, days=number)
    else:
        changed = replace(changed, days=None)
    if wrong:
        raise Invalid(fields=wrong)
    return changed


def _with_day(
    values: dict[str, str],
    content: Content,
    activity: Activity,
    today: date,
    wrong: dict[str, str],
) -> Activity:
    if content.timing is Timing.CALENDAR:
        day = read_day(values, "date", wrong)
        if day is not None and day < today and day != activity.date:
            wrong["date"] = messages.PAST
        return replace(activity, date=day, day=None)
    number = read_number(values, "day")
    if number is None or not 1 <= number <= 400:
        wrong["day"] = messages.BAD_DAY_NUMBER
        return activity
    return replace(activity, day=number - 1, date=None)


def _with_place(
    work: CampaignsWork, command: Command, activity: Activity, wrong: dict[str, str]
) -> Activity:
    if activity.format in LENT:
        return replace(activity, channel=None, at=None)
    place = command.values.get("place", "").strip()
    channel: str | None
    if place in {"", messages.TO_EACH} and activity.format is not Format.QNA_SESSION:
        return replace(activity, channel=None, at=None)
    if place == messages.HERE:
        given = command.args.get("here")
        channel = given if isinstance(given, str) and given.isprintable() else None
    else:
        known = {*places_of(work, command.person.workspace), activity.channel}
        channel = place if place in known else None
    if channel is None:
        wrong["place"] = messages.NO_PLACE
    said, at = command.values.get("at", "").strip(), None
    if said:
        try:
            at = time.fromisoformat(said if len(said) > 4 else f"0{said}")
        except ValueError:
            wrong["at"] = messages.BAD_TIME
    if at is None and activity.format is Format.QNA_SESSION:
        wrong.setdefault("at", messages.BAD_TIME)
    return replace(activity, channel=channel, at=at and at.replace(second=0, microsecond=0))


def _with_condition(values: dict[str, str], activity: Activity, wrong: dict[str, str]) -> Activity:
    said = values.get("only_if", "").strip()
    if said in {"", messages.EVERYBODY_GETS_IT}:
        return replace(activity, only_if=None)
    try:
        return replace(activity, only_if=OnlyIf(said))
    except ValueError:
        wrong["only_if"] = messages.NO_OPTION
        return activity


def places_for(work: CampaignsWork, command: Command, activity: Activity) -> dict[str, str]:
    """The channels in which a part may stand, by what the form calls them."""
    places: dict[str, str] = {}
    where = here(work, command) or (
        command.place.conversation if command.place.kind == "channel" else None
    )
    if where is not None:
        places[messages.HERE] = "this channel"
    places |= places_of(work, command.person.workspace)
    if activity.channel is not None and activity.channel not in places:
        places[activity.channel] = messages.A_CHANNEL
    return places

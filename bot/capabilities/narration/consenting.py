"""What a person wishes and allows: prompts, their week, and the ledger of consent."""

from dataclasses import replace
from datetime import date

from bot.capabilities.narration import messages
from bot.capabilities.narration.connecting import unask
from bot.capabilities.narration.digesting import redo
from bot.capabilities.narration.model import (
    EVERY,
    PROMPT_SLOT,
    TEXT_VERSION,
    WEEK_SLOT,
    Consent,
    Scope,
    State,
    allows,
)
from bot.capabilities.narration.prompting import days_of, ends_of_week, set_day
from bot.capabilities.narration.work import NarrationWork
from bot.context import Context
from bot.errors import Invalid
from bot.ids import PersonId
from bot.inbound import Command
from bot.message import say
from bot.people import Person, local
from bot.ports import Timer
from bot.reply import Reply


def is_allowed(work: NarrationWork, person: Person, scope: Scope) -> bool:
    """Whether the person allows it now."""
    return allows(work.narrations.ledger(person.id), scope)


def may_quote(work: NarrationWork, person: Person) -> bool:
    """Whether digests may mention what the person shares."""
    return is_allowed(work, person, Scope.QUOTE_IN_DIGEST)


def allow(work: NarrationWork, person: Person, scope: Scope, today: date) -> None:
    """Write down that the person allows it from today on."""
    work.narrations.add_consent(
        Consent(person.id, person.workspace, scope, today, None, TEXT_VERSION[scope])
    )


def open_wishes(_context: Context, work: NarrationWork, command: Command) -> Reply:
    """*Prompts and consent*."""
    person = command.person
    weekday, week = days_of(work, person)
    ledger = work.narrations.ledger(person.id)
    granted = frozenset(scope for scope in Scope if allows(ledger, scope))
    return Reply(form=messages.wishes_form(weekday, granted, week=week))


def keep_wishes(context: Context, work: NarrationWork, command: Command) -> Reply:
    """The form. What is withdrawn is undone wherever it had led to anything."""
    person, values = command.person, command.values
    told = values.get("prompts", "never")
    if told not in messages.PROMPT_DAYS:
        raise Invalid(fields={"prompts": messages.CHOOSE_DAY})
    weekday = messages.PROMPT_DAYS[told]
    week = values.get("week") == "yes"
    today = local(person, context.now).date()
    ledger = work.narrations.ledger(person.id)
    for scope in messages.CONSENTS:
        wanted, granted = values.get(scope.value), allows(ledger, scope)
        if wanted == "yes" and not granted:
            allow(work, person, scope, today)
        elif wanted == "no" and granted:
            _withdraw(context, work, person, scope, today)
    set_day(context, work, person, PROMPT_SLOT, weekday)
    set_day(context, work, person, WEEK_SLOT, ends_of_week(person)[1] if week else None)
    attention = work.attention.get(person.id)
    granted_now = [scope for scope in Scope if allows(work.narrations.ledger(person.id), scope)]
    once = [min(slot.weekdays) for slot in work.slots.of(person.id) if len(slot.weekdays) == 1]
    said = messages.wishes_kept(
        weekday,
        f"{attention.hour:%H:%M}",
        granted_now,
        week=week,
        crowded=sorted({day for day in once if once.count(day) > attention.daily}),
        daily=attention.daily,
    )
    return Reply(message=said)


def _withdraw(
    context: Context, work: NarrationWork, person: Person, scope: Scope, today: date
) -> None:
    work.narrations.add_consent(
        Consent(person.id, person.workspace, scope, None, today, TEXT_VERSION[scope])
    )
    # At once, but in a transaction of its own: there may be much to change.
    work.timers.set(
        Timer(
            key=f"narration:undo:{person.id}:{scope.value}",
            due_at=context.now,
            action="narration.undo",
            args={"person": person.id, "scope": scope.value},
        )
    )


def undo(context: Context, work: NarrationWork, timer: Timer) -> None:
    """Delete what was derived from what is not allowed any more."""
    person = work.people.get(PersonId(str(timer.args["person"])))
    scope = Scope(str(timer.args["scope"]))
    if person is None or is_allowed(work, person, scope):
        return
    if scope is Scope.MATCH_SHARED:
        unask(work, person.id)
        work.narrations.drop_introductions(person.id)
    if scope is Scope.QUOTE_IN_DIGEST:
        for narration in work.narrations.own(person.id, [State.SHARED], EVERY):
            if narration.digest:
                saved = work.narrations.save(replace(narration, digest=False))
                redo(context, work, work.narrations.digests_with(saved.id))


def tell_ledger(_context: Context, work: NarrationWork, command: Command) -> Reply:
    """Everything that the person has ever allowed or withdrawn."""
    history = work.narrations.history(command.person.id)
    return (
        Reply(message=messages.ledger(history))
        if history
        else Reply(message=say(messages.NO_LEDGER))
    )

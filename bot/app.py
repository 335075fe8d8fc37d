"""The application: the only place where a transaction begins and ends.

`receive` turns what a platform told us into one command, one transaction and one
reply. `run_due` does what was set for later. Both may be called from any thread.
"""

import contextlib
import difflib
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Generic, TypeVar
from zoneinfo import ZoneInfo

import structlog
from structlog.contextvars import bind_contextvars, bound_contextvars

from bot import failpoint
from bot.access import (
    AdministratorsOf,
    Lacking,
    Right,
    give,
    is_due_to_manage,
    may,
    name_nobody,
    roles_with,
)
from bot.attention import note_talk, rearrange
from bot.capability import Capability, Handler, Order, Registry
from bot.context import Context
from bot.errors import BotError, Conflict, Invalid, NotAllowed, NotFound, Unavailable
from bot.ids import PersonId, WorkspaceId
from bot.inbound import (
    Command,
    Inbound,
    Installed,
    Left,
    Looked,
    Opened,
    Ordered,
    PlaceKind,
    Pressed,
    Reacted,
    Said,
    Shortcut,
    Submitted,
    What,
)
from bot.message import (
    MAX_PARTS,
    Message,
    Note,
    Text,
    Tone,
    bare_commands,
    literal,
    say,
    show_commands,
)
from bot.messages import (
    ADDED,
    ADDED_TOPIC,
    GREETING,
    HELP,
    HELP_WISHES,
    NO_FILES,
    entrusted_with_all,
    help_button,
    help_words,
    not_allowed,
)
from bot.metric import Meters, Received
from bot.outbox import Letter, Priority, ToPerson
from bot.page import Section, Shelf, assemble, is_marked, mark, unmark
from bot.people import UNTIL_BACK, Person, Role, RoleChange, Workspace, departed, is_cut_off
from bot.planner import Planned, plan_due
from bot.ports import Database, Timer, Work
from bot.reply import NOTHING, Reply, Showing
from bot.schedule import next_open_moment

W = TypeVar("W", bound=Work)

ROOT_WORDS = ("learn", "inflow")
"""`/learn ask ...` is `/ask ...`."""
ASK = "ask"
"""The command word of questions, where they are asked at all."""
TOPIC = "topic"
"""The same of opening a topic."""
OWN_WORDS = ("help", "home")
"""Command words that `App` answers itself."""

UNKNOWN_ZONE = "UTC"
"""Of whom no zone is known yet."""
GREETED_WITHIN = timedelta(days=7)

log = structlog.get_logger()


class App(Generic[W]):
    """The core, wired to a store. `clock` gives the moment, aware UTC.

    `administrators` says who is to look after a workspace; they are made community managers
    as soon as they do anything (see `bot.access.Administrators`).
    """

    def __init__(
        self,
        database: Database[W],
        registry: Registry[W],
        clock: Callable[[], datetime],
        new_id: Callable[[], str],
        meters: Meters | None = None,
        administrators: AdministratorsOf = name_nobody,
    ) -> None:
        self._database = database
        self._registry = registry
        self._clock = clock
        self._new_id = new_id
        self._meters = meters or Meters()
        self._administrators = administrators

    @property
    def registry(self) -> Registry[W]:
        return self._registry

    def now(self) -> datetime:
        return self._clock()

    def receive(self, inbound: Inbound) -> Reply:
        """Do what an inbound asks, once, and say what the person should see.

        The same event id always gets the same reply. What the person did wrong is a
        reply too, with nothing changed.

        Raises:
            Unavailable: the store cannot take it; the platform should deliver again.
        """
        # Whatever is logged meanwhile, by whomever, tells which event it belongs to. The
        # workspace is known once the person is, by the id that is also its lane's.
        with bound_contextvars(
            platform=inbound.platform,
            external=inbound.workspace,
            workspace=None,
            event_id=inbound.event_id,
            what=inbound.what.kind,
            command=self._command_of(inbound.what),
        ):
            outcome = Received.FAILED
            try:
                reply, outcome = self._receive_once(inbound)
            except (Invalid, NotAllowed, NotFound, Conflict) as error:
                outcome = Received.REFUSED
                log.info("refused", error=type(error).__name__)
                return _apology(self._note_refused(inbound, error))
            except Unavailable:
                outcome = Received.UNAVAILABLE
                log.warning("not kept")
                raise
            finally:
                self._meters.inbound.add(inbound.platform, inbound.what.kind, outcome)
            log.info("received", outcome=outcome.value)
            failpoint.reach("inbound.before_ack")
            return reply

    def concerns(self, inbound: Inbound) -> bool:
        """Whether anything can come of it, for whoever wants to know before they find out who
        it is by: talk in a channel that is not to the bot nor in a thread of ours is not read.

        Raises:
            Unavailable: the store cannot tell.
        """
        what = inbound.what
        if not isinstance(what, Said):
            return True
        with self._database.transaction() as work:
            return self._concerns_us(work, inbound, what)

    def begin_showing(self, platform: str, event_id: str, until: datetime) -> Showing:
        """Ask, before a reply is shown, whether it is ours to show (see `bot.ports.Inbox`).

        A reply is shown once, by whichever process was told of the event, however often that
        is delivered. What was taken on until a moment and neither ended nor given back, as
        when the process dies, is anybody's after that: then it may be shown twice, because
        nobody knows, and never is it lost while the platform delivers again.

        Raises:
            Unavailable: the store cannot tell.
        """
        try:
            with self._database.transaction() as work:
                return work.inbox.begin_showing(platform, event_id, self._clock(), until)
        except Conflict:
            return Showing.THEIRS

    def end_showing(self, platform: str, event_id: str, until: datetime, *, is_shown: bool) -> None:
        """Say what became of a showing that was ours until then: shown, or certainly not.

        Raises:
            Unavailable: the store cannot keep it; the showing runs out by itself.
        """
        with self._database.transaction() as work:
            if is_shown:
                work.inbox.end_showing(platform, event_id)
            else:
                work.inbox.give_back_showing(platform, event_id, self._clock(), until)

    def _context(self) -> Context:
        return Context(now=self._clock(), new_id=self._new_id, activities=self.registry.activities)

    def note_reach(
        self, platform: str, workspace: str, address: str, *, is_reachable: bool
    ) -> None:
        """Keep that a person can be written to no more (they have blocked the bot, or have it not
        installed), or again. Said twice it is as if it were once.

        Nothing is planned for who cannot be reached, nobody waits for them, and what they were
        asked goes to others at once. Whatever they do themselves says that they are back.

        Raises:
            Unavailable: the store cannot keep it.
        """
        who = platform, workspace, address
        try:
            self._note_reach(*who, is_reachable=is_reachable)
        except Conflict:
            # Somebody was quicker with a question of theirs.
            self._note_reach(*who, is_reachable=is_reachable)

    def _note_reach(
        self, platform: str, workspace: str, address: str, *, is_reachable: bool
    ) -> None:
        with self._database.transaction() as work:
            _, person = work.people.find(platform, workspace, address)
            if person is None or not person.active or is_cut_off(person) is not is_reachable:
                return
            if is_reachable:
                _bring_back(work, person)
                return
            context = self._context()
            person = replace(person, away_until=UNTIL_BACK)
            work.people.save(person)
            for capability in self._registry.capabilities:
                if capability.hush is not None:
                    capability.hush(context, work, person)
            rearrange(context, work, person)

    def _command_of(self, what: What) -> str | None:
        """Our own word for what is to be done. What people made up is text, and is not told."""
        registry = self._registry
        match what:
            case Ordered(name=name):
                word = name.lower().lstrip("/")
                return word if word in {*OWN_WORDS, *ROOT_WORDS, *registry.orders} else None
            case Pressed(action=action):
                return action if action in {HELP, *registry.presses} else None
            case Submitted(action=action):
                return action if action in registry.submits else None
            case Shortcut(name=name):
                return name if name in registry.shortcuts else None
            case Reacted(name=name):
                return name if name in registry.reactions else None
            case _:
                return None

    def _receive_once(self, inbound: Inbound) -> tuple[Reply, Received]:
        try:
            return self._receive(inbound)
        except Conflict:
            # Somebody was quicker. In a fresh transaction the handler sees
            # the new state and can say so.
            return self._receive(inbound)

    def _note_refused(self, inbound: Inbound, error: BotError) -> BotError:
        """Who was refused has talked with us all the same, though nothing else was kept.

        Returns what is told: who lacks a right hears who has it.
        """
        with contextlib.suppress(BotError), self._database.transaction() as work:
            workspace, person = _find_who(work, inbound)
            if person is not None and person.active:
                note_talk(work, person, self._clock())
            if isinstance(error, Lacking):
                namers = _name_who_may(work, workspace, Right.NAME_ROLES)
                return NotAllowed(not_allowed(_name_who_may(work, workspace, error.right), namers))
        return error

    def _receive(self, inbound: Inbound) -> tuple[Reply, Received]:
        what = inbound.what
        with self._database.transaction() as work:
            if isinstance(what, Said) and not self._concerns_us(work, inbound, what):
                return NOTHING, Received.IGNORED
            if isinstance(what, Reacted) and self._about_marked(work, inbound, what) is None:
                return NOTHING, Received.IGNORED
            if isinstance(what, Opened):
                # Looking is no talk, and looked at again it shows what there is by then.
                return self._show_page(work, inbound), Received.DONE
            if isinstance(what, Looked):
                return self._show_view(work, inbound, what), Received.DONE
            stored = work.inbox.begin(inbound.platform, inbound.event_id, inbound.at)
            if stored is not None:
                return stored, Received.REPEATED
            context = self._context()
            reply = self._dispatch(context, work, inbound)
            work.inbox.finish(inbound.platform, inbound.event_id, reply)
            failpoint.reach("inbound.before_commit")
        failpoint.reach("inbound.committed")
        return reply, Received.DONE

    def _concerns_us(self, work: W, inbound: Inbound, said: Said) -> bool:
        """Talk in a channel that is neither to the bot nor in a thread of ours is not read."""
        if said.mentioned or inbound.place.kind is PlaceKind.DM:
            return True
        return inbound.place.thread is not None and self._about(work, inbound) is not None

    def _about(self, work: W, inbound: Inbound) -> str | None:
        thread = inbound.place.thread
        return None if thread is None else self._about_message(work, inbound, thread)

    def _about_marked(self, work: W, inbound: Inbound, what: Reacted) -> str | None:
        """None for marks that mean nothing to us, on messages that are none of ours, and by
        people whom we do not know: nothing of what they said can be meant."""
        if what.name not in self._registry.reactions:
            return None
        _, person = _find_who(work, inbound)
        if person is None or not person.active:
            return None
        return self._about_message(work, inbound, what.message)

    def _about_message(self, work: W, inbound: Inbound, message: str) -> str | None:
        workspace = work.people.workspace(inbound.platform, inbound.workspace)
        if workspace is None:
            return None
        found = work.outbox.find(workspace.id, inbound.place.conversation, message)
        if found is None or found.about is None:
            return None
        # Of what nobody listens to, not even that somebody said something is kept.
        return found.about if found.about.partition(":")[0] in self._registry.hears else None

    def _dispatch(self, context: Context, work: W, inbound: Inbound) -> Reply:
        if isinstance(inbound.what, Left):
            return self._say_farewell(context, work, inbound)
        if isinstance(inbound.what, Installed):
            person = self._meet(work, inbound)
            is_alone = inbound.place.kind is PlaceKind.DM
            return self._greet(work, person) if is_alone else self._brief(work, person)
        command = Command(person=self._meet(work, inbound), place=inbound.place, at=inbound.at)
        note_talk(work, command.person, context.now)
        registry = self._registry
        match inbound.what:
            case Ordered(name=name, text=text):
                return self._order(context, work, command, name, text)
            case Pressed() as pressed:
                return self._press(context, work, command, pressed)
            case Submitted() as sent:
                return self._submit(context, work, command, sent)
            case Shortcut(name=name, text=text, author=author, message=message):
                shortcut = registry.shortcuts.get(name)
                if shortcut is None:
                    raise NotFound("I do not know that shortcut.")
                return shortcut.handle(
                    context, work, replace(command, text=text, author=author, message=message)
                )
            case Said() as said:
                # In a channel everybody sees the file where it is.
                is_lost = said.files > 0 and inbound.place.kind is PlaceKind.DM
                if is_lost and not said.text.strip():
                    raise Invalid(NO_FILES)
                reply = self._words(context, work, inbound, command, said)
                return _with_note(reply, NO_FILES) if is_lost else reply
            case Reacted() as reacted:
                about = self._about_marked(work, inbound, reacted)
                handle = self._registry.reactions[reacted.name]
                return handle(context, work, replace(command, message=reacted.message, about=about))
            case Opened() | Looked():
                raise AssertionError("looked at before")

    def _show_page(self, work: W, inbound: Inbound) -> Reply:
        """The person's own page, for who opened it."""
        return Reply(page=self._page_of(work, self._meet(work, inbound)))

    def _show_view(self, work: W, inbound: Inbound, looked: Looked) -> Reply:
        """A message as it is to who looks at it. Nobody is met for that."""
        workspace, person = _find_who(work, inbound)
        if workspace is None or person is None or not person.active:
            return NOTHING
        found = work.outbox.find(workspace.id, inbound.place.conversation, looked.message)
        if found is None or found.about is None:
            return NOTHING
        view = self._registry.views.get(found.about.partition(":")[0])
        context = self._context()
        message = view(context, work, person, found) if view is not None else None
        return NOTHING if message is None else Reply(message=message, replace=True)

    def _page_of(self, work: W, person: Person) -> Message:
        """What each capability has to show the person now."""
        context = self._context()
        sections = [
            section
            for capability in self._registry.capabilities
            if capability.home is not None
            for section in capability.home(context, work, person)
        ]
        return assemble([*sections, Section(Shelf.BEGIN, buttons=[help_button()])])

    def _press(self, context: Context, work: W, command: Command, pressed: Pressed) -> Reply:
        """A button, which on the person's own page leaves the page standing, shown anew."""
        action, args = pressed.action, pressed.args
        if not is_marked(args):
            command = replace(command, args=args, message=pressed.message)
            return self._handle_press(context, work, command, action)
        command = replace(command, args=unmark(args))
        reply = self._handle_press(context, work, command, action)
        if reply.form is not None:
            form = reply.form.model_copy(update={"args": mark(reply.form.args)})
            reply = reply.model_copy(update={"form": form})
        return self._with_page(work, command, reply)

    def _handle_press(self, context: Context, work: W, command: Command, action: str) -> Reply:
        if action == HELP:
            return self._help(command.person)
        return _find(self._registry.presses, action)(context, work, command)

    def _submit(self, context: Context, work: W, command: Command, sent: Submitted) -> Reply:
        submitted = replace(command, args=unmark(sent.args), values=sent.values)
        handle = _find(self._registry.submits, sent.action)
        if sent.wrong:
            raise Invalid(fields=_all_wrong(handle, context, work, submitted, sent.wrong))
        reply = handle(context, work, submitted)
        return self._with_page(work, command, reply) if is_marked(sent.args) else reply

    def _with_page(self, work: W, command: Command, reply: Reply) -> Reply:
        """The reply beside the page on which the person acted, as that is by now."""
        if reply.errors or reply.message is None:
            return reply.model_copy(update={"replace": False})
        person = work.people.get(command.person.id) or command.person
        page = self._page_of(work, person)
        kept: dict[str, object] = {"replace": False, "page": page}
        return reply.model_copy(update=kept | ({"message": None} if reply.on_page else {}))

    def _words(
        self, context: Context, work: W, inbound: Inbound, command: Command, said: Said
    ) -> Reply:
        registry = self._registry
        # “stop” must be heard also in the thread of a question, and however it is decorated.
        interrupt = registry.interrupts.get(_bare(said.text))
        if interrupt is not None:
            return interrupt(context, work, replace(command, message=said.message))
        about = self._about(work, inbound)
        if about is not None:
            return registry.hears[about.partition(":")[0]](
                context, work, replace(command, text=said.text, message=said.message, about=about)
            )
        first, rest = [*said.text.split(None, 1), "", ""][:2]
        if first.startswith("/"):
            spoken = replace(command, message=said.message)
            return self._order(context, work, spoken, first, rest)
        if said.addressed and self._is_rooted(first, rest):
            spoken = replace(command, message=said.message)
            return self._order(context, work, spoken, first, rest)
        # “Ask @inflow about it” is said to others, and no command.
        word = first.lower().rstrip(":,")
        order = registry.orders.get(word) if said.addressed else None
        is_dm = inbound.place.kind is PlaceKind.DM
        # A command word alone is no question; with more words it may well begin one.
        is_bare = not rest and (word in OWN_WORDS or order is not None)
        if is_bare or (order is not None and order.spoken):
            spoken = replace(command, message=said.message)
            return self._order(context, work, spoken, word, rest)
        if is_dm:
            said_here = replace(command, text=said.text, message=said.message)
            for answers in (*registry.answers, *registry.doubts):
                reply = answers(context, work, said_here)
                if reply is not None:
                    return reply
        handler = registry.words if is_dm else registry.mention
        if handler is None:
            raise Invalid(self._unknown(first))
        # Before others nobody is asked “know travel” unless that was meant.
        is_meant = said.addressed and (is_dm or order is None)
        addressed = replace(command, addressed=is_meant)
        return handler(context, work, replace(addressed, text=said.text, message=said.message))

    def _is_rooted(self, first: str, rest: str) -> bool:
        """Whether words begin as `learn topic` does: a command where there is no slash, and no
        question that begins with “Learn”."""
        word = rest.partition(" ")[0].lower()
        return first.lower() in ROOT_WORDS and word in {*OWN_WORDS, *self._registry.orders}

    def _greet(self, work: W, person: Person) -> Reply:
        """By a letter, which lets all others go first: thousands may be given the bot at once. Who
        was greeted is not greeted again, as long as the outbox knows of it.

        Where somebody is, Teams says with their first words. Until then no hour is known to be
        better than this one, at which they may well have put it there themselves.
        """
        now = self._clock()
        letter = Letter(
            key=f"greeting:{person.id}",
            to=ToPerson(person=person.id),
            message=_with_small_print(self._page_of(work, person), GREETING),
            kind="greeting",
            priority=Priority.PROMPT,
            due_at=None if person.zone == UNKNOWN_ZONE else next_open_moment(person, now),
            expires_at=now + GREETED_WITHIN,
        )
        work.outbox.post(person.workspace, letter)
        return NOTHING

    def _brief(self, work: W, person: Person) -> Reply:
        """To who put the bot among others, in their own chat and once: whoever does that again
        knows it."""
        orders = self._registry.orders
        needs = orders[TOPIC].needs if TOPIC in orders else None
        more = TOPIC in orders and (needs is None or may(person, needs))
        letter = Letter(
            key=f"added:{person.id}",
            to=ToPerson(person=person.id),
            message=say(f"{ADDED}\n\n{ADDED_TOPIC}" if more else ADDED),
            kind="added",
            priority=Priority.ANSWER,
        )
        work.outbox.post(person.workspace, letter)
        return NOTHING

    def _say_farewell(self, context: Context, work: W, inbound: Inbound) -> Reply:
        """Whoever we never met, or who left before, leaves nothing behind."""
        _, person = _find_who(work, inbound)
        if person is None or not person.active:
            return NOTHING
        bind_contextvars(workspace=person.workspace)
        for role in sorted(person.roles):
            work.people.note_role(
                RoleChange(person.workspace, person.id, role, False, person.id, context.now)
            )
        for day, _ in work.people.days_off(person.workspace, person.id):
            work.people.remove_day_off(person.workspace, day, person.id)
        work.people.save(departed(person))
        for capability in self._registry.capabilities:
            if capability.farewell is not None:
                capability.farewell(context, work, person)
        return NOTHING

    def _order(self, context: Context, work: W, command: Command, name: str, text: str) -> Reply:
        word, rest = name.lower().strip("/.,!"), text.strip()
        if word in ROOT_WORDS:
            word, _, rest = rest.partition(" ")
            word, rest = word.lower() or "home", rest.strip()
        if word == "help":
            return self._help(command.person)
        if word == "home":
            return Reply(message=self._page_of(work, command.person))
        order = self._registry.orders.get(word)
        if order is None:
            raise Invalid(self._unknown(word, rest))
        return order.handle(context, work, replace(command, text=rest))

    def _unknown(self, word: str, rest: str = "") -> str:
        near = difflib.get_close_matches(word.lower(), [*OWN_WORDS, *self._registry.orders], n=1)
        hint = f"Did you mean `/{near[0]}`? " if near else ""
        may_ask = bool(rest) and ASK in self._registry.orders
        more = "To ask a question, begin it with `/ask`. " if may_ask else ""
        return f"I do not know the command “{word[:40]}”. {hint}{more}`/help` lists all I can do."

    def _help(self, person: Person) -> Reply:
        """All that the person may do."""
        parts = [
            Text(
                text=f"**{capability.title}**\n"
                + "\n".join(
                    f"- `/{word}{' ' + order.hint if order.hint else ''}` {literal(order.help)}"
                    for word, order in orders.items()
                )
            )
            for capability in self._registry.capabilities
            if (orders := _orders_for(person, capability))
        ]
        spoken = [word for word, order in self._registry.orders.items() if order.spoken]
        return Reply(
            message=say(
                "Here is what I can do. Your own page is at `/home`.",
                *parts,
                Note(text=help_words([*spoken, *OWN_WORDS])),
                Note(text=HELP_WISHES),
            )
        )

    def _meet(self, work: W, inbound: Inbound) -> Person:
        """The person behind an address; a new one is kept from the first word on."""
        workspace, person = _find_who(work, inbound)
        if workspace is None:
            workspace = Workspace(
                id=WorkspaceId(self._new_id()),
                platform=inbound.platform,
                external=inbound.workspace,
                name=inbound.workspace,
            )
            work.people.add_workspace(workspace)
        bind_contextvars(workspace=workspace.id)
        if person is None:
            if inbound.profile is None:
                raise NotFound("I do not know you yet. Write to me once in our own chat.")
            person = Person(
                id=PersonId(self._new_id()),
                workspace=workspace.id,
                address=inbound.person,
                name=inbound.profile.name,
                zone=_known_zone(inbound.profile.zone, UNKNOWN_ZONE),
            )
            work.people.save(person)
        if not person.active:
            raise NotAllowed("Your account here has been closed.")
        if is_cut_off(person):
            person = _bring_back(work, person)
        return self._entrust(work, inbound, self._renew(work, inbound, person))

    def _renew(self, work: W, inbound: Inbound, person: Person) -> Person:
        """The person as the platform tells of them now, where it tells that with what they do."""
        profile = inbound.profile
        if profile is None or not profile.renews:
            return person
        zone = _known_zone(profile.zone, person.zone)
        renewed = replace(person, name=profile.name, zone=zone)
        if renewed == person:
            return person
        work.people.describe(renewed)
        if renewed.zone != person.zone:
            rearrange(self._context(), work, renewed)
        return renewed

    def _entrust(self, work: W, inbound: Inbound, person: Person) -> Person:
        """The person, as community manager if it is for them to look after the workspace."""
        role = Role.COMMUNITY_MANAGER
        administrators = self._administrators(inbound.platform, inbound.workspace)
        if not is_due_to_manage(
            person, administrators, lambda: bool(work.people.holders(person.workspace, role))
        ):
            return person
        entrusted = give(person, role)
        work.people.save(entrusted)
        change = RoleChange(person.workspace, person.id, role, True, None, self._clock())
        work.people.note_role(change)
        letter = Letter(
            key=f"entrusted:{person.id}:{self._new_id()}",
            to=ToPerson(person=person.id),
            message=entrusted_with_all(),
            kind="entrusted",
            priority=Priority.ANSWER,
        )
        work.outbox.post(person.workspace, letter)
        return entrusted

    def run_due(self, limit: int = 100, is_ending: Callable[[], bool] = lambda: False) -> int:
        """Do what is due by now, each thing in a transaction of its own; returns how many.

        What fails is tried again later and later, and never stops the rest. What only the
        store stood in the way of stays due and is not counted. Once `is_ending` says so,
        nothing more is begun.

        Raises:
            Unavailable: the store is out of reach. What was done by then is done.
        """
        now = self._clock()
        with self._database.transaction() as work:
            timers = work.timers.due(now, limit)
        done, was_away = 0, False
        for timer in timers:
            if is_ending():
                break
            try:
                self._run(timer)
            except Unavailable:
                # Once may be that timer's own fault, and the others get their turn.
                if was_away:
                    raise
                was_away = True
                log.warning("a timer waits for the store", timer=timer.action)
            else:
                done, was_away = done + 1, False
        return done

    def _run(self, timer: Timer) -> None:
        bound = log.bind(timer=timer.action)
        try:
            try:
                self._ring(timer)
            except Conflict:
                # Somebody was quicker. In a fresh transaction the handler sees the new state.
                self._ring(timer)
        except Unavailable:
            raise
        except BotError as error:
            bound.warning("timer refused", error=type(error).__name__)
            self._postpone(timer)
        except Exception:  # noqa: BLE001 - one of the two places that may catch all:
            # a broken timer must not stop the round for everybody else.
            bound.exception("timer failed")
            self._postpone(timer)

    def _ring(self, timer: Timer) -> None:
        with self._database.transaction() as work:
            if not work.timers.take(timer):
                return
            handler = self._registry.timers.get(timer.action)
            if handler is None:
                log.warning("no such timer action; dropped", timer=timer.action)
                return
            handler(self._context(), work, timer)

    def _postpone(self, timer: Timer) -> None:
        wait = timedelta(minutes=min(60, 2**timer.attempts))
        with self._database.transaction() as work:
            if work.timers.take(timer):
                work.timers.set(
                    Timer(
                        key=timer.key,
                        due_at=self._clock() + wait,
                        action=timer.action,
                        args=timer.args,
                        attempts=timer.attempts + 1,
                    )
                )

    def plan_due(self, is_ending: Callable[[], bool] = lambda: False) -> Planned:
        """Plan what people's slots bring that are due by now (see `bot.planner`).

        Raises:
            Unavailable: the store is out of reach. What was planned before stays planned.
        """
        done = plan_due(
            self._database, self._registry, self._clock, self._new_id, is_ending=is_ending
        )
        for outcome, slots in asdict(done).items():
            self._meters.slots.add(outcome, by=slots)
        return done

    def next_due(self) -> datetime | None:
        """When a timer or a slot is due next, aware UTC; None when nothing waits."""
        with self._database.transaction() as work:
            slots = [work.slots.next_due(kind) for kind in self._registry.slots]
            waiting = [at for at in (work.timers.next_due(), *slots) if at is not None]
        return min(waiting, default=None)


def _find_who(work: Work, inbound: Inbound) -> tuple[Workspace | None, Person | None]:
    """Where it came from and who did it, as far as we know them."""
    return work.people.find(inbound.platform, inbound.workspace, inbound.person)


def _bring_back(work: Work, person: Person) -> Person:
    """The person, who can be written to again."""
    back = replace(person, away_until=None)
    work.people.save(back)
    return back


def _bare(text: str) -> str:
    """The words alone, without marks, signs and “please”: “**Stop**, please!” is `stop`."""
    letters = "".join(c if c.isalpha() else " " for c in text.replace("'", "").replace("’", ""))
    return " ".join(word for word in letters.casefold().split() if word != "please")


def _with_note(reply: Reply, note: str) -> Reply:
    """The reply, with small print below its message where there is room."""
    if reply.message is None:
        return reply
    return reply.model_copy(update={"message": _with_small_print(reply.message, note)})


def _with_small_print(message: Message, note: str) -> Message:
    if len(message.parts) >= MAX_PARTS:
        return message
    return message.model_copy(update={"parts": (*message.parts, Note(text=note))})


def _known_zone(zone: str | None, otherwise: str) -> str:
    """The zone if this machine knows it: a strange one must not stop the person."""
    try:
        return otherwise if zone is None else ZoneInfo(zone).key
    except (LookupError, ValueError, OSError):
        return otherwise


def _all_wrong(
    handle: Handler[W], context: Context, work: W, command: Command, wrong: Mapping[str, str]
) -> dict[str, str]:
    """What is known to be wrong with a form, and what its handler finds besides. The caller
    must give up the transaction: the handler may have found nothing."""
    found: Mapping[str, str] = {}
    try:
        handle(context, work, command)
    except Unavailable:
        raise
    except Invalid as error:
        found = error.fields
    except BotError:
        log.info("a form that is wrong anyway was refused")
    return {**wrong, **{name: said for name, said in found.items() if name not in wrong}}


def _find(table: Mapping[str, Handler[W]], action: str) -> Handler[W]:
    handler = table.get(action)
    if handler is None:
        raise NotFound("That button is from an older version of me. Please start again.")
    return handler


def _name_who_may(work: Work, workspace: Workspace | None, right: Right) -> list[str]:
    """The names of those who have the right; nobody has any in a workspace not met yet."""
    if workspace is None:
        return []
    holders = [work.people.holders(workspace.id, role) for role in roles_with(right)]
    return [person.name for people in holders for person in people]


def _orders_for(person: Person, capability: Capability[W]) -> Mapping[str, Order[W]]:
    return {
        word: order
        for word, order in capability.orders.items()
        if order.needs is None or may(person, order.needs)
    }


def _apology(error: BotError) -> Reply:
    if isinstance(error, Invalid) and error.fields:
        # A form shows them as they stand, without any markup.
        return Reply(errors={name: bare_commands(said) for name, said in error.fields.items()})
    return Reply(message=say(show_commands(error.sentence), tone=Tone.WARNING))

"""What people do in the playground and what they see: the talk, without HTTP.

Everything a person does goes through `App.receive` like on any other platform. The
room keeps their words in the transcript, puts the bot's reply beside them and shows
each person what they may see.
"""

import hashlib
import json
import re
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, JsonValue

from adapters.playground.platform import (
    NAME,
    body_of,
    direct,
    find_post,
    message_of,
    place_of,
)
from adapters.playground.read import (
    HANDLE,
    MARKS,
    check_values,
    find_person,
    find_pressed,
    read_words,
)
from adapters.playground.render import render_message, render_words
from adapters.playground.show import (
    Json,
    may_see,
    owner_of,
    show_controls,
    show_form,
    show_person,
    show_talk,
    split_thread,
    words_of,
)
from bot.app import App
from bot.errors import Conflict, Invalid, NotFound
from bot.form import Form
from bot.ids import PersonId, WorkspaceId
from bot.inbound import (
    Inbound,
    Left,
    Ordered,
    Place,
    PlaceKind,
    Pressed,
    Profile,
    Reacted,
    Shortcut,
    Submitted,
    What,
)
from bot.message import Args
from bot.page import is_marked
from bot.people import Person, Role, local
from bot.ports import Database, Work
from bot.reply import Audience, Reply
from bot.schedule import next_morning
from bot.transcript import Post, Transcript

LONGEST_TEXT = 50_000
"""Characters of one message: the core's own limit of 40,000 and room for a command."""
OPEN_FORMS = 8
"""How many forms a person may have open; the oldest one is forgotten first."""
SHOWN = 300
"""How many messages of a conversation are given at once, the latest."""
PAGE = 500
REMEMBERED = 1_000
"""How many acts are remembered, the latest, in case a client sends them again."""

_MINUTE = timedelta(minutes=1)

_TITLES = "playground.titles"

STALE = "That button is no longer there. This is how the message stands now."
SENT_ALREADY = "That form has been sent already."


@dataclass(frozen=True, slots=True)
class Done:
    """What an act led to. `posts` are ids, to be shown when the letters are out as well.

    `event` names the act in `conversation`; what the transcript changed after revision
    `since` belongs to it. Both are None when nothing was done.
    """

    person: PersonId
    posts: tuple[int, ...] = ()
    event: str | None = None
    conversation: str | None = None
    since: int = 0
    form: str | None = None
    errors: Mapping[str, str] = field(default_factory=dict)
    notice: str | None = None


class _OpenForm(BaseModel):
    """A form as it was opened for a person. `sent_by` is the event that sent it, `page` the
    post with the person's page on which it was opened, `post` any other on which it was."""

    model_config = ConfigDict(frozen=True)

    id: str
    form: Form
    conversation: str
    thread: str | None = None
    sent_by: str | None = None
    page: int | None = None
    post: int | None = None


@dataclass(frozen=True, slots=True)
class _Members:
    workspace: WorkspaceId
    people: dict[str, Person]


class Room:
    """The playground of one workspace; every method may be called from any thread.

    `workspace` is the platform's name for it, `channels` those that are there from the
    beginning, `about` what people are by their handles, for lack of a word in the core, and
    `new_id` gives ids that are never given twice. `move_clock` takes the clock forwards to a
    moment; it is called when somebody joins a place where nobody is.

    Raises, from every method: NotFound for people, conversations, messages and forms that
    are not there (for that person), Invalid for what cannot be used, Unavailable.
    """

    def __init__(
        self,
        *,
        app: App[Any],
        database: Database[Work],
        transcript: Transcript,
        clock: Callable[[], datetime],
        new_id: Callable[[], str],
        workspace: str,
        channels: Sequence[str] = ("#general",),
        about: Mapping[str, str] | None = None,
        move_clock: Callable[[datetime], object] = lambda _: None,
    ) -> None:
        self._app = app
        self._database = database
        self._transcript = transcript
        self._clock = clock
        self._new_id = new_id
        self._external = workspace
        self._channels = tuple(channels)
        self._about = dict(about or {})
        self._move_clock = move_clock
        self._forms = threading.Lock()
        self._joining = threading.Lock()
        # By event: the posts that its reply has replaced, and all posts that it led to.
        self._replaced: dict[str, tuple[int, ...]] = {}
        self._led_to: dict[str, tuple[int, ...]] = {}

    # What people do

    def say(
        self,
        person: str,
        conversation: str,
        text: str,
        *,
        thread: str | None = None,
        event_id: str | None = None,
    ) -> Done:
        """Say words, or give a command where they begin with a slash."""
        if not text.strip():
            raise Invalid("There is nothing to send yet. Write something first.")
        if len(text) > LONGEST_TEXT:
            raise Invalid(
                f"That is {len(text):,} characters long. {LONGEST_TEXT:,} is the most I can take."
            )
        members, who = self._meet(person)
        place = self._place(members, who, conversation, thread)
        event = self._event("say", who.id, event_id)
        in_channel = place.kind is PlaceKind.CHANNEL
        hidden = in_channel and isinstance(read_words(text, ""), Ordered)
        post = self._transcript.add(
            Post(
                workspace=members.workspace,
                conversation=place.conversation,
                thread=place.thread,
                author=who.id,
                # Commands are between the person and the bot, as they are on Slack.
                visible_to=who.id if hidden else None,
                body={"text": text},
                key=event,
                at=self._clock(),
            )
        )
        return self._receive(members, who, place, event, read_words(text, str(post.id)))

    def press(
        self,
        person: str,
        message: str,
        action: str,
        *,
        args: Args | None = None,
        index: int | None = None,
        choice: str | None = None,
        event_id: str | None = None,
    ) -> Done:
        """Press a button or make a choice (see `read.find_pressed`), with its stored args."""
        members, who = self._meet(person)
        post = self._seen(members, who, message)
        stored = message_of(post)
        event = self._event("press", who.id, event_id)
        if event in self._replaced:
            since = self._transcript.revision()
            return Done(who.id, self._replaced[event], event, post.conversation, since)
        pressed = stored and find_pressed(stored, action, args=args, index=index, choice=choice)
        if not pressed:
            return Done(who.id, (post.id,), notice=STALE)
        what = Pressed(action=pressed[0], args=pressed[1], message=str(post.id))
        place = place_of(post.conversation, post.thread)
        return self._receive(members, who, place, event, what, pressed=post)

    def submit(
        self,
        person: str,
        form: str,
        values: Mapping[str, JsonValue],
        *,
        event_id: str | None = None,
    ) -> Done:
        """Send a form that was opened for the person. It stays open while there are errors."""
        members, who = self._meet(person)
        opened = next((each for each in self._opened(who) if each.id == form), None)
        if opened is None:
            raise NotFound("That form is not open any more. Please start again.")
        event = self._event("submit", who.id, event_id)
        if opened.sent_by is not None and opened.sent_by != event:
            return Done(who.id, notice=SENT_ALREADY)
        given, errors = check_values(opened.form, values, members.people)
        what = Submitted(
            action=opened.form.action, args=opened.form.args, values=given, wrong=errors
        )
        place = place_of(opened.conversation, opened.thread)
        number = opened.post if opened.page is None else opened.page
        pressed = None if number is None else self._transcript.get(number)
        done = self._receive(members, who, place, event, what, pressed)
        if done.errors:
            return replace(done, form=opened.id)
        self._keep_form(who, opened.model_copy(update={"sent_by": event}))
        return done

    def use_shortcut(
        self, person: str, name: str, message: str | None, *, event_id: str | None = None
    ) -> Done:
        """Use a shortcut on a message, or a global one on none."""
        members, who = self._meet(person)
        event = self._event("shortcut", who.id, event_id)
        if message is None:
            place = place_of(direct(who))
            return self._receive(members, who, place, event, Shortcut(name=name))
        post = self._seen(members, who, message)
        author = members.people.get(post.author or "")
        what = Shortcut(
            name=name,
            text=words_of(post),
            author=author.address if author else None,
            message=str(post.id),
        )
        place = place_of(post.conversation, post.thread)
        return self._receive(members, who, place, event, what)

    def put_mark(
        self, person: str, message: str, name: str, *, event_id: str | None = None
    ) -> Done:
        """Put a mark on a message (see `read.MARKS`), as a reaction on other platforms."""
        members, who = self._meet(person)
        post = self._seen(members, who, message)
        if name not in MARKS:
            raise Invalid(f"I do not know the mark “{name[:40]}”.")
        event = self._event("mark", who.id, event_id)
        place = place_of(post.conversation, post.thread)
        what = Reacted(name=name, message=str(post.id))
        return self._receive(members, who, place, event, what)

    def leave(self, person: str, *, event_id: str | None = None) -> str:
        """The person leaves the workspace, for good; returns who it was."""
        members, who = self._meet(person)
        event = self._event("leave", who.id, event_id)
        self._receive(members, who, place_of(direct(who)), event, Left())
        self._transcript.set_setting(_forms_of(who), "[]")
        return who.name

    def join(
        self,
        name: str,
        *,
        zone: str = "UTC",
        title: str | None = None,
        event_id: str | None = None,
    ) -> Json:
        """Somebody new joins the workspace and is told what the bot can do; returns who.

        Whoever joins while nobody looks after the place becomes its community manager. Where
        nobody is at all it becomes ten in the morning of their next working day, since at
        night nobody would be asked.

        Raises:
            Conflict: somebody is called so already.
        """
        given = " ".join(name.split())
        if not given:
            raise Invalid("Please give a name.")
        _check_zone(zone)
        event = self._event("join", given, event_id)
        with self._joining:
            person = self._joined(event)
            if person is None:
                if self.is_empty():
                    self._move_clock(self._next_morning(zone))
                person = self._introduce(given, zone, event)
                if title and title.strip():
                    self._keep_title(person, " ".join(title.split()))
        return next(each for each in self.people() if each["id"] == person)

    def _joined(self, event: str) -> str | None:
        """Who joined by that event: the one it welcomed."""
        with self._database.transaction() as work:
            workspace = work.people.workspace(NAME, self._external)
        welcome = workspace and self._transcript.by_key(workspace.id, f"reply:{event}")
        return owner_of(welcome.conversation) if welcome else None

    def _introduce(self, name: str, zone: str, event: str) -> str:
        """Asking for help changes nothing, and the core meets whoever does it."""
        address = self._free_address(name)
        reply = self._app.receive(
            Inbound(
                platform=NAME,
                workspace=self._external,
                event_id=event,
                person=address,
                place=Place(conversation=address, kind=PlaceKind.DM),
                at=self._clock(),
                what=Ordered(name="help"),
                profile=Profile(name=name, zone=zone),
            )
        )
        self._entrust(address)
        members, who = self._meet(address)
        self._put(members, who, place_of(direct(who)), event, reply, None)
        return who.id

    def _entrust(self, address: str) -> None:
        """Without a community manager nobody could ever write to many, or make one."""
        with self._database.transaction() as work:
            workspace = work.people.workspace(NAME, self._external)
            everybody = work.people.everybody(workspace.id) if workspace else ()
            if any(Role.COMMUNITY_MANAGER in each.roles for each in everybody):
                return
            for person in everybody:
                if person.address == address:
                    roles = person.roles | {Role.COMMUNITY_MANAGER}
                    work.people.save(replace(person, roles=roles))

    def _free_address(self, name: str) -> str:
        """A handle made of the name, which nobody here has or had."""
        base = re.sub(r"\W+", "-", name.casefold()).strip("-") or "somebody"
        with self._database.transaction() as work:
            workspace = work.people.workspace(NAME, self._external)
            if workspace is None:
                return base
            people = {str(each.id): each for each in work.people.everybody(workspace.id)}
            if find_person(people, name) is not None:
                raise Conflict(
                    f"Somebody called “{name[:40]}” is here already. Please choose another name."
                )
            handles = (base if number == 1 else f"{base}-{number}" for number in count(1))
            return next(
                handle
                for handle in handles
                if find_person(people, handle) is None
                and work.people.by_address(workspace.id, handle) is None
            )

    def _keep_title(self, person: str, title: str) -> None:
        titles = self._titles()
        self._transcript.set_setting(_TITLES, json.dumps({**titles, person: title}))

    def _titles(self) -> dict[str, str]:
        """What the playground was told that people are, by their ids; the core has no word
        for it."""
        return dict(json.loads(self._transcript.setting(_TITLES) or "{}"))

    # What people see

    def is_empty(self) -> bool:
        """Whether nobody is here."""
        with self._database.transaction() as work:
            workspace = work.people.workspace(NAME, self._external)
            return workspace is None or not work.people.everybody(workspace.id)

    def answer(self, done: Done) -> Json:
        """What an act led to, as it stands now.

        `messages` are the reply, then what else the bot posted or changed meanwhile in the
        same conversation; `elsewhere` are the other conversations in which there is something
        new for the person. `error` is there when there are `errors`, and is their first one.
        """
        members = self._members()
        who = members.people[done.person]
        found = (self._transcript.get(post) for post in self._caused(done))
        posts = [post for post in found if post and post.author is None and may_see(who, post)]
        here = [post for post in posts if done.conversation in {None, post.conversation}]
        opened = next((each for each in self._opened(who) if each.id == done.form), None)
        form = opened and show_form(opened.id, opened.form, members.people.values())
        answer: Json = {
            "messages": [self._view(post, who, members, {}) for post in here],
            "elsewhere": list(
                dict.fromkeys(each.conversation for each in posts if each not in here)
            ),
            "form": form,
            "errors": dict(done.errors),
            "notice": done.notice,
        }
        return {"error": next(iter(done.errors.values())), **answer} if done.errors else answer

    def _caused(self, done: Done) -> tuple[int, ...]:
        if done.event is None:
            return done.posts
        before = self._led_to.get(done.event, ())
        since = self._transcript.changed_since(done.since)
        posts = tuple(dict.fromkeys([*done.posts, *before, *since]))
        _remember(self._led_to, done.event, posts)
        return posts

    def messages(
        self, person: str, conversation: str, *, thread: str | None = None, after: int = 0
    ) -> list[Json]:
        """What the person sees of a conversation, oldest first, threads included.

        `thread` gives the thread's first message and its replies, `after` only what came
        later than that id.
        """
        members, who = self._meet(person)
        place = self._place(members, who, conversation, thread)
        root = place.thread
        posts = [post for post in self._posts(members, place.conversation) if may_see(who, post)]
        replies: dict[str, int] = {}
        for post in posts:
            if post.thread is not None:
                replies[post.thread] = replies.get(post.thread, 0) + 1
        shown = [
            post
            for post in posts
            if post.id > after and (root is None or root in {post.thread, str(post.id)})
        ]
        return [self._view(post, who, members, replies) for post in shown[-SHOWN:]]

    def conversations(self, person: str | None = None) -> list[Json]:
        """The channels, then the direct messages with the bot, then the threads in them in
        which there is something: those of a person, or without one all that there are.

        `last` is the id of the latest message of somebody else that the person sees; of a
        channel without a person, of the latest that everybody sees.
        """
        who: Person | None = None
        if person is None:
            members = self._members()
        else:
            members, who = self._meet(person)
        readers: list[tuple[str, Person | None]] = [
            (name, who) for name in self._channel_names(members)
        ]
        owners = members.people.values() if who is None else [who]
        readers += [(direct(owner), owner) for owner in owners]
        rooms: list[Json] = []
        threads: list[Json] = []
        for name, reader in readers:
            posts = [post for post in self._posts(members, name) if may_see(reader, post)]
            room, inside = show_talk(name, posts, reader)
            rooms.append(room)
            threads += inside
        return [*rooms, *threads]

    def people(self) -> list[Json]:
        """Everybody who can be played. `news` has, by conversation, the id of the latest
        message that only this person sees."""
        members = self._members()
        now = self._clock()
        latest: dict[str, dict[str, int]] = {name: {} for name in members.people}
        for name in self._conversation_names(members):
            for post in self._posts(members, name):
                reader = post.visible_to or owner_of(name)
                if reader in latest and post.author is None:
                    latest[reader][name] = post.id
        titles = self._titles()
        return [
            show_person(
                who, now, latest[who.id], titles.get(who.id) or self._about.get(who.address)
            )
            for who in members.people.values()
        ]

    def commands(self) -> Json:
        """What can be typed and used: command words, shortcuts, marks, the bot's handle."""
        registry = self._app.registry
        orders = [
            {
                "word": word,
                "hint": order.hint,
                "help": order.help,
                "capability": capability.title,
            }
            for capability in registry.capabilities
            for word, order in capability.orders.items()
        ]
        own = {"help": "lists all I can do", "home": "shows your own page, to you only"}
        words = [
            {"word": word, "hint": "", "help": help_, "capability": "Inflow"}
            for word, help_ in own.items()
        ]
        shortcuts = [
            {"name": name, "title": shortcut.title, "on_message": shortcut.on_message}
            for name, shortcut in registry.shortcuts.items()
        ]
        marks = [
            {"name": name, "title": title}
            for name, title in MARKS.items()
            if name in registry.reactions
        ]
        return {
            "commands": [*orders, *words],
            "shortcuts": shortcuts,
            "marks": marks,
            "handle": HANDLE,
        }

    def morning(self, person: str | None) -> datetime:
        """The next morning of a working day: of the person, else in UTC."""
        if person is None:
            return self._next_morning("UTC")
        return self._morning_of(self._meet(person)[1])

    def _next_morning(self, zone: str) -> datetime:
        return self._morning_of(Person(PersonId(""), WorkspaceId(""), "", "", zone=zone))

    def _morning_of(self, who: Person) -> datetime:
        return next_morning(who, self._clock().replace(second=0, microsecond=0) + _MINUTE)

    # How it is done

    def _receive(
        self,
        members: _Members,
        who: Person,
        place: Place,
        event: str,
        what: What,
        pressed: Post | None = None,
    ) -> Done:
        since = self._transcript.revision()
        reply = self._app.receive(
            Inbound(
                platform=NAME,
                workspace=self._external,
                event_id=event,
                person=who.address,
                place=place,
                at=self._clock(),
                what=what,
            )
        )
        posts = self._put(members, who, place, event, reply, pressed)
        form = None
        if reply.form is not None:
            opened = _OpenForm(
                id=event,
                form=reply.form,
                conversation=place.conversation,
                thread=place.thread,
                page=pressed.id if pressed is not None and is_marked(reply.form.args) else None,
                post=pressed.id if pressed is not None else None,
            )
            form = self._keep_form(who, opened, again=False).id
        return Done(who.id, posts, event, place.conversation, since, form, reply.errors)

    def _put(
        self,
        members: _Members,
        who: Person,
        place: Place,
        event: str,
        reply: Reply,
        pressed: Post | None,
    ) -> tuple[int, ...]:
        if reply.message is None:
            return ()
        if reply.page is not None and pressed is not None and event not in self._replaced:
            self._transcript.edit(pressed.id, body_of(reply.page), self._clock())
        if reply.replace and pressed is not None:
            self._transcript.edit(pressed.id, body_of(reply.message), self._clock())
            # A late repetition must not put this over what was written there since.
            _remember(self._replaced, event, (pressed.id,))
            return (pressed.id,)
        alone = reply.audience is Audience.PERSON and place.kind is PlaceKind.CHANNEL
        post = self._transcript.add(
            Post(
                workspace=members.workspace,
                conversation=place.conversation,
                thread=place.thread,
                visible_to=who.id if alone else None,
                body=body_of(reply.message),
                key=f"reply:{event}",
                at=self._clock(),
            )
        )
        if reply.page is not None:
            _remember(self._replaced, event, (post.id,))
        return (post.id,)

    def _event(self, kind: str, who: str, event_id: str | None) -> str:
        """One name for one act, so that a client may safely send it again.

        It is written to logs and tables beside what was done, so it must not say who did it.
        """
        name = f"{kind} {who} {event_id or self._new_id()}"
        return hashlib.sha256(name.encode()).hexdigest()[:32]

    def _opened(self, who: Person) -> list[_OpenForm]:
        stored = json.loads(self._transcript.setting(_forms_of(who)) or "[]")
        return [_OpenForm.model_validate(each) for each in stored]

    def _keep_form(self, who: Person, form: _OpenForm, *, again: bool = True) -> _OpenForm:
        """Keep a form as it is now; unless `again`, one that is known stays as it was."""
        with self._forms:
            others = [each for each in self._opened(who) if each.id != form.id]
            known = next((each for each in self._opened(who) if each.id == form.id), None)
            if known is not None and not again:
                return known
            kept = [*others, form][-OPEN_FORMS:]
            self._transcript.set_setting(
                _forms_of(who), json.dumps([each.model_dump(mode="json") for each in kept])
            )
            return form

    def _members(self) -> _Members:
        with self._database.transaction() as work:
            workspace = work.people.workspace(NAME, self._external)
            if workspace is None:
                raise NotFound("Nobody has been let into the playground yet.")
            everybody = work.people.everybody(workspace.id)
        return _Members(workspace.id, {str(person.id): person for person in everybody})

    def _meet(self, name: str) -> tuple[_Members, Person]:
        members = self._members()
        person = find_person(members.people, name)
        if person is None:
            raise NotFound(f"I do not know anybody called “{name[:40]}”.")
        return members, person

    def _conversation_names(self, members: _Members) -> list[str]:
        return [each.name for each in self._transcript.conversations(members.workspace)]

    def _channel_names(self, members: _Members) -> list[str]:
        later = (name for name in self._conversation_names(members) if owner_of(name) is None)
        return [*self._channels, *sorted(set(later) - set(self._channels))]

    def _find_conversation(self, members: _Members, who: Person, name: str) -> str | None:
        wanted = name.strip().casefold()
        owner = owner_of(wanted)
        if wanted == "dm" or (owner and find_person(members.people, owner) == who):
            return direct(who)
        for channel in self._channel_names(members):
            if channel.casefold() in {wanted, f"#{wanted}"}:
                return channel
        return None

    def _place(self, members: _Members, who: Person, name: str, thread: str | None) -> Place:
        """Where something is said: a thread goes by its own name or by any of its messages."""
        conversation = self._find_conversation(members, who, name)
        named = [] if thread is None else [thread]
        if conversation is None and (inside := split_thread(name.strip())):
            conversation = self._find_conversation(members, who, inside[0])
            named.append(inside[1])
        if conversation is None:
            raise NotFound(f"There is no conversation “{name[:40]}” here for {who.name}.")
        roots = {self._root(members, who, conversation, message) for message in named}
        if len(roots) > 1:
            raise NotFound("That is another thread.")
        return place_of(conversation, next(iter(roots), None))

    def _root(self, members: _Members, who: Person, conversation: str, message: str) -> str:
        post = self._seen(members, who, message)
        if post.conversation != conversation:
            raise NotFound("That thread is in another conversation.")
        return post.thread or str(post.id)

    def _seen(self, members: _Members, who: Person, message: str) -> Post:
        post = find_post(self._transcript, message)
        if post is None or post.workspace != members.workspace or not may_see(who, post):
            raise NotFound("I cannot find that message.")
        return post

    def _posts(self, members: _Members, name: str) -> Iterable[Post]:
        after = 0
        while True:
            page = self._transcript.list(members.workspace, name, after, PAGE)
            yield from page
            if len(page) < PAGE:
                return
            after = page[-1].id

    def _view(self, post: Post, who: Person, members: _Members, replies: Mapping[str, int]) -> Json:
        message = message_of(post)
        here = local(who, post.at)
        return {
            "id": post.id,
            "conversation": post.conversation,
            "thread": None if post.thread is None else int(post.thread),
            "author": self._show_author(post, members),
            "at": post.at.isoformat(),
            "day": f"{here:%A}, {here.day} {here:%B}",
            "time": f"{here:%H:%M}",
            "text": words_of(post),
            "message": post.body.get("message"),
            "html": render_message(message, post.id) if message else render_words(words_of(post)),
            "buttons": show_controls(post),
            "reply_count": replies.get(str(post.id), 0),
            "edited": post.edited_at is not None,
            "ephemeral": post.visible_to is not None,
        }

    def _show_author(self, post: Post, members: _Members) -> Json:
        if post.author is None:
            return {"id": "bot", "name": "Inflow", "bot": True}
        person = members.people.get(post.author)
        if person is None:
            with self._database.transaction() as work:
                person = work.people.get(post.author)
        name = person.name if person else "Somebody who has left"
        return {"id": post.author, "name": name, "bot": False}


def _remember(known: dict[str, tuple[int, ...]], event: str, posts: tuple[int, ...]) -> None:
    known[event] = posts
    while len(known) > REMEMBERED:
        known.pop(next(iter(known)), None)


def _check_zone(zone: str) -> None:
    try:
        ZoneInfo(zone)
    except (LookupError, ValueError, OSError) as error:
        raise Invalid(
            f"I do not know the time zone “{zone[:40]}”. Give one as Europe/Berlin or Asia/Seoul."
        ) from error


def _forms_of(who: Person) -> str:
    return f"playground.forms.{who.id}"

"""Teams as a harness: the real adapter between the real `App` and the Teams of the tests.

`TeamsSite` wires them and lets people act; `TeamsHarness` is that in the words of the contract
suite. All runs on one event loop, which stands still in between.
"""

import asyncio
import html
import itertools
import random
import re
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeAlias, TypeVar

from aiohttp import web

from adapters.teams.app import PATH, TeamsEntrance
from adapters.teams.auth import Cloud, Keys, TokenGate
from adapters.teams.client import Credentials, TeamsClient
from adapters.teams.deliver import TeamsPlatform
from adapters.teams.read import NAME, Contact
from adapters.teams.wording import make_wording
from bot.app import App
from bot.capability import Capability, register
from bot.lanes import Lanes
from bot.outbox import Delivery, Outcome, Sent
from bot.people import Workspace
from bot.ports import Work
from bot.rate import UNLIMITED, Limits
from storage.contact import ContactBook, Whereabouts
from storage.database import Database
from storage.lane import SqlLaneStore
from tests.adapters.contract import (
    CHANNEL,
    DM,
    MONDAY,
    PEOPLE,
    SAMPLE,
    WORKSPACE,
    Answer,
    Heard,
    OpenForm,
    make_people,
)
from tests.adapters.teams.check import check_card
from tests.adapters.teams.memory import TENANT, Conversation, Posted, Somebody
from tests.adapters.teams.openid import LOOPBACK
from tests.adapters.teams.screen import Control, Screen, draw
from tests.adapters.teams.signing import ISSUER
from tests.adapters.teams.wire import BotWire, Told
from tests.adapters.teams_server import FakeTeams
from tests.everywhere import everywhere

UNHURRIED = timedelta(seconds=20)
"""How long everybody waits here, where a busy machine is no fault; deadlines have their own
tests."""
SEAL = bytes(range(32))
HANDLE = "@inflow"
BOT = "Inflow"
CARD = "application/vnd.microsoft.card.adaptive"
SAID = "application/vnd.microsoft.activity.message"

Json: TypeAlias = dict[str, Any]
T = TypeVar("T")


class BookContacts:
    """The book in the database, asked on threads."""

    def __init__(self, book: ContactBook) -> None:
        self._book = book

    async def find_person(self, tenant: str, address: str) -> Contact | None:
        return _contact(await asyncio.to_thread(self._book.find_person, tenant, address))

    async def find_place(self, tenant: str, conversation: str) -> Contact | None:
        return _contact(await asyncio.to_thread(self._book.find_place, tenant, conversation))

    async def keep(self, contact: Contact) -> None:
        await asyncio.to_thread(self._book.keep, Whereabouts(**asdict(contact)))

    async def drop(self, contact: Contact) -> None:
        await asyncio.to_thread(self._book.drop, Whereabouts(**asdict(contact)))


def _contact(found: Whereabouts | None) -> Contact | None:
    return None if found is None else Contact(**asdict(found))


class UnpacedPlatform(TeamsPlatform):
    """Without waiting for Teams' rates, which are not kept either (their own tests do); it
    remembers under which key, and with which words, a message was delivered."""

    delivered: dict[tuple[str, str], Delivery]

    @property
    def limits(self) -> Limits:
        return UNLIMITED

    async def deliver(self, delivery: Delivery) -> Outcome:
        outcome = await super().deliver(delivery)
        if isinstance(outcome, Sent):
            place = (outcome.conversation, outcome.external)
            if delivery.edits is None or place not in self.delivered:
                self.delivered[place] = delivery
        return outcome


@dataclass(slots=True)
class Rules:
    """How unruly Teams is. `copies` is how often an activity is delivered, at least and at most;
    half of them at least. Those of one doing come in any order and at the same time. `noise` is
    how likely something that is nothing for us comes beside it, from 0 to 1."""

    copies: tuple[int, int] = (1, 1)
    dice: random.Random = field(default_factory=lambda: random.Random(0))
    noise: float = 0.0


@dataclass(slots=True)
class Dialog:
    """A dialog that stands open, or says its last word."""

    id: str
    opened_by: Json
    card: Json | None = None
    title: str = ""
    says: str = ""


@dataclass(slots=True)
class Seen:
    """What Teams shows of an act, besides what stands in conversations."""

    told: Told
    dialog: Dialog | None = None
    card: Json | None = None
    """In the place of the one that was pressed, for who pressed it."""
    sentence: str = ""


class TeamsSite:
    """One organisation in Teams, the adapter and an application. `clock` gives aware UTC.

    After everything that somebody does, `run` waits until all replies have been shown.
    """

    def __init__(
        self,
        runner: asyncio.Runner,
        app: App[Any],
        database: Database,
        clock: Callable[[], datetime],
        *,
        dialogs: frozenset[str] = frozenset(),
        rules: Rules | None = None,
    ) -> None:
        self.runner = runner
        self.app = app
        self.rules = rules or Rules()
        self.dialogs = dialogs
        self.teams = FakeTeams(lambda: clock().timestamp(), rates=False)
        self.delivered: dict[tuple[str, str], Delivery] = {}
        self.contacts = BookContacts(ContactBook(database))
        self.wording = make_wording(app.registry)
        self.open_dialogs: dict[str, Dialog] = {}
        self.other: dict[str, Any] = {}
        """Parts of the entrance that are otherwise than usual, from its next start on."""
        self.changed: dict[tuple[str, str], tuple[Json, int]] = {}
        """The card that one person sees in the place of a message, by both, and how often that
        was edited before."""
        self.sent: list[Json] = []
        """Every activity that was delivered, once."""
        self.told: list[Told] = []
        """What each delivery was answered with."""
        self.picked: dict[str, Somebody] = {}
        """Whom people mention when they type `@` and this."""
        self._clock = clock
        self._numbers = itertools.count(1)
        self._stack = AsyncExitStack()
        self._adapter = AsyncExitStack()
        self.client: TeamsClient
        self.keys: Keys
        self.entrance: TeamsEntrance
        self.platform: UnpacedPlatform
        self.wire: BotWire
        self.lanes = Lanes(SqlLaneStore(database), everywhere(lambda: self.platform), clock)

    # Life

    async def start(self) -> None:
        await self._stack.enter_async_context(self.teams)
        await self._start_adapter()

    async def restart(self) -> None:
        """End the adapter, and begin with one that remembers nothing."""
        await self._adapter.aclose()
        await self._start_adapter()

    async def _start_adapter(self) -> None:
        teams = self.teams
        self.keys = Keys(Cloud(ISSUER, teams.metadata_url), UNHURRIED)
        self._adapter.push_async_callback(self.keys.close)
        client = TeamsClient(
            Credentials(teams.app_id, teams.app_password, TENANT),
            local=teams.service_url,
            login_url=teams.login_url,
            timeout=UNHURRIED,
        )
        self._adapter.push_async_callback(client.close)
        self.platform = UnpacedPlatform(
            client, TENANT, self.contacts, wording=self.wording, dialogs=self.dialogs
        )
        self.platform.delivered = self.delivered
        self.client = client
        self.entrance = self.make_entrance()
        self._adapter.push_async_callback(self.entrance.close)
        routes = web.Application(client_max_size=2**21)
        self.entrance.add_routes(routes)
        runner = web.AppRunner(routes, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        self._adapter.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, LOOPBACK, 0).start()
        url = f"http://{LOOPBACK}:{runner.addresses[0][1]}{PATH}"
        self.wire = teams.wire(url, 2 * UNHURRIED.total_seconds())
        self._adapter.push_async_callback(self.wire.close)

    def make_entrance(self) -> TeamsEntrance:
        """One more, as another process has it: it shares the store alone."""
        patience = dict.fromkeys(("within", "waiting", "showing"), UNHURRIED)
        return TeamsEntrance(
            app=self.app,
            client=self.client,
            contacts=self.contacts,
            gate=TokenGate(self.teams.app_id, self.keys),
            wording=self.wording,
            seal=SEAL,
            dialogs=self.dialogs,
            clock=self._clock,
            home=TENANT,
            local=self.teams.service_url,
            **(patience | self.other),
        )

    async def stop(self) -> None:
        await self._adapter.aclose()
        await self._stack.aclose()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Do it, and wait until all that follows from it is done."""

        async def settle() -> T:
            done = await work
            await self.entrance.settle()
            return done

        return self.runner.run(settle())

    def drain(self) -> None:
        """Deliver all letters that are due."""
        self.run(self.lanes.drain_all())

    # What people do

    def activity(
        self, somebody: Somebody, place: Conversation, thread: str | None = None, **more: Any
    ) -> Json:
        """As Teams would tell of it, but for what happened."""
        told: Json = {"tenant": {"id": somebody.tenant}}
        if place.team is not None:
            told |= {"team": {"id": place.team}, "channel": {"id": place.id}}
        zone = {"type": "clientInfo", "locale": "en-US", "timezone": somebody.zone}
        return {
            "serviceUrl": self.teams.service_url,
            "channelId": "msteams",
            "from": somebody.account,
            "conversation": place.to_dict(thread),
            "recipient": {"id": self.teams.bot, "name": BOT},
            "channelData": told,
            "localTimezone": somebody.zone,
            "locale": "en-US",
            **more,
            "entities": [zone, *more.get("entities", ())],
        }

    def words(
        self, somebody: Somebody, place: Conversation, text: str, thread: str | None = None
    ) -> Json:
        """Words as they are typed, with `@inflow` for a mention of the bot. In a chat a thread is
        a message that is quoted."""
        id_ = self.teams.memory.new_id()
        at = f"<at>{BOT}</at>"
        entities = []
        shown = html.escape(text, quote=False)
        if HANDLE in text and place.kind != "personal":
            shown = shown.replace(HANDLE, at, 1)
            mentioned = {"id": self.teams.bot, "name": BOT}
            entities.append({"type": "mention", "mentioned": mentioned, "text": at})
        for handle, other in self.picked.items():
            at = f"<at>{html.escape(other.name, quote=False)}</at>"
            shown, times = re.subn(rf"(?<![\w@])@{re.escape(handle)}(?!\w)", at, shown)
            mentioned = {"id": other.user, "name": other.name}
            entities += [{"type": "mention", "mentioned": mentioned, "text": at}] * times
        quote, root = "", None
        if place.kind == "channel":
            root = thread or id_
        elif thread is not None:
            quote = (
                '<blockquote itemscope="" itemtype="http://schema.skype.com/Reply" '
                f'itemid="{thread}"><p itemprop="preview">…</p></blockquote>'
            )
        attachment = {"contentType": "text/html", "content": f"{quote}<p>{shown}</p>"}
        return self.activity(
            somebody,
            place,
            root,
            type="message",
            id=id_,
            text=shown,
            textFormat="plain",
            attachments=[attachment],
            entities=entities,
        )

    def installs(self, somebody: Somebody) -> Json:
        """Somebody has the app. Teams says no more of them than an id."""
        place = self.teams.add_personal(somebody)
        told = self.activity(
            somebody, place, type="installationUpdate", action="add", id=self.new_invoke()
        )
        del told["entities"], told["localTimezone"]
        return told | {"from": {"id": somebody.user, "aadObjectId": somebody.entra}}

    def new_invoke(self) -> str:
        return f"f:{next(self._numbers)}"

    def invoke(
        self, somebody: Somebody, place: Conversation, name: str, value: Json, card: Posted | None
    ) -> Json:
        thread = None if card is None else card.thread
        more = {} if card is None else {"replyToId": card.id}
        if place.kind == "channel" and card is not None:
            thread = thread or card.id
        return self.activity(
            somebody,
            place,
            thread,
            type="invoke",
            id=self.new_invoke(),
            name=name,
            value=value,
            **more,
        )

    def press(
        self,
        somebody: Somebody,
        place: Conversation,
        post: Posted,
        control: Control,
        choice: str | None = None,
        values: Mapping[str, Any] | None = None,
        card: Json | None = None,
    ) -> Json:
        """A press on a control of a message, with what stands in its inputs. `card` is what stood
        there when it was pressed, if that is no more."""
        action = control.action
        data = dict(action["data"])
        if action.get("associatedInputs") != "none":
            card = card or self.card_of(post, somebody)
            given = {each["id"]: each.get("value", "") for each in draw(card).inputs}
            data |= given | dict(values or {})
        if control.input is not None and choice is not None:
            data[control.input["id"]] = choice
        if (data.get("msteams") or {}).get("type") == "task/fetch":
            told: Json = {"data": {"type": "task/fetch", **data}, "context": {"theme": "default"}}
            return self.invoke(somebody, place, "task/fetch", told, post)
        if action["type"] == "Action.Execute":
            told = {
                "action": {"type": action["type"], "verb": action.get("verb"), "data": data},
                "trigger": "manual",
            }
            return self.invoke(somebody, place, "adaptiveCard/action", told, post)
        return self.activity(
            somebody,
            place,
            type="message",
            id=self.teams.memory.new_id(),
            value=data,
            replyToId=post.id,
        )

    def sends(self, dialog: Dialog, values: Mapping[str, Any]) -> Json:
        """A dialog, filled in so."""
        assert dialog.card is not None
        screen = draw(dialog.card)
        given = {each["id"]: each.get("value", "") for each in screen.inputs}
        data = {**screen.controls[-1].action["data"], **given, **values}
        is_extension = dialog.opened_by["name"].startswith("composeExtension/")
        name = "composeExtension/submitAction" if is_extension else "task/submit"
        told = {"data": data, "context": {"theme": "default"}}
        if is_extension:
            told |= {"commandId": dialog.opened_by["value"]["commandId"]}
        opened = dialog.opened_by
        return {**opened, "name": name, "value": told, "id": self.new_invoke()}

    def rename(self, somebody: Somebody, place: Conversation) -> Json:
        """The place is called otherwise."""
        gone: Json = {"eventType": "channelRenamed", "tenant": {"id": somebody.tenant}}
        told = self.activity(
            somebody, place, type="conversationUpdate", id=self.new_invoke(), topicName="Other"
        )
        return told | {"channelData": told["channelData"] | gone}

    def _noise(self, activity: Json) -> Iterator[Json]:
        """What Teams tells beside it that is nothing for us: of words, that somebody types and
        that they were edited, as when a link was given a picture; of a press, that the card was
        looked at."""
        if activity["type"] == "message" and "value" not in activity:
            quiet = {"text", "attachments", "textFormat"}
            yield {n: v for n, v in activity.items() if n not in quiet} | {"type": "typing"}
            edited = activity["channelData"] | {"eventType": "editMessage"}
            yield activity | {"type": "messageUpdate", "channelData": edited}
        elif activity.get("name") == "adaptiveCard/action":
            looked = activity["value"] | {"trigger": "automatic"}
            yield activity | {"id": self.new_invoke(), "value": looked}

    async def deliver(self, *activities: Json) -> list[Told]:
        """Tell the bot, as often as the rules say, in any order and all at the same time; what it
        answered to each of them in the end."""
        dice, rules = self.rules.dice, self.rules
        noise = [each for activity in activities for each in self._noise(activity)]
        every = [*activities, *(each for each in noise if dice.random() < rules.noise)]
        self.sent += every
        least, most = rules.copies
        often = [least if dice.random() < 0.5 else dice.randint(least, most) for _ in every]
        copies = [n for n, times in enumerate(often) for _ in range(times)]
        dice.shuffle(copies)
        answers = await asyncio.gather(*(self.wire.send(every[number]) for number in copies))
        self.told += answers
        last = dict(zip(copies, answers, strict=True))
        for number, told in zip(copies, answers, strict=True):
            # However often it is told, whoever waits is shown the same.
            assert told == last[number]
        return [last[number] for number in range(len(activities))]

    async def deliver_again(self) -> None:
        """Tell everything once more, in any order and at the same time."""
        sent = list(self.sent)
        self.rules.dice.shuffle(sent)
        self.told += await asyncio.gather(*map(self.wire.send, sent))

    def tell(self, activity: Json) -> Seen:
        """The bot is told, and Teams shows what it answers."""
        (told,) = self.run(self.deliver(activity))
        return self.show(activity, told)

    def show(self, activity: Json, told: Told) -> Seen:
        """What Teams shows of an answer."""
        seen = Seen(told)
        if activity["type"] != "invoke" or told.body is None:
            assert activity["type"] == "invoke" or not told.raw
            return seen
        assert told.status == 200
        if activity["name"] == "adaptiveCard/action":
            assert told.body.keys() == {"statusCode", "type", "value"}
            if told.body["type"] == CARD:
                seen.card = told.body["value"]
                assert check_card(seen.card) == []
                place, _ = self.teams.memory.find(activity["conversation"]["id"])
                post = place.posts.get(activity["replyToId"])
                if post is not None:
                    self.changed[activity["from"]["id"], post.id] = seen.card, post.edits
            else:
                assert told.body["type"] == SAID
                seen.sentence = told.body["value"]
            return seen
        task = told.body["task"]
        seen.dialog = Dialog(f"dialog-{next(self._numbers)}", activity)
        if task["type"] == "message":
            seen.dialog.says = task["value"]
            return seen
        value = task["value"]
        assert value["card"]["contentType"] == CARD
        assert check_card(value["card"]["content"]) == []
        seen.dialog.title, seen.dialog.card = value["title"], value["card"]["content"]
        self.open_dialogs[seen.dialog.id] = seen.dialog
        return seen

    # What people see

    def card_of(self, post: Posted, somebody: Somebody) -> Json:
        """The card of a message as one person sees it: as it was changed for them, or since."""
        mine, edits = self.changed.get((somebody.user, post.id), (None, -1))
        if mine is not None and post.edits <= edits:
            return mine
        (attachment,) = post.activity["attachments"]
        card: Json = attachment["content"]
        return card

    def screen(self, post: Posted, somebody: Somebody) -> Screen:
        return draw(self.card_of(post, somebody))


# In the words of the contract suite ------------------------------------------------------


class TeamsHarness:
    """The people and the channel of the contract on one database. Time stands still."""

    channel = "19:general@thread.tacv2"

    def __init__(
        self,
        database: Database,
        runner: asyncio.Runner,
        dialogs: frozenset[str] = frozenset(),
        more: Sequence[Capability[Work]] = (),
    ) -> None:
        self.now = MONDAY
        self.database = database
        ids = itertools.count(1)
        self.app: App[Work] = App(
            database, register([SAMPLE, *more]), lambda: self.now, lambda: f"id{next(ids):06}"
        )
        self.site = TeamsSite(runner, self.app, database, lambda: self.now, dialogs=dialogs)
        self.people = {name: self.site.teams.add_person(name.title()) for name in PEOPLE}
        self.site.teams.add_channel(self.channel, *self.people.values())
        with database.transaction() as work:
            if work.people.workspace(NAME, TENANT) is None:
                work.people.add_workspace(Workspace(WORKSPACE, NAME, TENANT, "Test"))
            for person in make_people(self.address):
                work.people.save(person)
        self._events: dict[str, tuple[Json, Answer]] = {}

    def install(self) -> None:
        """Everybody has the app, and has looked at its welcome."""
        for somebody in self.people.values():
            self.site.tell(self.site.installs(somebody))
            self.site.drain()
            personal = self.site.teams.add_personal(somebody)
            assert len(personal.posts) == 1
            personal.posts.clear()
        place = self._place("ana", CHANNEL)
        self.site.tell(
            self.site.activity(
                self.people["ana"],
                place,
                type="conversationUpdate",
                id=self.site.new_invoke(),
                membersAdded=[{"id": self.site.teams.bot}],
            )
        )
        self.site.drain()
        self._place("ana", DM).posts.clear()

    # The harness

    def say(
        self,
        person: str,
        text: str,
        place: str = DM,
        *,
        thread: str | None = None,
        event: str | None = None,
    ) -> Answer:
        if place == CHANNEL and text.startswith("/"):
            text = f"{HANDLE} {text}"
        somebody, where = self.people[person], self._place(person, place)
        return self._once(person, event, lambda: self.site.words(somebody, where, text, thread))

    def press(
        self,
        person: str,
        message: Heard,
        label: str,
        *,
        choice: str | None = None,
        event: str | None = None,
    ) -> Answer:
        somebody = self.people[person]
        place, post = self.find(message.id)

        def press() -> Json:
            control = self.site.screen(post, somebody).control(label)
            return self.site.press(somebody, place, post, control, choice)

        return self._once(person, event, press)

    def submit(
        self, person: str, form: OpenForm, values: Mapping[str, str], *, event: str | None = None
    ) -> Answer:
        somebody = self.people[person]
        given = {f"field-{name}": value for name, value in values.items()}

        def send() -> Json:
            dialog = self.site.open_dialogs.get(form.id)
            if dialog is not None:
                return self.site.sends(dialog, given)
            place, post = self.find(form.id)
            (control,) = self.site.screen(post, somebody).controls
            return self.site.press(somebody, place, post, control, values=given)

        return self._once(person, event, send)

    def heard(self, person: str, place: str = DM) -> Sequence[Heard]:
        where = self._place(person, place)
        return [self._heard(person, where, post) for post in where.posts.values()]

    def address(self, person: str) -> str:
        return self.people[person].entra

    def conversation(self, place: str) -> str:
        assert place == CHANNEL
        return self.channel

    def called(self, command: str) -> str:
        return command

    # How

    def _place(self, person: str, place: str) -> Conversation:
        teams = self.site.teams
        if place == DM:
            return teams.add_personal(self.people[person])
        return teams.memory.conversations[self.channel]

    def find(self, id_: str) -> tuple[Conversation, Posted]:
        """A message of the bot's and where it stands, by its id."""
        for place in self.site.teams.memory.conversations.values():
            if id_ in place.posts:
                return place, place.posts[id_]
        raise LookupError(id_)

    def _once(self, person: str, event: str | None, act: Callable[[], Json]) -> Answer:
        """What is new to the person after it. What was told before is told again as it was, and
        then it is what stands there of it."""
        if event is not None and event in self._events:
            activity, first = self._events[event]
            assert self._watch(person, activity) == Answer()
            places = [self.find(message.id) for message in first.messages]
            return Answer(tuple(self._heard(person, *found) for found in places))
        activity = act()
        answer = self._watch(person, activity)
        if event is not None:
            self._events[event] = activity, answer
        return answer

    def _watch(self, person: str, activity: Json) -> Answer:
        before = self._seen(person)
        seen = self.site.tell(activity)
        after = self._seen(person)
        self.site.drain()
        new = [(place, post) for id_, (place, post, shown) in after.items()
               if before.get(id_, (None, None, None))[2] != shown]  # fmt: skip
        form, errors = self._form_in(seen), {}
        messages = []
        for place, post in new:
            opened = self._form(post.id, "", self.site.card_of(post, self.people[person]))
            if opened is None:
                messages.append(self._heard(person, place, post))
            else:
                form = opened
                errors = self._errors(self.site.card_of(post, self.people[person]))
        if seen.dialog is not None and seen.dialog.card is not None:
            errors = self._errors(seen.dialog.card)
        return Answer(messages=tuple(messages), form=form, errors=errors or None)

    def _form_in(self, seen: Seen) -> OpenForm | None:
        dialog = seen.dialog
        if dialog is None or dialog.card is None:
            return None
        return self._form(dialog.id, dialog.title, dialog.card)

    def _form(self, id_: str, title: str, card: Json) -> OpenForm | None:
        """The form that a card is; None for a message."""
        screen = draw(card)
        fields = [each["id"] for each in screen.inputs if each["id"].startswith("field-")]
        if not fields:
            return None
        names = tuple(name.removeprefix("field-") for name in fields)
        return OpenForm(id=id_, shown=f"{title}\n{screen.shown}", fields=names)

    def _errors(self, card: Json) -> dict[str, str]:
        found = draw(card).errors
        return {name.removeprefix("field-"): said for name, said in found.items()}

    def _seen(self, person: str) -> dict[str, tuple[Conversation, Posted, str]]:
        somebody = self.people[person]
        return {
            post.id: (place, post, str(self.site.card_of(post, somebody)))
            for place in (self._place(person, DM), self._place(person, CHANNEL))
            for post in place.posts.values()
        }

    def _heard(self, person: str, place: Conversation, post: Posted) -> Heard:
        screen = self.site.screen(post, self.people[person])
        return Heard(
            id=post.id,
            shown=screen.shown,
            mentions=tuple(dict.fromkeys(screen.mentions)),
            links=tuple(dict.fromkeys(screen.links)),
            controls=tuple(control.label for control in screen.controls),
            plain=screen.plain,
            only_me=place.kind == "personal",
            thread=post.thread,
        )


@contextmanager
def open_harness(
    database: Database,
    dialogs: frozenset[str] = frozenset(),
    more: Sequence[Capability[Work]] = (),
) -> Iterator[TeamsHarness]:
    """A started harness, stopped at the end."""
    with asyncio.Runner() as runner:
        harness = TeamsHarness(database, runner, dialogs, more)
        runner.run(harness.site.start())
        try:
            harness.install()
            yield harness
        finally:
            runner.run(harness.site.stop())

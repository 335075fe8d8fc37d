"""Letters to Teams: each outcome has one meaning, and nothing reaches somebody else."""

import asyncio
import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from adapters.teams import client as module
from adapters.teams.client import TIMEOUT, Credentials, TeamsClient
from adapters.teams.deliver import (
    AT_ONCE,
    FATES,
    NOTING,
    PER_CONVERSATION,
    Fate,
    TeamsPlatform,
    find_thread,
    says_gone,
    write_message,
    write_plain,
)
from adapters.teams.read import Contact
from adapters.teams.render import render_message
from adapters.teams.wording import Wording
from bot.capabilities.questions.memory import Memory
from bot.errors import Unavailable
from bot.ids import PersonId, WorkspaceId
from bot.inbound import PlaceKind
from bot.lanes import Lanes
from bot.message import Button, Buttons, say
from bot.outbox import (
    Ambiguous,
    Delivery,
    Letter,
    LetterState,
    Limited,
    Never,
    Outcome,
    Priority,
    Sent,
    ToPerson,
    TryLater,
    may_repeat,
)
from bot.people import Person, Workspace
from bot.retry import Patience, postpone
from storage.database import Database
from storage.lane import SqlLaneStore
from tests.adapters.far_end import Act, Heard, far_end, hang, reset, saying
from tests.adapters.teams.memory import TENANT as TEST_TENANT
from tests.adapters.teams_server import Call, FakeTeams
from tests.databases import RELAY_KEY
from tests.everywhere import everywhere

ANA = "6f0b2c54-1111-2222-3333-0123456789ab"
TENANT = "tenant-1"
CHANNEL = "19:abc@thread.tacv2"
DIRECT = "a:personal"
WORDING = Wording(frozenset({"pause"}))
MESSAGE = say("Hello <b>", Buttons(buttons=(Button(label="Yes", action="sample.press"),)))
LETTER = Delivery(
    id=1,
    key="question:42:offer:ana:1",
    workspace=WorkspaceId("w1"),
    address=ANA,
    direct=True,
    message=MESSAGE,
    kind="offer",
    priority=Priority.OFFER,
)
TO_PLACE = replace(LETTER, id=2, address=CHANNEL, direct=False)
EDIT = replace(LETTER, id=3, edits="7", conversation=DIRECT)
RENDERED = render_message(MESSAGE, WORDING)

MADE = saying({"id": DIRECT}, status=201)
SENT = saying({"id": "1:a"}, status=201)


def refusal(status: int, code: str = "") -> Act:
    return saying({"error": {"code": code}} if code else {}, status=status)


@dataclass(slots=True)
class Book:
    """Contacts in memory, by the rules of the port; `mistaken` gives whom it has."""

    kept: list[Contact] = field(default_factory=list)
    mistaken: bool = False

    async def find_person(self, tenant: str, address: str) -> Contact | None:
        if self.mistaken:
            return self.kept[0]
        known = [each for each in self.kept if (each.tenant, each.person) == (tenant, address)]
        known.sort(key=lambda each: each.kind is not PlaceKind.DM)
        return known[0] if known else None

    async def find_place(self, tenant: str, conversation: str) -> Contact | None:
        if self.mistaken:
            return self.kept[0]
        place = tenant, conversation
        return next((each for each in self.kept if (each.tenant, each.conversation) == place), None)

    async def keep(self, contact: Contact) -> None:
        self.kept.append(contact)

    async def drop(self, contact: Contact) -> None:
        self.kept.remove(contact)


@dataclass(frozen=True, slots=True)
class Told:
    """What a delivery came to, what the Connector heard of it and who is known afterwards."""

    outcome: Outcome
    heard: list[Heard]
    kept: list[Contact]

    @property
    def lines(self) -> list[str]:
        return [heard.line.removesuffix(" HTTP/1.1") for heard in self.heard]

    @property
    def bodies(self) -> list[Any]:
        return [json.loads(heard.body) for heard in self.heard]


def met(url: str) -> Contact:
    """Somebody who was seen in a channel, and nowhere else yet."""
    return Contact(
        tenant=TENANT,
        service_url=url,
        conversation=CHANNEL,
        kind=PlaceKind.CHANNEL,
        bot="28:bot",
        person=ANA,
        user="29:ana",
        team="19:team",
    )


def known(url: str) -> Contact:
    return replace(met(url), conversation=DIRECT, kind=PlaceKind.DM, team=None)


def deliver(
    delivery: Delivery,
    *acts: Act,
    people: tuple[Any, ...] = (known, met),
    patience: timedelta = timedelta(seconds=30),
    credentials: Credentials | None = None,
    **changes: Any,
) -> Told:
    async def run() -> Told:
        async with far_end(*acts) as end:
            url = end.url.removesuffix("/")
            book = Book([replace(make(url), **changes) for make in people])
            client = TeamsClient(credentials, local=url, login_url=url, timeout=patience)
            platform = TeamsPlatform(client, TENANT, book, wording=WORDING)
            try:
                return Told(await platform.deliver(delivery), end.heard, book.kept)
            finally:
                await client.close()

    return asyncio.run(run())


# --- what is sent -----------------------------------------------------------------------


def test_letter_goes_to_the_personal_conversation_as_a_card() -> None:
    told = deliver(LETTER, SENT)
    assert told.outcome == Sent(external="1:a", conversation=DIRECT)
    assert told.lines == ["POST /api/v3/conversations/a%3Apersonal/activities"]
    assert told.bodies == [json.loads(json.dumps(write_message(RENDERED)))]
    (attached,) = told.bodies[0]["attachments"]
    assert attached["contentType"] == "application/vnd.microsoft.card.adaptive"
    # With a text beside it Teams would show both.
    assert "text" not in told.bodies[0]
    assert told.bodies[0]["summary"] == MESSAGE.summary


def test_personal_conversation_is_made_once_and_kept() -> None:
    # It takes a slot of the lane's, and the letter goes in another one.
    told = deliver(LETTER, MADE, SENT, people=(met,))
    assert told.outcome == TryLater(AT_ONCE, "conversation_made")
    assert told.lines == ["POST /api/v3/conversations"]
    # Of no time at all a lane would think that Teams is away, and wait longer each time.
    assert isinstance(told.outcome, TryLater)
    assert postpone(LETTER, told.outcome) == told.outcome
    assert told.bodies[0] == {
        "isGroup": False,
        "bot": {"id": "28:bot"},
        "members": [{"id": "29:ana"}],
        "tenantId": TENANT,
        "channelData": {"tenant": {"id": TENANT}},
    }
    assert [(each.kind, each.conversation, each.team) for each in told.kept] == [
        (PlaceKind.CHANNEL, CHANNEL, "19:team"),
        (PlaceKind.DM, DIRECT, None),
    ]


def test_conversation_that_is_none_any_more_is_made_anew() -> None:
    told = deliver(LETTER, refusal(404, "ConversationNotFound"), MADE)
    assert told.outcome == TryLater(AT_ONCE, "conversation_made")
    assert len(told.lines) == 2
    assert len(told.kept) == 2


def test_letter_to_a_place_goes_into_its_thread() -> None:
    told = deliver(replace(TO_PLACE, thread="170"), SENT, people=(met,))
    assert told.outcome == Sent(external="1:a", conversation=CHANNEL)
    where = "19%3Aabc%40thread.tacv2%3Bmessageid%3D170"
    assert told.lines == [f"POST /api/v3/conversations/{where}/activities"]


def test_letter_into_a_lost_thread_stands_beside_it() -> None:
    told = deliver(replace(TO_PLACE, thread="170"), refusal(404), SENT, people=(met,))
    assert told.outcome == Sent(external="1:a", conversation=CHANNEL)
    assert told.lines[1] == "POST /api/v3/conversations/19%3Aabc%40thread.tacv2/activities"


@pytest.mark.parametrize(
    ("conversation", "found"),
    [
        (CHANNEL, f"{CHANNEL};messageid=1"),
        ("19:a@thread.skype", "19:a@thread.skype;messageid=1"),
        ("19:a@thread.v2", "19:a@thread.v2"),
        (DIRECT, DIRECT),
    ],
)
def test_only_channels_have_threads(conversation: str, found: str) -> None:
    assert find_thread(conversation, "1") == found
    assert find_thread(conversation, None) == conversation


def test_edit_replaces_the_message_where_it_stands() -> None:
    told = deliver(replace(EDIT, conversation="a:earlier"), saying({"id": "7"}))
    assert told.outcome == Sent(external="7", conversation="a:earlier")
    assert told.lines == ["PUT /api/v3/conversations/a%3Aearlier/activities/7"]


def test_card_that_is_refused_is_sent_in_words() -> None:
    for act in (refusal(400, "BadSyntax"), refusal(413), refusal(403, "MessageSizeTooBig")):
        with capture_logs() as logs:
            told = deliver(LETTER, act, SENT)
        assert told.outcome == Sent(external="1:a", conversation=DIRECT)
        assert told.bodies[1] == write_plain(RENDERED)
        assert told.bodies[1]["textFormat"] == "plain"
        assert [each["event"] for each in logs] == ["teams refused a card"]
        assert "Hello" not in str(logs)


# --- what becomes of it ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("act", "outcome"),
    [
        (saying("", 202), Sent(external="", conversation=DIRECT)),
        (saying("", 429, Retry_After="7"), Limited(timedelta(seconds=7))),
        (refusal(412, "PreconditionFailed"), TryLater(timedelta(0), "PreconditionFailed")),
        (refusal(412), TryLater(timedelta(0), "http_412")),
        (refusal(409), TryLater(timedelta(0), "http_409")),
        (refusal(500), Ambiguous("http_500")),
        (refusal(502), Ambiguous("http_502")),
        (refusal(504), Ambiguous("http_504")),
        (reset, Ambiguous("ServerDisconnectedError")),
        (refusal(400, "BadSyntax"), Never("BadSyntax")),
        (refusal(413), Never("http_413")),
        (refusal(403, "MessageWritesBlocked"), Never("MessageWritesBlocked", unreachable=True)),
        (refusal(403, "ForbiddenOperationException"),
         Never("ForbiddenOperationException", unreachable=True)),
        (refusal(403), Never("http_403", unreachable=True)),
        (refusal(404), Never("http_404", unreachable=True)),
        (refusal(403, "BotDisabledByAdmin"),
         TryLater(timedelta(minutes=5), "BotDisabledByAdmin")),
        (refusal(401, "BotNotRegistered"), TryLater(timedelta(minutes=5), "BotNotRegistered")),
    ],
)  # fmt: skip
def test_outcome_of_a_letter(act: Act, outcome: Outcome) -> None:
    assert deliver(LETTER, act).outcome == outcome


def test_late_answer_is_ambiguous() -> None:
    told = deliver(LETTER, hang, patience=timedelta(seconds=2))
    assert isinstance(told.outcome, Ambiguous)
    assert len(told.heard) == 1


@pytest.mark.parametrize("act", [reset, refusal(502), saying("{}", 201)])
def test_conversation_that_may_have_been_made_is_made_again(act: Act) -> None:
    told = deliver(LETTER, act, people=(met,))
    assert isinstance(told.outcome, TryLater)
    assert len(told.heard) == 1


@pytest.mark.parametrize(
    ("act", "outcome"),
    [
        (refusal(403, "ForbiddenOperationException"),
         Never("ForbiddenOperationException", unreachable=True)),
        (saying("", 429, Retry_After="3"), Limited(timedelta(seconds=3))),
        (refusal(412), TryLater(timedelta(0), "http_412")),
    ],
)  # fmt: skip
def test_outcome_of_making_a_conversation(act: Act, outcome: Outcome) -> None:
    assert deliver(LETTER, act, people=(met,)).outcome == outcome


def test_who_was_never_met_is_unreachable() -> None:
    told = deliver(LETTER, SENT, people=())
    assert (told.outcome, told.heard) == (Never("not_installed", unreachable=True), [])
    told = deliver(LETTER, SENT, people=(met,), user=None)
    assert told.outcome == Never("ForbiddenOperationException", unreachable=True)


def test_place_that_blocks_makes_nobody_unreachable() -> None:
    told = deliver(TO_PLACE, refusal(403, "BotNotInConversationRoster"), people=(met,))
    assert told.outcome == Never("BotNotInConversationRoster")
    assert deliver(TO_PLACE, SENT, people=()).outcome == Never("unknown_conversation")


@pytest.mark.parametrize(
    ("act", "outcome"),
    [
        (refusal(404, "ActivityNotFoundInConversation"), Never("ActivityNotFoundInConversation")),
        (refusal(404), Never("http_404")),
        (refusal(403), Never("http_403")),
        (saying("", 202), Sent(external="7", conversation=DIRECT)),
        (refusal(502), Ambiguous("http_502")),
    ],
)
def test_outcome_of_an_edit(act: Act, outcome: Outcome) -> None:
    assert deliver(EDIT, act).outcome == outcome


def test_edit_of_what_has_no_address_is_never() -> None:
    told = deliver(replace(EDIT, edits=""), SENT)
    assert (told.outcome, told.heard) == (Never("unknown_conversation"), [])


@pytest.mark.parametrize(
    "wrong", [{"person": "somebody-else"}, {"tenant": "tenant-2"}, {"conversation": "19:other"}]
)
def test_nothing_reaches_another_than_was_meant(wrong: dict[str, Any]) -> None:
    async def run(delivery: Delivery) -> tuple[Outcome, int]:
        async with far_end(SENT) as end:
            book = Book([replace(known(end.url), **wrong)], mistaken=True)
            client = TeamsClient(None, local=end.url)
            platform = TeamsPlatform(client, TENANT, book, wording=WORDING)
            try:
                return await platform.deliver(delivery), len(end.heard)
            finally:
                await client.close()

    # Of a person it is the person that counts, of a place the place.
    delivery = TO_PLACE if "conversation" in wrong else LETTER
    assert asyncio.run(run(delivery)) == (Never("unknown_conversation"), 0)


def test_token_goes_to_no_address_that_was_put_into_the_database() -> None:
    told = deliver(LETTER, SENT, service_url="https://evil.example/")
    assert (told.outcome, told.heard) == (Never("url_not_allowed"), [])


def test_wrong_secret_waits_for_an_administrator() -> None:
    refused = saying({"error": "invalid_client"}, status=401)
    told = deliver(LETTER, refused, credentials=Credentials("a", "wrong", TENANT))
    assert told.outcome == TryLater(timedelta(minutes=5), "invalid_client")
    later = deliver(
        replace(LETTER, attempts=9), refused, credentials=Credentials("a", "wrong", TENANT)
    )
    assert later.outcome == TryLater(timedelta(hours=1), "invalid_client")


@pytest.mark.parametrize("status", [400, 403, 404])
def test_no_letter_is_lost_for_a_login_that_says_what_we_do_not_know(status: int) -> None:
    refused = saying({"error": "invalid_something"}, status=status)
    told = deliver(LETTER, refused, credentials=Credentials("a", "right", TENANT))
    assert told.outcome == TryLater(timedelta(minutes=5), "invalid_something")
    assert len(told.heard) == 1


def test_what_an_administrator_has_to_mend_is_told_once() -> None:
    async def run() -> None:
        refused = refusal(403, "BotDisabledByAdmin")
        async with far_end(refused, refused, SENT, refused) as end:
            book = Book([known(end.url)])
            client = TeamsClient(None, local=end.url)
            platform = TeamsPlatform(client, TENANT, book, wording=WORDING)
            for _ in range(4):
                await platform.deliver(LETTER)
            await client.close()

    with capture_logs() as logs:
        asyncio.run(run())
    told = [(each["event"], each["code"]) for each in logs]
    assert told == [("teams refuses", "BotDisabledByAdmin")] * 2


@pytest.mark.parametrize("is_kept", [True, False])
def test_where_teams_lets_nobody_write_that_is_noted(is_kept: bool) -> None:
    noted: list[tuple[Contact, str | None]] = []

    async def note(contact: Contact, why: str | None) -> None:
        noted.append((contact, why))
        if not is_kept:
            raise Unavailable

    async def story() -> None:
        async with far_end(refusal(403, "MessageWritesBlocked")) as end:
            client = TeamsClient(None, local=end.url)
            book = Book([known(end.url)])
            platform = TeamsPlatform(client, TENANT, book, wording=WORDING, note_reach=note)
            assert await platform.deliver(LETTER) == Never("MessageWritesBlocked", unreachable=True)
            assert noted == [(known(end.url), "MessageWritesBlocked")]
            end.acts = [refusal(405)]
            await platform.deliver(LETTER)
            assert len(noted) == 1, "that says nothing of the person"
            end.acts = [SENT]
            await platform.deliver(LETTER)
            assert len(noted) == 1, "nobody thought otherwise"
            [before] = book.kept
            book.kept = [replace(before, refusal="MessageWritesBlocked")]
            assert isinstance(await platform.deliver(LETTER), Sent)
            assert [why for _, why in noted] == ["MessageWritesBlocked", None]
            end.acts = [MADE]
            book.kept = [replace(met(end.url), refusal="gone")]
            await platform.deliver(LETTER)
            assert [why for _, why in noted] == ["MessageWritesBlocked", None, None]
            assert book.kept[-1].refusal is None
            await client.close()

    asyncio.run(story())


def test_only_a_word_that_says_so_makes_somebody_out_of_reach() -> None:
    assert says_gone("MessageWritesBlocked")
    assert says_gone("BotNotInConversationRoster")
    assert not says_gone("http_403")
    assert not says_gone("BotDisabledByAdmin")


@dataclass(slots=True)
class Shaky(Book):
    """Contacts in a store that is away, or slow, for one of its methods."""

    fails: str = ""
    seconds: float = 0.0

    async def _suffer(self, name: str) -> None:
        if name == self.fails:
            await asyncio.sleep(self.seconds)
            raise Unavailable

    async def find_person(self, tenant: str, address: str) -> Contact | None:
        await self._suffer("find_person")
        return await Book.find_person(self, tenant, address)

    async def find_place(self, tenant: str, conversation: str) -> Contact | None:
        await self._suffer("find_place")
        return await Book.find_place(self, tenant, conversation)

    async def keep(self, contact: Contact) -> None:
        await self._suffer("keep")
        await Book.keep(self, contact)

    async def drop(self, contact: Contact) -> None:
        await self._suffer("drop")
        await Book.drop(self, contact)


@pytest.mark.parametrize("seconds", [0, 30])
@pytest.mark.parametrize(
    ("fails", "delivery", "acts", "people"),
    [
        ("find_person", LETTER, (), (known,)),
        ("find_person", EDIT, (), (known,)),
        ("find_place", TO_PLACE, (), (met,)),
        ("drop", LETTER, (refusal(404, "ConversationNotFound"),), (known,)),
        ("keep", LETTER, (MADE,), (met,)),
    ],
)
def test_a_store_that_is_away_loses_no_letter_that_was_not_sent(
    fails: str, delivery: Delivery, acts: tuple[Act, ...], people: tuple[Any, ...], seconds: float
) -> None:
    async def run() -> tuple[Outcome, int]:
        async with far_end(*acts, SENT) as end:
            book = Shaky([make(end.url) for make in people], fails=fails, seconds=seconds)
            # Where the store says at once that it is away nothing is to be hurried.
            patience = timedelta(seconds=2 if seconds else 20)
            client = TeamsClient(None, local=end.url, timeout=patience)
            platform = TeamsPlatform(client, TENANT, book, wording=WORDING)
            try:
                async with asyncio.timeout(seconds / 2 or 20):
                    return await platform.deliver(delivery), len(end.heard)
            finally:
                await client.close()

    assert asyncio.run(run()) == (TryLater(timedelta(0), "store_away"), len(acts))


def test_a_whole_delivery_is_over_before_its_lane_gives_it_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # The card is refused only when most of the time is over: words in its place would be begun
    # with too little of it for anybody to hear what became of them.
    monkeypatch.setattr(module, "LEAST", 0.95)

    async def slow(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(1.1)
        await refusal(413)(writer)

    told = deliver(LETTER, slow, SENT, patience=timedelta(seconds=20))
    assert told.outcome == TryLater(timedelta(0), "late")
    assert len(told.heard) == 1
    assert Patience().timeout > TIMEOUT + NOTING


def test_what_cannot_be_looked_up_is_for_the_lane_to_decide() -> None:
    async def run() -> TeamsPlatform:
        platform = TeamsPlatform(TeamsClient(None), TENANT, Book(), wording=WORDING)
        with pytest.raises(LookupError):
            await platform.find_delivered(LETTER)
        return platform

    platform = asyncio.run(run())
    assert (platform.name, platform.reads_back) == ("teams", False)
    assert platform.limits.per_minute == 1_800
    assert platform.limits.conversation == PER_CONVERSATION
    assert not platform.limits.finds_its_speed
    assert may_repeat(LETTER.priority)
    assert not may_repeat(Priority.TIP)


def test_every_word_has_a_meaning_of_its_own() -> None:
    assert FATES["MessageWritesBlocked"] is Fate.GONE
    for code, fate in FATES.items():
        if code != "url_not_allowed":
            outcome = deliver(LETTER, refusal(418, code)).outcome
            assert isinstance(outcome, TryLater) is (fate in {Fate.LATER, Fate.REST}), code


# --- through lanes, to the strict Teams ---------------------------------------------------

SHORT = Patience(
    timeout=timedelta(seconds=2),
    lease=timedelta(seconds=2.5),
    reconcile_after=timedelta(seconds=0.5),
)
CERTAIN = ("reset_before", "refuse:412:PreconditionFailed", "limited:1", "accepted", "fine")
DOUBTFUL = ("error_after:502", "error_after:504", "reset_after", "truncated", "late")


def test_through_lanes_answers_come_at_least_once_and_tips_at_most_once(
    sqlite_url: str,
) -> None:
    database = Database(sqlite_url, relay_key=RELAY_KEY, memory=Memory(), durable=False)
    priorities = {"answer": Priority.ANSWER, "tip": Priority.TIP}
    faults = [*CERTAIN, *DOUBTFUL]
    keys = [f"{kind}{n}" for kind in priorities for n in range(len(faults))]
    here = LETTER.workspace

    def states() -> dict[str, LetterState | None]:
        with database.transaction() as work:
            return {key: work.outbox.state(here, key) for key in keys}

    async def run() -> dict[str, list[str]]:
        async with FakeTeams(rates=False) as teams:
            channel = teams.add_channel("19:c@thread.tacv2").id
            met = Contact(TEST_TENANT, teams.service_url, channel, PlaceKind.CHANNEL, teams.bot)
            people = {key: teams.add_person(key) for key in keys}
            book = Book([replace(met, person=p.entra, user=p.user) for p in people.values()])
            with database.transaction() as work:
                work.people.add_workspace(Workspace(here, "teams", TEST_TENANT, "Test"))
                for key, somebody in people.items():
                    work.people.save(Person(PersonId(key), here, address=somebody.entra, name=key))
                for key in keys:
                    letter = Letter(
                        key=key,
                        to=ToPerson(person=PersonId(key)),
                        message=say(f"Letter {key}"),
                        kind="test",
                        priority=priorities[key.rstrip("0123456789")],
                    )
                    work.outbox.post(here, letter)
            seen: set[str] = set()

            def weather(call: Call) -> str | None:
                # The first that is said to each person meets their fault, and nothing after it.
                if call.name != "send" or call.conversation in seen:
                    return None
                seen.add(call.conversation)
                (key,) = [k for k, p in people.items() if p.personal == call.conversation]
                return faults[int(key.lstrip("abcdefghijklmnopqrstuvwxyz"))]

            teams.weather = weather
            teams.late = 0.1
            client = TeamsClient(
                Credentials(teams.app_id, teams.app_password, TEST_TENANT),
                local=teams.origin,
                login_url=teams.login_url,
                timeout=timedelta(seconds=1),
            )
            platform = TeamsPlatform(client, TEST_TENANT, book, wording=WORDING)
            lanes = Lanes(
                SqlLaneStore(database),
                everywhere(lambda: platform),
                lambda: datetime.now(UTC),
                SHORT,
            )
            over = {LetterState.SENT, LetterState.UNKNOWN}
            async with asyncio.timeout(40):
                while not set(states().values()) <= over:
                    await lanes.drain_all()
                    await asyncio.sleep(0.05)
            await asyncio.sleep(2 * teams.late)
            await client.close()
            # Each conversation was made once, whatever became of what was said in it.
            assert len(teams.called("create")) == len(keys)
            return {
                key: [post.activity["summary"] for post in teams.posts(str(somebody.personal))]
                for key, somebody in people.items()
            }

    with capture_logs():
        arrived = asyncio.run(run())
    ended = states()
    database.close()
    answers = [key for key in keys if key.startswith("answer")]
    tips = [key for key in keys if key.startswith("tip")]
    assert all(arrived[key] and set(arrived[key]) == {f"Letter {key}"} for key in answers)
    assert {ended[key] for key in answers} == {LetterState.SENT}
    assert all(len(arrived[key]) <= 1 for key in tips)
    doubtful = {n for n, each in enumerate(faults) if each in {*DOUBTFUL, "reset_before"}}
    assert {f"tip{n}" for n in doubtful} <= {
        key for key in tips if ended[key] is LetterState.UNKNOWN
    }
    assert all(arrived[key] for key in tips if ended[key] is LetterState.SENT)


def test_first_letters_of_two_processes_keep_to_what_teams_allows(sqlite_url: str) -> None:
    """Whoever was never written to takes two requests."""
    database = Database(sqlite_url, relay_key=RELAY_KEY, memory=Memory(), durable=False)
    keys = [f"n{n:02}" for n in range(30)]
    here = LETTER.workspace

    def are_sent() -> bool:
        with database.transaction() as work:
            return {work.outbox.state(here, key) for key in keys} == {LetterState.SENT}

    async def run() -> int:
        async with FakeTeams(rates=True) as teams:
            # What a busy machine brings late stands beside what comes in time.
            teams.rates.tenant = ((45, 1.0),)
            channel = teams.add_channel("19:c@thread.tacv2").id
            there = Contact(TEST_TENANT, teams.service_url, channel, PlaceKind.CHANNEL, teams.bot)
            people = {key: teams.add_person(key) for key in keys}
            book = Book([replace(there, person=p.entra, user=p.user) for p in people.values()])
            with database.transaction() as work:
                work.people.add_workspace(Workspace(here, "teams", TEST_TENANT, "Test"))
                for key, somebody in people.items():
                    who = Person(PersonId(key), here, address=somebody.entra, name=key)
                    work.people.save(who)
                    letter = Letter(
                        key=key,
                        to=ToPerson(person=who.id),
                        message=say("Hello"),
                        kind="test",
                        priority=Priority.CAMPAIGN,
                    )
                    work.outbox.post(here, letter)
            credentials = Credentials(teams.app_id, teams.app_password, TEST_TENANT)
            clients = [
                TeamsClient(credentials, local=teams.origin, login_url=teams.login_url, a_second=30)
                for _ in range(2)
            ]

            async def deliver_all(client: TeamsClient) -> None:
                platform = TeamsPlatform(client, TEST_TENANT, book, wording=WORDING)
                lanes = Lanes(
                    SqlLaneStore(database),
                    everywhere(lambda: platform),
                    lambda: datetime.now(UTC),
                )
                while not await asyncio.to_thread(are_sent):
                    await lanes.drain_all()
                    await asyncio.sleep(0.05)

            async with asyncio.timeout(30):
                await asyncio.gather(*(deliver_all(client) for client in clients))
            for client in clients:
                await client.close()
            assert len(teams.called("create")) == len(teams.called("send")) == len(keys)
            return teams.limited

    limited = asyncio.run(run())
    database.close()
    assert limited == 0

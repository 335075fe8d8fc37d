"""Where people and places are on Teams, as the store keeps it."""

from dataclasses import replace

from sqlalchemy import event

from bot.inbound import PlaceKind
from storage.contact import ContactBook, Reach, Whereabouts
from storage.database import Database

TENANT = "tenant-1"
ANA = "6f0b2c54-1111-2222-3333-0123456789ab"
DIRECT = Whereabouts(
    tenant=TENANT,
    service_url="https://smba.trafficmanager.net/emea/",
    conversation="a:personal",
    kind=PlaceKind.DM,
    bot="28:app",
    person=ANA,
    user="29:ana",
)
CHANNEL = replace(
    DIRECT, conversation="19:abc@thread.tacv2", kind=PlaceKind.CHANNEL, team="19:team"
)
ELSEWHERE = "https://smba.trafficmanager.net/amer/"


def test_somebody_of_a_channel_is_known_and_where_they_spoke_is_not(database: Database) -> None:
    book = ContactBook(database)
    book.keep(CHANNEL)
    found = book.find_person(TENANT, ANA)
    assert found == replace(CHANNEL, conversation="", team=None)
    assert book.find_place(TENANT, CHANNEL.conversation) == replace(CHANNEL, person=None, user=None)


def test_the_own_conversation_goes_before_where_else_they_speak(database: Database) -> None:
    book = ContactBook(database)
    for order in ([DIRECT, CHANNEL], [CHANNEL, DIRECT]):
        for each in order:
            book.keep(each)
        assert book.find_person(TENANT, ANA) == DIRECT
        assert book.find_place(TENANT, DIRECT.conversation) == DIRECT


def test_what_teams_told_last_counts(database: Database) -> None:
    book = ContactBook(database)
    book.keep(DIRECT)
    later = replace(DIRECT, conversation="a:other", service_url=ELSEWHERE, user="29:ana-2")
    book.keep(later)
    assert book.find_person(TENANT, ANA) == later
    assert book.find_place(TENANT, DIRECT.conversation) is None


def test_each_organisation_has_its_own(database: Database) -> None:
    book = ContactBook(database)
    book.keep(DIRECT)
    book.keep(CHANNEL)
    assert book.find_person("tenant-2", ANA) is None
    assert book.find_place("tenant-2", DIRECT.conversation) is None
    assert book.find_place("tenant-2", CHANNEL.conversation) is None
    book.drop(replace(DIRECT, tenant="tenant-2"))
    book.drop(replace(CHANNEL, tenant="tenant-2"))
    assert book.find_person(TENANT, ANA) == DIRECT
    assert book.find_place(TENANT, CHANNEL.conversation) is not None


def test_a_conversation_that_is_none_any_more_is_forgotten_and_not_whose_it_was(
    database: Database,
) -> None:
    book = ContactBook(database)
    book.keep(DIRECT)
    book.keep(CHANNEL)
    book.drop(DIRECT)
    book.drop(CHANNEL)
    found = book.find_person(TENANT, ANA)
    assert found is not None
    assert (found.user, found.conversation, found.kind) == ("29:ana", "", PlaceKind.CHANNEL)
    assert book.find_place(TENANT, DIRECT.conversation) is None
    assert book.find_place(TENANT, CHANNEL.conversation) is None


def test_with_the_first_channel_of_a_team_the_others_are_gone(database: Database) -> None:
    book = ContactBook(database)
    first = replace(CHANNEL, conversation="19:team")
    other = replace(CHANNEL, conversation="19:other@thread.tacv2", team="19:team-2")
    for each in (first, CHANNEL, other):
        book.keep(each)
    # The bot was taken out of one channel, and then out of the team.
    book.drop(CHANNEL)
    assert book.find_place(TENANT, first.conversation) is not None
    book.keep(CHANNEL)
    book.drop(replace(first, tenant="tenant-2"))
    assert book.count(TENANT).places == 3
    book.drop(first)
    assert book.find_place(TENANT, CHANNEL.conversation) is None
    assert book.find_place(TENANT, other.conversation) is not None
    assert book.count(TENANT).places == 1


def test_a_robot_without_a_name_is_nobody(database: Database) -> None:
    book = ContactBook(database)
    book.keep(replace(CHANNEL, person=None, user=None))
    assert book.count(TENANT) == Reach(people=0, refused={}, places=1, lost={})


def test_whom_teams_refuses_is_counted_until_they_are_heard_alone(database: Database) -> None:
    book = ContactBook(database)
    book.keep(DIRECT)
    book.keep(CHANNEL)
    book.keep(replace(DIRECT, person="ben", user="29:ben", conversation="a:ben"))
    book.refuse(DIRECT, "MessageWritesBlocked")
    book.refuse(CHANNEL, "BotNotInConversationRoster")
    both = Reach(2, {"MessageWritesBlocked": 1}, 1, {"BotNotInConversationRoster": 1})
    assert book.count(TENANT) == both
    assert book.count("tenant-2") == Reach(0, {}, 0, {})
    found = [book.find_person(TENANT, ANA), book.find_place(TENANT, CHANNEL.conversation)]
    assert [each.refusal for each in found if each is not None] == [*both.refused, *both.lost]
    # In a channel they can be heard although they have blocked the bot.
    book.keep(CHANNEL)
    assert book.count(TENANT) == replace(both, lost={})
    book.keep(DIRECT)
    assert book.count(TENANT) == Reach(2, {}, 1, {})
    # Or something has arrived.
    for each in (DIRECT, CHANNEL):
        book.refuse(each, "MessageWritesBlocked")
        book.refuse(each, None)
    assert book.count(TENANT) == Reach(2, {}, 1, {})


def test_of_whom_only_the_person_is_known_a_refusal_is_kept_too(database: Database) -> None:
    book = ContactBook(database)
    book.keep(CHANNEL)
    found = book.find_person(TENANT, ANA)
    assert found is not None
    book.refuse(found, "ForbiddenOperationException")
    assert book.count(TENANT).refused == {"ForbiddenOperationException": 1}
    assert book.count(TENANT).lost == {}


def test_what_is_known_is_not_written_again(database: Database) -> None:
    book = ContactBook(database)
    said: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_others: object) -> None:
        said.append(statement.split(maxsplit=1)[0])

    event.listen(database._engine, "before_cursor_execute", note)
    for each in (DIRECT, CHANNEL):
        book.keep(each)
    assert said.count("INSERT") == 2
    said.clear()
    for each in (DIRECT, CHANNEL, DIRECT):
        book.keep(each)
    assert "SELECT" in said
    assert {"INSERT", "UPDATE"} & set(said) == set()

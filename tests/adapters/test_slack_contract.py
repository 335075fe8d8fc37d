"""Slack does what every platform does, over HTTP; the heart of it over Socket Mode too."""

from collections.abc import Callable, Iterator, Sequence

import pytest

from storage.database import Database
from tests.adapters.contract import ONLY_LOOKED_AT, Harness, PlatformContract
from tests.adapters.slack_harness import SlackHarness, open_harness


@pytest.fixture(scope="module")
def shared(new_sqlite_database: Callable[[], Database]) -> Iterator[SlackHarness]:
    with open_harness(new_sqlite_database()) as harness:
        yield harness


class TestHttp(PlatformContract):
    @pytest.fixture
    def harness(
        self, new_sqlite_database: Callable[[], Database], request: pytest.FixtureRequest
    ) -> Iterator[Harness]:
        if request.node.originalname in ONLY_LOOKED_AT:
            yield request.getfixturevalue("shared")
            return
        with open_harness(new_sqlite_database()) as harness:
            yield harness


@pytest.fixture
def harness(new_sqlite_database: Callable[[], Database]) -> Iterator[SlackHarness]:
    with open_harness(new_sqlite_database(), "socket") as harness:
        yield harness


_CONTRACT = PlatformContract()
EACH_WAY_ONCE: Sequence[Callable[[Harness], None]] = (
    _CONTRACT.test_mention_is_heard_without_the_name,
    _CONTRACT.test_what_is_for_one_person_stays_with_them,
    _CONTRACT.test_what_is_for_the_place_is_seen_by_everybody,
    _CONTRACT.test_letter_that_edits_changes_the_message_where_it_stands,
    _CONTRACT.test_thread_of_a_letter_is_heard,
    _CONTRACT.test_thread_of_a_direct_letter_is_heard,
    _CONTRACT.test_hostile_args_come_back_whole,
    _CONTRACT.test_choice_brings_what_was_chosen,
    _CONTRACT.test_form_brings_its_values,
    _CONTRACT.test_form_with_an_error_stays_open,
    _CONTRACT.test_event_delivered_again_gets_the_same_reply_once,
    _CONTRACT.test_press_delivered_again_changes_nothing,
)
"""Each way in and out once."""


@pytest.mark.parametrize("test", EACH_WAY_ONCE, ids=lambda test: test.__name__)
def test_socket_mode_does_the_same(test: Callable[[Harness], None], harness: SlackHarness) -> None:
    test(harness)
    assert harness.site.slack.sockets.opened == 1

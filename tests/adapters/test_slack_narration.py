"""The stories of people who narrate, through Slack's payloads from end to end: each event is
delivered one to four times, in any order with its siblings (see `test_slack_talks`)."""

from tests.adapters import test_slack_talks
from tests.adapters.talk import find_talks
from tests.capabilities.narration import test_story

new_slack_world = test_slack_talks.new_slack_world
world = test_slack_talks.world

globals().update({f"test_{name}": talk for name, talk in find_talks(test_story, ())})

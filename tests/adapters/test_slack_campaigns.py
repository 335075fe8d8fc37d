"""The stories of campaigns of several parts, through Slack's payloads from end to end: each event
is delivered one to four times, in any order with its siblings (see `test_slack_talks`)."""

from tests.adapters import test_slack_learning
from tests.adapters.talk import find_talks
from tests.capabilities.campaigns import test_story

new_world = test_slack_learning.new_world
world = test_slack_learning.world

globals().update({f"test_{name}": talk for name, talk in find_talks(test_story, ())})

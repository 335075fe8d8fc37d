"""The stories of people who narrate, through Teams' payloads from end to end: each activity is
delivered one to four times, in any order with what else Teams tells (see `test_teams_talks`)."""

from tests.adapters import test_teams_talks
from tests.adapters.talk import find_talks
from tests.capabilities.narration import test_story

new_teams_world = test_teams_talks.new_teams_world
world = test_teams_talks.world

globals().update({f"test_{name}": talk for name, talk in find_talks(test_story, ())})

"""The stories of campaigns of several parts, through Teams' payloads from end to end: each
activity is delivered one to four times, in any order with what else Teams tells (see
`test_teams_talks`)."""

from tests.adapters import test_teams_learning
from tests.adapters.talk import find_talks
from tests.capabilities.campaigns import test_story

new_world = test_teams_learning.new_world
world = test_teams_learning.world

globals().update({f"test_{name}": talk for name, talk in find_talks(test_story, ())})

"""The talks of quizzes, the library and tips, as `tests.adapters.talk` has those of questions.

What everybody meets is held on both platforms: every type of item answered by press or form and in
plain words, passing, failing, leaving, answering twice or too late or in the place of another, a
tip with its buttons and its question, and the whole way from a missed item to a better section.
What stewards and experts do, mostly in forms, is held in turn on one of the two. The other talks
differ in what the core decides, by messages made of the same parts, and are held there.
"""

from collections.abc import Mapping

from tests.adapters.talk import name_talks
from tests.capabilities.library import test_caring, test_editing, test_loop, test_reading
from tests.capabilities.quizzes import (
    test_deciding,
    test_extreme,
    test_life,
    test_steward,
    test_types,
)
from tests.capabilities.quizzes import test_talk as quiz_talk
from tests.capabilities.tips import test_nominating
from tests.capabilities.tips import test_talk as tip_talk

MODULES = (
    quiz_talk,
    test_types,
    test_life,
    test_extreme,
    test_deciding,
    test_steward,
    test_loop,
    test_reading,
    test_caring,
    test_editing,
    tip_talk,
    test_nominating,
)
IN_TURN = (test_deciding, test_steward, test_caring, test_editing, test_nominating)
"""Each of their talks is held on one platform."""
WHOLE = {
    "quizzes.test_types.test_a_right_answer_is_right",
}
"""Held with all their examples."""
ON_BOTH = WHOLE | {
    "quizzes.test_extreme.test_the_longest_quiz_can_be_passed",
    "quizzes.test_extreme.test_the_longest_quiz_can_be_failed",
    "quizzes.test_talk.test_from_hello_to_passed_without_reading_anything",
    "quizzes.test_types.test_what_was_tapped_can_be_taken_back",
    "quizzes.test_types.test_two_at_one_place_are_said_at_the_second_and_the_form_stays",
    "quizzes.test_types.test_a_case_tells_what_was_decided_and_a_double_tap_decides_once",
    "quizzes.test_types.test_a_form_asks_how_sure_and_takes_no_answer_for_one",
    "quizzes.test_types.test_an_answer_can_be_changed_until_it_is_given",
    "quizzes.test_types.test_words_in_a_channel_are_no_answer",
    "quizzes.test_types.test_an_answer_in_doubt_reaches_nobody",
    "quizzes.test_types.test_half_an_hour_of_silence_sends_no_answer_out_either",
    "quizzes.test_life.test_leaving_is_no_fail_and_leads_back_to_the_same_question",
    "quizzes.test_life.test_a_button_of_a_paused_attempt_takes_it_up_and_counts",
    "quizzes.test_life.test_what_is_missing_is_shown_and_nothing_else",
    "quizzes.test_life.test_the_same_tap_twice_answers_once",
    "quizzes.test_life.test_nobody_else_can_touch_an_attempt",
    "quizzes.test_life.test_after_the_end_a_button_tells_the_end",
    "quizzes.test_life.test_what_begins_in_a_channel_is_asked_in_private",
    "quizzes.test_life.test_plain_text_has_no_buttons_to_answer_with",
    "library.test_loop.test_the_loop_from_a_missed_item_to_a_better_section",
    "library.test_reading.test_a_section_is_read_in_pages_in_the_same_place",
    "library.test_editing.test_a_section_is_changed_and_its_history_says_by_whom_and_why",
    "tips.test_talk.test_the_letter_tells_why_it_came",
    "tips.test_talk.test_plain_words_say_it_too",
    "tips.test_talk.test_a_question_comes_in_other_words_each_time",
    "tips.test_talk.test_a_second_reaction_to_the_same_tip_is_noted_already",
    "tips.test_talk.test_wrong_and_not_understood_one_asks_somebody",
    "tips.test_talk.test_the_overview_lists_what_is_followed_and_what_may_be",
    "tips.test_talk.test_the_page_and_me_tell_what_is_kept_and_only_of_oneself",
}

_FORGED = "forges what no client of Slack's could send; see test_slack_read.py"
LEFT_OUT: Mapping[str, Mapping[str, str]] = {
    "slack": {
        "quizzes.test_deciding.test_what_is_wrong_with_an_exemption_is_said_where_it_is": _FORGED,
        "quizzes.test_steward.test_after_a_material_change_nobody_lapses_at_once": _FORGED,
        "library.test_editing.test_the_same_rules_hold_as_for_the_files": _FORGED,
    },
    "teams": {
        "library.test_editing.test_the_same_rules_hold_as_for_the_files": (
            "begins the form anew each time, and a dialog in Teams keeps what was filled in"
        ),
    },
}
"""Talks that cannot be held on a platform, and why."""


def not_held(platform: str) -> set[str]:
    """The names of the talks that are not held there."""
    other = next(each for each in LEFT_OUT if each != platform)
    found = set(LEFT_OUT[platform])
    for module in MODULES:
        for number, name in enumerate(name_talks(module)):
            is_mine = (number % 2 == 0) is (platform == "slack") or name in LEFT_OUT[other]
            if name not in ON_BOTH and not (module in IN_TURN and is_mine):
                found.add(name)
    return found

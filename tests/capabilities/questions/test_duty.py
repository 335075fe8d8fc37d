"""What those hear who look after topics: within their hours, not in bursts, and as they wish."""

from datetime import timedelta

from bot.capabilities.questions.article import set_review_timer
from bot.capabilities.questions.model import Article, ArticleState
from bot.ids import ArticleId, PersonId, TopicId
from tests.world import MONDAY, WORKSPACE, World

SATURDAY = MONDAY.replace(day=7, hour=2)
TAXI = "How do I claim the taxi from a client visit?"


def holds(world: World, count: int, author: str = "kim") -> None:
    """So many entries that were published, and all want a look on Saturday night."""
    with world.database.transaction() as work:
        for number in range(count):
            article = Article(
                id=ArticleId(f"a{number}"),
                workspace=WORKSPACE,
                title=f"Question {number}?",
                text="The same as ever.",
                state=ArticleState.PUBLISHED,
                created_at=world.now,
                changed_at=world.now,
                topic=TopicId("travel"),
                author=PersonId(author),
                verifier=PersonId("sam"),
                verified_at=world.now,
                review_by=SATURDAY,
            )
            set_review_timer(work, work.articles.save(article), SATURDAY)


def until(world: World, **to: int) -> None:
    world.passes(seconds=(world.now.replace(**to) - world.now).total_seconds())


def about_reviews(world: World, who: str) -> list[str]:
    return [text for text in world.dms(who) if "your eyes" in text]


def test_fifty_entries_whose_date_comes_at_once_are_one_letter_in_the_stewards_hours(
    world: World,
) -> None:
    holds(world, 50)
    until(world, day=8)
    assert about_reviews(world, "sam") == []
    until(world, day=13)
    [told] = about_reviews(world, "sam")
    assert "Several FAQ entries want your eyes" in told
    assert "Pause 1 week" in told
    world.presses("sam", "Why am I getting this?")
    assert "You look after this entry" in world.last("sam")
    world.presses("sam", "Review")
    assert "Question 0?" in world.last("sam")


def test_one_entry_comes_with_all_that_can_be_done_with_it(world: World) -> None:
    holds(world, 1)
    until(world, day=10)
    [told] = about_reviews(world, "sam")
    assert "its review date has passed" in told
    world.presses("sam", "Still right")
    [article] = world.articles()
    assert article.state is ArticleState.PUBLISHED


def test_a_steward_who_has_stopped_finds_it_only_in_the_list(world: World) -> None:
    holds(world, 2)
    world.says("sam", "stop")
    until(world, day=20)
    assert about_reviews(world, "sam") == []
    assert "Question 1?" in world.reviews("sam")


def test_when_an_author_of_much_leaves_the_steward_hears_it_once(world: World) -> None:
    holds(world, 5)
    until(world, day=6, hour=22)
    world.leaves("kim")
    until(world, day=13)
    assert len(about_reviews(world, "sam")) == 1
    assert "the expert behind it has left" in world.reviews("sam")


def test_what_is_withheld_stays_in_the_list_until_a_steward_has_looked(world: World) -> None:
    world.settles("ana", TAXI, "Use the form.")
    world.says("ben", TAXI)
    world.presses("ben", "Flag as wrong or outdated")
    world.fills("ben", reason="Gone.")
    assert "somebody flagged it: “Gone.”" in world.reviews("sam")
    world.presses("sam", "Leave it out")
    world.says("sam", "/faq review")
    assert "Nothing waits" in world.last("sam")
    assert world.now - MONDAY < timedelta(days=1)

"""The closed loop (product.md N1): what somebody missed is asked, answered, kept where the next
one meets it, rewritten when three have asked, and shown to be better."""

from bot.pack.issue import State
from tests.capabilities.library.writing import LibraryWorld
from tests.world import WORKSPACE

ANSWER = "Ask who needs it first: the link can be taken back, and the file cannot."


def fails(world: LibraryWorld, who: str) -> None:
    """Somebody is wrong about sharing, twice, and right about keeping."""
    world.begins(who)
    while world.quiz_state(who) == "in_progress":
        world.decides(who, world.asking(who).item.objective != "share")
    if world.quiz_state(who) == "failed_open":
        world.presses(who, "Stop here")


def test_the_loop_from_a_missed_item_to_a_better_section(either_world: LibraryWorld) -> None:
    world = either_world
    world.writes_all()

    # A missed item leads to its very section.
    fails(world, "ana")
    assert "What helps with it" in world.last("ana")
    world.presses("ana", "Read it here")
    assert "Send a link, not a file." in world.last("ana")

    # Still unclear: the question begins with what was missed, and what was chosen there.
    world.presses("ana", "Still unclear")
    assert "without your name" in world.last("ana")
    world.presses("ana", "Ask a colleague")
    assert world.form is not None
    [question] = [f for f in world.form.fields if f.name == "question"]
    begun = str(question.value)
    assert "In the quiz “Customer data”: Case share-" in begun
    assert "send it" in begun
    assert "“Sharing well”" in begun
    item = begun.split("Case ")[1].split(":", maxsplit=1)[0]
    assert world.form.args["about"] == f"item:{item} section:read-share"
    world.fills("ana", question=f"{begun} why does it leak?", topic="travel")
    assert world.question().about == f"item:{item} section:read-share"

    # An expert answers; what is accepted stands in the FAQ, under the item and the section.
    helper = world.who_was_asked()[-1]
    world.presses(helper, "I take it")
    world.presses(helper, "Answer")
    world.fills(helper, answer=ANSWER)
    world.presses("ana", "That’s the answer")
    world.passes(minutes=1)
    [article] = world.articles()
    assert article.title.startswith("Why does it leak? (In the quiz “Customer data”: Case share-")
    with world.database.transaction() as work:
        for about in (f"item:{item}", "section:read-share"):
            [answered] = work.library.answers(WORKSPACE, [about], 9)
            assert (answered.article, answered.text) == (article.id, ANSWER)
    world.reads("ben")
    assert ANSWER in world.last("ben")
    assert "Ana" not in world.last("ben")

    # After three people the steward hears of it, with what they asked and not who.
    assert world.issues() == []
    world.presses("ben", "Ask about this")
    world.fills("ben", question="About “Sharing well”: which link is meant?", topic="travel")
    world.passes(minutes=1)
    world.finds_unclear("cem")
    assert world.issue().state is State.OPEN
    assert world.issue().n == 3
    world.passes(days=2)
    [letter] = [text for text in world.dms("sam") if "People do not understand this" in text]
    assert "Sharing well" in letter
    world.presses("sam", "Look at it")
    shown = world.last("sam")
    assert "which link is meant?" in shown
    assert "why does it leak?" in shown
    for name in ("Ana", "Ben", "Cem"):
        assert name not in shown
    assert world.asked_about("section:read-share") == [2, 1]

    # The steward rewrites it; it is not closed by that.
    world.presses("sam", "Change it")
    world.fills("sam", body_a="Send a link: it can be *taken back*.", note="Say why a link")
    assert "is changed" in world.last("sam")
    assert world.issue().state is State.CHANGED
    world.reads("lu")
    assert "it can be taken back" in world.last("lu")

    # Readers of the new version tell whether it helped.
    world.is_read_by(100, unclear=20, version="old", at=world.issue().raised_at)
    world.is_read_by(100, unclear=0, version="new", at=world.now)
    world.passes(days=1)
    assert world.issue().state is State.CLOSED
    world.says("sam", "/improve")
    world.chooses_in("sam", "Look at one", "Sharing well")
    assert "read it without asking: " in world.last("sam")
    assert "It is better since the change" in world.last("sam")

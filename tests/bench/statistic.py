"""How quick a quiz is evaluated: `python -m tests.bench.statistic`.

100,000 answers of first attempts, eight items each: to a quiz of 60 items, and to one of 5,000.
Measured is everything that is reckoned from them, with the flags of every item. Prints one JSON
object.
"""

import json
import random
import time
from typing import Final

from bot.pack.flag import flag_item
from bot.pack.statistic import Given, item_statistics, quiz_statistic
from tests.bot.item import CHOICE

ANSWERS: Final = 100_000
EACH: Final = 8
LIMITS: Final = {"seconds": 2}
WRONG: Final = ("a", "c", "d")


def make_answers(items: int) -> list[Given]:
    """Answers of people who know more or less, to items that are more or less hard."""
    rng = random.Random(items)
    hard = [rng.uniform(-0.2, 0.4) for _ in range(items)]
    given = []
    for attempt in range(ANSWERS // EACH):
        skill = rng.betavariate(5, 2)
        for item in rng.sample(range(items), EACH):
            right = rng.random() < skill - hard[item]
            given.append(
                Given(
                    item=f"item-{item}",
                    attempt=f"attempt-{attempt}",
                    credit=float(right),
                    right=right,
                    passed=skill > 0.7,
                    certainty=rng.choice((None, 1, 2, 3)),
                    chosen=() if right else (rng.choice(WRONG),),
                    seconds=rng.lognormvariate(3, 0.5),
                )
            )
    return given


def measure(items: int) -> dict[str, object]:
    """Seconds for everything that is said of a quiz with so many items."""
    given = make_answers(items)
    began = time.perf_counter()
    found = item_statistics(given)
    quiz = quiz_statistic(given)
    flags = [flag_item(CHOICE, item, item, 30.0) for item in found.values()]
    seconds = time.perf_counter() - began
    return {
        "seconds": round(seconds, 2),
        "items": len(found),
        "flagged": sum(bool(raised) for raised in flags),
        "people": quiz.n if quiz else 0,
    }


def main() -> None:
    """Print the figures."""
    figures = {f"items_{items}": measure(items) for items in (60, 5_000)}
    print(
        json.dumps(
            {"bench": "statistic", "answers": ANSWERS, "limits": LIMITS, **figures}, indent=2
        )
    )


if __name__ == "__main__":
    main()

"""Items of every type, small enough to reckon with."""

from pydantic import TypeAdapter

from bot.pack.item import (
    Branching,
    Item,
    Matching,
    MultiSelect,
    Numeric,
    Ordering,
    ScenarioChoice,
    ShortText,
    SpotProblem,
)

CHOICE = ScenarioChoice.model_validate(
    {
        "id": "choice",
        "type": "scenario_choice",
        "objective": "one",
        "stem": "A caller asks for an address. What do you do?",
        "feedback": "Use a channel that you trust already.",
        "options": [
            {"id": "a", "text": "Tell them", "feedback": "Anybody can call.",
             "consequence": {"text": "The account is taken over.", "severity": "critical"}},
            {"id": "b", "text": "Call back", "score": 1, "feedback": "A channel we trust."},
            {"id": "c", "text": "Ask for a mail", "score": 0.3,
             "consequence": {"text": "It takes a day.", "severity": "minor"}},
            {"id": "d", "text": "Hang up"},
        ],
    }
)  # fmt: skip
SELECT = MultiSelect.model_validate(
    {
        "id": "select",
        "type": "multi_select",
        "objective": "one",
        "stem": "What goes into the ticket?",
        "options": [
            {"id": "a", "text": "Number", "correct": True, "feedback": "It names the case."},
            {"id": "b", "text": "Amounts", "correct": True},
            {"id": "c", "text": "Times", "correct": True, "feedback": "They find the logs."},
            {"id": "d", "text": "Address", "correct": False, "feedback": "Not needed."},
            {"id": "e", "text": "Screenshot", "correct": False},
            {"id": "f", "text": "Card number", "correct": False,
             "consequence": {"text": "Card rules hold now.", "severity": "critical"}},
        ],
    }
)  # fmt: skip
ORDER = Ordering.model_validate(
    {
        "id": "order",
        "type": "ordering",
        "objective": "two",
        "stem": "In which order?",
        "steps": [
            {"id": "s1", "text": "Recall"},
            {"id": "s2", "text": "Report"},
            {"id": "s3", "text": "Keep"},
            {"id": "s4", "text": "Wait"},
        ],
    }
)
MATCH = Matching.model_validate(
    {
        "id": "match",
        "type": "matching",
        "objective": "two",
        "stem": "Which route?",
        "pairs": [
            {"id": "p1", "left": "A colleague", "right": "Link"},
            {"id": "p2", "left": "A supplier", "right": "Share"},
            {"id": "p3", "left": "Another colleague", "right": "Link"},
        ],
        "distractors": ["Mail", "Zip"],
    }
)
NUMBER = Numeric.model_validate(
    {
        "id": "number",
        "type": "numeric",
        "objective": "three",
        "stem": "How many hours are left?",
        "answer": 7.5,
        "tolerance": 0.5,
        "unit": "hours",
        "near_misses": [
            {"value": 72, "tolerance": 0.5, "score": 0, "feedback": "The weekend counts."},
            {"value": 6.5, "tolerance": 0.4, "score": 0.5, "feedback": "Nearly."},
        ],
    }
)
TEXT = ShortText.model_validate(
    {
        "id": "text",
        "type": "short_text",
        "objective": "three",
        "stem": "Whom do you tell first?",
        "accept": [
            {"match": "exact", "value": "incident lead"},
            {"match": "contains", "value": "data incident", "score": 1, "feedback": "Yes."},
            {"match": "regex", "value": "(my )?(boss|manager)", "score": 0.5, "feedback": "Then?"},
        ],
    }
)
CASE = Branching.model_validate(
    {
        "id": "case",
        "type": "branching",
        "objective": "four",
        "stem": "A case in three steps.",
        "start": "n1",
        "nodes": {
            "n1": {
                "text": "A director wants a list.",
                "options": [
                    {"id": "a", "text": "Send it", "next": "n3", "score": 0,
                     "consequence": {"text": "It is out.", "severity": "major"}},
                    {"id": "b", "text": "Call her", "next": "n2", "score": 1, "feedback": "Good."},
                    {"id": "c", "text": "Ignore it", "next": "n2", "score": 0.3},
                ],
            },
            "n2": {
                "text": "It is her.",
                "options": [
                    {"id": "a", "text": "Figures only", "score": 1},
                    {"id": "b", "text": "The list", "score": 0},
                ],
            },
            "n3": {
                "text": "It was not her.",
                "options": [
                    {"id": "a", "text": "Report", "score": 0.5},
                    {"id": "b", "text": "Write to them", "score": 0},
                ],
            },
        },
    }
)  # fmt: skip
SPOT = SpotProblem.model_validate(
    {
        "id": "spot",
        "type": "spot_problem",
        "objective": "four",
        "stem": "What should not be in it?",
        "lines": [
            {"id": "l1", "text": "order"},
            {"id": "l2", "text": "mail", "problem": True, "why": "Names the person."},
            {"id": "l3", "text": "times"},
            {"id": "l4", "text": "notes", "problem": True, "why": "Hold anything."},
            {"id": "l5", "text": "area"},
            {"id": "l6", "text": "birthday", "problem": True, "why": "Plays no part."},
            {"id": "l7", "text": "carrier"},
        ],
    }
)
EVERY: tuple[Item, ...] = (CHOICE, SELECT, ORDER, MATCH, NUMBER, TEXT, CASE, SPOT)
ADAPTER: TypeAdapter[Item] = TypeAdapter(Item)

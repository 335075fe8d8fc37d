"""Changing in chat what is written: the same rules as for the files, a new version, and why."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeAlias

from pydantic import ValidationError

from bot.attention import Wish, book
from bot.capabilities.library import messages
from bot.capabilities.library.access import find_own_thing
from bot.capabilities.library.step import note
from bot.capabilities.library.thing import Thing, find_thing
from bot.capabilities.library.work import LibraryWork
from bot.context import Context
from bot.errors import Conflict, Invalid, NotAllowed
from bot.form import AnyField, ChoiceField, DateField, LongTextField, TextField
from bot.ids import WorkspaceId
from bot.inbound import Command
from bot.message import Args, Option, shorten
from bot.outbox import Letter, Priority, ToPerson
from bot.pack.answer import parse_number
from bot.pack.issue import EventKind, can, step
from bot.pack.item import (
    Item,
    Matching,
    MultiSelect,
    Numeric,
    Ordering,
    ScenarioChoice,
    SpotProblem,
)
from bot.pack.key import same_key
from bot.pack.markdown import chunks_of
from bot.pack.model import Content, Quiz, Section, Tip
from bot.pack.ports import Put
from bot.people import Person
from bot.reply import Reply
from bot.topic import Topic

Path: TypeAlias = tuple[str | int, ...]
"""Where something stands in a value, as pydantic says it."""
Fault: TypeAlias = tuple[Path, str]
Check: TypeAlias = Callable[[Section | Tip | Item], Sequence[Fault]]
"""What is wrong with a thing by itself, by the rules that its files are held to."""

CHUNK = 2_800
MOST_CHUNKS = 6
_LETTERS = "abcdefghij"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the form, and where in the value its words stand."""

    path: Path
    field: AnyField


def entries_of(value: Section | Tip | Item) -> list[Entry] | None:
    """What of a thing can be changed in a form; None where a paragraph is too long for one."""
    match value:
        case Section():
            return _section_entries(value)
        case Tip():
            entries = [
                _long(("text",), "text", "Tip", value.text, 600),
                _long(("try_it",), "try_it", "Something to try", value.try_it, 600, must=False),
            ]
            if value.check is not None:
                entries.append(_long(("check", "q"), "q", "Question", value.check.q, 1_500))
                for i, option in enumerate(value.check.options):
                    entries += _option(("check", "options", i), i, option.text, option.feedback)
            return [*entries, _day(value.review_by)]
        case _:
            return _item_entries(value)


def _section_entries(value: Section) -> list[Entry] | None:
    chunks = chunks_of(value.body, CHUNK)
    if chunks is None or len(chunks) > MOST_CHUNKS:
        return None
    entries = [
        _line(("title",), "title", "Title", value.title, 150),
        _long(("summary",), "summary", "In short", value.summary, 400),
        _line(("minutes",), "minutes", "Minutes to read", str(value.minutes), 2),
        _day(value.review_by),
    ]
    for place, chunk in enumerate(chunks):
        label = "Text" if place == 0 else "Text, continued"
        hint = messages.MARKDOWN if place == 0 else None
        field = LongTextField(
            name=f"body_{_LETTERS[place]}", label=label, hint=hint, value=chunk, max_length=3_000
        )
        entries.append(Entry(("body",), field))
    return entries


def _item_entries(value: Item) -> list[Entry]:
    entries = [_long(("stem",), "stem", "What is asked", value.stem, 1_500)]
    match value:
        case ScenarioChoice():
            for i, option in enumerate(value.options):
                entries += _option(("options", i), i, option.text, option.feedback)
            best = max(range(len(value.options)), key=lambda i: value.options[i].score)
            options = tuple(
                Option(label=shorten(f"{_LETTERS[i].upper()}: {option.text}", 75), value=str(i))
                for i, option in enumerate(value.options)
            )
            field = ChoiceField(
                name="best", label="Which is the best?", options=options, value=str(best)
            )
            entries.append(Entry(("best",), field))
        case MultiSelect():
            for i, ticked in enumerate(value.options):
                right = "is to be chosen" if ticked.correct else "is not to be chosen"
                label = f"Option {_LETTERS[i].upper()} ({right})"
                path: Path = ("options", i, "text")
                entries.append(_line(path, f"text_{_LETTERS[i]}", label, ticked.text, 300))
        case SpotProblem():
            for i, line in enumerate(value.lines):
                label = f"Line {i + 1}" + (" (a problem)" if line.problem else "")
                path = ("lines", i, "text")
                entries.append(_line(path, f"text_{_LETTERS[i]}", label, line.text, 300))
        case Ordering():
            for i, one in enumerate(value.steps):
                path = ("steps", i, "text")
                entries.append(_line(path, f"text_{_LETTERS[i]}", f"Step {i + 1}", one.text, 300))
        case Matching():
            for i, pair in enumerate(value.pairs):
                letter = _LETTERS[i]
                left, right_side = ("pairs", i, "left"), ("pairs", i, "right")
                entries.append(_line(left, f"left_{letter}", f"Left {i + 1}", pair.left, 300))
                entries.append(
                    _line(right_side, f"right_{letter}", f"Right {i + 1}", pair.right, 300)
                )
        case Numeric():
            entries += [
                _line(("answer",), "answer", "Right answer", f"{value.answer:.15g}", 30),
                _line(("tolerance",), "tolerance", "Right within", f"{value.tolerance:.15g}", 30),
                _line(("unit",), "unit", "Unit", value.unit, 40, must=False),
            ]
        case _:
            pass
    principle = _long(("feedback",), "feedback", "The principle", value.feedback, 600, must=False)
    return [*entries, principle]


def _option(path: Path, i: int, text: str, feedback: str) -> list[Entry]:
    letter = _LETTERS[i]
    name = letter.upper()
    return [
        _line((*path, "text"), f"text_{letter}", f"Option {name}", text, 300),
        _long(
            (*path, "feedback"),
            f"feedback_{letter}",
            f"What is said to who chooses {name}",
            feedback,
            600,
            must=False,
        ),
    ]


def _line(path: Path, name: str, label: str, value: str, limit: int, *, must: bool = True) -> Entry:
    field = TextField(name=name, label=label, value=value, max_length=limit, required=must)
    return Entry(path, field)


def _long(path: Path, name: str, label: str, value: str, limit: int, *, must: bool = True) -> Entry:
    field = LongTextField(name=name, label=label, value=value, max_length=limit, required=must)
    return Entry(path, field)


def _day(value: date | None) -> Entry:
    told = value.isoformat() if value is not None else None
    field = DateField(name="review_by", label="To be read again by", value=told)
    return Entry(("review_by",), field)


# --- the form -------------------------------------------------------------------------


def form(_context: Context, work: LibraryWork, command: Command) -> Reply:
    """*Change it*."""
    thing = find_own_thing(work, command.person, command.args)
    value, entries = _editable(work, command.person.workspace, thing)
    rest = "" if isinstance(value, Section) else messages.THE_REST
    args = {"about": thing.about, "version": _version_of(work, command.person.workspace, thing)}
    return Reply(form=messages.edit_form(thing, [e.field for e in entries], dict(args), rest))


def _editable(
    work: LibraryWork, workspace: WorkspaceId, thing: Thing
) -> tuple[Section | Tip | Item, list[Entry]]:
    topic = work.topics.get(workspace, thing.topic)
    quiz = thing.quiz
    if (topic is not None and topic.regulated) or (
        quiz is not None and quiz.policy.requirement == "regulatory"
    ):
        raise NotAllowed(messages.REGULATED)
    if isinstance(thing.value, Quiz | Topic) or thing.retired:
        raise NotAllowed(messages.IN_FILES)
    entries = entries_of(thing.value)
    if entries is None:
        raise NotAllowed(messages.TOO_LONG_TO_CHANGE)
    return thing.value, entries


def _version_of(work: LibraryWork, workspace: WorkspaceId, thing: Thing) -> str:
    """What was read, to the letter: of an item its newest version, not its family."""
    editions = work.packs.history(workspace, thing.kind, thing.id)
    return editions[0].version if editions else thing.version


def keep(check: Check, context: Context, work: LibraryWork, command: Command) -> Reply:
    """The form: what stands there from now on."""
    person = command.person
    thing = find_own_thing(work, person, command.args)
    value, entries = _editable(work, person.workspace, thing)
    if command.args.get("version") != _version_of(work, person.workspace, thing):
        raise Conflict(messages.CHANGED_MEANWHILE)
    values = command.values
    wrong = {}
    meaning = values.get("meaning", "")
    if meaning not in messages.MEANINGS:
        wrong["meaning"] = messages.NO_MEANING
    why = " ".join(values.get("note", "").split())[:300]
    if not why:
        wrong["note"] = messages.NO_NOTE
    changed, faults = _change(value, entries, values, check)
    if wrong or faults or changed is None:
        raise Invalid(fields={**faults, **wrong})
    if changed == value:
        raise Invalid(fields={"note": messages.NOTHING_DIFFERENT})
    reworded = meaning == messages.REWORDED
    if reworded and not _is_reworded(value, changed):
        raise Invalid(fields={"meaning": messages.ANOTHER_KEY})
    _put(context, work, person, thing, changed, why, reworded=reworded)
    after = find_thing(work, person.workspace, thing.about) or thing
    watched = _tell_issues(context, work, person, after, reworded=reworded)
    told = 0 if reworded else _tell_listeners(context, work, person, after)
    return Reply(message=messages.kept(after, told=told, watched=watched and not reworded))


def _is_reworded(before: Section | Tip | Item, after: Section | Tip | Item) -> bool:
    """Whether figures about the one still tell of the other."""
    if isinstance(before, Section | Tip) or isinstance(after, Section | Tip):
        return True
    return same_key(before, after)


def _change(
    value: Section | Tip | Item,
    entries: Sequence[Entry],
    values: Mapping[str, str],
    check: Check,
) -> tuple[Section | Tip | Item | None, dict[str, str]]:
    """The value with what was typed, and what is wrong with it by field."""
    told = value.model_dump(mode="json")
    faults: dict[str, str] = {}
    body: list[str] = []
    for entry in entries:
        said = values.get(entry.field.name, "").replace("\r\n", "\n").strip()
        if entry.field.required and not said:
            faults[entry.field.name] = messages.EMPTY
        elif entry.path == ("body",):
            body += [said] if said else []
        elif entry.path == ("best",):
            _choose_best(told, said, faults)
        else:
            try:
                _set(told, entry.path, _read(entry.path, said))
            except ValueError as error:
                faults[entry.field.name] = str(error)
    if any(entry.path == ("body",) for entry in entries):
        told["body"] = "\n\n".join(body)
    if faults:
        return None, faults
    try:
        changed = type(value).model_validate(told)
    except ValidationError as error:
        found = [(tuple(one["loc"]), one["msg"]) for one in error.errors()]
        return None, _by_field(entries, found)
    return changed, _by_field(entries, check(changed))


def _read(path: Path, said: str) -> Any:
    match path:
        case ("minutes",):
            if not said.isdecimal():
                raise ValueError(messages.NO_NUMBER)
            return int(said)
        case ("answer",) | ("tolerance",):
            number = parse_number(said)
            if number is None:
                raise ValueError(messages.NO_NUMBER)
            return number
        case ("review_by",):
            if not said:
                return None
            try:
                return date.fromisoformat(said).isoformat()
            except ValueError:
                raise ValueError(messages.NO_DAY) from None
        case _:
            return said


def _set(told: Any, path: Path, said: Any) -> None:
    for step_ in path[:-1]:
        told = told[step_]
    told[path[-1]] = said


def _choose_best(told: dict[str, Any], said: str, faults: dict[str, str]) -> None:
    options = told["options"]
    if said not in {str(i) for i in range(len(options))}:
        faults["best"] = messages.NO_MEANING
        return
    before = max(range(len(options)), key=lambda i: options[i]["score"])
    if int(said) != before:
        options[before]["score"], options[int(said)]["score"] = options[int(said)]["score"], 1


def _by_field(entries: Sequence[Entry], faults: Sequence[Fault]) -> dict[str, str]:
    """Each fault at the field whose words it is about; else at the first."""
    found: dict[str, str] = {}
    for path, said in faults:
        at = next((e for e in entries if e.path == path[: len(e.path)]), None)
        at = at or next((e for e in entries if path and path == e.path[: len(path)]), entries[0])
        found.setdefault(at.field.name, said[:1].upper() + said[1:])
    return found


# --- what follows ---------------------------------------------------------------------


def _put(
    context: Context,
    work: LibraryWork,
    person: Person,
    thing: Thing,
    changed: Section | Tip | Item,
    why: str,
    *,
    reworded: bool,
) -> None:
    whole: Content
    editorial = frozenset[str]()
    if isinstance(changed, Section | Tip):
        whole = changed
    else:
        quiz = thing.quiz
        if quiz is None:
            raise NotAllowed(messages.IN_FILES)
        items = tuple(changed if item.id == changed.id else item for item in quiz.items)
        whole = quiz.model_copy(update={"items": items})
        editorial = frozenset({changed.id}) if reworded else editorial
    work.packs.put(
        person.workspace, [Put(whole, thing.pack, context.now, person.id, why, editorial)]
    )


def _tell_issues(
    context: Context, work: LibraryWork, person: Person, thing: Thing, *, reworded: bool
) -> bool:
    """Whatever is open about the thing hears of it. Whether there was anything."""
    kind = EventKind.REWORDED if reworded else EventKind.CHANGED
    found = False
    for issue in work.issues.about(person.workspace, thing.about):
        if can(issue, kind):
            data: Args = {"version": thing.version}
            after = step(work.issues, issue, kind, context.now, person.id, data)
            note(context, work, after, kind.value)
            found = True
    return found


def _tell_listeners(context: Context, work: LibraryWork, by: Person, thing: Thing) -> int:
    """Who wanted to be told is told, once; not whoever has just done it."""
    if not isinstance(thing.value, Section):
        return 0
    wishes = []
    for id_ in work.library.take_listeners(by.workspace, thing.about):
        person = work.people.get(id_)
        if person is None or not person.active or person.id == by.id:
            continue
        letter = Letter(
            key=f"library:{thing.about}:{thing.version}:{person.id}",
            to=ToPerson(person=person.id),
            message=messages.rewritten(thing.value),
            kind="library.rewritten",
            priority=Priority.TIP,
            because=messages.BECAUSE_ASKED,
        )
        wishes.append(Wish(person, letter))
    if wishes:
        book(context, work, wishes)
    return len(wishes)

"""Who is in which team, at which site, and who manages whom, as the organisation's own file says.

No platform tells that. What a platform tells of people (`bot.directory`) never touches it, and who
is not in the file stays as they are. A file counts as a whole or not at all.
"""

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from bot.ids import WorkspaceId
from bot.people import Person
from bot.textfile import Problems, read_lines, suggest

MAX_NAME = 75
"""So long may a team or site be called, to be an option of a form on every platform."""
ADDRESS, TEAM, SITE, MANAGER, NAME = "address", "team", "site", "manager", "name"
COLUMNS = (ADDRESS, NAME, TEAM, SITE, MANAGER)
_TOLD = (TEAM, SITE, MANAGER)
_SEPARATORS = ",;\t"
_FORMULA = ("=", "+", "-", "@")
_UNKEEPABLE = re.compile("[\x00-\x1f\x7f\ud800-\udfff\ufffd]")

HELP = """Say who is in which team, at which site, and who manages whom, from a .csv file.

A header names its columns: address, and team, site, manager or some of these. An address is a
member id in Slack (U012AB3CD; “userid” in the member list that administrators can export) and an
object id in Entra; a manager is named by the same. `inflow people export` prints such a file of
all who are known here, to be filled in; its column name is passed over.

An empty field says that there is none; a manager who is not known here changes nothing. Who is
not in the file stays as they are, and so does what it has no column for. Who is not known here yet
is left out and counted: import the file again later. Anything wrong is said by line and column,
and then nothing is changed."""


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in a field, and where: `file:line:column`."""

    text: str
    place: str


@dataclass(frozen=True, slots=True)
class Roster:
    """A file that can be read. Each row has the columns that its header has."""

    rows: Sequence[Mapping[str, Cell]]
    columns: Sequence[str]


@dataclass(frozen=True, slots=True)
class Taken:
    """What a file changed, as counts; `notes` say by place what could not be taken."""

    rows: int
    here: int
    changed: int
    by_column: Mapping[str, int] = field(default_factory=dict)
    absent: int = 0
    notes: Sequence[str] = ()
    people: int = 0
    teams: int = 0
    sites: int = 0
    emptied: Sequence[str] = ()
    left: Sequence[str] = ()
    """The sites at which nobody is any more, as `emptied` are the teams."""
    cleared: Mapping[str, int] = field(default_factory=dict)
    """Of how many of `by_column` nothing is known any more."""
    managed: int = 0


class _People(Protocol):
    def everybody(self, workspace: WorkspaceId) -> Sequence[Person]: ...

    def place(self, people: Sequence[Person]) -> None: ...


class RosterWork(Protocol):
    """What taking a file needs."""

    @property
    def people(self) -> _People: ...


# --- reading ------------------------------------------------------------------------------------


def read_roster(path: Path) -> Roster:
    """The rows of a CSV file, UTF-8, separated by commas, semicolons or tabs.

    Raises:
        Unreadable: something is wrong with it; says each by line and column.
    """
    problems = Problems()
    header: list[Cell] = []
    separator = ","
    rows: list[Mapping[str, Cell]] = []
    for number, line, good in read_lines(path, problems):
        text = line.rstrip("\r\n")
        if not good or not text.strip():
            continue
        if not header:
            separator = max(_SEPARATORS, key=text.count)
        cells = list(_split(f"{path}:{number}", text, separator, problems))
        if not header:
            # Without it, nothing can be said of the lines below.
            problems.raise_any()
        if not any(cell.text for cell in cells):
            continue
        if not header:
            header = [replace(cell, text=cell.text.casefold()) for cell in cells]
            _check_header(header, problems)
            problems.raise_any()
            continue
        end = f"{path}:{number}:{len(text) + 1}"
        cells += [Cell("", end) for _ in header[len(cells) :]]
        if any(cell.text for cell in cells[len(header) :]):
            problems.note(
                cells[len(header)].place,
                f"there are {len(cells)} fields, and {len(header)} in the header. A field with "
                f"“{separator}” in it is put in quotes.",
            )
        else:
            rows.append(_name(header, cells, problems))
    if not rows and not problems.total:
        problems.note(f"{path}:1:1", "the file holds no rows under a header.")
    _check_rows(rows, problems)
    problems.raise_any()
    return Roster(rows, [cell.text for cell in header if cell.text])


def _name(header: Sequence[Cell], cells: Sequence[Cell], problems: Problems) -> Mapping[str, Cell]:
    """The fields of a row by their columns; one that no column names holds nothing."""
    for name, cell in zip(header, cells, strict=False):
        if cell.text and not name.text:
            problems.note(cell.place, "the header has no name for this column.")
    return {name.text: cell for name, cell in zip(header, cells, strict=False) if name.text}


def _split(place: str, line: str, separator: str, problems: Problems) -> Iterator[Cell]:
    """The fields of a line; none where its quotes are broken."""
    starts, is_quoted = [0], False
    for at, character in enumerate(line):
        if character == '"':
            is_quoted = not is_quoted
        elif character == separator and not is_quoted:
            starts.append(at + 1)
    try:
        texts = next(csv.reader([line], delimiter=separator, strict=True))
    except csv.Error:
        texts = []
    if not texts and "\r" in line:
        problems.note(
            f"{place}:{line.find(chr(13)) + 1}",
            "this line ends in a way that is not read (CR alone). Please save it as CSV UTF-8.",
        )
        return
    if len(texts) != len(starts):
        problems.note(
            f"{place}:{starts[-1] + 1}",
            "the quotes are broken: a field with a quote in it is put in quotes, its own are "
            "doubled, and it ends on the same line.",
        )
        return
    for text, start in zip(texts, starts, strict=True):
        yield Cell(" ".join(text.split()), f"{place}:{start + 1}")


def _check_header(header: Sequence[Cell], problems: Problems) -> None:
    names = [cell.text for cell in header]
    for at, cell in enumerate(header):
        if not cell.text:
            continue
        if cell.text not in COLUMNS:
            problems.note(
                cell.place,
                f"“{cell.text[:MAX_NAME]}” is no column here{suggest(cell.text, COLUMNS)}. Rename "
                f"it, or take it out: {', '.join(COLUMNS)} are read.",
            )
        elif cell.text in names[:at]:
            problems.note(cell.place, f"the column {cell.text} is there twice; keep one.")
    if ADDRESS not in names:
        problems.note(header[0].place, "there is no column address, which says who is meant.")
    elif not problems.total and not set(names) & set(_TOLD):
        problems.note(header[0].place, "there is none of the columns team, site and manager.")


def _check_rows(rows: Sequence[Mapping[str, Cell]], problems: Problems) -> None:
    seen: dict[str, str] = {}
    spelled: dict[tuple[str, str], Cell] = {}
    for row in rows:
        address = row[ADDRESS]
        key = address.text.casefold()
        if not key:
            problems.note(address.place, "the address is missing: who is it?")
        elif key in seen:
            problems.note(address.place, f"this address is there already, in line {seen[key]}.")
        else:
            seen[key] = address.place.split(":")[-2]
        for name in (ADDRESS, MANAGER):
            if name in row and "@" in row[name].text:
                problems.note(
                    row[name].place,
                    "this is an e-mail address, and Inflow knows none: write the member id of "
                    "Slack, or the object id of Entra.",
                )
        if MANAGER in row and key and row[MANAGER].text.casefold() == key:
            problems.note(row[MANAGER].place, "nobody is their own manager; leave it empty.")
        for name in (TEAM, SITE):
            if name in row and row[name].text:
                _check_name(name, row[name], spelled, problems)


def _check_name(
    name: str, cell: Cell, spelled: dict[tuple[str, str], Cell], problems: Problems
) -> None:
    if len(cell.text) > MAX_NAME:
        problems.note(
            cell.place, f"a {name} has at most {MAX_NAME} characters, and this {len(cell.text)}."
        )
    if _UNKEEPABLE.search(cell.text):
        problems.note(cell.place, f"this {name} holds a character that cannot be kept.")
    first = spelled.setdefault((name, cell.text.casefold()), cell)
    if first.text != cell.text:
        line = first.place.split(":")[-2]
        problems.note(
            cell.place,
            f"“{cell.text}” is written “{first.text}” in line {line}: write it in one way.",
        )


# --- taking -------------------------------------------------------------------------------------


def take(work: RosterWork, workspace: WorkspaceId, roster: Roster) -> Taken:
    """Keep what a file says, in the caller's transaction.

    Raises:
        Unreadable: nobody in it is known here.
    """
    everybody = work.people.everybody(workspace)
    known = {person.address.casefold(): person for person in everybody}
    there = [row for row in roster.rows if row[ADDRESS].text.casefold() in known]
    problems = Problems()
    if not there:
        problems.note(
            roster.rows[0][ADDRESS].place,
            "nobody here has any of these addresses. Compare them with: inflow people export",
        )
        problems.raise_any()
    for row in roster.rows:
        if row[ADDRESS].text.casefold() not in known:
            problems.note(row[ADDRESS].place, "nobody here has this address; left out.")
        elif _manager(row, lambda key: key not in known):
            problems.note(row[MANAGER].place, "this manager is not known here; left as it was.")
    after = dict(known)
    for row in there:
        key = row[ADDRESS].text.casefold()
        after[key] = _told(known[key], row, known)
    changed = [person for key, person in after.items() if person != known[key]]
    work.people.place(sorted(changed, key=lambda person: person.id))
    now = after.values()
    return Taken(
        rows=len(roster.rows),
        here=len(there),
        changed=len(changed),
        by_column={
            name: sum(getattr(known[key], name) != getattr(after[key], name) for key in known)
            for name in _TOLD
            if name in roster.columns
        },
        cleared={
            name: sum(
                getattr(known[key], name) is not None and getattr(after[key], name) is None
                for key in known
            )
            for name in _TOLD
        },
        absent=len(roster.rows) - len(there),
        notes=problems.told,
        people=len(everybody),
        teams=len(_teams(now)),
        sites=len(_sites(now)),
        emptied=sorted(_teams(everybody) - _teams(now)),
        left=sorted(_sites(everybody) - _sites(now)),
        managed=sum(person.manager is not None for person in now),
    )


def _teams(people: Iterable[Person]) -> set[str]:
    return {person.team for person in people if person.team}


def _sites(people: Iterable[Person]) -> set[str]:
    return {person.site for person in people if person.site}


def _manager(row: Mapping[str, Cell], is_so: Callable[[str], bool]) -> bool:
    key = row[MANAGER].text.casefold() if MANAGER in row else ""
    return bool(key) and is_so(key)


def _told(person: Person, row: Mapping[str, Cell], known: Mapping[str, Person]) -> Person:
    if TEAM in row:
        person = replace(person, team=row[TEAM].text or None)
    if SITE in row:
        person = replace(person, site=row[SITE].text or None)
    if MANAGER in row:
        manager = known.get(row[MANAGER].text.casefold())
        if manager is not None or not row[MANAGER].text:
            person = replace(person, manager=manager.id if manager is not None else None)
    return person


# --- telling ------------------------------------------------------------------------------------


def describe(taken: Taken) -> str:
    """What a file changed, in numbers, and what is known by now."""
    told = ", ".join(
        f"{name} {count:,}" + (f" ({cleared:,} now empty)" if cleared else "")
        for name, count in taken.by_column.items()
        for cleared in [taken.cleared.get(name)]
    )
    lines = [f"{taken.changed:,} of {taken.here:,} people changed: {told}."]
    if taken.absent:
        lines.append(f"{taken.absent:,} in the file are not known here, and were left out.")
    if taken.emptied:
        named = ", ".join(f"“{team}”" for team in taken.emptied)
        lines.append(
            f"Nobody is in {named} any more. A campaign that goes there reaches nobody new; was it "
            "renamed?"
        )
    if taken.left:
        named = ", ".join(f"“{site}”" for site in taken.left)
        lines.append(
            f"Nobody is at {named} any more. Groups of a campaign may have been drawn by it; was "
            "it renamed?"
        )
    lines.append(
        f"Known by now: {_count(taken.teams, 'team')}, {_count(taken.sites, 'site')}, and who "
        f"leads {taken.managed:,} of {_count(taken.people, 'person', 'people')}."
    )
    return "\n".join(lines)


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


def export(people: Sequence[Person]) -> Iterator[Sequence[str]]:
    """The rows of such a file for the people, with its header."""
    addresses = {person.id: person.address for person in people}
    yield COLUMNS
    for person in people:
        manager = addresses.get(person.manager, "") if person.manager is not None else ""
        # People name themselves, and a spreadsheet would reckon with what begins like a formula.
        name = f"'{person.name}" if person.name.startswith(_FORMULA) else person.name
        yield person.address, name, person.team or "", person.site or "", manager

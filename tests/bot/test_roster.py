"""A file of teams, sites and managers: what is wrong with one is said by line and column."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from bot.roster import export, read_roster
from bot.textfile import Unreadable
from tests.world import person

HEADER = "address,team,site,manager\n"


def problems(tmp_path: Path, text: str) -> list[str]:
    """What is said of a file, without its name."""
    path = tmp_path / "people.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(Unreadable) as caught:
        read_roster(path)
    return [line.removeprefix(f"{path}:") for line in caught.value.problems]


@pytest.mark.parametrize(
    "text",
    [
        f"{HEADER}ana,Customer care,Kiel,dana\n",
        f"\ufeff{HEADER}ana,Customer  care ,Kiel,dana",
        'Address;Team;Site;Manager\r\n\r\nana;"Customer care";Kiel;dana\r\n',
        f",,,\n{HEADER},,,\nana,Customer care,Kiel,dana\n , ,,\n",
        "address,team,site,manager,,\nana,Customer care,Kiel,dana,,\n",
        "address\tname\tteam\tsite\tmanager\nana\tAna\tCustomer care\tKiel\tdana\n",
    ],
)
def test_it_is_read_as_spreadsheets_write_it(tmp_path: Path, text: str) -> None:
    path = tmp_path / "people.csv"
    path.write_text(text, encoding="utf-8")
    [row] = read_roster(path).rows
    told = [row[name].text for name in ("address", "team", "site", "manager")]
    assert told == ["ana", "Customer care", "Kiel", "dana"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("address,tema\nana,Red\n", "1:9: “tema” is no column here (did you mean “team”?)."),
        ("team\nRed\n", "1:1: there is no column address"),
        ("address,name\nana,Ana\n", "1:1: there is none of the columns team"),
        ("address,team,team\nana,Red,Red\n", "1:14: the column team is there twice"),
        (HEADER, "1:1: the file holds no rows"),
        (f"{HEADER}ana,Red\n ,Red,,\n", "3:1: the address is missing"),
        (f"{HEADER}ana,Red\nben,Red\nANA,Blue\n", "4:1: this address is there already, in line 2."),
        (f"{HEADER}ana,Red,,\nben,red,,\n", "3:5: “red” is written “Red” in line 2"),
        (f"{HEADER}ana,Red,Kiel,ana\n", "2:14: nobody is their own manager"),
        (f"{HEADER}ana@x.org,Red,Kiel,\n", "2:1: this is an e-mail address"),
        (f"{HEADER}ana,Red,,d@x.org\n", "2:10: this is an e-mail address"),
        (f"{HEADER}ana,{'x' * 76},,\n", "2:5: a team has at most 75 characters, and this 76."),
        (f"{HEADER}ana,a\x00b,,\n", "2:5: this team holds a character that cannot be kept."),
        (f"{HEADER}ana,Red,Kiel,dana,Sales\n", "2:19: there are 5 fields, and 4 in the header."),
        (f'{HEADER}ana,"Red,Kiel\n', "2:5: the quotes are broken"),
        (f'{HEADER}ana,R"e,d,Kiel\n', "2:5: the quotes are broken"),
        ('"address,team\nana,Red\n', "1:1: the quotes are broken"),
        ("address,team\rana,Red\r", "1:13: this line ends in a way that is not read"),
        ("team,address\nTax\n", "2:4: the address is missing"),
        ("address,team,\nana,Red,Kiel\n", "2:9: the header has no name for this column."),
    ],
)
def test_what_is_wrong_is_said_by_line_and_column(tmp_path: Path, text: str, said: str) -> None:
    [line] = problems(tmp_path, text)
    assert line.startswith(said)


def test_a_row_that_is_shorter_than_the_header_has_nothing_in_the_fields_behind_it(
    tmp_path: Path,
) -> None:
    path = tmp_path / "people.csv"
    path.write_text(f"{HEADER}ana,Red\n", encoding="utf-8")
    [row] = read_roster(path).rows
    assert {name: cell.text for name, cell in row.items()} == {
        "address": "ana",
        "team": "Red",
        "site": "",
        "manager": "",
    }


def test_all_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    lines = problems(tmp_path, f"{HEADER},Red\n,Red\nana,,,ana\n")
    assert [re.match(r"\d+:\d+", line)[0] for line in lines] == ["2:1", "3:1", "4:7"]  # type: ignore[index]  # each has one


def test_a_file_in_another_encoding_is_said_to_be_so(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    for written, said in (
        (f"{HEADER}ana,Kö,,\n".encode("latin-1"), ":2: byte 6 (0xf6) is not UTF-8"),
        (f"{HEADER}ana,Red,,\n".encode("utf-16"), "this is UTF-16"),
    ):
        path.write_bytes(written)
        with pytest.raises(Unreadable, match=re.escape(said)):
            read_roster(path)


def test_who_is_known_is_printed_as_such_a_file() -> None:
    ana, dana = person("ana"), person("dana")
    rows = list(export([ana, dana]))
    assert rows[0] == ("address", "name", "team", "site", "manager")
    assert rows[1] == ("ana", "Ana", "", "", "")


@pytest.mark.parametrize("name", ['=HYPERLINK("http://x","Ana")', "+Ana", "-Ana", "@Ana"])
def test_no_name_is_printed_as_a_formula(name: str) -> None:
    [_, (_, printed, *_)] = export([replace(person("ana"), name=name)])
    assert printed == f"'{name}"

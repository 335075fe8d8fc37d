"""`inflow content import` and `inflow content export`: questions from and for other programs."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

if TYPE_CHECKING:
    from content.formats.landing import Landed

SHOWN = 12
"""Items that are named at once."""
PACK = click.option(
    "--pack",
    required=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The folder of the pack.",
)


@click.command("import")
@click.argument("format_", metavar="FORMAT", type=click.Choice(["gift", "aiken", "moodle-xml"]))
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@PACK
@click.option("--objective", required=True, metavar="ID", help="What the questions show.")
@click.option("--quiz", metavar="ID", help="The quiz; without it the one with that objective.")
@click.option("--topic", metavar="ID", help="What a new quiz is about.")
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
def import_questions(
    format_: str,
    file: Path,
    pack: Path,
    objective: str,
    quiz: str | None,
    topic: str | None,
    dry_run: bool,
) -> None:
    """Bring questions from FILE (gift, aiken or moodle-xml) to a quiz of a pack, as drafts.

    Nothing that is in the pack changes, and nobody is asked a draft. What is not brought along
    is named with its line, and inflow content check says what the drafts still need.

    For example: inflow content import gift bank.gift --pack first-aid --objective first-minute
    """
    from content.file import PackError  # noqa: PLC0415
    from content.formats.landing import Unlanded, land  # noqa: PLC0415
    from content.formats.question import Refused  # noqa: PLC0415

    try:
        landed = land(format_, file, pack, objective, quiz=quiz, topic=topic, dry_run=dry_run)
    except Refused as refused:
        click.echo(f"{file}:{refused.line}:1: error: {refused.message}")
        sys.exit(1)
    except PackError as error:
        _fail_broken(error.errors)
    except Unlanded as error:
        raise click.ClickException(str(error)) from error
    for problem in landed.problems:
        grade = "error" if problem.refused else "warning"
        click.echo(f"{file}:{problem.line}:1: {grade}: {problem.message}")
    if dry_run:
        click.echo("A dry run: nothing was kept. It would have been:", err=True)
    if not landed.items and not landed.problems:
        click.echo(f"{file}:1:1: error: the file holds no question")
        sys.exit(1)
    click.echo(_sum_up(landed), err=True)
    if not landed.items and any(problem.refused for problem in landed.problems):
        sys.exit(1)


@click.command("export")
@click.argument("format_", metavar="FORMAT", type=click.Choice(["gift", "moodle-xml"]))
@click.argument("quiz")
@PACK
def export_questions(format_: str, quiz: str, pack: Path) -> None:
    """Print the items of QUIZ for another program (gift or moodle-xml), but for retired ones.

    What has no place there is named, and stands in the pack as before.

    For example: inflow content export gift first-aid --pack first-aid > first-aid.gift
    """
    from content.file import PackError  # noqa: PLC0415
    from content.formats.landing import Unlanded, take  # noqa: PLC0415

    try:
        taken = take(format_, pack, quiz)
    except PackError as error:
        _fail_broken(error.errors)
    except Unlanded as error:
        raise click.ClickException(str(error)) from error
    click.echo(taken.text, nl=False)
    for problem in taken.problems:
        grade = "not exported" if problem.refused else "without"
        click.echo(f"{problem.about}: {grade}: {problem.message}", err=True)
    click.echo(f"{_count(taken.count, 'item')} exported.", err=True)


def _fail_broken(errors: Iterable[str]) -> NoReturn:
    for line in errors:
        click.echo(line, err=True)
    raise click.ClickException("The pack is broken; mend it first.")


def _sum_up(landed: "Landed") -> str:
    refused = sum(problem.refused for problem in landed.problems)
    left = f" {_count(refused, 'question')} left out." if refused else ""
    if not landed.items:
        return f"Nothing was added.{left}"
    drafts = _count(len(landed.items), "draft")
    lines = [f"{id_} (line {line})" for line, id_ in landed.items[:SHOWN]]
    if len(landed.items) > SHOWN:
        lines.append(f"and {len(landed.items) - SHOWN} more")
    where = f"{landed.path}, a new quiz" if landed.made else str(landed.path)
    return f"{drafts} added to {where}: {', '.join(lines)}.{left}"


def _count(number: int, one: str) -> str:
    return f"{number} {one}{'' if number == 1 else 's'}"


COMMANDS = (import_questions, export_questions)
"""For `inflow content`."""

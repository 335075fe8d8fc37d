"""The command line."""

import asyncio
import csv
import io
import json
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import datetime
from functools import partial, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, Self, TextIO, TypeVar

import click

from bot import roster
from bot.bootstrap import new_id, now
from bot.bootstrap.doctor import NAMES as GROUPS
from bot.bootstrap.doctor import doctor_groups
from bot.bootstrap.environment import SETTINGS_FILE, take_up
from bot.bootstrap.exchange import COMMANDS as EXCHANGE
from bot.bootstrap.letters import describe_lanes, read_lanes
from bot.bootstrap.log import configure_logs
from bot.bootstrap.platform import choose_site
from bot.bootstrap.playground import (
    PlaygroundSite,
    refuse_beside_platforms,
    refuse_beyond_this_machine,
)
from bot.bootstrap.site import SiteOf
from bot.bootstrap.store import (
    check_is_there,
    check_shared,
    copy_database,
    import_work,
    open_database,
)
from bot.capabilities.questions.evaluation import evaluate_routing
from bot.capabilities.questions.importing import (
    FAQ_HELP,
    QUESTIONS_HELP,
    ImportReport,
    describe,
    import_faq,
    import_questions,
)
from bot.capabilities.questions.source import read_faq, read_questions
from bot.doctor import as_json, describe_finding, examine, is_healthy, sum_up
from bot.errors import BotError
from bot.outbox import LetterState
from bot.search.evaluation import evaluate_faq
from bot.settings import Misconfigured, Settings, read_settings

if TYPE_CHECKING:
    from content.load import Loaded

P = ParamSpec("P")
R = TypeVar("R")


def _plainly(function: Callable[P, R]) -> Callable[P, R]:
    """What `inflow.env` says is in the environment, and errors that a person can mend come as
    sentences, with exit code 1."""

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            warning = take_up(SETTINGS_FILE, os.environ)
            if warning:
                click.echo(warning, err=True)
            return function(*args, **kwargs)
        except (BotError, Misconfigured, ValueError, OSError) as error:
            raise click.ClickException(str(error)) from error

    return run


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="inflow", prog_name="inflow")
def main() -> None:
    """Inflow: ask, and get a trusted answer at once or the right colleague soon.

    \b
    inflow run                       everything in one process: in Slack and Teams where their
                                     credentials are set, else in the playground
    inflow web, inflow worker        the same in several processes, on PostgreSQL
    inflow playground                the playground, whatever is set
    inflow slack manifest            what Slack wants to know to make the app
    inflow teams package             the same for Teams, as a file to upload
    inflow copy --from URL --to URL  move everything from SQLite to PostgreSQL
    inflow restored                  go on with a database that was restored from a backup
    inflow doctor                    what is wrong here, and how to mend it
    inflow letters                   what became of the letters
    inflow import faq FILE           bring an FAQ that you have
    inflow people import FILE        say who is in which team, and who manages whom
    inflow content check FOLDER      what is wrong with a pack of content, and what could be better
    inflow content sync FOLDER       bring a pack of content
    inflow content stats             what answers tell of quizzes, and what could be clearer
    inflow campaign plan FILE        what a campaign would do, or put it in as a draft
    inflow eval faq --data DIR       measure the search on your own questions
    inflow simulate                  play made-up people for weeks, and see what they would get

    Settings are environment variables, or lines NAME=value of a file inflow.env in the folder
    where it is started: INFLOW_DATABASE_URL, INFLOW_RELAY_KEY, PORT,
    INFLOW_HOST, INFLOW_METRICS_PORT, INFLOW_VECTORS, INFLOW_DEMO, INFLOW_ADMINS,
    INFLOW_PUBLIC_URL, INFLOW_TOKEN_KEYS, INFLOW_LOG_LEVEL; for Slack SLACK_BOT_TOKEN,
    SLACK_APP_TOKEN, SLACK_SIGNING_SECRET, SLACK_CLIENT_ID, SLACK_CLIENT_SECRET, SLACK_COMMANDS,
    SLACK_MESSAGES_A_MINUTE, SLACK_API_BASE_URL; for Teams MICROSOFT_APP_ID,
    MICROSOFT_APP_PASSWORD, MICROSOFT_APP_TENANT_ID, MICROSOFT_APP_TYPE, IDENTITY_ENDPOINT,
    IDENTITY_HEADER, TEAMS_MESSAGES_A_SECOND, TEAMS_ANONYMOUS, TEAMS_CONNECTOR_URL,
    TEAMS_LOGIN_URL, TEAMS_METADATA_URL. The README explains them.
    """


PORT = click.option(
    "--port", type=click.IntRange(0, 65_535), help="Port of the pages (or PORT); 0 is a free one."
)
BESIDE_PLATFORMS = click.option(
    "--beside-platforms",
    is_flag=True,
    help="Start although credentials of a real Slack or Teams are set.",
)
BEYOND_THIS_MACHINE = click.option(
    "--beyond-this-machine",
    is_flag=True,
    help="Listen on an INFLOW_HOST that others can reach: something else keeps strangers out.",
)


def _settings(port: int | None) -> Settings:
    """The settings of a process that has pages; its logs are set up."""
    settings = read_settings()
    if port is not None:
        settings = settings.model_copy(update={"port": port})
    configure_logs(settings.log_level)
    return settings


def _site(settings: Settings, *, beyond_this_machine: bool) -> SiteOf:
    """Where credentials of a platform are set that platform, else the playground."""
    chosen = choose_site(settings)
    return chosen or _playground(settings, beyond_this_machine=beyond_this_machine)


def _playground(
    settings: Settings, *, beyond_this_machine: bool, beside_platforms: bool = False
) -> SiteOf:
    refuse_beside_platforms(allowed=beside_platforms)
    refuse_beyond_this_machine(settings, allowed=beyond_this_machine)
    return PlaygroundSite


@main.command()
@PORT
@BEYOND_THIS_MACHINE
@_plainly
def run(port: int | None, beyond_this_machine: bool) -> None:
    """Do everything in one process: in Slack and Teams where their credentials are set, else in the
    playground.

    Makes or upgrades the database. Ctrl-C stops it; what was accepted is kept.

    For Slack set SLACK_BOT_TOKEN and SLACK_APP_TOKEN (Socket Mode) or SLACK_SIGNING_SECRET (HTTP);
    whether they are right says: inflow doctor slack

    For Teams set MICROSOFT_APP_ID, MICROSOFT_APP_TENANT_ID and MICROSOFT_APP_PASSWORD, and let
    Teams reach /api/messages; whether all is right says: inflow doctor teams
    """
    settings = _settings(port)
    site_of = _site(settings, beyond_this_machine=beyond_this_machine)
    from bot.bootstrap import process  # noqa: PLC0415 - other commands need no web server

    asyncio.run(process.run_embedded(settings, click.echo, site_of))


@main.command()
@PORT
@BESIDE_PLATFORMS
@BEYOND_THIS_MACHINE
@_plainly
def playground(port: int | None, beside_platforms: bool, beyond_this_machine: bool) -> None:
    """Serve the playground: several people in one browser, and a clock you can move.

    Loads the starter pack with its demo workspace at the first start. It lets everybody act as
    anybody, so it never opens a database that serves a real workspace.
    """
    settings = _settings(port)
    site_of = _playground(
        settings, beyond_this_machine=beyond_this_machine, beside_platforms=beside_platforms
    )
    from bot.bootstrap import process  # noqa: PLC0415 - as in `run`

    asyncio.run(process.run_embedded(settings, click.echo, site_of))


@main.command()
@PORT
@BEYOND_THIS_MACHINE
@_plainly
def web(port: int | None, beyond_this_machine: bool) -> None:
    """Take in what people do and show it, and let workers do the rest. Any number, on one
    PostgreSQL. In Slack and Teams where their credentials are set, else in the playground.

    Needs at least one `inflow worker` beside it, with the same settings. Ctrl-C or SIGTERM
    stops it.
    """
    settings = _settings(port)
    site_of = _site(settings, beyond_this_machine=beyond_this_machine)
    check_shared(settings, "web")
    from bot.bootstrap import scaled  # noqa: PLC0415 - `run` on SQLite does without its libraries

    asyncio.run(scaled.run_web(settings, click.echo, site_of))


@main.command()
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    help="Answer /healthz, /readyz and /metrics there (or INFLOW_METRICS_PORT).",
)
@_plainly
def worker(port: int | None) -> None:
    """Deliver letters and do what falls due. Any number, on one PostgreSQL.

    Ctrl-C or SIGTERM stops it: it finishes what is on the wire, within ten seconds.
    """
    settings = read_settings()
    if port is not None:
        settings = settings.model_copy(update={"metrics_port": port})
    configure_logs(settings.log_level)
    site_of = choose_site(settings) or PlaygroundSite
    check_shared(settings, "worker")
    from bot.bootstrap import scaled  # noqa: PLC0415 - as above

    asyncio.run(scaled.run_worker(settings, click.echo, site_of))


@main.command()
@_plainly
def migrate() -> None:
    """Bring the database to the schema of this version. `run` does it by itself."""
    with open_database(read_settings()) as database, database.transaction() as work:
        empty = "" if work.people.workspaces() else ", and empty"
        click.echo(f"The database is up to date{empty}.")


@main.command()
@click.option("--from", "source", required=True, help="Where everything is: sqlite:///file.db")
@click.option("--to", "target", required=True, help="An empty database: postgresql://...")
@_plainly
def copy(source: str, target: str) -> None:
    """Move an organisation to another database, and check every row.

    Stop every process of both first. Broken off, it goes on where it stopped when it is run
    again. The source stays as it is. The keys are in no database: they must go along.
    """
    configure_logs("error")
    with _Bars() as bars:
        copied = copy_database(source, target, bars.show)
    for each in copied:
        if each.rows:
            click.echo(f"{each.rows:>10,}  {each.table}")
    click.echo(
        f"Copied and checked: {sum(each.rows for each in copied):,} rows in {len(copied)} tables "
        "are the same in both databases.\n"
        "Now carry the relay key over: set INFLOW_RELAY_KEY where the new database is used to what "
        "it was, or to what stands in the .key file beside the SQLite file. Without it nobody who "
        "asked anonymously can be sent their answers. Where many workspaces installed the app on "
        "Slack, take INFLOW_TOKEN_KEYS along too, or what stands in the .tokens.key file: without "
        "it each of them has to install it again."
    )


def _read_moment(_context: click.Context, _option: click.Parameter, said: str | None) -> Any:
    try:
        moment = datetime.fromisoformat(said) if said else None
    except ValueError:
        moment = None
    if said and (moment is None or moment.tzinfo is None):
        raise click.BadParameter("Give a moment with its zone, as in 2026-03-02T10:00Z.")
    return moment


@main.command()
@click.option(
    "--until",
    metavar="MOMENT",
    callback=_read_moment,
    help="When the lost database was last used, as 2026-03-02T10:00Z; else now.",
)
@_plainly
def restored(until: datetime | None) -> None:
    """Take up the work on a database restored from a backup; before anything is started on it.

    What the backup shows as waiting may have been sent after it was taken. Does what has
    fallen due, and has every letter that may have been sent looked up before it is sent.
    """
    settings = read_settings()
    configure_logs(settings.log_level)
    from bot.bootstrap.restored import take_up_again  # noqa: PLC0415 - as in `run`

    letters = take_up_again(settings, until, choose_site(settings) or PlaygroundSite)
    click.echo(
        f"{letters:,} letters may have been sent after the backup was taken. Once Inflow runs they "
        "are looked up, and those that are missing are sent. Where a platform cannot be asked, "
        "answers, offers and deadlines are sent again, and the rest is not: "
        "inflow letters --state unknown"
    )


class _Bars:
    """A progress bar for one table after the other, on standard error."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._table: str | None = None
        self._bar: Any = None
        self._done = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._stack.close()

    def show(self, table: str, done: int, total: int) -> None:
        """`done` of `total` rows of a table are there; a table without any shows no bar."""
        if total == 0:
            return
        if table != self._table:
            self._stack.close()
            self._table, self._done = table, 0
            bar = click.progressbar(length=total, label=f"{table:20}", file=sys.stderr)
            self._bar = self._stack.enter_context(bar)
        self._bar.update(done - self._done)
        self._done = done


@main.command()
@click.argument("groups", nargs=-1, type=click.Choice(GROUPS))
@click.option("--json", "as_data", is_flag=True, help="Print one JSON object instead.")
@_plainly
def doctor(groups: tuple[str, ...], as_data: bool) -> None:
    """Look whether all is well here, and say how to mend what is not.

    Looks at everything, or at the GROUPS that are named. Nothing is changed, so it may be
    run at any time, beside a process that runs as well. Exits with 1 when there is a problem.
    No password, name or message is shown.
    """
    configure_logs("error")
    found = []
    last = None
    for group, finding in examine(doctor_groups(groups)):
        found.append((group, finding))
        if as_data:
            continue
        if group.name != last:
            click.echo(group.title)
            last = group.name
        click.echo(describe_finding(finding))
    findings = [finding for _, finding in found]
    click.echo(json.dumps(as_json(found), indent=2) if as_data else sum_up(findings))
    sys.exit(not is_healthy(findings))


@main.command()
@click.option("--workspace", help="Name of a workspace; else all of them.")
@click.option(
    "--state",
    type=click.Choice([state.value for state in LetterState]),
    help="Only the letters in this state.",
)
@_plainly
def letters(workspace: str | None, state: str | None) -> None:
    """Say what has become of the letters: how many of each lane are in which state, and why.

    Nothing is changed, so it may be run beside a process that runs as well. No text and no
    name is shown.
    """
    for line in describe_lanes(
        read_lanes(read_settings(), workspace, LetterState(state) if state else None)
    ):
        click.echo(line)


@main.group("import")
def import_() -> None:
    """Bring an FAQ or past questions; all of a file or nothing of it."""


FILE = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
WORKSPACE = click.option("--workspace", help="Name of the workspace, where there are several.")
DRY_RUN = click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")


@import_.command("faq", help=FAQ_HELP)
@FILE
@WORKSPACE
@DRY_RUN
@click.option("--publish", is_flag=True, help="Publish entries that nobody has verified yet.")
@click.option("--create-topics", is_flag=True, help="Open topics for names that are unknown.")
@_plainly
def import_faq_file(
    file: Path, workspace: str | None, dry_run: bool, publish: bool, create_topics: bool
) -> None:
    """Bring FAQ entries from a .csv or .jsonl FILE."""
    rows = read_faq(file, partly=True)
    with (
        import_work(read_settings(), workspace, dry_run=dry_run) as (work, to, moment),
        click.progressbar(length=len(rows), label="Entries", file=sys.stderr) as bar,
    ):
        report = import_faq(
            work,
            to,
            rows,
            moment,
            new_id,
            bar.update,
            publish=publish,
            create_topics=create_topics,
        )
    _report(report, dry_run)


@import_.command("questions", help=QUESTIONS_HELP)
@FILE
@WORKSPACE
@DRY_RUN
@_plainly
def import_question_file(file: Path, workspace: str | None, dry_run: bool) -> None:
    """Bring past questions with who answered them, from a .jsonl FILE."""
    rows = read_questions(file)
    with (
        import_work(read_settings(), workspace, dry_run=dry_run) as (work, to, moment),
        click.progressbar(length=len(rows), label="Questions", file=sys.stderr) as bar,
    ):
        report = import_questions(work, to, rows, moment, new_id, bar.update)
    _report(report, dry_run)


@main.group()
def people() -> None:
    """Who is in which team, at which site, and who manages whom."""


@people.command("import", help=roster.HELP)
@FILE
@WORKSPACE
@DRY_RUN
@_plainly
def import_people(file: Path, workspace: str | None, dry_run: bool) -> None:
    """Take teams, sites and managers from a .csv FILE."""
    read = roster.read_roster(file)
    with import_work(read_settings(), workspace, dry_run=dry_run) as (work, to, _):
        taken = roster.take(work, to, read)
    for note in taken.notes:
        click.echo(note, err=True)
    if dry_run:
        click.echo("A dry run: nothing was kept. It would have been:")
    click.echo(roster.describe(taken))


@people.command("export")
@WORKSPACE
@_plainly
def export_people(workspace: str | None) -> None:
    """Print who is known here, as a file for inflow people import."""
    settings = read_settings()
    check_is_there(settings)
    with import_work(settings, workspace, dry_run=True) as (work, of, _):
        rows = list(roster.export(work.people.everybody(of)))
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    # With a mark in front of it, or spreadsheets take it for another encoding.
    sys.stdout.buffer.write(text.getvalue().encode("utf-8-sig"))


def _report(report: ImportReport, dry_run: bool) -> None:
    if dry_run:
        click.echo("A dry run: nothing was kept. It would have been:")
    click.echo(describe(report))


@main.group()
def content() -> None:
    """Write packs of content: sections to read, tips, quizzes and all that belongs to them."""


for _command in EXCHANGE:
    _command.callback = _command.callback and _plainly(_command.callback)
    content.add_command(_command)


FOLDERS = click.argument(
    "folders",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
)
EDITORIAL = click.option(
    "--editorial",
    multiple=True,
    metavar="ITEM",
    help="An item that is only said better: what is known of its answers goes on.",
)


@content.command("check")
@FOLDERS
@click.option("--strict", is_flag=True, help="Take warnings for errors.")
@_plainly
def content_check(folders: tuple[Path, ...], strict: bool) -> None:
    """Say what is wrong with the packs in FOLDERS, and what could be better.

    A line for each, path:line:column: error or warning: where: what. Packs that are given
    together may name each other's things.
    """
    from bot.bootstrap.authoring import packs_in, sum_up_check  # noqa: PLC0415
    from content.load import PackError, load_packs  # noqa: PLC0415

    errors: tuple[str, ...] = ()
    try:
        packs = load_packs(packs_in(folders), now().date())
        warnings = tuple(line for loaded in packs for line in loaded.warnings)
    except PackError as error:
        errors, warnings = error.errors, error.warnings
    for line in (*errors, *warnings):
        click.echo(line)
    click.echo(sum_up_check(len(errors), len(warnings)), err=True)
    if errors or (strict and warnings):
        sys.exit(1)


@content.command("render")
@FOLDERS
@click.option("--item", metavar="ID", help="The id of an item of a quiz.")
@click.option("--tip", metavar="ID", help="The id of a tip: all its wordings and questions.")
@click.option("--section", metavar="ID", help="The id of a section, page by page.")
@click.option("--prompt", metavar="ID", help="The id of a prompt.")
@click.option("--platform", type=click.Choice(["text", "slack", "teams"]), default="text")
@_plainly
def content_render(folders: tuple[Path, ...], platform: str, **named: str | None) -> None:
    """Show one thing of the packs in FOLDERS as people get it, also while there are errors.

    For example: inflow content render content/packs --tip t-link-not-export --platform teams
    """
    from bot.bootstrap.authoring import packs_in  # noqa: PLC0415
    from bot.bootstrap.preview import show  # noqa: PLC0415
    from bot.pack.model import Kind  # noqa: PLC0415
    from content.load import look_into  # noqa: PLC0415

    asked = [(Kind(kind), id_) for kind, id_ in named.items() if id_ is not None]
    if len(asked) != 1:
        raise click.UsageError("Name one thing: --item, --tip, --section or --prompt.")
    packs, errors = look_into(packs_in(folders))
    for line in errors:
        click.echo(line, err=True)
    click.echo(show(packs, *asked[0], platform))


@content.command("diff")
@click.argument("old", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("new", type=click.Path(exists=True, file_okay=False, path_type=Path))
@EDITORIAL
@_plainly
def content_diff(old: Path, new: Path, editorial: tuple[str, ...]) -> None:
    """Say what changes from the packs in OLD to those in NEW, and which items begin anew.

    To see what a pack would change in a workspace: inflow content sync --dry-run
    """
    from bot.bootstrap.authoring import (  # noqa: PLC0415
        check_editorial,
        describe_changes,
        pieces_of,
    )
    from bot.pack.sync import compare  # noqa: PLC0415

    after = _load_packs((new,))
    only_said_better = check_editorial(after, editorial)
    changes = compare(pieces_of(_load_packs((old,))), pieces_of(after), only_said_better)
    for line in describe_changes(changes):
        click.echo(line)


@content.group("new")
def content_new() -> None:
    """Begin something: an item, a tip or a section on the screen, or the files of a pack."""


@content_new.command("item")
@click.argument("id_", metavar="ID")
@click.option("--type", "type_", default="scenario_choice", help="Which of the eight types.")
@click.option("--objective", default="an-objective", help="What it is to show.")
@_plainly
def content_new_item(id_: str, type_: str, objective: str) -> None:
    """An item, for a quiz's items."""
    from content.template import ITEM_TYPES, write_item  # noqa: PLC0415

    if type_ not in ITEM_TYPES:
        raise click.BadParameter(f"one of {', '.join(ITEM_TYPES)}", param_hint="--type")
    click.echo(write_item(type_, id_, objective), nl=False)


TOPIC = click.option("--topic", default="a-topic", help="What it is about.")


@content_new.command("tip")
@click.argument("id_", metavar="ID")
@TOPIC
@_plainly
def content_new_tip(id_: str, topic: str) -> None:
    """A tip, for a file's tips."""
    from content.template import write_tip  # noqa: PLC0415

    click.echo(write_tip(id_, topic), nl=False)


@content_new.command("section")
@click.argument("id_", metavar="ID")
@TOPIC
@_plainly
def content_new_section(id_: str, topic: str) -> None:
    """A section, as a file of its own."""
    from content.template import write_section  # noqa: PLC0415

    click.echo(write_section(id_, topic), nl=False)


@content_new.command("quiz")
@click.argument("id_", metavar="ID")
@TOPIC
@_plainly
def content_new_quiz(id_: str, topic: str) -> None:
    """A quiz, as a file of its own."""
    from content.template import write_quiz  # noqa: PLC0415

    click.echo(write_quiz(id_, topic), nl=False)


@content_new.command("pack")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@_plainly
def content_new_pack(folder: Path) -> None:
    """The files of a pack, in FOLDER, whose name becomes its id."""
    from content.template import make_pack  # noqa: PLC0415

    for path in make_pack(folder, folder.resolve().name):
        click.echo(path)


@content.command("sync")
@FOLDERS
@WORKSPACE
@DRY_RUN
@EDITORIAL
@click.option(
    "--material",
    multiple=True,
    metavar="QUIZ",
    help="A quiz whose rules have changed: whoever passed it shows it again.",
)
@click.option("--deadline", metavar="SPAN", help="By when, as P90D; without it within sixty days.")
@click.option(
    "--approved-by",
    multiple=True,
    metavar="HANDLE",
    help="Who has approved it; what a regulator asks for needs two.",
)
@click.option(
    "--message",
    type=click.File(encoding="utf-8"),
    help="Messages of commits, whose last lines say the same; - is what comes in.",
)
@_plainly
def content_sync(
    folders: tuple[Path, ...],
    workspace: str | None,
    dry_run: bool,
    editorial: tuple[str, ...],
    material: tuple[str, ...],
    deadline: str | None,
    approved_by: tuple[str, ...],
    message: TextIO | None,
) -> None:
    """Bring the packs in FOLDERS to a workspace.

    Nothing is ever deleted: what a pack no longer holds is retired. What people changed in
    chat stays until the pack says something else about it. Who is in the middle of a quiz
    goes on with the one they began.

    Out of git, with lines as “Material-Change: yes, deadline P60D”, “Editorial: ITEM, ITEM” and
    “Approved-by: @maya” in its messages:

    git log -1 | inflow content sync packs --message -
    """
    from bot.bootstrap.release import carry_out, read_release  # noqa: PLC0415
    from content.trailer import Unclear  # noqa: PLC0415

    packs = _load_packs(folders)
    try:
        release = read_release(
            packs,
            message.read() if message is not None else "",
            editorial=editorial,
            material=material,
            deadline=deadline,
            approved_by=approved_by,
        )
    except Unclear as error:
        raise click.ClickException(f"{message.name if message else ''}: {error}") from error
    with import_work(read_settings(), workspace, dry_run=dry_run) as (work, to, moment):
        lines = carry_out(work, to, packs, release, moment, dry_run=dry_run)
    if dry_run:
        click.echo("A dry run: nothing was kept. It would have been:")
    for line in lines:
        click.echo(line)


@content.command("stats")
@click.option("--quiz", metavar="ID", help="Only this one.")
@WORKSPACE
@_plainly
def content_stats(quiz: str | None, workspace: str | None) -> None:
    """Say what answers tell of the quizzes of a workspace, and what could be clearer.

    Only first attempts count, and of fewer than ten people nothing is told. A flag names a
    question or quiz that somebody should look at, with the number of answers it rests on.

    For example: inflow content stats --quiz customer-data
    """
    from bot.bootstrap.figure import tell_figures  # noqa: PLC0415

    settings = read_settings()
    check_is_there(settings)
    with import_work(settings, workspace, dry_run=True) as (work, to, _):
        lines = tell_figures(work, to, quiz)
    for line in lines:
        click.echo(line)


def _load_packs(folders: tuple[Path, ...]) -> "Sequence[Loaded]":
    """The packs, or all of their errors, and exit code 1."""
    from bot.bootstrap.authoring import packs_in  # noqa: PLC0415
    from content.load import PackError, load_packs  # noqa: PLC0415

    try:
        return load_packs(packs_in(folders))
    except PackError as error:
        for line in error.errors:
            click.echo(line, err=True)
        sys.exit(1)


@main.group()
def campaign() -> None:
    """Campaigns that are written in a pack."""


@campaign.command("plan")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@DRY_RUN
@WORKSPACE
@click.option("--owner", metavar="HANDLE", help="Whose it is, instead of the one in the file.")
@click.option("--json", "as_data", is_flag=True, help="Print the dry run as one JSON object.")
@click.option("--replace", is_flag=True, help="Begin a draft anew that has the same title.")
@_plainly
def campaign_plan(
    file: Path,
    dry_run: bool,
    workspace: str | None,
    owner: str | None,
    as_data: bool,
    replace: bool,
) -> None:
    """Put the campaign in FILE in as a draft of its owner, or say what it would do.

    With --dry-run nothing is kept. It prints whom it reaches and whom not, messages a day, what
    else comes to the same people, who approves it, how it is drawn, and every message as it will
    look, with its length on each platform. Exits with 1 if it could not be submitted like that.

    For example: inflow campaign plan packs/ours/campaigns/data-2wk.yaml --dry-run
    """
    from bot.bootstrap.campaigning import plan_campaign, read_campaign  # noqa: PLC0415
    from content.load import PackError  # noqa: PLC0415

    try:
        read, document = read_campaign(file)
    except PackError as error:
        for line in (*error.errors, *error.warnings):
            click.echo(line, err=True)
        sys.exit(1)
    with (
        import_work(read_settings(), workspace, dry_run=dry_run or as_data) as (work, to, moment),
        _Bars() as bars,
    ):
        outcome = plan_campaign(
            *(work, to, read, document, moment, bars.show),
            owner=owner,
            dry_run=dry_run or as_data,
            as_data=as_data,
            replace=replace,
        )
    for line in (*outcome.warnings, *outcome.errors):
        click.echo(line, err=True)
    for line in outcome.lines:
        click.echo(line)
    sys.exit(bool(outcome.errors))


@main.group()
def slack() -> None:
    """What concerns Slack alone."""


@slack.command("manifest")
@click.option(
    "--http",
    "public_url",
    metavar="URL",
    help="Slack calls Inflow at this address; without it Inflow calls Slack (Socket Mode).",
)
@click.option("--oauth", is_flag=True, help="Any workspace may install it; needs --http.")
@click.option(
    "--private-channels",
    is_flag=True,
    help="Also for private channels to which Inflow is invited: two more scopes.",
)
@click.option(
    "--app-id",
    metavar="A...",
    help="The id of the app, once it is made: Slack then tells of Inflow’s own messages that they "
    "have arrived. One more scope.",
)
@_plainly
def slack_manifest(
    public_url: str | None, oauth: bool, private_channels: bool, app_id: str | None
) -> None:
    """Print the manifest from which Slack makes the app (api.slack.com/apps, From a manifest).

    It declares what this version can do, under the names of SLACK_COMMANDS, and asks for the
    least scopes with which all of it works.
    """
    from bot.bootstrap.manifest import print_manifest  # noqa: PLC0415 - only this needs it

    click.echo(
        print_manifest(
            public_url, for_many=oauth, in_private_channels=private_channels, app=app_id
        ),
        nl=False,
    )


@main.group()
def teams() -> None:
    """What concerns Microsoft Teams alone."""


@teams.command("package")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    default=Path("inflow-teams.zip"),
    show_default=True,
    help="The file to write.",
)
@click.option(
    "--app-id",
    metavar="ID",
    help="The Application (client) ID of the bot’s registration; else MICROSOFT_APP_ID.",
)
@click.option(
    "--website",
    metavar="URL",
    help="Where people of the organisation are told about it: Teams shows a link there.",
)
@click.option(
    "--app-version",
    metavar="1.0.1",
    help="A higher one than the app has that is in Teams already.",
)
@click.option(
    "--reads-channels",
    is_flag=True,
    help="Also be told what is said without a mention, in teams and chats whose owners allow it.",
)
@_plainly
def teams_package(
    out: Path,
    app_id: str | None,
    website: str | None,
    app_version: str | None,
    reads_channels: bool,
) -> None:
    """Write the zip file that is uploaded to Teams.

    It declares what this version can do, and holds the icons and no secret. How to upload it
    says the README under Install on Teams.
    """
    from bot.bootstrap.manifest import write_package  # noqa: PLC0415 - only this needs it

    made = write_package(
        out,
        app_id=app_id or os.environ.get("MICROSOFT_APP_ID", "").strip(),
        website=website,
        version=app_version,
        reads_channels=reads_channels,
    )
    click.echo(f"{out} is the app {made}. Upload it in the Teams admin center or in Teams itself.")


@main.command()
@click.option(
    "--people", type=click.IntRange(1, 5_000), default=500, show_default=True, help="How many."
)
@click.option(
    "--days", type=click.IntRange(1, 365), default=60, show_default=True, help="For how long."
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=1,
    show_default=True,
    help="Other people, who do other things; the same seed gives the same report.",
)
@click.option("--json", "as_data", is_flag=True, help="Print one JSON object instead.")
@_plainly
def simulate(people: int, days: int, seed: int, as_data: bool) -> None:
    """Play an organisation in virtual time, and say what its people get.

    Made-up people in eight time zones, who know some things, forget, pause, ignore, and take
    quizzes, with the packs, the clock, the attention budget and the lanes as they are. Says what
    people got a day, what was not sent and why, what they still knew, who passed beside what
    the rule lets one expect, and the minutes given back to who tested out. Nothing that is
    yours is read or changed: the database is thrown away.

    500 people for 60 days take about five minutes. Exits with 1 when a promise was broken, as by a
    message over somebody's budget or outside their hours.
    """
    configure_logs("error")
    from bot.bootstrap.report import as_json, describe  # noqa: PLC0415 - only this needs it
    from bot.bootstrap.simulate import simulate as play  # noqa: PLC0415 - the same

    with _Bars() as bars:
        report = play(people, days, seed, partial(bars.show, "days"))
    click.echo(as_json(report) if as_data else "\n".join(describe(report)))
    sys.exit(report.faults > 0)


@main.group()
def eval() -> None:  # noqa: A001 - the word of the command
    """Measure search and routing, on data with known answers; prints one JSON object."""


@eval.command("faq")
@click.option(
    "--data",
    required=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A folder with corpus.jsonl and queries.jsonl, or a folder of such folders.",
)
@click.option(
    "--vectors",
    type=click.Choice(["none", "table"]),
    default="table",
    show_default=True,
    help="Word vectors of the [vectors] extra, or none.",
)
@_plainly
def eval_faq(data: Path, vectors: str) -> None:
    """How well the FAQ search finds the right entry, beside SQLite FTS5 on the same data.

    Per set: map, p_at_1, hit_at_5, n, and under fts5 the same for bm25().
    """
    _print_sets(dict(evaluate_faq(data, vectors)["sets"]))


@eval.command("routing")
@click.option(
    "--data",
    required=True,
    type=click.Path(exists=True, path_type=Path),
    help="A .jsonl file of questions with their answers, or a folder of such files.",
)
@click.option(
    "--score-from",
    type=click.FloatRange(0, 1, max_open=True),
    default=0.6,
    show_default=True,
    help="Learn in time order and score what comes after this fraction.",
)
@_plainly
def eval_routing(data: Path, score_from: float) -> None:
    """How well routing finds those who did answer, and how it spreads the load.

    Per set: mrr, hit_at_3, hit_at_5, busiest (the share of questions in which the
    most-pinged person is among the two pinged), n, and under recent the same for a plain
    count of recent answers.
    """
    _print_sets(evaluate_routing(data, score_from)["sets"])


def _print_sets(sets: dict[str, Any]) -> None:
    """By set; the figures of a single one stand at the top as well."""
    single = next(iter(sets.values())) if len(sets) == 1 else {}
    click.echo(json.dumps({**sets, **single}, indent=2))


if __name__ == "__main__":
    sys.exit(main())

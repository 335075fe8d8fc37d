"""The playground as a harness of the contract suite, spoken to over HTTP."""

import asyncio
import itertools
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from html.parser import HTMLParser
from typing import Any

from aiohttp.test_utils import TestClient, TestServer

from adapters.playground.app import Playground
from adapters.playground.clock import ClockMover, PlaygroundClock
from adapters.playground.platform import NAME, PlaygroundPlatform
from adapters.playground.room import Room
from adapters.web.app import create_app
from bot.app import App
from bot.capability import register
from bot.lanes import Lanes
from bot.people import Workspace
from bot.ports import Work
from storage.database import Database
from storage.lane import SqlLaneStore
from storage.transcript import SqlTranscript
from tests.adapters.contract import (
    DM,
    MONDAY,
    SAMPLE,
    WORKSPACE,
    Answer,
    Heard,
    OpenForm,
    make_people,
)
from tests.everywhere import everywhere

API = "/playground/api/"

ALLOWED = {
    "a", "bdi", "blockquote", "button", "code", "dd", "div", "dl", "dt", "em", "figcaption",
    "figure", "h3", "hr", "img", "input", "label", "li", "option", "p", "progress", "select",
    "span", "strong", "textarea", "ul",
}  # fmt: skip
VOID = {"hr", "img", "input"}
INLINE = {"a", "bdi", "code", "em", "span", "strong"}


class Page(HTMLParser):
    """Reads back what a browser would show, and refuses what must not be there."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.shown: list[str] = []
        self.mentions: list[str] = []
        self.links: list[str] = []
        self.controls: list[str] = []
        self.names: list[str] = []
        self._open: list[str] = []
        self._labels: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == [], "every element is closed"

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        assert tag in ALLOWED, tag
        values = {name: value or "" for name, value in attributes}
        assert not any(name.startswith("on") or name == "style" for name in values)
        if tag not in VOID:
            self._open.append(tag)
        if tag == "a":
            self.links.append(values["href"])
        if "data-person" in values:
            self.mentions.append(values["data-person"])
        if "name" in values:
            self.names.append(values["name"])
        if tag == "button":
            self.controls.append(self._labels[-1] if "data-choice" in values else "")
        if tag == "label":
            self._labels.append("")
        self.shown += [f"\n{values[name]}\n" for name in ("alt", "value") if name in values]

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag
        if tag not in INLINE:
            self.shown.append("\n")

    def handle_data(self, data: str) -> None:
        self.shown.append(data)
        if "label" in self._open:
            self._labels[-1] += data
        if self._open and self._open[-1] == "button" and data != "Choose":
            self.controls[-1] += data

    @property
    def text(self) -> str:
        return "".join(self.shown)


class PlaygroundHarness:
    """One room on one database. Time stands still unless it is moved."""

    def __init__(self, database: Database, runner: asyncio.Runner) -> None:
        self.database = database
        self.runner = runner
        self.now = MONDAY
        self._ids = itertools.count(1)
        with database.transaction() as work:
            if work.people.workspace(NAME, "test") is None:
                work.people.add_workspace(Workspace(WORKSPACE, NAME, "test", "Test"))
                for person in make_people():
                    work.people.save(person)
        self.transcript = SqlTranscript(database)
        self.clock = PlaygroundClock(lambda: self.now, self.transcript)
        self.app: App[Work] = App(database, register([SAMPLE]), self.clock.now, self._new_id)
        self.platform = PlaygroundPlatform(self.transcript, database, self.clock.now)
        self.lanes = Lanes(
            SqlLaneStore(database), everywhere(lambda: self.platform), self.clock.now
        )
        self.room = Room(
            app=self.app,
            database=database,
            transcript=self.transcript,
            clock=self.clock.now,
            new_id=self._new_id,
            workspace="test",
        )
        self.playground = Playground(
            room=self.room,
            carry=self.lanes.drain_all,
            clock=self.clock,
            mover=ClockMover(self.clock, self.app, self.lanes.drain_all),
            transcript=self.transcript,
        )
        self._client: TestClient[Any, Any] | None = None

    def _new_id(self) -> str:
        return f"id{next(self._ids):06}"

    # HTTP

    async def start(self) -> None:
        self._client = TestClient(TestServer(create_app([self.playground.add_routes])))
        await self._client.start_server()

    async def stop(self) -> None:
        if self._client is not None:
            await self._client.close()

    def send(self, method: str, path: str, **more: Any) -> tuple[int, Any, Mapping[str, str]]:
        """Status, body (JSON where it is JSON) and headers."""

        async def ask() -> tuple[int, Any, Mapping[str, str]]:
            assert self._client is not None
            answer = await self._client.request(method, path, allow_redirects=False, **more)
            is_json = answer.content_type == "application/json"
            return (
                answer.status,
                await (answer.json() if is_json else answer.text()),
                answer.headers,
            )

        return self.runner.run(ask())

    def get(self, path: str, **query: str) -> Any:
        status, answer, _ = self.send("GET", API + path, params=query)
        assert status == 200, answer
        return answer

    def post(self, path: str, **body: Any) -> Any:
        status, answer, _ = self.send("POST", API + path, json=body)
        assert status == 200, answer
        return answer

    # The harness

    def say(
        self,
        person: str,
        text: str,
        place: str = DM,
        *,
        thread: str | None = None,
        event: str | None = None,
    ) -> Answer:
        more = {"thread": thread, "event_id": event}
        return _answer(self.post("say", person=person, conversation=place, text=text, **more))

    def press(
        self,
        person: str,
        message: Heard,
        label: str,
        *,
        choice: str | None = None,
        event: str | None = None,
    ) -> Answer:
        return _answer(
            self.post(
                "press",
                person=person,
                message=message.id,
                action=label,
                choice=choice,
                event_id=event,
            )
        )

    def submit(
        self, person: str, form: OpenForm, values: Mapping[str, str], *, event: str | None = None
    ) -> Answer:
        body = {"person": person, "form": form.id, "values": dict(values), "event_id": event}
        status, answer, _ = self.send("POST", API + "submit", json=body)
        assert status == (422 if answer.get("errors") else 200), answer
        return _answer(answer)

    def heard(self, person: str, place: str = DM) -> Sequence[Heard]:
        shown = self.get("messages", **{"as": person, "conversation": place})["messages"]
        return [_heard(message) for message in shown if message["author"]["bot"]]

    def address(self, person: str) -> str:
        return person

    def conversation(self, place: str) -> str:
        return place

    def called(self, command: str) -> str:
        return f"/{command}"


def _answer(answer: Any) -> Answer:
    form = answer["form"]
    return Answer(
        messages=tuple(_heard(message) for message in answer["messages"]),
        form=form and _form(form),
        errors=answer["errors"],
    )


def _form(form: Any) -> OpenForm:
    page = Page(form["html"])
    shown = "\n".join([form["title"], page.text, form["submit"]])
    return OpenForm(id=form["id"], shown=shown, fields=tuple(page.names))


def _heard(message: Any) -> Heard:
    page = Page(message["html"])
    return Heard(
        id=str(message["id"]),
        shown=page.text,
        mentions=tuple(page.mentions),
        links=tuple(page.links),
        controls=tuple(page.controls),
        plain=message["text"],
        only_me=message["ephemeral"],
        thread=None if message["thread"] is None else str(message["thread"]),
    )


@contextmanager
def open_harness(database: Database) -> Iterator[PlaygroundHarness]:
    """A started harness, stopped at the end."""
    with asyncio.Runner() as runner:
        harness = PlaygroundHarness(database, runner)
        runner.run(harness.start())
        try:
            yield harness
        finally:
            runner.run(harness.stop())

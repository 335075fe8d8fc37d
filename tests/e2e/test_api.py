"""The story of the README by its API alone, without a browser."""

import json
import re
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from tests.e2e.conftest import PATIENCE, run_program

QUESTION = "How do I claim the taxi from a client visit?"
ANSWER = "File it as local travel in the expense tool, with the client's name."


class Client:
    """Speaks to a running program; what it refuses comes as `(status, answer)` too."""

    def __init__(self, address: str) -> None:
        self._api = f"{address}/playground/api/"

    def get(self, path: str) -> Any:
        return self._ask(urllib.request.Request(self._api + path))[1]

    def post(self, path: str, **body: object) -> Any:
        status, answer = self.try_to_post(path, **body)
        assert status == 200, answer
        return answer

    def try_to_post(self, path: str, **body: object) -> tuple[int, Any]:
        data = json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        return self._ask(urllib.request.Request(self._api + path, data, headers))

    def _ask(self, request: urllib.request.Request) -> tuple[int, Any]:
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as response:
                return response.status, json.load(response)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)


def test_story_by_the_api_alone(tmp_path: Path) -> None:
    with run_program(tmp_path) as address:
        client = Client(address)
        asked = client.post("say", person="ana", conversation="dm", text=f"/ask {QUESTION}")
        assert QUESTION in asked["messages"][0]["text"]
        assert "Withdraw" in [button["label"] for button in asked["messages"][0]["buttons"]]

        people = client.get("people")["people"]
        expert = next(each for each in people if each["news"] and each["handle"] != "ana")
        dm = f"messages?conversation=dm&as={expert['handle']}"
        card = client.get(dm)["messages"][-1]
        act = {"person": expert["handle"]}
        client.post("press", **act, message=card["id"], action="I take it")
        form = client.post("press", **act, message=card["id"], action="Answer")["form"]
        status, refused = client.try_to_post("submit", **act, form=form["id"], values={})
        assert (status, refused["error"]) == (422, "Please fill this in.")
        client.post("submit", **act, form=form["id"], values={"answer": ANSWER})

        shown = client.get("messages?conversation=dm&as=ana")["messages"]
        answer = next(each for each in shown if ANSWER in each["text"] and each["buttons"])
        client.post("press", person="ana", message=answer["id"], action="That’s the answer")
        again = "How do I get my taxi back after visiting a client?"
        found = client.post("say", person="ben", conversation="#general", text=f"/ask {again}")
        assert ANSWER in found["messages"][0]["text"]
        assert found["messages"][0]["ephemeral"]


def test_question_in_a_channel_is_answered_in_its_thread(tmp_path: Path) -> None:
    with run_program(tmp_path) as address:
        client = Client(address)
        said = {"person": "ana", "conversation": "#general", "text": f"@inflow {QUESTION}"}
        assert "asked a colleague" in client.post("say", **said)["messages"][0]["text"]
        listed = client.get("conversations?as=kim")["conversations"]
        (thread,) = [each for each in listed if each["kind"] == "thread"]
        assert thread["parent"] == "#general"
        assert re.fullmatch(r"#general:\d+", thread["id"])
        reply = {"person": "kim", "conversation": thread["id"], "text": ANSWER}
        client.post("say", **reply)
        shown = client.get("messages?as=ana&conversation=%23general")["messages"]
        assert ANSWER in [each["text"] for each in shown if each["thread"]]


def test_the_asker_marks_an_answer_in_the_thread_as_the_one(tmp_path: Path) -> None:
    with run_program(tmp_path) as address:
        client = Client(address)
        assert client.get("commands")["marks"] == [
            {"name": "accept", "title": "Mark as the answer"}
        ]
        said = {"person": "ana", "conversation": "#general", "text": f"@inflow {QUESTION}"}
        client.post("say", **said)
        shown = client.get("messages?as=kim&conversation=%23general")["messages"]
        root = next(each["id"] for each in shown if each["reply_count"])
        there = {"conversation": "#general", "thread": root}
        client.post("say", person="kim", text=ANSWER, **there)
        shown = client.get("messages?as=ana&conversation=%23general")["messages"]
        answer = next(each["id"] for each in shown if each["text"] == ANSWER)
        ignored = client.post("mark", person="ben", message=answer, name="accept")
        assert (ignored["messages"], ignored["elsewhere"]) == ([], [])
        marked = client.post("mark", person="ana", message=answer, name="accept")
        assert "Answered and accepted" in marked["messages"][0]["text"]
        assert marked["messages"][0]["id"] != answer
        status, refused = client.try_to_post("mark", person="ana", message=answer, name="party")
        assert (status, refused["error"]) == (422, "I do not know the mark “party”.")


def test_the_page_stands_as_it_is_by_then_when_something_on_it_was_pressed(tmp_path: Path) -> None:
    with run_program(tmp_path) as address:
        client = Client(address)
        client.post("say", person="ana", conversation="dm", text=f"/ask {QUESTION}")
        (page,) = client.post("say", person="kim", conversation="dm", text="/home")["messages"]
        press = {"person": "kim", "message": page["id"]}
        taken = client.post("press", **press, action="I take it", event_id="once")
        assert "You took this" in taken["messages"][0]["text"]
        after = client.get("messages?conversation=dm&as=kim")["messages"]
        shown = next(each for each in after if each["id"] == page["id"])
        assert "You took it." in shown["text"]
        form = client.post("press", **press, action="Answer")["form"]
        client.post("submit", person="kim", form=form["id"], values={"answer": ANSWER})
        # A late repetition of what was pressed before does not bring the old page back.
        client.post("press", **press, action="I take it", event_id="once")
        after = client.get("messages?conversation=dm&as=kim")["messages"]
        shown = next(each for each in after if each["id"] == page["id"])
        assert "Questions for you" not in shown["text"]

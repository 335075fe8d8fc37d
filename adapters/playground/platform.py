"""Letters into the transcript: the playground as a place the bot can speak."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from bot.errors import Unavailable
from bot.inbound import Place, PlaceKind
from bot.message import Args, Message, json_of
from bot.outbox import Delivery, Never, Outcome, Sent, TryLater
from bot.people import Person
from bot.ports import Database, Work
from bot.rate import UNLIMITED, Limits
from bot.transcript import Post, Transcript

NAME = "playground"

_DM = "dm:"


def direct(person: Person) -> str:
    """The conversation between a person and the bot."""
    return _DM + person.id


def place_of(conversation: str, thread: str | None = None) -> Place:
    kind = PlaceKind.DM if conversation.startswith(_DM) else PlaceKind.CHANNEL
    return Place(conversation=conversation, kind=kind, thread=thread)


def message_of(post: Post) -> Message | None:
    """The bot's message; None when a person wrote the post."""
    stored = post.body.get("message")
    return None if stored is None else Message.model_validate(stored)


def body_of(message: Message) -> Args:
    return {"message": json_of(message)}


class PlaygroundPlatform:
    """Implements `bot.ports.Platform`. A message's id is the id of its post."""

    def __init__(
        self, transcript: Transcript, database: Database[Work], clock: Callable[[], datetime]
    ) -> None:
        self._transcript = transcript
        self._database = database
        self._clock = clock

    @property
    def name(self) -> str:
        return NAME

    @property
    def limits(self) -> Limits:
        return UNLIMITED

    @property
    def reads_back(self) -> bool:
        return True

    async def deliver(self, delivery: Delivery) -> Outcome:
        try:
            return await asyncio.to_thread(self._deliver, delivery)
        except Unavailable:
            return TryLater(timedelta(seconds=5), "the transcript is busy")

    async def find_delivered(self, delivery: Delivery) -> Sent | None:
        return await asyncio.to_thread(self._find, delivery)

    def _deliver(self, delivery: Delivery) -> Outcome:
        if delivery.edits is not None:
            return self._edit(delivery, delivery.edits)
        conversation = self._conversation(delivery)
        if conversation is None:
            return Never("nobody is known by that address")
        post = self._transcript.add(
            Post(
                workspace=delivery.workspace,
                conversation=conversation,
                thread=self._thread(delivery.thread, conversation),
                body=body_of(delivery.message),
                key=delivery.key,
                at=self._clock(),
            )
        )
        return _sent(post)

    def _edit(self, delivery: Delivery, external: str) -> Outcome:
        post = find_post(self._transcript, external)
        if post is None or post.conversation != delivery.conversation:
            return Never("the message is gone")
        body = body_of(delivery.message)
        edited = self._transcript.edit(post.id, body, self._clock())
        return Never("the message is gone") if edited is None else _sent(edited)

    def _find(self, delivery: Delivery) -> Sent | None:
        if delivery.edits is None:
            post = self._transcript.by_key(delivery.workspace, delivery.key)
            return None if post is None else _sent(post)
        post = find_post(self._transcript, delivery.edits)
        # An edit leaves no key behind, but what it says stands there or it does not.
        there = post is not None and message_of(post) == delivery.message
        return _sent(post) if post is not None and there else None

    def _conversation(self, delivery: Delivery) -> str | None:
        if not delivery.direct:
            return delivery.address
        with self._database.transaction() as work:
            person = work.people.by_address(delivery.workspace, delivery.address)
        return None if person is None else direct(person)

    def _thread(self, thread: str | None, conversation: str) -> str | None:
        """A thread that is not there is no reason to lose the letter."""
        post = None if thread is None else find_post(self._transcript, thread)
        return thread if post is not None and post.conversation == conversation else None


def find_post(transcript: Transcript, external: str) -> Post | None:
    """The post with that id as the core knows it; None for anything else."""
    # Larger numbers than this no store has given out, and some refuse to look for.
    if not (external.isascii() and external.isdecimal() and len(external) < 16):
        return None
    return transcript.get(int(external))


def _sent(post: Post) -> Sent:
    return Sent(external=str(post.id), conversation=post.conversation)

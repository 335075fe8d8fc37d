"""What the API tells of posts, conversations, forms and people, as JSON. Pure functions."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from adapters.playground.platform import direct, message_of
from adapters.playground.read import name_controls
from adapters.playground.render import render_form
from bot.form import Form
from bot.message import Option
from bot.people import Person, Role, is_away, is_working, local
from bot.plain import render_plain
from bot.transcript import Post

Json = dict[str, Any]

LONGEST_TITLE = 60
"""Characters of a thread's title, the beginning of its first message."""

_THREAD = re.compile(r"(.+):([0-9]{1,15})", re.DOTALL)


def may_see(who: Person | None, post: Post) -> bool:
    """Whether the person may see the post; of None, whether everybody may."""
    reader = None if who is None else who.id
    return owner_of(post.conversation) in {None, reader} and post.visible_to in {None, reader}


def owner_of(conversation: str) -> str | None:
    """The id of the person whose conversation with the bot it is; None for a channel."""
    prefix, _, person = conversation.partition(":")
    return person if prefix == "dm" else None


def split_thread(conversation: str) -> tuple[str, str] | None:
    """`#general:87` is the thread of message 87 in `#general`; None for any other name."""
    named = _THREAD.fullmatch(conversation)
    return None if named is None else (named[1], named[2])


def words_of(post: Post) -> str:
    """What the post says, without any marks of how it looks."""
    message = message_of(post)
    return render_plain(message) if message else str(post.body.get("text", ""))


def show_talk(
    conversation: str, posts: Sequence[Post], reader: Person | None
) -> tuple[Json, list[Json]]:
    """A channel or direct message with the posts that `reader` (None: everybody) sees of it,
    and each thread in it that somebody has replied to.

    `last` is the id of the latest post that is not the reader's own; 0 when there is none.
    """
    threads: dict[int, list[Post]] = {}
    for post in posts:
        if post.thread is None:
            threads[post.id] = [post]
        elif int(post.thread) in threads:
            threads[int(post.thread)].append(post)
    about: Json = {"id": conversation, "kind": "channel", "title": conversation}
    whose: Json = {}
    if reader is not None and conversation == direct(reader):
        whose = {"person": reader.address, "name": reader.name}
        about = {"id": conversation, "kind": "dm", "title": "Inflow", **whose}
    shown = [
        {
            "id": f"{conversation}:{root.id}",
            "kind": "thread",
            "title": _beginning(words_of(root)),
            "parent": conversation,
            **whose,
            "last": _last([root, *replies], reader),
        }
        for root, *replies in threads.values()
        if replies
    ]
    return {**about, "last": _last(posts, reader)}, shown


def _last(posts: Iterable[Post], reader: Person | None) -> int:
    own = None if reader is None else reader.id
    return max((post.id for post in posts if own is None or post.author != own), default=0)


def _beginning(words: str) -> str:
    line = " ".join(words.split())
    return line if len(line) <= LONGEST_TITLE else line[: LONGEST_TITLE - 1].rstrip() + "…"


def show_controls(post: Post) -> list[Json]:
    """What can be pressed in the post, in the order in which it stands."""
    message = message_of(post)
    if message is None:
        return []
    return [
        {
            "label": control.label,
            "action": name,
            "args": control.args,
            "index": index,
            "style": control.style.value,
            "confirm": control.confirm.model_dump(mode="json") if control.confirm else None,
            "options": [_show_option(option) for option in control.options],
        }
        for index, (name, control) in enumerate(name_controls(message))
    ]


def _show_option(option: Option) -> Json:
    return option.model_dump(mode="json")


def show_form(name: str, form: Form, people: Iterable[Person]) -> Json:
    """A form that is open under the id `name`."""
    return {
        "id": name,
        "title": form.title,
        "intro": form.intro,
        "submit": form.submit,
        "fields": [each.model_dump(mode="json") for each in form.fields],
        "html": render_form(form, people),
    }


def show_person(
    who: Person, now: datetime, news: Mapping[str, int], title: str | None = None
) -> Json:
    """`title` is what stands beside the name, instead of the team or the duty; `news` has, by
    conversation, the id of the latest message for this person alone."""
    here = local(who, now)
    return {
        "id": who.id,
        "name": who.name,
        "handle": who.address,
        "title": title or who.team or _duty(who),
        "zone": who.zone,
        "local_time": f"{here:%a %H:%M}",
        "roles": sorted(role.value for role in who.roles),
        "state": _state(who, now),
        "news": dict(news),
    }


def _duty(who: Person) -> str | None:
    return "Community manager" if Role.COMMUNITY_MANAGER in who.roles else None


def _state(who: Person, now: datetime) -> str:
    if who.paused_until is not None and now < who.paused_until:
        return "paused"
    if is_away(who, now):
        return "away"
    return "working" if is_working(who, now) else "off hours"

"""Writing: a draft that only its author sees, until they say otherwise."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from bot.capabilities.narration import messages
from bot.capabilities.narration.access import find_own, find_readable, named
from bot.capabilities.narration.connecting import near_draft
from bot.capabilities.narration.digesting import DIGEST_WORDS, switch
from bot.capabilities.narration.model import MAX_LINK, Line, Narration, Sort, State, room
from bot.capabilities.narration.posting import repost, told_whom
from bot.capabilities.narration.prompt import Prompt, of_sort
from bot.capabilities.narration.prompting import asked_of
from bot.capabilities.narration.reminding import forget, remind
from bot.capabilities.narration.work import NarrationWork
from bot.context import Context
from bot.errors import Invalid, NotFound
from bot.inbound import Command, PlaceKind
from bot.message import Args, Message, say
from bot.people import Person, local
from bot.reply import Reply

_OVERRIDES = "\u202d\u202e"
"""They turn the reading direction of whatever stands behind them, our own words too."""
_LINK = re.compile(r"https://[^\s<>\"\\`{}|^()\[\]]+")


def narrate(context: Context, work: NarrationWork, command: Command) -> Reply:
    """`/narrate [sort] [words]`: what it may be about, the form, or a draft at once."""
    text = command.text.strip()
    first, _, rest = text.partition(" ")
    word = first.casefold().strip(":,.?!…")
    if word == "here" and not rest:
        return _keep_channel(work, command)
    if word == "digest" and rest.strip(" .!").casefold() in {"", *DIGEST_WORDS}:
        return switch(context, work, command)
    sort = messages.SORT_WORDS.get(word.replace("-", "_"))
    if not text:
        return begin(context, work, command)
    if sort is not None and not rest.strip():
        return _open(context, work, command, of_sort((), sort))
    prompt = of_sort((), sort or Sort.WORKING_ON)
    words = _tidy(rest if sort is not None else text)
    if not words:
        raise Invalid(messages.EMPTY)
    lines, left = _spread(words, prompt.labels)
    if not any(line.text for line in lines[1:]):
        return _add(context, work, command, prompt, Parts(lines))
    # Nothing is lost of what is long: it stands in the form, and what has no room there beside it.
    reply = _open(context, work, command, prompt, lines)
    told = messages.left_over(left) if left else None
    return reply.model_copy(update={"message": told, "private": True})


def _spread(words: str, labels: Sequence[str]) -> tuple[tuple[Line, ...], str]:
    """Words over the parts of a prompt, as far as each has room, and what is left of them."""
    lines = []
    for label in labels:
        text, words = messages.cut(words, room(len(labels)))
        lines.append(Line(label, text))
    return tuple(lines), words


def begin(_context: Context, work: NarrationWork, command: Command) -> Reply:
    """*Narrate*."""
    drafts = work.narrations.own(command.person.id, [State.DRAFT], 100)
    return Reply(message=messages.begin(len(drafts)))


def _keep_channel(work: NarrationWork, command: Command) -> Reply:
    person, place = command.person, command.place
    if place.kind is not PlaceKind.CHANNEL or not place.has_us:
        raise Invalid(messages.NOT_A_CHANNEL)
    work.narrations.keep_channel(person.id, person.workspace, place.conversation)
    return Reply(message=say(messages.HERE_KEPT))


def write(context: Context, work: NarrationWork, command: Command) -> Reply:
    """A sort was chosen: the form. Who comes of their own accord is asked in general words; what
    packs ask, which is narrower, comes as a prompt."""
    word = named(command.args, "choice") or named(command.args, "sort")
    sort = messages.SORT_WORDS.get(word)
    if sort is None:
        raise NotFound(messages.GONE)
    return _open(context, work, command, of_sort((), sort))


def _open(
    _context: Context,
    _work: NarrationWork,
    command: Command,
    prompt: Prompt,
    lines: Sequence[Line] = (),
) -> Reply:
    place = command.place
    args: Args = {"prompt": prompt.id, "sort": prompt.sort.value}
    if place.kind is PlaceKind.CHANNEL and place.has_us:
        args["place"] = place.conversation
    return Reply(form=messages.write_form(prompt, args, lines=lines))


def keep(context: Context, work: NarrationWork, command: Command) -> Reply:
    """The form: a new draft, or other words for what there is."""
    person = command.person
    if "narration" in command.args:
        return _change(context, work, command)
    prompt = asked_of(work, person, command.args)
    parts = _read(context, command, prompt.sort, prompt.labels)
    reply = _add(context, work, command, prompt, parts)
    return reply.model_copy(update={"replace": True})


def _add(
    context: Context, work: NarrationWork, command: Command, prompt: Prompt, parts: "Parts"
) -> Reply:
    person, today = command.person, local(command.person, context.now).date()
    place = named(command.args, "place") or (
        command.place.conversation
        if command.place.kind is PlaceKind.CHANNEL and command.place.has_us
        else ""
    )
    narration = Narration(
        id=context.new_id(),
        workspace=person.workspace,
        author=person.id,
        sort=prompt.sort,
        lines=parts.lines,
        link=parts.link,
        revisit_on=parts.revisit_on,
        written_on=today,
        changed_on=today,
        place=place or None,
        # What is written of one's own accord answers no prompt, though its words helped.
        prompt=prompt.id if command.args.get("asked") is True else None,
    )
    work.narrations.add(narration)
    remind(context, work, person, narration)
    near = near_draft(context, work, person, narration)
    return Reply(message=messages.draft(narration, near), private=True)


def _change(context: Context, work: NarrationWork, command: Command) -> Reply:
    person = command.person
    before = find_own(work, person, command.args)
    labels = tuple(line.label for line in before.lines)
    parts = _read(context, command, before.sort, labels, before)
    changed = replace(
        before,
        lines=parts.lines,
        link=parts.link,
        revisit_on=parts.revisit_on,
        changed_on=local(person, context.now).date(),
    )
    changed = work.narrations.save(changed)
    remind(context, work, person, changed)
    if changed.is_shared:
        repost(context, work, person, changed)
    return Reply(message=look(work, person, changed), replace=True, private=True)


class Parts:
    """What a form held, read and found right."""

    __slots__ = ("lines", "link", "revisit_on")

    def __init__(
        self, lines: tuple[Line, ...], link: str | None = None, revisit_on: date | None = None
    ) -> None:
        self.lines, self.link, self.revisit_on = lines, link, revisit_on


def _read(
    context: Context,
    command: Command,
    sort: Sort,
    labels: tuple[str, ...],
    before: Narration | None = None,
) -> Parts:
    values, errors = command.values, dict[str, str]()
    names = messages.line_fields(len(labels))
    texts = {name: _tidy(values.get(name, "")) for name in names}
    most = room(len(labels))
    for name, text in texts.items():
        if len(text) > most:
            errors[name] = messages.TOO_LONG.format(most=most)
    if not any(texts.values()):
        errors[names[0]] = messages.EMPTY
    link = values.get("link", "").strip()
    if link and (len(link) > MAX_LINK or _LINK.fullmatch(link) is None):
        errors["link"] = messages.BAD_LINK
    told = values.get("revisit_on", "").strip() if sort is Sort.DECISION else ""
    revisit_on = None
    if told:
        try:
            revisit_on = date.fromisoformat(told)
        except ValueError:
            errors["revisit_on"] = messages.BAD_DAY
        else:
            today = local(command.person, context.now).date()
            is_new = before is None or before.revisit_on != revisit_on
            if is_new and revisit_on <= today:
                errors["revisit_on"] = messages.PAST_DAY
    if errors:
        raise Invalid(fields=errors)
    lines = tuple(Line(label, texts[name]) for name, label in zip(names, labels, strict=False))
    return Parts(lines, link or None, revisit_on)


def _tidy(text: str) -> str:
    kept = "".join(
        c
        for c in text
        if c == "\n" or (unicodedata.category(c) not in {"Cc", "Cs"} and c not in _OVERRIDES)
    )
    return kept.strip()


def show(_context: Context, work: NarrationWork, command: Command) -> Reply:
    """*Open*: one's own, or what was shared with one."""
    narration = find_readable(work, command.person, command.args)
    return Reply(message=look(work, command.person, narration), private=True)


def look(work: NarrationWork, person: Person, narration: Narration) -> Message:
    """A narration as it is to the person."""
    if narration.author != person.id:
        author = work.people.get(narration.author)
        if author is None:
            raise NotFound(messages.GONE)
        return messages.posted(narration, author)
    if narration.is_shared:
        return messages.shared(narration, told_whom(work, person, narration))
    return messages.draft(narration)


def edit(_context: Context, work: NarrationWork, command: Command) -> Reply:
    """*Edit*."""
    narration = find_own(work, command.person, command.args)
    prompt = of_sort((), narration.sort)
    if narration.prompt is not None:
        about = {"sort": narration.sort.value, "prompt": narration.prompt}
        prompt = asked_of(work, command.person, about)
    args: Args = {"narration": narration.id}
    return Reply(form=messages.write_form(prompt, args, narration), private=True)


def keep_private(_context: Context, work: NarrationWork, command: Command) -> Reply:
    """*Keep private*: read over, and kept."""
    narration = find_own(work, command.person, command.args)
    if narration.is_shared:
        return Reply(message=say(messages.SHARED_ALREADY))
    if narration.state is State.DRAFT:
        narration = work.narrations.save(replace(narration, state=State.KEPT))
    return Reply(message=messages.kept(narration), replace=True)


def discard(context: Context, work: NarrationWork, command: Command) -> Reply:
    """*Delete* what was never shared."""
    narration = find_own(work, command.person, command.args)
    if narration.is_shared:
        return Reply(message=say(messages.SHARED_ALREADY))
    forget(context, work, narration)
    work.narrations.delete(narration)
    return Reply(message=say(messages.DISCARDED), replace=True)

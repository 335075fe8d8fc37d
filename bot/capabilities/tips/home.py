"""What tips show a person about themselves, and what they leave behind."""

from collections.abc import Sequence
from datetime import date

from bot.capabilities.tips import messages
from bot.capabilities.tips.access import open_topics
from bot.capabilities.tips.following import leave, slot_of, stewarded
from bot.capabilities.tips.work import TipsWork
from bot.context import Context
from bot.inbound import Command
from bot.message import Part
from bot.page import Section
from bot.people import Person
from bot.reply import Reply

CARDS_A_PAGE = 6


def home(_context: Context, work: TipsWork, person: Person) -> Sequence[Section]:
    """What the person follows, and answers that wait to become tips."""
    titles = _titles(work, person)
    slot = slot_of(work, person)
    waiting = work.tips.nominations_for(person.workspace, person.id, stewarded(work, person))
    return messages.home(
        titles,
        next_on=slot.next_day if slot is not None else None,
        has_any=not titles and bool(open_topics(work, person)),
        waiting=len(waiting),
    )


def about_me(_context: Context, work: TipsWork, person: Person) -> Sequence[Part]:
    """What is kept of the person's tips."""
    learner = work.tips.learner(person.id, person.workspace)
    return messages.about_me(
        _titles(work, person),
        cards=work.tips.count_cards(person.id),
        reviews=work.tips.count_reviews(person.id),
        pick=learner.pick,
    )


def week(_context: Context, work: TipsWork, person: Person, since: date) -> Sequence[str]:
    """How many tips came to the person since a day of theirs."""
    came = [card for card in work.tips.every_card(person.id) if _came_since(card.shown_on, since)]
    return [messages.week_came(len(came))] if came else []


def _came_since(shown_on: date | None, since: date) -> bool:
    return shown_on is not None and shown_on >= since


def tell_all(_context: Context, work: TipsWork, command: Command) -> Reply:
    """*All that is kept*: every topic, every tip and every reaction, page by page."""
    person, page = command.person, command.args.get("page")
    cards = work.tips.every_card(person.id)
    last = max(0, (len(cards) - 1) // CARDS_A_PAGE)
    shown = min(max(page, 0), last) if isinstance(page, int) else 0
    topics = {topic.id: topic.title for topic in work.topics.every(person.workspace)}
    told = [
        messages.KeptCard(
            card,
            kept.value.text if (kept := work.packs.tip(person.workspace, card.tip)) else card.tip,
            topics.get(card.topic, card.topic),
            work.tips.reviews(person.id, card.tip),
        )
        for card in cards[shown * CARDS_A_PAGE : (shown + 1) * CARDS_A_PAGE]
    ]
    follows = [
        (one, topics.get(one.topic, one.topic)) for one in work.tips.subscriptions(person.id)
    ]
    message = messages.all_kept(follows, told, person, page=shown, pages=last + 1)
    return Reply(message=message, replace=page is not None)


def _titles(work: TipsWork, person: Person) -> Sequence[str]:
    titles = []
    for subscription in work.tips.subscriptions(person.id):
        topic = work.topics.get(person.workspace, subscription.topic)
        if subscription.is_active and topic is not None:
            titles.append(topic.title)
    return sorted(titles, key=str.casefold)


def farewell(_context: Context, work: TipsWork, person: Person) -> None:
    """Somebody has left: nothing of it is kept. A tip that bears their name stays, as an FAQ
    entry does."""
    leave(work, person)
    work.tips.drop_nominations(person.id)

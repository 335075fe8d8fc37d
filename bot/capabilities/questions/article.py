"""The FAQ: from an accepted answer to an entry with a steward, and back to review.

Freshness comes from evidence (it did not work, it did not solve, somebody flagged it,
its date has passed, its author left). Being read is no evidence.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from bot.attention import Wish, book
from bot.capabilities.questions import messages
from bot.capabilities.questions.access import (
    asker_of,
    find_article,
    is_private,
    require_steward,
    stewards_of,
    topic_of,
)
from bot.capabilities.questions.messages import Suggested
from bot.capabilities.questions.model import (
    LEFT_OUT,
    MAX_ANSWER,
    REOPENED,
    REVIEW_EVERY,
    SUGGESTED_STATES,
    TAKEN_BACK,
    Article,
    ArticleState,
    Credit,
    EventKind,
    Question,
    State,
    Turn,
    Use,
    UseKind,
    is_doubted,
    is_worth_telling,
    move,
    read_subject,
    review_reason,
)
from bot.capabilities.questions.name import hide_names
from bot.capabilities.questions.work import QuestionsWork
from bot.context import Context
from bot.errors import Conflict, Invalid, NotAllowed
from bot.happenings import Happening
from bot.ids import AnswerId, ArticleId, PersonId, QuestionId, TopicId
from bot.inbound import Command, PlaceKind, named
from bot.kind import for_duty
from bot.message import Args, say, shorten
from bot.messages import with_controls
from bot.outbox import Letter, Priority, ToPerson
from bot.pack.about import name_question
from bot.people import Person
from bot.ports import Timer
from bot.reply import Reply
from bot.steward import curators_of, is_steward, looked_after
from bot.topic import Topic

MAX_TITLE = 300
MAX_REASON = 300
MAX_NOTE = 900
MOST_PROPOSED = 200
"""Proposals among which the same words are looked for."""
_UNVERIFIED = frozenset({ArticleState.CANDIDATE, ArticleState.DRAFTED, ArticleState.IN_REVIEW})
REVIEW = "review"
"""The kind of a letter that tells a steward what waits for their eyes."""
REVIEWED = frozenset(
    {
        ArticleState.PROPOSED,
        ArticleState.DRAFTED,
        ArticleState.IN_REVIEW,
        ArticleState.NEEDS_REVIEW,
    }
)


def shown(work: QuestionsWork, article: Article, *, is_answer: bool = False) -> Suggested:
    """The article with its evidence and the people it names."""
    return Suggested(
        article=article,
        tally=work.articles.tally(article.id),
        verifier=work.people.get(article.verifier) if article.verifier else None,
        author=work.people.get(article.author) if article.author else None,
        is_answer=is_answer,
        proposer=_proposer_of(work, article),
    )


def _proposer_of(work: QuestionsWork, article: Article) -> Person | None:
    """Who saved it from a message, as long as it waits for a steward's word."""
    if article.state is not ArticleState.PROPOSED:
        return None
    proposer = work.articles.history(article.id)[0].changed_by
    return work.people.get(proposer) if proposer else None


def _is_from_another(work: QuestionsWork, article: Article) -> bool:
    """Whether somebody proposed it who had not written it. What is not named any more counts
    as somebody else."""
    first = work.articles.history(article.id)[0]
    return first.state is ArticleState.PROPOSED and first.author != first.changed_by


def draft_from_answer(
    context: Context, work: QuestionsWork, question: Question, turn: Turn
) -> Article:
    """Keep an accepted answer for others: the question in the asker's words, names removed.

    It is an accepted answer to begin with. When the same was answered before, so that
    it was asked twice, it goes to the steward at once. What was withheld when the question
    was opened again comes back with the new answer.
    """
    existing = work.articles.of_question(question.id)
    author = None if _declined_credit(work, question, turn, existing) else turn.author
    text = hide_names(turn.text, work.people.everybody(question.workspace))
    if existing is not None and (existing.state in _UNVERIFIED or _is_withheld(existing)):
        article = replace(
            existing, text=text, author=author, changed_at=context.now, changed_by=author
        )
        if not _is_withheld(existing):
            return work.articles.save(article)
        article = replace(move(article, ArticleState.CANDIDATE, context.now), note="")
        if _was_reviewed(work, existing):
            return send_to_review(context, work, article, "its question was answered anew")
        return work.articles.save(article)
    asked_before = work.memory.similar(work, question.workspace, question.text)
    article = work.articles.save(
        Article(
            id=ArticleId(context.new_id()),
            workspace=question.workspace,
            title=title_of(work, question),
            text=text,
            state=ArticleState.CANDIDATE,
            created_at=context.now,
            changed_at=context.now,
            topic=question.topic,
            author=author,
            question=question.id,
            changed_by=author,
        )
    )
    _note(context, work, article)
    if asked_before:
        article = send_to_review(context, work, article, "it was asked more than once")
    return article


def title_of(work: QuestionsWork, question: Question) -> str:
    """The question as it is kept for others, without anybody's name."""
    words = hide_names(question.text, work.people.everybody(question.workspace))
    return name_question(words, MAX_TITLE)


def _declined_credit(
    work: QuestionsWork, question: Question, turn: Turn, existing: Article | None
) -> bool:
    """Whether the author had their name taken off an earlier answer to the question."""
    accepted = [
        work.questions.turn(AnswerId(str(event.data["answer"])))
        for event in work.questions.events(question.id)
        if event.kind is EventKind.ACCEPTED and event.data.get("answer") != turn.id
    ]
    before = {earlier.author for earlier in accepted if earlier is not None}
    return existing is not None and existing.author is None and turn.author in before


def _is_withheld(article: Article) -> bool:
    return article.state is ArticleState.RETIRED and article.note == REOPENED


def _was_reviewed(work: QuestionsWork, article: Article) -> bool:
    """Whether a steward had the entry before them when it was withheld."""
    return any(
        version.state in {ArticleState.DRAFTED, ArticleState.IN_REVIEW}
        for version in work.articles.history(article.id)
    )


def withhold(context: Context, work: QuestionsWork, question: Question) -> None:
    """The question is open again: nobody is shown the answer that did not settle it, unless a
    steward has verified it."""
    article = work.articles.of_question(question.id)
    if article is not None and article.state in _UNVERIFIED:
        withheld = move(article, ArticleState.RETIRED, context.now)
        _save(context, work, replace(withheld, note=REOPENED))


def _note(context: Context, work: QuestionsWork, article: Article) -> None:
    work.happenings.note(
        Happening(
            workspace=article.workspace,
            kind=f"faq.{article.state}",
            at=context.now,
            about=f"faq:{article.id}",
            data={"topic": article.topic},
        )
    )


def _save(
    context: Context, work: QuestionsWork, article: Article, by: Person | None = None
) -> Article:
    saved = work.articles.save(replace(article, changed_by=by.id if by else None))
    _note(context, work, saved)
    return saved


def send_to_review(context: Context, work: QuestionsWork, article: Article, reason: str) -> Article:
    """Put the article before its steward; without one it waits as a draft. What is proposed
    stays so, and out of sight."""
    state = ArticleState.IN_REVIEW if reviewers_of(work, article) else ArticleState.DRAFTED
    if article.state is ArticleState.PROPOSED:
        state = article.state
    if article.state in {ArticleState.PUBLISHED, ArticleState.NEEDS_REVIEW}:
        state = ArticleState.NEEDS_REVIEW
    if article.state is not state:
        article = move(article, state, context.now)
    article = _save(context, work, replace(article, note=reason))
    _tell_stewards(context, work, article, reason)
    return article


def is_regulated(work: QuestionsWork, article: Article) -> bool:
    """Whether a second person has to publish the article."""
    topic = topic_of(work, article)
    return topic is not None and topic.regulated


def writers_of(work: QuestionsWork, article: Article) -> set[PersonId]:
    """Whose words the article is made of: who wrote it first, who changed it last.

    A name that was taken off stays a writer as long as a version or the answer tells.
    """
    history = work.articles.history(article.id)
    words = (article.title, article.text)
    first = next((v for v in history if (v.title, v.text) == words), article)
    names = {first.changed_by, article.author, *(version.author for version in history)}
    if article.question is not None:
        source = work.questions.get(article.question)
        accepted = source.accepted if source else None
        names |= {
            turn.author
            for turn in work.questions.turns(article.question)
            if turn.text == article.text or turn.id == accepted
        }
    return {name for name in names if name is not None}


def reviewers_of(work: QuestionsWork, article: Article) -> list[Person]:
    """Who is asked to look at the article; in a regulated topic none of its writers, if
    anybody else has the right."""
    stewards = stewards_of(work, article)
    if not is_regulated(work, article):
        return stewards
    writers = writers_of(work, article)
    others = [person for person in stewards if person.id not in writers]
    return others or [p for p in curators_of(work, article.workspace) if p.id not in writers]


def note_use(
    context: Context,
    work: QuestionsWork,
    article: Article,
    kind: UseKind,
    *,
    key: str,
    question: QuestionId | None = None,
    score: float | None = None,
    reason: str = "",
) -> bool:
    """Keep evidence about an article once, and act on what it says.

    Solving credits the author; a second confirmation brings an accepted answer before
    the steward; evidence against it brings it to review. `reason` is what somebody said
    who flags it.
    """
    use = Use(
        article=article.id, kind=kind, at=context.now, key=key, question=question, score=score
    )
    if not work.articles.use(use):
        return False
    if kind in {UseKind.SOLVED, UseKind.WORKED} and article.author and article.topic:
        work.experts.credit(
            Credit(
                person=article.author,
                topic=article.topic,
                kind="reused",
                at=context.now,
                # What solved a question and was said to have worked was reused once.
                key=f"reused:{question}:{article.id}" if question else key,
                article=article.id,
            )
        )
    if kind in {UseKind.SOLVED, UseKind.WORKED}:
        nominate(context, work, article)
    if kind is UseKind.SOLVED and article.state is ArticleState.CANDIDATE:
        send_to_review(context, work, article, "it helped somebody else too")
        return True
    check(context, work, article, reason)
    return True


def nominate(context: Context, work: QuestionsWork, article: Article) -> None:
    """Let an answer that helps again and again be thought of as a tip: whoever gave it will be
    asked (product.md N9).

    Tips are another capability, which hears of it by this timer as soon as all is kept.
    """
    asked = work.articles.askers(article)
    if (
        article.question is None
        or article.author is None
        or article.topic is None
        or article.state not in SUGGESTED_STATES
        or not is_worth_telling(work.articles.tally(article.id), asked)
    ):
        return
    args: Args = {
        "question": article.question,
        "topic": article.topic,
        "author": article.author,
        "text": article.text,
        "asked": asked,
    }
    work.timers.set(
        Timer(
            key=f"faq:{article.id}:nominate",
            due_at=context.now,
            action="tips.nominate",
            args=args,
        )
    )


def check(context: Context, work: QuestionsWork, article: Article, said: str = "") -> Article:
    """Send the article to review when the evidence since it was verified asks for it.

    `said` is what somebody wrote who flagged it, for the steward.
    """
    tally = work.articles.tally(article.id, article.verified_at)
    reason = review_reason(article, tally, context.now)
    if reason is None or article.state is ArticleState.NEEDS_REVIEW:
        return article
    if said:
        reason = f"{reason}: “{said}”"
    if article.state is ArticleState.PUBLISHED:
        return send_to_review(context, work, article, reason)
    if article.state in SUGGESTED_STATES and (tally.flagged or tally.did_not_work):
        # Nobody has verified it and somebody says that it is wrong: withheld until
        # a steward has looked.
        withheld = move(article, ArticleState.RETIRED, context.now)
        withheld = _save(context, work, replace(withheld, note=reason))
        _tell_stewards(context, work, withheld, f"withheld because {reason}")
        return withheld
    return article


def checkers_of(work: QuestionsWork, article: Article) -> list[Person]:
    """Who looks at an entry that somebody doubts: not its author alone, if there is anybody
    else with the right."""
    reviewers, writers = reviewers_of(work, article), writers_of(work, article)
    if any(person.id not in writers for person in reviewers):
        return reviewers
    others = [p for p in curators_of(work, article.workspace) if p.id not in writers]
    return [*reviewers, *others]


def _tell_stewards(context: Context, work: QuestionsWork, article: Article, reason: str) -> None:
    """Whoever is to look at the entry hears of it, within their budget: by one letter, which
    becomes a list where more comes up before it has gone."""
    doubted = article.state in {ArticleState.NEEDS_REVIEW, ArticleState.RETIRED}
    stewards = checkers_of(work, article) if doubted else reviewers_of(work, article)
    work.attention.lock([steward.id for steward in stewards])
    for steward in stewards:
        letter = Letter(
            key=f"faq:{article.id}:review:{article.version}:{steward.id}",
            to=ToPerson(person=steward.id),
            message=messages.review(shown(work, article), steward, reason),
            kind=REVIEW,
            # A tip a day would take the place of anything less urgent for ever.
            priority=Priority.TIP,
            because=messages.BECAUSE_REVIEW,
        )
        ledger = work.attention.entries([steward.id], context.now.date())
        waiting = [e for e in ledger.get(steward.id, ()) if e.kind == REVIEW and e.waits]
        if not waiting:
            book(context, work, [Wish(steward, letter)])
            continue
        key, several = waiting[0].key, with_controls(messages.reviews())
        edit = {"key": f"{key}:several", "edits": key, "message": several}
        work.outbox.post(article.workspace, letter.model_copy(update=edit))


def review_due(context: Context, work: QuestionsWork, timer: Timer) -> None:
    """The review date has come."""
    article = work.articles.get(ArticleId(str(timer.args["article"])))
    if article is not None:
        check(context, work, article)


# --- what a person does ---------------------------------------------------------------


def faq(_context: Context, work: QuestionsWork, command: Command) -> Reply:
    """`/faq words` searches; `/faq review` lists what waits for the person's eyes."""
    words = command.text.strip()
    if words.lower() in {"", "review"}:
        waiting = _waiting(work, command.person)
        if not waiting and not words:
            return Reply(message=say(messages.FAQ_USAGE))
        return Reply(message=messages.review_list(waiting))
    found = work.memory.look_up(work, command.person.workspace, words)
    articles = [work.articles.get(article) for article in found]
    views = [
        shown(work, article)
        for article in articles
        if article is not None and _visible(work, command.person, article)
    ]
    return Reply(message=messages.faq_results(views, command.person))


def list_review(_context: Context, work: QuestionsWork, command: Command) -> Reply:
    """*Review*: what waits for the person's eyes."""
    return Reply(message=messages.review_list(_waiting(work, command.person)))


def _waiting(work: QuestionsWork, person: Person) -> list[Article]:
    return to_review(work, person, work.topics.every(person.workspace), 200)


def to_review(
    work: QuestionsWork, person: Person, every: Iterable[Topic], limit: int
) -> list[Article]:
    """What waits for a steward's eyes, of every topic; first what is withheld until they have
    looked."""
    topics = looked_after(person, every)
    doubted = work.articles.doubted(person.workspace, limit, topics)
    return [*doubted, *work.articles.in_states(person.workspace, REVIEWED, limit, topics)][:limit]


def _visible(work: QuestionsWork, person: Person, article: Article) -> bool:
    if article.state in {ArticleState.PUBLISHED, ArticleState.NEEDS_REVIEW}:
        return True
    topic = topic_of(work, article)
    return is_steward(person, topic) or (
        article.state in SUGGESTED_STATES and (topic is None or not topic.regulated)
    )


def _card(work: QuestionsWork, person: Person, article: Article) -> Reply:
    curates = is_steward(person, topic_of(work, article))
    card = messages.article_card(shown(work, article), person, curates=curates)
    return Reply(message=card, replace=True)


def open_article(_context: Context, work: QuestionsWork, command: Command) -> Reply:
    article = find_article(work, command.person, command.args)
    if not _visible(work, command.person, article):
        raise NotAllowed(messages.NOT_SHOWN)
    curates = is_steward(command.person, topic_of(work, article))
    return Reply(
        message=messages.article_card(shown(work, article), command.person, curates=curates)
    )


def flag(context: Context, work: QuestionsWork, command: Command) -> Reply:
    """Anybody may say that an entry is wrong or outdated; once is enough until it is
    verified anew. Who said it is kept nowhere."""
    article = find_article(work, command.person, command.args)
    if not _visible(work, command.person, article):
        raise NotAllowed(messages.NOT_SHOWN)
    said = "".join(c for c in command.values.get("reason", "") if c.isprintable() or c == "\n")
    said = shorten(" ".join(said.split()), MAX_REASON) if said.strip() else ""
    first = note_use(
        context,
        work,
        article,
        UseKind.FLAGGED,
        key=f"flag:{article.id}:{article.verified_at}",
        reason=said,
    )
    waits = article.state is ArticleState.NEEDS_REVIEW or is_doubted(article)
    if not first and said and waits:
        note = shorten(f"{article.note}; somebody flagged it: “{said}”", MAX_NOTE)
        article = _save(context, work, replace(article, note=note))
        _tell_stewards(context, work, article, note)
    after = work.articles.get(article.id) or article
    told = [person.name for person in checkers_of(work, after)]
    source = work.questions.get(QuestionId(named(command.args, "question")))
    is_asked = (
        source is not None
        and source.state is State.SUGGESTED
        and asker_of(work, source) == command.person.id
    )
    return Reply(message=messages.flagged(after, told, source if is_asked else None))


def flag_form(_context: Context, work: QuestionsWork, command: Command) -> Reply:
    """*Flag as wrong or outdated*: what is wrong, if the person would say so."""
    article = find_article(work, command.person, command.args)
    if not _visible(work, command.person, article):
        raise NotAllowed(messages.NOT_SHOWN)
    return Reply(form=messages.flag_form(article, command.args))


def propose(context: Context, work: QuestionsWork, command: Command) -> Reply:
    """The asker, the author or a steward would have an accepted answer in the FAQ."""
    article = find_article(work, command.person, command.args)
    source = work.questions.get(article.question) if article.question else None
    if not (
        is_steward(command.person, topic_of(work, article))
        or command.person.id in writers_of(work, article)
        or (source is not None and asker_of(work, source) == command.person.id)
    ):
        raise NotAllowed("Only the asker, the author or the steward of the topic can do this.")
    if article.state is not ArticleState.CANDIDATE:
        return Reply(message=messages.moved(article))
    article = send_to_review(context, work, article, "somebody proposes it for the FAQ")
    reviewed = article.state is ArticleState.IN_REVIEW
    text = messages.PROPOSED if reviewed else messages.PROPOSED_NOBODY
    return Reply(message=say(text))


def publish(context: Context, work: QuestionsWork, command: Command) -> Reply:
    article = find_article(work, command.person, command.args)
    require_steward(work, command.person, article)
    if article.state is ArticleState.PUBLISHED or _is_stale(command, article):
        return _card(work, command.person, article)
    if is_regulated(work, article) and command.person.id in writers_of(work, article):
        raise NotAllowed(messages.SECOND_PERSON)
    if _is_kept_private(work, article):
        raise NotAllowed(messages.KEPT_PRIVATE)
    if messages.is_taken_back(article):
        raise NotAllowed(messages.TAKEN_BACK_ALREADY)
    article = _publish(context, work, article, command.person)
    return Reply(message=messages.moved(article), replace=True)


def _is_kept_private(work: QuestionsWork, article: Article) -> bool:
    """Whether it was withheld, and its asker then kept the answer to themselves."""
    source = work.questions.get(article.question) if article.question else None
    withheld = article.state is ArticleState.RETIRED and article.verified_at is None
    return withheld and source is not None and is_private(work, source)


def _is_stale(command: Command, article: Article) -> bool:
    """Whether the button stood on another version, or on an entry that was merged since."""
    version = command.args.get("version", article.version)
    return version != article.version or command.args.get("article") != article.id


def _publish(context: Context, work: QuestionsWork, article: Article, by: Person) -> Article:
    review_by = context.now + REVIEW_EVERY
    article = replace(
        move(article, ArticleState.PUBLISHED, context.now),
        verifier=by.id,
        verified_at=context.now,
        review_by=review_by,
        note="",
    )
    saved = _save(context, work, article, by)
    set_review_timer(work, saved, review_by)
    return saved


def set_review_timer(work: QuestionsWork, article: Article, due_at: datetime) -> None:
    """Have the article checked when its review date comes."""
    work.timers.set(
        Timer(
            key=f"faq:{article.id}:review",
            due_at=due_at,
            action="faq.review_due",
            args={"article": article.id},
        )
    )


def edit_form(_context: Context, work: QuestionsWork, command: Command) -> Reply:
    article = find_article(work, command.person, command.args)
    require_steward(work, command.person, article)
    return Reply(form=messages.edit_form(article))


def keep_edit(context: Context, work: QuestionsWork, command: Command) -> Reply:
    """An edit is kept as a new version; of a published entry it is a verification.

    In a regulated topic it goes out of sight until a second person has read it.
    """
    article = find_article(work, command.person, command.args)
    require_steward(work, command.person, article)
    title, text = _title_and_text(command)
    if "version" not in command.args or _is_stale(command, article):
        raise Invalid(fields={"text": messages.CHANGED_MEANWHILE})
    if len(article.text) > messages.FORM_TEXT:
        # The form held the first part, whose outer space is lost on the way.
        text += article.text[len(article.text[: messages.FORM_TEXT].rstrip()) :]
    verified = article.state in {ArticleState.PUBLISHED, ArticleState.NEEDS_REVIEW}
    again = verified and is_regulated(work, article)
    article = replace(article, title=title, text=text, changed_at=context.now)
    if again:
        article = move(article, ArticleState.IN_REVIEW, context.now)
    elif article.state is ArticleState.PUBLISHED:
        review_by = context.now + REVIEW_EVERY
        article = replace(
            article,
            verified_at=context.now,
            verifier=command.person.id,
            review_by=review_by,
            note="",
        )
        set_review_timer(work, article, review_by)
    article = _save(context, work, article, command.person)
    if again:
        article = send_to_review(context, work, article, "it was edited")
    return _card(work, command.person, article)


def _title_and_text(command: Command) -> tuple[str, str]:
    title = " ".join(command.values.get("title", "").split())
    text = command.values.get("text", "").strip()
    missing = {
        name: messages.MISSING for name, value in (("title", title), ("text", text)) if not value
    }
    if missing:
        raise Invalid(fields=missing)
    if len(title) > MAX_TITLE:
        raise Invalid(fields={"title": messages.too_long(MAX_TITLE, len(title))})
    if len(text) > MAX_ANSWER:
        raise Invalid(fields={"text": messages.too_long(MAX_ANSWER, len(text))})
    return title, text


def retire(context: Context, work: QuestionsWork, command: Command) -> Reply:
    article = find_article(work, command.person, command.args)
    require_steward(work, command.person, article)
    if _is_stale(command, article):
        return _card(work, command.person, article)
    if is_doubted(article):
        article = _save(context, work, replace(article, note=LEFT_OUT), command.person)
    elif article.state is not ArticleState.RETIRED:
        retired = replace(move(article, ArticleState.RETIRED, context.now), note=LEFT_OUT)
        article = _save(context, work, retired, command.person)
    return Reply(message=messages.moved(article), replace=True)


def merge_form(_context: Context, work: QuestionsWork, command: Command) -> Reply:
    article = find_article(work, command.person, command.args)
    require_steward(work, command.person, article)
    others = [
        other
        for found in work.memory.look_up(
            work, article.workspace, f"{article.title} {article.text}"[:1_000], limit=11
        )
        if found != article.id and (other := work.articles.get(found)) is not None
    ]
    if not others:
        raise Invalid(messages.NOTHING_TO_MERGE)
    return Reply(form=messages.merge_form(article, others))


def join(context: Context, work: QuestionsWork, command: Command) -> Reply:
    """Merge: the other entry stays and learns this one's question as a phrasing."""
    article = find_article(work, command.person, command.args)
    require_steward(work, command.person, article)
    if _is_stale(command, article):
        raise Invalid(fields={"into": messages.MERGED_ALREADY})
    if not named(command.values, "into"):
        raise Invalid(fields={"into": messages.MISSING})
    into = find_article(work, command.person, {"article": command.values["into"]})
    require_steward(work, command.person, into)
    if into.id == article.id or into.state not in SUGGESTED_STATES:
        raise Invalid(fields={"into": messages.NOTHING_TO_MERGE})
    work.articles.remember_phrasing(into.id, article.title, context.now)
    for phrasing in work.articles.phrasings(article.id):
        work.articles.remember_phrasing(into.id, phrasing, context.now)
    merged = replace(move(article, ArticleState.MERGED, context.now), merged_into=into.id)
    _save(context, work, merged, command.person)
    # Its text is shown to nobody and never will be, so its author has nothing to decide.
    work.outbox.cancel(article.workspace, _about_author(article.id))
    return _card(work, command.person, into)


def save_form(_context: Context, work: QuestionsWork, command: Command) -> Reply:
    """The shortcut *Save as FAQ*: the message's words are the answer to begin with."""
    topics = work.topics.every(command.person.workspace)
    text, author = _words_of(work, command)
    form = messages.faq_form(command.person, author, text=text, topics=topics)
    return Reply(form=form)


def begin_form(_context: Context, work: QuestionsWork, command: Command) -> Reply:
    """*Write an FAQ entry*, under something that shows that one is missing: `args` may have a
    title, a text and a topic to begin with."""
    args = command.args
    title, text = (str(args.get(name) or "") for name in ("title", "text"))
    topics = work.topics.every(command.person.workspace)
    form = messages.faq_form(
        command.person,
        command.person,
        title=" ".join(title.split()),
        text=text,
        topics=topics,
        topic=named(args, "topic"),
    )
    return Reply(form=form)


def _words_of(work: QuestionsWork, command: Command) -> tuple[str, Person | None]:
    """What the message says, and who wrote that, if they are here. Our own message that holds
    an answer says what that says, and its author is who gave it."""
    workspace, message = command.person.workspace, command.message
    stands = work.outbox.find(workspace, command.place.conversation, message) if message else None
    _, answer = read_subject((stands.about if stands else None) or "")
    turn = work.questions.turn(answer) if answer is not None else None
    if turn is not None and turn.author is not None:
        return turn.text, _colleague(command.person, work.people.get(turn.author))
    author = work.people.by_address(workspace, command.author) if command.author else None
    return command.text, _colleague(command.person, author)


def _colleague(person: Person, other: Person | None) -> Person | None:
    is_here = other is not None and other.workspace == person.workspace and other.active
    return other if is_here else None


def save(context: Context, work: QuestionsWork, command: Command) -> Reply:
    """A new entry by anybody, which nobody is shown before the steward of its topic has
    published it. Whoever wrote the words is told, once."""
    title, text = _title_and_text(command)
    workspace, chosen = command.person.workspace, named(command.values, "topic") or "none"
    topic = work.topics.get(workspace, TopicId(chosen))
    wrote = work.people.get(PersonId(named(command.args, "author")))
    author = _colleague(command.person, wrote)
    article = Article(
        id=ArticleId(context.new_id()),
        workspace=workspace,
        title=title,
        text=text,
        state=ArticleState.PROPOSED,
        created_at=context.now,
        changed_at=context.now,
        topic=topic.id if topic else work.memory.classify(work, workspace, f"{title} {text}"),
        author=author.id if author else None,
        changed_by=command.person.id,
    )
    if not _is_proposed(work, article):
        article = work.articles.save(article)
        article = send_to_review(context, work, article, "it is proposed for the FAQ")
        if author is not None and author.id != command.person.id:
            _tell_author(context, work, article, author, command.person)
    told = [person.name for person in reviewers_of(work, article)]
    return Reply(message=messages.saved(told, author, command.person))


def _is_proposed(work: QuestionsWork, article: Article) -> bool:
    """Whether the same words wait already: their author is told once, and nobody looks twice."""
    waiting = work.articles.in_states(
        article.workspace, frozenset({ArticleState.PROPOSED}), MOST_PROPOSED
    )
    return any((a.author, a.text) == (article.author, article.text) for a in waiting)


def _tell_author(
    context: Context, work: QuestionsWork, article: Article, author: Person, by: Person
) -> None:
    """When they work next. Until then they may be named, and take it back all the same."""
    letter = Letter(
        key=_about_author(article.id),
        to=ToPerson(person=author.id),
        message=messages.proposed_by_another(article, by),
        kind="faq.author",
        priority=Priority.ANSWER,
        about=_about_author(article.id),
        because=messages.BECAUSE_YOURS,
    )
    work.outbox.post(article.workspace, for_duty(letter, author, context.now))


def _about_author(article: str) -> str:
    """What the letter is about that only the author of the words gets, and its key."""
    return f"faq:{article}:author"


def anonymise(_context: Context, work: QuestionsWork, command: Command) -> Reply:
    """The author's name comes off this entry, in all versions, and off what it becomes."""
    article = find_article(work, command.person, command.args)
    _require_author(work, command, article)
    work.articles.detach(article.workspace, command.person.id, article.id)
    return Reply(message=say(messages.ANONYMISED))


def unshare(context: Context, work: QuestionsWork, command: Command) -> Reply:
    """The author takes an accepted answer back before a steward has verified it, and what
    somebody else proposed of their words at any time."""
    article = find_article(work, command.person, command.args)
    _require_author(work, command, article)
    if _is_stale(command, article):
        raise Conflict(messages.MERGED_ALREADY)
    verified = article.state in {ArticleState.PUBLISHED, ArticleState.NEEDS_REVIEW}
    if verified and not _is_from_another(work, article):
        raise NotAllowed(messages.VERIFIED_ALREADY)
    if not messages.is_taken_back(article):
        is_out = article.state is ArticleState.RETIRED
        retired = article if is_out else move(article, ArticleState.RETIRED, context.now)
        # A steward may not publish either what was left out before.
        retired = replace(retired, note=TAKEN_BACK)
        # Whose name was taken off is not named again as who made this version.
        is_named = article.author == command.person.id
        _save(context, work, retired, command.person if is_named else None)
        # Whoever has taken it back is not asked any more.
        work.outbox.cancel(article.workspace, _about_author(article.id))
    return Reply(message=say(messages.UNSHARED))


def _require_author(work: QuestionsWork, command: Command, article: Article) -> None:
    person, place, message = command.person, command.place, command.message
    source = work.questions.get(article.question) if article.question else None
    answer = work.questions.turn(source.accepted) if source and source.accepted else None
    if person.id == article.author or (answer is not None and answer.author == person.id):
        return
    # Once the name is off, the letter that only the author has got still says who it was.
    if message is not None and place.kind is PlaceKind.DM:
        letter = work.outbox.find(person.workspace, place.conversation, message)
        if letter is not None and letter.about == _about_author(article.id):
            return
    raise NotAllowed("Only the one who wrote the answer can do this.")


def detach(_context: Context, work: QuestionsWork, command: Command) -> Reply:
    """Names detached on request: the text stays, as by a colleague."""
    count = work.articles.detach(command.person.workspace, command.person.id)
    return Reply(message=messages.detached(count))


def author_left(context: Context, work: QuestionsWork, person: Person) -> None:
    """What a leaver wrote or verified is checked by somebody who is still here."""
    for article in work.articles.by_author(person.id):
        if article.state is ArticleState.PUBLISHED:
            send_to_review(context, work, article, "the expert behind it has left")

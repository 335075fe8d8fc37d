"""Ask, find an answer or the right colleague, answer, accept, and remember.

A question is looked up in the FAQ first and shown to the asker only. Else it goes to
people in waves, each within their own hours and limit, and at last to the steward of
its topic. What the asker accepts is kept for others, without the asker's name.

    model       values and rules: states, events, the FAQ life cycle
    expertise   declared, earned, endorsed, fading         (pure)
    routing     who is asked, and why                      (pure)
    memory      search and routing, kept in step with the store
    talk        what plain words are                       (pure)
    access      who may see and do what
    addressee   whom plain words in a direct message are for
    step        one event, and the cards that show it
    ask  offer  answer  article  expert                    handlers
    hour        what is asked for an announced hour        handlers, timers
    lending     who has asked with their name, for others
    home        what stands on a person's own page
    messages    every sentence
    ports work  what is needed from storage, and one transaction of it
"""

from bot.access import Right
from bot.capabilities.questions import (
    addressee,
    answer,
    article,
    ask,
    expert,
    home,
    hour,
    lending,
    offer,
    step,
)
from bot.capabilities.questions.step import FOUND_NOBODY
from bot.capabilities.questions.work import QuestionsWork
from bot.capability import Capability, MessageShortcut, Order
from bot.kind import duty, own, wished

capability: Capability[QuestionsWork] = Capability(
    name="questions",
    title="Questions and answers",
    orders={
        "ask": Order(
            expert.ask_or_again,
            "[anonymously|openly] your question",
            "finds an answer, or a colleague who knows; alone it opens a form",
            slash=True,
        ),
        "questions": Order(ask.my_questions, "", "lists what you asked", spoken=False),
        "faq": Order(
            article.faq, "what you look for | review", "searches the FAQ, or lists what to review"
        ),
        "know": Order(expert.know, "topic", "says that you may be asked about it", spoken=False),
        "learning": Order(
            expert.learn,
            "topic",
            "says that you would like to see real questions about it",
            spoken=False,
        ),
        "drop": Order(expert.drop, "topic", "says that you are not asked about it", spoken=False),
        "topics": Order(expert.topics, "", "lists the topics"),
        "topic": Order(
            expert.add_topic, "title", "opens a topic", spoken=False, needs=Right.ADD_TOPIC
        ),
        "unanswered": Order(
            offer.unanswered, "", "lists what found nobody in your topics", spoken=False
        ),
    },
    shortcuts={
        "ask_expert": MessageShortcut(
            ask.open_form,
            "Ask an expert about this",
            help="Opens a form with these words; you choose whether your name goes along",
        ),
        "ask": MessageShortcut(
            ask.open_form,
            "Ask the experts",
            on_message=False,
            help="Opens a form; you choose whether your name goes along",
        ),
        "save_faq": MessageShortcut(
            article.save_form,
            "Save as FAQ",
            help="Opens a form with these words; a steward decides whether others find them",
        ),
    },
    presses={
        "question.solved": ask.solved,
        "question.partly": ask.partly,
        "question.no": ask.no,
        "question.route": ask.ask_colleague,
        "question.withdraw": ask.withdraw,
        "question.read": ask.read,
        "question.add": ask.add_form,
        "question.claim": offer.claim,
        "question.release": offer.release,
        "question.busy": offer.busy,
        "question.not_my_field": offer.not_my_field,
        "question.someone_else": offer.someone_else_form,
        "question.post": offer.post,
        "question.no_post": offer.keep_private,
        "question.duplicate": offer.duplicate_form,
        "question.answer": answer.open_form,
        "question.ask_back": answer.ask_back_form,
        "question.give_words": addressee.give_words,
        "question.ask_back_words": addressee.ask_back_words,
        "question.reply_words": addressee.reply_words,
        "question.put_words": ask.put_words,
        "question.put_here": ask.put_here,
        "question.not_asked": ask.not_asked,
        "question.accept": answer.accept,
        "question.accept_private": answer.accept_private,
        "question.not_yet": answer.not_yet,
        "question.follow_up": answer.follow_up_form,
        "question.reopen": answer.reopen,
        "question.read_answer": answer.read_answer,
        "question.worked": answer.worked,
        "question.partly_worked": answer.partly_worked,
        "question.did_not_work": answer.did_not_work,
        "question.not_tried": answer.not_tried,
        "question.limit": expert.limit_form,
        "question.ask": ask.open_form,
        "question.know": expert.know_form,
        "question.drop_topic": expert.drop_topic,
        "question.ask_me_again": expert.ask_me_again,
        "question.unanswered": offer.unanswered,
        "question.open_escalated": offer.open_escalated,
        "question.of_hour": hour.listed,
        "faq.list_review": article.list_review,
        "faq.open": article.open_article,
        "faq.flag": ask.flag_form,
        "faq.propose": article.propose,
        "faq.publish": article.publish,
        "faq.edit": article.edit_form,
        "faq.merge": article.merge_form,
        "faq.retire": article.retire,
        "faq.anonymise": article.anonymise,
        "faq.unshare": article.unshare,
        "faq.detach": article.detach,
        "faq.begin": article.begin_form,
    },
    opens_forms=frozenset(
        {
            "question.add",
            "question.someone_else",
            "question.duplicate",
            "question.answer",
            "question.ask_back",
            "question.follow_up",
            "question.limit",
            "question.ask",
            "question.know",
            "faq.flag",
            "faq.begin",
            "faq.edit",
            "faq.merge",
        }
    ),
    submits={
        "question.ask": ask.submit,
        "question.send_answer": answer.send,
        "question.send_ask_back": answer.send_ask_back,
        "question.send_follow_up": answer.send_follow_up,
        "question.hand_on": offer.hand_on,
        "question.mark_duplicate": offer.mark_duplicate,
        "question.set_limit": expert.set_limit,
        "question.keep_declaration": expert.keep_declaration,
        "faq.send_flag": article.flag,
        "faq.keep": article.keep_edit,
        "faq.join": article.join,
        "faq.save": article.save,
    },
    timers={
        "question.untapped": ask.untapped,
        "question.wave": offer.wave_over,
        "question.posted": offer.posted,
        "question.claim": offer.claim_silent,
        "question.expire": offer.expire,
        "question.put_up": hour.put_up,
        "question.entrust": hour.entrust,
        "question.due": hour.due_on,
        "question.list_unanswered": offer.list_unanswered,
        "question.close": answer.close,
        "question.follow_through": answer.ask_whether_it_worked,
        "question.forget": step.forget,
        "faq.review_due": article.review_due,
    },
    hears={"question": answer.hear, FOUND_NOBODY: offer.hear_which},
    views={"question": step.view},
    reactions={"accept": answer.accept_marked},
    mention=expert.mention,
    words=expert.words,
    farewell=expert.farewell,
    hush=offer.pass_all,
    about_me=expert.about_me,
    home=home.home,
    week=home.week,
    evidence=lending.EVIDENCE,
    letters={
        "answer": own("what they asked"),
        "status": own("the card of what they asked"),
        "notice": own("a question that they work on"),
        "released": own("a question that they hold"),
        "offer": duty("they may know the answer", each="it counts towards their weekly limit"),
        step.ESCALATION: duty(
            "they look after what found nobody else",
            despite_stop=True,
            each="an asker waits for each; they come an hour apart, as a list where it is more",
        ),
        article.REVIEW: wished("a steward may look at it when it suits them"),
        "faq.author": duty(
            "somebody wants to share their words",
            despite_stop=True,
            each="they say of each whether it may be shared",
        ),
        "list": duty("they look after what found nobody else"),
        "hour.over": duty(
            "they held the hour, or look after what is left of it",
            each="what is left of each hour is a list of its own",
        ),
    },
)

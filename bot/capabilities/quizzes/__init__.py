"""Check yourself first: who passes needs to read nothing, who does not is shown what was missed.

model          values and rules: states, events, the fold                     (pure)
verdict        where an attempt stands                                        (pure)
rule           when an attempt is decided: gate, sequential test, fixed form  (pure)
choosing       which item comes next                                          (pure)
referral       what to read after what was missed                             (pure)
certification  what was earned, how long it lasts, and the evidence           (pure)
statistic      which answers of an attempt make statistics                    (pure)
show           how an item stands before a person, and what answers say       (pure)
access         who may see and do what
sitting        one event of an attempt, and where it stands by its rule
retake         when somebody may try again, and what they need not show again
ending         what is earned with an attempt, and what is told at its end
asking         the next item, or an end
deadline       when time will change a certificate next
practice       renewal by daily questions, without a test
deciding       exemptions, and taking a certificate back
offer taking doubt review renewal                                             handlers
lending        a quiz for others to put before many, and who has shown what
home           what stands on a person's own page
messages       every sentence
ports work     what is needed from storage, and one transaction of it
"""

from bot.capabilities.quizzes import (
    audit,
    deciding,
    doubt,
    home,
    lending,
    offer,
    renewal,
    review,
    taking,
)
from bot.capabilities.quizzes.work import QuizzesWork
from bot.capability import Capability, Order
from bot.kind import own, wished

capability: Capability[QuizzesWork] = Capability(
    name="quizzes",
    title="Quizzes",
    orders={
        "quiz": Order(
            offer.quiz,
            "topic | review | audit",
            "lists the quizzes that are open to you; who passes needs to read nothing",
            slash=True,
        ),
    },
    presses={
        "quiz.list": offer.list_open,
        "quiz.begin": offer.begin,
        "quiz.start": offer.start,
        "quiz.decline": offer.decline,
        "quiz.calibration": offer.calibration,
        "quiz.needs": offer.needs_form,
        "quiz.pick": taking.pick,
        "quiz.toggle": taking.toggle,
        "quiz.done": taking.done,
        "quiz.form": taking.form,
        "quiz.sure": taking.sure,
        "quiz.change": taking.change,
        "quiz.leave": taking.leave,
        "quiz.resume": taking.resume,
        "quiz.stop": taking.stop,
        "quiz.finish": taking.finish,
        "quiz.answers": taking.answers,
        "quiz.review": review.list_waiting,
        "quiz.mark": review.mark_form,
        "quiz.withdraw": review.withdraw_form,
        "quiz.void": review.void_form,
        "quiz.material": review.material_form,
        "quiz.aloud": review.ask_aloud,
        "quiz.record": review.record_form,
        "quiz.exempt": deciding.exempt_form,
        "quiz.revoke": deciding.revoke_form,
        "quiz.agree": deciding.agree,
        "quiz.disagree": deciding.disagree,
        "quiz.holders": audit.holders,
        "quiz.evidence": audit.evidence,
        "quiz.check_chain": audit.check_chain,
        "quiz.mine": home.tell_all,
        "quiz.forget": home.forget,
    },
    opens_forms=frozenset(
        {
            "quiz.needs",
            "quiz.form",
            "quiz.mark",
            "quiz.withdraw",
            "quiz.void",
            "quiz.material",
            "quiz.record",
            "quiz.exempt",
            "quiz.revoke",
        }
    ),
    submits={
        "quiz.answer": taking.answer,
        "quiz.keep_needs": offer.keep_needs,
        "quiz.keep_mark": review.keep_mark,
        "quiz.keep_withdrawn": review.keep_withdrawn,
        "quiz.keep_void": review.keep_void,
        "quiz.keep_material": review.keep_material,
        "quiz.keep_record": review.keep_record,
        "quiz.keep_exempt": deciding.keep_exempt,
        "quiz.keep_revoke": deciding.keep_revoke,
    },
    timers={
        "quiz.silence": taking.silence,
        "quiz.abandon": taking.abandon,
        "quiz.time_up": taking.time_up,
        "quiz.tomorrow": taking.tomorrow,
        "quiz.review_due": review.review_due,
        "quiz.strike": review.strike,
        "quiz.void": review.void,
        "quiz.material": review.material,
        "quiz.outdate": review.outdate,
        "quiz.certification": renewal.pass_time,
        "quiz.remind": renewal.remind,
    },
    answers=offer.hear,
    doubts=doubt.hold,
    farewell=home.farewell,
    about_me=home.about_me,
    home=home.home,
    activities=lending.ACTIVITIES,
    evidence=lending.EVIDENCE,
    week=home.week,
    letters={
        "quiz.item": own("they are in the middle of it"),
        "quiz.asked": own("what they asked for was done"),
        "quiz.renewal": wished("it runs out on a day far off"),
        "quiz.changed": wished("what they took was changed by others"),
        "quiz.decided": wished("others decided about them"),
        "quiz.to_read": wished("answers wait for any of several readers"),
        "quiz.aloud": wished("any steward may arrange it"),
        "quiz.revoke": wished("any of several may be the second"),
    },
)

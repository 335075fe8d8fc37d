"""Check yourself first: who passes needs to read nothing, who does not is shown what was missed.

model          values and rules: states, events, the fold                     (pure)
rule           when an attempt is decided: gate, sequential test, fixed form  (pure)
choosing       which item comes next                                          (pure)
referral       what to read after what was missed                             (pure)
certification  what was earned, how long it lasts, and the evidence           (pure)
statistic      what answers say about items and quizzes                       (pure)
flag           what statistics tell an item's owner                           (pure)
"""

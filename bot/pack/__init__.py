"""Content that anybody can write: what packs hold, as values, and the store that keeps it.

item      what a quiz asks
model     sections, tips, quizzes
answer    what an answer looks like, and what words mean as one(pure)
scoring   what an answer to an item is worth              (pure)
statistic what answers say about items and quizzes        (pure)
flag      what statistics and questions tell an owner     (pure)
about     what a question or a signal is about               (pure)
issue     what could be better, until it is               (pure)
version   what a thing's version is                       (pure)
markup    how what authors write is shown                 (pure)
ports     the store: everything with every version it had
attached  whether answers of colleagues stand under something
practice  what somebody answered to daily questions
waiver    what somebody need not be taught any more
"""

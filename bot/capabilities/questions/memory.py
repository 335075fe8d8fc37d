"""What search and routing remember of the store: one index a workspace, kept in step.

The indexes are caches in the process. Each row they hold has a revision that grows in
commit order; before every look-up the rows changed since the last one are read. A
change that was rolled back has no revision, so it never gets in. Any number of
processes may hold a memory of the same store.
"""

"""Formats in which other programs keep questions.

`gift`, `aiken` and `moodle_xml` read a file to the questions of `question` and write it from
them; `item` turns those to items and back; `landing` puts items in a pack. What cannot be
brought along is never dropped silently: it is a `Problem` with its line and what to do.
"""

"""Campaigns of several parts, in chat: written, looked at, approved, run.

arrangement  parts added, moved and taken out            (pure)
sheet        the card that a person sees of a campaign
writing      handlers: what it says as a whole, and part by part
entry        what those forms say, read
review       handlers: submitted, approved, sent back, scheduled
trial        handlers: seen by its owner, and by a few before others
steering     handlers: paused, going on, ended, changed while it runs
messages     every sentence
"""

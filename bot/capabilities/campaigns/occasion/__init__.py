"""What people do together in a campaign: a poll, and an hour of questions.

poll      votes, counted without names       handlers, timer
messages  every sentence
"""

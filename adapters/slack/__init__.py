"""Slack: the Events API or Socket Mode in, the Web API out.

`client` makes calls and tells what became of each as a value; `deliver` is `bot.ports.Platform`:
letters out, and the look-up of those that may have arrived.
"""

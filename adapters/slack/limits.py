"""What Slack would refuse, found before it is sent. Pure functions of values."""

from typing import Any


def find_faults(sent: list[dict[str, Any]] | dict[str, Any]) -> list[str]:
    """What Slack would refuse of a message's blocks or of a view, a sentence each; empty when
    it would take it."""
    blocks = sent if isinstance(sent, list) else sent["blocks"]
    most = 50 if isinstance(sent, list) else 100
    return [f"{len(blocks)} blocks, {most} at most"] if len(blocks) > most else []

"""How fast a lane may go."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bucket:
    """At most `count` messages in any `seconds`."""

    count: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Limits:
    """What a platform allows one workspace.

    `per_minute` None is no limit. With a `ceiling` the platform's number is unknown:
    `per_minute` is where a lane begins, and it finds its own speed up to the ceiling.
    `conversation` holds for each conversation beside the lane's own limit; all of its
    buckets at once. `in_flight` is how many requests may be under way at a time.
    """

    per_minute: float | None = None
    ceiling: float | None = None
    conversation: tuple[Bucket, ...] = ()
    in_flight: int = 50


UNLIMITED = Limits()

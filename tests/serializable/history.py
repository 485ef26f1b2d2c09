"""What clients saw: every operation with its times, what it read, what it wrote, and whether it happened.

Each item counts its versions from 1, and every write gives it a tag that no other write has, so a version read says
whose write it was. Version 0 is absence. Nothing is deleted.
"""

from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

Place = tuple[str, str]
"""A table and a key in it."""


class Version(NamedTuple):
    number: int
    tag: str | None


ABSENT = Version(0, None)


class Fate(Enum):
    DONE = "done"
    REFUSED = "refused"  # it wrote nothing; what it was shown it read all the same
    UNKNOWN = "unknown"  # no answer came: it wrote all or nothing, and may yet have done so long after


@dataclass(slots=True)
class Operation:
    """`reads` of an operation whose fate is unknown hold if it happened. Times are of one clock."""

    name: str
    invoked: float
    returned: float = float("inf")
    fate: Fate = Fate.UNKNOWN
    reads: dict[Place, Version] = field(default_factory=dict)
    writes: dict[Place, str] = field(default_factory=dict)
    money: dict[Place, int] = field(default_factory=dict)  # as read


Logs = dict[Place, list[str]]
"""What each item says in the end of its versions: the tags of all writes, in order."""

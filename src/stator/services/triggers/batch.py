"""What becomes of a batch that a function failed on. Pure.

The changes of a part of a lane go to the function in order; a batch that fails holds up those after it until it
succeeds or is given up.
"""

from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from stator.journal.mapping import Mapping

EXHAUSTED, TOO_OLD = "RetryAttemptsExhausted", "EventAgeExceeded"


class Event(NamedTuple):
    """A change as the function gets it."""

    sequence: int
    time: float
    number: str  # its SequenceNumber
    body: bytes


class Batch(Struct, frozen=True):
    """Changes for one invocation. `failures` is how often they were tried, not counting tries that split them."""

    entries: tuple[Event, ...]
    failures: int = 0

    @property
    def first(self) -> int:
        return self.entries[0].sequence


def expired(batch: Batch, mapping: Mapping, now: float) -> tuple[Batch | None, Batch | None]:
    """The part that is too old to be tried, and the part that is not."""
    if mapping.age_seconds_max < 0:
        return None, batch
    old = sum(1 for entry in batch.entries if now - entry.time > mapping.age_seconds_max)
    if not old:
        return None, batch
    kept = batch.entries[old:]  # times never fall within a lane
    return replace(batch, entries=batch.entries[:old]), replace(batch, entries=kept) if kept else None


def after_failure(batch: Batch, mapping: Mapping, failed_from: int = 0) -> tuple[list[Batch], Batch | None]:
    """What is to be tried next, in order, and what is given up.

    `failed_from` is the place of the first entry that failed, where the function told it; those before it are done.
    """
    rest = replace(batch, entries=batch.entries[failed_from:])
    if mapping.bisect and len(rest.entries) > 1:
        if failed_from:  # the function has split it
            return [rest], None
        middle = len(rest.entries) // 2
        return [replace(rest, entries=rest.entries[:middle]), replace(rest, entries=rest.entries[middle:])], None
    tried = replace(rest, failures=rest.failures + 1)
    if 0 <= mapping.retries_max < tried.failures:
        return [], tried
    return [tried], None


def first_failed(batch: Batch, answer: object) -> int | None:
    """The place of the first entry that an answer with batchItemFailures tells of; None when it tells of none.

    What cannot be understood means that all failed.
    """
    numbers = [entry.number for entry in batch.entries]
    if answer is None or answer == {}:
        return None
    failures = answer.get("batchItemFailures", []) if isinstance(answer, dict) else False
    if failures is None or failures == []:
        return None
    if not isinstance(failures, list):
        return 0
    places = []
    for failure in failures:
        number = failure.get("itemIdentifier") if isinstance(failure, dict) else None
        if number not in numbers:
            return 0
        places.append(numbers.index(number))
    return min(places)

"""Token buckets: what may be done of a rate, what is left unused for later, and debts that the rate pays back. Pure.

A bucket lets in whoever finds it above zero and is charged for what that turned out to cost. So it may fall below zero,
and in the long run exactly its rate is served, whatever single operations cost.
"""

from typing import Final

# What exceeding a limit is called: the ends of the service's throttling reasons.
PROVISIONED: Final = "ProvisionedThroughputExceeded"
KEY_RANGE: Final = "KeyRangeThroughputExceeded"
ACCOUNT: Final = "AccountLimitExceeded"
MAX_ON_DEMAND: Final = "MaxOnDemandThroughputExceeded"

BURST_SECONDS: Final = 300.0
"""How many seconds of unused capacity are kept. A new bucket is full."""

KEYS_MAX: Final = 1024
"""Keys with a debt that are remembered before those that have paid it are looked for."""

_WATCHED_FROM_SECONDS: Final = 0.5
_CLOCK_FELL_SECONDS: Final = 600.0


class Bucket:
    """Up to `capacity` units, refilled by `rate` a second. `level` is as of the time `at`; times are seconds."""

    __slots__ = ("at", "capacity", "kind", "level", "rate")

    def __init__(self, kind: str, rate: float, seconds: float, now: float) -> None:
        self.kind = kind
        self.rate = rate
        self.capacity = rate * seconds
        self.level = self.capacity
        self.at = now

    def fill(self, now: float) -> float:
        """Bring the level up to `now` and return it. A clock that was set back refills nothing."""
        level = self.level
        if now > self.at:
            level += (now - self.at) * self.rate
            level = min(level, self.capacity)
            self.level = level
        self.at = now
        return level

    def take(self, units: float, now: float) -> None:
        self.level = self.fill(now) - units

    def change(self, rate: float, seconds: float, now: float) -> None:
        """Another rate from now on. What was saved or is owed stays, as far as the new capacity has room."""
        level = self.fill(now)
        self.rate = rate
        self.capacity = rate * seconds
        self.level = min(level, self.capacity)

    def restore(self, level: float, at: float, now: float) -> None:
        """Go on from a level written down at `at`."""
        self.level = min(level, self.capacity)
        self.at = min(at, now)
        self.fill(now)


class KeyRates:
    """What a single partition key may do: `limit` units a second, with no more than one second of it saved.

    A key is remembered by the time at which its own bucket is full again, so one without a debt takes no memory. Keys
    are told apart only while all of them together do about as much as one may.
    """

    __slots__ = ("_full_at", "_limit", "_together")

    def __init__(self, limit: float) -> None:
        self._limit = limit
        self._together = 0.0  # the same time for all keys as if they were one
        self._full_at: dict[bytes, float] = {}

    def __len__(self) -> int:
        return len(self._full_at)

    def refuses(self, partition: bytes, now: float) -> bool:
        full_at = self._full_at.get(partition)
        return full_at is not None and 1.0 <= full_at - now < _CLOCK_FELL_SECONDS

    def charge(self, partition: bytes, units: float, now: float) -> None:
        cost = units / self._limit
        together = self._together
        if not now < together < now + _CLOCK_FELL_SECONDS:
            together = now
        self._together = together = together + cost
        keys = self._full_at
        if together - now <= _WATCHED_FROM_SECONDS:
            if keys:
                keys.clear()
            return
        full_at = keys.get(partition, now)
        keys[partition] = (full_at if now < full_at < now + _CLOCK_FELL_SECONDS else now) + cost
        if len(keys) > KEYS_MAX:
            self._full_at = {key: time for key, time in keys.items() if time > now}


class Budget:
    """What one side, reading or writing, of a table or index may do: every bucket and the key's own must be above zero.
    Buckets may be shared with other budgets."""

    __slots__ = ("buckets", "keys", "spent")

    def __init__(self, buckets: tuple[Bucket, ...], keys: KeyRates | None, spent: float = 0.0) -> None:
        self.buckets = buckets
        self.keys = keys
        self.spent = spent  # all units that were charged here: it only grows

    def refusal(self, partition: bytes | None, now: float, pending: float = 0.0) -> str | None:
        """The kind of the bucket that is exhausted, `KEY_RANGE` for that of the key; None if there is room. `pending`:
        units that were let in and are yet to be charged."""
        for bucket in self.buckets:
            if bucket.fill(now) <= pending:
                return bucket.kind
        if partition is not None and self.keys is not None and self.keys.refuses(partition, now):
            return KEY_RANGE
        return None

    def charge(self, units: float, partition: bytes | None, now: float) -> None:
        self.spent += units
        for bucket in self.buckets:
            bucket.level = bucket.fill(now) - units
        if partition is not None and self.keys is not None:
            self.keys.charge(partition, units, now)

    def take(self, units: float, now: float) -> None:
        """Charge what another process let in."""
        for bucket in self.buckets:
            bucket.take(units, now)

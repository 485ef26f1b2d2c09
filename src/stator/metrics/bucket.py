"""Token buckets: what may be done of a rate, what is left unused for later, and debts that the rate pays back. Pure.

A bucket lets in whoever finds it above zero and is charged for what that turned out to cost. So it may fall below zero,
and in the long run exactly its rate is served, whatever single operations cost.
"""

from typing import Final

from stator.clock import Clock

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
_NEVER = float("-inf")


class Bucket:
    """Up to `capacity` units, refilled by `rate` a second. `level` is as of the time `at`; times are seconds."""

    __slots__ = ("at", "capacity", "kind", "level", "rate")

    def __init__(self, kind: str, rate: float, seconds: float, now: float) -> None:
        self.kind = kind
        self.rate = float(rate)  # arithmetic of whole numbers and others takes half as long again
        self.capacity = self.rate * seconds
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
        self.rate = float(rate)
        self.capacity = self.rate * seconds
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

    __slots__ = ("_cost", "_together", "full_at", "hot_until")

    def __init__(self, limit: float) -> None:
        self._cost = 1.0 / limit  # seconds that a unit takes
        self._together = 0.0  # the same time for all keys as if they were one
        self.full_at: dict[bytes, float] = {}
        self.hot_until = _NEVER  # no key is refused after that, unless more is charged

    def refuses(self, partition: bytes, now: float) -> bool:
        full_at = self.full_at.get(partition)
        return full_at is not None and now <= full_at - 1.0 < now + _CLOCK_FELL_SECONDS

    def charge(self, partition: bytes, units: float, now: float) -> None:
        cost = units * self._cost
        ahead = self._together - now
        if ahead < 0.0 or ahead >= _CLOCK_FELL_SECONDS:
            ahead = 0.0
        ahead += cost
        self._together = now + ahead
        keys = self.full_at
        if ahead <= _WATCHED_FROM_SECONDS:
            if keys:
                keys.clear()
            return
        full_at = keys.get(partition)
        if full_at is None:
            full_at = now
            if len(keys) >= KEYS_MAX:
                keys = self.full_at = {key: time for key, time in keys.items() if time > now}
        elif full_at < now or full_at >= now + _CLOCK_FELL_SECONDS:
            full_at = now
        keys[partition] = full_at = full_at + cost
        if full_at - 1.0 >= now:
            hot_until = self.hot_until if self.hot_until < now + _CLOCK_FELL_SECONDS else _NEVER
            self.hot_until = max(hot_until, full_at - 1.0)


class Budget:
    """What one side, reading or writing, of a table or index may do: every bucket and the key's own must be above zero.
    Buckets may be shared with other budgets.

    On the path of every request of a table with limits, so most are let in by one look: who finds it `open` need not
    ask, since nothing but charges closes it.
    """

    __slots__ = ("_clock", "_own", "buckets", "keys", "open", "spent")

    def __init__(self, buckets: tuple[Bucket, ...], keys: KeyRates | None, clock: Clock, spent: float = 0.0) -> None:
        self._clock = clock
        self.buckets = buckets
        self._own = len(buckets) < 2  # another budget may empty what is shared
        self.keys = keys
        self.spent = spent  # all units that were charged here: it only grows
        self.open = False

    def refusal(self, partition: bytes | None, pending: float = 0.0) -> str | None:
        """The kind of the bucket that is exhausted, `KEY_RANGE` for that of the key; None if there is room. `pending`:
        units that were let in and are yet to be charged."""
        now = self._clock()
        for bucket in self.buckets:
            if bucket.fill(now) <= pending:
                return bucket.kind
        if partition is not None and self.keys is not None and self.keys.refuses(partition, now):
            return KEY_RANGE
        return None

    def charge(self, units: float, partition: bytes | None) -> None:
        """Charge what was let in."""
        now = self._clock()
        self.spent += units
        is_open = self._own
        for bucket in self.buckets:
            level = bucket.level  # as `fill`, without a call
            if now > bucket.at:
                level += (now - bucket.at) * bucket.rate
                if level > bucket.capacity:  # noqa: PLR1730
                    level = bucket.capacity
            bucket.at = now
            bucket.level = level = level - units
            if level <= 0.0:
                is_open = False
        keys = self.keys
        if keys is not None:
            if partition is not None:
                keys.charge(partition, units, now)
            if keys.hot_until >= now:
                is_open = False
        self.open = is_open

    def take(self, units: float) -> None:
        """Charge what another process let in."""
        now = self._clock()
        for bucket in self.buckets:
            bucket.take(units, now)
        self.open = False

    def lower(self, level: float) -> None:
        """Leave no more than so many units in the first bucket."""
        if self.buckets:
            bucket = self.buckets[0]
            bucket.level = min(bucket.fill(self._clock()), level)
        self.open = False

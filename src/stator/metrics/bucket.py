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
_OWED_SECONDS: Final = 0.05
_CLOCK_FELL_SECONDS: Final = 600.0
_NEVER = float("-inf")
_ENDLESS = float("inf")


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

    __slots__ = ("_cost", "_limit", "_together", "full_at", "hot_until", "slack")

    def __init__(self, limit: float) -> None:
        self._limit = limit
        self._cost = 1.0 / limit  # seconds that a unit takes
        self._together = 0.0  # the same time for all keys as if they were one
        self.slack = 0.0  # units that may be charged by `add`; none while keys are told apart
        self.full_at: dict[bytes, float] = {}
        self.hot_until = _NEVER  # no key is refused after that, unless more is charged

    def refuses(self, partition: bytes, now: float) -> bool:
        full_at = self.full_at.get(partition)
        return full_at is not None and now <= full_at - 1.0 < now + _CLOCK_FELL_SECONDS

    def add(self, units: float, now: float) -> float:
        """Charge units of keys that were not told apart; returns how far all keys together are ahead, in seconds."""
        ahead = self._together - now
        if ahead < 0.0 or ahead >= _CLOCK_FELL_SECONDS:
            ahead = 0.0
        ahead += units * self._cost
        self._together = now + ahead
        self.slack = self._limit * _OWED_SECONDS if ahead <= _WATCHED_FROM_SECONDS else 0.0
        return ahead

    def charge(self, partition: bytes, units: float, now: float) -> None:
        cost = units * self._cost
        keys = self.full_at
        if self.add(units, now) <= _WATCHED_FROM_SECONDS:
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

    On the path of every request of a table with limits, so most are let in by one look and charged by one addition: who
    finds it `open` need not ask, since nothing but charges closes it, and the buckets are charged once `owed` comes to
    a twentieth of a second's worth. Where they run low, or a key runs hot, that is every time.
    """

    __slots__ = ("_clock", "_own", "_settled", "_slack", "buckets", "keys", "open", "owed")

    def __init__(self, buckets: tuple[Bucket, ...], keys: KeyRates | None, clock: Clock, spent: float = 0.0) -> None:
        self._clock = clock
        self.buckets = buckets
        self._own = len(buckets) < 2  # another budget may empty what is shared
        self.keys = keys
        self._settled = spent
        self.owed = 0.0  # charged here and not yet to the buckets
        self._slack = 0.0  # what may be owed
        self.open = False

    @property
    def spent(self) -> float:
        """All units that were charged here: it only grows."""
        return self._settled + self.owed

    @property
    def level(self) -> float | None:
        """What is left in the first bucket; None where there is none."""
        self.settle()
        return self.buckets[0].level if self.buckets else None

    def refusal(self, partition: bytes | None, pending: float = 0.0) -> str | None:
        """The kind of the bucket that is exhausted, `KEY_RANGE` for that of the key; None if there is room. `pending`:
        units that were let in and are yet to be charged."""
        now = self.settle()
        for bucket in self.buckets:
            if bucket.level <= pending:
                return bucket.kind
        if partition is not None and self.keys is not None and self.keys.refuses(partition, now):
            return KEY_RANGE
        return None

    def charge(self, units: float, partition: bytes | None) -> None:
        """Charge what was let in."""
        if partition is not None:
            owed = self.owed + units
            if owed <= self._slack:
                self.owed = owed
                return
        self._charge(units, partition)

    def settle(self) -> float:
        """Bring the buckets up to now, and return that: seconds since the epoch."""
        now = self._settle()
        self._look(now)
        return now

    def take(self, units: float) -> None:
        """Charge what another process let in."""
        now = self._settle()
        for bucket in self.buckets:
            bucket.take(units, now)
        self._close()

    def lower(self, level: float) -> None:
        """Leave no more than so many units in the first bucket."""
        self._settle()
        if self.buckets:
            self.buckets[0].level = min(self.buckets[0].level, level)
        self._close()

    def _charge(self, units: float, partition: bytes | None) -> None:
        """All that is owed, and `units` besides."""
        now = self._settle()
        self._settled += units
        for bucket in self.buckets:
            bucket.level -= units
        if self.keys is not None and partition is not None:
            self.keys.charge(partition, units, now)
        self._look(now)

    def _settle(self) -> float:
        now = self._clock()
        owed, self.owed = self.owed, 0.0
        self._settled += owed
        for bucket in self.buckets:
            bucket.take(owed, now)
        if self.keys is not None and owed:
            self.keys.add(owed, now)
        return now

    def _look(self, now: float) -> None:
        """See whether the next one has to ask, and how much may be owed."""
        self._close()
        if not self._own:
            return
        slack = _ENDLESS
        for bucket in self.buckets:
            slack = min(slack, bucket.level / 4, bucket.rate * _OWED_SECONDS)  # so it stays above zero, and open
        keys = self.keys
        if slack > 0.0 and (keys is None or keys.hot_until < now):
            self.open = True
            self._slack = slack if keys is None else min(slack, keys.slack)

    def _close(self) -> None:
        """Have the next request ask."""
        self.open = False
        self._slack = 0.0

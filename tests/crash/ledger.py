"""What a server that may die at any moment owes its clients: all it acknowledged, and nothing by halves."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

State = Mapping[str, Any] | None  # None: not there


@dataclass(slots=True)
class Ledger:
    """Of single things: what each was last known to be, and the writes to them that nobody answered.

    A thing has one writer at a time, which stops at the first write that goes unanswered; so a thing is in at most one
    doubt. A doubt is one write, to one thing or several: it happened as a whole or not at all.
    """

    facts: dict[str, State] = field(default_factory=dict)
    doubts: list[dict[str, State]] = field(default_factory=list)
    acknowledged: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def know(self, changes: Mapping[str, State]) -> None:
        with self._lock:
            self.facts.update(changes)
            self.acknowledged += len(changes)

    def doubt(self, changes: Mapping[str, State]) -> None:
        with self._lock:
            self.doubts.append(dict(changes))

    def settle(self, actual: Mapping[str, State]) -> list[str]:
        """Compare with what is there, a line for each fault; what is there becomes what is known."""
        faults = []
        expected = dict(self.facts)
        for doubt in self.doubts:
            done = [name for name, state in doubt.items() if actual.get(name) == state]
            undone = [name for name in doubt if actual.get(name) == expected.get(name)]
            if len(done) == len(doubt):
                expected.update(doubt)
            elif len(undone) != len(doubt):
                faults.append(f"half-written: {doubt}, of it {done} done and {undone} not")
        self.doubts.clear()
        for name in expected.keys() | actual.keys():
            if expected.get(name) != actual.get(name):
                faults.append(f"{name}: known as {expected.get(name)}, found as {actual.get(name)}")
        self.facts = dict(actual)
        return faults


@dataclass(slots=True)
class Tally:
    """Of counters that many increment: how often they were acknowledged and how often tried."""

    acknowledged: dict[str, int] = field(default_factory=dict)
    attempted: dict[str, int] = field(default_factory=dict)
    total: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def attempt(self, name: str) -> None:
        with self._lock:
            self.attempted[name] = self.attempted.get(name, 0) + 1

    def acknowledge(self, name: str) -> None:
        with self._lock:
            self.acknowledged[name] = self.acknowledged.get(name, 0) + 1
            self.total += 1

    def refuse(self, name: str) -> None:
        with self._lock:
            self.attempted[name] -= 1

    def settle(self, actual: Mapping[str, int]) -> list[str]:
        faults = []
        for name, most in self.attempted.items():
            least, found = self.acknowledged.get(name, 0), actual.get(name, 0)
            if not least <= found <= most:
                faults.append(f"counter {name}: acknowledged {least}, attempted {most}, found {found}")
        self.acknowledged = dict(actual)
        self.attempted = dict(actual)
        return faults

"""A run of the bench: which figures, in which order, how long."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from benchmarks.echo import ECHO
from benchmarks.figure import Figure, Place, median
from benchmarks.load import LoadError, put_on
from benchmarks.target import Target
from benchmarks.workload import Workload

_WARM_UP_SECONDS = 3.0
_PER_SECOND_MAX = 30_000  # simple requests that any server could serve here; so many are prepared for each second


@dataclass(frozen=True, slots=True)
class Entry:
    """What is asked of one server."""

    target: Target
    workloads: Sequence[Workload]
    connections: Sequence[int]


@dataclass
class Session:
    """Collects figures. `say` tells the person who waits what happens."""

    seconds: float  # of each single run
    say: Callable[[str], None]
    runs: dict[Place, list[Figure]] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    numbers: dict[str, int] = field(default_factory=dict)

    async def measure(self, target: Target, asked: Workload, connections: int) -> Figure:
        """One run. What cannot be served is noted and raises LoadError."""
        place = Place(target.name, asked.name, connections, target.items)
        count = min(int(_PER_SECOND_MAX * self.seconds) // asked.weight, 200_000)
        count = self._enough(place, count)
        process = target.process
        if place not in self.runs:
            await put_on(
                process.host, process.port, self._prepare(target, asked, target.warm_up), connections, _WARM_UP_SECONDS
            )
        requests = self._prepare(target, asked, count)
        before = process.used()
        answered = await put_on(process.host, process.port, requests, connections, self.seconds)
        after = process.used()
        figure = Figure(
            requests_per_second=answered.requests_per_second,
            p50_us=answered.percentile_us(50),
            p99_us=answered.percentile_us(99),
            cpu_us=(after.cpu_seconds - before.cpu_seconds) / answered.requests * 1e6,
            resident_mb=after.resident_bytes / (1 << 20),
        )
        self.note(place, figure)
        return figure

    def note(self, place: Place, figure: Figure) -> None:
        self.runs.setdefault(place, []).append(figure)
        self.say(
            f"{place.target:14s} {place.workload:19s} {place.connections:4d} conns {place.items:9,d} items"
            f" {figure.requests_per_second:9,.0f}/s  p50 {figure.p50_us:8,.0f}  p99 {figure.p99_us:8,.0f} us"
            f"  cpu {figure.cpu_us:7,.1f} us"
        )

    def _enough(self, place: Place, count: int) -> int:
        """Preparing takes as long as serving: once a place is known, prepare a half more than it got through."""
        known = self.runs.get(place)
        if not known:
            return count
        return min(count, int(max(figure.requests_per_second for figure in known) * self.seconds * 1.5) + 100)

    def _prepare(self, target: Target, asked: Workload, count: int) -> list[bytes]:
        """Signed now. No two of a session are the same, so every write changes something."""
        signer = target.signer()
        first = self.numbers.get(asked.name, 0)
        self.numbers[asked.name] = first + count
        items = max(target.items, 1)
        return [signer.sign(asked.operation, asked.body(number, items)) for number in range(first, first + count)]

    async def sweep(self, entries: Sequence[Entry]) -> None:
        """One round over everything. Servers take turns within a workload, the echo in each of them, so that a slow
        minute is slow for all.
        """
        workloads = [asked for entry in entries for asked in entry.workloads]
        names = list(dict.fromkeys(asked.name for asked in workloads if asked is not ECHO))
        for name in names:
            for entry in entries:
                for asked in entry.workloads:
                    if asked.name == name or asked is ECHO:
                        for connections in entry.connections:
                            await self._try(entry.target, asked, connections)

    async def _try(self, target: Target, asked: Workload, connections: int) -> None:
        label = f"{target.name}: {asked.name} over {connections} connections"
        if label in self.missing:
            return
        try:
            await self.measure(target, asked, connections)
        except LoadError as error:
            self.missing.append(label)
            self.say(f"{label} failed: {error}")

    def medians(self) -> dict[Place, Figure]:
        return {place: median(figures) for place, figures in self.runs.items()}


def stopwatch() -> Callable[[], float]:
    start = time.perf_counter()
    return lambda: time.perf_counter() - start

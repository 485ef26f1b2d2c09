"""What a run tells: one figure for each server, workload, number of connections and number of items."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """What was measured."""

    target: str
    workload: str
    connections: int
    items: int


@dataclass(frozen=True, slots=True)
class Figure:
    """One run of one place, or the median of several. CPU is of the server's process with all of its threads."""

    requests_per_second: float
    p50_us: float
    p99_us: float
    cpu_us: float  # for one request
    resident_mb: float


def median(figures: Sequence[Figure]) -> Figure:
    def of(name: str) -> float:
        value: float = statistics.median(getattr(figure, name) for figure in figures)
        return round(value, 1)

    return Figure(of("requests_per_second"), of("p50_us"), of("p99_us"), of("cpu_us"), of("resident_mb"))

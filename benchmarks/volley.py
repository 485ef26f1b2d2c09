"""`python -m benchmarks.volley`: the CPU of one GetItem and one PutItem, beside that of a bare protocol, in one run.

A volley is one request over each connection, all sent before the first reply is read: while the server works the load
sleeps, so that it takes nothing from the core that both may share, as the closed loops of `make bench` do. Signatures
are verified, commits are synced, every write has a value of its own. The servers take turns for many short rounds, and
each tells its best one and its median, in microseconds of CPU of all its threads, the kernel's work for it included.
Where `make compile` has been run, the sources and what was compiled of them take turns, too.

The bars of 60 and 90 us hold for the design's reference machine, on which a bare protocol took 13.6 us. So each is also
told as a multiple of the bare protocol of the same run.
"""

import argparse
import socket
import statistics
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from benchmarks import workload
from benchmarks.scratch import Say, in_scratch
from benchmarks.target import Target, start_bare, start_stator
from benchmarks.workload import Workload
from tools.compile import SOURCE, TARGET

REFERENCE_BARE_US = 13.6
BARS_US = {"GetItem": 60.0, "PutItem": 90.0}
_ITEMS = 1_000
_REQUESTS = 4_096  # of a round
_REPLY_BYTES_MAX = 1 << 16  # every reply comes in one piece


class Side(NamedTuple):
    """One of those that take turns."""

    name: str
    target: Target
    asked: Workload


class Volleys:
    """The connections to one server."""

    def __init__(self, target: Target, connections: int) -> None:
        place = target.process.host, target.process.port
        self._tasks = Path(f"/proc/{target.process.pid}/task")
        self._sockets = [socket.create_connection(place) for _ in range(connections)]
        for each in self._sockets:
            each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def fire(self, requests: list[bytes]) -> float:
        """Send all, a volley at a time; returns the server's CPU for each in microseconds."""
        before = self._cpu_ns()
        for first in range(0, len(requests), len(self._sockets)):
            volley = requests[first : first + len(self._sockets)]
            for each, request in zip(self._sockets, volley, strict=False):
                each.sendall(request)
            for each, _ in zip(self._sockets, volley, strict=False):
                reply = each.recv(_REPLY_BYTES_MAX)
                if not reply.startswith(b"HTTP/1.1 200"):
                    raise RuntimeError(f"not answered: {reply[:500]!r}")
        return (self._cpu_ns() - before) / 1000 / len(requests)

    def close(self) -> None:
        for each in self._sockets:
            each.close()

    def _cpu_ns(self) -> int:
        return sum(int((task / "schedstat").read_text().split()[0]) for task in self._tasks.iterdir())


def take_turns(sides: list[Side], connections: int, rounds: int) -> dict[str, list[float]]:
    """CPU of one request in each round, by the name of the side."""
    volleys = {side.target.name: Volleys(side.target, connections) for side in sides}
    taken: dict[str, list[float]] = {side.name: [] for side in sides}
    first = 0
    try:
        for turn in range(rounds + 1):
            for side in sides:
                signer = side.target.signer()
                numbers = range(first, first := first + _REQUESTS)
                requests = [signer.sign(side.asked.operation, side.asked.body(number, _ITEMS)) for number in numbers]
                cpu_us = volleys[side.target.name].fire(requests)
                if turn:  # the first one warms up
                    taken[side.name].append(cpu_us)
    finally:
        for each in volleys.values():
            each.close()
    return taken


def tell(taken: dict[str, list[float]], connections: int, say: Say) -> None:
    say(f"{connections} connections; us of CPU for one request")
    for name, values in taken.items():
        line = f"  {name:17s} best {min(values):6.1f}, median {statistics.median(values):6.1f}"
        bar_us = BARS_US.get(name.partition(",")[0])
        if bar_us is not None:
            beside = statistics.median(value / least for value, least in zip(values, taken["bare"], strict=True))
            line += f", {beside:.2f} x the bare protocol (bar: {bar_us / REFERENCE_BARE_US:.2f})"
        say(line)


async def measure(scratch: Path, connections: list[int], rounds: int, say: Say) -> None:
    targets = [await start_stator(scratch, _ITEMS, package=SOURCE.parent)]
    try:
        targets.append(await start_bare(scratch, targets[0]))
        sides = [Side("bare", targets[1], workload.GET_ITEM), *_both(targets[0], "")]
        if (TARGET / SOURCE.name).exists():
            (scratch / "compiled").mkdir()
            compiled = await start_stator(scratch / "compiled", _ITEMS, package=TARGET)
            targets.append(replace(compiled, name="compiled"))
            sides += _both(targets[-1], ", compiled")
        for count in connections:
            tell(take_turns(sides, count, rounds), count, say)
    finally:
        for target in targets:
            await target.process.stop()


def _both(target: Target, suffix: str) -> list[Side]:
    return [Side(f"{asked.name}{suffix}", target, asked) for asked in (workload.GET_ITEM, workload.PUT_ITEM)]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.volley", description=__doc__)
    parser.add_argument("--connections", type=int, nargs="+", default=[32, 128])
    parser.add_argument("--rounds", type=int, default=60)
    chosen = parser.parse_args()
    in_scratch(lambda scratch, say: measure(scratch, chosen.connections, chosen.rounds, say))


if __name__ == "__main__":
    main()

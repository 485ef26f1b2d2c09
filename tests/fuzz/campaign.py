"""Many random requests against fresh worlds, and failures cut down to what matters."""

import asyncio
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from tests.fuzz.requests import make
from tests.fuzz.wire import Wire, read
from tests.fuzz.world import OPERATIONS, World

WORLD_REQUESTS: Final = 2000
"""After so many the tables are examined and the next requests meet a new world."""

_TRIES_MAX: Final = 250


@dataclass(slots=True)
class Failure:
    seed: int
    number: int
    fault: str
    wire: Wire
    alone: bool  # it fails in a fresh world, and `wire` is cut down to what is needed for that

    def text(self) -> str:
        if self.alone:
            how = "python -m tests.fuzz --replay - # and the line below as its input"
        else:
            start = self.number - self.number % WORLD_REQUESTS
            how = f"python -m tests.fuzz --seed {self.seed} --start {start} --requests {self.number - start + 1}"
        return f"seed {self.seed}, request {self.number}: {self.fault}\n{how}\n{self.wire.text()}\n"


@dataclass(slots=True)
class Campaign:
    """`statuses` counts the replies by what they were, to see that not everything is refused."""

    seed: int
    failures: list[Failure] = field(default_factory=list)
    failures_max: int = 10

    def run(self, start: int, count: int, tell: Callable[[int], None] = lambda _: None) -> list[Failure]:
        """Requests `start` to `start + count`. Ends early after `failures_max` different failures."""
        asyncio.run(self._run(start, count, tell))
        return self.failures

    async def _run(self, start: int, count: int, tell: Callable[[int], None]) -> None:
        number = start
        while number < start + count and len(self.failures) < self.failures_max:
            end = min(start + count, number - number % WORLD_REQUESTS + WORLD_REQUESTS)
            await self._live(number, end)
            number = end
            tell(number - start)

    async def _live(self, start: int, end: int) -> None:
        """One world from its beginning to its end."""
        world = await World.open()
        for number in range(start, end):
            wire = make(OPERATIONS, self.seed, number)
            fault = await world.try_out(wire)
            if fault is not None:
                await self._note(number, fault, wire)
        findings = await world.examine()
        await world.close()
        if findings:
            await self._note_damage(start, end)

    async def _note(self, number: int, fault: str, wire: Wire) -> None:
        if any(kind_of(fault) == kind_of(known.fault) for known in self.failures):
            return
        alone = await _reproduces(wire, fault)
        if alone:
            wire = await _minimised(wire, fault)
        self.failures.append(Failure(self.seed, number, fault, wire, alone))

    async def _note_damage(self, start: int, end: int) -> None:
        """Find the request after which the tables no longer hold together."""
        world = await World.open()
        for number in range(start, end):
            wire = make(OPERATIONS, self.seed, number)
            await world.try_out(wire)
            findings = await world.examine()
            if findings:
                await self._note(number, f"damaged: {findings[0]}", wire)
                break
        await world.close()


def kind_of(fault: str) -> str:
    """Faults of one kind have one cause, as a rule: the last line of a traceback and where it was raised."""
    lines = [line.strip() for line in fault.splitlines() if line.strip()]
    places = [line for line in lines if line.startswith("File ")]
    return " ".join((*places[-1:], lines[-1].partition(":")[0]))


async def fault_of(wire: Wire) -> str | None:
    """What a request does to a fresh world."""
    world = await World.open()
    try:
        fault = await world.try_out(wire)
        findings = [] if fault else await world.examine()
        return f"damaged: {findings[0]}" if findings else fault
    finally:
        await world.close()


async def _reproduces(wire: Wire, fault: str) -> bool:
    found = await fault_of(wire)
    return found is not None and kind_of(found) == kind_of(fault)


async def _minimised(wire: Wire, fault: str) -> Wire:
    """The request with all taken away that the fault does not need."""
    try:
        body = json.loads(wire.body)
    except (ValueError, RecursionError):
        return wire
    tries = 0
    shrinking = True
    while shrinking:
        shrinking = False
        for smaller in _smaller(body):
            tries += 1
            if tries > _TRIES_MAX:
                return wire
            candidate = wire._replace(body=json.dumps(smaller).encode())
            if await _reproduces(candidate, fault):
                wire, body, shrinking = candidate, smaller, True
                break
    return wire


def _smaller(tree: Any, depth: int = 0) -> Iterator[Any]:
    """Trees with one thing less."""
    if depth > 40:
        return
    if isinstance(tree, dict):
        for name in tree:
            yield {key: one for key, one in tree.items() if key != name}
        for name, one in tree.items():
            for less in _smaller(one, depth + 1):
                yield {**tree, name: less}
    elif isinstance(tree, list):
        for place in range(len(tree)):
            yield tree[:place] + tree[place + 1 :]
        for place, one in enumerate(tree):
            for less in _smaller(one, depth + 1):
                yield [*tree[:place], less, *tree[place + 1 :]]
    elif isinstance(tree, str) and len(tree) > 1:
        yield tree[: len(tree) // 2]
        yield tree[len(tree) // 2 :]
        if len(tree) < 40:
            yield tree[1:]
            yield tree[:-1]


def replay(text: str) -> str | None:
    """Send a kept request to a fresh world; its fault."""
    return asyncio.run(fault_of(read(text)))

"""Deliver the changes of streams to functions, as event source mappings say, each at least once.

Each part of each lane of a mapping has a task of its own and a cursor that is stored when a batch is done. When a
mapping changes, its tasks end their invocations, and then others begin from the stored cursors.
"""

import asyncio
import logging

from msgspec import Struct

from stator.journal.mapping import Mapping
from stator.journal.mappings import Mappings
from stator.journal.record import LANES
from stator.services.triggers.lane import TriggerLane
from stator.services.triggers.target import InvocationFault, Targets

_log = logging.getLogger(__name__)


class _Running(Struct):
    revision: int
    lanes: list[TriggerLane]
    tasks: list["asyncio.Task[None]"]


class Triggers:
    """Repeat `run_once`; `close` it at the end."""

    def __init__(self, mappings: Mappings, targets: Targets, timeout_seconds: float) -> None:
        self._mappings = mappings
        self._targets = targets
        self._timeout_seconds = timeout_seconds
        self._running: dict[str, _Running] = {}
        self._wanted: dict[str, Mapping] = {}
        self._seen = -1

    async def run_once(self) -> int:
        """Begin and end tasks as the mappings say; returns how many mappings began."""
        if self._seen != self._mappings.changes:
            seen = self._mappings.changes
            self._wanted = {mapping.uuid: mapping for mapping in await self._mappings.all() if mapping.enabled}
            self._seen = seen
        for uuid, running in list(self._running.items()):
            wanted = self._wanted.get(uuid)
            if wanted is None or wanted.revision != running.revision:
                for lane in running.lanes:
                    lane.stopping = True
                if all(task.done() for task in running.tasks):
                    del self._running[uuid]
        begun = 0
        for uuid, mapping in self._wanted.items():
            if uuid not in self._running:
                self._running[uuid] = self._begin(mapping)
                begun += 1
        return begun

    async def close(self) -> None:
        """Stop at once. What is under way is sent again after the next start."""
        tasks = [task for running in self._running.values() for task in running.tasks]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._running.clear()

    def _begin(self, mapping: Mapping) -> _Running:
        lanes = []
        try:
            for lane in range(LANES):
                for slot in range(mapping.factor):
                    target = self._targets.open(mapping.function_name, self._timeout_seconds)
                    lanes.append(TriggerLane(self._mappings, mapping, (lane, slot), target))
        except InvocationFault as fault:
            _log.warning("trigger %s waits: %s", mapping.uuid, fault)
            lanes = []
        return _Running(mapping.revision, lanes, [asyncio.ensure_future(lane.run()) for lane in lanes])

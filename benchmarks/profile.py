"""Where the time of one operation goes, function by function, in this process and without a socket.

cProfile makes each call of a Python function dearer, so small functions look larger than they are: read the order and
the counts, and take the times of stages from `--stages`.
"""

import cProfile
import pstats
from pathlib import Path

from benchmarks.corridor import IN_FLIGHT, ITEMS, KEY, Corridor
from benchmarks.house import load, open_house
from benchmarks.workload import Workload

_REQUESTS = 5_000
_SHOWN = 40


async def show(scratch: Path, asked: Workload) -> None:
    async with open_house(scratch / "profile", KEY) as house:
        await load(house, ITEMS)
        corridor = Corridor(house, asked, _REQUESTS)
        raw = corridor.requests()
        profiler = cProfile.Profile()
        profiler.enable()
        await corridor.drive(raw, IN_FLIGHT)
        profiler.disable()
    pstats.Stats(profiler).strip_dirs().sort_stats("tottime").print_stats(_SHOWN)

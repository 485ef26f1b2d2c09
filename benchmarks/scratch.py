"""How a benchmark runs that needs a directory for a while: on the loop that servers have, telling as it goes."""

import asyncio
import gc
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

import uvloop

Say = Callable[[str], None]


def in_scratch(measure: Callable[[Path, Say], Awaitable[object]]) -> None:
    """Run it in a directory that is removed at its end. What is there by then is no garbage."""

    async def run(scratch: Path) -> None:
        await measure(scratch, lambda text: print(text, flush=True))

    with (
        tempfile.TemporaryDirectory(prefix="stator-bench-") as scratch,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        gc.freeze()
        runner.run(run(Path(scratch)))

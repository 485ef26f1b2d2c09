"""Can tables be recovered to the times that their chains promise? Reads every segment. Copies are looked at where they
lie."""

import asyncio
from collections.abc import AsyncIterator

from stator.archive import full_copy
from stator.archive.chains import chain as chains
from stator.archive.chains import segment
from stator.archive.chains.chain import Chain
from stator.archive.instances.check import Told
from stator.archive.instances.instance import render_time
from stator.archive.places.failure import ArchiveError, Missing
from stator.archive.places.location import Location


async def prefixes(archive: Location) -> list[str]:
    """Every chain of an archive."""
    end = f"/{chains.RECORD}"
    found = await archive.list(f"{chains.FOLDER}/")
    return [each.path.removesuffix(end) for each in found if each.path.endswith(end)]


async def check_chains(archive: Location) -> AsyncIterator[Told]:
    """Every chain: what is in its segments can be read, and none that leads to a time it covers is missing. A chain
    that goes meanwhile is passed over."""
    for prefix in await prefixes(archive):
        try:
            chain = await chains.read(archive, prefix)
        except Missing:
            continue
        except ArchiveError as error:
            yield Told(False, prefix, str(error))
            continue
        whole = True
        async for fault in _faults(archive, chain):
            whole = False
            yield Told(False, prefix, fault)
        if whole:
            yield Told(True, prefix, covered(chain))


def covered(chain: Chain) -> str:
    """What it leads to, in words."""
    table = chain.record.table
    name = f"{table.account}/{table.region}/{table.name}"
    if chain.head is None:
        return f"changes of table {name}: none yet"
    times = f"from {render_time(chain.earliest / 1000, up=True)} to {render_time(chain.head.through / 1000)}"
    return f"changes of table {name} {times}" + ("" if chain.record.ended is None else ", where it ended")


async def _faults(archive: Location, chain: Chain) -> AsyncIterator[str]:
    for lane in chain.lanes:
        for each in lane:
            path = f"{chain.prefix}/{each.path}"
            try:
                body = await archive.get(path)
                await asyncio.to_thread(segment.unpack, each, body, f"{archive.url}/{path}")
            except Missing:
                if await _is_pruned(archive, chain, path):
                    continue
                yield f"{path} is gone"
            except ArchiveError as error:
                yield str(error)
    if chain.head is None:
        return
    try:
        chains.check_whole(chain, chain.earliest, chain.head.through + 1)
        for moment in chain.copies:
            path = chains.copy_path(chain.prefix, moment)
            chains.ways(chain, await full_copy.read(archive, path), chain.head.through)
        await _check_recovery(archive, chain, chain.head.through)
    except Missing:  # a copy that was pruned meanwhile
        return
    except ArchiveError as error:
        yield str(error)


async def _check_recovery(archive: Location, chain: Chain, through: int) -> None:
    """That the earliest time of a table under recovery can be made, and from there the latest. Raises ArchiveError.

    Of a table without, changes are kept for backups of the instance, which have copies of their own.
    """
    recovery = chain.record.table.recovery
    if recovery is None or chain.latest is None:
        return
    earliest = max(chain.earliest, round(recovery.earliest(through / 1000) * 1000))
    if earliest > through:
        return
    moment = chains.plan(chain, earliest)
    copy = None if moment is None else await full_copy.read(archive, chains.copy_path(chain.prefix, moment))
    chains.ways(chain, copy, earliest)
    if copy is None and not chain.copies:
        chains.ways(chain, None, through)


async def _is_pruned(archive: Location, chain: Chain, path: str) -> bool:
    """Whether a segment that was listed went because it is not needed any more: then the chain does without it."""
    try:
        now = await chains.read(archive, chain.prefix)
    except Missing:
        return True
    return all(path != f"{now.prefix}/{each.path}" for lane in now.lanes for each in lane)

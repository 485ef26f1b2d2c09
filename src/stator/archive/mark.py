"""`stator-archive.json`: what says that a place is an archive, and of which format. Written once, before anything else.

A newer format is refused as a whole: an old server that adds to it would leave what neither version understands.
"""

from stator.archive import document
from stator.archive.places.failure import ArchiveError, Exists, Missing
from stator.archive.places.location import Location

NAME = "stator-archive.json"
KIND = "archive"
FORMAT = 1


async def check(archive: Location) -> bool:
    """Whether the place is an archive. Raises ArchiveError for one of a newer format, Damaged or Unreachable."""
    try:
        body = await archive.get(NAME)
    except Missing:
        return False
    document.decode(KIND, FORMAT, body, f"{archive.url}/{NAME}")
    return True


async def inscribe(archive: Location, time: float) -> None:
    """Make the place an archive if it is none yet. `time` is now, in seconds since the epoch.

    Raises what `check` raises.
    """
    if await check(archive):
        return
    try:
        await archive.put(NAME, document.encode(KIND, FORMAT, {"made": time}), if_absent=True)
    except Exists:  # another server was faster
        if not await check(archive):
            raise ArchiveError(f"{archive.url}/{NAME} comes and goes; try again") from None

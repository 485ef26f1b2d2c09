"""Try the archive out at the start: that it cannot be used is better known then than when a backup is wanted."""

import logging

from stator.archive import mark
from stator.archive.places.failure import ArchiveError
from stator.archive.places.location import Location
from stator.metrics.metric import ARCHIVE_USABLE, Figure

_log = logging.getLogger(__name__)


class ArchiveTrial:
    """The duty. It has nothing more to do once the archive could be used."""

    def __init__(self, archive: Location) -> None:
        self._archive = archive
        self._usable: bool | None = None  # None before the first time

    async def run_once(self) -> int:
        if self._usable:
            return 0
        try:
            await mark.check(self._archive)
            await self._archive.try_out()
        except ArchiveError as error:
            if self._usable is None:
                _log.warning(
                    "the archive cannot be used, so there will be neither backups nor recovery to a point in time, "
                    "and changes that wait for it stay in the data directory: %s",
                    error,
                )
            self._usable = False
            return 0
        if self._usable is False:
            _log.info("the archive can be used now: %s", self._archive.url)
        self._usable = True
        return 1

    def figures(self) -> list[Figure]:
        return [] if self._usable is None else [Figure(ARCHIVE_USABLE, (), int(self._usable))]

"""What of a chain leads to no time that is covered any more, and goes.

Recovery to a point in time needs the newest copy from before its period, and every change since that copy. Backups of
the instance need every change since the first that leads into their period. The last segment of a lane stays: it says
how far the lane is.
"""

from stator.archive import full_copy
from stator.archive.chains import chain as chains
from stator.archive.places.location import Location
from stator.limits import DAY_SECONDS
from stator.model.table import Table
from stator.services.chains.keeper import ChainKeeper

GRACE_SECONDS = 3600.0
"""What has just left the period stays so much longer: somebody may be about to restore it."""


class Pruning:
    """One round. `needed`: from when on backups of the instance need changes, None for not at all."""

    def __init__(self, archive: Location, now: float, needed: float | None) -> None:
        self._archive = archive
        self._now = now
        self._needed = needed
        self.removed = 0

    async def prune(self, keeper: ChainKeeper, table: Table | None) -> None:
        if table is None:
            return
        copies_since, changes_since = self._horizons(keeper, table)
        for moment in [moment for moment in keeper.copies if moment < copies_since]:
            # From now on it is none, even if the rest of it stays for a while.
            keeper.copies.remove(moment)
            await full_copy.remove(self._archive, chains.copy_path(keeper.prefix, moment))
            self.removed += 1
        for lane in keeper.lanes:
            while len(lane) > 1 and lane[0].last_ms < changes_since:
                await self._archive.delete(f"{keeper.prefix}/{lane[0].path}")
                del lane[0]
                self.removed += 1
        await self._sweep(keeper)

    def _horizons(self, keeper: ChainKeeper, table: Table) -> tuple[float, float]:
        """In milliseconds: copies from before the first go, and changes from before the second."""
        since = float("-inf") if self._needed is None else self._needed * 1000
        if table.recovery is None:
            return float("inf"), since
        first = table.recovery.earliest(self._now - GRACE_SECONDS) * 1000
        # Without any copy the chain begins empty, and all of it is needed.
        nothing_before = first if keeper.copies else float("-inf")
        base = max((moment for moment in keeper.copies if moment <= first), default=nothing_before)
        return base, base if self._needed is None else min(base, since)

    async def _sweep(self, keeper: ChainKeeper) -> None:
        """Remove what is left of copies that came to nothing, and of a chain that was broken off."""
        known = {f"{moment:013}" for moment in keeper.copies}
        limit = self._now * 1000 - DAY_SECONDS * 1000
        for found in await self._archive.list(f"{keeper.prefix}/{chains.COPIES}/"):
            moment = found.path.removeprefix(f"{keeper.prefix}/{chains.COPIES}/").partition("/")[0]
            if chains.is_moment(moment) and moment not in known and int(moment) < limit:
                await self._archive.delete(found.path)
                self.removed += 1

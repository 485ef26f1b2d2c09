"""Put the catalog's journal into the archive, and forget what is there."""

import asyncio
import logging
import uuid

from stator.archive.chains import catalog_journal
from stator.services.parts import JobParts
from stator.tables import history

_log = logging.getLogger(__name__)

_RECORDS = 250  # of one segment
_KEPT_RECORDS = 1000  # that stay in the store although they are sealed


class CatalogArchive:
    """The duty, and what a backup calls to have everything sealed now."""

    def __init__(self, parts: JobParts) -> None:
        self._parts = parts
        self._sealing = asyncio.Lock()
        self._sealed: tuple[str, int] | None = None  # of which instance, and up to which sequence

    async def run_once(self) -> int:
        """Seal every change that is acknowledged; returns how many."""
        owner = self._parts.catalog.instance
        if owner is None:
            return 0
        async with self._sealing:
            if self._sealed is None and await self._is_foreign(owner.id):
                _log.warning("the archive knows more of this instance than its data directory: it begins anew")
                owner = await self._parts.catalog.journal_all(uuid.uuid4().hex, anew=True)
            return await self._seal(owner.id)

    async def _seal(self, owner: str) -> int:
        sealed = await self._known(owner)
        begun = sealed
        while True:
            records = await self._parts.store.changes(history.JOURNAL, history.LANE, sealed, _RECORDS)
            if not records:
                break
            made = await catalog_journal.seal(self._parts.archive, owner, records)
            sealed = made.last
            self._sealed = owner, sealed
        if sealed > begun:
            await self._parts.store.trim(history.JOURNAL, history.LANE, sealed - _KEPT_RECORDS)
        return sealed - begun

    async def _is_foreign(self, owner: str) -> bool:
        """Whether the data directory was set back to an older state: then its next changes are not the archive's."""
        found = await catalog_journal.segments(self._parts.archive, owner)
        return bool(found) and found[-1].last > await self._parts.store.last(history.JOURNAL, history.LANE)

    async def _known(self, owner: str) -> int:
        if self._sealed is None or self._sealed[0] != owner:
            found = await catalog_journal.segments(self._parts.archive, owner)
            self._sealed = owner, found[-1].last if found else 0
        return self._sealed[1]

"""Put the catalog's journal into the archive, and forget what is there."""

import asyncio
import logging
import secrets
import uuid

from stator.archive.chains import catalog_journal
from stator.archive.chains.tenure import Displaced, Foreign, Tenure
from stator.archive.places.failure import Missing
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
        self._tenure: Tenure | None = None
        self._me = secrets.token_hex(8)  # as the archive knows this process

    async def run_once(self) -> int:
        """Seal every change that is acknowledged; returns how many."""
        owner = self._parts.catalog.instance
        if owner is None:
            return 0
        async with self._sealing:
            try:
                return await self._seal(owner.id)
            except (Foreign, Displaced, Missing):
                self._sealed = self._tenure = None
                raise

    async def _enter(self, owner: str) -> tuple[str, Tenure]:
        """The instance whose changes these are from now on, and the right to seal them."""
        tenure = self._tenure_of(owner)
        try:
            await tenure.claim()
            foreign = await self._is_foreign(owner)
        except Foreign:
            foreign = True
        if foreign:
            _log.warning("the archive has more of this instance than its data directory, or of a copy: it begins anew")
            owner = (await self._parts.catalog.journal_all(uuid.uuid4().hex, anew=True)).id
            tenure = self._tenure_of(owner)
        await tenure.take()
        return owner, tenure

    def _tenure_of(self, owner: str) -> Tenure:
        prefix = catalog_journal.prefix_of(owner)
        return Tenure(self._parts.store, self._parts.archive, prefix, self._me, appeal=False)

    async def _seal(self, owner: str) -> int:
        if self._tenure is None or self._sealed is None or self._sealed[0] != owner:
            owner, self._tenure = await self._enter(owner)
        sealed = await self._known(owner)
        begun = sealed
        while True:
            records = await self._parts.store.changes(history.JOURNAL, history.LANE, sealed, _RECORDS)
            if not records:
                break
            await self._tenure.check()
            made = await catalog_journal.seal(self._parts.archive, owner, records)
            try:
                await self._tenure.check()
            except (Foreign, Displaced):  # who took over meanwhile knows nothing of it
                await self._parts.archive.delete(f"{catalog_journal.prefix_of(owner)}/{made.path}")
                raise
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

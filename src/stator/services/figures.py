"""The figures of this server as they are when somebody asks. Nothing is counted while requests are answered."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from stator.metrics.metric import (
    CONNECTIONS,
    DATABASE_BYTES,
    INDEX_BYTES,
    INDEX_ENTRIES,
    LOG_BYTES,
    PROGRESS,
    REPLIES,
    TABLE_BYTES,
    TABLE_ITEMS,
    Figure,
    render,
)
from stator.services.backfill import read_percentage
from stator.services.parts import Parts
from stator.storage.node import file_bytes


class Figures:
    """`database` is the file of the store, None where there is none; beside it lies its log. `duties` are those that
    tell figures of their own."""

    def __init__(
        self,
        parts: Parts,
        connections: Callable[[], int],
        database: Path | None,
        duties: Sequence[Callable[[], Iterable[Figure]]] = (),
    ) -> None:
        self._duties = duties
        self._parts = parts
        self._connections = connections
        self._database = database

    async def text(self) -> bytes:
        """All of them as Prometheus reads them."""
        figures = await self.collect()
        return await asyncio.get_running_loop().run_in_executor(None, render, figures)

    async def collect(self) -> list[Figure]:
        figures = [
            Figure(CONNECTIONS, (), self._connections()),
            Figure(REPLIES, (), self._parts.replies()),
        ]
        if self._database is not None:
            log = self._database.with_name(self._database.name + "-wal")
            figures.append(Figure(DATABASE_BYTES, (), file_bytes(self._database)))
            figures.append(Figure(LOG_BYTES, (), file_bytes(log)))
        for tell in self._duties:
            figures += tell()
        catalog = self._parts.catalog
        for table in catalog.tables():
            labels = (table.account, table.region, table.name)
            usages = await catalog.usages(table)
            figures.append(Figure(TABLE_ITEMS, labels, usages[table.space].rows))
            figures.append(Figure(TABLE_BYTES, labels, usages[table.space].size))
            for index in table.indexes:
                figures.append(Figure(INDEX_ENTRIES, (*labels, index.name), usages[index.space].rows))
                figures.append(Figure(INDEX_BYTES, (*labels, index.name), usages[index.space].size))
        for table, index in catalog.filling():
            place = (table.account, table.region, table.name, index.name)
            figures.append(Figure(PROGRESS, place, await read_percentage(self._parts.store, index)))
        return figures

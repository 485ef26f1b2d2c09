"""Items into a table, 25 to a request, until all of them are taken."""

import random
from collections.abc import Iterable, Sequence
from typing import Any

import orjson

from stator.cli.client import PAUSE_SECONDS, PAUSE_SECONDS_MAX, Client
from stator.values.attribute import Item

BATCH_ITEMS_MAX = 25
BATCH_BYTES_MAX = 8_000_000  # of JSON: what the service takes is 16 MB, and its own count of an item is smaller


class BatchWriter:
    """Any thread may put. `keys` are the names of the table's key attributes."""

    def __init__(self, client: Client, table: str, keys: Sequence[str]) -> None:
        self._client = client
        self._head = b'{"RequestItems":{' + orjson.dumps(table) + b":["
        self._table = table
        self._keys = tuple(keys)

    def put(self, items: Iterable[Item]) -> int:
        """Returns the bytes of their JSON when all of them are durable. The last of several with one key wins."""
        batch: dict[bytes, bytes] = {}
        size = written = 0
        for item in items:
            text = orjson.dumps(item)
            # A batch that names a key twice is refused.
            key = orjson.dumps([item.get(name) for name in self._keys])
            size -= len(batch.pop(key, b""))
            if len(batch) == BATCH_ITEMS_MAX or size + len(text) > BATCH_BYTES_MAX:
                self._write(batch.values())
                batch, size = {}, 0
            batch[key] = text
            size += len(text)
            written += len(text)
        if batch:
            self._write(batch.values())
        return written

    def _write(self, texts: Iterable[bytes]) -> None:
        puts = b",".join(b'{"PutRequest":{"Item":' + text + b"}}" for text in texts)
        body = self._head + puts + b"]}}"
        pause = PAUSE_SECONDS
        while True:
            answer: dict[str, Any] = orjson.loads(self._client.exchange("BatchWriteItem", body))
            left = (answer.get("UnprocessedItems") or {}).get(self._table)
            if not left:
                return
            body = orjson.dumps({"RequestItems": {self._table: left}})
            self._client.wait(pause * random.uniform(0.5, 1.0))
            pause = min(pause * 2, PAUSE_SECONDS_MAX)

"""A writer that counts, and a look at what came of it at the other end: nothing passed over, order kept for each item."""

import random
import threading
import time

from tests.crash.server_process import Lost, PlainClient

TABLE = "counters"
ITEMS = 12


class Counting(threading.Thread):
    """Writes ever higher values to a few items until the server is gone. `acknowledged` has those of each item."""

    def __init__(
        self,
        port: int,
        acknowledged: dict[str, list[int]],
        first: int,
        rng: random.Random,
        *,
        pause_seconds: float | None = None,
    ) -> None:
        super().__init__()
        self._client = PlainClient(port)
        self._acknowledged = acknowledged
        self._rng = rng
        self._pause_seconds = pause_seconds
        self.next = first
        self.start()

    def run(self) -> None:
        while True:
            name = f"{self._rng.randrange(ITEMS)}"
            self.next += 1
            item = {"pk": {"S": name}, "v": {"N": str(self.next)}}
            try:
                reply = self._client.call("PutItem", {"TableName": TABLE, "Item": item})
            except Lost:
                break
            assert reply.status == 200, reply
            self._acknowledged.setdefault(name, []).append(self.next)
            if self._pause_seconds is not None:
                time.sleep(self._pause_seconds)
        self._client.close()


def skips(values: list[int]) -> list[tuple[int, int]]:
    """Where a value follows that is neither a repetition nor the next: a change that was passed over."""
    place = {value: number for number, value in enumerate(sorted(set(values)))}
    steps = zip([None, *values], values, strict=False)
    return [(before or 0, now) for before, now in steps if place[now] > (-1 if before is None else place[before]) + 1]

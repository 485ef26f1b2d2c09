"""Whether requests are being answered, for duties that make room for them."""

import time
from collections.abc import Callable

WINDOW_SECONDS = 0.5
REPLIES_MAX = 5  # in a window: who waits for an index asks a few times a second


class Traffic:
    """Watches a count of replies."""

    def __init__(self, replies: Callable[[], int], clock: Callable[[], float] = time.monotonic) -> None:
        self._replies = replies
        self._clock = clock
        self._since = clock()
        self._count = replies()
        self._busy = True  # until it is known better

    @property
    def busy(self) -> bool:
        now = self._clock()
        if now - self._since >= WINDOW_SECONDS:
            count = self._replies()
            self._busy = count - self._count > REPLIES_MAX * (now - self._since) / WINDOW_SECONDS
            self._since, self._count = now, count
        return self._busy

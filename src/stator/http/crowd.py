"""The connections there are, and the time they go by."""

import asyncio
from typing import Generic, TypeVar

T = TypeVar("T")


class Crowd(Generic[T]):
    __slots__ = ("_emptied", "members", "members_max", "now")

    def __init__(self, members_max: int, now: float) -> None:
        self.members: set[T] = set()
        self.members_max = members_max
        self.now = now  # the loop's time as of the last sweep: exact enough for time-outs, and free to read
        self._emptied: asyncio.Future[None] | None = None

    def join(self, member: T) -> bool:
        """Whether there was room. A member beyond it counts too, until it leaves."""
        self.members.add(member)
        return len(self.members) <= self.members_max

    def leave(self, member: T) -> None:
        self.members.discard(member)
        if self._emptied is not None and not self.members and not self._emptied.done():
            self._emptied.set_result(None)

    async def emptied(self, seconds: float) -> None:
        """Wait until the last has left, at most so long."""
        if self.members:
            self._emptied = asyncio.get_running_loop().create_future()
            await asyncio.wait([self._emptied], timeout=seconds)

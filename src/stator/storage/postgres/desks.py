"""Where reads and writes wait for a connection, and who gets the next one."""

import asyncio
from collections import deque
from collections.abc import Callable

from stator.storage.failure import StoreBusy, StoreClosed, StoreError, StoreFailure
from stator.storage.postgres.fault import GONE, LinkLost, SqlError, failure
from stator.storage.postgres.group import Group, Member
from stator.storage.postgres.layout import Layout
from stator.storage.postgres.link import Link, Result, Statement
from stator.storage.postgres.pool import Pool
from stator.storage.postgres.reading import Get, Read, fetch, fetched
from stator.storage.store import WRITE_SECONDS_MAX, Key

WAITING_MAX = 10_000
WAIT_SECONDS = 5.0  # for a connection, and for others who write the same rows
COMMIT_SECONDS = 2 * WRITE_SECONDS_MAX  # that an unconfirmed commit is waited for
LOOK_SECONDS = 0.25  # how often those who wait too long are looked for
READ_TRIES_MAX = 12  # connections that a read may be lost with: all that stood idle while the server went
# What waits is spread over the connections that are idle, so that the server works on one part while this process
# works on another; but not in parts smaller than this, which would cost more than they win.
TOGETHER_MIN = 8
GETS_MAX = 64  # that go out together
GROUP_MEMBERS_MAX = 256
GROUP_KEYS_MAX = 512


class ReadDesk:
    """Reads in order. `refuse` is told of reads that this desk could not do, and may do them elsewhere: with `haste`
    as soon as there is no connection."""

    def __init__(self, pool: Pool, refuse: Callable[[Read, StoreError], None], *, haste: bool = False) -> None:
        self.pool = pool
        self.layout = Layout()
        self._haste = haste
        self._refuse = refuse
        self._loop = asyncio.get_running_loop()
        self._queue: deque[Read] = deque()
        self._alone: set[Read] = set()  # went with others, and one of them failed
        self._scheduled = False
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._queue)

    def submit(self, read: Read) -> None:
        """Raises StoreBusy."""
        if len(self._queue) >= WAITING_MAX:
            raise StoreBusy("too many reads are waiting")
        read.since = self._loop.time()
        self._queue.append(read)
        if self.pool.resting and not self._scheduled:  # nobody else is here to be waited for
            self._turn()
        else:
            self.wake()

    def wake(self) -> None:
        if self._queue and not self._scheduled:
            if self.pool.idle:
                self._scheduled = True
                self._loop.call_soon(self._turn)
            elif self._timer is None:
                self._timer = self._loop.call_later(LOOK_SECONDS, self._look)

    def close(self, error: StoreError) -> None:
        if self._timer is not None:
            self._timer.cancel()
        while self._queue:
            self._refuse(self._queue.popleft(), error)

    def _turn(self) -> None:
        self._scheduled = False
        queue = self._queue
        while queue and self.pool.idle:
            gets = self._gets()
            link = self.pool.take()
            if link is None:
                break
            if len(gets) > 1:
                self._run_gets(link, gets)
            elif gets:
                self._run(link, gets[0])
            elif queue:
                read = queue.popleft()
                self._alone.discard(read)
                self._run(link, read)
            else:
                self.pool.give(link)
        self.wake()

    def _gets(self) -> list[Get]:
        """The next reads, as far as they can go together: gets of one space each."""
        queue = self._queue
        gets: list[Get] = []
        together = min(_share(len(queue), self.pool), GETS_MAX)
        while queue and len(gets) < together:
            read = queue[0]
            if read.future.done():  # cancelled
                self._alone.discard(queue.popleft())
            elif isinstance(read, Get) and read.single and read not in self._alone:
                gets.append(read)
                queue.popleft()
            else:
                break
        return gets

    def _run(self, link: Link, read: Read) -> None:
        def done(results: list[Result], error: Exception | None) -> None:
            if read.future.done():
                self.pool.give(link)
                return
            try:
                if error is None:
                    answered = read.take(results)
                elif isinstance(error, SqlError) and error.state == GONE:
                    answered = read.space_gone()
                else:
                    self._failed(read, error)
                    answered = True
            except Exception as fault:  # noqa: BLE001  belongs to whoever waits
                self._refuse(read, failure(fault))
                answered = True
            if answered or link.closed:
                if not answered:
                    self._queue.appendleft(read)
                self.pool.give(link)
                self.wake()
            else:
                self._run(link, read)

        try:
            statements = read.statements()
        except Exception as fault:  # noqa: BLE001  belongs to whoever waits
            self._refuse(read, failure(fault))
            self.pool.give(link)
        else:
            link.run(statements, done)

    def _run_gets(self, link: Link, gets: list[Get]) -> None:
        keys: list[Key] = []
        for get in gets:
            keys += get.keys

        def done(results: list[Result], error: Exception | None) -> None:
            if error is None:
                rows = fetched(keys, self.layout, results)
                for get in gets:
                    if not get.future.done():
                        get.answer(rows)
            elif isinstance(error, LinkLost) or (isinstance(error, SqlError) and error.lost):
                for get in reversed(gets):
                    self._failed(get, error)
            else:  # one of them may be to blame for it
                self._alone.update(gets)
                self._queue.extendleft(reversed(gets))
            self.pool.give(link)
            self.wake()

        statements: list[Statement] = fetch(keys, self.layout)
        link.run(statements, done)

    def _failed(self, read: Read, error: Exception) -> None:
        if read.future.done():
            return
        passing = isinstance(error, LinkLost) or (isinstance(error, SqlError) and (error.lost or error.conflict))
        read.tries += 1
        if passing and read.tries < READ_TRIES_MAX:
            read.since = self._loop.time()  # it has had a connection: now it waits for another
            self._queue.appendleft(read)
        else:
            self._refuse(read, failure(error))

    def _look(self) -> None:
        """Tell those who have waited too long."""
        self._timer = None
        late = self._loop.time() - WAIT_SECONDS
        if self._haste and not self.pool.links:
            late = self._loop.time()
        error = None
        while self._queue and self._queue[0].since < late:
            if error is None:
                error = StoreFailure(f"no connection to PostgreSQL became free: {self.pool.down or 'all are busy'}")
            read = self._queue.popleft()
            if not read.future.done():
                self._refuse(read, error)
        self.wake()


class WriteDesk:
    """Writes in order, save that those who want the same rows as a group under way wait for its end."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.layout = Layout()
        self._loop = asyncio.get_running_loop()
        self._queue: deque[Member] = deque()
        self._parked = 0
        self._held: dict[Key, Group] = {}
        self._groups: set[Group] = set()
        self._borrowers: deque[asyncio.Future[Link]] = deque()
        self._lent = 0
        self._scheduled = False
        self._timer: asyncio.TimerHandle | None = None
        self._closing: asyncio.Future[None] | None = None

    def __len__(self) -> int:
        return len(self._queue) + self._parked

    def submit(self, member: Member) -> None:
        """Raises StoreBusy or StoreClosed."""
        if self._closing is not None:
            raise StoreClosed("the store is closed")
        if len(self._queue) + self._parked >= WAITING_MAX:
            raise StoreBusy("too many writes are waiting")
        self._queue.append(member)
        self.wake()

    def borrow(self) -> "asyncio.Future[Link]":
        """A link for statements of the engine's own, to be given back by `give_back`. Raises StoreFailure."""
        future: asyncio.Future[Link] = self._loop.create_future()
        self._borrowers.append(future)
        self._loop.call_later(WAIT_SECONDS, self._refuse, future)
        self.wake()
        return future

    def give_back(self, link: Link) -> None:
        self._lent -= 1
        self.pool.give(link)
        self.wake()

    def wake(self) -> None:
        if self._scheduled:
            return
        while self._borrowers and self._borrowers[0].done():
            self._borrowers.popleft()
        if self._queue or self._borrowers:
            if self.pool.idle:
                self._scheduled = True
                self._loop.call_soon(self._turn)
            elif self._timer is None:
                self._timer = self._loop.call_later(LOOK_SECONDS, self._look)
        elif self._closing is not None and not (self._groups or self._lent or self._closing.done()):
            self._closing.set_result(None)

    async def close(self) -> None:
        """Finish the writes that wait."""
        if self._closing is None:
            self._closing = self._loop.create_future()
        self.wake()
        await self._closing
        if self._timer is not None:
            self._timer.cancel()

    def _turn(self) -> None:
        self._scheduled = False
        while self._borrowers and (link := self.pool.take()) is not None:
            borrower = self._borrowers.popleft()
            if borrower.done():
                self.pool.give(link)
            else:
                self._lent += 1
                borrower.set_result(link)
        while self._queue and self.pool.idle:
            members = self._gather()
            link = self.pool.take()
            if not members or link is None:
                if link is not None:
                    self.pool.give(link)
                break
            self._begin(link, members)
        self.wake()

    def _gather(self) -> list[Member]:
        """Members that can go together now. Those who want rows of a group under way are parked there."""
        queue, held = self._queue, self._held
        members: list[Member] = []
        count = 0
        together = min(_share(len(queue), self.pool), GROUP_MEMBERS_MAX)
        while queue and len(members) < together and count < GROUP_KEYS_MAX:
            member = queue.popleft()
            if member.future.done():  # cancelled
                continue
            if held:
                holder = next((held[key] for key in member.keys if key in held), None)
                if holder is not None:
                    holder.parked.append(member)
                    self._parked += 1
                    continue
            members.append(member)
            count += len(member.keys)
        return members

    def _begin(self, link: Link, members: list[Member]) -> None:
        group = Group(link, self.layout, members, self._loop.time() + WAIT_SECONDS, self._ended)
        held = self._held
        for member in members:
            for key in member.keys:
                held[key] = group
        group.held = [key for member in members for key in member.keys]
        self._groups.add(group)
        if self._timer is None:
            self._timer = self._loop.call_later(LOOK_SECONDS, self._look)
        group.begin()

    def _ended(self, group: Group, again: list[Member]) -> None:
        self._groups.discard(group)
        for key in group.held:
            self._held.pop(key, None)
        self._parked -= len(group.parked)
        self._queue.extendleft(reversed(again + group.parked))
        self.pool.give(group.link)
        self.wake()

    def _look(self) -> None:
        """Tell those who have waited too long."""
        self._timer = None
        now = self._loop.time()
        while self._queue and self._queue[0].since < now - WAIT_SECONDS:
            future = self._queue.popleft().future
            if not future.done():
                future.set_exception(self._none_free())
        for group in self._groups:
            if group.commit_since is not None and group.commit_since < now - COMMIT_SECONDS:
                group.tell_unknown()
        if self._groups or self._queue or self._borrowers:
            self._timer = self._loop.call_later(LOOK_SECONDS, self._look)
        self.wake()

    def _refuse(self, borrower: "asyncio.Future[Link]") -> None:
        if not borrower.done():
            borrower.set_exception(self._none_free())

    def _none_free(self) -> StoreFailure:
        return StoreFailure(f"no connection to PostgreSQL became free: {self.pool.down or 'all are busy'}")


def _share(waiting: int, pool: Pool) -> int:
    """How many of those who wait go with the next connection."""
    return max(TOGETHER_MIN, -(-waiting // max(pool.idle, 1)))

"""Which routers there are, what each knows, and which of them leads.

Every router has a row that it writes anew twice a second: up to which generation of news its copies are, with no write
left that was decided by older ones, and up to which time its part of the journals is complete. Whoever waits until all
routers go by a change waits for their rows to say so. A row that stays the same for longer than its router may go on
without writing it is removed, once what that router has sent to the store is cut off or must have come to its end: it
is dead or was stopped, and its reads and writes are refused (`fence`) until it has joined again, with all news read.
Only durations are compared, each by the clock of one process, so the clocks need not agree.

The router that the row `leader` names does what has to be done once. Another takes its place once its row is gone.

Journals need times that go on across routers. Each takes its clock forward to the latest that it sees in the rows of
others, so that all go by the fastest clock; the time that everything is complete up to is written down, and who joins
begins after it. docs/formats.md has the values.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any

from stator.clock import SteadyClock
from stator.storage.failure import StoreError
from stator.storage.routers.fence import STALE_SECONDS_MAX, Fence, Mark
from stator.storage.routers.member import (
    BARRIER,
    LEADER,
    Leader,
    Member,
    leader_of,
    member_key,
    put_leader,
    put_member,
    read_members,
    time_of,
)
from stator.storage.routers.news import GENERATION, Count, count_of, put_count, read_count, read_news
from stator.storage.store import WRITE_SECONDS_MAX, Change, Key, Put, Row, Store

_log = logging.getLogger(__name__)

LOOK_SECONDS = 0.25
BEAT_SECONDS = 0.5
GONE_SECONDS = STALE_SECONDS_MAX + WRITE_SECONDS_MAX
CUT_SECONDS = STALE_SECONDS_MAX + 1.0  # the same where what is gone can be cut off: none of its writes is waited for
SKEW_SECONDS = 1.0  # more is told in the log
_WAIT_SECONDS = 0.02

Take = Callable[[Store, Sequence[Key] | None], Awaitable[None]]
"""Brings a copy up to date: the rows of these keys have changed. None: any may have. It reads from the store that it is
given: this router may be out of touch."""


class Membership:
    """`store` is the engine itself, `fence` what everybody else of this router uses of it. `open`, `join`, then `start`
    (or `cycle` by hand), and `leave` at the end. `about` is what others may know of this router. `cut_off` ends the
    connections of a router that is gone to the store: of one that was stopped, a write that was decided long ago may
    still be on its way there."""

    def __init__(
        self,
        store: Store,
        fence: Fence,
        steady: SteadyClock,
        id: str,
        *,
        about: Mapping[str, Any] | None = None,
        cut_off: Callable[[str], Awaitable[None]] | None = None,
    ) -> None:
        self._store = store
        self._fence = fence
        self._steady = steady
        self._about = dict(about or {})
        self._cut_off = cut_off
        self._gone_seconds = GONE_SECONDS if cut_off is None else CUT_SECONDS
        self.id = id
        self._takers: list[Take] = []
        self._generation = 0  # up to which this router's copies are
        self._looking = asyncio.Lock()
        self._cycling = asyncio.Lock()
        self._looked = -1.0  # when the last look began
        self._beaten = -1.0
        self._joined = False
        self._term = 0  # that this router leads
        self._seen: dict[str, tuple[int, float]] = {}  # by id: the version of the row and since when it is that
        self._members: dict[str, Member] = {}
        self._task: asyncio.Task[None] | None = None
        self._troubled = False
        self._skewed = False

    async def open(self) -> None:
        """Note where news begin. Copies that are loaded after this miss none."""
        self._generation = (await read_count(self._store)).generation

    def subscribe(self, take: Take) -> None:
        self._takers.append(take)

    @property
    def generation(self) -> int:
        """Up to which commit this router's copies are."""
        return self._generation

    @property
    def in_touch(self) -> bool:
        """Whether this router may read and write."""
        return self._joined and self._fence.open

    @property
    def term(self) -> int:
        """The number of the term while this router leads, so that what is done once is its to do; else 0."""
        return self._term if self.in_touch else 0

    def members(self) -> list[Member]:
        """All routers as of the last look, this one among them, in the order of their ids."""
        return sorted(self._members.values())

    def is_gone(self, id: str) -> bool:
        """Whether nobody of that id takes part any more."""
        return id not in self._members

    # What others call

    async def refresh(self) -> int:
        """Take up what happened before this call; returns the generation."""
        asked = self._fence.monotonic()
        async with self._looking:
            if self._looked <= asked:
                await self._look()
        return self._generation

    async def settle(self) -> None:
        """Return once every router goes by all that was told before this call, and no write is left that any of them
        decided by less."""
        wanted = (await read_count(self._store)).generation
        await self._wait(partial(_has, Mark(wanted, 0)))

    async def pass_time(self) -> int:
        """A time, in milliseconds: every change of then and before, of any router, can be read from its journal now.
        It settles as well."""
        while True:
            count = await read_count(self._store)
            through = int(self._steady() * 1000) - 1
            await self._wait(partial(_has, Mark(count.generation, through)))

            def decide(rows: Sequence[Row | None], count: Count = count, through: int = through) -> Change:
                if count_of(rows[0]).joins != count.joins:
                    return Change(result=False)  # by a clock that may be behind this time
                value = str(max(through + 1, time_of(rows[1]))).encode()
                return Change(puts=[Put(BARRIER, len(value), value)], result=True)

            if await self._fence.transact([GENERATION, BARRIER], decide):
                return through

    # The life of it

    async def join(self) -> None:
        """Take part. Until then nobody waits for this router, and it must serve nobody."""
        async with self._cycling:
            await self._join()
            await self._lead(await self._observe())

    def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._repeat(), name="membership")

    async def leave(self) -> None:
        """Take part no more; what this router led is another's at once. Nothing may be under way any more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        if not self._joined:
            return
        self._joined, self._term = False, 0
        self._fence.until = 0.0
        own, me = member_key(self.id), self.id

        def decide(rows: Sequence[Row | None]) -> Change:
            leader = leader_of(rows[0])
            puts = [put_leader(leader._replace(id=""))] if leader.id == me else []  # the term is still counted
            return Change(puts=puts, deletes=[own])

        try:
            await self._store.transact([LEADER, own], decide)
        except StoreError as error:
            _log.warning("the others will find out by themselves that this router has stopped: %s", error)

    async def cycle(self) -> None:
        """One round: look at the news, and now and then at the others, and say what this router knows."""
        async with self._cycling:
            await self.refresh()
            if not self._joined:
                await self._join()
            now = self._fence.monotonic()
            known = self._fence.reached.generation
            if known < self._generation or now - self._beaten >= BEAT_SECONDS or not self._fence.open:
                leader = await self._observe()
                await self._beat()
                await self._lead(leader)

    async def _repeat(self) -> None:
        while True:
            try:
                await self.cycle()
            except Exception as error:  # noqa: BLE001  whatever it was: out of touch is what comes of it
                self._seen.clear()
                if not self._troubled:
                    self._troubled = True
                    _log.warning("cannot tell the other routers of this one: %r", error)
            else:
                if self._troubled:
                    self._troubled = False
                    _log.warning("in touch with the other routers again")
            await asyncio.sleep(LOOK_SECONDS)

    async def _look(self) -> None:
        began = self._fence.monotonic()
        news = await read_news(self._store, self._generation)
        if news.keys is None or news.keys:
            for take in self._takers:
                await take(self._store, news.keys)
        self._generation = news.generation
        self._looked = began

    async def _join(self) -> None:
        own = member_key(self.id)
        while True:
            await self.refresh()
            began = self._fence.monotonic()
            generation = self._generation

            def decide(rows: Sequence[Row | None], generation: int = generation) -> Change:
                count = count_of(rows[0])
                if count.generation != generation:
                    return Change(result=None)
                closed = time_of(rows[1])
                joined = put_count(count._replace(joins=count.joins + 1))
                return Change(puts=[joined, put_member(self.id, Mark(generation, closed), self._about)], result=closed)

            closed: int | None = await self._store.transact([GENERATION, BARRIER, own], decide)
            if closed is not None:
                break
        self._steady.reach(_past(closed))
        self._fence.mark(Mark(generation, closed))
        self._joined = True
        self._fence.until = began + STALE_SECONDS_MAX
        self._beaten = began

    async def _beat(self) -> None:
        """Say what this router knows, as soon as no write is left that knew less, but do not wait for long for that."""
        began = self._fence.monotonic()
        self._fence.mark(Mark(self._generation, int(self._steady() * 1000) - 1))
        for _ in range(3):
            if not self._fence.draining:
                break
            await asyncio.sleep(0.01)
        row = put_member(self.id, self._fence.reached, self._about)

        def decide(rows: Sequence[Row | None]) -> Change:
            return Change(result=False) if rows[0] is None else Change(puts=[row], result=True)

        if await self._store.transact([row.key], decide):
            self._fence.until = began + STALE_SECONDS_MAX
            self._beaten = began
            return
        _log.warning("this router was out of touch for too long, and joins the others anew")
        self._joined, self._term = False, 0
        self._fence.until = 0.0
        await self._join()

    async def _observe(self) -> Leader:
        """Read the rows of all routers, take the clock forward, and remove those that are gone. Returns who leads."""
        asked = self._fence.monotonic()  # what is read may be as old as this, where this router stood still meanwhile
        leader, members = await read_members(self._store)
        now = self._fence.monotonic()
        self._take_time(members)
        for id, member in list(members.items()):
            version, since = self._seen.get(id, (-1, now))
            if version != member.version:
                version, since = self._seen[id] = (member.version, now)
            if id != self.id and asked - since > self._gone_seconds and await self._remove(member):
                del members[id]
        self._seen = {id: seen for id, seen in self._seen.items() if id in members}
        self._members = members
        return leader

    def _take_time(self, members: Mapping[str, Member]) -> None:
        latest = _past(max((member.mark.closed for member in members.values()), default=0))
        ahead = latest - self._steady()
        if ahead > 0:
            if ahead > SKEW_SECONDS and not self._skewed:
                self._skewed = True
                _log.warning("the clock of this router is %.1f s behind another's; all go by the fastest", ahead)
            self._steady.reach(latest)

    async def _remove(self, member: Member) -> bool:
        if self._cut_off is not None:
            await self._cut_off(member.id)
        key = member_key(member.id)

        def decide(rows: Sequence[Row | None]) -> Change:
            if rows[0] is None:
                return Change(result=(True, False))
            if rows[0].version != member.version:
                return Change(result=(False, False))
            return Change(deletes=[key], result=(True, True))

        gone: bool
        gone, by_this = await self._store.transact([key], decide)
        if by_this:
            _log.warning("router %s is gone", member.id)
        return gone

    async def _lead(self, leader: Leader) -> None:
        """Take the lead where nobody has it, or who has it is gone."""
        if leader.id == self.id:
            self._term = leader.term
            return
        self._term = 0
        if leader.id in self._members:
            return
        own, other = member_key(self.id), member_key(leader.id)
        wanted = Leader(self.id, leader.term + 1)

        def decide(rows: Sequence[Row | None]) -> Change:
            now, mine, theirs = rows
            if leader_of(now) != leader or mine is None or theirs is not None:
                return Change(result=False)
            return Change(puts=[put_leader(wanted)], result=True)

        if await self._store.transact([LEADER, own, other], decide):
            self._term = wanted.term
            _log.info("router %s leads: it does what is done once", self.id)

    async def _wait(self, is_enough: Callable[[Mark], bool]) -> None:
        """Return once the rows of all routers say so."""
        while True:
            if self._joined:
                async with self._cycling:
                    await self.refresh()
                    if not is_enough(self._fence.reached):
                        await self._beat()
            await self._observe()
            if all(is_enough(member.mark) for member in self._members.values()):
                return
            await asyncio.sleep(_WAIT_SECONDS)


def _has(least: Mark, mark: Mark) -> bool:
    return mark.generation >= least.generation and mark.closed >= least.closed


def _past(closed: int) -> float:
    """A time in seconds that, cut to milliseconds, is later than that one, however it is rounded."""
    return (closed + 1.5) / 1000

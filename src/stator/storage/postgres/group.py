"""One group of writes: read the rows of all its members, let them decide in turn, write what it comes to.

Two round trips: the first reads and locks nothing, the second is a transaction that fails where a row is no longer as
it was read. Then the group begins again and locks its rows while it reads them, so that it cannot lose twice to the
same row. No lock is held while a decision is made, save then.
"""

import asyncio
import random
from collections.abc import Callable, Sequence
from typing import Any

from stator.storage.failure import StoreBusy, StoreError, StoreFailure
from stator.storage.postgres.binary import int8_array, unsigned
from stator.storage.postgres.fault import GONE, LinkLost, OutcomeUnknown, SqlError, failure
from stator.storage.postgres.layout import Layout
from stator.storage.postgres.link import ROLLBACK, Link, Result, Statement
from stator.storage.postgres.place import columns
from stator.storage.postgres.reading import BEGIN, END, fetch, fetched
from stator.storage.postgres.sql import EXISTING, VERSION
from stator.storage.postgres.writing import NeedsVersion, Net, Writing
from stator.storage.store import Change, Decide, Key

BYTES_MAX = 8 * 1024 * 1024
TRIES_MAX = 12
PAUSE_SECONDS = 0.002  # before a third try; doubled for each further one

_COMMIT = Statement(b"COMMIT")
_NEXT = Statement(VERSION)
_NONE = Change()


class Member:
    """A `transact` that waits."""

    __slots__ = ("decide", "future", "keys", "since", "tries")

    def __init__(self, keys: Sequence[Key], decide: Decide, future: "asyncio.Future[Any]", since: float) -> None:
        self.keys = keys
        self.decide = decide
        self.future = future
        self.since = since
        self.tries = 0  # connections it was lost with


class Group:
    """Owns its link until `ended` is called, with those members that are to wait again."""

    def __init__(
        self,
        link: Link,
        layout: Layout,
        members: list[Member],
        give_up: float,
        ended: Callable[["Group", list[Member]], None],
    ) -> None:
        self.link = link
        self._layout = layout
        self.members = members
        self.parked: list[Member] = []  # they want keys of this group
        self.held: list[Key] = []
        self.commit_since: float | None = None  # when the commit was sent that is not answered yet
        self._give_up = give_up  # the loop's time after which nothing is tried again
        self._ended = ended
        self._loop = asyncio.get_running_loop()
        self._tries = 0
        self._locking = False
        self._open = False  # a transaction was begun
        self._gone: set[int] = set()
        self._blind: set[Key] = set()  # written without being read, when somebody was in the way
        self._needs_version = layout.gives_versions
        self._net: Net | None = None
        self._waiting: list[tuple[Member, Any, Exception | None]] = []
        self._later: list[Member] = []

    def begin(self) -> None:
        try:
            self._begin()
        except Exception as error:  # noqa: BLE001
            self._give_up_link(error)

    def _begin(self) -> None:
        """Read."""
        self._open = False
        self._later = []
        keys: set[Key] = set(self._blind)
        for member in self.members:
            keys.update(member.keys)
        wanted = [key for key in keys if key[0] not in self._gone] if self._gone else list(keys)
        self._read = keys
        self._wanted = wanted
        if not wanted and not self._needs_version:
            self._decide(Net({}, keys, self._gone, None))
            return
        self.link.run(self._reading(wanted), self._have_read)

    def tell_unknown(self) -> None:
        """Let nobody wait any longer. The link stays with the group, for a commit is never cancelled."""
        error = OutcomeUnknown("the commit has not been confirmed for a long time")
        for member in self.members:
            if not member.future.done():
                member.future.set_exception(error)
        for member in self.parked:
            if not member.future.done():
                member.future.set_exception(StoreFailure("a commit of the same rows has not been confirmed"))

    def _reading(self, wanted: Sequence[Key]) -> list[Statement]:
        statements = fetch(wanted, self._layout) if wanted else []
        self._fetching = len(statements)
        if self._locking:
            statements = [*self._layout.opening, *self._locks(wanted), *statements]
            self._open = True
        elif len(statements) > 1 and not self._layout.verifies and any(self._spans(each) for each in self.members):
            statements = [BEGIN, *statements, END]
        if self._needs_version:
            statements.append(_NEXT)
        return statements

    def _locks(self, keys: Sequence[Key]) -> list[Statement]:
        return [Statement(texts.lock, columns(some)) for texts, some in self._layout.grouped(keys)]

    def _spans(self, member: Member) -> bool:
        return self._layout.spans(member.keys)

    def _have_read(self, results: list[Result], error: Exception | None) -> None:
        if error is not None:
            self._open = False
            self._failed(error)
            return
        try:
            self._go_on(results)
        except Exception as fault:  # noqa: BLE001
            self._give_up_link(fault)

    def _go_on(self, results: list[Result]) -> None:
        fresh = None
        if self._needs_version:
            fresh = unsigned(results.pop().get_value(0, 0), "big")
        if self._locking:
            results = results[len(results) - self._fetching :]
        elif len(results) > self._fetching:
            results = results[1:-1]
        base = fetched(self._wanted, self._layout, results) if self._wanted else {}
        self._decide(Net(base, self._read, self._gone, fresh))

    def _decide(self, net: Net) -> None:
        self._net = net
        self._waiting = []
        self._later = []
        for at, member in enumerate(self.members):
            if member.future.done():  # cancelled
                continue
            if net.bytes >= BYTES_MAX:
                self._later = self.members[at:]
                break
            try:
                self._let_decide(net, member)
            except NeedsVersion:
                self._needs_version = True
                self._again()
                return
        if self._waiting:
            self._write(net)
        else:
            self._finish()

    def _let_decide(self, net: Net, member: Member) -> None:
        rows = net.rows(member.keys)
        change, refusal = _NONE, None
        try:
            change = member.decide(rows)
            net.check(change)
        except Exception as raised:  # noqa: BLE001 (the caller's own)
            change, refusal = _NONE, raised
        result = change.result
        writes = bool(change.puts or change.deletes or change.appends)
        # Whoever saw rows that are not durable yet waits until they are. And while rows are being locked, several
        # spaces are not read at one moment; nor are, ever, the buckets of a layout that verifies.
        if writes or net.touches(member.keys) or ((self._locking or self._layout.verifies) and self._spans(member)):
            self._waiting.append((member, result, refusal))
            if writes:
                net.apply(change)
        elif refusal is None:
            member.future.set_result(result)
        else:
            member.future.set_exception(refusal)

    def _write(self, net: Net) -> None:
        if self._layout.verifies:
            unread = [key for key in net.final if key not in net.read]
            if unread:
                self._read_more(net, unread)
                return
        kept: set[Key] = set()
        for member, _, _ in self._waiting:
            kept.update(member.keys)
        if self._gone:
            kept = {key for key in kept if key[0] not in self._gone}
        statements = Writing(net, kept, self._layout, self.link.slot).statements()
        if not statements:  # deletes in spaces that do not exist
            self._finish()
            return
        opening = () if self._open else self._layout.opening
        self.commit_since = self._loop.time()
        self._count = len(opening) + len(statements) + 1
        self.link.run([*opening, *statements, _COMMIT], self._have_written)

    def _read_more(self, net: Net, keys: Sequence[Key]) -> None:
        """Keys that are written and that nobody asked for, where nothing is written blind."""
        locks = self._locks(keys) if self._open else []

        def have_read(results: list[Result], error: Exception | None) -> None:
            if error is not None:
                self._open = False
                self._failed(error)
                return
            try:
                net.learn(keys, fetched(keys, self._layout, results[len(locks) :]))
                self._write(net)
            except Exception as fault:  # noqa: BLE001
                self._give_up_link(fault)

        self.link.run([*locks, *fetch(keys, self._layout)], have_read)

    def _have_written(self, results: list[Result], error: Exception | None) -> None:
        self.commit_since, self._open = None, False
        if error is not None:
            self._failed(error, writing=True)
        elif self.link.unreplicated:
            # It is committed here and may be lost with this server; PostgreSQL calls that a success.
            self._fail(OutcomeUnknown("the commit was not confirmed by a standby"))
        elif results[-1].command_status != b"COMMIT":
            self._fail(OutcomeUnknown("the commit was not carried out"))
        else:
            self._answer()
            self._ended(self, self._later)

    def _finish(self) -> None:
        """Nothing is to be written."""
        if not self._open:
            self._answer()
            self._ended(self, self._later)
            return

        def rolled_back(_results: list[Result], _error: Exception | None) -> None:
            self._answer()
            self._ended(self, self._later)

        self.link.run([ROLLBACK], rolled_back)

    def _answer(self) -> None:
        for member, result, refusal in self._waiting:
            if member.future.done():
                continue
            if refusal is None:
                member.future.set_result(result)
            else:
                member.future.set_exception(refusal)

    def _failed(self, error: Exception, *, writing: bool = False) -> None:
        if isinstance(error, LinkLost) and writing:
            self._fail(OutcomeUnknown(f"the connection was lost before the commit was confirmed: {error}"))
        elif isinstance(error, SqlError) and writing and error.index >= self._count - 1:
            self._fail(OutcomeUnknown(f"the commit was not confirmed: {error}"))
        elif isinstance(error, LinkLost) or (isinstance(error, SqlError) and error.lost):
            self._move(error)
        elif isinstance(error, SqlError) and error.state == GONE:
            self._find_gone()
        elif isinstance(error, SqlError) and error.conflict:
            self._conflict(error)
        else:
            self._fail(failure(error))

    def _give_up_link(self, error: Exception) -> None:
        """A fault of this program: no statement of the group may be left behind on the link, nor its keys held."""
        self.link.drop(f"{type(error).__name__}: {error}")
        self._fail(failure(error))

    def _fail(self, error: StoreError) -> None:
        later = set(self._later)
        for member in self.members:
            if member not in later and not member.future.done():
                member.future.set_exception(error)
        self._ended(self, self._later)

    def _move(self, error: Exception) -> None:
        """Nothing was done, and this link is of no use: the members wait for another one."""
        late = self._loop.time() >= self._give_up
        again = []
        for member in self.members:
            if member.future.done():
                continue
            member.tries += 1
            if late or member.tries > TRIES_MAX:
                member.future.set_exception(failure(error))
            else:
                again.append(member)
        self._ended(self, again)

    def _find_gone(self) -> None:
        """A table is missing; see which ones are."""
        spaces = {key[0] for key in self._read}
        if self._net is not None:
            spaces |= {key[0] for key in self._net.final}

        def found(results: list[Result], error: Exception | None) -> None:
            if error is not None:
                self._failed(error)
                return
            there = {unsigned(results[0].get_value(at, 0), "big") for at in range(results[0].ntuples)}
            gone = spaces - there
            if gone <= self._gone:  # made or dropped just now
                self._conflict(SqlError(GONE, "a table is missing", 0))
                return
            self._gone |= gone
            self._again()

        self.link.run([Statement(EXISTING, [int8_array(sorted(spaces))])], found)

    def _conflict(self, error: SqlError) -> None:
        """Somebody else was in the way."""
        self._tries += 1
        if self._tries > TRIES_MAX or self._loop.time() >= self._give_up:
            busy = StoreBusy(f"too many others write the same rows: {error}")
            busy.__cause__ = error
            self._fail(busy)
            return
        if self._net is not None:
            self._blind |= {key for key in self._net.final if key[0] not in self._gone}
        self._locking = True
        if self._tries < 2:
            self._again()
        else:
            pause = PAUSE_SECONDS * 2.0 ** min(self._tries - 2, 6)
            self._loop.call_later(pause * random.uniform(0.5, 1.0), self._again)

    def _again(self) -> None:
        """From the beginning, with those who have no answer yet."""
        if self._open and not self.link.closed:
            self._open = False
            self.link.run([ROLLBACK], lambda _results, _error: self._again())
            return
        self.members = [member for member in self.members if not member.future.done()]
        if not self.members:
            self._waiting = []
            self._later = []
            self._ended(self, [])
        elif self.link.closed:
            self._ended(self, self.members)
        else:
            self.begin()

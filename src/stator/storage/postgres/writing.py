"""What a group of decisions comes to: for each key its last state, and the statements that make it so.

Keys that were read are written on the condition that their rows are as they were then; what was read and not written
is checked; where a row was absent and stays so, a ghost row is inserted and removed again before the commit, for
nothing else keeps another transaction from inserting it meanwhile. Keys that nobody read are written as they come.
"""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet

from stator.storage.failure import SpaceGone
from stator.storage.postgres.binary import bytea_array, int4, int4_array, int8, int8_array
from stator.storage.postgres.layout import Layout
from stator.storage.postgres.link import Statement
from stator.storage.postgres.place import columns
from stator.storage.postgres.sql import Sql, putting
from stator.storage.store import Append, Change, Key, Put, Row

_INT4, _INT8 = 1 << 31, 1 << 63

_row = tuple.__new__


class NeedsVersion(Exception):
    """A row that this group made is read by a later member, and there is no version to show of it yet."""


class Net:
    """The rows that a group has read, and what its members make of them. `fresh` is a version that nothing has yet."""

    def __init__(
        self, base: Mapping[Key, Row], read: AbstractSet[Key], gone: AbstractSet[int], fresh: int | None
    ) -> None:
        self.base = base
        self.read = read
        self.final: dict[Key, Put | None] = {}
        self.appends: list[Append] = []
        self.bytes = 0
        self._gone = gone
        self.fresh = fresh
        self._steps = 0

    def rows(self, keys: Sequence[Key]) -> list[Row | None]:
        """What a member sees."""
        if not self.final:
            find = self.base.get
            return [find(key) for key in keys]
        return [self._row(key) for key in keys]

    def touches(self, keys: Iterable[Key]) -> bool:
        """Whether one of them was written in this group."""
        final = self.final
        return bool(final) and any(key in final for key in keys)

    def learn(self, keys: Iterable[Key], rows: Mapping[Key, Row]) -> None:
        """What was read of keys that members have written and not asked for."""
        self.read = self.read | set(keys)
        self.base = {**self.base, **rows}

    def check(self, change: Change) -> None:
        """Raise SpaceGone, TypeError or ValueError for what cannot be stored."""
        for put in change.puts:
            data: object = put.value
            if put.key.space in self._gone:
                raise SpaceGone(put.key.space)
            if not isinstance(data, bytes):
                raise TypeError(f"a value is bytes, not {type(data).__name__}")
            if not 0 <= put.size < _INT4:
                raise ValueError(f"a size of {put.size}")
        for append in change.appends:
            record: object = append.record
            if not isinstance(record, bytes):
                raise TypeError(f"a record is bytes, not {type(record).__name__}")
            if not (0 <= append.journal < _INT8 and 0 <= append.shard < _INT8):
                raise ValueError(f"shard {append.shard} of journal {append.journal}")

    def apply(self, change: Change) -> None:
        """Deletes, then puts, then appends. The change has been checked."""
        final = self.final
        for key in change.deletes:
            if key[0] not in self._gone:
                final[key] = None
        for put in change.puts:
            final[put.key] = put
            self.bytes += len(put.value)
        for append in change.appends:
            self.appends.append(append)
            self.bytes += len(append.record)

    def _row(self, key: Key) -> Row | None:
        if key not in self.final:
            return self.base.get(key)
        put = self.final[key]
        if put is None:
            return None
        # Versions in the database are multiples of 1,024: one between two of them is nobody's, and not kept.
        old = self.base.get(key)
        start = old.version if old is not None else self.fresh
        if start is None:
            raise NeedsVersion
        self._steps += 1
        return _row(Row, (key[1], key[2], start + min(self._steps, 1_023), put.size, put.value))


class Writing:
    """The statements between BEGIN and COMMIT. `slot` is where the connection keeps its part of the sums.

    Every group takes its locks in one order: the spaces in turn, in each the rows there are and then those to come,
    both by key; then what was not read, the sums and the counters of journals.
    """

    def __init__(self, net: Net, unchanged: Iterable[Key], layout: Layout, slot: int) -> None:
        self._net = net
        self._layout = layout
        self._slot = int4(slot % layout.slots)
        self._sums: dict[tuple[int, ...], list[int]] = {}
        self._statements: list[Statement] = []
        self._late: list[Statement] = []
        keys = [*net.final, *[key for key in unchanged if key not in net.final]]
        if len(keys) == 1:
            self._space(layout.sql(keys[0]), keys)
        else:
            for texts, some in layout.grouped(keys):
                self._space(texts, some)
        if net.appends:
            self._late += layout.appending(net.appends)

    def statements(self) -> list[Statement]:
        sums = [(*place, rows, size) for place, (rows, size) in sorted(self._sums.items()) if rows or size]
        if sums:
            self._late += self._layout.counting(sums, self._slot)
        return [*self._statements, *self._late]

    def _space(self, texts: Sql, keys: Sequence[Key]) -> None:
        net = self._net
        final, base, read = net.final, net.base, net.read
        updates: list[tuple[Put, Row]] = []
        deletes: list[tuple[Key, Row]] = []
        checks: list[tuple[Key, Row]] = []
        inserts: list[Put] = []
        ghosts: list[Key] = []
        puts: list[Put] = []
        removals: list[Key] = []
        for key in keys:
            put, old = final.get(key), base.get(key)
            if key not in read:
                if put is None:
                    removals.append(key)
                else:
                    puts.append(put)
            elif old is None:
                if put is None:
                    ghosts.append(key)
                else:
                    inserts.append(put)
            elif put is not None:
                updates.append((put, old))
            elif key in final:
                deletes.append((key, old))
            else:
                checks.append((key, old))
        if bool(updates) + bool(deletes) + bool(checks) > 1:
            present = sorted([*[put.key for put, _ in updates], *[key for key, _ in (*deletes, *checks)]])
            self._statements.append(Statement(texts.lock, columns(present)))
        if updates:
            self._update(texts, updates)
        if deletes:
            self._delete(texts, deletes)
        if checks:
            self._check(texts, checks)
        if inserts or ghosts:
            self._insert(texts, inserts, ghosts)
        if puts or removals:
            self._blind(texts, puts, removals)

    def _count(self, texts: Sql, rows: int, size: int) -> None:
        sums = self._sums.get(texts.place)
        if sums is None:
            self._sums[texts.place] = [rows, size]
        else:
            sums[0] += rows
            sums[1] += size

    def _update(self, texts: Sql, updates: Sequence[tuple[Put, Row]]) -> None:
        parameters = columns([put.key for put, _ in updates])
        parameters.append(int8_array([old[2] for _, old in updates]))
        parameters.append(int4_array([put.size for put, _ in updates]))
        parameters.append(bytea_array([put.value for put, _ in updates]))
        parameters.append(int8(len(updates)))
        if self._layout.gives_versions:
            parameters.append(int8(self._net.fresh or 0))
        self._statements.append(Statement(texts.update, parameters))
        self._count(texts, 0, sum([put.size - old.size for put, old in updates]))

    def _delete(self, texts: Sql, deletes: Sequence[tuple[Key, Row]]) -> None:
        parameters = columns([key for key, _ in deletes])
        parameters.append(int8_array([old[2] for _, old in deletes]))
        parameters.append(int8(len(deletes)))
        self._statements.append(Statement(texts.delete, parameters))
        self._count(texts, -len(deletes), -sum([old[3] for _, old in deletes]))

    def _check(self, texts: Sql, checks: Sequence[tuple[Key, Row]]) -> None:
        parameters = columns([key for key, _ in checks])
        parameters.append(int8_array([old[2] for _, old in checks]))
        parameters.append(int8(len(checks)))
        self._statements.append(Statement(texts.check, parameters))

    def _insert(self, texts: Sql, inserts: Sequence[Put], ghosts: Sequence[Key]) -> None:
        puts = sorted([*inserts, *[Put(key, 0, b"") for key in ghosts]], key=lambda put: put.key) if ghosts else inserts
        self._statements += texts.inserting(puts)
        if ghosts:
            self._late.insert(0, Statement(texts.remove_ghosts, columns(ghosts)))
        if inserts:
            self._count(texts, len(inserts), sum([put.size for put in inserts]))

    def _blind(self, texts: Sql, puts: Sequence[Put], removals: Sequence[Key]) -> None:
        if removals:
            parameters = [*columns(removals), self._slot, int8(len(removals))]
            self._late.append(Statement(texts.delete_blind, parameters))
        if puts:
            self._late.append(putting(texts.upsert, texts.upsert_long, puts, [self._slot]))

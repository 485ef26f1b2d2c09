"""The store against a dict, by programs that hypothesis makes up."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from stator.storage.store import Bound, Change, Key, Put, Store, Usage
from tests.storage.engines import Engine, every

PARTITIONS = st.sampled_from([b"", b"a", b"a\x00", b"b"])
SORTS = st.binary(max_size=2)
PLACES = st.tuples(PARTITIONS, SORTS)
BOUNDS = st.none() | st.builds(Bound, SORTS, st.booleans())
WRITES = st.lists(st.tuples(PLACES, st.none() | st.binary(max_size=50)), min_size=1, max_size=4)


class Machine(RuleBasedStateMachine):
    engine: Engine

    @initialize()
    def begin(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.opening = self.engine.open()
        self.store: Store = self.run(self.opening.__aenter__())
        self.space: int = self.run(self.store.create_space())
        self.rows: dict[tuple[bytes, bytes], bytes] = {}

    def run(self, awaited: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(awaited)

    def teardown(self) -> None:
        if hasattr(self, "loop"):
            self.run(self.opening.__aexit__(None, None, None))
            self.loop.close()

    @rule(changes=st.lists(WRITES, min_size=1, max_size=5))
    def write_at_once(self, changes: list[list[tuple[tuple[bytes, bytes], bytes | None]]]) -> None:
        """Several transactions in one group; within each, deletes come first."""

        async def transact(writes: list[tuple[tuple[bytes, bytes], bytes | None]]) -> None:
            puts = [Put(Key(self.space, *place), len(v), v) for place, v in writes if v is not None]
            deletes = [Key(self.space, *place) for place, value in writes if value is None]
            await self.store.transact([put.key for put in puts[:1]], lambda _: Change(puts=puts, deletes=deletes))

        async def together() -> None:
            await asyncio.gather(*map(transact, changes))

        self.run(together())
        for writes in changes:
            for place, value in sorted(writes, key=lambda write: write[1] is not None):
                if value is None:
                    self.rows.pop(place, None)
                else:
                    self.rows[place] = value

    @rule(partition=PARTITIONS, lower=BOUNDS, upper=BOUNDS, reverse=st.booleans(), rows_max=st.integers(1, 5))
    def read_range(
        self, partition: bytes, lower: Bound | None, upper: Bound | None, reverse: bool, rows_max: int
    ) -> None:
        page = self.run(
            self.store.range(
                self.space, partition, lower, upper, reverse=reverse, rows_max=rows_max, bytes_max=1_000_000
            )
        )
        inside = [
            sort
            for place, sort in sorted(self.rows, reverse=reverse)
            if place == partition
            and (lower is None or (sort, lower.inclusive) > (lower.sort, False))
            and (upper is None or (sort, not upper.inclusive) < (upper.sort, True))
        ]
        assert [row.sort for row in page.rows] == inside[:rows_max]
        assert page.more == (len(inside) >= rows_max)

    @rule()
    def begin_anew(self) -> None:
        """Drop the space; on disk open the store again too."""
        self.run(self.store.drop_space(self.space))
        if self.engine.durable:
            self.run(self.opening.__aexit__(None, None, None))
            self.opening = self.engine.open()
            self.store = self.run(self.opening.__aenter__())
        self.space = self.run(self.store.create_space())
        self.rows = {}

    @invariant()
    def holds_the_same(self) -> None:
        if not hasattr(self, "store"):
            return
        rows = self.run(every(self.store, self.space))
        assert [(row[:2], row.value) for row in rows] == sorted(self.rows.items())
        assert self.run(self.store.usage(self.space)) == Usage(len(rows), sum(map(len, self.rows.values())))


_EXAMPLES = {"memory": 40, "citus": 4}  # there each begins with tables on every node


def test_the_store_behaves_as_a_dict(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> None:
    class OnEngine(Machine):
        @initialize()
        def begin(self) -> None:
            self.engine = Engine(engine.name, tmp_path_factory.mktemp("store"))
            super().begin()

    run_state_machine_as_test(
        OnEngine, settings=settings(max_examples=_EXAMPLES.get(engine.name, 15), stateful_step_count=20)
    )

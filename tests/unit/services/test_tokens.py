import asyncio

from stator.clock import ManualClock
from stator.items.idempotency import PERIOD_SECONDS, token_of
from stator.services.parts import Parts
from stator.services.tokens import ROWS_A_STEP, run_once
from stator.storage.sqlite.engine import SqliteStore
from stator.storage.store import Change, Key, Put
from stator.tables.catalog import CATALOG_SPACE, Catalog


def test_only_expired_tokens_are_forgotten() -> None:
    async def run() -> None:
        clock = ManualClock()
        store = SqliteStore.open(None)
        try:
            parts = Parts(await Catalog.open(store, clock), store, clock)
            neighbours = [Key(CATALOG_SPACE, bytes(8) + kind, b"") for kind in (b"tables/1/r", b"tokens", b"tokens0")]
            await store.transact(neighbours, lambda _: Change(puts=[Put(key, 2, b"{}") for key in neighbours]))

            async def leave(count: int) -> None:
                puts = []
                for number in range(count):
                    token = token_of("Op", "1", "region", {"ClientRequestToken": str(number)}, clock)
                    assert token is not None
                    puts.append(token.record([]))
                await store.transact((), lambda _: Change(puts=puts))

            await leave(ROWS_A_STEP + 1)
            assert await run_once(parts) == 0
            clock.advance(PERIOD_SECONDS)
            await leave(3)
            assert await run_once(parts) == 0
            clock.advance(PERIOD_SECONDS)
            assert await run_once(parts) == ROWS_A_STEP + 1
            assert await run_once(parts) == 0
            assert (await store.usage(CATALOG_SPACE)).rows == len(neighbours) + 3
        finally:
            await store.close()

    asyncio.run(run())

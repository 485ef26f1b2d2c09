"""A hold is as long as the loop stood still for a write, and what shared its turn."""

import asyncio
from types import SimpleNamespace

import pytest

from stator.storage import hold as module
from stator.storage.hold import Hold
from stator.storage.sqlite.engine import SqliteStore
from stator.storage.store import Change


def test_from_the_decision_until_the_loop_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([3.0, 5.5])
    monkeypatch.setattr(module, "time", SimpleNamespace(perf_counter=times.__next__))

    async def main() -> tuple[str, float, float]:
        store, hold = SqliteStore.open(None), Hold()
        before = hold.seconds
        result: str = await store.transact((), hold.around(lambda _: Change(result="done")))
        await asyncio.sleep(0)
        await store.close()
        return result, before, hold.seconds

    assert asyncio.run(main()) == ("done", 0.0, 2.5)


def test_nothing_while_it_is_decided_again(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([1.0, 2.0, 3.0])
    monkeypatch.setattr(module, "time", SimpleNamespace(perf_counter=times.__next__))

    async def main() -> float:
        hold = Hold()
        decide = hold.around(lambda _: Change())
        decide(())
        await asyncio.sleep(0)
        decide(())
        return hold.seconds

    assert asyncio.run(main()) == 0.0

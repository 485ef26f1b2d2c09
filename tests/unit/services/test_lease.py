"""Terms: begun when this router leads, ended when it does no more, never two at a time."""

import asyncio

from stator.services.lease import Lease


class Stint:
    def __init__(self) -> None:
        self.ended: list[bool] = []

    async def close(self, *, lost: bool = False) -> None:
        self.ended.append(lost)


def test_a_term_lasts_as_long_as_the_router_leads() -> None:
    async def main() -> None:
        numbers = [0]
        lease = Lease(lambda: numbers[-1], Stint)
        assert await lease.run_once() == 0
        assert not lease.term
        numbers.append(3)
        assert await lease.run_once() == 1
        first = lease.term
        assert first is not None
        assert await lease.run_once() == 0
        assert not lease.look()
        numbers.append(0)
        assert await lease.run_once() == 1
        assert (first.ended, lease.term) == ([True], None)
        # It led, another did, and it leads again: all between two looks.
        numbers.append(5)
        await lease.run_once()
        second = lease.term
        numbers.append(7)
        assert await lease.run_once() == 2
        assert second is not None
        assert second.ended == [True]
        assert lease.term not in (None, first, second)
        third = lease.term
        await lease.close()
        await lease.close()
        assert third is not None
        assert third.ended == [False]

    asyncio.run(main())


def test_with_one_router_a_term_begins_at_once() -> None:
    async def main() -> None:
        lease = Lease(lambda: 1, Stint)
        assert lease.look()
        assert lease.term is not None

    asyncio.run(main())

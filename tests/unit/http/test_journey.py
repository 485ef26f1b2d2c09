"""Coroutines carried on by hand."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from stator.http.journey import Journey

Ends = tuple[Any, BaseException | None]


async def travel(handler: Callable[[], Any]) -> Ends:
    """Drive a handler as the corridor does, with no task of its own, to its end."""
    coroutine = handler()
    try:
        waiting = coroutine.send(None)
    except StopIteration as finished:
        return finished.value, None
    ended: asyncio.Future[Ends] = asyncio.get_running_loop().create_future()
    Journey[Any](coroutine, waiting).arrived = lambda answer, error: ended.set_result((answer, error))
    return await asyncio.wait_for(ended, 5)


def ends(handler: Callable[[], Any]) -> Ends:
    return asyncio.run(travel(handler))


async def at_once() -> int:
    return 1


async def several() -> list[int]:
    await asyncio.sleep(0)
    lock = asyncio.Lock()
    async with lock:
        await asyncio.sleep(0.001)
    return list(await asyncio.gather(at_once(), at_once()))


async def in_a_task() -> int:
    return await asyncio.get_running_loop().create_task(at_once())


async def on_a_thread() -> int:
    return await asyncio.get_running_loop().run_in_executor(None, lambda: 7)


@pytest.mark.parametrize(("handler", "answer"), [(at_once, 1), (several, [1, 1]), (in_a_task, 1), (on_a_thread, 7)])
def test_answers(handler: Callable[[], Awaitable[Any]], answer: object) -> None:
    assert ends(handler) == (answer, None)


def test_a_failed_future_raises_inside() -> None:
    async def handler() -> str:
        future = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_soon(future.set_exception, KeyError("x"))
        try:
            await future
        except KeyError:
            return "caught"
        return "missed"

    assert ends(handler) == ("caught", None)


@pytest.mark.parametrize("error", [ValueError("x"), asyncio.CancelledError()])
def test_errors_arrive(error: BaseException) -> None:
    async def handler() -> None:
        await asyncio.sleep(0)
        raise error

    assert ends(handler) == (None, error)


def test_what_is_no_future_fails_inside() -> None:
    class Odd:
        def __await__(self) -> Any:
            yield "nonsense"

    async def handler() -> None:
        await Odd()

    async def catching() -> str:
        try:
            await Odd()
        except RuntimeError:
            await asyncio.sleep(0)
        return "went on"

    _, error = ends(handler)
    assert isinstance(error, RuntimeError)
    assert ends(catching) == ("went on", None)


def test_a_journey_nobody_waits_for_goes_on() -> None:
    async def scene() -> None:
        done = asyncio.Event()

        async def handler() -> None:
            await asyncio.sleep(0)
            done.set()

        coroutine = handler()
        Journey(coroutine, coroutine.send(None))
        await asyncio.wait_for(done.wait(), 5)

    asyncio.run(scene())

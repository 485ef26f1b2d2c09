"""A coroutine that could not finish at once, carried on by hand whenever what it awaits is done.

A Task would cost three times as much and a turn of the loop even where nothing is awaited. The price: inside a handler
there is no current task, so `asyncio.timeout` and `asyncio.wait_for` do not work there; futures, locks, queues,
`gather` and `create_task` do.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Journey(Generic[T]):
    """Set `arrived` before the loop turns: it is called once with (answer, None) or (None, error).

    A journey has no cancel: a write whose client went away still completes, and its answer is dropped.
    """

    __slots__ = ("_coroutine", "arrived")

    def __init__(self, coroutine: Coroutine[Any, Any, T], waiting: Any) -> None:
        self._coroutine = coroutine
        self.arrived: Callable[[T | None, BaseException | None], None] | None = None
        self._wait(waiting)

    def _wait(self, waiting: Any) -> None:
        if waiting is None:  # a bare yield, as asyncio.sleep(0) does
            asyncio.get_running_loop().call_soon(self._step)
            return
        if getattr(waiting, "_asyncio_future_blocking", None) is None:
            self._throw(RuntimeError(f"awaited something that is no future: {type(waiting).__name__}"))
            return
        waiting._asyncio_future_blocking = False
        waiting.add_done_callback(self._step)

    def _step(self, _future: Any = None) -> None:
        try:
            waiting = self._coroutine.send(None)  # the future itself raises inside, where it failed
        except StopIteration as finished:
            self._arrive(finished.value, None)
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001  told to whoever waits
            self._arrive(None, error)
        else:
            self._wait(waiting)

    def _throw(self, error: Exception) -> None:
        try:
            waiting = self._coroutine.throw(error)
        except StopIteration as finished:
            asyncio.get_running_loop().call_soon(self._arrive, finished.value, None)
        except Exception as failure:  # noqa: BLE001  told to whoever waits
            asyncio.get_running_loop().call_soon(self._arrive, None, failure)
        else:
            self._wait(waiting)

    def _arrive(self, answer: T | None, error: BaseException | None) -> None:
        if self.arrived is not None:
            self.arrived(answer, error)

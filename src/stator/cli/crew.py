"""Threads that work side by side until all are done, one fails, or the person has had enough."""

import contextlib
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from types import FrameType

from stator.cli.complaint import Interrupted

TICK_SECONDS = 0.2
LAST_WORDS_SECONDS = 30.0  # for a request under way


class Crew:
    """`stop` is set when the work is to end early: clients made with it stop waiting, workers look at it."""

    def __init__(self) -> None:
        self.stop = threading.Event()

    def run(self, works: Sequence[Callable[[], None]], tick: Callable[[], None] = lambda: None) -> None:
        """Run each in a thread of its own; `tick` runs here a few times a second and once at the end, however it ends.

        Raises the first failure. Ctrl-C and SIGTERM let every worker finish its step and raise Interrupted; a second
        Ctrl-C does not wait for them.
        """
        failures: list[BaseException] = []

        def attempt(work: Callable[[], None]) -> None:
            try:
                work()
            except BaseException as error:  # noqa: BLE001  it is raised again below, where it can be seen
                failures.append(error)
                self.stop.set()

        threads = [threading.Thread(target=attempt, args=(work,), daemon=True) for work in works]
        try:
            with _terminated_like_interrupted():
                for thread in threads:
                    thread.start()
                while any(thread.is_alive() for thread in threads):
                    for thread in threads:
                        thread.join(TICK_SECONDS / len(threads))
                    tick()
        except KeyboardInterrupt:
            self.stop.set()
            end = time.monotonic() + LAST_WORDS_SECONDS
            for thread in threads:
                if thread.ident is not None:
                    thread.join(max(0.0, end - time.monotonic()))
            raise Interrupted("stopped") from None
        finally:
            tick()
        for failure in failures:
            if not isinstance(failure, Interrupted):
                raise failure
        if failures:
            raise failures[0]


@contextlib.contextmanager
def _terminated_like_interrupted() -> Iterator[None]:
    """SIGTERM ends work as tidily as Ctrl-C."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    try:
        before = signal.signal(signal.SIGTERM, interrupt)
    except ValueError:  # not the main thread, which alone gets signals
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)

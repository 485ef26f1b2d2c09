"""The requests that one turn of the loop brought, taken through the corridor side by side.

Each step is taken by all of them before the next one is taken by any: a processor remembers the way through one step
from one request to the next, and that through a whole request it does not. docs/decisions/0011-requests-side-by-side.md
has what was measured. Replies wait for nothing by it: the loop sends them at the end of its turn.
"""

import logging
from collections.abc import Callable
from typing import Any, Protocol

from stator.http.corridor import walk, walk_out
from stator.http.front import Front
from stator.http.request import Request

_log = logging.getLogger(__name__)

TOGETHER_MAX = 64
"""Beyond that nothing is gained; further ones wait for the next turn of the loop, after what else it has to do."""


class Asker(Protocol):
    """Who brought a request."""

    def replied(self, request: Request) -> None:
        """`reply` of the request is set."""

    def abort(self) -> None:
        """The reply cannot be taken."""


class Turn:
    """`call_soon` is the loop's."""

    __slots__ = ("_answered", "_call_soon", "_front", "_waiting")

    def __init__(self, front: Front, call_soon: Callable[[Callable[[], None]], Any]) -> None:
        self._front = front
        self._call_soon = call_soon
        self._waiting: list[tuple[Request, Asker]] = []
        self._answered: list[tuple[Request, Asker]] = []  # whose journeys have ended

    def join(self, request: Request, asker: Asker) -> None:
        """Have a request answered in the next turn of the loop, or in one soon after that."""
        if not self._waiting:
            self._call_soon(self._run)
        self._waiting.append((request, asker))

    def join_answered(self, request: Request, asker: Asker) -> None:
        """The same for one whose `answer` or `reply` is there."""
        if not self._answered:
            self._call_soon(self._run_out)
        self._answered.append((request, asker))

    def _run(self) -> None:
        together, self._waiting = self._waiting[:TOGETHER_MAX], self._waiting[TOGETHER_MAX:]
        if self._waiting:
            self._call_soon(self._run)
        walk(self._front, [request for request, _ in together])
        _tell(together)

    def _run_out(self) -> None:
        together, self._answered = self._answered, []
        walk_out(self._front, [request for request, _ in together])
        _tell(together)


def _tell(together: list[tuple[Request, Asker]]) -> None:
    for request, asker in together:
        try:
            asker.replied(request)
        except Exception:  # noqa: BLE001  the others have theirs
            _log.exception("a reply could not be sent")
            asker.abort()

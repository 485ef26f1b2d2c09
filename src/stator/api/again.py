"""Operations where several routers share a store: what this one knows of tables may be a quarter of a second old.

Control operations look at what others did before they answer. Data operations do not; but what one of them is refused
because of the table - none of that name, no such index, another key - is looked at again, and if others have changed
anything meanwhile, the operation is asked once more. Whoever made a table by one router finds it by every other.
"""

from collections.abc import Awaitable, Callable, Mapping

from msgspec.structs import replace

from stator.api.call import Answer, Call
from stator.api.registry import ELSEWHERE, Handler, Operation
from stator.errors import (
    ResourceInUseException,
    ResourceNotFoundException,
    TableNotFoundException,
    ValidationException,
)
from stator.metrics.recorder import DATA_OPERATIONS

_DATA = DATA_OPERATIONS | {"DescribeEndpoints", "GetShardIterator"}
_OF_TABLES = (ResourceNotFoundException, TableNotFoundException, ResourceInUseException, ValidationException)
"""What an operation raises with nothing done, and might not with a newer copy of the catalog."""


Look = Callable[[], Awaitable[int]]
"""Takes up what others did before the call; returns the number of what is known then."""


class _Attentive:
    """An operation's handler, minding the other routers. `first`: it looks before it begins."""

    __slots__ = ("_first", "_handler", "_known", "_look")

    def __init__(self, handler: Handler, look: Look, known: Callable[[], int], *, first: bool) -> None:
        self._handler = handler
        self._look = look
        self._known = known
        self._first = first

    async def __call__(self, call: Call) -> Answer:
        if self._first:
            await self._look()
        known = self._known()
        try:
            return await self._handler(call)
        except _OF_TABLES:
            if await self._look() == known:
                raise
        return await self._handler(call)


def attentive(operations: Mapping[str, Operation], look: Look, known: Callable[[], int]) -> dict[str, Operation]:
    """The same operations, by the same targets, minding the other routers. `known`: what `look` returned last."""
    return {
        target: operation
        if target.partition(".")[0] in ELSEWHERE
        else replace(operation, handler=_Attentive(operation.handler, look, known, first=operation.name not in _DATA))
        for target, operation in operations.items()
    }

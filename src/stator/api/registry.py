"""Which operations exist. Each file of `api.dynamodb`, `api.cloudwatch` and so on registers with `@operation`."""

from collections.abc import Callable, Coroutine
from typing import Any

from msgspec import Struct

from stator.api.call import Answer, Call
from stator.validation.shape import Structure

Handler = Callable[[Call], Coroutine[Any, Any, Answer]]


class Operation(Struct, frozen=True):
    name: str
    shape: Structure  # of its input
    handler: Handler


OPERATIONS: dict[str, Operation] = {}
"""By the value of the X-Amz-Target header, for instance `DynamoDB_20120810.PutItem`."""


CLOUDWATCH = "GraniteServiceVersion20100801"
AUTOSCALING = "AnyScaleFrontendService"
ELSEWHERE = frozenset({CLOUDWATCH, AUTOSCALING})
"""The prefixes of services that are signed for in another name than DynamoDB's and speak other protocols."""

PRIVATE = "Stator_20261121"
"""The prefix of operations of Stator's own, which no service model has."""


def operation(name: str, shape: Structure, prefix: str = "DynamoDB_20120810") -> Callable[[Handler], Handler]:
    """Register a coroutine function as the handler of an operation."""

    def register(handler: Handler) -> Handler:
        OPERATIONS[f"{prefix}.{name}"] = Operation(name, shape, handler)
        return handler

    return register

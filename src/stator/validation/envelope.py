"""Which operation puts `1 validation error detected: ` before which family of validation messages.

The service began to do so in July 2026, operation by operation. The table is what was captured then (facts, 0.1);
DeleteItem is known only in part and follows the other writes. Messages about broken constraints bring their own prefix
and are BARE here.
"""

from typing import Final

from stator.errors import Family, ValidationException

PREFIX: Final = "1 validation error detected: "

_WRITE: Final = frozenset((Family.VALUE, Family.EXPRESSION, Family.MIX, Family.RETURN_VALUES))

PREFIXED: Final[dict[str, frozenset[Family]]] = {
    "PutItem": _WRITE,
    "UpdateItem": _WRITE,
    "DeleteItem": _WRITE,
    "Query": frozenset((Family.SELECT,)),
}


def enveloped(operation: str, error: ValidationException) -> str:
    """The message of `error` as the named operation words it."""
    if error.family in PREFIXED.get(operation, ()):
        return PREFIX + error.message
    return error.message

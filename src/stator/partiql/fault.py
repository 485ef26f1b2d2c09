"""What is said of a statement that cannot be read."""

from typing import NamedTuple

from stator.errors import ValidationException

NOT_WELL_FORMED = "Statement wasn't well formed, can't be processed: "

DATA_MANIPULATION = "Expected data manipulation"
LEFTOVER = "Unexpected token after expression"
NO_IDENTIFIER = "Expected identifier for simple path"
NO_RIGHT_SIDE = "Missing right-hand side expression of infix operator"
UNEXPECTED_KEYWORD = "Unexpected keyword"
UNEXPECTED_OPERATOR = "Unexpected operator"
UNEXPECTED_TERM = "Unexpected term"
NO_TYPE_NAME = "Expected type name"
PATH_COMPONENT = "Invalid path dot component"
# The service's own words for these are not known.
TOO_DEEP = "Expression is nested too deeply"
NO_RETURNING = "Expected returning clause"


class Place(NamedTuple):
    """Where in a statement a token stands: offset and length in characters."""

    offset: int
    length: int


def malformed(detail: str = "") -> ValidationException:
    """A text that is no statement. Of what cannot be cut into tokens the service says nothing after the colon."""
    return ValidationException(NOT_WELL_FORMED + detail)


def refused(text: str, place: Place, problem: str) -> ValidationException:
    """A problem with what stands at `place`, told as `line:column:length`, each counted from 1."""
    line = text.count("\n", 0, place.offset) + 1
    column = place.offset - text.rfind("\n", 0, place.offset)
    return ValidationException(f"{problem} at {line}:{column}:{place.length}")

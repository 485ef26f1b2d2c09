"""ExpressionAttributeNames and ExpressionAttributeValues: their form, and the rules on when they may be given."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from stator.errors import Family, ValidationException
from stator.limits import MIB, PLACEHOLDER_NAME_BYTES_MAX
from stator.values.attribute import AttributeValue
from stator.values.parse import parse_item, parse_value
from stator.values.size import text_bytes

SUBSTITUTIONS_BYTES_MAX = 2 * MIB

_NAME_KEY = re.compile(r"#[A-Za-z0-9_]+", re.ASCII)
_VALUE_KEY = re.compile(r":[A-Za-z0-9_]+", re.ASCII)

# Not worded as part of a value, wherever the value stands.
_UNWRAPPED = "Nesting Levels have exceeded supported limits"


def check_names(names: Mapping[str, str]) -> int:
    """Checks the map of `#placeholders` to attribute names; returns its bytes. Raises ValidationException."""
    _check_keys("ExpressionAttributeNames", names, _NAME_KEY)
    size = 0
    for key, name in names.items():
        if not name:
            raise _error(f"ExpressionAttributeNames contains invalid value: Empty attribute name for key {key}")
        size += len(key) + text_bytes(name)
    if size > SUBSTITUTIONS_BYTES_MAX:
        raise _error("ExpressionAttributeNames exceeds max size")
    return size


def parse_values(values: Mapping[str, AttributeValue], names_bytes: int = 0) -> dict[str, AttributeValue]:
    """The map of `:placeholders` to values, canonical. `names_bytes` is what the names take of the room for both.

    Raises ValidationException.
    """
    _check_keys("ExpressionAttributeValues", values, _VALUE_KEY)
    try:
        parsed, size = parse_item(dict(values))
    except ValidationException as error:
        raise (_located(values) or error) from None
    if names_bytes + size > SUBSTITUTIONS_BYTES_MAX:
        raise _error("ExpressionAttributeValues exceeds max size")
    return parsed


def _located(values: Mapping[str, AttributeValue]) -> ValidationException | None:
    """The fault of the first malformed value, naming it where the service does."""
    for key, value in values.items():
        try:
            parse_value(value)
        except ValidationException as error:
            if error.family is Family.VALUE or error.message.startswith(_UNWRAPPED):
                return error
            problem = f"ExpressionAttributeValues contains invalid value: {error.message} for key {key}"
            return ValidationException(problem, error.family)
    return None


def _check_keys(parameter: str, placeholders: Mapping[str, Any], form: re.Pattern[str]) -> None:
    if not placeholders:
        raise _error(f"{parameter} must not be empty")
    for key in placeholders:
        if form.fullmatch(key) is None:
            raise _error(f'{parameter} contains invalid key: Syntax error; key: "{key}"')
        if len(key) > PLACEHOLDER_NAME_BYTES_MAX:
            problem = f"The expression attribute map contains a key that is too long; size of key: {len(key)}"
            raise _error(f"{parameter} contains invalid key: {problem}")


def check_mix(
    request: Mapping[str, Any], expression_parameters: Sequence[str], legacy_parameters: Sequence[str]
) -> None:
    """Refuses a request that mixes the two; each list in the order in which the message names them."""
    expressions = [name for name in expression_parameters if request.get(name) is not None]
    if not expressions:
        return
    legacy = [name for name in legacy_parameters if request.get(name) is not None]
    if "KeyConditions" in legacy and request.get("KeyConditionExpression") is None:
        legacy.remove("KeyConditions")  # goes with FilterExpression and ProjectionExpression
    if legacy:
        raise ValidationException(
            "Can not use both expression and non-expression parameters in the same request: "
            f"Non-expression parameters: {{{', '.join(legacy)}}} Expression parameters: {{{', '.join(expressions)}}}",
            Family.MIX,
        )


def check_placeholders_needed(request: Mapping[str, Any], expression_parameters: Sequence[str]) -> None:
    """Refuses placeholders that no expression of the request could use."""
    if request.get("ExpressionAttributeNames") is not None and all(
        request.get(name) is None for name in expression_parameters
    ):
        raise _error("ExpressionAttributeNames can only be specified when using expressions")
    if request.get("ExpressionAttributeValues") is None:
        return
    with_values = [name for name in expression_parameters if name != "ProjectionExpression"]
    if with_values and all(request.get(name) is None for name in with_values):
        absent = _absent(with_values)
        raise _error(f"ExpressionAttributeValues can only be specified when using expressions: {absent}")


def _absent(parameters: Sequence[str]) -> str:
    if "KeyConditionExpression" in parameters:
        return "FilterExpression and KeyConditionExpression are null"
    return " and ".join(f"{name} is null" for name in parameters)


def _error(problem: str) -> ValidationException:
    return ValidationException(problem, Family.EXPRESSION)

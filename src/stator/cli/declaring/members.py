"""What a file says in CreateTable's words, looked at as far as a plan reads it. The server checks the rest."""

import math
from collections.abc import Mapping
from typing import Any, Final

from stator.cli.complaint import Complaint

_VALUES_MAX: Final = 100_000
_LONG: Final = 2**63

# Lists, and the members that each of their elements has.
_LISTS: Final[Mapping[str, Mapping[str, type]]] = {
    "AttributeDefinitions": {"AttributeName": str, "AttributeType": str},
    "KeySchema": {"AttributeName": str, "KeyType": str},
    "LocalSecondaryIndexes": {"IndexName": str, "KeySchema": list},
    "GlobalSecondaryIndexes": {"IndexName": str, "KeySchema": list},
    "Tags": {"Key": str, "Value": str},
}
_UNITS: Final = {"ReadCapacityUnits": int, "WriteCapacityUnits": int}


def check(table: str, told: Mapping[str, Any]) -> None:
    """Raises Complaint for what no request could hold, and where a plan would find something else than it reads."""
    for member, value in told.items():
        if not _is_plain(value):
            raise Complaint(
                f"{member} of {table} has a value that is no text, number, true or false. Put it in quotes."
            )
        if member in _LISTS:
            _check_list(table, member, value)
    if "ProvisionedThroughput" in told:
        _check_members(table, "ProvisionedThroughput", told["ProvisionedThroughput"], _UNITS)


def check_keys(table: str, create: Mapping[str, Any]) -> None:
    """Raises Complaint where a key of the table has no type."""
    if "KeySchema" in create and "AttributeDefinitions" in create:
        typed = {each["AttributeName"] for each in create["AttributeDefinitions"]}
        for each in create["KeySchema"]:
            if each["AttributeName"] not in typed:
                raise Complaint(
                    f"the attributes of {table} have no type of {each['AttributeName']}, which is in its key."
                )


def _check_list(table: str, member: str, value: Any) -> None:
    if not isinstance(value, list):
        raise Complaint(f"{member} of {table} must be a list, as in CreateTable.")
    for each in value:
        _check_members(table, member, each, _LISTS[member])
        if "KeySchema" in each:
            _check_list(table, "KeySchema", each["KeySchema"])
        if "ProvisionedThroughput" in each:
            _check_members(table, "ProvisionedThroughput", each["ProvisionedThroughput"], _UNITS)


def _check_members(table: str, member: str, value: Any, wanted: Mapping[str, type]) -> None:
    if not isinstance(value, dict) or not all(type(value.get(name)) is kind for name, kind in wanted.items()):
        kinds = {str: "a text", int: "a whole number", list: "a list"}
        has = ", ".join(f"{name} ({kinds[kind]})" for name, kind in wanted.items())
        raise Complaint(f"{member} of {table} must have {has}, as in CreateTable.")


def _is_plain(value: Any) -> bool:
    """Whether it can be written as JSON. Names of YAML may make much of a short text, or go round in a circle."""
    left, seen = [value], 0
    while left:
        each = left.pop()
        seen += 1
        if seen > _VALUES_MAX:
            return False
        if isinstance(each, dict):
            if not all(isinstance(name, str) for name in each):
                return False
            left.extend(each.values())
        elif isinstance(each, list):
            left.extend(each)
        elif isinstance(each, float):
            if not math.isfinite(each):
                return False
        elif isinstance(each, int):
            if not -_LONG <= each < _LONG:
                return False
        elif each is not None and not isinstance(each, str):
            return False
    return True

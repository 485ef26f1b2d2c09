"""What a client may write where a table is meant: its name, or its ARN."""

import re

from stator.errors import AccessDeniedException, ValidationException

_ARN = re.compile(r"arn:([a-z-]*):dynamodb:([a-z0-9-]*):([0-9]*):(.*)", re.DOTALL)
_TABLE = re.compile(r"table/([a-zA-Z0-9_.-]{3,255})")


def resolve(account: str, region: str, name: str) -> str:
    """The table name that a TableName, itself a name or the ARN of a table, stands for.

    Raises AccessDeniedException for the ARN of another account, and ValidationException for one of another region or of
    anything but a table. No table name has a colon, so a name without one is taken as it is.
    """
    if ":" not in name:
        return name
    place = _ARN.fullmatch(name)
    if place is None:
        raise _fault("ARN format", name)
    if place[2] != region:
        raise _fault("AWS region", name)
    if place[3] != account:
        raise AccessDeniedException("Access is denied")
    table = _TABLE.fullmatch(place[4])
    if table is None:
        raise _fault("resource type", name)
    return table[1]


def resolve_resource(account: str, region: str, arn: str) -> str:
    """The table name that the ResourceArn of a tag operation stands for. Errors as those of `resolve`."""
    place = _ARN.fullmatch(arn)
    if place is not None and place[3] != account:
        raise AccessDeniedException("Access is denied")
    table = None if place is None else _TABLE.fullmatch(place[4])
    if place is None or place[2] != region or table is None:
        raise ValidationException(f"Invalid TableArn: Invalid ResourceArn provided as input {arn}")
    return table[1]


def _fault(what: str, name: str) -> ValidationException:
    return ValidationException(f"1 validation error detected: Invalid {what} in '{name}'")

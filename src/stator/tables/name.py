"""What a client may write where a table name is expected: the name, or the table's ARN."""

import re

from stator.errors import AccessDeniedException, ValidationException

_ARN = re.compile(r"arn:aws[a-z-]*:dynamodb:([a-z0-9-]*):([0-9]*):(.*)", re.DOTALL)
_TABLE = re.compile(r"table/([a-zA-Z0-9_.-]{3,255})")


def resolve(account: str, region: str, name: str) -> str:
    """The table name that `name`, itself a name or the ARN of a table, stands for.

    Raises AccessDeniedException for the ARN of another account or region, and ValidationException for an ARN of
    anything but a table. No table name has a colon, so a name without one is taken as it is.
    """
    if ":" not in name:
        return name
    place = _ARN.fullmatch(name)
    table = _TABLE.fullmatch(place[3]) if place else None
    if place is None or table is None:
        raise ValidationException(f"Invalid TableArn: Invalid ResourceArn provided as input {name}")
    if place[1] != region or place[2] != account:
        raise AccessDeniedException(
            f"User: arn:aws:iam::{account}:root is not authorized to access this resource: {name} "
            "because no resource-based policy allows it"
        )
    return table[1]

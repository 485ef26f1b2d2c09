"""The rules of tags."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from stator.errors import ResourceNotFoundException, ValidationException
from stator.limits import TAGS_MAX
from stator.model.table import Status, Table
from stator.tables import lifecycle

_KEY = re.compile(r"[\w\s+\-=.:/@]{1,128}")
_VALUE = re.compile(r"[\w\s+\-=.:/@]{0,256}")


def read_tags(tags: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """A Tags member as a dict. Raises ValidationException for a tag that breaks the rules."""
    read: dict[str, str] = {}
    for tag in tags:
        key, value = check_key(tag.get("Key")), tag.get("Value")
        if value is None or not _VALUE.fullmatch(value):
            raise ValidationException(f"The Tag Value provided is invalid, Value: {'null' if value is None else value}")
        if key in read:
            raise ValidationException(f"Duplicate Tag Keys provided as input: Duplicate Tag Key found {key}")
        read[key] = value
    check_count(len(read))
    return read


def check_key(key: str | None) -> str:
    """The key itself, if it may be one."""
    if key is None or not _KEY.fullmatch(key):
        raise ValidationException(f"The Tag Key provided is invalid, Key: {'null' if key is None else key}")
    if key.lower().startswith("aws:"):
        raise ValidationException(f"Tag Key cannot be prefixed with aws:, Key: {key}")
    return key


def check_count(count: int) -> None:
    if count > TAGS_MAX:
        raise ValidationException("Number of Tags exceed the current limit for the provided ResourceArn")


def check_taggable(table: Table | None, missing: str) -> Table:
    """The table itself, unless there is none or it is being deleted."""
    if table is None:
        raise ResourceNotFoundException(missing)
    if table.status is Status.DELETING:
        raise lifecycle.in_use(table)
    return table

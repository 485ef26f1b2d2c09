"""The name of a table as requests give it: the name itself or, in most operations, the ARN of the table.

What is said of a bad one depends on the operation, so each way is a type of its own. A name is good when it is 3 to 255
characters of the pattern; operations on items let shorter ones pass, since no table has them.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from stator.errors import ValidationException
from stator.validation import constraint
from stator.validation.constraint import ROOT, Path, broken, fault, null_fault
from stator.validation.scalar import String

NAME_PATTERN: Final = "[a-zA-Z0-9_.-]+"
NAME_LENGTH_MIN: Final = 3
NAME_LENGTH_MAX: Final = 255
ARN_LENGTH_MAX: Final = 1024
REQUIRED: Final = "The parameter 'TableName' is required but was not present in the request"
LENGTH: Final = "TableName must be at least 3 characters long and at most 255 characters long"

_PATH: Final = ROOT.member("TableName")
_name_matches = re.compile(NAME_PATTERN).fullmatch
_short_name_or_arn_matches = re.compile(r"[a-zA-Z0-9_.-]{1,255}|arn:.{0,1020}", re.DOTALL).fullmatch
_name_or_arn_matches = re.compile(r"[a-zA-Z0-9_.-]{3,255}|arn:.{0,1020}", re.DOTALL).fullmatch


def is_arn(name: str) -> bool:
    return name.startswith("arn:")


class ItemTableName(String):
    """Of the operations on items. `alone`: a bad one is told before, and without, all other faults."""

    def __init__(self, *, alone: bool = False) -> None:
        super().__init__(min=1, max=ARN_LENGTH_MAX)
        self._alone = alone
        self.passes = lambda name: _short_name_or_arn_matches(name) is not None

    def violated(self, value: Any) -> list[str]:
        if not value:
            return [constraint.length_min(1)]
        if is_arn(value):
            return [constraint.length_max(ARN_LENGTH_MAX)] if len(value) > ARN_LENGTH_MAX else []
        texts = []
        if _name_matches(value) is None:
            texts.append(constraint.pattern(NAME_PATTERN))
        if len(value) > NAME_LENGTH_MAX:
            texts.append(constraint.length_max(NAME_LENGTH_MAX))
        return texts

    def precondition(self, value: Any) -> ValidationException | None:
        if not self._alone:
            return None
        if value is None:
            return broken([null_fault(_PATH)])
        faults = [fault(_PATH, value, text) for text in self.violated(value)]
        return broken(faults) if faults else None

    def collect_keys(self, keys: Mapping[str, Any], path: Path, shown: Callable[[], str], faults: list[str]) -> None:
        """The keys of a batch's map are told one by one, as if each were the table name of an operation."""
        for key in keys:
            faults.extend(fault(_PATH, key, text) for text in self.violated(key))


class TableName(String):
    """Of the operations on tables, which tell of a missing or an ill-sized one in words of their own."""

    def __init__(self) -> None:
        super().__init__(min=1, max=ARN_LENGTH_MAX)
        self.passes = lambda name: _name_or_arn_matches(name) is not None

    def violated(self, value: Any) -> list[str]:
        if is_arn(value):
            return [constraint.length_max(ARN_LENGTH_MAX)] if len(value) > ARN_LENGTH_MAX else []
        return [constraint.pattern(NAME_PATTERN)] if _name_matches(value) is None else []

    def precondition(self, value: Any) -> ValidationException | None:
        if value is None:
            return ValidationException(REQUIRED)
        if not is_arn(value) and not NAME_LENGTH_MIN <= len(value) <= NAME_LENGTH_MAX:
            return ValidationException(LENGTH)
        return None


class NewTableName(String):
    """Of CreateTable: no ARN, and a bad one is told before, and without, all other faults."""

    def __init__(self) -> None:
        super().__init__(min=NAME_LENGTH_MIN, max=NAME_LENGTH_MAX, pattern=NAME_PATTERN)

    def precondition(self, value: Any) -> ValidationException | None:
        if value is None:
            return ValidationException(REQUIRED)
        faults = [fault(_PATH, value, text) for text in self.violated(value)]
        return broken(faults) if faults else None


class ResourceArn(String):
    """Of the tag operations, which tell of a missing one in words of their own."""

    def __init__(self) -> None:
        super().__init__(min=1, max=1283)

    def precondition(self, value: Any) -> ValidationException | None:
        return ValidationException("Invalid TableArn") if value is None else None

"""The table of prefixes, cell by cell."""

import pytest

from stator.errors import Family, ValidationException
from stator.validation.envelope import PREFIX, enveloped

WRITES = {Family.VALUE, Family.EXPRESSION, Family.MIX, Family.RETURN_VALUES}
CELLS = {"PutItem": WRITES, "UpdateItem": WRITES, "DeleteItem": WRITES, "Query": {Family.SELECT}}
BARE = ["Scan", "GetItem", "BatchGetItem", "BatchWriteItem", "TransactWriteItems", "CreateTable", ""]


@pytest.mark.parametrize("operation", [*CELLS, *BARE])
@pytest.mark.parametrize("family", list(Family))
def test_prefix(operation: str, family: Family) -> None:
    prefixed = family in CELLS.get(operation, set())
    assert enveloped(operation, ValidationException("text", family)) == (PREFIX if prefixed else "") + "text"

"""Capacity units, as the service counts them, and the ConsumedCapacity they are reported in."""

from collections.abc import Mapping
from typing import Any, Final

from stator.model.table import Table

READ_UNIT_BYTES: Final = 4096
WRITE_UNIT_BYTES: Final = 1024


def read_units(size: int, *, consistent: bool) -> float:
    """Units of one read of `size` bytes: 1 for each 4 KB begun and at least 1; half if eventually consistent."""
    if size <= READ_UNIT_BYTES:  # as most are
        return 1.0 if consistent else 0.5
    units = -(-size // READ_UNIT_BYTES)
    return float(units) if consistent else units / 2


def write_units(size: int) -> int:
    """Units of one write: 1 for each KB begun of the larger of the item before and after, and at least 1."""
    return 1 if size <= WRITE_UNIT_BYTES else -(-size // WRITE_UNIT_BYTES)


def render_consumed(
    mode: str, name: str, table: Table, table_units: float, index_units: Mapping[str, float] | None = None
) -> dict[str, Any]:
    """ConsumedCapacity. `mode` is TOTAL or INDEXES, `name` the table as the request named it; `index_units` has the
    indexes touched."""
    indexes = index_units or {}
    consumed: dict[str, Any] = {"TableName": name, "CapacityUnits": float(table_units + sum(indexes.values()))}
    if mode == "INDEXES":
        consumed["Table"] = {"CapacityUnits": float(table_units)}
        for index in table.indexes:
            if index.name in indexes:
                arm = "LocalSecondaryIndexes" if index.local else "GlobalSecondaryIndexes"
                consumed.setdefault(arm, {})[index.name] = {"CapacityUnits": float(indexes[index.name])}
    return consumed

"""Capacity units, as the service counts them, and the ConsumedCapacity they are reported in."""

from collections.abc import Mapping
from typing import Any

from stator.model.table import Table


def read_units(size: int, *, consistent: bool) -> float:
    """Units of one read of `size` bytes: 1 for each 4 KB begun and at least 1; half if eventually consistent."""
    units = -(-size // 4096) or 1
    return float(units) if consistent else units / 2


def write_units(size: int) -> int:
    """Units of one write: 1 for each KB begun of the larger of the item before and after, and at least 1."""
    return -(-size // 1024) or 1


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

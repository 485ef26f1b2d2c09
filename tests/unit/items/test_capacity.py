"""Units of capacity and how they are reported."""

from typing import Any

import pytest

from stator.items.capacity import read_units, render_consumed, write_units
from tests.unit.items.conftest import index, table


@pytest.mark.parametrize(
    ("size", "consistent", "units"),
    [
        (0, True, 1.0),
        (0, False, 0.5),
        (1, True, 1.0),
        (4096, True, 1.0),
        (4097, True, 2.0),
        (3 * 1024, False, 0.5),
        (9 * 1024, False, 1.5),
        (409_600, True, 100.0),
    ],
)
def test_read_units(size: int, consistent: bool, units: float) -> None:
    assert read_units(size, consistent=consistent) == units


@pytest.mark.parametrize(("size", "units"), [(0, 1), (1, 1), (1024, 1), (1025, 2), (1536, 2), (409_600, 400)])
def test_write_units(size: int, units: int) -> None:
    assert write_units(size) == units


_TABLE = table("pk:S", "sk:S", index("G", "g:S"), index("H", "g:S"), index("L", "pk:S", "l:S", local=True))


@pytest.mark.parametrize(
    ("mode", "touched", "consumed"),
    [
        ("TOTAL", {}, {"TableName": "T", "CapacityUnits": 2.0}),
        ("TOTAL", {"G": 1, "L": 3}, {"TableName": "T", "CapacityUnits": 6.0}),
        ("INDEXES", {}, {"TableName": "T", "CapacityUnits": 2.0, "Table": {"CapacityUnits": 2.0}}),
        (
            "INDEXES",
            {"H": 1, "L": 0.5},
            {
                "TableName": "T",
                "CapacityUnits": 3.5,
                "Table": {"CapacityUnits": 2.0},
                "GlobalSecondaryIndexes": {"H": {"CapacityUnits": 1.0}},
                "LocalSecondaryIndexes": {"L": {"CapacityUnits": 0.5}},
            },
        ),
    ],
)
def test_only_arms_of_indexes_touched_appear(mode: str, touched: dict[str, float], consumed: dict[str, Any]) -> None:
    rendered = render_consumed(mode, "T", _TABLE, 2, touched)
    assert rendered == consumed
    assert all(isinstance(number, float) for number in (rendered["CapacityUnits"], *_units(rendered)))


def _units(rendered: dict[str, Any]) -> list[Any]:
    return [
        one["CapacityUnits"]
        for arm in ("GlobalSecondaryIndexes", "LocalSecondaryIndexes")
        for one in rendered.get(arm, {}).values()
    ]

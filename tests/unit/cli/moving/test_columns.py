"""The types of columns, from what was seen."""

from typing import Any

import pytest

from stator.cli.complaint import Complaint
from stator.cli.moving import columns as module
from stator.cli.moving.columns import Columns, ColumnType, Kind


def type_of(*values: Any) -> ColumnType:
    columns = Columns(["k"])
    for value in values:
        columns.see({"a": value})
    return Columns(["k"], columns.to_json()).types["a"]  # as a checkpoint brings it back


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([{"S": "x"}, {"NULL": True}], Kind.TEXT),
        ([{"NULL": True}], Kind.TEXT),
        ([{"N": "1"}, {"N": "-999999999999999999"}], Kind.INTEGER),
        ([{"N": "1000000000000000000"}], Kind.DECIMAL),
        ([{"N": "1e130"}], Kind.TEXT),
        ([{"N": "NaN"}], Kind.TEXT),
        ([{"N": "1"}, {"S": "1"}], Kind.MIXED),
        ([{"S": "1"}, {"SS": ["1"]}], Kind.MIXED),
        ([{"L": []}, {"M": {}}], Kind.JSON),
        ([{"M": {}}, {"S": ""}], Kind.MIXED),
        ([{"BOOL": True}], Kind.BOOLEAN),
        ([{"B": ""}], Kind.BINARY),
    ],
)
def test_kinds(values: list[Any], kind: Kind) -> None:
    assert type_of(*values).kind is kind


def test_decimals_have_the_longest_fraction() -> None:
    assert type_of({"N": "1.5"}, {"N": "-20.125"}, {"N": "7"}) == ColumnType(Kind.DECIMAL, 3)
    assert type_of({"N": "1.10"}, {"N": "2.0"}) == ColumnType(Kind.DECIMAL, 1)
    whole = {"N": "1" * 30}
    assert type_of(whole, {"N": "0.12345678"}) == ColumnType(Kind.DECIMAL, 8)
    assert type_of(whole, {"N": "0.123456789"}) == ColumnType(Kind.TEXT)  # 39 digits


def test_sets() -> None:
    assert type_of({"NS": ["1", "2.5"]}) == ColumnType(Kind.DECIMAL, 1, many=True)
    assert type_of({"SS": ["a"]}) == ColumnType(Kind.TEXT, many=True)
    assert type_of({"BS": ["YQ=="]}) == ColumnType(Kind.BINARY, many=True)


def test_keys_come_first() -> None:
    columns = Columns(["z", "y"])
    columns.see({"b": {"S": ""}, "a": {"S": ""}, "y": {"S": ""}, "z": {"S": ""}})
    assert list(columns.types) == ["z", "y", "a", "b"]


def test_too_many_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "COLUMNS_MAX", 2)
    columns = Columns(["k"])
    columns.see({"a": {"S": ""}})
    with pytest.raises(Complaint, match="--format jsonl"):
        columns.see({"b": {"S": ""}})

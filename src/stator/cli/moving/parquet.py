"""Parquet files of typed columns. Imported where they are asked for: pyarrow is an extra."""

import datetime as dt
from base64 import b64decode
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from stator.cli.moving.columns import DECIMAL_DIGITS_MAX, ColumnType, Kind
from stator.cli.moving.rows import EVENT, ORDER, TIME, Row, column_name, json_text
from stator.values.attribute import AttributeValue
from stator.values.number import normalise

# What is kept as Python's objects at a time: they take many times the room of Arrow's.
ROWS_MAX = 5_000
WEIGHT_MAX = 8_000_000
GROUP_BYTES = 32_000_000

_SIMPLE = {
    Kind.TEXT: pa.string(),
    Kind.INTEGER: pa.int64(),
    Kind.BOOLEAN: pa.bool_(),
    Kind.BINARY: pa.binary(),
    Kind.JSON: pa.string(),
    Kind.MIXED: pa.string(),
}
_EVENT_FIELDS = ((EVENT, pa.string()), (TIME, pa.timestamp("ms", tz="UTC")), (ORDER, pa.int64()))


class Parquet:
    """Decimals have 38 digits, of which as many behind the point as the longest fraction; sets are lists."""

    def __init__(self, file: BinaryIO, types: Mapping[str, ColumnType], *, events: bool) -> None:
        self._types = dict(types)
        self._events = events
        fields = list(_EVENT_FIELDS) if events else []
        fields += [(column_name(name, events=events), _arrow_type(each)) for name, each in self._types.items()]
        self._schema = pa.schema(fields)
        self._writer = pq.ParquetWriter(file, self._schema, compression="zstd")
        self._file = file
        self._rows: list[Row] = []
        self._weight = 0
        self._batches: list[Any] = []
        self._pending = 0

    @property
    def size(self) -> int:
        return self._file.tell() + self._pending // 4  # what waits will be compressed

    def write(self, row: Row, weight: int) -> None:
        self._rows.append(row)
        self._weight += weight
        if len(self._rows) >= ROWS_MAX or self._weight >= WEIGHT_MAX:
            self._pack()

    def close(self) -> None:
        self._pack()
        self._write_group()
        self._writer.close()

    def _pack(self) -> None:
        if not self._rows:
            return
        rows, self._rows, self._weight = self._rows, [], 0
        arrays = []
        if self._events:
            times = [dt.datetime.fromtimestamp(row.time, dt.UTC) for row in rows]
            values: tuple[list[Any], ...] = ([row.event for row in rows], times, [row.order for row in rows])
            arrays = [pa.array(each, kind) for each, (_, kind) in zip(values, _EVENT_FIELDS, strict=True)]
        for name, column in self._types.items():
            cells = [_cell(row.item[name], column) if name in row.item else None for row in rows]
            arrays.append(pa.array(cells, _arrow_type(column)))
        batch = pa.RecordBatch.from_arrays(arrays, schema=self._schema)
        self._batches.append(batch)
        self._pending += batch.nbytes
        if self._pending >= GROUP_BYTES:
            self._write_group()

    def _write_group(self) -> None:
        if self._batches:
            table = pa.Table.from_batches(self._batches, self._schema)
            self._writer.write_table(table, row_group_size=max(1, table.num_rows))
            self._batches, self._pending = [], 0


def _arrow_type(column: ColumnType) -> Any:
    one = pa.decimal128(DECIMAL_DIGITS_MAX, column.scale) if column.kind is Kind.DECIMAL else _SIMPLE[column.kind]
    return pa.list_(one) if column.many else one


def _cell(value: AttributeValue, column: ColumnType) -> Any:
    kind, content = next(iter(value.items()))
    if kind == "NULL":
        return None
    if column.kind is Kind.JSON or (column.kind is Kind.MIXED and kind != "S"):
        return json_text(value)
    if column.many:
        return [_scalar(member, column.kind) for member in content]
    return _scalar(content, column.kind)


def _scalar(content: Any, kind: Kind) -> Any:
    if kind is Kind.INTEGER:
        return int(normalise(content))
    if kind is Kind.DECIMAL:
        return Decimal(content)
    return b64decode(content) if kind is Kind.BINARY else content

"""Which columns a table has, and of which types: found by looking at every item."""

from collections.abc import Sequence
from enum import Enum
from typing import Any, NamedTuple

from msgspec import Struct, field

from stator.cli.complaint import Complaint
from stator.errors import ValidationException
from stator.values.attribute import Item
from stator.values.number import normalise

COLUMNS_MAX = 5_000
INTEGER_DIGITS_MAX = 18  # what surely fits into 64 bits
DECIMAL_DIGITS_MAX = 38  # what every reader of Parquet can hold

_SETS = {"SS": "S", "NS": "N", "BS": "B"}


class Kind(Enum):
    TEXT = "text"
    INTEGER = "integer"
    DECIMAL = "decimal"
    BOOLEAN = "boolean"
    BINARY = "binary"
    JSON = "json"  # lists and maps
    MIXED = "mixed"  # several types: strings as they are, all else as JSON


class ColumnType(NamedTuple):
    kind: Kind
    scale: int = 0  # digits behind the point, of decimals
    many: bool = False  # a set


class Column(Struct):
    """All that was seen of one attribute."""

    kinds: set[str] = field(default_factory=set)
    whole: int = 0  # the most digits before a number's point
    scale: int = 0  # and behind it
    strange: bool = False  # not a number of DynamoDB's: some emulators keep them

    def see_number(self, text: str) -> None:
        if text.isdigit() and text.isascii() and len(text) <= INTEGER_DIGITS_MAX:
            self.whole = max(self.whole, len(text))
            return
        try:
            whole, _, fraction = normalise(text).lstrip("-").partition(".")
        except ValidationException:
            self.strange = True
            return
        self.whole = max(self.whole, len(whole))
        self.scale = max(self.scale, len(fraction))

    @property
    def type(self) -> ColumnType:
        kinds = self.kinds - {"NULL"}
        if not kinds:
            return ColumnType(Kind.TEXT)
        if kinds <= {"L", "M"}:
            return ColumnType(Kind.JSON)
        if len(kinds) > 1:
            return ColumnType(Kind.MIXED)
        (kind,) = kinds
        many = kind in _SETS
        kind = _SETS.get(kind, kind)
        if kind == "N":
            return self._number_type(many)
        return ColumnType({"S": Kind.TEXT, "B": Kind.BINARY, "BOOL": Kind.BOOLEAN}[kind], many=many)

    def _number_type(self, many: bool) -> ColumnType:
        if self.strange or self.whole + self.scale > DECIMAL_DIGITS_MAX:
            return ColumnType(Kind.TEXT, many=many)
        if not self.scale and self.whole <= INTEGER_DIGITS_MAX:
            return ColumnType(Kind.INTEGER, many=many)
        return ColumnType(Kind.DECIMAL, self.scale, many)


class Columns:
    """Grows with the items it is shown. `keys` come first, then all others by name."""

    def __init__(self, keys: Sequence[str], known: dict[str, Any] | None = None) -> None:
        self._keys = tuple(keys)
        self._columns: dict[str, Column] = {name: Column() for name in keys}
        for name, (kinds, whole, scale, strange) in (known or {}).items():
            self._columns[name] = Column(set(kinds), whole, scale, strange)

    def see(self, item: Item) -> None:
        columns = self._columns
        for name, value in item.items():
            column = columns.get(name)
            if column is None:
                if len(columns) >= COLUMNS_MAX:
                    raise Complaint(
                        f"the items have more than {COLUMNS_MAX:,} different attributes, too many for columns."
                        " Export with --format jsonl, which needs none."
                    )
                column = columns[name] = Column()
            kind, content = next(iter(value.items()))
            column.kinds.add(kind)
            if kind == "N":
                column.see_number(content)
            elif kind == "NS":
                for member in content:
                    column.see_number(member)

    @property
    def types(self) -> dict[str, ColumnType]:
        """By attribute, in the order of the columns."""
        names = [*self._keys, *sorted(set(self._columns) - set(self._keys))]
        return {name: self._columns[name].type for name in names}

    def to_json(self) -> dict[str, Any]:
        return {
            name: [sorted(column.kinds), column.whole, column.scale, column.strange]
            for name, column in self._columns.items()
        }

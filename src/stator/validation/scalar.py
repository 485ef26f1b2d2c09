"""The scalar words of the shape vocabulary, and what every word must be able to do."""

import re
import zlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any

from stator.errors import ValidationException
from stator.validation import constraint
from stator.validation.constraint import Path, fault, terse_fault
from stator.validation.conversion import (
    PACKAGE,
    to_blob,
    to_boolean,
    to_double,
    to_integer,
    to_long,
    to_string,
    to_timestamp,
)
from stator.values.conversion import check_value

Convert = Callable[[Any], Any]
Passes = Callable[[Any], bool]

_ENDLESS = 1 << 62


class Type(ABC):
    """What one member may be.

    `convert` does stage one. `passes` tells of a converted value whether it meets every constraint, its own and those
    of what it holds; None where there are none. `java` is the name by which the service calls the type.
    """

    java: str = ""
    structured: bool = False  # converted before the scalars beside it
    passes: Passes | None = None
    model: Mapping[str, Any] = {}  # the modelled constraints, by botocore's names: min, max, pattern, enum

    @abstractmethod
    def convert(self, raw: Any) -> Any:
        """The value of a member that is there. Raises SerializationException."""

    def converter(self, *, nested: bool) -> Convert:
        """`nested`: in a list or as the value of a map, where the service words some refusals differently."""
        return self.convert

    def precondition(self, value: Any) -> ValidationException | None:
        """What is said before, and instead of, all faults; `value` is None when the member is absent."""
        return None

    def afterthought(self, value: Any) -> ValidationException | None:
        """What is said of a value when the request has no faults."""
        return None

    def constraints(self) -> list[str]:
        """The texts of the constraints on the value as a whole, as they stand inside `[...]` of what holds it."""
        return []

    def violated(self, value: Any) -> list[str]:
        """The texts of those that `value` breaks."""
        return []

    def collect(self, value: Any, path: Path, faults: list[str]) -> None:
        """Add the faults of a converted value and of everything in it."""
        for text in self.violated(value):
            faults.append(fault(path, self.render(value), text))

    def collect_keys(self, keys: Mapping[str, Any], path: Path, shown: Callable[[], str], faults: list[str]) -> None:
        """Add the faults of a map's keys, when this is their type; `shown` renders the map."""
        if any(self.violated(key) for key in keys):
            text = f"Map keys must satisfy constraint: [{', '.join(self.constraints())}]"
            faults.append(fault(path, shown(), text))

    def render(self, value: Any) -> str:
        """As Java's toString shows it."""
        return str(value)


class String(Type):
    java = "java.lang.String"

    def __init__(
        self,
        *,
        min: int | None = None,
        max: int | None = None,
        pattern: str | None = None,
        faster: str | None = None,
        enum: tuple[str, ...] | None = None,
    ) -> None:
        bounds = {"min": min, "max": max, "pattern": pattern, "enum": enum}
        self.model = {name: bound for name, bound in bounds.items() if bound is not None}
        self._min, self._max, self._pattern, self._enum = min, max, pattern, enum
        match = re.compile(faster or pattern).fullmatch if pattern is not None else None
        self._match = match
        low, high = min or 0, max if max is not None else _ENDLESS
        if enum is not None:
            self.passes = frozenset(enum).__contains__
        elif match is not None:
            self.passes = lambda value: low <= len(value) <= high and match(value) is not None
        elif self.model:
            self.passes = lambda value: low <= len(value) <= high

    def convert(self, raw: Any) -> str:
        return to_string(raw)

    def converter(self, *, nested: bool) -> Convert:
        return to_string

    def constraints(self) -> list[str]:
        texts = constraint.length_bounds(self._min, self._max)
        if self._pattern is not None:
            texts.append(constraint.pattern(self._pattern))
        if self._enum is not None:
            texts.append(constraint.enum(self._enum))
        return texts

    def violated(self, value: Any) -> list[str]:
        texts = []
        if self._match is not None and self._pattern is not None and self._match(value) is None:
            texts.append(constraint.pattern(self._pattern))
        texts += constraint.broken_bounds(len(value), self._min, self._max)
        if self._enum is not None and value not in self._enum:
            texts.append(constraint.enum(self._enum))
        return texts


class Number(Type):
    """Integer, Long and Double. `terse`: its fault is told without the value and with the member's own capitals."""

    def __init__(self, *, min: int | None = None, max: int | None = None, terse: bool = False) -> None:
        bounds = {"min": min, "max": max}
        self.model = {name: bound for name, bound in bounds.items() if bound is not None}
        self._min, self._max, self._terse = min, max, terse
        if self.model:
            self.passes = lambda value: (min is None or min <= value) and (max is None or value <= max)

    def violated(self, value: Any) -> list[str]:
        texts = []
        if self._min is not None and value < self._min:
            texts.append(constraint.value_min(self._min))
        if self._max is not None and value > self._max:
            texts.append(constraint.value_max(self._max))
        return texts

    def collect(self, value: Any, path: Path, faults: list[str]) -> None:
        for text in self.violated(value):
            faults.append(terse_fault(path, text) if self._terse else fault(path, str(value), text))


class Integer(Number):
    java = "java.lang.Integer"

    def convert(self, raw: Any) -> int:
        return to_integer(raw)


class Long(Number):
    java = "java.lang.Long"

    def convert(self, raw: Any) -> int:
        return to_long(raw)


class Double(Number):
    java = "java.lang.Double"

    def convert(self, raw: Any) -> float:
        return to_double(raw)


class Boolean(Type):
    java = "java.lang.Boolean"

    def convert(self, raw: Any) -> bool:
        return to_boolean(raw)

    def render(self, value: Any) -> str:
        return "true" if value else "false"


class Blob(Type):
    java = "java.nio.ByteBuffer"

    def convert(self, raw: Any) -> str:
        return to_blob(raw)


class Timestamp(Type):
    java = "java.util.Date"

    def convert(self, raw: Any) -> float:
        return to_timestamp(raw)


class Attribute(Type):
    """An AttributeValue. Only its JSON types are checked here; what it says is checked where it is used."""

    java = f"{PACKAGE}AttributeValue"
    structured = True

    def convert(self, raw: Any) -> Any:
        check_value(raw)
        return raw

    def render(self, value: Any) -> str:
        # The service shows Java's identity hash here; ours is only alike, and never walks into the value.
        shown = ",".join(value) if isinstance(value, dict) else ""
        return f"{self.java}@{zlib.crc32(shown.encode('utf-8', 'surrogatepass')):08x}"

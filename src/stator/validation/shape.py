"""The vocabulary in which the input of an operation is written down, and the check made from it.

A shape is data: its members stand in the order in which the service complains about them, which is not the order of the
model. `Structure.check` does the first two stages of every request: converting types (SerializationException), then the
constraints of the model, of which all broken ones are told in one message.

The happy path is one pass over the members the client sent, through functions made once at import. A request that fails
there is looked at again, slowly and in order, to find what the service would say.
"""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

from stator.errors import SerializationException, ValidationException
from stator.validation import constraint
from stator.validation.constraint import ROOT, Path, broken, fault, null_fault, terse_fault
from stator.validation.conversion import PACKAGE, refuse_for_list, refuse_for_map, refuse_for_structure
from stator.validation.scalar import Attribute, Convert, Passes, String, Type
from stator.values.conversion import NESTED_SCALAR, check_attribute_map, check_values

ATTRIBUTE_NAME_LENGTH_MAX = 65_535


class Member:
    """A member that must be there. Members that need not be are given as their bare type."""

    __slots__ = ("type",)

    def __init__(self, type: Type) -> None:
        self.type = type


def required(type: Type) -> Member:
    return Member(type)


class _Compound(Type):
    """What holds others: lists, maps and structures."""

    structured = True

    def convert(self, raw: Any) -> Any:
        return self._convert(raw, nested=False)

    def converter(self, *, nested: bool) -> Convert:
        return self._convert_nested if nested else self.convert

    def _convert_nested(self, raw: Any) -> Any:
        return self._convert(raw, nested=True)

    @abstractmethod
    def _convert(self, raw: Any, *, nested: bool) -> Any: ...


class _Sized(_Compound):
    """What has a length: lists and maps."""

    def __init__(self, min: int | None, max: int | None, *, terse: bool = False) -> None:
        bounds = {"min": min, "max": max}
        self.model = {name: bound for name, bound in bounds.items() if bound is not None}
        self._min, self._max, self._terse = min, max, terse

    def _fits(self, value: Any) -> bool:
        length = len(value)
        return (self._min is None or length >= self._min) and (self._max is None or length <= self._max)

    def constraints(self) -> list[str]:
        return constraint.length_bounds(self._min, self._max)

    def violated(self, value: Any) -> list[str]:
        return constraint.broken_bounds(len(value), self._min, self._max)

    def _collect_length(self, value: Any, path: Path, faults: list[str]) -> None:
        for text in self.violated(value):
            faults.append(terse_fault(path, text) if self._terse else fault(path, self.render(value), text))


class List(_Sized):
    """`terse`: its length fault is told without the value and with the member's own capitals."""

    def __init__(self, of: Type, *, min: int | None = None, max: int | None = None, terse: bool = False) -> None:
        super().__init__(min, max, terse=terse)
        self.of = of
        self.java = f"java.util.List<{of.java}>"
        self._convert_element = of.converter(nested=True)
        passes_element = of.passes
        if passes_element is not None:
            self._passes_element: Passes = passes_element
        else:
            self._passes_element = lambda element: True
        self.passes = self._passes

    def _convert(self, raw: Any, *, nested: bool) -> list[Any]:
        if type(raw) is not list:
            refuse_for_list(raw, nested=nested)
        convert = self._convert_element
        return [None if element is None else convert(element) for element in raw]

    def _passes(self, value: Any) -> bool:
        if not self._fits(value):
            return False
        passes = self._passes_element
        return all(element is not None and passes(element) for element in value)

    def collect(self, value: Any, path: Path, faults: list[str]) -> None:
        self._collect_length(value, path, faults)
        self.collect_elements(value, path, faults)

    def collect_elements(self, value: Any, path: Path, faults: list[str]) -> None:
        of = self.of
        if of.structured:
            for place, element in enumerate(value, 1):
                if len(faults) >= constraint.FAULTS_MAX:
                    return
                if element is None:
                    faults.append(null_fault(path.element(place)))
                else:
                    of.collect(element, path.element(place), faults)
            return
        texts = of.constraints() if any(element is not None and of.violated(element) for element in value) else []
        if any(element is None for element in value):
            texts.append(constraint.NOT_NULL)
        if texts:
            faults.append(fault(path, self.render(value), f"Member must satisfy constraint: [{', '.join(texts)}]"))

    def render(self, value: Any) -> str:
        return f"[{', '.join('null' if element is None else self.of.render(element) for element in value)}]"


class AttributeList(List):
    """A list of AttributeValues, kept as it came."""

    def __init__(self) -> None:
        super().__init__(Attribute())

    def convert(self, raw: Any) -> list[Any]:
        check_values(raw)
        return raw  # type: ignore[no-any-return]  # what passes the check is a list


class Map(_Sized):
    """`keys`: the type of its keys. `when_empty`: what is said of an empty map, when that is no constraint's text."""

    def __init__(
        self,
        of: Type,
        *,
        keys: Type | None = None,
        min: int | None = None,
        max: int | None = None,
        when_empty: str | None = None,
    ) -> None:
        super().__init__(min, max)
        self.of = of
        self.keys = keys if keys is not None else String()
        self.java = f"java.util.Map<java.lang.String, {of.java}>"
        self._when_empty = when_empty
        self._convert_value = of.converter(nested=True)
        self.passes = self._passes

    def _convert(self, raw: Any, *, nested: bool) -> dict[str, Any]:
        if type(raw) is not dict:
            refuse_for_map(raw, self.of.java, nested=nested)
        convert = self._convert_value
        return {key: None if value is None else convert(value) for key, value in raw.items()}

    def _passes(self, value: Any) -> bool:
        if not self._fits(value):
            return False
        passes_key, passes_value = self.keys.passes, self.of.passes
        for key, element in value.items():
            if element is None or (passes_value is not None and not passes_value(element)):
                return False
            if passes_key is not None and not passes_key(key):
                return False
        return True

    def afterthought(self, value: Any) -> ValidationException | None:
        return None if value or self._when_empty is None else ValidationException(self._when_empty)

    def violated(self, value: Any) -> list[str]:
        return [] if not value and self._when_empty is not None else super().violated(value)

    def collect(self, value: Any, path: Path, faults: list[str]) -> None:
        self._collect_length(value, path, faults)
        self.keys.collect_keys(value, path, lambda: self.render(value), faults)
        self._collect_values(value, path, faults)
        if not self.of.structured:
            return
        for key, element in value.items():
            if len(faults) >= constraint.FAULTS_MAX:
                return
            if element is None:
                faults.append(null_fault(path.element(key)))
            elif isinstance(self.of, List):
                self.of.collect_elements(element, path.element(key), faults)
            else:
                self.of.collect(element, path.element(key), faults)

    def _collect_values(self, value: Mapping[str, Any], path: Path, faults: list[str]) -> None:
        """The constraints on each value as a whole are told of the map, and once."""
        of = self.of
        broken_ones = any(element is not None and of.violated(element) for element in value.values())
        texts = of.constraints() if broken_ones else []
        if not of.structured and any(element is None for element in value.values()):
            texts.append(constraint.NOT_NULL)
        if texts:
            faults.append(fault(path, self.render(value), f"Map value must satisfy constraint: [{', '.join(texts)}]"))

    def render(self, value: Any) -> str:
        shown = ("null" if element is None else self.of.render(element) for element in value.values())
        return f"{{{', '.join(f'{key}={text}' for key, text in zip(value, shown, strict=True))}}}"


class AttributeMap(Map):
    """A map of AttributeValues: an item, a key, expression values. Kept as it came; values may be null or malformed."""

    def __init__(self, *, names: bool = True) -> None:
        """`names`: the keys are attribute names, which have a greatest length; placeholders have not."""
        super().__init__(Attribute(), keys=String(max=ATTRIBUTE_NAME_LENGTH_MAX) if names else None)
        self.passes = self._passes_names if names else None

    def convert(self, raw: Any) -> dict[str, Any]:
        check_attribute_map(raw)
        return raw  # type: ignore[no-any-return]  # what passes the check is a dict

    def _convert_nested(self, raw: Any) -> dict[str, Any]:
        check_attribute_map(raw, NESTED_SCALAR)
        return raw  # type: ignore[no-any-return]

    def _passes_names(self, value: Any) -> bool:
        # Most are short enough even taken together.
        return len("".join(value)) <= ATTRIBUTE_NAME_LENGTH_MAX or max(map(len, value)) <= ATTRIBUTE_NAME_LENGTH_MAX

    def collect(self, value: Any, path: Path, faults: list[str]) -> None:
        self.keys.collect_keys(value, path, lambda: self.render(value), faults)


class Structure(_Compound):
    """Members in the order of complaint.

    Renderings show them in that order or the order `shown`, and then those in `hidden`, which are not published.
    """

    def __init__(
        self,
        name: str,
        members: Mapping[str, Type | Member],
        *,
        hidden: tuple[str, ...] = (),
        shown: tuple[str, ...] | None = None,
    ) -> None:
        self.name = name
        self.java = f"{PACKAGE}{name}"
        self.members: dict[str, Type] = {
            member: type.type if isinstance(type, Member) else type for member, type in members.items()
        }
        self.required = tuple(member for member, type in members.items() if isinstance(type, Member))
        self._shown = shown if shown is not None else tuple(self.members)
        self._hidden = hidden
        # Structured members are converted first, so of several faults the nested one is told.
        self._conversions = [
            (member, type.converter(nested=False))
            for member, type in sorted(self.members.items(), key=lambda pair: not pair[1].structured)
        ]
        self._table = {member: (type.converter(nested=False), type.passes) for member, type in self.members.items()}
        constrained = any(type.passes is not None for type in self.members.values())
        self.passes = self._passes if constrained or self.required else None

    def check(self, body: dict[str, Any]) -> dict[str, Any]:
        """The request with its types converted, nulls and unknown members dropped.

        Raises SerializationException or ValidationException, worded as the service does.
        """
        if type(body) is not dict:
            raise SerializationException
        request: dict[str, Any] = {}
        sound = True
        table = self._table
        try:
            for name, raw in body.items():
                entry = table.get(name)
                if entry is None or raw is None:
                    continue
                convert, passes = entry
                value = convert(raw)
                request[name] = value
                if passes is not None and not passes(value):
                    sound = False
        except SerializationException:
            self.convert(body)  # raises the one the service meets first
            raise
        for name in self.required:
            if name not in request:
                sound = False
        if not sound:
            raise self._complaint(request)
        return request

    def _complaint(self, request: dict[str, Any]) -> ValidationException:
        for name, type in self.members.items():
            complaint = type.precondition(request.get(name))
            if complaint is not None:
                return complaint
        faults: list[str] = []
        self.collect(request, ROOT, faults)
        if faults:
            return broken(faults)
        for name, value in request.items():
            complaint = self.members[name].afterthought(value)
            if complaint is not None:
                return complaint
        raise RuntimeError(f"{self.name}: a constraint is broken but none has a text")

    def _convert(self, raw: Any, *, nested: bool) -> dict[str, Any]:
        if type(raw) is not dict:
            refuse_for_structure(raw, self.name, nested=nested)
        return {name: convert(raw[name]) for name, convert in self._conversions if raw.get(name) is not None}

    def _passes(self, value: Any) -> bool:
        for name in self.required:
            if name not in value:
                return False
        for name, member in value.items():
            passes = self._table[name][1]
            if passes is not None and not passes(member):
                return False
        return True

    def collect(self, value: Any, path: Path, faults: list[str]) -> None:
        for name, type in self.members.items():
            if len(faults) >= constraint.FAULTS_MAX:
                return
            member = value.get(name)
            if member is not None:
                type.collect(member, path.member(name), faults)
            elif name in self.required:
                faults.append(null_fault(path.member(name)))

    def render(self, value: Any) -> str:
        shown = [f"{self._lower(name)}={self._member(name, value)}" for name in self._shown]
        shown += [f"{name}=null" for name in self._hidden]
        return f"{self.name}({', '.join(shown)})"

    @staticmethod
    def _lower(name: str) -> str:
        return name[0].lower() + name[1:]

    def _member(self, name: str, value: Mapping[str, Any]) -> str:
        return self.members[name].render(value[name]) if name in value else "null"

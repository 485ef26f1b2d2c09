"""From a key condition to the stretch of a partition that it selects, checked against the schema."""

from collections.abc import Collection, Mapping, Sequence

from msgspec import Struct

from stator.errors import Family, ValidationException
from stator.expressions.tree import KeyTerm
from stator.items.keys import check_key_value
from stator.items.read import Span
from stator.model.table import KeyAttribute, KeySchema
from stator.storage.store import Bound
from stator.values.attribute import AttributeValue
from stator.values.compare import equal
from stator.values.key import partition_bytes, prefix_upper, sort_bytes, sort_prefix

_UNSUPPORTED = "Query key condition not supported"
_WRONG_TYPE = "One or more parameter values were invalid: Condition parameter type does not match schema type"


class KeyRange(Struct, frozen=True):
    """What a key condition pins: every hash attribute, and range attributes from the left, the last by any operator.

    `lower` is inclusive and `upper` exclusive, in sort bytes; None where open.
    """

    hash_values: tuple[AttributeValue, ...]
    terms: tuple[tuple[KeyTerm, tuple[AttributeValue, ...]], ...]  # on range attributes, in schema order
    partition: bytes
    lower: bytes | None
    upper: bytes | None

    def span(self, space: int, *, reverse: bool, start: bytes | None) -> Span:
        """The stretch to read, from past the sort bytes `start` if given."""
        lower = None if self.lower is None else Bound(self.lower, inclusive=True)
        upper = None if self.upper is None else Bound(self.upper, inclusive=False)
        if start is not None:
            if reverse:
                upper = Bound(start, inclusive=False)
            else:
                lower = Bound(start, inclusive=False)
        return Span(space, self.partition, lower, upper, reverse)


def key_range(
    schema: KeySchema,
    terms: Sequence[KeyTerm],
    values: Mapping[str, AttributeValue],
) -> KeyRange:
    """Check the terms against the schema and lay out their range."""
    by_name = {term.attribute: term for term in terms}
    _check_names(schema, by_name)
    _check_operators(schema, by_name)
    hash_values = []
    for attribute in schema.hash:
        term = by_name[attribute.name]
        operands = _operands(attribute, term, values, partition=True)
        hash_values.append(operands[0])
    pinned = []
    for attribute in schema.range:
        if attribute.name in by_name:
            term = by_name[attribute.name]
            pinned.append((term, _operands(attribute, term, values, partition=False)))
    lower, upper = _bounds(pinned)
    return KeyRange(tuple(hash_values), tuple(pinned), partition_bytes(hash_values), lower, upper)


def _check_names(schema: KeySchema, names: Collection[str]) -> None:
    """Every hash attribute is there, range attributes have no gap, and nothing else is."""
    attributes = schema.attributes
    if len(names) > len(attributes):
        raise ValidationException(
            f"The number of query conditions ({len(names)}) exceeds the number of key attributes defined in the "
            f"schema ({len(attributes)})"
        )
    for attribute in attributes[: max(len(names), len(schema.hash))]:
        if attribute.name not in names:
            raise ValidationException(f"Query condition missed key schema element: {attribute.name}")


def _check_operators(schema: KeySchema, by_name: Mapping[str, KeyTerm]) -> None:
    """Only the last range attribute may be compared by other than an equality."""
    given = len(by_name)
    for number, attribute in enumerate(schema.attributes[:given], start=1):
        last = number == given and number > len(schema.hash)
        if not last and by_name[attribute.name].operator != "=":
            raise ValidationException(_UNSUPPORTED)


def _operands(
    attribute: KeyAttribute, term: KeyTerm, values: Mapping[str, AttributeValue], *, partition: bool
) -> tuple[AttributeValue, ...]:
    operands = tuple(values[operand.name] for operand in term.operands)
    if term.operator == "begins_with" and attribute.type == "N":
        raise ValidationException(
            "Invalid KeyConditionExpression: Incorrect operand type for operator or function; operator or function: "
            "begins_with, operand type: N",
            Family.EXPRESSION,
        )
    for value in operands:
        if attribute.type not in value:
            raise ValidationException(_WRONG_TYPE)
        check_key_value(attribute, value, partition=partition)
    return operands


def _bounds(
    pinned: Sequence[tuple[KeyTerm, tuple[AttributeValue, ...]]],
) -> tuple[bytes | None, bytes | None]:
    """Sort bytes, lower inclusive and upper exclusive. An equality on the last term selects everything behind it."""
    if not pinned:
        return None, None
    lead = [operands[0] for term, operands in pinned[:-1]]
    term, operands = pinned[-1]
    first = sort_bytes([*lead, operands[0]])
    lowest = sort_bytes(lead) if lead else None
    highest = prefix_upper(lowest) if lowest else None
    match term.operator:
        case "=":
            return first, prefix_upper(first)
        case "<":
            return lowest, first
        case "<=":
            return lowest, prefix_upper(first)
        case ">":
            return prefix_upper(first), highest
        case ">=":
            return first, highest
        case "BETWEEN":
            return first, prefix_upper(sort_bytes([*lead, operands[1]]))
        case "begins_with":
            prefix = sort_prefix(lead, operands[0])
            return prefix, prefix_upper(prefix)


def same_partition(wanted: KeyRange, values: Sequence[AttributeValue]) -> bool:
    return all(equal(one, other) for one, other in zip(wanted.hash_values, values, strict=True))

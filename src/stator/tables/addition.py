"""A global index added to a table that is there: whether the table takes it, and the table with it."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from stator.errors import ValidationException
from stator.model.table import Build, KeySchema, Table
from stator.tables.create import build_index, build_keys
from stator.tables.warm import check_warm_index
from stator.validation.create_table import check_counts
from stator.validation.key_schema import check_defined
from stator.validation.throughput import check_index_provisioned, check_maxima


def add(table: Table, wanted: dict[str, Any], definitions: Sequence[Mapping[str, str]], space: int) -> Table:
    """The table with the index that a Create action asks for, ALLOTTED and last of all.

    `definitions` are the request's: only those that the index needs count, and what the table has defined before need
    not be repeated. Raises ValidationException for an index that cannot be.
    """
    name = wanted["IndexName"]
    if table.index(name) is not None:
        raise ValidationException("Attempting to create an index which already exists")
    types = _types(table, wanted["KeySchema"], definitions)
    check_index_provisioned(wanted, on_demand=table.on_demand)
    check_maxima(wanted.get("OnDemandThroughput"), on_demand=table.on_demand, index=name)
    check_warm_index(wanted, on_demand=table.on_demand)
    index = replace(build_index(wanted, types, space, local=False), build=Build.ALLOTTED)
    indexes = (*table.indexes, index)
    local = sum(other.local for other in indexes)
    check_counts(local, len(indexes) - local, sum(len(other.projection.attributes) for other in indexes))
    return replace(table, indexes=indexes, attribute_types=types)


def _types(table: Table, schema: list[dict[str, str]], definitions: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """The attribute types of the table and of its new index."""
    given = {each["AttributeName"]: each["AttributeType"] for each in definitions}
    known = [{"AttributeName": name} for name in (table.attribute_types | given)]
    check_defined(schema, known)
    for element in schema:
        name = element["AttributeName"]
        old = table.attribute_types.get(name)
        if old is not None and given.get(name, old) != old:
            raise _redefined(table, name, build_keys(schema, table.attribute_types | given))
    keys = {element["AttributeName"] for element in schema}
    return table.attribute_types | {name: type_ for name, type_ in given.items() if name in keys}


def _redefined(table: Table, name: str, new: KeySchema) -> ValidationException:
    schemas = (table.keys, *(index.keys for index in table.indexes))
    old = next(keys for keys in schemas if any(attribute.name == name for attribute in keys.attributes))
    return ValidationException(
        "Attributes cannot be redefined. Please check that your attribute has the same type as previously defined. "
        f"Existing schema: {_shown(old)} New schema: {_shown(new)}"
    )


def _shown(keys: KeySchema) -> str:
    parts = [("HASH", attribute) for attribute in keys.hash] + [("RANGE", attribute) for attribute in keys.range]
    elements = (f"SchemaElement: key{{{key.name}:{key.type}:{role}}}" for role, key in parts)
    return f"Schema:[{', '.join(elements)}]"

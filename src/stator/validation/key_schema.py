"""Rules on the keys of tables and indexes: their attributes are defined, each once, and stand in order."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from stator.errors import ValidationException
from stator.limits import INDEX_HASH_ATTRIBUTES_MAX, INDEX_RANGE_ATTRIBUTES_MAX
from stator.validation.throughput import LEAD

Element = Mapping[str, str]
Definition = Mapping[str, str]

NO_DEFINITION: Final = "Invalid KeySchema: Some index key attribute have no definition"
FIRST_NOT_HASH: Final = "Invalid KeySchema: The first KeySchemaElement is not a HASH key type"
SECOND_NOT_RANGE: Final = "Invalid KeySchema: The second KeySchemaElement is not a RANGE key type"
SAME_NAME: Final = f"{LEAD}Both the Hash Key and the Range Key element in the KeySchema have the same name"
SAME_NAMES: Final = "The KeySchema contains multiple key attributes with the same name"


def names(elements: Iterable[Mapping[str, str]]) -> list[str]:
    """Of key elements or of definitions."""
    return [element["AttributeName"] for element in elements]


def check_definitions(definitions: Sequence[Definition]) -> None:
    seen: set[str] = set()
    for name in names(definitions):
        if name in seen:
            raise ValidationException(f"Attribute Name is duplicated: {name}")
        seen.add(name)


def check_defined(schema: Sequence[Element], definitions: Sequence[Definition]) -> None:
    keys, defined = names(schema), names(definitions)
    if not set(keys) <= set(defined):
        raise ValidationException(
            f"{LEAD}Some index key attributes are not defined in AttributeDefinitions. "
            f"Keys: [{', '.join(keys)}], AttributeDefinitions: [{', '.join(defined)}]"
        )


def check_key(schema: Sequence[Element]) -> None:
    """The key of a table or local index, of one or two elements."""
    if len(schema) > 1 and schema[0]["AttributeName"] == schema[1]["AttributeName"]:
        raise ValidationException(SAME_NAME)
    if schema[0]["KeyType"] != "HASH":
        raise ValidationException(FIRST_NOT_HASH)
    if len(schema) > 1 and schema[1]["KeyType"] != "RANGE":
        raise ValidationException(SECOND_NOT_RANGE)


def check_global_key(schema: Sequence[Element]) -> None:
    """The key of a global index: one to four HASH elements, then none to four RANGE elements."""
    types = [element["KeyType"] for element in schema]
    if len(set(names(schema))) < len(schema):
        raise ValidationException(SAME_NAME if len(schema) == 2 and types[0] != types[1] else SAME_NAMES)
    if types[0] != "HASH":
        raise ValidationException(FIRST_NOT_HASH)
    if sorted(types) != types:  # HASH sorts before RANGE
        raise ValidationException(f"{LEAD}All HASH key attributes must precede RANGE key attributes in the KeySchema")
    for type_, most in (("HASH", INDEX_HASH_ATTRIBUTES_MAX), ("RANGE", INDEX_RANGE_ATTRIBUTES_MAX)):
        if types.count(type_) > most:
            raise ValidationException(
                f"{LEAD}The KeySchema exceeds the maximum allowed number of {type_} key attributes"
            )

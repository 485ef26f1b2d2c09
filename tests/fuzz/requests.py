"""Random requests: sensible ones for the operations on items, ones made from the shapes for all, and spoilt ones.

A request follows from a seed and its number alone, so each can be made again.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from stator.api.registry import Operation
from stator.validation.scalar import Attribute, Boolean, Number, String
from stator.validation.shape import AttributeMap, List, Map, Structure
from tests.fuzz import words
from tests.fuzz.damage import spoil_headers, spoil_json, spoil_text
from tests.fuzz.schemas import SCHEMAS, Schema
from tests.fuzz.statements import statement
from tests.fuzz.wire import Wire, post
from tests.fuzz.words import Expressions, Rng, chance, odd

_SOME_TABLES: Final = ("fuzz-a", "fuzz-b", "fuzz-c")
_OF_ITEMS: Final = (
    *("PutItem", "UpdateItem", "UpdateItem", "DeleteItem", "GetItem", "Query", "Query", "Scan"),
    *("BatchWriteItem", "BatchGetItem", "TransactWriteItems", "TransactGetItems", "ExecuteStatement"),
    *("BatchExecuteStatement", "ExecuteTransaction"),
)
_RETURNS: Final = ("NONE", "ALL_OLD", "ALL_NEW", "UPDATED_OLD", "UPDATED_NEW")


def make(operations: Mapping[str, Operation], seed: int, number: int) -> Wire:
    """Request `number` of a campaign."""
    rng = Rng(f"{seed} {number}")
    rng.calm = chance(rng, 0.4)
    operation = _operation(rng, operations)
    if operation == "DeleteTable" or (operation in _SENSIBLE and not odd(rng, 0.1)):
        body: Any = _SENSIBLE[operation](rng)
    else:
        shape = next(one.shape for one in operations.values() if one.name == operation)
        body = _structure(rng, shape)
    for _ in range(0 if rng.calm else rng.choice((0, 0, 0, 1, 1, 2, 3))):
        body = spoil_json(rng, body)
    text = json.dumps(body, ensure_ascii=chance(rng, 0.5)).encode("utf-8", "surrogatepass")
    if odd(rng, 0.05):
        text = spoil_text(rng, text)
    wire = post(operation, text)
    return spoil_headers(rng, wire) if odd(rng, 0.05) else wire


def _operation(rng: Rng, operations: Mapping[str, Operation]) -> str:
    """Mostly one on items, sometimes any."""
    names = {one.name for one in operations.values()}
    if chance(rng, 0.7):
        return rng.choice([name for name in _OF_ITEMS if name in names])
    return rng.choice(sorted(names))


def _schema(rng: Rng) -> Schema:
    return SCHEMAS[0] if chance(rng, 0.6) else rng.choice(SCHEMAS)


def _key(rng: Rng, schema: Schema) -> dict[str, Any]:
    return {name: {kind: words.scalar(rng, kind)} for name, kind in schema.keys}


def _item(rng: Rng, schema: Schema) -> dict[str, Any]:
    return words.attributes(rng) | _key(rng, schema)


def _extras(rng: Rng) -> dict[str, Any]:
    extras = {
        "ReturnConsumedCapacity": rng.choice(("INDEXES", "TOTAL", "NONE")),
        "ReturnItemCollectionMetrics": rng.choice(("SIZE", "NONE")),
        "ReturnValuesOnConditionCheckFailure": rng.choice(("ALL_OLD", "NONE")),
    }
    return {name: one for name, one in extras.items() if chance(rng, 0.15)}


def _guarded(rng: Rng, request: dict[str, Any], expressions: Expressions) -> dict[str, Any]:
    if chance(rng, 0.2 if rng.calm else 0.5):
        request["ConditionExpression"] = expressions.condition()
    elif odd(rng, 0.15):
        request["Expected"] = _conditions(rng)
    return request | expressions.placeholders() | _extras(rng)


def _conditions(rng: Rng) -> dict[str, Any]:
    """Legacy conditions on attributes."""
    operators = [
        "IN",
        "NULL",
        "BETWEEN",
        "LT",
        "NOT_CONTAINS",
        "EQ",
        "GT",
        "NOT_NULL",
        "NE",
        "LE",
        "BEGINS_WITH",
        "GE",
        "CONTAINS",
    ]
    made: dict[str, Any] = {}
    for name in rng.sample(words.ATTRIBUTES, rng.randrange(1, 3)):
        count = rng.choice((0, 1, 1, 1, 2, 3))
        made[name] = {
            "ComparisonOperator": rng.choice(operators),
            "AttributeValueList": [words.value(rng) for _ in range(count)],
        }
    return made


def _put(rng: Rng) -> dict[str, Any]:
    schema = _schema(rng)
    request: dict[str, Any] = {"TableName": schema.name, "Item": _item(rng, schema)}
    if chance(rng, 0.2):
        request["ReturnValues"] = "ALL_OLD" if rng.calm else rng.choice(_RETURNS)
    return request if chance(rng, 0.4) else _guarded(rng, request, Expressions(rng))


def _update(rng: Rng) -> dict[str, Any]:
    schema = _schema(rng)
    request: dict[str, Any] = {"TableName": schema.name, "Key": _key(rng, schema)}
    if chance(rng, 0.4):
        request["ReturnValues"] = rng.choice(_RETURNS)
    expressions = Expressions(rng)
    if odd(rng, 0.1):
        request["AttributeUpdates"] = {
            name: {"Action": rng.choice(("PUT", "ADD", "DELETE")), "Value": words.value(rng)}
            for name in rng.sample(words.ATTRIBUTES[2:], rng.randrange(1, 4))
        }
        return request | _extras(rng)
    if not odd(rng, 0.05):
        request["UpdateExpression"] = expressions.update()
    return _guarded(rng, request, expressions)


def _delete(rng: Rng) -> dict[str, Any]:
    schema = _schema(rng)
    request = {"TableName": schema.name, "Key": _key(rng, schema)}
    return _guarded(rng, request, Expressions(rng))


def _get(rng: Rng) -> dict[str, Any]:
    schema = _schema(rng)
    return {"TableName": schema.name, **_asked(rng), "Key": _key(rng, schema)}


def _asked(rng: Rng) -> dict[str, Any]:
    """What GetItem and each table of BatchGetItem may say beside keys."""
    request: dict[str, Any] = {}
    expressions = Expressions(rng)
    if chance(rng, 0.5):
        request["ProjectionExpression"] = expressions.projection()
    elif chance(rng, 0.1):
        request["AttributesToGet"] = rng.choices(words.ATTRIBUTES, k=rng.randrange(1, 4))
    if chance(rng, 0.3):
        request["ConsistentRead"] = chance(rng, 0.5)
    names = expressions.placeholders().get("ExpressionAttributeNames")
    return request if not names else request | {"ExpressionAttributeNames": names}


def _page(rng: Rng, expressions: Expressions, schema: Schema) -> dict[str, Any]:
    """What Query and Scan have in common, but for the index."""
    request: dict[str, Any] = {"TableName": schema.name}
    if chance(rng, 0.4):
        request["FilterExpression"] = expressions.condition()
    if chance(rng, 0.3):
        request["ProjectionExpression"] = expressions.projection()
    if chance(rng, 0.4):
        request["Limit"] = rng.choice((1, 2, 3, 10) if rng.calm else (1, 3, 0, -1, 2**31, 2**31 - 1))
    if odd(rng, 0.2):
        request["Select"] = rng.choice(("ALL_ATTRIBUTES", "ALL_PROJECTED_ATTRIBUTES", "COUNT", "SPECIFIC_ATTRIBUTES"))
    if odd(rng, 0.2):
        request["ConsistentRead"] = chance(rng, 0.5)
    if chance(rng, 0.1):
        request["ReturnConsumedCapacity"] = "INDEXES"
    return request


def _start(rng: Rng, schema: Schema, keys: list[tuple[str, str]]) -> dict[str, Any]:
    return {name: {kind: words.scalar(rng, kind)} for name, kind in dict([*schema.keys, *keys]).items()}


def _query(rng: Rng) -> dict[str, Any]:
    schema = _schema(rng)
    expressions = Expressions(rng)
    request = _page(rng, expressions, schema)
    keys, hashes = schema.keys, 1
    if schema.indexes and chance(rng, 0.5):
        request["IndexName"] = name = rng.choice(sorted(schema.indexes))
        keys, hashes = schema.indexes[name]
    if not odd(rng, 0.1):
        request["KeyConditionExpression"] = expressions.key_condition(keys, hashes)
    else:
        request["KeyConditions"] = {
            name: {"ComparisonOperator": "EQ", "AttributeValueList": [{kind: words.scalar(rng, kind)}]}
            for name, kind in keys
        }
    if chance(rng, 0.3):
        request["ScanIndexForward"] = chance(rng, 0.5)
    if chance(rng, 0.2):
        request["ExclusiveStartKey"] = _start(rng, schema, keys)
    return request | expressions.placeholders()


def _scan(rng: Rng) -> dict[str, Any]:
    schema = _schema(rng)
    expressions = Expressions(rng)
    request = _page(rng, expressions, schema)
    keys = schema.keys
    if schema.indexes and chance(rng, 0.4):
        request["IndexName"] = name = rng.choice(sorted(schema.indexes))
        keys = schema.indexes[name][0]
    if chance(rng, 0.2):
        request["Segment"] = 1 if rng.calm else rng.choice((0, 1, 2, 999_999, -1))
        request["TotalSegments"] = 3 if rng.calm else rng.choice((1, 2, 3, 1_000_000, 1_000_001, 0))
    if odd(rng, 0.1):
        request["ScanFilter"] = _conditions(rng)
    if chance(rng, 0.2):
        request["ExclusiveStartKey"] = _start(rng, schema, keys)
    return request | expressions.placeholders()


def _batch_write(rng: Rng) -> dict[str, Any]:
    asked: dict[str, Any] = {}
    for schema in rng.sample(SCHEMAS, rng.choice((1, 1, 2))):
        asked[schema.name] = [
            {"DeleteRequest": {"Key": _key(rng, schema)}}
            if chance(rng, 0.3)
            else {"PutRequest": {"Item": _item(rng, schema)}}
            for _ in range(26 if odd(rng, 0.01) else rng.randrange(1, 5))
        ]
    return {"RequestItems": asked} | _extras(rng)


def _batch_get(rng: Rng) -> dict[str, Any]:
    asked = {
        schema.name: {"Keys": [_key(rng, schema) for _ in range(rng.randrange(1, 5))], **_asked(rng)}
        for schema in rng.sample(SCHEMAS, rng.choice((1, 1, 2)))
    }
    return {"RequestItems": asked} | _extras(rng)


def _transact_write(rng: Rng) -> dict[str, Any]:
    request: dict[str, Any] = {"TransactItems": [_transact_action(rng) for _ in range(rng.randrange(1, 5))]}
    if chance(rng, 0.3):
        request["ClientRequestToken"] = rng.choice(("a", "b", "c" * 36))
    return request | {name: one for name, one in _extras(rng).items() if "OnCondition" not in name}


def _transact_action(rng: Rng) -> dict[str, Any]:
    schema = _schema(rng)
    expressions = Expressions(rng)
    request: dict[str, Any] = {"TableName": schema.name}
    kind = rng.choice(("Put", "Put", "Update", "Delete", "ConditionCheck"))
    request |= {"Item": _item(rng, schema)} if kind == "Put" else {"Key": _key(rng, schema)}
    if kind == "Update":
        request["UpdateExpression"] = expressions.update()
    if kind == "ConditionCheck" or chance(rng, 0.2):
        request["ConditionExpression"] = expressions.condition()
    return {kind: request | expressions.placeholders()}


def _transact_get(rng: Rng) -> dict[str, Any]:
    gets = []
    for _ in range(rng.randrange(1, 5)):
        schema = _schema(rng)
        asked = {name: one for name, one in _asked(rng).items() if name not in ("AttributesToGet", "ConsistentRead")}
        gets.append({"Get": {"TableName": schema.name, "Key": _key(rng, schema), **asked}})
    return {"TransactItems": gets} | {name: one for name, one in _extras(rng).items() if name.endswith("Capacity")}


def _statement(rng: Rng) -> dict[str, Any]:
    request = statement(rng)
    if chance(rng, 0.2):
        request["Limit"] = rng.choice((1, 2, 3))
    if odd(rng, 0.05):
        request["NextToken"] = words.text(rng)
    return request


def _statements(rng: Rng) -> dict[str, Any]:
    return {"Statements": [statement(rng) for _ in range(rng.randrange(1, 4))]}


def _statements_together(rng: Rng) -> dict[str, Any]:
    return {"TransactStatements": [statement(rng) for _ in range(rng.randrange(1, 4))]}


def _create(rng: Rng) -> dict[str, Any]:
    return rng.choice(SCHEMAS).create() | {"TableName": rng.choice(_SOME_TABLES)}


def _delete_table(rng: Rng) -> dict[str, Any]:
    return {"TableName": rng.choice(_SOME_TABLES)}


_SENSIBLE: Final[dict[str, Callable[[Rng], dict[str, Any]]]] = {
    "PutItem": _put,
    "UpdateItem": _update,
    "DeleteItem": _delete,
    "GetItem": _get,
    "Query": _query,
    "Scan": _scan,
    "BatchWriteItem": _batch_write,
    "BatchGetItem": _batch_get,
    "TransactWriteItems": _transact_write,
    "TransactGetItems": _transact_get,
    "ExecuteStatement": _statement,
    "BatchExecuteStatement": _statements,
    "ExecuteTransaction": _statements_together,
    "CreateTable": _create,
    "DeleteTable": _delete_table,
}


def _structure(rng: Rng, shape: Structure) -> dict[str, Any]:
    """Required members, some of the others, each by its type."""
    required = set(shape.required)
    return {
        name: _member(rng, name, type)
        for name, type in shape.members.items()
        if chance(rng, 0.97 if name in required else 0.15)
    }


def _member(rng: Rng, name: str, type: Any) -> Any:
    if name == "TableName":
        return rng.choice((*(schema.name for schema in SCHEMAS), *_SOME_TABLES))
    if name == "ResourceArn":
        return f"arn:aws:dynamodb:eu-west-1:000000000042:table/{rng.choice(SCHEMAS).name}"
    if isinstance(type, AttributeMap):
        return {word: words.value(rng) for word in rng.sample(words.ATTRIBUTES, rng.randrange(4))}
    if isinstance(type, Structure):
        return _structure(rng, type)
    if isinstance(type, List):
        return [_member(rng, name, type.of) for _ in range(rng.randrange(4))]
    if isinstance(type, Map):
        return {rng.choice((*words.ATTRIBUTES, "things")): _member(rng, name, type.of) for _ in range(rng.randrange(3))}
    if isinstance(type, Attribute):
        return words.value(rng)
    if isinstance(type, Boolean):
        return chance(rng, 0.5)
    if isinstance(type, Number):
        return rng.choice((0, 1, 2, 5, 100, 40_000, -1, 2**31, 2**63))
    if isinstance(type, String):
        return _text(rng, type)
    return rng.choice((0, "", "YQ=="))


def _text(rng: Rng, type: String) -> str:
    """Enums are told from their constraint, which lists the values."""
    for constraint in type.constraints():
        _, found, values = constraint.partition("enum value set: [")
        if found:
            return rng.choice(values.rstrip("]").split(", "))
    return rng.choice(("by-group", "local-keys", "pk", "sk", "g", "h", "name", words.text(rng)))

"""One expression sent by whichever operation takes it, and what that operation answers."""

from typing import Any

from tests.operations.faults import ENVELOPE, invalid

KEY: dict[str, Any] = {"pk": {"S": "a"}, "sk": {"S": "1"}}

NAMES: dict[str, str] = {"#a": "a", "#dot": "x.y", "#s": "status"}

VALUES: dict[str, Any] = {
    ":s": {"S": "x"},
    ":t": {"S": "y"},
    ":n": {"N": "5"},
    ":two": {"N": "10"},
    ":b": {"B": b"a"},
    ":bool": {"BOOL": True},
    ":null": {"NULL": True},
    ":l": {"L": [{"N": "1"}]},
    ":m": {"M": {"k": {"N": "1"}}},
    ":ss": {"SS": ["a"]},
    ":ns": {"NS": ["1"]},
    ":bs": {"BS": [b"a"]},
    ":dog": {"S": "DOG"},
    ":type": {"S": "SS"},
}

# Operations whose texts about expressions begin with the envelope, and those whose texts do not.
ENVELOPED = ("PutItem", "UpdateItem", "DeleteItem")

_PARAMETERS = {
    "PutItem": "ConditionExpression",
    "UpdateItem": "UpdateExpression",
    "DeleteItem": "ConditionExpression",
    "Query": "FilterExpression",
    "Scan": "FilterExpression",
    "GetItem": "ProjectionExpression",
}


def prefix(operation: str) -> str:
    return ENVELOPE if operation in ENVELOPED else ""


def request(operation: str, table: str) -> dict[str, Any]:
    """A request that is complete but for its expression and placeholders."""
    if operation == "PutItem":
        return {"TableName": table, "Item": KEY}
    if operation == "Query":
        return {
            "TableName": table,
            "KeyConditions": {"pk": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "a"}]}},
        }
    return {"TableName": table} if operation == "Scan" else {"TableName": table, "Key": KEY}


def placeholders(text: str) -> dict[str, Any]:
    """Those of NAMES and VALUES that the text has."""
    words = _words(text)
    names = {key: name for key, name in NAMES.items() if key in words}
    values = {key: value for key, value in VALUES.items() if key in words}
    found: dict[str, Any] = {}
    if names:
        found["ExpressionAttributeNames"] = names
    if values:
        found["ExpressionAttributeValues"] = values
    return found


def _words(text: str) -> set[str]:
    for symbol in "()[],.=<>+-":
        text = text.replace(symbol, " ")
    return set(text.split())


def send(dynamodb: Any, operation: str, table: str, text: str, parameter: str | None = None) -> Any:
    """The answer to a request with this expression as `parameter` (or the operation's usual one)."""
    return _method(dynamodb, operation)(**_whole(operation, table, text, parameter))


def refusal(dynamodb: Any, operation: str, table: str, text: str, parameter: str | None = None) -> str:
    """The message of the ValidationException that `send` gets."""
    return invalid(_method(dynamodb, operation), **_whole(operation, table, text, parameter))


def _method(dynamodb: Any, operation: str) -> Any:
    names = {"PutItem": "put_item", "UpdateItem": "update_item", "DeleteItem": "delete_item", "GetItem": "get_item"}
    return getattr(dynamodb, names.get(operation, operation.lower()))


def _whole(operation: str, table: str, text: str, parameter: str | None) -> dict[str, Any]:
    whole = request(operation, table) | {parameter or _PARAMETERS[operation]: text} | placeholders(text)
    if parameter == "KeyConditionExpression":
        del whole["KeyConditions"]
    return whole

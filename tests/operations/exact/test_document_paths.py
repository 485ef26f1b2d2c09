"""Where paths lead: what conditions see, updates change and projections show of an item."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.operations.conftest import create_table
from tests.operations.faults import ENVELOPE, fault, invalid
from tests.running import RunningServer, new_account

KEY: dict[str, Any] = {"pk": {"S": "a"}, "sk": {"S": "1"}}
CLASH = "Two document paths {} with each other; must remove or rewrite one of these paths; path one: {}, path two: {}"
INVALID_PATH = "The document path provided in the update expression is invalid for update"
MISSING = "The provided expression refers to an attribute that does not exist in the item"
WRONG_TYPE = "An operand in the update expression has an incorrect data type"


@pytest.fixture(scope="module")
def dynamodb(server: RunningServer) -> Iterator[Any]:
    client = new_account(server.url).client()
    yield client
    client.close()


@pytest.fixture(scope="module")
def table(dynamodb: Any) -> str:
    return create_table(
        dynamodb,
        "things",
        "pk:S",
        "sk:S",
        indexes={"by-x": {"hash": ["x:S"]}, "by-l": {"range": ["l:S"], "local": True}},
    )


def n(number: int) -> dict[str, str]:
    return {"N": str(number)}


ITEM: dict[str, Any] = {
    **KEY,
    "s": {"S": "chars: \U0001f600"},
    "num": n(10),
    "octets": {"B": b"abc"},
    "yes": {"BOOL": True},
    "nil": {"NULL": True},
    "els": {"L": [n(0), n(1), n(2), {"M": {"k": {"S": "in"}, "z": n(9)}}]},
    "doc": {"M": {"a": n(1), "b": {"L": [n(7), n(8)]}, "x.y": {"S": "dotted"}}},
    "ss": {"SS": ["a", "b"]},
    "ns": {"NS": ["1", "2"]},
    "bs": {"BS": [b"a", b"b"]},
}

VALUES: dict[str, Any] = {
    ":ten": {"N": "1e1"},
    ":nine": n(9),
    ":text": {"S": "10"},
    ":chars": {"S": "char"},
    ":ab": {"B": b"ab"},
    ":yes": {"BOOL": True},
    ":no": {"BOOL": False},
    ":nil": {"NULL": True},
    ":ss": {"SS": ["b", "a"]},
    ":ns": {"NS": ["2.0", "1"]},
    ":a": {"S": "a"},
    ":A": {"B": b"a"},
    ":one": n(1),
    ":in": {"M": {"z": {"N": "9.0"}, "k": {"S": "in"}}},
    ":S": {"S": "S"},
    ":NULL": {"S": "NULL"},
    ":SS": {"S": "SS"},
    ":eight": n(8),
    ":three": n(3),
    ":four": n(4),
    ":two": n(2),
}


@pytest.mark.parametrize(
    "text, holds",
    [
        ("num = :ten", True),
        ("num = :text", False),
        ("num <> :text", True),
        ("num < :text", False),
        ("NOT num < :text", True),
        ("absent = :ten", False),
        ("absent <> :ten", True),
        ("NOT absent = :ten", True),
        ("absent < :ten", False),
        ("NOT absent >= :ten", True),
        ("absent BETWEEN :one AND :ten", False),
        ("absent IN (:ten)", False),
        ("NOT absent IN (:ten)", True),
        ("begins_with(absent, :a)", False),
        ("contains(absent, :a)", False),
        ("attribute_type(absent, :S)", False),
        ("absent = lost", False),
        ("absent <> lost", True),
        ("num BETWEEN :ten AND :ten", True),
        ("num BETWEEN :nine AND num", True),
        ("num BETWEEN num AND doc.a", False),  # stored bounds in the wrong order just do not match
        ("num BETWEEN s AND num", False),
        (":nine BETWEEN doc.a AND num", True),
        ("ss = :ss", True),
        ("ns = :ns", True),
        ("ss <> :ss", False),
        ("els[3] = :in", True),
        ("yes = :yes", True),
        ("yes = :no", False),
        ("nil = :nil", True),
        ("yes < yes2", False),
        ("size(s) = :nine", True),  # seven characters and one outside the basic plane, which counts twice
        ("size(octets) = :three", True),
        ("size(els) = :four", True),
        ("size(doc) = :three", True),
        ("size(ss) = :two", True),
        ("size(bs) = :two", True),
        ("size(num) > :one", False),
        ("size(num) <= :one", False),
        ("NOT size(yes) > :one", True),
        ("size(absent) <> :one", True),
        ("contains(s, :chars)", True),
        ("contains(octets, :ab)", True),
        ("contains(ss, :a)", True),
        ("contains(bs, :A)", True),
        ("contains(ns, :one)", True),
        ("contains(ss, :one)", False),
        ("contains(els, :one)", True),
        ("contains(els, :in)", True),
        ("contains(doc, :a)", False),
        ("contains(num, :one)", False),
        ("contains(:ss, doc.a)", False),
        ("contains(:ss, :a)", True),
        ("begins_with(s, :chars)", True),
        ("begins_with(octets, :ab)", True),
        ("begins_with(s, :ab)", False),
        ("begins_with(:chars, :chars)", True),
        ("begins_with(num, :text)", False),
        ("attribute_exists(nil)", True),
        ("attribute_not_exists(doc.absent)", True),
        ("attribute_exists(doc.b[1])", True),
        ("attribute_exists(doc.b[2])", False),
        ("attribute_exists(s.x)", False),
        ("attribute_exists(els.k)", False),
        ("attribute_exists(doc[0])", False),
        ("attribute_exists(doc.#xy)", True),
        ("attribute_exists(doc.x.y)", False),
        ("attribute_type(nil, :NULL)", True),
        ("attribute_type(ss, :SS)", True),
        ("attribute_type(:one, :S)", False),
        ("attribute_type(:a, :S)", True),
        ("doc.b[1] IN (:one, :eight)", True),
        ("num = :ten OR num = :nine AND num = :text", True),
        ("(num = :ten OR num = :nine) AND num = :text", False),
        ("NOT num = :text AND num = :ten", True),
    ],
)
def test_conditions(dynamodb: Any, table: str, text: str, holds: bool) -> None:
    dynamodb.put_item(TableName=table, Item=ITEM)
    words = set(text.replace("(", " ").replace(")", " ").replace(",", " ").split())
    given: dict[str, Any] = {}
    if used := {key: value for key, value in VALUES.items() if key in words}:
        given["ExpressionAttributeValues"] = used
    if "#xy" in text:
        given["ExpressionAttributeNames"] = {"#xy": "x.y"}
    assert dynamodb.scan(TableName=table, FilterExpression=text, **given)["Count"] == int(holds)
    request = {"TableName": table, "Key": KEY, "ConditionExpression": text, **given}
    if holds:
        dynamodb.delete_item(**request)
    else:
        assert fault(dynamodb.delete_item, **request)[0] == "ConditionalCheckFailedException"


UPDATE_VALUES: dict[str, Any] = {
    ":n": n(100),
    ":m": n(200),
    ":s": {"S": "new"},
    ":l": {"L": [n(5)]},
    ":ss": {"SS": ["b", "c"]},
    ":both": {"SS": ["a", "b"]},
    ":ns": {"NS": ["2", "3"]},
    ":none": {"L": []},
}


def update(dynamodb: Any, table: str, text: str, **more: Any) -> Any:
    words = set(text.replace("(", " ").replace(")", " ").replace(",", " ").replace("=", " ").split())
    used = {key: value for key, value in UPDATE_VALUES.items() if key in words}
    if used:
        more["ExpressionAttributeValues"] = used
    return {"TableName": table, "Key": KEY, "UpdateExpression": text, **more}


@pytest.mark.parametrize(
    "text, changed",
    [
        ("SET num = doc.a, doc.a = num", {"num": n(1), "doc.a": n(10)}),
        ("ADD num :n SET s = num", {"num": n(110), "s": n(10)}),
        ("SET doc.fresh = :s", {"doc.fresh": {"S": "new"}}),
        ("SET els[100] = :m, els[7] = :n", {"els[4]": n(100), "els[5]": n(200)}),
        ("SET els[1] = :n REMOVE els[0]", {"els[0]": n(100), "els[1]": n(2)}),
        ("REMOVE els[0], els[2]", {"els[0]": n(1), "els[1].z": n(9), "els[2]": None}),
        ("REMOVE absent, els[50], doc.absent, doc.b[9]", {"num": n(10)}),
        ("SET fresh = if_not_exists(absent, num)", {"fresh": n(10)}),
        ("SET num = if_not_exists(num, :n) + :m", {"num": n(210)}),
        ("SET num = :n - num", {"num": n(90)}),
        ("SET fresh = if_not_exists(absent, if_not_exists(lost, :s))", {"fresh": {"S": "new"}}),
        ("SET doc.b = list_append(:l, doc.b)", {"doc.b[0]": n(5), "doc.b[2]": n(8)}),
        ("ADD fresh :n, doc.fresh :ss", {"fresh": n(100), "doc.fresh": {"SS": ["b", "c"]}}),
        (
            "ADD ss :ss, ns :ns, doc.a :n",
            {"ss": {"SS": ["a", "b", "c"]}, "ns": {"NS": ["1", "2", "3"]}, "doc.a": n(101)},
        ),
        ("DELETE ss :ss, absent :ss, doc.absent :ns", {"ss": {"SS": ["a"]}}),
        ("DELETE ss :both", {"ss": None}),
        ("REMOVE doc.b[0], doc.b[1]", {"doc.b": {"L": []}}),
        ("REMOVE els[3].k, els[3].z", {"els[3]": {"M": {}}}),
    ],
)
def test_updates(dynamodb: Any, table: str, text: str, changed: dict[str, Any]) -> None:
    dynamodb.put_item(TableName=table, Item=ITEM)
    dynamodb.update_item(**update(dynamodb, table, text))
    after = dynamodb.get_item(TableName=table, Key=KEY)["Item"]
    for path, expected in changed.items():
        assert look(after, path) == expected, path


def look(item: dict[str, Any], path: str) -> Any:
    value: Any = {"M": item}
    for step in path.replace("[", ".[").split("."):
        if step.startswith("["):
            elements = value["L"]
            value = elements[int(step[1:-1])] if int(step[1:-1]) < len(elements) else None
        else:
            value = value["M"].get(step)
    return value


@pytest.mark.parametrize(
    "text, problem",
    [
        ("SET absent.x = :n", INVALID_PATH),
        ("SET s.x = :n", INVALID_PATH),
        ("SET els.x = :n", INVALID_PATH),
        ("SET doc[0] = :n", INVALID_PATH),
        ("SET doc.absent.x = :n", INVALID_PATH),
        ("SET els[9].x = :n", INVALID_PATH),
        ("REMOVE absent.x", INVALID_PATH),
        ("REMOVE s[0]", INVALID_PATH),
        ("ADD absent.x :n", INVALID_PATH),
        ("SET num = absent", MISSING),
        ("SET num = absent + :n", MISSING),
        ("SET num = doc.b[2]", MISSING),
        ("SET els = list_append(absent, :l)", MISSING),
        ("SET num = s + :n", WRONG_TYPE),
        ("SET els = list_append(s, :l)", WRONG_TYPE),
        ("ADD s :n", WRONG_TYPE),
        ("ADD num :ss", WRONG_TYPE),
        ("ADD ns :ss", WRONG_TYPE),
        ("ADD els :n", WRONG_TYPE),
        ("DELETE s :ss", WRONG_TYPE),
        ("DELETE ns :ss", WRONG_TYPE),
    ],
)
def test_updates_that_the_item_does_not_allow(dynamodb: Any, table: str, text: str, problem: str) -> None:
    dynamodb.put_item(TableName=table, Item=ITEM)
    assert invalid(dynamodb.update_item, **update(dynamodb, table, text)) == problem
    both = text.replace("SET ", "SET fresh = :s, ", 1) if text.startswith("SET") else f"SET fresh = :s {text}"
    assert invalid(dynamodb.update_item, **update(dynamodb, table, both)) == problem
    assert dynamodb.get_item(TableName=table, Key=KEY)["Item"] == ITEM


def test_clearing_where_no_item_is(dynamodb: Any, table: str) -> None:
    dynamodb.delete_item(TableName=table, Key=KEY)
    dynamodb.update_item(**update(dynamodb, table, "REMOVE absent.x, absent.y[3]"))
    dynamodb.update_item(**update(dynamodb, table, "DELETE absent :ss"))
    assert "Item" not in dynamodb.get_item(TableName=table, Key=KEY)
    dynamodb.update_item(TableName=table, Key=KEY)
    assert dynamodb.get_item(TableName=table, Key=KEY)["Item"] == KEY


@pytest.mark.parametrize("same", [False, True])
@pytest.mark.parametrize("attribute", ["pk", "sk"])
def test_key_attributes_stay(dynamodb: Any, table: str, attribute: str, same: bool) -> None:
    value = KEY[attribute] if same else {"S": "other"}
    problem = f"Cannot update attribute {attribute}. This attribute is part of the key"
    request = {"TableName": table, "Key": KEY, "ExpressionAttributeValues": {":v": value}}
    assert invalid(dynamodb.update_item, UpdateExpression=f"SET {attribute} = :v", **request) == (
        f"One or more parameter values were invalid: {problem}"
    )
    updates = {attribute: {"Action": "PUT", "Value": value}}
    assert invalid(dynamodb.update_item, TableName=table, Key=KEY, AttributeUpdates=updates) == (
        f"One or more parameter values were invalid: {problem}"
    )


SCALARS = "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: "


@pytest.mark.parametrize(
    "path, problem",
    [("pk.a", "Key: pk"), ("sk[0]", "Key: sk"), ("x.a", "IndexKey: x"), ("l[1]", "IndexKey: l")],
)
def test_nothing_is_inside_a_key(dynamodb: Any, table: str, path: str, problem: str) -> None:
    condition = {"ConditionExpression": f"attribute_exists({path})"}
    assert invalid(dynamodb.put_item, TableName=table, Item=KEY, **condition) == SCALARS + problem
    assert invalid(dynamodb.delete_item, TableName=table, Key=KEY, **condition) == SCALARS + problem
    assert invalid(dynamodb.update_item, TableName=table, Key=KEY, **condition) == SCALARS + problem
    if not path.startswith(("pk", "sk")):
        removal = f"REMOVE {path}"
        assert invalid(dynamodb.update_item, TableName=table, Key=KEY, UpdateExpression=removal) == SCALARS + problem


@pytest.mark.parametrize(
    "text, shown",
    [
        ("absent", {}),
        ("doc.absent, s.x, els[9]", {}),
        ("num", {"num": n(10)}),
        ("els[2], els[0]", {"els": {"L": [n(0), n(2)]}}),
        ("els[3].z, els[3].k, els[0]", {"els": {"L": [n(0), ITEM["els"]["L"][3]]}}),
        ("els[3].absent, els[1]", {"els": {"L": [n(1)]}}),
        ("doc.b[1], doc.a", {"doc": {"M": {"a": n(1), "b": {"L": [n(8)]}}}}),
        ("doc.#xy", {"doc": {"M": {"x.y": {"S": "dotted"}}}}),
    ],
)
def test_projections(dynamodb: Any, table: str, text: str, shown: dict[str, Any]) -> None:
    dynamodb.put_item(TableName=table, Item=ITEM)
    more: dict[str, Any] = {"ExpressionAttributeNames": {"#xy": "x.y"}} if "#xy" in text else {}
    assert dynamodb.get_item(TableName=table, Key=KEY, ProjectionExpression=text, **more)["Item"] == shown
    assert dynamodb.scan(TableName=table, ProjectionExpression=text, **more)["Items"] == [shown]


@pytest.mark.parametrize(
    "text, shown",
    [
        ("SET doc.a = :n", {"doc": {"M": {"a": n(100)}}}),
        ("SET els[2] = :n, els[0] = :m", {"els": {"L": [n(200), n(100)]}}),
        ("SET els[100] = :n", None),
        ("REMOVE num", None),
        ("REMOVE els[1] SET num = :n", {"num": n(100), "els": {"L": [n(2)]}}),
    ],
)
def test_updated_new_shows_the_touched_paths(dynamodb: Any, table: str, text: str, shown: Any) -> None:
    dynamodb.put_item(TableName=table, Item=ITEM)
    reply = dynamodb.update_item(**update(dynamodb, table, text, ReturnValues="UPDATED_NEW"))
    assert reply.get("Attributes") == shown


def test_paths_compare_after_substitution(dynamodb: Any, table: str) -> None:
    names = {"#m": "doc", "#dotted": "doc.a"}
    request = {"TableName": table, "Key": KEY, "ExpressionAttributeNames": names}
    dynamodb.put_item(TableName=table, Item=ITEM)
    dynamodb.update_item(**request, UpdateExpression="REMOVE #m.a, #dotted")  # a dot in a name is part of it
    assert invalid(dynamodb.update_item, **request, UpdateExpression="REMOVE #m.a, doc, #dotted") == (
        f"{ENVELOPE}Invalid UpdateExpression: {CLASH.format('overlap', '[doc, a]', '[doc]')}"
    )

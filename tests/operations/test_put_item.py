from typing import Any

import pytest

from tests.operations.conftest import create_table
from tests.operations.faults import CONDITION_FAILED, ENVELOPE, NO_TABLE, fault, invalid

KEY = {"pk": {"S": "a"}, "sk": {"S": "1"}}


def test_stores_every_type_as_the_service_gives_it_back(dynamodb: Any, table: str) -> None:
    item: dict[str, dict[str, Any]] = KEY | {
        "n": {"N": "1.50"},
        "b": {"B": b"\x00\xff"},
        "t": {"BOOL": False},
        "z": {"NULL": True},
        "l": {"L": [{"S": ""}, {"L": []}]},
        "m": {"M": {"x": {"M": {}}}},
        "ss": {"SS": ["b", "a"]},
        "ns": {"NS": ["10", "9"]},
        "bs": {"BS": [b"b", b"a"]},
    }
    assert "Attributes" not in dynamodb.put_item(TableName=table, Item=item)
    stored = dynamodb.get_item(TableName=table, Key=KEY)["Item"]
    assert stored.pop("n") == {"N": "1.5"}
    for name in ("ss", "ns", "bs"):
        (kind, members), (_, given) = stored.pop(name).popitem(), item[name].popitem()
        assert sorted(members) == sorted(given), kind
    assert stored == {name: item[name] for name in ("pk", "sk", "b", "t", "z", "l", "m")}


def test_replaces_the_whole_item_and_shows_the_old_one(dynamodb: Any, table: str) -> None:
    dynamodb.put_item(TableName=table, Item=KEY | {"old": {"S": "x"}})
    answer = dynamodb.put_item(TableName=table, Item=KEY | {"new": {"S": "y"}}, ReturnValues="ALL_OLD")
    assert answer["Attributes"] == KEY | {"old": {"S": "x"}}
    assert dynamodb.get_item(TableName=table, Key=KEY)["Item"] == KEY | {"new": {"S": "y"}}


def test_condition_guards_the_write(dynamodb: Any, table: str) -> None:
    new = {"TableName": table, "Item": KEY | {"v": {"N": "1"}}, "ConditionExpression": "attribute_not_exists(pk)"}
    dynamodb.put_item(**new)
    assert fault(dynamodb.put_item, **new) == CONDITION_FAILED
    with pytest.raises(dynamodb.exceptions.ConditionalCheckFailedException) as caught:
        dynamodb.put_item(**new, ReturnValuesOnConditionCheckFailure="ALL_OLD")
    assert caught.value.response["Item"] == new["Item"]
    dynamodb.put_item(
        TableName=table,
        Item=KEY,
        ConditionExpression="#v = :one",
        ExpressionAttributeNames={"#v": "v"},
        ExpressionAttributeValues={":one": {"N": "1.0"}},
    )


def test_legacy_expected_guards_the_write(dynamodb: Any, table: str) -> None:
    dynamodb.put_item(TableName=table, Item=KEY, Expected={"pk": {"Exists": False}})
    assert fault(dynamodb.put_item, TableName=table, Item=KEY, Expected={"pk": {"Exists": False}}) == CONDITION_FAILED


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ({"pk": {"S": "a"}}, "One or more parameter values were invalid: Missing the key sk in the item"),
        (
            {"pk": {"N": "1"}, "sk": {"S": "1"}},
            "One or more parameter values were invalid: Type mismatch for key pk expected: S actual: N",
        ),
        (
            {"pk": {"S": ""}, "sk": {"S": "1"}},
            (
                "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an "
                "empty string value. Key: pk"
            ),
        ),
        (
            {"pk": {"S": "x" * 2049}, "sk": {"S": "1"}},
            "One or more parameter values were invalid: Size of hashkey has exceeded the maximum size limit of2048 bytes",
        ),
        (
            {"pk": {"S": "x"}, "sk": {"S": "é" * 513}},
            (
                "One or more parameter values were invalid: Aggregated size of all range keys has exceeded the size limit "
                "of 1024 bytes"
            ),
        ),
        (KEY | {"v": {"S": "x" * 409_600}}, "Item size has exceeded the maximum allowed size"),
        (KEY | {"v": {}}, "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"),
        (
            KEY | {"v": {"SS": []}},
            f"{ENVELOPE}One or more parameter values were invalid: An string set  may not be empty",
        ),
        (
            KEY | {"v": {"NULL": False}},
            f"{ENVELOPE}One or more parameter values were invalid: Null attribute value types must have the value of true",
        ),
        (KEY | {"v": {"N": "x"}}, "The parameter cannot be converted to a numeric value: x"),
    ],
)
def test_refuses_bad_items(dynamodb: Any, table: str, item: dict[str, Any], message: str) -> None:
    assert invalid(dynamodb.put_item, TableName=table, Item=item) == message
    assert dynamodb.scan(TableName=table)["Count"] == 0


def test_an_item_of_exactly_the_limit_is_taken(dynamodb: Any, table: str) -> None:
    overhead = len("pk") + 1 + len("sk") + 1 + len("v")
    item = KEY | {"v": {"S": "x" * (409_600 - overhead)}}
    dynamodb.put_item(TableName=table, Item=item)
    assert dynamodb.get_item(TableName=table, Key=KEY)["Item"] == item


def test_order_of_complaints(dynamodb: Any, table: str) -> None:
    bad = {"TableName": table, "Item": {"pk": {"S": "a"}, "v": {"N": "x"}}, "ConditionExpression": "a ="}
    assert invalid(dynamodb.put_item, **bad) == "The parameter cannot be converted to a numeric value: x"
    bad["Item"] = {"pk": {"S": "a"}}
    assert invalid(dynamodb.put_item, **bad).startswith(f"{ENVELOPE}Invalid ConditionExpression: Syntax error")
    bad["ReturnValues"] = "ALL_NEW"
    assert invalid(dynamodb.put_item, **bad).startswith(f"{ENVELOPE}Invalid ConditionExpression: Syntax error")
    del bad["ConditionExpression"]
    assert invalid(dynamodb.put_item, **bad) == f"{ENVELOPE}ReturnValues can only be ALL_OLD or NONE"
    del bad["ReturnValues"]
    bad["TableName"] = "absent"
    assert fault(dynamodb.put_item, **bad) == NO_TABLE


def test_index_keys_must_fit(dynamodb: Any) -> None:
    table = create_table(dynamodb, "indexed", "pk:S", indexes={"by_n": {"hash": ["n:N"], "range": ["s:S"]}})
    assert invalid(dynamodb.put_item, TableName=table, Item={"pk": {"S": "a"}, "n": {"S": "x"}}) == (
        "One or more parameter values were invalid: Type mismatch for Index Key n Expected: N Actual: S IndexName: by_n"
    )
    assert invalid(dynamodb.put_item, TableName=table, Item={"pk": {"S": "a"}, "s": {"S": ""}}) == (
        "One or more parameter values are not valid. A value specified for a secondary index key is not supported. The "
        "AttributeValue for a key attribute cannot contain an empty string value. IndexName: by_n, IndexKey: s"
    )
    dynamodb.put_item(TableName=table, Item={"pk": {"S": "a"}, "n": {"N": "1"}})
    assert dynamodb.scan(TableName=table, IndexName="by_n")["Count"] == 0


def test_capacity_counts_the_larger_image_and_changed_entries(dynamodb: Any) -> None:
    table = create_table(
        dynamodb,
        "charged",
        "pk:S",
        "sk:S",
        indexes={
            "all": {"hash": ["g:S"]},
            "keys": {"hash": ["h:S"], "projection": "KEYS_ONLY"},
            "local": {"range": ["l:S"], "local": True, "projection": "KEYS_ONLY"},
        },
    )

    def put(**attributes: Any) -> dict[str, Any]:
        answer = dynamodb.put_item(TableName=table, Item=KEY | attributes, ReturnConsumedCapacity="INDEXES")
        consumed: dict[str, Any] = answer["ConsumedCapacity"]
        assert consumed.pop("TableName") == table
        return consumed

    both = {"g": {"S": "g"}, "h": {"S": "h"}, "l": {"S": "l"}}
    one = {"CapacityUnits": 1.0}
    assert put(v={"S": "x" * 3000}) == {"CapacityUnits": 3.0, "Table": {"CapacityUnits": 3.0}}
    assert put(**both) == {
        "CapacityUnits": 6.0,
        "Table": {"CapacityUnits": 3.0},
        "GlobalSecondaryIndexes": {"all": one, "keys": one},
        "LocalSecondaryIndexes": {"local": one},
    }
    assert put(**both) == {"CapacityUnits": 1.0, "Table": one}
    assert put(**both, v={"S": "y"}) == {
        "CapacityUnits": 2.0,
        "Table": one,
        "GlobalSecondaryIndexes": {"all": one},
    }
    moved = both | {"h": {"S": "i"}}
    assert put(**moved, v={"S": "y"})["GlobalSecondaryIndexes"] == {"all": one, "keys": {"CapacityUnits": 2.0}}


def test_collection_metrics_only_with_a_local_index(dynamodb: Any, table: str) -> None:
    asked = {"Item": KEY, "ReturnItemCollectionMetrics": "SIZE"}
    assert "ItemCollectionMetrics" not in dynamodb.put_item(TableName=table, **asked)
    local = create_table(dynamodb, "local", "pk:S", "sk:S", indexes={"by_l": {"range": ["l:S"], "local": True}})
    assert dynamodb.put_item(TableName=local, **asked)["ItemCollectionMetrics"] == {
        "ItemCollectionKey": {"pk": {"S": "a"}},
        "SizeEstimateRangeGB": [0.0, 1.0],
    }


def test_key_attributes_are_scalars(dynamodb: Any, table: str) -> None:
    assert (
        invalid(dynamodb.put_item, TableName=table, Item=KEY, ConditionExpression="attribute_not_exists(pk.a)")
        == "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: Key: pk"
    )

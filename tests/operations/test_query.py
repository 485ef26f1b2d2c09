from typing import Any

import pytest

from tests.operations.conftest import create_table
from tests.operations.faults import ENVELOPE, NO_TABLE, fault, invalid

A = {":p": {"S": "a"}}
NUMBERS = ["-10", "-1.5", "0", "0.001", "2", "10", "1" + "0" * 30]


def query(
    dynamodb: Any, table: str, condition: str = "pk = :p", values: dict[str, Any] | None = None, **more: Any
) -> Any:
    return dynamodb.query(
        TableName=table, KeyConditionExpression=condition, ExpressionAttributeValues=A | (values or {}), **more
    )


def sorts(answer: Any, name: str = "sk") -> list[str]:
    return [next(iter(item[name].values())) for item in answer["Items"]]


@pytest.fixture
def letters(dynamodb: Any, table: str) -> str:
    for letter in "dbca":
        dynamodb.put_item(TableName=table, Item={"pk": {"S": "a"}, "sk": {"S": letter}, "v": {"S": letter * 2}})
    dynamodb.put_item(TableName=table, Item={"pk": {"S": "other"}, "sk": {"S": "a"}})
    return table


@pytest.mark.parametrize(
    ("condition", "values", "expected"),
    [
        ("pk = :p", {}, "abcd"),
        ("pk = :p AND sk = :s", {":s": {"S": "b"}}, "b"),
        (":p = pk AND :s < sk", {":s": {"S": "b"}}, "cd"),
        ("pk = :p AND sk >= :s", {":s": {"S": "b"}}, "bcd"),
        ("sk < :s AND pk = :p", {":s": {"S": "b"}}, "a"),
        ("pk = :p AND sk <= :s", {":s": {"S": "b"}}, "ab"),
        ("pk = :p AND sk BETWEEN :s AND :t", {":s": {"S": "b"}, ":t": {"S": "c"}}, "bc"),
        ("pk = :p AND begins_with(sk, :s)", {":s": {"S": "d"}}, "d"),
    ],
)
def test_key_conditions(dynamodb: Any, letters: str, condition: str, values: Any, expected: str) -> None:
    assert sorts(query(dynamodb, letters, condition, values)) == list(expected)
    backwards = query(dynamodb, letters, condition, values, ScanIndexForward=False)
    assert sorts(backwards) == list(reversed(expected))


def test_numbers_sort_by_value(dynamodb: Any) -> None:
    table = create_table(dynamodb, "numbers", "pk:S", "sk:N")
    for number in reversed(NUMBERS):
        dynamodb.put_item(TableName=table, Item={"pk": {"S": "a"}, "sk": {"N": number}})
    assert sorts(query(dynamodb, table)) == NUMBERS
    assert sorts(query(dynamodb, table, "pk = :p AND sk > :n", {":n": {"N": "0"}})) == NUMBERS[3:]


def test_filter_counts_after_and_limit_before(dynamodb: Any, letters: str) -> None:
    answer = query(dynamodb, letters, FilterExpression="v > :v", values={":v": {"S": "bb"}}, Limit=3)
    assert (answer["Count"], answer["ScannedCount"], sorts(answer)) == (1, 3, ["c"])
    assert answer["LastEvaluatedKey"] == {"pk": {"S": "a"}, "sk": {"S": "c"}}
    rest = query(
        dynamodb,
        letters,
        FilterExpression="v > :v",
        values={":v": {"S": "bb"}},
        ExclusiveStartKey=answer["LastEvaluatedKey"],
    )
    assert sorts(rest) == ["d"]
    assert "LastEvaluatedKey" not in rest


def test_a_limit_equal_to_the_matches_still_gives_a_key(dynamodb: Any, letters: str) -> None:
    answer = query(dynamodb, letters, Limit=4)
    last = query(dynamodb, letters, ExclusiveStartKey=answer["LastEvaluatedKey"])
    assert (last["Count"], "LastEvaluatedKey" in last) == (0, False)


@pytest.mark.parametrize("forward", [True, False])
def test_pages_cover_everything_once(dynamodb: Any, letters: str, forward: bool) -> None:
    seen: list[str] = []
    start: dict[str, Any] = {}
    while True:
        page = query(dynamodb, letters, Limit=1, ScanIndexForward=forward, **start)
        seen += sorts(page)
        if "LastEvaluatedKey" not in page:
            break
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
    assert seen == sorted("abcd", reverse=not forward)


def test_a_page_ends_with_the_item_that_reaches_one_megabyte(dynamodb: Any, table: str) -> None:
    each = 1024 * 1024 // 4
    text = "x" * (each - len("pk") - 1 - len("sk") - 1 - len("v"))
    for number in range(6):
        dynamodb.put_item(TableName=table, Item={"pk": {"S": "a"}, "sk": {"S": str(number)}, "v": {"S": text}})
    page = query(dynamodb, table, ReturnConsumedCapacity="TOTAL", ConsistentRead=True)
    assert (page["Count"], page["LastEvaluatedKey"]["sk"]) == (4, {"S": "3"})
    assert page["ConsumedCapacity"]["CapacityUnits"] == 256.0


def test_capacity_rounds_the_page_once(dynamodb: Any, table: str) -> None:
    for number in range(10):
        item = {"pk": {"S": "a"}, "sk": {"S": str(number)}, "v": {"S": "x" * 1000}}
        dynamodb.put_item(TableName=table, Item=item)
    for consistent, units in ((True, 3.0), (False, 1.5)):
        answer = query(dynamodb, table, ConsistentRead=consistent, ReturnConsumedCapacity="TOTAL", Select="COUNT")
        assert (answer["ConsumedCapacity"]["CapacityUnits"], answer["Count"], "Items" in answer) == (units, 10, False)


@pytest.fixture
def indexed(dynamodb: Any) -> str:
    table = create_table(
        dynamodb,
        "indexed",
        "pk:S",
        "sk:S",
        indexes={
            "keys": {"hash": ["g:S"], "range": ["n:N"], "projection": "KEYS_ONLY"},
            "some": {"hash": ["g:S"], "projection": ["v"]},
            "local": {"range": ["n:N"], "projection": "KEYS_ONLY", "local": True},
        },
    )
    for number in range(4):
        item = {"pk": {"S": "a"}, "sk": {"S": str(number)}, "g": {"S": "x"}, "n": {"N": str(3 - number)}}
        dynamodb.put_item(TableName=table, Item=item | {"v": {"S": "v"}, "w": {"S": "w"}})
    dynamodb.put_item(TableName=table, Item={"pk": {"S": "a"}, "sk": {"S": "sparse"}, "g": {"S": "x"}})
    return table


def test_global_index(dynamodb: Any, indexed: str) -> None:
    call = {"IndexName": "keys", "KeyConditionExpression": "g = :g", "ExpressionAttributeValues": {":g": {"S": "x"}}}
    answer = dynamodb.query(TableName=indexed, Limit=2, ReturnConsumedCapacity="INDEXES", **call)
    assert [item["n"]["N"] for item in answer["Items"]] == ["0", "1"]
    assert set(answer["Items"][0]) == {"pk", "sk", "g", "n"}
    assert set(answer["LastEvaluatedKey"]) == {"pk", "sk", "g", "n"}
    assert answer["ConsumedCapacity"] == {
        "TableName": indexed,
        "CapacityUnits": 0.5,
        "Table": {"CapacityUnits": 0.0},
        "GlobalSecondaryIndexes": {"keys": {"CapacityUnits": 0.5}},
    }
    rest = dynamodb.query(TableName=indexed, ExclusiveStartKey=answer["LastEvaluatedKey"], **call)
    assert [item["n"]["N"] for item in rest["Items"]] == ["2", "3"]
    assert invalid(dynamodb.query, TableName=indexed, ConsistentRead=True, **call) == (
        "Consistent reads are not supported on global secondary indexes"
    )
    assert invalid(dynamodb.query, TableName=indexed, Select="ALL_ATTRIBUTES", **call) == (
        "One or more parameter values were invalid: Select type ALL_ATTRIBUTES is not supported for global secondary "
        "index keys because its projection type is not ALL"
    )
    assert invalid(dynamodb.query, TableName=indexed, ProjectionExpression="v, w", **call | {"IndexName": "some"}) == (
        "One or more parameter values were invalid: Global secondary index some does not project [w]"
    )


def test_local_index_reads_back_what_it_does_not_project(dynamodb: Any, indexed: str) -> None:
    whole = query(
        dynamodb,
        indexed,
        "pk = :p AND n < :n",
        {":n": {"N": "3"}},
        IndexName="local",
        Select="ALL_ATTRIBUTES",
        ReturnConsumedCapacity="INDEXES",
    )
    assert [item["w"]["S"] for item in whole["Items"]] == ["w"] * 3
    assert whole["ConsumedCapacity"] == {
        "TableName": indexed,
        "CapacityUnits": 2.0,
        "Table": {"CapacityUnits": 1.5},
        "LocalSecondaryIndexes": {"local": {"CapacityUnits": 0.5}},
    }
    assert set(query(dynamodb, indexed, IndexName="local")["Items"][0]) == {"pk", "sk", "n"}
    shown = query(dynamodb, indexed, IndexName="local", ProjectionExpression="w, n")
    assert shown["Items"][0] == {"w": {"S": "w"}, "n": {"N": "0"}}


def test_several_attributes_in_one_index_key(dynamodb: Any) -> None:
    table = create_table(
        dynamodb,
        "multi",
        "pk:S",
        indexes={"places": {"hash": ["country:S", "year:N"], "range": ["state:S", "city:S", "score:N"]}},
    )
    places = [("a", "x", 1), ("a", "x", 10), ("a", "x", 9), ("a", "xy", 1), ("b", "x", 1)]
    for number, (state, city, score) in enumerate(places):
        item = {"pk": {"S": str(number)}, "country": {"S": "c"}, "year": {"N": "1"}, "state": {"S": state}}
        dynamodb.put_item(TableName=table, Item=item | {"city": {"S": city}, "score": {"N": str(score)}})
    values = {":c": {"S": "c"}, ":y": {"N": "1"}, ":s": {"S": "a"}, ":x": {"S": "x"}, ":n": {"N": "1"}}

    both = "country = :c AND #y = :y"
    names = {"#y": "year"}

    def named(condition: str) -> list[str]:
        used = {name: value for name, value in values.items() if name in condition}
        answer = dynamodb.query(
            TableName=table,
            IndexName="places",
            KeyConditionExpression=condition,
            ExpressionAttributeNames=names | ({"#s": "state"} if "#s" in condition else {}),
            ExpressionAttributeValues=used,
        )
        return [item["pk"]["S"] for item in answer["Items"]]

    assert named(both) == ["0", "2", "1", "3", "4"]
    assert named(f"{both} AND #s = :s AND begins_with(city, :x)") == ["0", "2", "1", "3"]
    assert named(f"{both} AND #s = :s AND city = :x AND score > :n") == ["2", "1"]


def test_faults(dynamodb: Any, letters: str) -> None:
    values = {"ExpressionAttributeValues": {":a": {"S": "a"}}}
    with_index = {"TableName": letters, "KeyConditionExpression": "pk = :a", "IndexName": "none", **values}
    assert invalid(dynamodb.query, **with_index) == "The table does not have the specified index: none"
    assert fault(dynamodb.query, **with_index | {"TableName": "absent"}) == NO_TABLE
    assert invalid(dynamodb.query, TableName=letters) == (
        "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request."
    )
    assert invalid(dynamodb.query, TableName=letters, KeyConditionExpression="sk = :a", **values) == (
        "Query condition missed key schema element: pk"
    )
    assert invalid(dynamodb.query, TableName=letters, KeyConditionExpression="pk > :a", **values) == (
        "Query key condition not supported"
    )
    both = {"KeyConditionExpression": "pk = :a AND v = :a"}
    assert invalid(dynamodb.query, TableName=letters, **both, **values) == (
        "Query condition missed key schema element: sk"
    )
    assert (
        invalid(
            dynamodb.query, TableName=letters, KeyConditionExpression="pk = :a", FilterExpression="sk = :a", **values
        )
        == "Filter Expression can only contain non-primary key attributes: Primary key attribute: sk"
    )
    number = {"ExpressionAttributeValues": {":a": {"N": "1"}}}
    assert invalid(dynamodb.query, TableName=letters, KeyConditionExpression="pk = :a", **number) == (
        "One or more parameter values were invalid: Condition parameter type does not match schema type"
    )
    select = {"KeyConditionExpression": "pk = :a", "Select": "SPECIFIC_ATTRIBUTES", **values}
    assert invalid(dynamodb.query, TableName=letters, **select) == (
        f"{ENVELOPE}Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES"
    )


@pytest.mark.parametrize(
    ("start", "condition", "message"),
    [
        ({"pk": {"S": "a"}}, "pk = :p", "The provided starting key is invalid"),
        (
            {"pk": {"S": "b"}, "sk": {"S": "a"}},
            "pk = :p",
            "The provided starting key is outside query boundaries based on provided conditions",
        ),
        (
            {"pk": {"S": "a"}, "sk": {"S": "a"}},
            "pk = :p AND sk > :s",
            "The provided starting key does not match the range key predicate",
        ),
        (
            {"pk": {"S": "a"}, "sk": {"S": "b"}},
            "pk = :p AND sk = :s",
            "The query can return at most one row and cannot be restarted",
        ),
    ],
)
def test_starting_keys(dynamodb: Any, letters: str, start: Any, condition: str, message: str) -> None:
    values = A | ({":s": {"S": "b"}} if ":s" in condition else {})
    assert (
        invalid(
            dynamodb.query,
            TableName=letters,
            KeyConditionExpression=condition,
            ExpressionAttributeValues=values,
            ExclusiveStartKey=start,
        )
        == message
    )


def test_legacy_key_conditions_and_filter(dynamodb: Any, letters: str) -> None:
    answer = dynamodb.query(
        TableName=letters,
        KeyConditions={
            "pk": {"AttributeValueList": [{"S": "a"}], "ComparisonOperator": "EQ"},
            "sk": {"AttributeValueList": [{"S": "b"}, {"S": "d"}], "ComparisonOperator": "BETWEEN"},
        },
        QueryFilter={"v": {"AttributeValueList": [{"S": "cc"}], "ComparisonOperator": "NE"}},
        AttributesToGet=["v"],
    )
    assert answer["Items"] == [{"v": {"S": "bb"}}, {"v": {"S": "dd"}}]
    assert answer["ScannedCount"] == 3

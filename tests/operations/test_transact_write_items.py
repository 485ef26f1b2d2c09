import concurrent.futures
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from stator.errors import TransactionConflictException
from tests.operations.conftest import create_table
from tests.operations.faults import ENVELOPE, NO_TABLE, fault, invalid
from tests.running import RunningServer, new_account, start_server

FAILED = {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed"}
NONE = {"Code": "None"}
MISMATCHED = "The provided key element does not match the schema"
TWICE = "Transaction request cannot include multiple operations on one item"
EMPTY_KEY = (
    "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string "
    "value. Key: sk"
)


def key(number: int) -> dict[str, Any]:
    return {"pk": {"S": "a"}, "sk": {"S": f"{number:03}"}}


def put(table: str, number: int, attributes: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return {"Put": {"TableName": table, "Item": key(number) | (attributes or {})} | more}


def delete(table: str, number: int, **more: Any) -> dict[str, Any]:
    return {"Delete": {"TableName": table, "Key": key(number)} | more}


def update(
    table: str, number: int, expression: str, values: dict[str, Any] | None = None, **more: Any
) -> dict[str, Any]:
    if values is not None:
        more["ExpressionAttributeValues"] = values
    return {"Update": {"TableName": table, "Key": key(number), "UpdateExpression": expression} | more}


def check(table: str, number: int, condition: str = "attribute_exists(pk)", **more: Any) -> dict[str, Any]:
    return {"ConditionCheck": {"TableName": table, "Key": key(number), "ConditionExpression": condition} | more}


def reasons(client: Any, *actions: dict[str, Any], **more: Any) -> list[dict[str, Any]]:
    """Why the transaction was cancelled; its message has to agree."""
    with pytest.raises(ClientError) as caught:
        client.transact_write_items(TransactItems=list(actions), **more)
    response = caught.value.response
    assert response["Error"]["Code"] == "TransactionCanceledException"
    found: list[dict[str, Any]] = response["CancellationReasons"]
    codes = ", ".join(reason["Code"] for reason in found)
    assert response["Error"]["Message"] == (
        f"Transaction cancelled, please refer cancellation reasons for specific reasons [{codes}]"
    )
    return found


def refused(client: Any, *actions: dict[str, Any], **more: Any) -> str:
    return invalid(client.transact_write_items, TransactItems=list(actions), **more)


def contents(client: Any, table: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = client.scan(TableName=table, ConsistentRead=True)["Items"]
    return sorted(items, key=lambda item: item["sk"]["S"])


def test_all_kinds_of_actions_in_several_tables(dynamodb: Any, table: str) -> None:
    other = create_table(dynamodb, "other", "pk:S", "sk:S", indexes={"by_g": {"hash": ["g:S"]}})
    for number in (1, 2, 3):
        dynamodb.put_item(TableName=table, Item=key(number) | {"v": {"N": "1"}})
    answer = dynamodb.transact_write_items(
        TransactItems=[
            check(table, 1, "v = :one", ExpressionAttributeValues={":one": {"N": "1"}}),
            update(table, 2, "SET v = v + :one", {":one": {"N": "1"}}),
            delete(table, 3, ConditionExpression="attribute_exists(v)"),
            put(table, 4),
            put(other, 1, {"g": {"S": "x"}}),
        ]
    )
    assert answer.keys() == {"ResponseMetadata"}
    assert contents(dynamodb, table) == [key(1) | {"v": {"N": "1"}}, key(2) | {"v": {"N": "2"}}, key(4)]
    found = dynamodb.query(
        TableName=other,
        IndexName="by_g",
        KeyConditionExpression="g = :x",
        ExpressionAttributeValues={":x": {"S": "x"}},
    )
    assert found["Items"] == [key(1) | {"g": {"S": "x"}}]


def test_failed_conditions_are_all_told_and_nothing_happens(dynamodb: Any, table: str) -> None:
    dynamodb.put_item(TableName=table, Item=key(1) | {"v": {"N": "1"}})
    before = contents(dynamodb, table)
    new: dict[str, Any] = {
        "ConditionExpression": "attribute_not_exists(pk)",
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }
    assert reasons(dynamodb, put(table, 2), put(table, 1, **new), check(table, 3), delete(table, 4)) == [
        NONE,
        FAILED | {"Item": before[0]},
        FAILED,
        NONE,
    ]
    assert reasons(dynamodb, update(table, 1, "REMOVE v", ConditionExpression="attribute_not_exists(v)")) == [FAILED]
    exists = {"ConditionExpression": "attribute_exists(pk)", "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
    assert reasons(dynamodb, delete(table, 9, **exists)) == [FAILED]  # there is no item to show
    assert contents(dynamodb, table) == before


def test_a_fault_of_an_action_hides_failed_conditions_and_later_faults(dynamodb: Any, table: str) -> None:
    bad_key = {"Delete": {"TableName": table, "Key": {"pk": {"S": "a"}}}}
    wrong_type = {"Put": {"TableName": table, "Item": {"pk": {"S": "a"}, "sk": {"N": "1"}}}}
    assert reasons(dynamodb, check(table, 1), bad_key, wrong_type) == [
        NONE,
        {"Code": "ValidationError", "Message": MISMATCHED},
        NONE,
    ]
    # Also where only the stored item shows the fault.
    dynamodb.put_item(TableName=table, Item=key(2) | {"v": {"S": "text"}})
    assert reasons(dynamodb, check(table, 1), update(table, 2, "ADD v :one", {":one": {"N": "1"}})) == [
        NONE,
        {
            "Code": "ValidationError",
            "Message": "An operand in the update expression has an incorrect data type",
        },
    ]


ONE = {":one": {"N": "1"}}


@pytest.mark.parametrize(
    ("action", "message"),
    [
        (
            {"Put": {"TableName": "things", "Item": {"pk": {"S": "a"}, "sk": {"N": "1"}}}},
            "One or more parameter values were invalid: Type mismatch for key sk expected: S actual: N",
        ),
        (
            {"Put": {"TableName": "things", "Item": {"pk": {"S": "a"}}}},
            "One or more parameter values were invalid: Missing the key sk in the item",
        ),
        ({"Delete": {"TableName": "things", "Key": key(1) | {"more": {"S": "x"}}}}, MISMATCHED),
        ({"Update": {"TableName": "things", "Key": {}, "UpdateExpression": "REMOVE v"}}, MISMATCHED),
        (
            update("things", 1, "SET pk = :one", ONE),
            "One or more parameter values were invalid: Cannot update attribute pk. This attribute is part of the key",
        ),
        (
            check("things", 1, "attribute_exists(pk.v)"),
            "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: Key: pk",
        ),
        (
            put("things", 1, {"g": {"N": "1"}}),
            "One or more parameter values were invalid: Type mismatch for Index Key g Expected: S Actual: N IndexName: by_g",
        ),
        (
            update("things", 1, "SET g = :one", ONE),
            "One or more parameter values were invalid: Type mismatch for Index Key g Expected: S Actual: N IndexName: by_g",
        ),
        (
            update("things", 1, "SET v = nothing + :one", ONE),
            "The provided expression refers to an attribute that does not exist in the item",
        ),
    ],
)
def test_faults_of_one_action(dynamodb: Any, action: dict[str, Any], message: str) -> None:
    create_table(dynamodb, "things", "pk:S", "sk:S", indexes={"by_g": {"hash": ["g:S"]}})
    expected = [{"Code": "ValidationError", "Message": message}, NONE]
    assert reasons(dynamodb, action, put("things", 5)) == expected
    assert contents(dynamodb, "things") == []


@pytest.mark.parametrize(
    ("action", "message"),
    [
        ({}, "TransactItems can only contain one of Check, Put, Update or Delete"),
        (put("things", 1) | delete("things", 2), "TransactItems can only contain one of Check, Put, Update or Delete"),
        (check("things", 1, "v ="), 'Invalid ConditionExpression: Syntax error; token: "<EOF>", near: "="'),
        (check("things", 1, ""), "Invalid ConditionExpression: The expression can not be empty;"),
        (update("things", 1, ""), "Invalid UpdateExpression: The expression can not be empty;"),
        (
            check("things", 1, "v = :v"),
            (
                "Invalid ConditionExpression: An expression attribute value used in expression is not defined; "
                "attribute value: :v"
            ),
        ),
        (
            update("things", 1, "REMOVE v", ONE),
            "Value provided in ExpressionAttributeValues unused in expressions: keys: {:one}",
        ),
        (
            put("things", 1, ExpressionAttributeNames={"#v": "v"}),
            "ExpressionAttributeNames can only be specified when using expressions",
        ),
        (
            delete("things", 1, ExpressionAttributeValues=ONE),
            "ExpressionAttributeValues can only be specified when using expressions: ConditionExpression is null",
        ),
        (
            put("things", 1, ReturnValuesOnConditionCheckFailure="ALL"),
            (
                f"{ENVELOPE}Value 'ALL' at 'transactItems.1.member.put.returnValuesOnConditionCheckFailure' failed to satisfy "
                "constraint: Member must satisfy enum value set: [ALL_OLD, NONE]"
            ),
        ),
        (
            {"Put": {"TableName": "things"}},
            f"{ENVELOPE}Value null at 'transactItems.1.member.put.item' failed to satisfy constraint: Member must not be null",
        ),
        ({"Put": {"TableName": "things", "Item": {"pk": {"S": "a"}, "sk": {"S": ""}}}}, EMPTY_KEY),
        ({"Delete": {"TableName": "things", "Key": {"pk": {"S": "a"}, "sk": {"S": ""}}}}, EMPTY_KEY),
        (
            put("things", 1, {"g": {"S": ""}}),
            (
                "One or more parameter values are not valid. A value specified for a secondary index key is not supported. The "
                "AttributeValue for a key attribute cannot contain an empty string value. IndexName: by_g, IndexKey: g"
            ),
        ),
        (
            update("things", 1, "SET g = :empty", {":empty": {"S": ""}}),
            (
                "One or more parameter values are not valid. The update expression attempted to update a secondary index key to "
                "a value that is not supported. The AttributeValue for a key attribute cannot contain an empty string value."
            ),
        ),
        (put("things", 1, {"v": {"S": "x" * 409_600}}), "Item size has exceeded the maximum allowed size"),
        (put("things", 5), TWICE),
        (delete("things", 5), TWICE),
        (check("things", 5), TWICE),
    ],
)
def test_faults_of_the_whole_request(dynamodb: Any, action: dict[str, Any], message: str) -> None:
    create_table(dynamodb, "things", "pk:S", "sk:S", indexes={"by_g": {"hash": ["g:S"]}})
    assert refused(dynamodb, action, put("things", 5)) == message
    assert contents(dynamodb, "things") == []


def test_what_is_complained_of_first(dynamodb: Any, table: str) -> None:
    bad_key = {"Delete": {"TableName": table, "Key": {}}}
    empty_key = {"Delete": {"TableName": "absent", "Key": {"sk": {"S": ""}}}}
    gone = delete("absent", 1)
    broken = check(table, 1, "v =")
    assert "only contain one of" in refused(dynamodb, broken, {})
    assert "Invalid ConditionExpression" in refused(dynamodb, empty_key, put(table, 5), put(table, 5), broken)
    assert refused(dynamodb, gone, bad_key, put(table, 5), put(table, 5), empty_key) == EMPTY_KEY
    assert refused(dynamodb, gone, bad_key, put(table, 5), put(table, 5)) == TWICE
    assert refused(dynamodb, gone, gone) == TWICE
    assert fault(dynamodb.transact_write_items, TransactItems=[bad_key, gone]) == NO_TABLE
    assert fault(dynamodb.transact_write_items, TransactItems=[put("absent", 1), check(table, 1)]) == NO_TABLE
    assert reasons(dynamodb, check(table, 1), bad_key)[1]["Message"] == MISMATCHED


def test_one_item_written_two_ways_is_one_item(dynamodb: Any) -> None:
    table = create_table(dynamodb, "numbers", "id:N")
    arn = dynamodb.describe_table(TableName=table)["Table"]["TableArn"]
    puts = [
        {"Put": {"TableName": name, "Item": {"id": {"N": number}}}} for name, number in ((table, "1"), (arn, "1.0"))
    ]
    assert refused(dynamodb, *puts) == TWICE


def test_how_many_actions(dynamodb: Any, table: str) -> None:
    at = "at 'transactItems' failed to satisfy constraint: Member must have length"
    assert refused(dynamodb) == f"{ENVELOPE}Value '[]' {at} greater than or equal to 1"
    message = refused(dynamodb, *[put(table, number) for number in range(101)])
    assert message.startswith(f"{ENVELOPE}Value '[TransactWriteItem(")
    assert message.endswith(f"]' {at} less than or equal to 100")
    dynamodb.transact_write_items(TransactItems=[put(table, number) for number in range(100)])
    assert len(contents(dynamodb, table)) == 100


def test_how_many_bytes(dynamodb: Any, table: str) -> None:
    large = {"v": {"S": "x" * 400_000}}
    dynamodb.transact_write_items(TransactItems=[put(table, number, large) for number in range(10)])
    message = refused(dynamodb, *[put(table, number, large) for number in range(11)])
    assert message == "Transaction request size cannot exceed 4 MB"
    values = {":v": large["v"]}
    assert "4 MB" in refused(dynamodb, *[update(table, number, "SET v = :v", values) for number in range(11)])
    # What is deleted does not count.
    dynamodb.put_item(TableName=table, Item=key(10) | large)
    dynamodb.transact_write_items(TransactItems=[delete(table, number) for number in range(11)])
    assert contents(dynamodb, table) == []


def test_an_update_is_held_to_the_plain_size(dynamodb: Any, table: str) -> None:
    room = 409_600 - len("pkask001v")
    expression = {"ExpressionAttributeNames": {"#v": "v"}}
    fits = update(table, 1, "SET #v = :v", {":v": {"S": "x" * room}}, **expression)
    dynamodb.transact_write_items(TransactItems=[fits])
    assert invalid(dynamodb.update_item, **fits["Update"]).startswith("Item size to update has exceeded")
    over = update(table, 1, "SET #v = :v", {":v": {"S": "x" * (room + 1)}}, **expression)
    assert reasons(dynamodb, over) == [
        {"Code": "ValidationError", "Message": "Item size to update has exceeded the maximum allowed size"}
    ]


def test_capacity_is_twice_the_units_for_tables_and_once_for_indexes(dynamodb: Any, table: str) -> None:
    other = create_table(dynamodb, "other", "pk:S", "sk:S", indexes={"by_g": {"hash": ["g:S"]}})
    dynamodb.put_item(TableName=table, Item=key(1) | {"v": {"S": "x" * 3000}})
    actions = [
        check(table, 1),
        check(table, 2, "attribute_not_exists(pk)"),
        delete(table, 3),
        put(other, 1, {"g": {"S": "x"}, "v": {"S": "x" * 1500}}),
    ]
    answer = dynamodb.transact_write_items(TransactItems=actions, ReturnConsumedCapacity="INDEXES")
    assert answer["ConsumedCapacity"] == [
        {
            "TableName": table,
            "CapacityUnits": 10.0,
            "WriteCapacityUnits": 10.0,
            "Table": {"CapacityUnits": 10.0, "WriteCapacityUnits": 10.0},
        },
        {
            "TableName": other,
            "CapacityUnits": 6.0,
            "WriteCapacityUnits": 6.0,
            "Table": {"CapacityUnits": 4.0, "WriteCapacityUnits": 4.0},
            "GlobalSecondaryIndexes": {"by_g": {"CapacityUnits": 2.0, "WriteCapacityUnits": 2.0}},
        },
    ]
    total = dynamodb.transact_write_items(TransactItems=[put(other, 2)], ReturnConsumedCapacity="TOTAL")
    assert total["ConsumedCapacity"] == [{"TableName": other, "CapacityUnits": 2.0, "WriteCapacityUnits": 2.0}]


def test_item_collections(dynamodb: Any) -> None:
    table = create_table(dynamodb, "local", "pk:S", "sk:S", indexes={"by_l": {"range": ["l:S"], "local": True}})
    answer = dynamodb.transact_write_items(
        TransactItems=[put(table, 1), put(table, 2)], ReturnItemCollectionMetrics="SIZE"
    )
    assert answer["ItemCollectionMetrics"] == {
        table: [{"ItemCollectionKey": {"pk": {"S": "a"}}, "SizeEstimateRangeGB": [0.0, 1.0]}]
    }


COUNT = ("SET v = if_not_exists(v, :zero) + :one", {":zero": {"N": "0"}, ":one": {"N": "1"}})


def test_a_token_makes_it_happen_once(server: RunningServer, dynamodb: Any, table: str) -> None:
    request = {"TransactItems": [update(table, 1, *COUNT), delete(table, 2)], "ClientRequestToken": "t"}
    dynamodb.put_item(TableName=table, Item=key(2) | {"v": {"S": "x" * 9000}})
    first = dynamodb.transact_write_items(**request, ReturnConsumedCapacity="TOTAL")["ConsumedCapacity"]
    assert first == [{"TableName": table, "CapacityUnits": 20.0, "WriteCapacityUnits": 20.0}]
    again = dynamodb.transact_write_items(**request, ReturnConsumedCapacity="INDEXES")["ConsumedCapacity"]
    assert again == [
        {
            "TableName": table,
            "CapacityUnits": 8.0,
            "ReadCapacityUnits": 8.0,
            "Table": {"CapacityUnits": 8.0, "ReadCapacityUnits": 8.0},
        }
    ]
    other = request | {"TransactItems": [update(table, 1, *COUNT)]}
    code, message = fault(dynamodb.transact_write_items, **other)
    assert code == "IdempotentParameterMismatchException"
    assert message.startswith("DynamoDB rejected the request because you retried a request with a different payload")
    server.clock.advance(599)
    dynamodb.transact_write_items(**request)
    assert contents(dynamodb, table) == [key(1) | {"v": {"N": "1"}}]
    server.clock.advance(1)
    dynamodb.transact_write_items(**request)
    assert contents(dynamodb, table) == [key(1) | {"v": {"N": "2"}}]


def test_a_cancelled_transaction_leaves_its_token_free(dynamodb: Any, table: str) -> None:
    actions = [check(table, 1), put(table, 2)]
    assert reasons(dynamodb, *actions, ClientRequestToken="t") == [FAILED, NONE]
    dynamodb.put_item(TableName=table, Item=key(1))
    dynamodb.transact_write_items(TransactItems=actions, ClientRequestToken="t")
    assert contents(dynamodb, table) == [key(1), key(2)]


def test_tokens_count_per_account_and_region(server: RunningServer, dynamodb: Any, table: str) -> None:
    clients = [dynamodb, new_account(server.url).client()]
    create_table(clients[1], table, "pk:S", "sk:S")
    for client, number in zip(clients, (1, 2), strict=True):
        client.transact_write_items(TransactItems=[put(table, number)], ClientRequestToken="t")
        assert contents(client, table) == [key(number)]


@pytest.mark.parametrize(
    ("token", "bound"), [("", "greater than or equal to 1"), ("t" * 37, "less than or equal to 36")]
)
def test_tokens_have_a_length(dynamodb: Any, table: str, token: str, bound: str) -> None:
    assert refused(dynamodb, put(table, 1), ClientRequestToken=token) == (
        f"{ENVELOPE}Value '{token}' at 'clientRequestToken' failed to satisfy constraint: Member must have length {bound}"
    )


def test_a_token_holds_across_a_restart(tmp_path: Path) -> None:
    account = new_account("")
    for start in range(2):
        running = start_server(tmp_path)
        client = replace(account, url=running.url).client()
        if start == 0:
            create_table(client, "things", "pk:S", "sk:S")
        client.transact_write_items(TransactItems=[update("things", 1, *COUNT)], ClientRequestToken="t")
        assert contents(client, "things") == [key(1) | {"v": {"N": "1"}}]
        client.close()
        running.close()


def test_the_same_token_from_many_clients_at_once(dynamodb: Any, table: str) -> None:
    """One writes; the others learn that it is under way or was done. The SDK may repeat the former."""

    def send(_: int) -> str:
        try:
            dynamodb.transact_write_items(TransactItems=[update(table, 1, *COUNT)], ClientRequestToken="t")
        except dynamodb.exceptions.TransactionInProgressException:
            return "in progress"
        return "done"

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(send, range(40)))
    assert "done" in outcomes
    assert contents(dynamodb, table) == [key(1) | {"v": {"N": "1"}}]


def test_conflicts_have_their_wire_form() -> None:
    error = TransactionConflictException()
    assert (error.code, error.member, error.message) == (
        "TransactionConflictException",
        "message",
        "Transaction is ongoing for the item",
    )

"""BatchExecuteStatement over HTTP. Expectations are captures of the service."""

from typing import Any

import pytest

from tests.operations.conftest import create_table
from tests.operations.faults import invalid

UNKEYED = "Select statements within BatchExecuteStatement must specify the primary key in the where clause."
NO_TABLE = {"Code": "ResourceNotFound", "Message": "Requested resource not found"}


class Batches:
    def __init__(self, client: Any) -> None:
        self.client = client

    def run(self, *statements: str | dict[str, Any], **more: Any) -> list[dict[str, Any]]:
        """The responses, with the name of the table kept only where it is not `things`."""
        answer = self.client.batch_execute_statement(Statements=_members(statements), **more)
        responses: list[dict[str, Any]] = answer["Responses"]
        return responses

    def refused(self, *statements: str | dict[str, Any]) -> str:
        return invalid(self.client.batch_execute_statement, Statements=_members(statements))

    def put(self, pk: str, sk: str = "1", **attributes: str) -> None:
        item = {"pk": pk, "sk": sk, **attributes}
        self.client.put_item(TableName="things", Item={name: {"S": text} for name, text in item.items()})

    def get(self, pk: str, sk: str = "1") -> dict[str, Any] | None:
        found: dict[str, Any] = self.client.get_item(TableName="things", Key={"pk": {"S": pk}, "sk": {"S": sk}})
        return found.get("Item")

    def units(self, *statements: str | dict[str, Any], mode: str = "TOTAL") -> Any:
        answer = self.client.batch_execute_statement(Statements=_members(statements), ReturnConsumedCapacity=mode)
        return answer.get("ConsumedCapacity")


def _members(statements: tuple[str | dict[str, Any], ...]) -> list[dict[str, Any]]:
    return [{"Statement": one} if isinstance(one, str) else one for one in statements]


@pytest.fixture
def batches(dynamodb: Any, table: str) -> Batches:
    made = Batches(dynamodb)
    made.put("a", data="one")
    made.put("b", data="two")
    return made


def item(**attributes: str) -> dict[str, Any]:
    return {name: {"S": text} for name, text in attributes.items()}


def test_reads(batches: Batches) -> None:
    assert batches.run(
        "SELECT * FROM things WHERE pk = 'a' AND sk = '1'",
        "SELECT data FROM things WHERE '1' = sk AND pk IN ['b']",
        "SELECT data FROM things WHERE pk = 'nobody' AND sk = '1'",
        {"Statement": "SELECT nope FROM things WHERE pk = ? AND sk = '2'", "Parameters": [{"S": "a"}]},
    ) == [
        {"TableName": "things", "Item": item(pk="a", sk="1", data="one")},
        {"TableName": "things", "Item": item(data="two")},
        {"TableName": "things"},
        {"TableName": "things"},
    ]


@pytest.mark.parametrize(
    "where",
    [
        "",
        "WHERE pk = 'a'",
        "WHERE pk = 'a' AND sk = '1' AND data = 'one'",
        "WHERE pk = 'a' AND sk = '1' AND pk = 'b'",
        "WHERE pk = 'a' AND sk > '0'",
        "WHERE pk = 'a' AND sk = '1' AND attribute_exists(data)",
        "WHERE pk = 'a' AND sk IN ['1', '2']",
        "WHERE data = 'one'",
    ],
)
def test_a_read_names_its_key_and_nothing_else(batches: Batches, where: str) -> None:
    (response,) = batches.run(f"SELECT * FROM things {where}")
    assert response == {"Error": {"Code": "ValidationError", "Message": UNKEYED}}


def test_faults_of_single_reads(batches: Batches, dynamodb: Any) -> None:
    create_table(dynamodb, "indexed", "pk:S", indexes={"by-g": {"hash": ["g:S"]}})
    values = ",".join(f"'{number}'" for number in range(51))
    responses = batches.run(
        "SELECT * FROM indexed.\"by-g\" WHERE pk = 'a'",
        "SELECT * FROM nowhere WHERE pk = 'x'",
        "SLECT * FROM things WHERE pk = 'a' AND sk = '1'",
        "SELECT * FROM things WHERE",
        "SELECT COUNT(*) FROM things WHERE pk = 'c' AND sk = '1'",
        f"SELECT sk FROM things WHERE pk IN [{values}] AND sk = '1'",
        "SELECT * FROM things WHERE pk = 1 AND sk = '1'",
        "SELECT data FROM things WHERE pk = 'a' AND sk = '1'",
    )
    lead = "Statement wasn't well formed, can't be processed: "
    assert responses == [
        {"Error": {"Code": "ValidationError", "Message": UNKEYED}},
        {"Error": NO_TABLE, "TableName": "nowhere"},
        {"Error": {"Code": "ValidationError", "Message": lead + "Expected data manipulation"}},
        {"Error": {"Code": "ValidationError", "Message": lead + "Unexpected term"}},
        {"Error": {"Code": "ValidationError", "Message": "Unexpected path component at 1:8:5"}},
        {
            "Error": {
                "Code": "ValidationError",
                "Message": "Too many decomposed read operations for a given query.",
            }
        },
        {"Error": {"Code": "ValidationError", "Message": "The provided key element does not match the schema"}},
        {"TableName": "things", "Item": item(data="one")},
    ]


def test_writes(batches: Batches) -> None:
    assert batches.run(
        "INSERT INTO things VALUE {'pk': 'c', 'sk': '1', 'data': 'new'}",
        "UPDATE things SET data = 'after' WHERE pk = 'a' AND sk = '1' RETURNING MODIFIED NEW *",
        "DELETE FROM things WHERE pk = 'b' AND sk = '1' RETURNING ALL OLD *",
        "DELETE FROM things WHERE pk = 'nobody' AND sk = '1'",
    ) == [
        {"TableName": "things"},
        {"TableName": "things", "Item": item(data="after")},
        {"TableName": "things", "Item": item(pk="b", sk="1", data="two")},
        {"TableName": "things"},
    ]
    assert batches.get("c") == item(pk="c", sk="1", data="new")
    assert batches.get("a") == item(pk="a", sk="1", data="after")
    assert batches.get("b") is None


def test_a_write_that_fails_leaves_the_others_alone(batches: Batches) -> None:
    responses = batches.run(
        "INSERT INTO things VALUE {'pk': 'a', 'sk': '1'}",
        {
            "Statement": "UPDATE things SET data = 'x' WHERE pk = 'b' AND sk = '1' AND data = 'wrong'",
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        },
        "DELETE FROM things WHERE pk = 'x' AND sk = '1' RETURNING MODIFIED OLD *",
        "UPDATE things SET data = 'x' WHERE pk = 'x'",
        "INSERT INTO nowhere VALUE {'pk': 'a'}",
        "EXISTS(SELECT * FROM things WHERE pk = 'a' AND sk = '1' AND data IS MISSING)",
        {"Statement": "UPDATE things SET data = ? WHERE pk = 'y' AND sk = '1'", "Parameters": [{"SS": []}]},
        "UPDATE things REMOVE data WHERE pk = 'c' AND sk = '1'",
        "INSERT INTO things VALUE {'pk': 'd', 'sk': '1'}",
    )
    assert responses == [
        {"Error": {"Code": "DuplicateItem", "Message": "Duplicate primary key exists in table"}, "TableName": "things"},
        {
            "Error": {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed"},
            "TableName": "things",
        },
        {
            "Error": {
                "Code": "ValidationError",
                "Message": "Invalid returning clause: RETURNING MODIFIED OLD *. "
                "Only RETURNING ALL OLD * is allowed in DELETE statements.",
            }
        },
        {
            "Error": {
                "Code": "ValidationError",
                "Message": "Where clause does not contain a mandatory equality on all key attributes",
            }
        },
        {"Error": NO_TABLE, "TableName": "nowhere"},
        {
            "Error": {
                "Code": "ValidationError",
                "Message": "EXISTS can only be used in ExecuteTransaction write requests.",
            }
        },
        {
            "Error": {
                "Code": "ValidationError",
                "Message": "One or more parameter values were invalid: An string set  may not be empty",
            }
        },
        {
            "Error": {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed"},
            "TableName": "things",
        },
        {"TableName": "things"},
    ]
    assert batches.get("d") is not None


def test_a_write_that_fails_at_the_item_names_its_table(batches: Batches) -> None:
    deep: Any = {"S": "x"}
    for _ in range(31):
        deep = {"M": {"a": deep}}
    batches.run("UPDATE things SET m = {} WHERE pk = 'a' AND sk = '1'")
    statement = {"Statement": "UPDATE things SET m.deep = ? WHERE pk = 'a' AND sk = '1'", "Parameters": [deep]}
    assert batches.run(statement) == [
        {
            "Error": {"Code": "ValidationError", "Message": "Nesting Levels have exceeded supported limits"},
            "TableName": "things",
        }
    ]


def test_an_empty_projection_of_a_write_is_no_item(batches: Batches) -> None:
    text = "UPDATE things REMOVE data WHERE pk = 'a' AND sk = '1' RETURNING MODIFIED NEW *"
    assert batches.run(text) == [{"TableName": "things"}]
    assert batches.get("a") == item(pk="a", sk="1")


def test_no_batch_reads_and_writes(batches: Batches) -> None:
    problem = batches.refused(
        "SELECT * FROM things WHERE pk = 'a' AND sk = '1'",
        "no statement",
        "INSERT INTO things VALUE {'pk': 'e', 'sk': '1'}",
    )
    assert problem == "Read and write requests together in the same batch is not supported."
    assert batches.get("e") is None


@pytest.mark.parametrize(
    "statements",
    [
        ["SELECT data FROM things WHERE pk = 'a' AND sk = '1'", "SELECT sk FROM things WHERE sk = '1' AND pk = 'a'"],
        ["DELETE FROM things WHERE pk = 'a' AND sk = '1'", "INSERT INTO things VALUE {'pk': 'a', 'sk': '1'}"],
    ],
)
def test_no_item_twice(batches: Batches, statements: list[str]) -> None:
    assert batches.refused(*statements) == "Provided list of item keys contains duplicates"
    assert batches.get("a") == item(pk="a", sk="1", data="one")


def test_as_many_statements_as_are_allowed(batches: Batches) -> None:
    texts = [f"SELECT * FROM things WHERE pk = '{number}' AND sk = '1'" for number in range(26)]
    assert len(batches.run(*texts[:25])) == 25
    problem = batches.refused(*texts)
    assert problem.startswith("1 validation error detected: Value '[")
    assert problem.endswith(
        "at 'statements' failed to satisfy constraint: Member must have length less than or equal to 25"
    )
    assert batches.refused() == (
        "1 validation error detected: Value '[]' at 'statements' failed to satisfy constraint: "
        "Member must have length greater than or equal to 1"
    )


def test_the_capacity_of_reads(batches: Batches) -> None:
    texts = [f"SELECT * FROM things WHERE pk = '{pk}' AND sk = '1'" for pk in ("a", "b", "nobody")]
    assert batches.units(*texts) == [{"TableName": "things", "CapacityUnits": 1.5}]
    consistent: list[str | dict[str, Any]] = [{"Statement": texts[0], "ConsistentRead": True}, texts[1]]
    assert batches.units(*consistent) == [{"TableName": "things", "CapacityUnits": 1.5}]
    assert batches.units(texts[0], mode="NONE") is None


def test_the_capacity_of_writes(batches: Batches) -> None:
    """What fails counts for the total and in no arm; where everything fails, nothing is told."""
    filler = "x" * 2500
    failing = [
        f"INSERT INTO things VALUE {{'pk': 'a', 'sk': '1', 'filler': '{filler}'}}",
        "UPDATE things SET x = 1 WHERE pk = 'nobody' AND sk = '1'",
    ]
    assert batches.units(*failing) is None
    assert batches.units(*failing, "INSERT INTO things VALUE {'pk': 'f', 'sk': '1'}", mode="INDEXES") == [
        {"TableName": "things", "CapacityUnits": 5, "Table": {"CapacityUnits": 1}}
    ]

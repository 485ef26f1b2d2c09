"""ExecuteTransaction over HTTP. Expectations are captures of the service."""

from typing import Any

import pytest

from tests.operations.conftest import create_table
from tests.operations.faults import fault, invalid

CANCELLED = "Transaction cancelled, please refer cancellation reasons for specific reasons "
FIRST = "Validation failed in TransactStatements[0]: "
MISMATCH = "The provided key element does not match the schema"
UNKEYED = "Select statements within ExecuteTransaction must specify the primary key in the where clause."
NO_CONDITION = "EXISTS() must contain a single item read with additional condition"


class Transactions:
    def __init__(self, client: Any) -> None:
        self.client = client

    def run(self, *statements: str | dict[str, Any], **more: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self.client.execute_transaction(TransactStatements=_members(statements), **more)
        return answer

    def refused(self, *statements: str | dict[str, Any], **more: Any) -> str:
        return invalid(self.client.execute_transaction, TransactStatements=_members(statements), **more)

    def reasons(self, *statements: str | dict[str, Any]) -> list[dict[str, Any]]:
        with pytest.raises(self.client.exceptions.TransactionCanceledException) as caught:
            self.run(*statements)
        reasons: list[dict[str, Any]] = caught.value.response["CancellationReasons"]
        codes = ", ".join(reason["Code"] for reason in reasons)
        assert caught.value.response["Error"]["Message"] == f"{CANCELLED}[{codes}]"
        return reasons

    def put(self, pk: str, **attributes: str) -> None:
        item = {"pk": pk, "sk": "1", **attributes}
        self.client.put_item(TableName="things", Item={name: {"S": text} for name, text in item.items()})

    def get(self, pk: str) -> dict[str, Any] | None:
        found = self.client.get_item(TableName="things", Key={"pk": {"S": pk}, "sk": {"S": "1"}}).get("Item")
        return None if found is None else {name: next(iter(one.values())) for name, one in found.items()}


def _members(statements: tuple[str | dict[str, Any], ...]) -> list[dict[str, Any]]:
    return [{"Statement": one} if isinstance(one, str) else one for one in statements]


@pytest.fixture
def transactions(dynamodb: Any, table: str) -> Transactions:
    made = Transactions(dynamodb)
    made.put("a", data="one")
    made.put("b", data="two")
    return made


A = "WHERE pk = 'a' AND sk = '1'"
B = "WHERE pk = 'b' AND sk = '1'"


def test_reads(transactions: Transactions) -> None:
    answer = transactions.run(
        f"SELECT data FROM things {A}",
        "SELECT * FROM things WHERE pk IN ['b'] AND (sk IN ['1']) AND pk = 'b'",
        "SELECT * FROM things WHERE pk = 'nobody' AND sk = '1'",
        f"SELECT nope FROM things {A.replace('1', '2')}",
        ReturnConsumedCapacity="TOTAL",
    )
    assert answer["Responses"] == [
        {"Item": {"data": {"S": "one"}}},
        {"Item": {"pk": {"S": "b"}, "sk": {"S": "1"}, "data": {"S": "two"}}},
        {},
        {},
    ]
    assert answer["ConsumedCapacity"] == [{"TableName": "things", "CapacityUnits": 8, "ReadCapacityUnits": 8}]


def test_a_projection_that_finds_nothing(transactions: Transactions) -> None:
    assert transactions.run(f"SELECT nope FROM things {A}")["Responses"] == [{}]


@pytest.mark.parametrize(
    "where",
    [
        "pk = 'a' AND sk = '1' AND data = 'one'",
        "pk = 'a' AND sk = '1' AND pk = 'b'",
        "pk IN ['b'] AND pk = 'a' AND sk = '1'",
        "pk = 'a'",
        "pk = 'a' AND sk = '1' AND attribute_exists(data)",
    ],
)
def test_a_read_names_its_key_and_nothing_else(transactions: Transactions, where: str) -> None:
    assert transactions.refused(f"SELECT * FROM things WHERE {where}") == FIRST + UNKEYED


def test_reads_refused(transactions: Transactions, dynamodb: Any) -> None:
    create_table(dynamodb, "indexed", "pk:S", indexes={"by-g": {"hash": ["g:S"]}})
    assert transactions.refused("SELECT * FROM indexed.\"by-g\" WHERE g = 'x'") == (
        FIRST + "Reads on indices are not supported within transactions."
    )
    assert transactions.refused("SELECT * FROM things WHERE pk IN ['a', 'a'] AND sk = '1'") == (
        FIRST + "Overlapping conditions with range keys are not supported in where clause"
    )
    twice = "Transaction request cannot include multiple operations on one item"
    assert transactions.refused(f"SELECT * FROM things {A}", "SELECT data FROM things WHERE sk='1' AND pk='a'") == twice
    select = f"SELECT * FROM things {A}"
    reasons = transactions.reasons(select, select, "SELECT * FROM things WHERE pk = 1 AND sk = '1'")
    assert reasons == [{"Code": "None"}, {"Code": "None"}, {"Code": "ValidationError", "Message": MISMATCH}]


def test_writes(transactions: Transactions) -> None:
    answer = transactions.run(
        "INSERT INTO things VALUE {'pk': 'c', 'sk': '1', 'data': 'new'}",
        {"Statement": "UPDATE things SET data = ? WHERE pk = ? AND sk = '1'", "Parameters": [{"S": "x"}, {"S": "a"}]},
        f"DELETE FROM things {B} AND data = 'two'",
        "DELETE FROM things WHERE pk = 'nobody' AND sk = '1' AND data = 'two'",
        ReturnConsumedCapacity="TOTAL",
    )
    assert answer["Responses"] == []
    assert answer["ConsumedCapacity"] == [{"TableName": "things", "CapacityUnits": 8, "WriteCapacityUnits": 8}]
    assert transactions.get("c") == {"pk": "c", "sk": "1", "data": "new"}
    assert transactions.get("a") == {"pk": "a", "sk": "1", "data": "x"}
    assert transactions.get("b") is None


def test_a_refused_write_refuses_all(transactions: Transactions) -> None:
    reasons = transactions.reasons(
        "INSERT INTO things VALUE {'pk': 'a', 'sk': '1', 'data': 'other'}",
        "INSERT INTO things VALUE {'pk': 'd', 'sk': '1'}",
        {
            "Statement": f"UPDATE things SET x = 1 {B} AND data = 'one'",
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        },
        "UPDATE things SET x = 1 WHERE pk = 'nobody' AND sk = '1'",
    )
    assert reasons == [
        {"Code": "DuplicateItem", "Message": "Duplicate primary key exists in table"},
        {"Code": "None"},
        {
            "Code": "ConditionalCheckFailed",
            "Message": "The conditional request failed",
            "Item": {"pk": {"S": "b"}, "sk": {"S": "1"}, "data": {"S": "two"}},
        },
        {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed"},
    ]
    assert transactions.get("d") is None
    assert transactions.get("a") == {"pk": "a", "sk": "1", "data": "one"}


def test_exists(transactions: Transactions) -> None:
    update = f"UPDATE things SET x = '1' {B}"
    transactions.run(f"EXISTS(SELECT * FROM things {A} AND nope IS MISSING)", update)
    assert transactions.get("b") == {"pk": "b", "sk": "1", "data": "two", "x": "1"}
    transactions.run("EXISTS(SELECT * FROM things WHERE (pk='a' AND sk='1') AND data = 'one')")
    update = update.replace("x =", "y =")
    reasons = transactions.reasons(f"EXISTS(SELECT * FROM things {A} AND data IS MISSING)", update)
    assert reasons == [
        {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed"},
        {"Code": "None"},
    ]
    reasons = transactions.reasons(f"EXISTS(SELECT * FROM things {A} AND pk = 'z' AND data = 'one')", update)
    assert [reason["Code"] for reason in reasons] == ["ConditionalCheckFailed", "None"]
    assert "y" not in (transactions.get("b") or {})


@pytest.mark.parametrize(
    "where", ["pk='a' AND sk='1'", "pk IN ['a'] AND sk='1' AND data='one'", "pk='a' AND data='one'"]
)
def test_exists_checks_one_item(transactions: Transactions, where: str) -> None:
    statements = (f"EXISTS(SELECT * FROM things WHERE {where})", f"UPDATE things SET x = 1 {B}")
    assert transactions.refused(*statements) == FIRST + NO_CONDITION


MIXED = "ExecuteTransaction API does not support both read and write operations in the same request."


def test_no_transaction_reads_and_writes(transactions: Transactions) -> None:
    assert transactions.refused(f"SELECT * FROM things {A}", f"UPDATE things SET x = 1 {A}") == MIXED
    exists = f"EXISTS(SELECT * FROM things {A} AND data = 'one')"
    assert transactions.refused(f"SELECT * FROM things {B}", exists) == MIXED


def test_no_item_twice(transactions: Transactions) -> None:
    exists = f"EXISTS(SELECT * FROM things {A} AND data = 'one')"
    problem = transactions.refused(f"UPDATE things SET x = 1 {A}", exists)
    assert problem == "Transaction request cannot include multiple operations on one item"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("SELECT * FROM things WHERE", "Statement wasn't well formed, can't be processed: Unexpected term"),
        (
            f"UPDATE things SET x = 1 {A} RETURNING ALL NEW *",
            "RETURNING clause is not supported in ExecuteTransaction.",
        ),
        ("UPDATE things.idx SET x = 1 WHERE pk = 'a'", "This operation is not supported on an index"),
        (
            f"UPDATE things SET x = x + [1] {A}",
            "Incorrect operand type for operator or function; operator or function: +, operand type: L",
        ),
        (
            "INSERT INTO things VALUE {'pk':'z','sk':'1','x':[<<'a','a'>>]}",
            "One or more parameter values were invalid: Input collection [a, a] contains duplicates.",
        ),
        (
            f"UPDATE things SET d = {'[' * 32}1{']' * 32} {A}",
            "Nesting Levels have exceeded supported limits under root" + "[0]" * 32,
        ),
        ("SELECT COUNT(*) FROM things", "Unexpected path component at 1:8:5"),
    ],
)
def test_statements_that_no_transaction_can_have(transactions: Transactions, text: str, problem: str) -> None:
    assert transactions.refused(text) == FIRST + problem


def test_faulty_parameters_are_told_without_their_statement(transactions: Transactions) -> None:
    problem = transactions.refused(
        "no statement",
        {"Statement": "INSERT INTO things VALUE {'pk':'z','sk':?}", "Parameters": [{"SS": ["a", "a"]}]},
    )
    assert problem == "One or more parameter values were invalid: Input collection [a, a] contains duplicates."


def test_missing_tables_cancel(transactions: Transactions) -> None:
    missing = "UPDATE nowhere SET a = 1 WHERE pk = 'x'"
    not_found = {"Code": "ResourceNotFound", "Message": "Requested resource not found"}
    reasons = transactions.reasons(missing + " RETURNING ALL NEW *", "DELETE FROM nowhere WHERE pk = 'x'")
    assert reasons == [not_found, not_found]
    reasons = transactions.reasons(f"SELECT * FROM things {A}", "SELECT * FROM nowhere.idx WHERE pk = 'x'")
    assert reasons == [{"Code": "None"}, not_found]
    assert transactions.refused(missing, f"UPDATE things SET x = 1 {A} RETURNING ALL NEW *") == (
        "Validation failed in TransactStatements[1]: RETURNING clause is not supported in ExecuteTransaction."
    )
    assert transactions.refused("SELECT * FROM nowhere WHERE pk = 'x'", f"SELECT * FROM things.idx {A}") == (
        "Validation failed in TransactStatements[1]: Reads on indices are not supported within transactions."
    )


def test_writes_that_do_not_name_one_item_cancel(transactions: Transactions) -> None:
    update = "UPDATE things SET x = 1 WHERE "
    reasons = transactions.reasons(
        update + "pk='a'",
        update + "pk IN ['a'] AND sk='1'",
        update + "pk='a' AND sk='1' AND pk='b'",
        update + "pk='a' AND sk=1",
        update + "pk='a' AND sk='1'",
    )
    assert [reason["Code"] for reason in reasons] == ["ValidationError"] * 4 + ["None"]
    assert reasons[0]["Message"] == reasons[3]["Message"] == MISMATCH
    reasons = transactions.reasons("INSERT INTO things VALUE {'pk':'z'}", "DELETE FROM things WHERE sk='1'")
    assert [reason["Message"] for reason in reasons] == [
        "One or more parameter values were invalid: Missing the key sk in the item",
        MISMATCH,
    ]
    assert transactions.get("a") == {"pk": "a", "sk": "1", "data": "one"}


def test_what_an_item_refuses_cancels(transactions: Transactions) -> None:
    deep: Any = {"S": "x"}
    for _ in range(31):
        deep = {"M": {"a": deep}}
    transactions.run(f"UPDATE things SET m = {{}} {A}")
    reasons = transactions.reasons({"Statement": f"UPDATE things SET m.deep = ? {A}", "Parameters": [deep]})
    assert reasons == [{"Code": "ValidationError", "Message": "Nesting Levels have exceeded supported limits"}]


def test_a_token_makes_it_happen_once(transactions: Transactions) -> None:
    transactions.client.update_item(
        TableName="things",
        Key={"pk": {"S": "a"}, "sk": {"S": "1"}},
        UpdateExpression="SET n = :n",
        ExpressionAttributeValues={":n": {"N": "0"}},
    )
    text = f"UPDATE things SET n = n + 1 {A}"
    first = transactions.run(text, ClientRequestToken="token", ReturnConsumedCapacity="TOTAL")
    again = transactions.run(text, ClientRequestToken="token", ReturnConsumedCapacity="TOTAL")
    assert (transactions.get("a") or {})["n"] == "1"
    assert first["ConsumedCapacity"][0]["WriteCapacityUnits"] == 2
    assert again["ConsumedCapacity"][0]["ReadCapacityUnits"] == 2
    assert again["Responses"] == []
    code, _ = fault(
        transactions.client.execute_transaction,
        TransactStatements=[{"Statement": text.replace("+ 1", "+ 2")}],
        ClientRequestToken="token",
    )
    assert code == "IdempotentParameterMismatchException"


def test_as_many_statements_as_are_allowed(transactions: Transactions) -> None:
    texts = [f"INSERT INTO things VALUE {{'pk': 'many', 'sk': '{number}'}}" for number in range(101)]
    transactions.run(*texts[:100])
    problem = transactions.refused(*texts)
    assert problem.startswith("1 validation error detected: Value '[")
    assert problem.endswith(
        "at 'transactStatements' failed to satisfy constraint: Member must have length less than or equal to 100"
    )
    assert transactions.refused().startswith("1 validation error detected: Value '[]' at 'transactStatements'")

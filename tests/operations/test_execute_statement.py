"""SELECT: what is read, in which order, page by page. Expectations are captures of the service; where a test is about our own words it says so."""

from typing import Any

import pytest

from tests.operations.conftest import create_table
from tests.operations.statements import OVERLAPPING, TOO_MANY_READS, Statements


@pytest.fixture
def t(dynamodb: Any, table: str) -> Statements:
    return Statements(dynamodb, table)


@pytest.fixture
def ranges(t: Statements) -> Statements:
    """Two items of one partition, and one of another."""
    t.put(pk="r", sk="1", flag="one")
    t.put(pk="r", sk="2", flag="two")
    t.put(pk="q", sk="1", flag="one")
    return t


@pytest.mark.parametrize(
    ("where", "sks"),
    [
        ("pk = 'r'", ["1", "2"]),
        ("'r' = pk AND '1' < sk", ["2"]),
        ("pk = 'r' AND sk = '1'", ["1"]),
        ("pk = 'r' AND (sk='1' OR sk='2')", ["1", "2"]),
        ("pk = 'r' AND sk IN ['2','1']", ["1", "2"]),
        ("pk = 'r' AND sk IN ('2')", ["2"]),
        ("pk = 'r' AND (sk < '1' OR sk > '1' OR sk='1')", ["1", "2"]),
        ("pk = 'r' AND attribute_exists(pk)", ["1", "2"]),
        ("pk = 'r' AND NOT sk='1'", ["2"]),
        ("pk = 'r' AND sk <> '1'", ["2"]),
        ("pk = 'r' AND sk != '1'", ["2"]),
        ("pk = 'r' AND sk > '0' AND sk <> '1'", ["2"]),
        ("pk = 'r' AND sk='1' AND sk > '0'", ["1"]),
        ("pk = 'r' AND sk > '1' AND sk < '1'", []),
        ("pk = 'r' AND sk BETWEEN '1' AND '1'", ["1"]),
        ("pk = 'r' AND begins_with(sk, '2')", ["2"]),
        ("pk = 'r' AND flag = 'two'", ["2"]),
        ("pk IN ['r', 'q'] AND sk = '1'", ["1", "1"]),
        ("pk = 'r' AND pk = 'q'", []),
        ("pk = 'r' OR pk = 'q'", ["1", "1", "2"]),
        ("pk = 'r' AND NOT sk = '1' OR pk = 'r' AND sk = '2'", ["2"]),
        ("pk = 'r' OR pk = 'r' AND NOT sk = '1'", ["1", "2"]),
        ("pk = 'r' AND NOT sk IN ['1'] OR pk = 'r' AND sk = '2'", ["2"]),
    ],
)
def test_a_key_condition_of_any_form(ranges: Statements, where: str, sks: list[str]) -> None:
    assert ranges.sks(where) == sks


@pytest.mark.parametrize("where", ["flag = 'one'", "sk = '1'", "pk = 'r' AND flag = 'one' OR pk > 'a' AND sk = '1'"])
def test_a_statement_without_the_partition_key_scans(ranges: Statements, where: str) -> None:
    answer = ranges.run(f"SELECT * FROM t WHERE {where}", ReturnConsumedCapacity="TOTAL")
    assert sorted(item["pk"]["S"] for item in answer["Items"]) == ["q", "r"]


def test_a_whole_table(ranges: Statements) -> None:
    assert len(ranges.rows("SELECT * FROM t ")) == 3
    assert len(ranges.rows("select * from t ;")) == 3


@pytest.mark.parametrize(
    "where",
    [
        "pk IN ['r','r']",
        "pk = 'r' OR pk = 'r'",
        "pk = 'r' AND (sk > '0' OR sk < '5')",
        "pk = 'r' AND (sk='1' OR flag='two')",
        "(pk = 'r' AND flag='one') OR (pk = 'r' AND flag='two')",
        "pk = 'a' AND x = '1' OR pk = 'a' AND sk = '2'",
        "pk = 'a' AND x <> '1' OR pk = 'a' AND sk = '2'",
    ],
)
def test_alternatives_that_overlap(ranges: Statements, where: str) -> None:
    assert ranges.refused(f"SELECT sk FROM t WHERE {where}") == OVERLAPPING


@pytest.mark.parametrize(
    ("where", "key"), [("pk = 1 OR pk = 'r'", "pk"), ("pk = 'r' AND sk IN ['1', 2]", "sk"), ("pk = ?", "pk")]
)
def test_a_key_of_another_type(ranges: Statements, where: str, key: str) -> None:
    problem = ranges.refused(f"SELECT sk FROM t WHERE {where}", *[5] * where.count("?"))
    assert problem == f"Key attribute's data type should match its data type in table's schema: Key {key}"


def test_only_key_conditions_need_the_type(ranges: Statements) -> None:
    assert ranges.sks("pk > 1") == []


def values(count: int) -> str:
    return ",".join(f"'v{number}'" for number in range(count))


@pytest.mark.parametrize(
    ("where", "problem"),
    [
        (f"pk IN [{values(51)}]", TOO_MANY_READS),
        (f"pk = 'r' AND sk IN [{values(51)}]", TOO_MANY_READS),
        (f"pk IN [{values(26)}] AND sk IN ['1','2']", TOO_MANY_READS),
        (
            f"pk = 'r' AND flag IN [{values(101)}]",
            "The IN operator is provided with too many operands; number of operands: 101",
        ),
    ],
)
def test_too_many_values(ranges: Statements, where: str, problem: str) -> None:
    assert ranges.refused(f"SELECT sk FROM t WHERE {where}") == problem


def test_as_many_values_as_are_allowed(ranges: Statements) -> None:
    assert ranges.sks(f"pk IN [{values(50)}] AND flag IN [{values(100)}]") == []
    assert ranges.sks(f"pk IN [{values(51)}] OR flag='two'") == ["2"]


def test_columns_are_named_by_the_last_name_of_their_path(t: Statements) -> None:
    t.put(pk="c", sk="1", m={"k": ["c"], "n": {"x": 1}}, tags=["a", "b"])
    row = t.rows("SELECT m.k[0], tags[1], m.n, m['k'], absent.x, \"sk\" FROM t WHERE pk = 'c' AND sk = '1'")
    assert row == [{"k[0]": "c", "tags[1]": "b", "n": {"x": 1}, "k": ["c"], "sk": "1"}]
    assert t.rows("SELECT tags[-0] FROM t WHERE pk = 'c'") == [{"tags[0]": "a"}]
    assert t.rows("SELECT nope FROM t WHERE pk = 'c'") == [{}]


@pytest.mark.parametrize(
    ("order", "rows"),
    [
        ("pk = 'o' ORDER BY sk DESC", ["o3", "o2", "o1"]),
        ("pk = 'o' ORDER BY sk", ["o1", "o2", "o3"]),
        ("pk = 'o' ORDER BY sk ASC", ["o1", "o2", "o3"]),
        ("pk = 'o' ORDER BY pk ASC", ["o3", "o2", "o1"]),
        ("pk IN ['o', 'p'] ORDER BY pk DESC, sk ASC", ["p1", "p2", "p3", "o1", "o2", "o3"]),
        ("pk IN ['p', 'o'] ORDER BY pk", ["o3", "o2", "o1", "p3", "p2", "p1"]),
        ("pk IN ['o', 'p'] AND sk IN ['3', '1'] ORDER BY pk DESC", ["p3", "p1", "o3", "o1"]),
        ("pk IN ['p', 'o']", ["o1", "o2", "o3", "p1", "p2", "p3"]),
    ],
)
@pytest.mark.parametrize("limit", [None, 1, 2])
def test_order(t: Statements, order: str, rows: list[str], limit: int | None) -> None:
    for pk in "op":
        for sk in "132":
            t.put(pk=pk, sk=sk)
    assert follow(t, f"SELECT pk, sk FROM t WHERE {order}", limit) == rows


def follow(t: Statements, text: str, limit: int | None) -> list[str]:
    """`pk` and `sk` of every item, page after page."""
    found: list[str] = []
    more: dict[str, Any] = {} if limit is None else {"Limit": limit}
    while True:
        answer = t.run(text, **more)
        page = [item["pk"]["S"] + item["sk"]["S"] for item in answer["Items"]]
        assert limit is None or len(page) <= limit
        found += page
        if "NextToken" not in answer:
            return found
        more["NextToken"] = answer["NextToken"]


@pytest.mark.parametrize(
    ("rest", "problem"),
    [
        ("ORDER BY sk", "Must have WHERE clause in the statement when using ORDER BY clause."),
        ("WHERE pk = 'o' ORDER BY Total DESC", "Attribute Total in ORDER BY clause must be part of the primary key"),
        (
            "WHERE pk > 'a' ORDER BY sk",
            "Must have at least one non-optional hash key condition in WHERE clause when using ORDER BY clause.",
        ),
        (
            "WHERE pk IN ['o', 'p'] ORDER BY sk DESC",
            "Must have hash key in ORDER BY clause when more than one hash key condition specified in WHERE clause.",
        ),
    ],
)
def test_an_order_that_cannot_be_had(t: Statements, rest: str, problem: str) -> None:
    assert t.refused(f"SELECT sk FROM t {rest}") == problem


@pytest.mark.parametrize("where", ["", "WHERE n >= 0", "WHERE pk = 'a'", "WHERE pk IN ['b', 'a', 'nobody']"])
def test_pages_have_every_item_once(t: Statements, where: str) -> None:
    for pk in "ab":
        for number in range(4):
            t.put(pk=pk, sk=str(number), n=number)
    whole = follow(t, f"SELECT pk, sk FROM t {where}", None)
    assert len(whole) == (4 if "'a'" in where and "IN" not in where else 8)
    for limit in (1, 3, 4, 100):
        assert follow(t, f"SELECT pk, sk FROM t {where}", limit) == whole


def test_the_limit_counts_what_is_read_and_not_what_matches(t: Statements) -> None:
    for number in range(4):
        t.put(pk="a", sk=str(number), n=number)
    answer = t.run("SELECT sk FROM t WHERE pk = 'a' AND n = 3", Limit=2)
    assert answer["Items"] == []
    assert answer["LastEvaluatedKey"] == {"pk": {"S": "a"}, "sk": {"S": "1"}}
    rest = t.run("SELECT sk FROM t WHERE pk = 'a' AND n = 3", NextToken=answer["NextToken"])
    assert [item["sk"]["S"] for item in rest["Items"]] == ["3"]
    assert "NextToken" not in rest
    assert "LastEvaluatedKey" not in rest


def test_a_page_ends_at_one_megabyte_over_all_partitions(t: Statements) -> None:
    for pk in "abcd":
        t.put(pk=pk, sk="1", filler="x" * 350_000)
    answer = t.run("SELECT pk, sk FROM t WHERE pk IN ['a','b','c','d']")
    assert len(answer["Items"]) == 3
    rest = t.run("SELECT pk, sk FROM t WHERE pk IN ['a','b','c','d']", NextToken=answer["NextToken"])
    assert [item["pk"]["S"] for item in rest["Items"]] == ["d"]


def test_a_token_is_good_for_its_statement_and_parameters_only(t: Statements) -> None:
    for number in range(3):
        t.put(pk="a", sk=str(number))
        t.put(pk="b", sk=str(number))
    text = "SELECT sk FROM t WHERE pk = ?"
    token = t.run(text, "a", Limit=1)["NextToken"]
    assert t.rows(text, "a", NextToken=token, Limit=1) == [{"sk": "1"}]
    mismatch = "NextToken does not match request"
    assert t.refused(text, "b", NextToken=token) == mismatch
    assert t.refused("SELECT sk FROM t WHERE pk = ? AND sk > '0'", "a", NextToken=token) == mismatch
    assert t.refused("SELECT sk FROM t ", NextToken=token) == mismatch
    other = "A" if token[20] != "A" else "B"
    for damaged in ("garbage", "", token[:-4], token[4:], token[:20] + other + token[21:], "AAAA", "=", token + "AAAA"):
        if damaged:
            assert t.refused(text, "a", NextToken=damaged) == "Invalid NextToken", damaged


def test_a_token_is_not_good_for_a_table_made_anew(t: Statements, dynamodb: Any) -> None:
    for number in range(3):
        t.put(pk="a", sk=str(number))
    token = t.run("SELECT sk FROM t ", Limit=1)["NextToken"]
    dynamodb.delete_table(TableName=t.name)
    create_table(dynamodb, t.name, "pk:S", "sk:S")
    assert t.refused("SELECT sk FROM t ", NextToken=token) == "NextToken does not match request"


def test_a_limit_of_none(t: Statements) -> None:
    assert t.refused("SELECT * FROM t ", Limit=0) == (
        "1 validation error detected: Value '0' at 'limit' failed to satisfy constraint: "
        "Member must have value greater than or equal to 1"
    )

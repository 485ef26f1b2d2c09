"""ExecuteStatement over HTTP. Expectations are captures of the service; where a test is about our own words it says so."""

from typing import Any

import pytest

from tests.operations.conftest import create_table
from tests.operations.faults import CONDITION_FAILED, NO_TABLE, fault, invalid

NOT_WELL_FORMED = "Statement wasn't well formed, can't be processed: "
INVALID = "One or more parameter values were invalid: "
OVERLAPPING = "Overlapping conditions with range keys are not supported in where clause"
INCOMPLETE_KEY = "Where clause does not contain a mandatory equality on all key attributes"
TOO_MANY_READS = "Too many decomposed read operations for a given query."
WRONG_TYPE = "Incorrect operand type for operator or function; operator or function: "
EMPTY_KEY = (
    "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string "
    "value. Key: pk"
)
OVERLAP = (
    "Two document paths overlap with each other; must remove or rewrite one of these paths; "
    "path one: [a], path two: [a]"
)

Items = list[dict[str, Any]]


def plain(value: dict[str, Any]) -> Any:
    """An attribute value as the Python value that says the same in these tests."""
    ((kind, content),) = value.items()
    if kind == "N":
        return float(content) if "." in content else int(content)
    if kind == "M":
        return {name: plain(one) for name, one in content.items()}
    if kind == "L":
        return [plain(one) for one in content]
    if kind == "NS":
        return {float(one) for one in content}
    if kind == "SS":
        return set(content)
    return None if kind == "NULL" else content


def value(content: Any) -> dict[str, Any]:
    if isinstance(content, bool):
        return {"BOOL": content}
    if isinstance(content, str):
        return {"S": content}
    if isinstance(content, int | float):
        return {"N": str(content)}
    if isinstance(content, set):
        return {"SS": sorted(content)}
    if isinstance(content, dict):
        return {"M": {name: value(one) for name, one in content.items()}}
    if isinstance(content, list):
        return {"L": [value(one) for one in content]}
    return {"NULL": True}


class Statements:
    """Runs statements against one table, written `t`; `put` and `get` go round PartiQL."""

    def __init__(self, client: Any, name: str) -> None:
        self.client = client
        self.name = name

    def run(self, text: str, *parameters: Any, **more: Any) -> dict[str, Any]:
        request = {"Statement": text.replace(" t ", f' "{self.name}" '), **more}
        if parameters:
            request["Parameters"] = [value(one) for one in parameters]
        answer: dict[str, Any] = self.client.execute_statement(**request)
        return answer

    def rows(self, text: str, *parameters: Any, **more: Any) -> Items:
        answer = self.run(text, *parameters, **more)
        return [{name: plain(one) for name, one in item.items()} for item in answer["Items"]]

    def sks(self, where: str, *parameters: Any, **more: Any) -> list[str]:
        return [row["sk"] for row in self.rows(f"SELECT sk FROM t WHERE {where}", *parameters, **more)]

    def refused(self, text: str, *parameters: Any, **more: Any) -> str:
        return invalid(self.run_keyword, text=text, parameters=parameters, more=more)

    def fault(self, text: str, *parameters: Any, **more: Any) -> tuple[str, str]:
        return fault(self.run_keyword, text=text, parameters=parameters, more=more)

    def run_keyword(self, text: str, parameters: tuple[Any, ...], more: dict[str, Any]) -> Any:
        return self.run(text, *parameters, **more)

    def put(self, **attributes: Any) -> None:
        self.client.put_item(TableName=self.name, Item={name: value(one) for name, one in attributes.items()})

    def get(self, pk: str, sk: str = "1") -> dict[str, Any] | None:
        found = self.client.get_item(TableName=self.name, Key={"pk": value(pk), "sk": value(sk)}).get("Item")
        return None if found is None else {name: plain(one) for name, one in found.items()}


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


# --- What is read ----------------------------------------------------------------------------------------------------


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


# --- Pages -----------------------------------------------------------------------------------------------------------


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


# --- Conditions ------------------------------------------------------------------------------------------------------


@pytest.fixture
def thing(t: Statements) -> Statements:
    t.put(pk="x", sk="1", n=1, flag="right", yes=True, nul=None, tags={"a", "b"}, m={"x": "y"}, l=["a"])
    return t


@pytest.mark.parametrize(
    "condition",
    [
        "attribute_exists(nope) = false",
        "true = attribute_exists(n)",
        "attribute_exists(n) <> 1",
        "contains(nope, 'z') = false",
        "(n BETWEEN 0 AND 5) = true",
        "(n = 5 OR flag = 'x') = false",
        "attribute_exists(nope) IN [true, false]",
        "attribute_exists(n) = attribute_exists(flag)",
        "attribute_exists(n) = yes",
        "attribute_exists(m.x) AND ATTRIBUTE_NOT_EXISTS (nope) AND attribute_exists(l[0])",
        "n = - - 1",
        "n BETWEEN - 2 AND +5 AND n IN [- 1, 1]",
        "n NOT IN (2, 3) AND n NOT BETWEEN 2 AND 3",
        "nul IS NULL",
        "flag IS NOT NULL",
        "absent IS NOT NULL",
        "absent IS MISSING",
        "flag IS NOT MISSING",
        "contains(tags, 'a')",
        "contains(flag, 'igh')",
        "attribute_type(n, 'N')",
        "size(flag) > 4",
        "NOT absent = 'x'",
        "absent <> 'x'",
        "tags = <<'b', 'a'>>",
        "l = ['a']",
        "m = {'x': 'y'}",
        "yes = true",
        "nul = null",
        "flag = 'right' -- a comment\n",
        "flag /* one */ = 'right' /* two */",
        "(((flag = 'right')))",
        "NOT (NOT (flag = 'right'))",
        "\"flag\" = 'right'",
        "'r' < flag",
    ],
)
def test_conditions_that_hold(thing: Statements, condition: str) -> None:
    assert thing.sks(f"pk = 'x' AND sk = '1' AND {condition}") == ["1"]
    assert thing.sks(f"{condition}") == ["1"]


@pytest.mark.parametrize(
    "condition",
    [
        "attribute_exists(n) = 1",
        "NOT attribute_exists(n) = true",
        "(attribute_exists(n) = true) = false",
        "attribute_exists(n) = flag",
        '(attribute_exists(nope) OR NOT attribute_exists("m"))',
        "n > -/* c */-1",
        "absent IS NULL",
        "nul IS NOT NULL",
        "flag IS MISSING",
        "flag < 5",
        "absent < 'x'",
        "m = {'x': 'z'}",
    ],
)
def test_conditions_that_do_not(thing: Statements, condition: str) -> None:
    assert thing.sks(f"pk = 'x' AND sk = '1' AND {condition}") == []


REQUIRES_PATH = "Operator or function requires a document path; operator or function: "
OPERAND_COUNT = "Incorrect number of operands for operator or function; operator or function: "


@pytest.mark.parametrize(
    ("condition", "problem"),
    [
        ("n < true", WRONG_TYPE + "<, operand type: BOOL"),
        ("n >= null", WRONG_TYPE + ">=, operand type: NULL"),
        ("NOT n < [1]", WRONG_TYPE + "<, operand type: L"),
        ("n BETWEEN true AND false", WRONG_TYPE + "BETWEEN, operand type: BOOL"),
        ("attribute_exists(n) > false", WRONG_TYPE + ">, operand type: BOOL"),
        ("attribute_type(l, 1)", WRONG_TYPE + "attribute_type, operand type: N"),
        ("attribute_type(l, true)", WRONG_TYPE + "attribute_type, operand type: BOOL"),
        (
            "attribute_type(n, 'X')",
            "Invalid attribute type name found; type: X, valid types: {N,BS,L,B,NULL,M,S,SS,NS,BOOL}",
        ),
        ("attribute_exists('m')", REQUIRES_PATH + "attribute_exists"),
        ("attribute_exists()", OPERAND_COUNT + "attribute_exists, number of operands: 0"),
        ("attribute_exists(a, b)", OPERAND_COUNT + "attribute_exists, number of operands: 2"),
        ("n > -m", OPERAND_COUNT + "-, number of operands: 1"),
        ("n = 5 + 5", "Unsupported operator in Condition Expression. Operator: +"),
        ("s = <<'a','a'>>", INVALID + "Input collection [a, a] contains duplicates."),
        ("m.inner = 1", NOT_WELL_FORMED + "Invalid path dot component"),
        ("x IS FOO", NOT_WELL_FORMED + "Expected type name"),
    ],
)
def test_conditions_that_make_no_sense(t: Statements, condition: str, problem: str) -> None:
    assert t.refused(f"SELECT * FROM nowhere WHERE pk = 'x' AND {condition}") == problem


@pytest.mark.parametrize("condition", ["EXISTS(ss)", "set_add(ss, <<'x'>>) = ss"])
def test_functions_that_conditions_do_not_have(t: Statements, condition: str) -> None:
    text = f"SELECT * FROM things WHERE pk = 'x' AND {condition}"
    name = condition.partition("(")[0]
    at = f"1:{text.index(condition) + 1}:{len(name)}"
    assert t.refused(text) == f"Unrecognized function: {name.lower()} at {at}"


def test_parameters_are_judged_before_the_table(t: Statements) -> None:
    text = "SELECT pk FROM nowhere WHERE pk = ? AND val < ?"
    assert t.refused(text, "x", True) == WRONG_TYPE + "<, operand type: BOOL"
    assert t.fault(text, "x", 1) == NO_TABLE
    assert t.refused(text, "x") == "Number of parameters in request and statement don't match."
    assert t.refused(text, "x", 1, 2) == "Number of parameters in request and statement don't match."


def test_faulty_parameters_are_told_before_a_faulty_statement(t: Statements, dynamodb: Any) -> None:
    for raw, problem in [
        ({"SS": ["a", "a"]}, INVALID + "Input collection [a, a] contains duplicates."),
        ({"NULL": False}, INVALID + "Null attribute value types must have the value of true"),
    ]:
        assert invalid(dynamodb.execute_statement, Statement="UPDATE t SET WHERE", Parameters=[raw]) == problem


# --- Statements that cannot be read ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("SELECT * FROM t WHERE pk = 1 foo", "Unexpected token after expression"),
        ("SELECT * FROM t WHERE pk = 1 e5", "Unexpected token after expression"),
        ("INSERT INTO t VALUE {'pk': 970001} foo", "Unexpected token after expression"),
        ("INSERT INTO t x VALUE {'pk': 'x'}", "Unexpected token after expression"),
        ("UPDATE t SET a = 9 WHERE pk = 970002 foo", "Unexpected token after expression"),
        ("DELETE FROM t WHERE pk = 970003 foo", "Unexpected token after expression"),
        ("SELECT * FROM t WHERE pk = 1)", "Unexpected token after expression"),
        ("DELETE FROM t WHERE pk = 970004 ORDER BY pk", "Unexpected token after expression"),
        ("SELECT * FROM t ORDER BY pk WHERE pk = 1", "Unexpected token after expression"),
        ("SELECT * FROM t ; SELECT * FROM t ", "Unexpected token after expression"),
        ("SELECT * FROM t ;;", "Unexpected token after expression"),
        ("FROM t SET c = 1 WHERE pk = 'x'", "Unexpected token after expression"),
        ("FROM t SET c = 1 WHERE pk = 'x' SET d = 2", "Unexpected token after expression"),
        ("SELECT * FROM t WHERE pk = 1e2147483648", ""),
        ("SELECT * FROM t WHERE pk = 1e99999999999", ""),
        ("SELECT * FROM t WHERE pk = 1.5e-2147483647", ""),
        ("SELECT * FROM t WHERE pk = 1 # note", ""),
        ("SELECT * FROM t WHERE pk = 1 /* note", ""),
        ('SELECT * FROM "abc', ""),
        ("SELECT * FROM t WHERE pk = 'oops", ""),
        ("SELECT * FROM t WHERE pk = `ion`", ""),
        ("SELECT * FROM t WHERE", "Unexpected term"),
        ("SELECT * FROM t WHERE;", "Unexpected term"),
        ("SELECT pk FROM t WHERE   ", "Unexpected term"),
        ("UPDATE t SET a = 1 WHERE", "Unexpected term"),
        ("DELETE FROM t WHERE", "Unexpected term"),
        ("SELECT * FROM t WHERE NOT", "Unexpected term"),
        ("SELECT * FROM t WHERE (", "Unexpected term"),
        ("SELECT * FROM", "Unexpected term"),
        ("SELECT * FROM t WHERE pk = 'p1' AND", "Missing right-hand side expression of infix operator"),
        ("SELECT * FROM t WHERE pk = 'p1' OR", "Missing right-hand side expression of infix operator"),
        ("SELECT * FROM t WHERE ORDER BY pk", "Unexpected keyword"),
        ("INSERT INTO t (key, other) VALUES (?, ?)", "Unexpected keyword"),
        ("SELECT * FROM t WHERE IS NULL", "Unexpected operator"),
        ("SELECT * FROM t WHERE pk = LIKE", "Unexpected operator"),
        ("DELETE FROM", "Expected identifier for simple path"),
        ("DELETE FROM   ", "Expected identifier for simple path"),
        ("DELETE FROM;", "Expected identifier for simple path"),
        ("DELETE FROM WHERE pk = 'a'", "Expected identifier for simple path"),
        ("SLECT * FROM t WHERE pk = 'x'", "Expected data manipulation"),
        ("UPDATE t-x SET active = 1 WHERE pk = 'x'", "Expected data manipulation"),
        ("UPDATE t WHERE pk = 'x'", "Expected data manipulation"),
    ],
)
def test_texts_that_are_no_statements(t: Statements, text: str, detail: str) -> None:
    assert t.refused(text) == NOT_WELL_FORMED + detail


@pytest.mark.parametrize("type_name", ["INT4", "INT8", "DOUBLE PRECISION", "CHARACTER VARYING"])
def test_a_type_test_alone(t: Statements, type_name: str) -> None:
    assert t.refused(f"x IS {type_name}") == "Unsupported operation: IsType"


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * FROM t x WHERE pk = 'x'",
        "SELECT * FROM t AS x WHERE pk = 'x'",
        "UPDATE t x SET a = 3 WHERE pk = 'x'",
        "DELETE FROM t x WHERE pk = 'x'",
        "SELECT sk AS x FROM t ",
    ],
)
def test_aliases(t: Statements, text: str) -> None:
    assert t.refused(text) == "Aliasing is not supported"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("SELECT COUNT(*) FROM nowhere", "Unexpected path component at 1:8:5"),
        ("SELECT\n  count(pk) FROM nowhere", "Unexpected path component at 2:3:5"),
        ("SELECT attribute_exists(ss) FROM nowhere", "Unexpected path component at 1:8:16"),
        ("SELECT id FROM dbimp_page LIMIT 5", "Unsupported clause: LIMIT at 1:33:1"),
        ("SELECT s, s FROM nowhere", "Duplicate identifiers in select clause: s"),
        ("SELECT l[-1] FROM nowhere", "List index is not within the allowable range; index: [-1] at 1:11:1"),
        (
            "SELECT l[2147483648] FROM nowhere",
            "List index is not within the allowable range; index: [2147483648] at 1:10:10",
        ),
        ('SELECT * FROM a."b".c WHERE pk = 1', "A path may contain at most 2 components in the FROM clause"),
        ("SELECT * FROM \"\" WHERE pk = 'x'", "Path component cannot be an empty string"),
        ("SELECT * FROM a.\"\" WHERE pk = 'x'", "Path component cannot be an empty string"),
        (
            "INSERT INTO \"t\".\"gsi\" VALUE {'pk': 'x'}",
            "FROM clause may only contain a single table name in data manipulation statements at 1:13:3",
        ),
        ("UPDATE a.gsi SET x = 1 WHERE pk = 'x'", "This operation is not supported on an index"),
        ("DELETE FROM a.gsi WHERE pk = 'x'", "This operation is not supported on an index"),
        (
            "EXISTS(SELECT * FROM nowhere WHERE pk = 'x' AND a IS MISSING)",
            "EXISTS can only be used in ExecuteTransaction write requests.",
        ),
    ],
)
def test_statements_refused_before_the_table_is_looked_for(t: Statements, text: str, problem: str) -> None:
    assert t.refused(text) == problem


def test_unknown_tables(t: Statements) -> None:
    for text in (
        "SELECT * FROM nowhere WHERE pk = 'x'",
        "INSERT INTO nowhere VALUE {'pk': 'x'}",
        "UPDATE nowhere SET a = 1 WHERE pk = 'x'",
        "FROM nowhere WHERE pk = 'x' SET a = 1",
        "DELETE FROM nowhere WHERE pk = 'x'",
    ):
        assert t.fault(text) == NO_TABLE


def test_what_is_nested_too_deeply_is_refused(t: Statements) -> None:
    """Our own words: how deep the service goes is not known."""
    for condition in ("(" * 2000 + "a = 1", "NOT (" * 1000, "a = " + "[" * 4000, "a = " + "{'a':" * 1000):
        assert t.refused(f"SELECT * FROM t WHERE {condition}").startswith(NOT_WELL_FORMED)
    sums = "+".join("1" * 3000)
    assert t.refused(f"UPDATE t SET a = {sums} WHERE pk = 'x'") == NOT_WELL_FORMED + "Expression is nested too deeply"


def test_long_conditions_that_are_not_deep(thing: Statements) -> None:
    assert thing.sks(" AND ".join(["n = 1"] * 700)) == ["1"]
    assert thing.sks(" OR ".join(["n = 2"] * 700 + ["n=1"])) == ["1"]
    assert thing.sks("NOT " * 1000 + "n = 1") == ["1"]


# --- Literals --------------------------------------------------------------------------------------------------------


def test_literals_of_every_kind(t: Statements) -> None:
    t.run(
        "INSERT INTO t value {'pk':'dt', 'sk':'1', 'n':1, 'map' : {'one': 'value', 'two': 4}, 'list': [1,'s', [- 1]],"
        " 'numbers':<<1,34,4.5>>, 'texts':<<'a','b'>>, 'yes': TRUE, 'nothing': null, 'empty': {}, 'none': []}"
    )
    assert t.get("dt") == {
        "pk": "dt",
        "sk": "1",
        "n": 1,
        "map": {"one": "value", "two": 4},
        "list": [1, "s", [-1]],
        "numbers": {1, 34, 4.5},
        "texts": {"a", "b"},
        "yes": True,
        "nothing": None,
        "empty": {},
        "none": [],
    }


def test_numbers_and_quotes(t: Statements) -> None:
    t.run("INSERT INTO t VALUE {'pk':'num','sk':'1','a':1E3,'b':-1.5e-3,'c':2.50,'d':-0,'e':.5,'q':'it''s here'}")
    stored = t.client.get_item(TableName=t.name, Key={"pk": value("num"), "sk": value("1")})["Item"]
    numbers = {name: stored[name]["N"] for name in "abcde"}
    assert numbers == {"a": "1000", "b": "-0.0015", "c": "2.5", "d": "0", "e": "0.5"}
    assert stored["q"] == {"S": "it's here"}
    assert t.sks("pk = 'num' AND q = 'it''s here' AND a = 1e3 AND a = +10.0e+2 AND c = .25e1") == ["1"]


OVERFLOW = "Number overflow. Attempting to store a number with magnitude larger than supported range under "
UNDERFLOW = "Number underflow. Attempting to store a number with magnitude smaller than supported range under "
DEEP = "Nesting Levels have exceeded supported limits under root"


@pytest.mark.parametrize(
    ("literal", "problem"),
    [
        ("1e126", OVERFLOW + "root"),
        ("1e-131", UNDERFLOW + "root"),
        ("1" * 39, "Attempting to store more than 38 significant digits in a Number under root"),
        ("{'x': 1e126}", OVERFLOW + "root.x"),
        ("[1, 1e126]", OVERFLOW + "root[1]"),
        ("<<>>", "Empty bags are not supported"),
        ("<<1, 'a'>>", "Unsupported data type in Bag. DynamoDB only supports either numbers or strings in bags"),
        ("<<?>>", "Unsupported data type in Bag. DynamoDB only supports either numbers or strings in bags"),
        ("<<'a', 'a'>>", INVALID + "Input collection [a, a] contains duplicates."),
        ("<<2, 2.0>>", INVALID + "Input collection [2, 2.0] contains duplicates! under root"),
        ("{'a':" * 32 + "1" + "}" * 32, DEEP + ".a" * 32),
        ("{'a':" + "[" * 31 + "1" + "]" * 31 + "}", DEEP + ".a" + "[0]" * 31),
    ],
)
def test_literals_that_cannot_be_stored(t: Statements, literal: str, problem: str) -> None:
    assert t.refused(f"UPDATE t SET a = {literal} WHERE pk = 'x' AND sk = '1'") == problem
    assert t.refused(f"INSERT INTO t VALUE {{'pk': 'x', 'sk': '1', 'a': {literal}}}") == problem
    assert t.get("x") is None


def test_a_literal_as_deep_as_can_be(t: Statements) -> None:
    t.run("INSERT INTO t VALUE {'pk':'x','sk':'1','d':" + "{'a':" * 31 + "1" + "}" * 31 + "}")
    assert t.get("x") is not None


def test_parameters_stand_for_whole_values_only(t: Statements) -> None:
    prefix = "UPDATE t SET x = "
    sent = prefix.replace(" t ", f' "{t.name}" ')
    problem = t.refused(prefix + "[?] WHERE pk='x' AND sk='1'", "v")
    assert problem == f"Unsupported data type: Parameter under key root[0] at 1:{len(sent) + 2}:1"
    insert = f"INSERT INTO {t.name} VALUE {{'pk':'x','sk':'1','m':{{'k':?}}}}"
    problem = t.refused(insert, "v")
    assert problem == f"Unsupported data type: Parameter under key root.k at 1:{insert.index('?') + 1}:1"
    call = f"INSERT INTO {t.name} VALUE {{'pk': 'x', 'ss': set_add(<<'a'>>, <<'b'>>)}}"
    at = f"1:{call.index('set_add') + 1}:7"
    assert t.refused(call) == f"Unsupported data type: set_add under key root at {at}"
    t.run("INSERT INTO t VALUE {'pk':?,'sk':'1','n':1}", "x")
    assert t.sks("pk='x' AND n IN [?, 2]", 1) == ["1"]


# --- INSERT ----------------------------------------------------------------------------------------------------------


def test_insert(t: Statements) -> None:
    answer = t.run("INSERT INTO t VALUE {'pk': ?, 'sk': '1', 'a': ?}", "i", [1, "x"])
    assert answer["Items"] == []
    assert t.get("i") == {"pk": "i", "sk": "1", "a": [1, "x"]}
    duplicate = ("DuplicateItemException", "Duplicate primary key exists in table")
    assert t.fault("INSERT INTO t VALUE {'pk': 'i', 'sk': '1'}") == duplicate
    assert t.get("i") == {"pk": "i", "sk": "1", "a": [1, "x"]}


@pytest.mark.parametrize(
    ("item", "problem"),
    [
        ("{'pk': 'x'}", INVALID + "Missing the key sk in the item"),
        ("{'pk': 1, 'sk': '1'}", INVALID + "Type mismatch for key pk expected: S actual: N"),
        (
            "{'pk': '', 'sk': '1'}",
            EMPTY_KEY,
        ),
    ],
)
def test_items_that_do_not_suit_the_table(t: Statements, item: str, problem: str) -> None:
    assert t.refused(f"INSERT INTO t VALUE {item}") == problem


def test_an_item_may_have_400_kilobytes_and_no_more(t: Statements) -> None:
    room = 409_600 - len("pkxsk1") - 1
    text = "INSERT INTO t VALUE {'pk': 'x', 'sk': '1', 'a': ?}"
    assert t.refused(text, "v" * (room + 1)) == "Item size has exceeded the maximum allowed size"
    t.run(text, "v" * room)
    update = "UPDATE t SET a = ? WHERE pk = 'x' AND sk = '1'"
    assert t.refused(update, "v" * (room + 1)) == "Item size to update has exceeded the maximum allowed size"
    t.run(update, "w" * room)


# --- UPDATE ----------------------------------------------------------------------------------------------------------

KEY = "WHERE pk = 'u' AND sk = '1'"


@pytest.fixture
def row(t: Statements) -> Statements:
    t.put(pk="u", sk="1", n=5, s="str", l=["a", "b", "c"], m={"sub": "old", "sib": "keep"}, ss={"a", "b"}, data="old")
    return t


@pytest.mark.parametrize(
    ("actions", "changed"),
    [
        ("SET n = n + 1", {"n": 6}),
        ("SET n=n-1", {"n": 4}),
        ("SET n = n - - 2", {"n": 7}),
        ("SET n = (n + 1) - 2 + n", {"n": 9}),
        ("SET n = n + n, data = s", {"n": 10, "data": "str"}),
        ("SET data = s SET s = data", {"data": "str", "s": "old"}),
        ("SET m.sub = 'new' REMOVE data", {"m": {"sub": "new", "sib": "keep"}, "data": None}),
        ("REMOVE data REMOVE l[1]", {"data": None, "l": ["a", "c"]}),
        ("REMOVE m.sub, m.sib", {"m": {}}),
        ("SET l[0] = 'x', l[9] = 'y'", {"l": ["x", "b", "c", "y"]}),
        ("SET l = list_append(l, [4, <<'x'>>])", {"l": ["a", "b", "c", 4, {"x"}]}),
        ("SET l = LIST_APPEND(['z'], l)", {"l": ["z", "a", "b", "c"]}),
        ("SET ss = set_add(ss, <<'c'>>)", {"ss": {"a", "b", "c"}}),
        ("SET ss = SET_DELETE( ss, <<'a'>>) SET fresh = set_add(fresh, <<1>>)", {"ss": {"b"}, "fresh": {1}}),
        ("SET ss = set_delete(ss, <<'a', 'b'>>)", {"ss": None}),
        ("SET fresh = {'a': [1]}, nil = null", {"fresh": {"a": [1]}}),
    ],
)
def test_actions(row: Statements, actions: str, changed: dict[str, Any]) -> None:
    before = row.get("u")
    assert before is not None
    assert row.run(f"UPDATE t {actions} {KEY}")["Items"] == []
    after = row.get("u")
    assert after is not None
    after.pop("nil", None)
    wanted = {name: one for name, one in {**before, **changed}.items() if one is not None}
    assert after == wanted


def test_the_form_that_begins_with_from(row: Statements) -> None:
    row.run(f"FROM t {KEY} SET n = 1 REMOVE data")
    after = row.get("u")
    assert after is not None
    assert (after["n"], "data" in after) == (1, False)


def test_a_set_as_a_parameter(row: Statements) -> None:
    row.run(f"UPDATE t SET ss = set_add(ss, ?) {KEY}", {"z"})
    assert row.get("u")["ss"] == {"a", "b", "z"}  # type: ignore[index]
    text = f"UPDATE things SET ss = set_add(ss, ?) {KEY}"
    problem = row.refused(text, "z")
    assert problem == f"The second argument to SET_ADD must be a value with type SET at 1:{text.index('(ss') + 2}:2"


@pytest.mark.parametrize(
    ("action", "problem"),
    [
        ("n = 'a' + 1", WRONG_TYPE + "+, operand type: S"),
        ("n = n - null", WRONG_TYPE + "-, operand type: NULL"),
        ("n = n + [1]", WRONG_TYPE + "+, operand type: L"),
        ("n = s + 1", "An operand in the update expression has an incorrect data type"),
        ("ss = set_add(ss, <<1>>)", "An operand in the update expression has an incorrect data type"),
        ("s = set_add(s, <<'x'>>)", "An operand in the update expression has an incorrect data type"),
        (
            "l = list_append(nope, [1])",
            "The provided expression refers to an attribute that does not exist in the item",
        ),
        ("ss = set_add(ss, <<'x', 'x'>>)", INVALID + "Input collection [x, x] contains duplicates."),
        ("ss = set_add(ss, <<>>)", "Empty bags are not supported"),
        ("m.inner = set_add(m.inner, <<'y'>>)", NOT_WELL_FORMED + "Invalid path dot component"),
        ("nope.sub = 1", "The document path provided in the update expression is invalid for update"),
        ("pk = 'other'", INVALID + "Cannot update attribute pk. This attribute is part of the key"),
        (
            "a = 1, a = 2",
            OVERLAP,
        ),
    ],
)
def test_updates_refused(row: Statements, action: str, problem: str) -> None:
    before = row.get("u")
    assert row.refused(f"UPDATE t SET {action} {KEY}") == problem
    assert row.get("u") == before


@pytest.mark.parametrize(
    ("action", "problem", "token"),
    [
        ("x = set_add(ss, <<'x'>>)", "The first argument to SET_ADD must equal the assignment value", "set_add"),
        ("ss = set_add(<<'a'>>, <<'b'>>)", "The first argument to SET_ADD must equal the assignment value", "set_add"),
        (
            "ss = set_delete(s, <<'b'>>)",
            "The first argument to SET_DELETE must equal the assignment value",
            "set_delete",
        ),
        ("ss = set_add(ss)", "SET_ADD must have exactly two arguments", "set_add"),
        ("ss = set_add(ss, <<'x'>>, <<'y'>>)", "SET_ADD must have exactly two arguments", "set_add"),
        (
            "BandMembers = set_add(\n  BandMembers, 'x')",
            "The second argument to SET_ADD must be a value with type SET",
            "",
        ),
        ('"ss" = set_delete("ss", [1])', "The second argument to SET_DELETE must be a value with type SET", '("ss"'),
    ],
)
def test_misused_set_functions(row: Statements, action: str, problem: str, token: str) -> None:
    text = f"UPDATE things SET {action} {KEY}"
    at = "2:3:11"
    if token:
        offset = text.index(token) + token.startswith("(")
        at = f"1:{offset + 1}:{len(token.removeprefix('('))}"
    assert row.refused(text) == f"{problem} at {at}"


def test_a_static_fault_is_told_before_a_failed_condition(row: Statements) -> None:
    assert row.refused(f"UPDATE t SET n = 'a' + 1 {KEY} AND nope = 'x'").startswith(WRONG_TYPE)


@pytest.mark.parametrize("verb", ["UPDATE t SET a = 1", "DELETE FROM t"])
@pytest.mark.parametrize(
    ("where", "problem"),
    [
        ("", INCOMPLETE_KEY),
        ("WHERE pk = 'u'", INCOMPLETE_KEY),
        ("WHERE s = 'str'", INCOMPLETE_KEY),
        ("WHERE pk IN ['u'] AND sk = '1'", INCOMPLETE_KEY),
        ("WHERE pk = 'u' AND sk = '1' OR n = 5", INCOMPLETE_KEY),
        (
            "WHERE pk = 'u' AND sk = '1' AND pk = 'other'",
            "Multiple conditions on same key pk. Only single item Update/Insert/Delete are supported",
        ),
        ("WHERE pk = 'u' AND sk = 1", "The provided key element does not match the schema"),
    ],
)
def test_a_write_names_one_item(row: Statements, verb: str, where: str, problem: str) -> None:
    assert row.refused(f"{verb} {where}") == problem
    assert row.get("u") is not None


def test_a_write_may_group_its_key_and_repeat_it(row: Statements) -> None:
    row.run("UPDATE t SET a = 2 WHERE (pk = 'u' AND '1' = sk) AND s = 'str' AND pk = 'u'")
    assert row.get("u")["a"] == 2  # type: ignore[index]


def test_update_of_what_is_not_there(t: Statements) -> None:
    assert t.fault("UPDATE t SET a = 1 WHERE pk = 'ghost' AND sk = '1'") == CONDITION_FAILED
    assert t.fault("UPDATE t SET a = 1 WHERE pk = 'ghost' AND sk = '1' AND a IS MISSING") == CONDITION_FAILED
    assert t.get("ghost") is None


def test_a_failed_condition_shows_the_item_if_asked(row: Statements) -> None:
    for text in (f"UPDATE t SET n = 1 {KEY} AND n = 6", f"DELETE FROM t {KEY} AND n = 6"):
        assert row.fault(text) == CONDITION_FAILED
        with pytest.raises(row.client.exceptions.ConditionalCheckFailedException) as caught:
            row.run(text, ReturnValuesOnConditionCheckFailure="ALL_OLD")
        assert caught.value.response["Item"]["n"] == {"N": "5"}
    assert row.get("u")["n"] == 5  # type: ignore[index]


def test_an_update_that_nests_too_deeply(row: Statements) -> None:
    deep: Any = "x"
    for _ in range(31):
        deep = {"a": deep}
    text = f"UPDATE t SET m.deep = ? {KEY}"
    assert row.refused(text, deep) == "Nesting Levels have exceeded supported limits"


@pytest.mark.parametrize(
    ("actions", "mode", "items"),
    [
        ("SET data = 'new'", "MODIFIED OLD", [{"data": "old"}]),
        ("SET data = 'new'", "MODIFIED NEW", [{"data": "new"}]),
        ("SET m.sub = 'new'", "MODIFIED NEW", [{"m": {"sub": "new"}}]),
        ("SET m.sub = 'new'", "MODIFIED OLD", [{"m": {"sub": "old"}}]),
        ("REMOVE data", "MODIFIED OLD", [{"data": "old"}]),
        ("REMOVE data", "MODIFIED NEW", []),
        ("SET fresh = 1", "MODIFIED OLD", []),
        ("SET fresh = 1", "MODIFIED NEW", [{"fresh": 1}]),
        ("SET l[2] = 'y', l[0] = 'x'", "MODIFIED NEW", [{"l": ["x", "y"]}]),
        ("SET l[2] = 'y', l[0] = 'x'", "MODIFIED OLD", [{"l": ["a", "c"]}]),
        ("SET l[5] = 'z'", "MODIFIED NEW", []),
        ("SET l[3] = 'z'", "MODIFIED NEW", [{"l": ["z"]}]),
        ("SET l[3] = 'z'", "MODIFIED OLD", []),
        ("REMOVE l[1]", "MODIFIED OLD", [{"l": ["b"]}]),
        ("REMOVE l[1]", "MODIFIED NEW", [{"l": ["c"]}]),
    ],
)
def test_what_was_modified(row: Statements, actions: str, mode: str, items: Items) -> None:
    assert row.rows(f"UPDATE t {actions} {KEY} RETURNING {mode} *") == items


def test_the_whole_item_returned(row: Statements) -> None:
    before = row.get("u")
    assert row.rows(f"UPDATE t SET data = 'new' {KEY} RETURNING ALL OLD *") == [before]
    assert row.rows(f"UPDATE t SET data = 'new' {KEY} RETURNING ALL NEW *") == [{**(before or {}), "data": "new"}]


# --- DELETE ----------------------------------------------------------------------------------------------------------


def test_delete(row: Statements) -> None:
    before = row.get("u")
    assert row.fault(f"DELETE FROM t {KEY} AND NOT begins_with(s, 'st')") == CONDITION_FAILED
    assert row.get("u") == before
    assert row.rows(f"DELETE FROM t {KEY} AND begins_with(s, 'st') RETURNING ALL OLD *") == [before]
    assert row.get("u") is None


def test_delete_of_what_is_not_there(t: Statements) -> None:
    for text in (
        f"DELETE FROM t {KEY}",
        f"DELETE FROM t {KEY} AND s = 'x'",
        f"DELETE FROM t {KEY} RETURNING ALL OLD *",
    ):
        assert t.run(text)["Items"] == []


@pytest.mark.parametrize("mode", ["MODIFIED OLD", "ALL NEW", "MODIFIED NEW"])
def test_delete_returns_nothing_but_the_old_item(row: Statements, mode: str) -> None:
    assert row.refused(f"DELETE FROM t {KEY} RETURNING {mode} *") == (
        f"Invalid returning clause: RETURNING {mode} *. Only RETURNING ALL OLD * is allowed in DELETE statements."
    )
    assert row.get("u") is not None

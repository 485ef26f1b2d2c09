"""SELECT from an index, and what statements cost. Expectations are captures of the service."""

from typing import Any

import pytest

from tests.operations.conftest import create_table
from tests.operations.faults import invalid

ITEMS: list[dict[str, str]] = [
    {"pk": "p", "sk": "s1", "g1": "x", "g2": "y", "l1": "l1", "l2": "k1", "l3": "m1", "proj": "proj1", "non": "np1"},
    {"pk": "p", "sk": "s2", "g1": "z", "g2": "y", "l1": "l2", "l2": "k2", "l3": "m2", "proj": "proj2", "non": "np2"},
    {"pk": "p", "sk": "s3", "non": "np3"},
    {"pk": "p", "sk": "s4", "g1": "x", "g2": "y", "l1": "l4", "l2": "k4", "l3": "m4", "proj": "proj4", "non": "np4"},
    {"pk": "q", "sk": "s5", "g2": "y2", "proj": "proj5", "non": "np5"},
]
INDEXES: dict[str, dict[str, Any]] = {
    "gsi-all": {"hash": ["g1:S"]},
    "gsi-inc": {"hash": ["g2:S"], "projection": ["proj"]},
    "gsi-keys": {"hash": ["g2:S"], "projection": "KEYS_ONLY"},
    "lsi-all": {"range": ["l1:S"], "local": True},
    "lsi-keys": {"range": ["l2:S"], "local": True, "projection": "KEYS_ONLY"},
    "lsi-inc": {"range": ["l3:S"], "local": True, "projection": ["proj"]},
}
LEAD = "One or more parameter values were invalid: "


class Indexed:
    def __init__(self, client: Any) -> None:
        self.client = client
        create_table(client, "indexed", "pk:S", "sk:S", indexes=INDEXES)
        for item in ITEMS:
            client.put_item(TableName="indexed", Item={name: {"S": text} for name, text in item.items()})

    def run(self, columns: str, index: str, where: str = "", **more: Any) -> dict[str, Any]:
        text = f'SELECT {columns} FROM "indexed"."{index}"' + (f" WHERE {where}" if where else "")
        answer: dict[str, Any] = self.client.execute_statement(Statement=text, ReturnConsumedCapacity="INDEXES", **more)
        return answer

    def sks(self, index: str, where: str = "") -> list[str]:
        return sorted(item["sk"]["S"] for item in self.run("sk", index, where)["Items"])

    def refused(self, columns: str, index: str, where: str = "", **more: Any) -> str:
        return invalid(lambda **_: self.run(columns, index, where, **more))


@pytest.fixture
def indexed(dynamodb: Any) -> Indexed:
    return Indexed(dynamodb)


def arms(answer: dict[str, Any]) -> tuple[float, float, float]:
    """Total, the table's, and that of the one index."""
    consumed = answer["ConsumedCapacity"]
    found = [*consumed.get("GlobalSecondaryIndexes", {}).values(), *consumed.get("LocalSecondaryIndexes", {}).values()]
    return consumed["CapacityUnits"], consumed["Table"]["CapacityUnits"], sum(arm["CapacityUnits"] for arm in found)


def test_an_index_has_its_own_items_only(indexed: Indexed) -> None:
    assert indexed.sks("gsi-all", "g1 = 'x'") == ["s1", "s4"]
    assert indexed.sks("gsi-all") == ["s1", "s2", "s4"]
    assert indexed.sks("lsi-all", "pk = 'p'") == ["s1", "s2", "s4"]


@pytest.mark.parametrize(
    ("index", "where", "attributes"),
    [
        ("gsi-keys", "g2 = 'y'", {"g2", "pk", "sk"}),
        ("gsi-inc", "g2 = 'y'", {"g2", "pk", "sk", "proj"}),
        ("lsi-keys", "pk = 'p'", {"l2", "pk", "sk"}),
    ],
)
def test_a_star_is_what_the_index_holds(indexed: Indexed, index: str, where: str, attributes: set[str]) -> None:
    answer = indexed.run("*", index, where)
    assert [set(item) for item in answer["Items"]] == [attributes] * 3
    assert arms(answer) == (0.5, 0, 0.5)


def test_a_local_index_reaches_back_and_a_global_one_cannot(indexed: Indexed) -> None:
    answer = indexed.run("non", "lsi-keys", "pk = 'p'")
    assert [item["non"]["S"] for item in answer["Items"]] == ["np1", "np2", "np4"]
    assert arms(answer) == (2, 1.5, 0.5)
    assert arms(indexed.run("non", "lsi-keys", "pk = 'p'", ConsistentRead=True)) == (4, 3, 1)
    assert arms(indexed.run("non", "lsi-inc", "pk = 'p' AND proj = 'none'")) == (2, 1.5, 0.5)
    assert arms(indexed.run("non", "lsi-keys", "pk = 'p'", Limit=1)) == (1, 0.5, 0.5)
    assert arms(indexed.run("l2", "lsi-keys", "pk = 'p'")) == (0.5, 0, 0.5)
    problem = indexed.refused("non, pk, more", "gsi-inc", "g2 = 'y'")
    assert problem == f"{LEAD}Global secondary index gsi-inc does not project [non, more]"


NOT_PROJECTED = LEAD + "Secondary index {} does not project one or more filter attributes: [{}]"


@pytest.mark.parametrize(
    ("index", "where", "names"),
    [
        ("gsi-inc", "g2 = 'y' AND non = 'np1'", "non"),
        ("lsi-keys", "pk = 'p' AND non = 'np1'", "non"),
        ("lsi-keys", "pk = 'p' AND l2 BETWEEN 'k1' AND 'k4' AND non = 'np1'", "non"),
        ("gsi-inc", "g2 = 'y' AND non IS MISSING", "non"),
        ("gsi-inc", "g2 = 'y' AND non IS NOT MISSING", "non"),
        ("gsi-inc", "g2 = 'y' AND begins_with(non, 'np')", "non"),
        ("gsi-inc", "g2 = 'y' AND NOT non = 'np1'", "non"),
        ("gsi-inc", "g2 = 'y' AND NOT (non = 'np1' OR proj = 'x')", "non"),
        ("gsi-inc", "g2 IN ['y', 'z'] AND non = 'np1'", "non"),
        ("gsi-inc", "(g2 = 'y' OR g2 = 'z') AND zz = '1'", "zz"),
        ("gsi-inc", "g2 = 'y' AND b = '1' AND (a = '2' OR proj = '3')", "a, b"),
        ("gsi-inc", "g2 = 'y' AND (zz = '1' OR aa = '2' OR mm = '3')", "zz, aa, mm"),
        ("gsi-inc", "(g2 = 'b' AND u1 = '1') OR (g2 = 'q' AND u2 = '1')", "u2"),
        ("gsi-inc", "(g2 = 'q' AND u1 = '1') OR (g2 = 'b' AND u2 = '1')", "u1"),
    ],
)
def test_a_keyed_read_filters_on_what_the_index_holds(indexed: Indexed, index: str, where: str, names: str) -> None:
    assert indexed.refused("pk", index, where) == NOT_PROJECTED.format(index, names)


@pytest.mark.parametrize(
    ("index", "where", "sks"),
    [
        ("gsi-inc", "non = 'np1'", []),
        ("lsi-keys", "non = 'np1'", []),
        ("gsi-inc", "non = 'np1' AND non = 'np2'", []),
        ("gsi-inc", "g2 = 'y' AND proj = 'proj1'", ["s1"]),
        ("gsi-inc", "g2 = 'y' AND proj IS NOT MISSING", ["s1", "s2", "s4"]),
        ("gsi-keys", "NOT non = 'np1'", ["s1", "s2", "s4", "s5"]),
        ("gsi-inc", "(g2 = 'y' AND non = 'np1') OR (g2 = 'y2')", ["s5"]),
        ("gsi-inc", "(g2 = 'y' AND proj = '1') OR (g2 = 'z' AND aa = '1')", []),
        ("gsi-inc", "g2 > 'a' AND zz = '1'", []),
        ("gsi-inc", "g2 = 'y' AND (g2 = 'z' OR zz = '1')", []),
        ("gsi-inc", "(g2 = 'y' AND zz = '1') OR aa = '1'", []),
    ],
)
def test_other_filters_see_the_index_as_it_is(indexed: Indexed, index: str, where: str, sks: list[str]) -> None:
    assert indexed.sks(index, where) == sks


def test_alternatives_on_one_partition_of_an_index_overlap(indexed: Indexed) -> None:
    problem = indexed.refused("pk", "gsi-inc", "(g2 = 'y' AND zz = '1') OR (g2 = 'y' AND aa = '1')")
    assert problem == "Overlapping conditions with range keys are not supported in where clause"


def test_what_an_index_cannot_do(indexed: Indexed) -> None:
    for name in ("no-such-index", "indexed"):
        assert indexed.refused("*", name, "pk = 'p'") == "The table does not have the specified index"
    problem = indexed.refused("*", "gsi-all", "g1 = 'x'", ConsistentRead=True)
    assert problem == "Strongly consistent read is not supported on Global Secondary Indexes"
    assert arms(indexed.run("pk", "lsi-all", "pk = 'p'", ConsistentRead=True)) == (1, 0, 1)


def test_pages_of_an_index(indexed: Indexed) -> None:
    first = indexed.run("pk, sk", "gsi-all", "g1 = 'x'", Limit=1)
    assert set(first["LastEvaluatedKey"]) == {"g1", "pk", "sk"}
    rest = indexed.run("pk, sk", "gsi-all", "g1 = 'x'", NextToken=first["NextToken"])
    assert [item["sk"]["S"] for item in first["Items"] + rest["Items"]] == ["s1", "s4"]
    token = indexed.run("pk", "gsi-inc", "g2 = 'y'", Limit=1)["NextToken"]
    mismatch = "NextToken does not match request"
    assert indexed.refused("pk", "gsi-keys", "g2 = 'y'", NextToken=token) == mismatch


def test_an_index_ordered_by_its_own_keys(indexed: Indexed) -> None:
    answer = indexed.client.execute_statement(
        Statement="SELECT sk FROM indexed.\"lsi-all\" WHERE pk = 'p' ORDER BY l1 DESC"
    )
    assert [item["sk"]["S"] for item in answer["Items"]] == ["s4", "s2", "s1"]
    problem = invalid(
        indexed.client.execute_statement,
        Statement="SELECT sk FROM indexed.\"lsi-all\" WHERE pk = 'p' ORDER BY sk DESC",
    )
    assert problem == "Attribute sk in ORDER BY clause must be part of the primary key"


def test_an_index_of_several_key_attributes(dynamodb: Any) -> None:
    create_table(dynamodb, "several", "pk:S", indexes={"both": {"hash": ["a:S", "b:S"], "range": ["c:N", "d:N"]}})
    for number in range(8):
        item = {"pk": str(number), "a": "a", "b": "b"}
        dynamodb.put_item(
            TableName="several",
            Item={name: {"S": text} for name, text in item.items()}
            | {"c": {"N": str(number // 4)}, "d": {"N": str(number % 4)}},
        )

    def found(where: str) -> list[str]:
        answer = dynamodb.execute_statement(Statement=f"SELECT pk FROM several.both WHERE {where}")
        return [item["pk"]["S"] for item in answer["Items"]]

    assert found("a = 'a' AND b = 'b' AND c = 1 AND d > 1") == ["6", "7"]
    assert found("a = 'a' AND b = 'b' AND d = 1") == ["1", "5"]
    assert found("a = 'a' AND b = 'b' AND c >= 1 AND d = 3") == ["7"]
    assert sorted(found("a = 'a' AND d = 1")) == ["1", "5"]


@pytest.mark.parametrize(
    ("text", "more", "units"),
    [
        ("SELECT * FROM cost WHERE pk = 'a' AND sk = '1'", {}, 0.5),
        ("SELECT * FROM cost WHERE pk = 'a' AND sk = '1'", {"ConsistentRead": True}, 1),
        ("SELECT * FROM cost WHERE pk = 'nobody' AND sk = '1'", {}, 0.5),
        ("SELECT * FROM cost WHERE pk = 'a'", {}, 1.5),
        ("SELECT sk FROM cost WHERE pk = 'a' AND nope = 1", {}, 1.5),
        ("SELECT * FROM cost WHERE pk = 'a'", {"Limit": 1}, 0.5),
        ("INSERT INTO cost VALUE {'pk': 'c', 'sk': '1', 'g': 'g', 'h': 'h'}", {}, 3),
        ("UPDATE cost SET x = 1 WHERE pk = 'a' AND sk = '1'", {}, 3),
        ("DELETE FROM cost WHERE pk = 'a' AND sk = '1'", {}, 3),
        ("DELETE FROM cost WHERE pk = 'nobody' AND sk = '1'", {}, 1),
    ],
)
def test_cost(dynamodb: Any, text: str, more: dict[str, Any], units: float) -> None:
    create_table(dynamodb, "cost", "pk:S", "sk:S", indexes={"by-g": {"hash": ["g:S"]}, "by-h": {"hash": ["h:S"]}})
    for sk in "1234":
        item = {"pk": {"S": "a"}, "sk": {"S": sk}, "filler": {"S": "x" * 2900}}
        dynamodb.put_item(TableName="cost", Item=item)
    answer = dynamodb.execute_statement(Statement=text, ReturnConsumedCapacity="TOTAL", **more)
    assert answer["ConsumedCapacity"] == {"TableName": "cost", "CapacityUnits": units}
    assert "ConsumedCapacity" not in dynamodb.execute_statement(Statement="SELECT * FROM cost")

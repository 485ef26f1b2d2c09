"""What CreateTable says about keys, indexes, projections and throughput that do not go together."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.operations.faults import ENVELOPE, invalid
from tests.running import RunningServer, new_account

LEAD = "One or more parameter values were invalid: "


@pytest.fixture(scope="module")
def dynamodb(server: RunningServer) -> Iterator[Any]:
    client = new_account(server.url).client()
    yield client
    client.close()


def definitions(*names: str) -> list[dict[str, str]]:
    return [{"AttributeName": name, "AttributeType": "S"} for name in names]


def schema(*names: str, kinds: str = "HR") -> list[dict[str, str]]:
    types = {"H": "HASH", "R": "RANGE"}
    return [{"AttributeName": name, "KeyType": types[kind]} for name, kind in zip(names, kinds, strict=False)]


def index(name: str, *keys: str, kinds: str = "HR", **more: Any) -> dict[str, Any]:
    return {"IndexName": name, "KeySchema": schema(*keys, kinds=kinds), "Projection": {"ProjectionType": "ALL"}} | more


def table(*names: str, keys: tuple[str, ...] = ("pk", "sk"), **more: Any) -> dict[str, Any]:
    """A request for an on-demand table with definitions of these names."""
    request = {
        "TableName": "music",
        "AttributeDefinitions": definitions(*names),
        "KeySchema": schema(*keys),
        "BillingMode": "PAY_PER_REQUEST",
    }
    return {name: value for name, value in (request | more).items() if value is not None}


UNITS = {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}
PAID: dict[str, Any] = {"BillingMode": None, "ProvisionedThroughput": UNITS}
PKSK = ("pk", "sk")


def projected(*names: str, kind: str = "INCLUDE") -> dict[str, Any]:
    return {"Projection": {"ProjectionType": kind, "NonKeyAttributes": list(names)}}


FAULTS: list[tuple[dict[str, Any], str]] = [
    # Keys of the table
    (
        table("pk"),
        "Invalid KeySchema: Some index key attribute have no definition",
    ),
    (
        table("id", "x", keys=("user", "x")),
        LEAD + "Some index key attributes are not defined in AttributeDefinitions. "
        "Keys: [user, x], AttributeDefinitions: [id, x]",
    ),
    (
        table("pk", "sk", "x"),
        LEAD + "Number of attributes in KeySchema does not exactly match number of attributes defined in "
        "AttributeDefinitions",
    ),
    (
        table("pk", "sk", KeySchema=schema("pk", kinds="R")),
        "Invalid KeySchema: The first KeySchemaElement is not a HASH key type",
    ),
    (
        table("pk", "sk", KeySchema=schema(*PKSK, kinds="HH")),
        "Invalid KeySchema: The second KeySchemaElement is not a RANGE key type",
    ),
    # Empty lists
    (table(*PKSK, GlobalSecondaryIndexes=[]), LEAD + "List of GlobalSecondaryIndexes is empty"),
    (table(*PKSK, LocalSecondaryIndexes=[]), LEAD + "List of LocalSecondaryIndexes is empty"),
    # Local indexes
    (
        table("pk", "x", keys=("pk",), LocalSecondaryIndexes=[index("one", "pk", "x")]),
        LEAD + "Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex",
    ),
    (
        table(*PKSK, LocalSecondaryIndexes=[index("one", "pk")]),
        LEAD + "Index KeySchema does not have a range key for index: one",
    ),
    (
        table(*PKSK, "x", LocalSecondaryIndexes=[index("one", "x", "sk")]),
        LEAD + "Index KeySchema does not have the same leading hash key as table KeySchema for index: one. "
        "index hash key: x, table hash key: pk",
    ),
    (
        table(*PKSK, *"abcdef", LocalSecondaryIndexes=[index(f"by-{each}", "pk", each) for each in "abcdef"]),
        LEAD + "Number of LocalSecondaryIndexes exceeds per-table limit of 5",
    ),
    # Global indexes
    (
        table(
            *PKSK, *(f"a{n}" for n in range(21)), GlobalSecondaryIndexes=[index(f"by-{n}", f"a{n}") for n in range(21)]
        ),
        LEAD + "GlobalSecondaryIndex count exceeds the per-table limit of 20",
    ),
    (
        table(*PKSK, GlobalSecondaryIndexes=[index("one", "ghost")]),
        LEAD + "Some index key attributes are not defined in AttributeDefinitions. "
        "Keys: [ghost], AttributeDefinitions: [pk, sk]",
    ),
    (
        table(*PKSK, "x", GlobalSecondaryIndexes=[index("one", "x", kinds="R")]),
        "Invalid KeySchema: The first KeySchemaElement is not a HASH key type",
    ),
    (
        table(*PKSK, "x", "y", GlobalSecondaryIndexes=[index("one", "x")]),
        LEAD + "Some AttributeDefinitions are not used. AttributeDefinitions: [pk, sk, x, y], keys used: [pk, sk, x]",
    ),
    # Names
    (
        table(*PKSK, "x", GlobalSecondaryIndexes=[index("one", "x"), index("one", "x", "sk")]),
        LEAD + "Duplicate index name: one",
    ),
    (
        table(*PKSK, "x", LocalSecondaryIndexes=[index("one", "pk", "x")], GlobalSecondaryIndexes=[index("one", "x")]),
        LEAD + "Duplicate index name: one",
    ),
    # Projections
    (
        table(*PKSK, "x", GlobalSecondaryIndexes=[index("one", "x", Projection={})]),
        LEAD + "Unknown ProjectionType: null",
    ),
    (
        table(*PKSK, "x", GlobalSecondaryIndexes=[index("one", "x", **projected("a", kind="ALL"))]),
        LEAD + "ProjectionType is ALL, but NonKeyAttributes is specified",
    ),
    (
        table(*PKSK, "x", LocalSecondaryIndexes=[index("one", "pk", "x", **projected("a", kind="KEYS_ONLY"))]),
        LEAD + "ProjectionType is KEYS_ONLY, but NonKeyAttributes is specified",
    ),
    (
        table(*PKSK, "x", GlobalSecondaryIndexes=[index("one", "x", Projection={"ProjectionType": "INCLUDE"})]),
        LEAD + "ProjectionType is INCLUDE, but NonKeyAttributes is not specified",
    ),
    # Throughput
    (
        table(*PKSK, ProvisionedThroughput=UNITS),
        LEAD + "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST",
    ),
    (
        table(*PKSK, BillingMode=None),
        LEAD + "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED",
    ),
    (
        table(*PKSK, "x", GlobalSecondaryIndexes=[index("one", "x", ProvisionedThroughput=UNITS)]),
        LEAD + "ProvisionedThroughput should not be specified for index: one when BillingMode is PAY_PER_REQUEST",
    ),
    (
        table(*PKSK, BillingMode=None, ProvisionedThroughput=UNITS | {"ReadCapacityUnits": 1_000_000_000_001}),
        LEAD + "Given value 1000000000001 for ReadCapacityUnits is out of bounds",
    ),
    (
        table(*PKSK, BillingMode=None, ProvisionedThroughput=UNITS | {"ReadCapacityUnits": 0}),
        (
            f"{ENVELOPE}Value '0' at 'provisionedThroughput.readCapacityUnits' failed to satisfy constraint: "
            "Member must have value greater than or equal to 1"
        ),
    ),
    (
        table(*PKSK, **PAID, OnDemandThroughput={"MaxReadRequestUnits": 0}),
        LEAD + "MaxReadRequestUnits for OnDemandThroughput cannot be specified when table BillingMode is PROVISIONED.",
    ),
    (
        table(*PKSK, OnDemandThroughput={"MaxReadRequestUnits": 0}),
        LEAD + "Requested MaxReadRequestUnits for OnDemandThroughput for table is outside of valid range",
    ),
    # Streams
    (
        table(*PKSK, StreamSpecification={"StreamEnabled": False, "StreamViewType": "NEW_IMAGE"}),
        LEAD + "Table is being created with a stream disabled, UpdateViewType should not be specified",
    ),
    # Billing mode comes before keys, keys before indexes, local indexes before global ones.
    (
        table("pk", BillingMode=None),
        LEAD + "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED",
    ),
    (
        table("pk", GlobalSecondaryIndexes=[]),
        "Invalid KeySchema: Some index key attribute have no definition",
    ),
    (
        table(*PKSK, LocalSecondaryIndexes=[index("one", "pk")], GlobalSecondaryIndexes=[index("two", "ghost")]),
        LEAD + "Index KeySchema does not have a range key for index: one",
    ),
]


@pytest.mark.parametrize("request_, message", FAULTS, ids=[message[:90].removeprefix(LEAD) for _, message in FAULTS])
def test_faults(dynamodb: Any, request_: dict[str, Any], message: str) -> None:
    assert invalid(dynamodb.create_table, **request_) == message


def test_one_name_for_both_keys(dynamodb: Any) -> None:
    message = invalid(dynamodb.create_table, **table("pk", "x", KeySchema=schema("pk", "pk")))
    assert message == (
        "One or more parameter values were invalid: "
        "Both the Hash Key and the Range Key element in the KeySchema have the same name"
    )


def test_three_elements_in_the_key_of_a_table_or_local_index(dynamodb: Any) -> None:
    expected = "failed to satisfy constraint: Member must have length less than or equal to 2"
    keys = schema("pk", "sk", "x", kinds="HRR")
    message = invalid(dynamodb.create_table, **table("pk", "sk", "x", KeySchema=keys))
    assert message.startswith(f"{ENVELOPE}Value '[KeySchemaElement(attributeName=pk, keyType=HASH), ")
    assert message.endswith(f"' at 'keySchema' {expected}")
    local = index("one", "pk", "sk", "x", kinds="HRR")
    message = invalid(dynamodb.create_table, **table("pk", "sk", "x", LocalSecondaryIndexes=[local]))
    assert message.endswith(f"' at 'localSecondaryIndexes.1.member.keySchema' {expected}")


@pytest.mark.parametrize(
    "kinds, refused",
    [
        ("H", False),
        ("HHHHRRRR", False),
        ("HHHH", False),
        ("HRRRR", False),
        ("HHHHH", True),
        ("HRRRRR", True),
        ("HRH", True),
        ("HHHHHRRRR", True),
    ],
)
def test_multi_attribute_keys(dynamodb: Any, kinds: str, refused: bool) -> None:
    names = [f"a{number}" for number in range(len(kinds))]
    request = table("pk", "sk", *names, GlobalSecondaryIndexes=[index("many", *names, kinds=kinds)])
    if refused:
        invalid(dynamodb.create_table, **request)
        return
    dynamodb.create_table(**request)
    (described,) = dynamodb.describe_table(TableName="music")["Table"]["GlobalSecondaryIndexes"]
    assert described["KeySchema"] == schema(*names, kinds=kinds)
    dynamodb.delete_table(TableName="music")


@pytest.mark.parametrize(
    "name, constraint",
    [
        ("ab", "Member must have length greater than or equal to 3"),
        ("x" * 256, "Member must have length less than or equal to 255"),
        ("sp ace", "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+"),
    ],
)
def test_index_names(dynamodb: Any, name: str, constraint: str) -> None:
    message = invalid(dynamodb.create_table, **table(*PKSK, "x", GlobalSecondaryIndexes=[index(name, "x")]))
    assert message == (
        f"{ENVELOPE}Value '{name}' at 'globalSecondaryIndexes.1.member.indexName' failed to satisfy constraint: {constraint}"
    )


def test_projected_attributes(dynamodb: Any) -> None:
    def including(*counts: int) -> dict[str, Any]:
        indexes = [
            index(f"by-{place}", "x", **projected(*(f"n{number}" for number in range(count))))
            for place, count in enumerate(counts)
        ]
        return table(*PKSK, "x", GlobalSecondaryIndexes=indexes)

    message = invalid(dynamodb.create_table, **including(21))
    assert message.endswith(
        "at 'globalSecondaryIndexes.1.member.projection.nonKeyAttributes' failed to satisfy constraint: "
        "Member must have length less than or equal to 20"
    )
    assert invalid(dynamodb.create_table, **including(20, 20, 20, 20, 20, 1)).startswith(LEAD)  # names count each time
    dynamodb.create_table(**including(20, 20, 20, 20, 20))
    dynamodb.delete_table(TableName="music")


def test_as_many_as_there_may_be(dynamodb: Any) -> None:
    local = [index(f"local-{each}", "pk", each) for each in "abcde"]
    everywhere = [index(f"global-{number}", "a", "b") for number in range(20)]
    dynamodb.create_table(
        **table(*PKSK, *"abcde", LocalSecondaryIndexes=local, GlobalSecondaryIndexes=everywhere),
    )
    described = dynamodb.describe_table(TableName="music")["Table"]
    assert len(described["LocalSecondaryIndexes"]) == 5
    assert {each["IndexStatus"] for each in described["GlobalSecondaryIndexes"]} == {"ACTIVE"}
    assert len(described["GlobalSecondaryIndexes"]) == 20
    dynamodb.delete_table(TableName="music")

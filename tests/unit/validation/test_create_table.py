"""CreateTable's own rules: each text, and which of two faults is told."""

from typing import Any

import pytest

from stator.errors import ValidationException
from stator.validation.create_table import check_create_table
from stator.validation.update_table import check_update_table

LEAD = "One or more parameter values were invalid: "
UNITS = {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}
HUGE = {"ReadCapacityUnits": 1_000_000_000_001, "WriteCapacityUnits": 1}


def key(*parts: str) -> list[dict[str, str]]:
    """Key elements of `a` (HASH) and `a:RANGE`."""
    return [{"AttributeName": p.split(":")[0], "KeyType": p.split(":")[1] if ":" in p else "HASH"} for p in parts]


def definitions(names: str) -> list[dict[str, str]]:
    return [{"AttributeName": name, "AttributeType": "S"} for name in names]


def index(name: str, *parts: str, **members: Any) -> dict[str, Any]:
    return {"IndexName": name, "KeySchema": key(*parts), "Projection": {"ProjectionType": "ALL"}, **members}


def table(**members: Any) -> dict[str, Any]:
    plain = {"AttributeDefinitions": definitions("a"), "KeySchema": key("a"), "BillingMode": "PAY_PER_REQUEST"}
    return {"TableName": "abc", **plain, **members}


def ranged(**members: Any) -> dict[str, Any]:
    return table(**{"AttributeDefinitions": definitions("ab"), "KeySchema": key("a", "b:RANGE"), **members})


NO_DEFINITION = "Invalid KeySchema: Some index key attribute have no definition"
FIRST = "Invalid KeySchema: The first KeySchemaElement is not a HASH key type"
SECOND = "Invalid KeySchema: The second KeySchemaElement is not a RANGE key type"
SAME = "One or more parameter values were invalid: Both the Hash Key and the Range Key element in the KeySchema have the same name"
NEITHER = f"{LEAD}Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST"
BOTH = f"{LEAD}ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED"
EXACTLY = (
    f"{LEAD}Number of attributes in KeySchema does not exactly match number of attributes defined in "
    "AttributeDefinitions"
)
INCLUDE = {"ProjectionType": "INCLUDE"}


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (table(ProvisionedThroughput=UNITS, KeySchema=key("x")), NEITHER),
        (table(BillingMode="PROVISIONED", KeySchema=key("x")), BOTH),
        (
            table(BillingMode="PROVISIONED", ProvisionedThroughput=HUGE),
            f"{LEAD}Given value 1000000000001 for ReadCapacityUnits is out of bounds",
        ),
        (table(AttributeDefinitions=definitions("aa")), "Attribute Name is duplicated: a"),
        (table(KeySchema=key("a", "a")), NO_DEFINITION),
        (
            table(KeySchema=key("x")),
            f"{LEAD}Some index key attributes are not defined in AttributeDefinitions. Keys: [x], AttributeDefinitions: [a]",
        ),
        (ranged(KeySchema=key("a:RANGE", "a")), SAME),
        (ranged(KeySchema=key("a:RANGE", "b")), FIRST),
        (ranged(KeySchema=key("a", "b")), SECOND),
        (ranged(KeySchema=key("a")), EXACTLY),
        (table(LocalSecondaryIndexes=[]), f"{LEAD}List of LocalSecondaryIndexes is empty"),
        (table(GlobalSecondaryIndexes=[]), f"{LEAD}List of GlobalSecondaryIndexes is empty"),
        (
            table(LocalSecondaryIndexes=[index("one", "x")]),
            f"{LEAD}Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex",
        ),
        (
            ranged(LocalSecondaryIndexes=[index("one", "a")]),
            f"{LEAD}Index KeySchema does not have a range key for index: one",
        ),
        (
            ranged(LocalSecondaryIndexes=[index("one", "b", "a:RANGE")]),
            (
                f"{LEAD}Index KeySchema does not have the same leading hash key as table KeySchema for index: one. "
                "index hash key: b, table hash key: a"
            ),
        ),
        (ranged(LocalSecondaryIndexes=[index("one", "a", "b")]), SECOND),
        (ranged(GlobalSecondaryIndexes=[index("one", "b", Projection={})]), f"{LEAD}Unknown ProjectionType: null"),
        (
            ranged(GlobalSecondaryIndexes=[index("one", "b", Projection=INCLUDE)]),
            f"{LEAD}ProjectionType is INCLUDE, but NonKeyAttributes is not specified",
        ),
        (
            ranged(
                GlobalSecondaryIndexes=[
                    index("one", "b", Projection={"ProjectionType": "KEYS_ONLY", "NonKeyAttributes": ["x"]})
                ]
            ),
            f"{LEAD}ProjectionType is KEYS_ONLY, but NonKeyAttributes is specified",
        ),
        (
            ranged(GlobalSecondaryIndexes=[index("one", "b", Projection={**INCLUDE, "NonKeyAttributes": ["x", "x"]})]),
            f"{LEAD}Duplicate element in NonKeyAttributes: x",
        ),
        (
            ranged(GlobalSecondaryIndexes=[index("one", "b", ProvisionedThroughput=UNITS)]),
            f"{LEAD}ProvisionedThroughput should not be specified for index: one when BillingMode is PAY_PER_REQUEST",
        ),
        (
            ranged(BillingMode="PROVISIONED", ProvisionedThroughput=UNITS, GlobalSecondaryIndexes=[index("one", "b")]),
            f"{LEAD}ProvisionedThroughput is not specified for index: one",
        ),
        (ranged(GlobalSecondaryIndexes=[index("one", "b:RANGE")]), FIRST),
        (ranged(GlobalSecondaryIndexes=[index("one", "a", "a:RANGE")]), SAME),
        (
            ranged(GlobalSecondaryIndexes=[index("one", "a", "a")]),
            "The KeySchema contains multiple key attributes with the same name",
        ),
        (
            ranged(AttributeDefinitions=definitions("abc"), GlobalSecondaryIndexes=[index("one", "a", "b:RANGE", "c")]),
            f"{LEAD}All HASH key attributes must precede RANGE key attributes in the KeySchema",
        ),
        (
            ranged(AttributeDefinitions=definitions("abcde"), GlobalSecondaryIndexes=[index("one", *"abcde")]),
            f"{LEAD}The KeySchema exceeds the maximum allowed number of HASH key attributes",
        ),
        (
            ranged(LocalSecondaryIndexes=[index("one", "a", "b:RANGE")], GlobalSecondaryIndexes=[index("one", "b")]),
            f"{LEAD}Duplicate index name: one",
        ),
        (
            ranged(LocalSecondaryIndexes=[index(f"one{n}", "a", "b:RANGE") for n in range(6)]),
            f"{LEAD}Number of LocalSecondaryIndexes exceeds per-table limit of 5",
        ),
        (
            ranged(GlobalSecondaryIndexes=[index(f"one{n}", "b") for n in range(21)]),
            f"{LEAD}GlobalSecondaryIndex count exceeds the per-table limit of 20",
        ),
        (
            ranged(AttributeDefinitions=definitions("abc"), GlobalSecondaryIndexes=[index("one", "b")]),
            f"{LEAD}Some AttributeDefinitions are not used. AttributeDefinitions: [a, b, c], keys used: [a, b]",
        ),
        (
            table(
                BillingMode="PROVISIONED",
                ProvisionedThroughput=UNITS,
                OnDemandThroughput={"MaxReadRequestUnits": -5},
            ),
            f"{LEAD}MaxReadRequestUnits for OnDemandThroughput cannot be specified when table BillingMode is PROVISIONED.",
        ),
        (
            table(OnDemandThroughput={"MaxWriteRequestUnits": 0}),
            f"{LEAD}Requested MaxWriteRequestUnits for OnDemandThroughput for table is outside of valid range",
        ),
        (
            table(StreamSpecification={"StreamEnabled": False, "StreamViewType": "NEW_IMAGE"}),
            f"{LEAD}Table is being created with a stream disabled, UpdateViewType should not be specified",
        ),
        (
            table(StreamSpecification={"StreamEnabled": True}),
            f"{LEAD}Table is being created with a stream enabled, UpdateViewType is required",
        ),
        (
            table(SSESpecification={"Enabled": False, "SSEType": "KMS"}),
            f"{LEAD}SSEType can not be specified if Enabled is false",
        ),
    ],
)
def test_refused(request_: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationException) as caught:
        check_create_table(request_)
    assert caught.value.message == message


@pytest.mark.parametrize(
    "request_",
    [
        table(),
        table(BillingMode="PROVISIONED", ProvisionedThroughput=UNITS),
        ranged(LocalSecondaryIndexes=[index("one", "a", "b:RANGE")]),
        ranged(
            AttributeDefinitions=definitions("abcdefgh"),
            GlobalSecondaryIndexes=[index("one", *"abcd", *(f"{name}:RANGE" for name in "efgh"))],
        ),
        ranged(GlobalSecondaryIndexes=[index("one", "b", "a")]),
        table(StreamSpecification={"StreamEnabled": False}),
        table(OnDemandThroughput={"MaxReadRequestUnits": 1}),
    ],
)
def test_accepted(request_: dict[str, Any]) -> None:
    check_create_table(request_)


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (
            {"ProvisionedThroughput": HUGE},
            f"{LEAD}Given value 1000000000001 for ReadCapacityUnits is out of bounds",
        ),
        ({"AttributeDefinitions": definitions("aa")}, "Attribute Name is duplicated: a"),
        (
            {"GlobalSecondaryIndexUpdates": [{"Create": index("one", "b", Projection={})}]},
            f"{LEAD}Unknown ProjectionType: null",
        ),
    ],
)
def test_an_update_is_refused(request_: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationException) as caught:
        check_update_table(request_)
    assert caught.value.message == message

from typing import Any

import pytest

from stator.errors import LimitExceededException, ValidationException
from stator.tables.combination import NOTHING_TO_CHANGE, check_combination

LEAD = "One or more parameter values were invalid: "
UNITS = {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}
STREAM = {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}
DELETE = [{"Delete": {"IndexName": "one"}}]
UPDATE = [{"Update": {"IndexName": "one", "ProvisionedThroughput": UNITS}}]


@pytest.mark.parametrize(
    "request_",
    [
        {"ProvisionedThroughput": UNITS, "BillingMode": "PROVISIONED", "GlobalSecondaryIndexUpdates": UPDATE},
        {"BillingMode": "PAY_PER_REQUEST", "StreamSpecification": STREAM},
        {"BillingMode": "PAY_PER_REQUEST", "OnDemandThroughput": {"MaxReadRequestUnits": 1}},
        {"GlobalSecondaryIndexUpdates": DELETE, "AttributeDefinitions": []},
        {"GlobalSecondaryIndexUpdates": [*DELETE, {"Update": {"IndexName": "two"}}]},
        {"DeletionProtectionEnabled": False},
        {"SSESpecification": {}},
        {"TableClass": "STANDARD"},
        {"WarmThroughput": {"ReadUnitsPerSecond": 1}},
        {"StreamSpecification": {"StreamEnabled": False}},
    ],
)
def test_may_stand_together(request_: dict[str, Any]) -> None:
    check_combination({"TableName": "music"} | request_)


@pytest.mark.parametrize(
    "request_",
    [{}, {"AttributeDefinitions": []}, {"GlobalSecondaryIndexUpdates": []}, {"OnDemandThroughput": {}}],
)
def test_nothing_to_change(request_: dict[str, Any]) -> None:
    with pytest.raises(ValidationException) as caught:
        check_combination({"TableName": "music"} | request_)
    assert caught.value.message == NOTHING_TO_CHANGE


@pytest.mark.parametrize(
    "request_, message",
    [
        ({"BillingMode": "PROVISIONED"}, "ProvisionedThroughput must be specified when BillingMode is PROVISIONED"),
        (
            {"DeletionProtectionEnabled": True, "TableClass": "STANDARD"},
            "DeletionProtection modification must be the only operation in the request",
        ),
        (
            {"SSESpecification": {}, "TableClass": "STANDARD"},
            "Server-Side Encryption modification must be the only operation in the request",
        ),
        (
            {"BillingMode": "PAY_PER_REQUEST", "TableClass": "STANDARD"},
            "TableClass modification must be the only operation in the request",
        ),
        (
            {"WarmThroughput": {"ReadUnitsPerSecond": 1}, "StreamSpecification": STREAM},
            "WarmThroughput must be the only operation in the request",
        ),
        (
            {
                "WarmThroughput": {"ReadUnitsPerSecond": 1},
                "GlobalSecondaryIndexUpdates": [{"Create": {"IndexName": "i"}}],
            },
            "Create global secondary index cannot be specified when updating WarmThroughput",
        ),
        (
            {"OnDemandThroughput": {"MaxReadRequestUnits": 1}, "StreamSpecification": STREAM},
            "OnDemandThroughput can only be combined with BillingMode in an UpdateTable request",
        ),
        (
            {"ProvisionedThroughput": UNITS, "StreamSpecification": STREAM},
            "You cannot modify stream status while updating table IOPS",
        ),
        (
            {"ProvisionedThroughput": UNITS, "GlobalSecondaryIndexUpdates": DELETE},
            "You cannot create or delete index while updating table IOPS",
        ),
        (
            {"StreamSpecification": STREAM, "GlobalSecondaryIndexUpdates": DELETE},
            "You cannot create or delete index while changing stream status",
        ),
        (
            {"StreamSpecification": {"StreamEnabled": True}},
            "If stream is being enabled then UpdateViewType is required",
        ),
        (
            {"StreamSpecification": {"StreamEnabled": False, "StreamViewType": "KEYS_ONLY"}},
            "If stream is being disabled, then UpdateViewType must not be specified",
        ),
        (
            {"GlobalSecondaryIndexUpdates": [{}]},
            "One of GlobalSecondaryIndexUpdate.Update, GlobalSecondaryIndexUpdate.Create, GlobalSecondaryIndexUpdate.Delete must not be null",
        ),
        (
            {"GlobalSecondaryIndexUpdates": [DELETE[0] | UPDATE[0]]},
            "Only one global secondary index action is allowed per GlobalSecondaryIndexUpdate object",
        ),
        (
            {"GlobalSecondaryIndexUpdates": [*DELETE, *DELETE]},
            "Only one global secondary index update per index is allowed simultaneously. Index: one",
        ),
    ],
)
def test_may_not_stand_together(request_: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationException) as caught:
        check_combination({"TableName": "music"} | request_)
    assert caught.value.message == LEAD + message


def test_one_index_is_made_or_deleted_at_a_time() -> None:
    with pytest.raises(LimitExceededException) as caught:
        check_combination({"GlobalSecondaryIndexUpdates": [*DELETE, {"Create": {"IndexName": "two"}}]})
    assert caught.value.message == (
        "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table"
    )

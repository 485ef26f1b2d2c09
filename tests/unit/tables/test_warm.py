from typing import Any

import pytest

from stator.errors import ValidationException
from stator.tables.warm import check_warm_at_creation

LEAD = "One or more parameter values were invalid: Requested "
UNITS = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 6}
SEE = (
    "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/"
    "on-demand-capacity-mode.html#on-demand-capacity-mode-initial"
)


def index(**members: Any) -> dict[str, Any]:
    return {"GlobalSecondaryIndexes": [{"IndexName": "by-x"} | members]}


@pytest.mark.parametrize(
    "request_",
    [
        {},
        {"BillingMode": "PAY_PER_REQUEST", "WarmThroughput": {"ReadUnitsPerSecond": 12_000}},
        {"ProvisionedThroughput": UNITS, "WarmThroughput": {"ReadUnitsPerSecond": 5, "WriteUnitsPerSecond": 6}},
        {
            "ProvisionedThroughput": UNITS,
            **index(ProvisionedThroughput=UNITS, WarmThroughput={"ReadUnitsPerSecond": 5}),
        },
    ],
)
def test_enough(request_: dict[str, Any]) -> None:
    check_warm_at_creation(request_)


@pytest.mark.parametrize(
    "request_, message",
    [
        (
            {"BillingMode": "PAY_PER_REQUEST", "WarmThroughput": {"WriteUnitsPerSecond": 3_999}},
            f"WriteUnitsPerSecond for WarmThroughput for table is lower than initial throughput for OnDemand. See: {SEE}",
        ),
        (
            {"ProvisionedThroughput": UNITS, "WarmThroughput": {"ReadUnitsPerSecond": 4}},
            "ReadUnitsPerSecond for WarmThroughput for table is lower than ReadCapacityUnits of ProvisionedThroughput",
        ),
        (
            {
                "ProvisionedThroughput": UNITS,
                **index(ProvisionedThroughput=UNITS, WarmThroughput={"WriteUnitsPerSecond": 5}),
            },
            "WriteUnitsPerSecond for WarmThroughput for index by-x is lower than WriteCapacityUnits of ProvisionedThroughput",
        ),
    ],
)
def test_too_little(request_: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationException) as caught:
        check_warm_at_creation(request_)
    assert caught.value.message == LEAD + message

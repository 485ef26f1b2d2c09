"""DescribeLimits."""

from stator.api.call import Answer, Call
from stator.api.registry import operation
from stator.limits import ACCOUNT_CAPACITY_UNITS_MAX, TABLE_CAPACITY_UNITS_MAX
from stator.validation.requests.account import DESCRIBE_LIMITS


@operation("DescribeLimits", DESCRIBE_LIMITS)
async def describe_limits(_call: Call) -> Answer:
    return {
        "AccountMaxReadCapacityUnits": ACCOUNT_CAPACITY_UNITS_MAX,
        "AccountMaxWriteCapacityUnits": ACCOUNT_CAPACITY_UNITS_MAX,
        "TableMaxReadCapacityUnits": TABLE_CAPACITY_UNITS_MAX,
        "TableMaxWriteCapacityUnits": TABLE_CAPACITY_UNITS_MAX,
    }

"""DescribeEndpoints: SDKs with endpoint discovery ask it, and then use the address that it answers."""

from stator.api.call import Answer, Call
from stator.api.registry import operation
from stator.validation.requests.account import DESCRIBE_ENDPOINTS

CACHE_PERIOD_MINUTES = 1440


@operation("DescribeEndpoints", DESCRIBE_ENDPOINTS)
async def describe_endpoints(call: Call) -> Answer:
    return {"Endpoints": [{"Address": call.host, "CachePeriodInMinutes": CACHE_PERIOD_MINUTES}]}

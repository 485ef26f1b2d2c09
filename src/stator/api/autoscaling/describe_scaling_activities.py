"""DescribeScalingActivities: what was done in the last six weeks, the newest first."""

from stator.api.call import Answer, Call
from stator.api.registry import AUTOSCALING, operation
from stator.api.scaling import make_token, page_size, read_token
from stator.autoscaling.activity import Activity, describe_activity
from stator.autoscaling.resource import NAMESPACE
from stator.errors import InvalidNextTokenException
from stator.validation.requests.autoscaling import DESCRIBE_SCALING_ACTIVITIES


@operation("DescribeScalingActivities", DESCRIBE_SCALING_ACTIVITIES, AUTOSCALING)
async def describe_scaling_activities(call: Call) -> Answer:
    request = call.request
    resource_id, dimension = request.get("ResourceId"), request.get("ScalableDimension")
    with_not_scaled = request.get("IncludeNotScaledActivities", False)
    most, before = page_size(request), read_token(request)

    def wanted(activity: Activity) -> bool:
        return (
            (resource_id is None or activity.resource.id == resource_id)
            and (dimension is None or activity.resource.dimension == dimension)
            and (with_not_scaled or activity.not_scaled is None)
        )

    if request["ServiceNamespace"] != NAMESPACE:
        return {"ScalingActivities": []}
    try:
        after = None if before is None else bytes.fromhex(before)
    except ValueError:
        raise InvalidNextTokenException("The specified NextToken is not valid") from None
    found, more = await call.parts.scalings.activities(call.account, call.region, wanted, most=most, before=after)
    answer = {"ScalingActivities": [describe_activity(activity) for activity in found]}
    return answer if more is None else answer | {"NextToken": make_token(request, more.hex())}

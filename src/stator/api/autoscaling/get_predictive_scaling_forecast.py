"""GetPredictiveScalingForecast: DynamoDB has no predictive scaling, so there is no policy to ask about."""

from stator.api.call import Answer, Call
from stator.api.registry import AUTOSCALING, operation
from stator.api.scaling import resource_of
from stator.errors import ValidationException
from stator.validation.requests.autoscaling import GET_PREDICTIVE_SCALING_FORECAST


@operation("GetPredictiveScalingForecast", GET_PREDICTIVE_SCALING_FORECAST, AUTOSCALING)
async def get_predictive_scaling_forecast(call: Call) -> Answer:
    resource, name = resource_of(call.request), call.request["PolicyName"]
    scaling = await call.parts.scalings.find(call.account, call.region, resource)
    if scaling is None or scaling.policy(name) is None:
        raise ValidationException(
            f"No scaling policy found for service namespace: dynamodb, resource ID: {resource.id}, scalable dimension: "
            f"{resource.dimension}, policy name: {name}"
        )
    raise ValidationException(f"The scaling policy {name} is not a predictive scaling policy")

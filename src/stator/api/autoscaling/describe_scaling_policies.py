"""DescribeScalingPolicies."""

from stator.api.call import Answer, Call
from stator.api.registry import AUTOSCALING, operation
from stator.api.scaling import page, scalings_for
from stator.autoscaling.describe import describe_policy
from stator.validation.requests.autoscaling import DESCRIBE_SCALING_POLICIES


@operation("DescribeScalingPolicies", DESCRIBE_SCALING_POLICIES, AUTOSCALING)
async def describe_scaling_policies(call: Call) -> Answer:
    names = call.request.get("PolicyNames")
    found = [
        describe_policy(scaling, policy)
        for scaling in await scalings_for(call)
        for policy in scaling.policies
        if not names or policy.name in names or scaling.policy_arn(policy) in names
    ]
    return page(call.request, found, lambda policy: policy["PolicyARN"], "ScalingPolicies")

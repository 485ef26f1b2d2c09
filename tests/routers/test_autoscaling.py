"""Auto scaling where several routers share a store: one of them scales, by what all of them served."""

import contextlib
import json
from typing import Any

from tests.operations.autoscaling import TABLE, create_provisioned, register, tracking
from tests.routers.pair import Pair, in_touch
from tests.running import new_account, wait_until


def capacity(dynamodb: Any) -> int:
    table = dynamodb.describe_table(TableName="music")["Table"]
    return int(table["ProvisionedThroughput"]["WriteCapacityUnits"])


def raised_by_load(dynamodb: Any) -> bool:
    """Ask for ten units, and see whether there are more than at the beginning."""
    with contextlib.suppress(dynamodb.exceptions.ProvisionedThroughputExceededException):
        dynamodb.put_item(TableName="music", Item={"artist": {"S": "x"}, "text": {"S": "x" * 9_900}})
    return capacity(dynamodb) > 10


def test_what_one_router_serves_another_scales_and_goes_on_when_that_one_stops() -> None:
    with in_touch(), contextlib.closing(Pair()) as pair:
        account = new_account(pair.servers[1].url)
        dynamodb, scaling = account.client(), account.client("application-autoscaling")
        create_provisioned(dynamodb)
        register(scaling)
        scaling.put_scaling_policy(**TABLE, **tracking())
        wait_until(lambda: raised_by_load(dynamodb), 120)
        pair.stop(0)
        raised = capacity(dynamodb)
        register(scaling, minimum=raised + 50, maximum=1000)
        wait_until(lambda: capacity(dynamodb) >= raised + 50, 120)
        activities = scaling.describe_scaling_activities(ServiceNamespace="dynamodb")["ScalingActivities"][::-1]
        assert activities[0]["Cause"].startswith("policy follow: ")
        figures = [json.loads(activity["Details"]) for activity in activities]
        assert [each["capacity"] for each in figures] == [10, *(each["wanted"] for each in figures[:-1])]

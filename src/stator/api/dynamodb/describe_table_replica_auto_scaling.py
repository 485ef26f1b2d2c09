"""DescribeTableReplicaAutoScaling."""

from stator.api.call import Answer, Call
from stator.api.registry import operation
from stator.autoscaling.replica import describe_replica
from stator.validation.requests.replica_auto_scaling import DESCRIBE_TABLE_REPLICA_AUTO_SCALING


@operation("DescribeTableReplicaAutoScaling", DESCRIBE_TABLE_REPLICA_AUTO_SCALING)
async def describe_table_replica_auto_scaling(call: Call) -> Answer:
    table = call.parts.catalog.require(call.account, call.region, call.request["TableName"])
    scalings = await call.parts.scalings.of(call.account, call.region, table.name)
    return {"TableAutoScalingDescription": describe_replica(table, scalings)}

"""DescribeCluster, an operation of Stator's own: instance, shards and nodes as they are now. docs/cluster.md tells."""

from stator.api.call import Answer, Call
from stator.api.registry import PRIVATE, operation
from stator.validation.requests.cluster import DESCRIBE_CLUSTER


@operation("DescribeCluster", DESCRIBE_CLUSTER, PRIVATE)
async def describe_cluster(call: Call) -> Answer:
    return await call.parts.cluster()

"""What tests of Application Auto Scaling have in common."""

from typing import Any

TABLE = {
    "ServiceNamespace": "dynamodb",
    "ResourceId": "table/music",
    "ScalableDimension": "dynamodb:table:WriteCapacityUnits",
}
INDEX = {
    "ServiceNamespace": "dynamodb",
    "ResourceId": "table/music/index/by-year",
    "ScalableDimension": "dynamodb:index:ReadCapacityUnits",
}
NAMED = "service namespace: dynamodb, resource ID: table/music, scalable dimension: dynamodb:table:WriteCapacityUnits"


def create_provisioned(client: Any, name: str = "music", units: int = 10) -> None:
    """A table keyed by `artist` with an index `by-year`, each with so many units."""
    throughput = {"ReadCapacityUnits": units, "WriteCapacityUnits": units}
    client.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "artist", "KeyType": "HASH"}],
        AttributeDefinitions=[
            {"AttributeName": "artist", "AttributeType": "S"},
            {"AttributeName": "year", "AttributeType": "N"},
        ],
        ProvisionedThroughput=throughput,
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by-year",
                "KeySchema": [{"AttributeName": "year", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
                "ProvisionedThroughput": throughput,
            }
        ],
    )


def register(scaling: Any, resource: dict[str, str] | None = None, minimum: int = 5, maximum: int = 100) -> str:
    """The ARN of a scalable target."""
    bounds = {"MinCapacity": minimum, "MaxCapacity": maximum}
    answer = scaling.register_scalable_target(**resource or TABLE, **bounds)
    return str(answer["ScalableTargetARN"])


def tracking(target: float = 70.0, unit: str = "Write", **members: Any) -> dict[str, Any]:
    """What PutScalingPolicy needs besides the resource. What is None is left out."""
    configuration = {
        "TargetValue": target,
        "PredefinedMetricSpecification": {"PredefinedMetricType": f"DynamoDB{unit}CapacityUtilization"},
        **members,
    }
    return {
        "PolicyName": "follow",
        "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": {
            name: value for name, value in configuration.items() if value is not None
        },
    }

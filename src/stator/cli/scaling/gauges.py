"""What CloudWatch says of a table or index: ours, or Amazon's."""

from typing import NamedTuple

from stator.cli.client import Api, Client

CLOUDWATCH = Api("monitoring", "GraniteServiceVersion20100801.")

_PERIOD = 60
_METRICS = {
    "reads": "ConsumedReadCapacityUnits",
    "refused_reads": "ReadThrottleEvents",
    "writes": "ConsumedWriteCapacityUnits",
    "refused_writes": "WriteThrottleEvents",
}


class Window(NamedTuple):
    """Minutes before now: where to begin, and how many."""

    start: int
    length: int

    @property
    def seconds(self) -> int:
        return self.length * _PERIOD


class Sums(NamedTuple):
    """Over a window: units consumed, requests refused."""

    consumed: float
    refused: float


class Gauges:
    def __init__(self, client: Client) -> None:
        self._client = client

    def read(self, table: str, index: str | None, window: Window, now: float) -> tuple[Sums, Sums]:
        """Of reads and of writes; zeros where there is no data. Raises Complaint."""
        dimensions = [{"Name": "TableName", "Value": table}]
        if index is not None:
            dimensions.append({"Name": "GlobalSecondaryIndexName", "Value": index})
        start = int(now // _PERIOD - window.start) * _PERIOD
        asked = {
            "StartTime": start,
            "EndTime": start + window.seconds,
            "MetricDataQueries": [
                {
                    "Id": name,
                    "MetricStat": {
                        "Metric": {"Namespace": "AWS/DynamoDB", "MetricName": metric, "Dimensions": dimensions},
                        "Period": _PERIOD,
                        "Stat": "Sum",
                    },
                }
                for name, metric in _METRICS.items()
            ],
        }
        sums = dict.fromkeys(_METRICS, 0.0)
        while True:
            answer = self._client.call("GetMetricData", asked)
            for result in answer.get("MetricDataResults", ()):
                sums[result["Id"]] += sum(result.get("Values") or ())
            if not answer.get("NextToken"):
                break
            asked["NextToken"] = answer["NextToken"]
        return Sums(sums["reads"], sums["refused_reads"]), Sums(sums["writes"], sums["refused_writes"])

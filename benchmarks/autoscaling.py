"""`python -m benchmarks.autoscaling`: how long capacity takes to follow a load that steps from 10 % to 300 % of it.

A real server in real time, on its defaults but for the wait before capacity is lowered, which is cut short so that a
run takes a minute. The load is that of boto3 clients in threads of this process, ten units a request.
"""

import argparse
import json
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.commands.endpoints import Stator

BAR_SECONDS = 15.0
_UNITS = 10
_THREADS = 8
_CAPACITY = 100
_WRITES = {
    "ServiceNamespace": "dynamodb",
    "ResourceId": "table/load",
    "ScalableDimension": "dynamodb:table:WriteCapacityUnits",
}


class Load:
    """Asks for `units` a second until it is ended."""

    def __init__(self, dynamodb: Any) -> None:
        self._dynamodb = dynamodb
        self.units = 0.1 * _CAPACITY
        self.served = self.throttled = 0
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(at,)) for at in range(_THREADS)]
        for thread in self._threads:
            thread.start()

    def _run(self, number: int) -> None:
        sent = 0
        while not self._stop.wait(_UNITS * _THREADS / self.units):
            sent += 1
            item = {"k": {"S": f"{number}-{sent}"}, "text": {"S": "x" * (_UNITS * 1000)}}
            try:
                self._dynamodb.put_item(TableName="load", Item=item)
                self.served += 1
            except ClientError:
                self.throttled += 1

    def end(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()


def main(arguments: list[str] | None = None) -> int:
    """0 when the bar holds."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.autoscaling", description=__doc__)
    parser.add_argument("--target", type=float, default=70.0, help="Percent; default 70.")
    found = parser.parse_args(arguments)
    server = Stator("--autoscaling-low-seconds", "10")
    try:
        scaling = _client(server.url, "application-autoscaling")
        followed = _measure(_client(server.url, "dynamodb"), scaling, found.target)
    finally:
        server.close()
    print(f"capacity covered the load after {followed:.1f} s; bar {BAR_SECONDS:g} s")
    return 0 if followed <= BAR_SECONDS else 1


def _measure(dynamodb: Any, scaling: Any, target: float) -> float:
    dynamodb.create_table(
        TableName="load",
        KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
        ProvisionedThroughput={"ReadCapacityUnits": 5, "WriteCapacityUnits": _CAPACITY},
    )
    scaling.register_scalable_target(**_WRITES, MinCapacity=10, MaxCapacity=10 * _CAPACITY)
    metric = {"PredefinedMetricType": "DynamoDBWriteCapacityUtilization"}
    configuration = {"TargetValue": target, "PredefinedMetricSpecification": metric, "DisableScaleIn": True}
    put_policy = {"PolicyName": "follow", "PolicyType": "TargetTrackingScaling"}
    scaling.put_scaling_policy(**_WRITES, **put_policy, TargetTrackingScalingPolicyConfiguration=configuration)
    load = Load(dynamodb)
    try:
        time.sleep(8)
        load.units = 3.0 * _CAPACITY
        began = time.monotonic()
        _wait(lambda: _capacity(dynamodb) >= load.units)
        followed = time.monotonic() - began
        time.sleep(5)
        scaling.put_scaling_policy(
            **_WRITES, **put_policy, TargetTrackingScalingPolicyConfiguration=configuration | {"DisableScaleIn": False}
        )
        load.units = 0.1 * _CAPACITY
        began = time.monotonic()
        _wait(lambda: _capacity(dynamodb) <= _CAPACITY)
        seconds = time.monotonic() - began
        print(f"back down {seconds:.1f} s after the load; {load.served} served, {load.throttled} throttled")
    finally:
        load.end()
    for activity in scaling.describe_scaling_activities(ServiceNamespace="dynamodb")["ScalingActivities"][::-1]:
        figures = json.loads(activity["Details"])
        print(f"{figures['capacity']:>5} to {figures['wanted']:<5} {activity['Cause']}")
    return followed


def _client(url: str, service: str) -> Any:
    return boto3.client(
        service,
        endpoint_url=url,
        region_name="eu-west-1",
        aws_access_key_id="any",
        aws_secret_access_key="any",  # noqa: S106  no key is checked
        config=Config(retries={"total_max_attempts": 1}, max_pool_connections=2 * _THREADS),
    )


def _capacity(dynamodb: Any) -> int:
    return int(dynamodb.describe_table(TableName="load")["Table"]["ProvisionedThroughput"]["WriteCapacityUnits"])


def _wait(reached: Callable[[], bool]) -> None:
    end = time.monotonic() + 120
    while not reached():
        if time.monotonic() > end:
            raise SystemExit("it did not come so far in two minutes")
        time.sleep(0.1)


if __name__ == "__main__":
    sys.exit(main())

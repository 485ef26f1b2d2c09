"""Metrics to read: points planted in a running server, and clients that speak each protocol."""

import copy
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import boto3
import botocore.session
from botocore.config import Config

from stator.metrics.recorder import Sample
from stator.metrics.series import Point, Series, bucket
from tests.running import Account, RunningServer

PROTOCOLS = ("smithy-rpc-v2-cbor", "json", "query")
REGION = "eu-west-1"


Values = Mapping[float, float | list[float]]
"""By their times, which grow; several values are a point with a histogram."""


def plant(server: RunningServer, account: Account, points: Mapping[Series, Values]) -> None:
    """All there are of a table in one call: what a server has written of a minute it does not add to."""

    async def planting() -> None:
        store = server.server.background.metering.series
        for series, values in points.items():
            store.add(Sample(account.number, REGION, series, point(time, value)) for time, value in values.items())
        await store.flush()

    server._run(planting())


def point(time: float, value: float | list[float]) -> Point:
    if not isinstance(value, list):
        return Point(time, value, 1.0, value, value)
    histogram: dict[int, int] = {}
    for each in value:
        histogram[bucket(each)] = histogram.get(bucket(each), 0) + 1
    return Point(time, sum(value), float(len(value)), min(value), max(value), histogram)


def speaking(account: Account, protocol: str, **config: Any) -> Any:
    """A CloudWatch client of boto3 that speaks one protocol; by itself it chooses JSON."""
    session = botocore.session.get_session()
    loader = session.get_component("data_loader")
    load = loader.load_service_model

    def loaded(service: str, kind: str, api_version: str | None = None) -> Any:
        model = load(service, kind, api_version)
        if service == "cloudwatch" and kind == "service-2":
            model = copy.deepcopy(model)
            model["metadata"]["protocols"] = [protocol]
            model["metadata"]["protocol"] = protocol
        return model

    loader.load_service_model = loaded
    return boto3.Session(botocore_session=session).client(
        "cloudwatch",
        endpoint_url=account.url,
        region_name=REGION,
        aws_access_key_id=account.number,
        aws_secret_access_key="secret",
        config=Config(**{"parameter_validation": False, "retries": {"total_max_attempts": 1}} | config),
    )


def moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)

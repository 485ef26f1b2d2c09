"""CreateTable's request, already checked, to the definition of a new table."""

import time
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from stator.model.table import (
    Index,
    KeyAttribute,
    KeySchema,
    OnDemandThroughput,
    Projection,
    Stream,
    Table,
    Throughput,
    WarmThroughput,
)
from stator.tables.tags import read_tags
from stator.tables.throughput import provision

DEFAULT_VIEW_TYPE = "NEW_AND_OLD_IMAGES"
NO_MAXIMUM = -1  # takes a maximum of on-demand throughput away


def count_spaces(request: dict[str, Any]) -> int:
    """How many spaces the table of this request needs: one, and one for each index."""
    return 1 + len(request.get("LocalSecondaryIndexes") or ()) + len(request.get("GlobalSecondaryIndexes") or ())


def build(request: dict[str, Any], account: str, region: str, *, spaces: list[int], now: float) -> Table:
    """The table that a checked CreateTable request asks for, ACTIVE."""
    types = {each["AttributeName"]: each["AttributeType"] for each in request["AttributeDefinitions"]}
    free = iter(spaces)
    space = next(free)
    on_demand = request.get("BillingMode") == "PAY_PER_REQUEST"
    wanted = request.get("ProvisionedThroughput")
    stream = build_stream(request.get("StreamSpecification"), now)
    return Table(
        account=account,
        region=region,
        name=request["TableName"],
        id=str(uuid.uuid4()),
        created=now,
        attribute_types=types,
        keys=build_keys(request["KeySchema"], types),
        space=space,
        indexes=_indexes(request, types, free),
        on_demand=on_demand,
        on_demand_since=now if on_demand else None,
        throughput=provision(wanted) if wanted else Throughput(),
        on_demand_throughput=build_on_demand(request.get("OnDemandThroughput")),
        warm_throughput=build_warm(request.get("WarmThroughput"), None),
        stream=stream,
        latest_stream_label=stream.label if stream else None,
        table_class=request.get("TableClass"),
        deletion_protection=bool(request.get("DeletionProtectionEnabled")),
        tags=read_tags(request.get("Tags") or ()),
    )


def build_keys(schema: list[dict[str, str]], types: dict[str, str]) -> KeySchema:
    def part(key_type: str) -> tuple[KeyAttribute, ...]:
        names = [element["AttributeName"] for element in schema if element["KeyType"] == key_type]
        return tuple(KeyAttribute(name, types[name]) for name in names)

    return KeySchema(part("HASH"), part("RANGE"))


def build_stream(specification: dict[str, Any] | None, now: float) -> Stream | None:
    """The stream that a StreamSpecification enables, or None. Its label is the time, to the millisecond."""
    if not specification or not specification["StreamEnabled"]:
        return None
    milliseconds = int(now * 1000)
    second = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(milliseconds // 1000))
    label = f"{second}.{milliseconds % 1000:03}"
    return Stream(specification.get("StreamViewType") or DEFAULT_VIEW_TYPE, label)


def build_index(request: dict[str, Any], types: dict[str, str], space: int, *, local: bool) -> Index:
    """The index that an element of a request asks for, complete. `types` has the types of its key attributes."""
    projection = request["Projection"]
    wanted = request.get("ProvisionedThroughput")
    return Index(
        name=request["IndexName"],
        local=local,
        keys=build_keys(request["KeySchema"], types),
        projection=Projection(projection["ProjectionType"], tuple(projection.get("NonKeyAttributes") or ())),
        space=space,
        throughput=provision(wanted) if wanted else Throughput(),
        on_demand_throughput=build_on_demand(request.get("OnDemandThroughput")),
        warm_throughput=build_warm(request.get("WarmThroughput"), None),
    )


def build_on_demand(maxima: Mapping[str, int | None] | None) -> OnDemandThroughput | None:
    """An OnDemandThroughput without members is as good as none."""
    if not maxima:
        return None
    read_max, write_max = (_maximum(maxima.get(name)) for name in ("MaxReadRequestUnits", "MaxWriteRequestUnits"))
    if read_max is None and write_max is None:
        return None
    return OnDemandThroughput(read_max, write_max)


def build_warm(wanted: dict[str, int] | None, floor: WarmThroughput | None) -> WarmThroughput | None:
    """Members that are not asked for stay at `floor`; None when nothing is asked for."""
    if not wanted:
        return None
    floor = floor or WarmThroughput(0, 0)
    return WarmThroughput(wanted.get("ReadUnitsPerSecond", floor.read), wanted.get("WriteUnitsPerSecond", floor.write))


def _maximum(units: int | None) -> int | None:
    return None if units == NO_MAXIMUM else units


def _indexes(request: dict[str, Any], types: dict[str, str], spaces: Iterator[int]) -> tuple[Index, ...]:
    local = [(each, True) for each in request.get("LocalSecondaryIndexes") or ()]
    everywhere = [(each, False) for each in request.get("GlobalSecondaryIndexes") or ()]
    return tuple(build_index(each, types, next(spaces), local=is_local) for each, is_local in local + everywhere)

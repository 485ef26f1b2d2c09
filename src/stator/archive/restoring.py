"""The table that a restore makes: what the source was, with what the request overrides. Pure.

Keys, indexes, billing, throughput and table class come back. Tags, time to live, streams and other readers of the
journal, recovery to a point in time and deletion protection do not, as at the service.
"""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from stator.errors import ValidationException
from stator.model.table import Index, Projection, Table, Throughput
from stator.tables.create import build_keys, build_on_demand, build_warm
from stator.tables.refused import check_restore_parameters
from stator.tables.throughput import provision
from stator.tables.warm import check_warm_index
from stator.validation.create_table import check_projection
from stator.validation.encryption import check_encryption
from stator.validation.throughput import LEAD, check_bounds, check_index_provisioned, check_maxima, check_provisioned

# The source's indexes that come back, and what the request says of each; None where it says nothing.
_Kept = list[tuple[Index, dict[str, Any] | None]]


def count_spaces(source: Table, request: Mapping[str, Any]) -> int:
    """How many spaces the target needs: one, and one for each index. Raises as `build` does."""
    return 1 + len(_kept(_settled(source), request))


def build(
    source: Table, request: Mapping[str, Any], *, place: tuple[str, str], spaces: Sequence[int], now: float
) -> Table:
    """The target of a RestoreTable request, ACTIVE and empty; `place` is its account and region.

    Raises ValidationException for overrides that cannot be: those of indexes may leave out indexes of the source, but
    neither change nor add any.
    """
    source = _settled(source)
    kept = _kept(source, request)
    mode = request.get("BillingModeOverride")
    on_demand = source.on_demand if mode is None else mode == "PAY_PER_REQUEST"
    throughput = _throughput(source, request, on_demand=on_demand)
    maxima = request.get("OnDemandThroughputOverride")
    check_maxima(maxima, on_demand=on_demand)
    check_encryption(request.get("SSESpecificationOverride"))
    check_restore_parameters(request)
    free = iter(spaces)
    space = next(free)
    indexes = tuple(_index(source, index, wanted, on_demand=on_demand, space=next(free)) for index, wanted in kept)
    return Table(
        account=place[0],
        region=place[1],
        name=request["TargetTableName"],
        id=str(uuid.uuid4()),
        created=now,
        attribute_types=_types(source, indexes),
        keys=source.keys,
        space=space,
        indexes=indexes,
        on_demand=on_demand,
        on_demand_since=now if on_demand else None,
        throughput=throughput,
        on_demand_throughput=(build_on_demand(maxima) or source.on_demand_throughput) if on_demand else None,
        warm_throughput=source.warm_throughput,
        table_class=source.table_class,
        sse_key_arn=source.sse_key_arn,
    )


def _settled(source: Table) -> Table:
    """A table that was changing when it was copied comes back as what it became."""
    return source.becomes or source


def _throughput(source: Table, request: Mapping[str, Any], *, on_demand: bool) -> Throughput:
    wanted = request.get("ProvisionedThroughputOverride")
    if wanted is None and not on_demand and not source.on_demand:
        return Throughput(source.throughput.read, source.throughput.write)
    mode = "PAY_PER_REQUEST" if on_demand else "PROVISIONED"
    given = {} if wanted is None else {"ProvisionedThroughput": wanted}
    check_provisioned({"BillingMode": mode, **given})
    return Throughput() if wanted is None else provision(wanted)


def _kept(source: Table, request: Mapping[str, Any]) -> _Kept:
    if request.get("VectorIndexOverride"):
        raise _unknown(request["VectorIndexOverride"][0]["IndexName"], "vector")
    local = _chosen(source, request.get("LocalSecondaryIndexOverride"), local=True)
    everywhere = _chosen(source, request.get("GlobalSecondaryIndexOverride"), local=False)
    return [*local, *everywhere]


def _chosen(source: Table, override: Sequence[dict[str, Any]] | None, *, local: bool) -> _Kept:
    """The source's local or global indexes that come back: all, unless there is an override."""
    there = {index.name: index for index in source.indexes if index.local is local}
    if override is None:
        return [(index, None) for index in there.values()]
    wanted: dict[str, dict[str, Any]] = {}
    for each in override:
        name = each["IndexName"]
        if name in wanted:
            raise ValidationException(f"{LEAD}Duplicate index name: {name}")
        if name not in there:
            raise _unknown(name, "local secondary" if local else "global secondary")
        check_projection(each["Projection"])
        _check_same(source, there[name], each)
        wanted[name] = each
    return [(index, wanted[name]) for name, index in there.items() if name in wanted]


def _check_same(source: Table, index: Index, wanted: Mapping[str, Any]) -> None:
    names = {element["AttributeName"] for element in wanted["KeySchema"]}
    projection = wanted["Projection"]
    asked = Projection(projection["ProjectionType"], tuple(sorted(projection.get("NonKeyAttributes") or ())))
    same = replace(index.projection, attributes=tuple(sorted(index.projection.attributes))) == asked
    if not same or not names <= source.attribute_types.keys():
        raise _changed(index)
    if build_keys(wanted["KeySchema"], source.attribute_types) != index.keys:
        raise _changed(index)


def _changed(index: Index) -> ValidationException:
    return ValidationException(
        f"{LEAD}The index {index.name} of the restored table must have the key schema and the projection that it has "
        "in the source table"
    )


def _unknown(name: str, kind: str) -> ValidationException:
    return ValidationException(f"{LEAD}The source table has no {kind} index of the name {name}")


def _index(source: Table, index: Index, wanted: dict[str, Any] | None, *, on_demand: bool, space: int) -> Index:
    wanted = wanted or {}
    throughput, maxima = Throughput(), None
    if not index.local:
        throughput = _index_throughput(source, index, wanted, on_demand=on_demand)
        check_maxima(wanted.get("OnDemandThroughput"), on_demand=on_demand, index=index.name)
        if wanted:
            check_warm_index(wanted, on_demand=on_demand)
        maxima = build_on_demand(wanted.get("OnDemandThroughput")) or index.on_demand_throughput
    return replace(
        index,
        space=space,
        build=None,
        throughput=throughput,
        on_demand_throughput=maxima if on_demand else None,
        warm_throughput=build_warm(wanted.get("WarmThroughput"), index.warm_throughput) or index.warm_throughput,
    )


def _index_throughput(source: Table, index: Index, wanted: Mapping[str, Any], *, on_demand: bool) -> Throughput:
    units = wanted.get("ProvisionedThroughput")
    if units is None and not on_demand and not source.on_demand:
        return Throughput(index.throughput.read, index.throughput.write)
    given = {} if units is None else {"ProvisionedThroughput": units}
    check_index_provisioned({"IndexName": index.name, **given}, on_demand=on_demand)
    check_bounds(units)
    return Throughput() if units is None else provision(units)


def _types(source: Table, indexes: Sequence[Index]) -> dict[str, str]:
    """The types of the attributes that are keys of something, in the source's order."""

    def used() -> Iterator[str]:
        for keys in (source.keys, *(index.keys for index in indexes)):
            yield from (attribute.name for attribute in keys.attributes)

    names = set(used())
    return {name: type_ for name, type_ in source.attribute_types.items() if name in names}

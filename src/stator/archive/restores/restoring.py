"""The table that a restore makes: what the source was, with what the request overrides. Pure.

Keys, indexes, billing and throughput come back. Tags, time to live, streams and other readers of the journal, recovery
to a point in time, deletion protection and the table class do not, as at the service.
"""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from stator.errors import ValidationException
from stator.model.table import Index, Projection, Table, Throughput
from stator.tables.create import build_keys, build_on_demand, build_warm
from stator.tables.refused import check_restore_parameters
from stator.tables.throughput import provision
from stator.tables.warm import check_warm_index
from stator.validation.create_table import check_projection
from stator.validation.encryption import check_encryption
from stator.validation.throughput import LEAD, check_bounds, check_index_provisioned, check_maxima

# The source's indexes that come back, and what the request says of each; None where it says nothing.
_Kept = list[tuple[Index, dict[str, Any] | None]]

_TO_ON_DEMAND = "Cannot override ProvisionedThroughput if BillingMode is overridden to PAY_PER_REQUEST"


def count_spaces(source: Table, request: Mapping[str, Any]) -> int:
    """How many spaces the target needs: one, and one for each index. Raises as `build` does."""
    return 1 + len(_kept(_settled(source), request))


def build(
    source: Table, request: Mapping[str, Any], *, place: tuple[str, str], spaces: Sequence[int], now: float
) -> Table:
    """The target of a RestoreTable request, ACTIVE and empty; `place` is its account and region.

    Raises ValidationException for overrides that cannot be: those of indexes may leave out indexes of the source and
    name them anew, but neither change nor add any.
    """
    source = _settled(source)
    kept = _kept(source, request)
    mode = request.get("BillingModeOverride")
    on_demand = source.on_demand if mode is None else mode == "PAY_PER_REQUEST"
    throughput = _throughput(source, request, on_demand=on_demand)
    maxima = request.get("OnDemandThroughputOverride")
    _check_maxima(maxima, on_demand=on_demand)
    check_encryption(request.get("SSESpecificationOverride"))
    check_restore_parameters(request)
    free = iter(spaces)
    space = next(free)
    indexes = tuple(_index(index, wanted, request, on_demand=on_demand, space=next(free)) for index, wanted in kept)
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
        sse_key_arn=source.sse_key_arn,
    )


def _settled(source: Table) -> Table:
    """A table that was changing when it was copied comes back as what it became."""
    return source.becomes or source


def _throughput(source: Table, request: Mapping[str, Any], *, on_demand: bool) -> Throughput:
    wanted, mode = request.get("ProvisionedThroughputOverride"), request.get("BillingModeOverride")
    if on_demand:
        if wanted is not None and mode is None:
            raise _refused("Cannot override ProvisionedThroughput unless BillingMode is PROVISIONED")
        if wanted is not None:
            raise _refused(_TO_ON_DEMAND)
        return Throughput()
    if wanted is None:
        if mode is not None:
            raise _refused("Must override ProvisionedThroughput if BillingMode is overridden to PROVISIONED")
        return Throughput(source.throughput.read, source.throughput.write)
    check_bounds(wanted)
    return provision(wanted)


def _check_maxima(maxima: Mapping[str, int] | None, *, on_demand: bool) -> None:
    if maxima and not on_demand:
        name = "MaxReadRequestUnits" if "MaxReadRequestUnits" in maxima else "MaxWriteRequestUnits"
        raise _refused(f"Cannot override {name} for OnDemandThroughput unless BillingModeOverride is PAY_PER_REQUEST")
    check_maxima(maxima, on_demand=on_demand)


def _kept(source: Table, request: Mapping[str, Any]) -> _Kept:
    if request.get("VectorIndexOverride"):
        raise _unmatched(request["VectorIndexOverride"][0]["IndexName"])
    local = _chosen(source, request.get("LocalSecondaryIndexOverride"), local=True)
    everywhere = _chosen(source, request.get("GlobalSecondaryIndexOverride"), local=False)
    kept = [*local, *everywhere]
    names = [index.name for index, _ in kept]
    for name in names:
        if names.count(name) > 1:
            raise ValidationException(f"{LEAD}Duplicate index name: {name}")
    return kept


def _chosen(source: Table, override: Sequence[dict[str, Any]] | None, *, local: bool) -> _Kept:
    """The source's local or global indexes that come back, under the names that they get: all, unless there is an
    override."""
    there = [index for index in source.indexes if index.local is local]
    if override is None:
        return [(index, None) for index in there]
    chosen: _Kept = []
    for each in override:
        check_projection(each["Projection"])
        # One of the same name, if there is one: that of two indexes that are alike keeps its own throughput.
        like = sorted((index for index in there if _is_same(source, index, each)), key=lambda index: index.name)
        found = next((index for index in like if index.name == each["IndexName"]), like[0] if like else None)
        if found is None:
            raise _unmatched(each["IndexName"])
        chosen.append((replace(found, name=each["IndexName"]), each))
    return chosen


def _is_same(source: Table, index: Index, wanted: Mapping[str, Any]) -> bool:
    names = {element["AttributeName"] for element in wanted["KeySchema"]}
    projection = wanted["Projection"]
    asked = Projection(projection["ProjectionType"], tuple(sorted(projection.get("NonKeyAttributes") or ())))
    same = replace(index.projection, attributes=tuple(sorted(index.projection.attributes))) == asked
    if not same or not names <= source.attribute_types.keys():
        return False
    return build_keys(wanted["KeySchema"], source.attribute_types) == index.keys


def _unmatched(name: str) -> ValidationException:
    return _refused(
        f"Index {name} does not match a secondary index that existed in the source table and cannot be created during "
        "the restore operation"
    )


def _refused(problem: str) -> ValidationException:
    return ValidationException(f"Invalid Request: {problem}")


def _index(
    index: Index, wanted: dict[str, Any] | None, request: Mapping[str, Any], *, on_demand: bool, space: int
) -> Index:
    throughput, maxima = Throughput(), None
    if not index.local:
        throughput = _index_throughput(index, wanted, request, on_demand=on_demand)
        wanted = wanted or {}
        check_maxima(wanted.get("OnDemandThroughput"), on_demand=on_demand, index=index.name)
        if wanted:
            check_warm_index(wanted, on_demand=on_demand)
        maxima = build_on_demand(wanted.get("OnDemandThroughput")) or index.on_demand_throughput
    warm = build_warm((wanted or {}).get("WarmThroughput"), index.warm_throughput)
    return replace(
        index,
        space=space,
        build=None,
        throughput=throughput,
        on_demand_throughput=maxima if on_demand else None,
        warm_throughput=warm or index.warm_throughput,
    )


def _index_throughput(
    index: Index, wanted: Mapping[str, Any] | None, request: Mapping[str, Any], *, on_demand: bool
) -> Throughput:
    units = None if wanted is None else wanted.get("ProvisionedThroughput")
    if on_demand:
        if units is not None and "BillingModeOverride" in request:
            raise _refused(f"{_TO_ON_DEMAND} for index {index.name}")
        given = {} if units is None else {"ProvisionedThroughput": units}
        check_index_provisioned({"IndexName": index.name, **given}, on_demand=True)
        return Throughput()
    if units is not None:
        check_bounds(units)
        return provision(units)
    if wanted is not None or not index.throughput.read:
        raise _refused(f"Must specify provisioned throughput for index {index.name}")
    return Throughput(index.throughput.read, index.throughput.write)


def _types(source: Table, indexes: Sequence[Index]) -> dict[str, str]:
    """The types of the attributes that are keys of something, in the source's order."""

    def used() -> Iterator[str]:
        for keys in (source.keys, *(index.keys for index in indexes)):
            yield from (attribute.name for attribute in keys.attributes)

    names = set(used())
    return {name: type_ for name, type_ in source.attribute_types.items() if name in names}

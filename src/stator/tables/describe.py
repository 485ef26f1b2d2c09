"""A table's definition as DescribeTable tells it."""

from collections.abc import Mapping
from typing import Any

from stator.model.table import (
    Build,
    Index,
    KeySchema,
    OnDemandThroughput,
    Restore,
    Status,
    Table,
    Throughput,
    WarmThroughput,
)
from stator.storage.store import Usage
from stator.tables.lifecycle import index_status
from stator.tables.throughput import decreases_today
from stator.tables.warm import warm_of

_EMPTY = Usage(0, 0)


def describe(table: Table, usages: Mapping[int, Usage], now: float) -> dict[str, Any]:
    """A TableDescription. `usages` is by space; a space that it lacks is shown empty."""
    if table.status is Status.DELETING:
        return _describe_deleting(table, usages, now)
    members: dict[str, Any] = {
        "AttributeDefinitions": [
            {"AttributeName": name, "AttributeType": type_} for name, type_ in table.attribute_types.items()
        ],
        "TableName": table.name,
        "KeySchema": _key_schema(table.keys),
        "TableStatus": table.status.value,
        "CreationDateTime": _time(table.created),
        **_measures(table, usages, now),
    }
    local = [_index(table, index, usages) for index in table.indexes if index.local]
    if local:
        members["LocalSecondaryIndexes"] = local
    indexes = [_global_index(table, index, usages, now) for index in table.indexes if not index.local]
    if indexes:
        members["GlobalSecondaryIndexes"] = indexes
    members |= _stream(table)
    if table.restore and table.restore.in_progress:
        members["RestoreSummary"] = _restore(table.restore)
    if table.sse_key_arn:
        members["SSEDescription"] = {"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": table.sse_key_arn}
    if table.table_class:
        members["TableClassSummary"] = _table_class(table)
    members["DeletionProtectionEnabled"] = table.deletion_protection
    if table.on_demand_throughput:
        members["OnDemandThroughput"] = _on_demand(table.on_demand_throughput)
    after = table.becomes or table
    members["WarmThroughput"] = _warm(
        warm_of(table, table), table.warm_throughput == after.warm_throughput, table.status
    )
    return members


def _describe_deleting(table: Table, usages: Mapping[int, Usage], now: float) -> dict[str, Any]:
    members: dict[str, Any] = {
        "TableName": table.name,
        "TableStatus": table.status.value,
        **_measures(table, usages, now),
    }
    if table.table_class:
        members["TableClassSummary"] = _table_class(table)
    members["DeletionProtectionEnabled"] = table.deletion_protection
    return members


def _measures(table: Table, usages: Mapping[int, Usage], now: float) -> dict[str, Any]:
    """What is told of a table to its end, in the order of the service."""
    used = usages.get(table.space, _EMPTY)
    members: dict[str, Any] = {
        "ProvisionedThroughput": _throughput(table.throughput, now),
        "TableSizeBytes": used.size,
        "ItemCount": used.rows,
        "TableArn": table.arn,
        "TableId": table.id,
    }
    billing = _billing(table)
    if billing:
        members["BillingModeSummary"] = billing
    return members


def _index(table: Table, index: Index, usages: Mapping[int, Usage]) -> dict[str, Any]:
    used = usages.get(index.space, _EMPTY)
    projection: dict[str, Any] = {"ProjectionType": index.projection.type}
    if index.projection.attributes:
        projection["NonKeyAttributes"] = list(index.projection.attributes)
    return {
        "IndexName": index.name,
        "KeySchema": _key_schema(index.keys),
        "Projection": projection,
        "IndexSizeBytes": used.size,
        "ItemCount": used.rows,
        "IndexArn": f"{table.arn}/index/{index.name}",
    }


def _global_index(table: Table, index: Index, usages: Mapping[int, Usage], now: float) -> dict[str, Any]:
    status = index_status(table, index)
    members = _index(table, index, usages) | {
        "IndexStatus": status.value,
        "ProvisionedThroughput": _throughput(index.throughput, now),
    }
    if index.build and status is Status.CREATING:
        members["Backfilling"] = index.build is Build.FILLING
    if index.on_demand_throughput:
        members["OnDemandThroughput"] = _on_demand(index.on_demand_throughput)
    after = next((other for other in (table.becomes or table).indexes if other.name == index.name), index)
    members["WarmThroughput"] = _warm(warm_of(table, index), index.warm_throughput == after.warm_throughput, status)
    return members


def _key_schema(keys: KeySchema) -> list[dict[str, str]]:
    return [{"AttributeName": key.name, "KeyType": "HASH"} for key in keys.hash] + [
        {"AttributeName": key.name, "KeyType": "RANGE"} for key in keys.range
    ]


def _throughput(throughput: Throughput, now: float) -> dict[str, Any]:
    members: dict[str, Any] = {}
    if throughput.last_increase is not None:
        members["LastIncreaseDateTime"] = _time(throughput.last_increase)
    if throughput.last_decrease is not None:
        members["LastDecreaseDateTime"] = _time(throughput.last_decrease)
    return members | {
        "NumberOfDecreasesToday": decreases_today(throughput, now),
        "ReadCapacityUnits": throughput.read,
        "WriteCapacityUnits": throughput.write,
    }


def _billing(table: Table) -> dict[str, Any] | None:
    """None for a table that was always provisioned."""
    if not table.on_demand and table.on_demand_since is None:
        return None
    members: dict[str, Any] = {"BillingMode": "PAY_PER_REQUEST" if table.on_demand else "PROVISIONED"}
    if table.on_demand_since is not None and table.status is not Status.CREATING:
        members["LastUpdateToPayPerRequestDateTime"] = _time(table.on_demand_since)
    return members


def _stream(table: Table) -> dict[str, Any]:
    members: dict[str, Any] = {}
    if table.stream:
        members["StreamSpecification"] = {"StreamEnabled": True, "StreamViewType": table.stream.view_type}
    if table.latest_stream_label:
        members["LatestStreamLabel"] = table.latest_stream_label
        members["LatestStreamArn"] = f"{table.arn}/stream/{table.latest_stream_label}"
    return members


def _restore(restore: Restore) -> dict[str, Any]:
    members: dict[str, Any] = {"RestoreDateTime": _time(restore.time), "RestoreInProgress": restore.in_progress}
    if restore.source_backup_arn:
        members["SourceBackupArn"] = restore.source_backup_arn
    if restore.source_table_arn:
        members["SourceTableArn"] = restore.source_table_arn
    return members


def _table_class(table: Table) -> dict[str, Any]:
    members: dict[str, Any] = {"TableClass": table.table_class}
    if table.table_class_changed is not None:
        members["LastUpdateDateTime"] = _time(table.table_class_changed)
    return members


def _on_demand(maxima: OnDemandThroughput) -> dict[str, int]:
    members = {"MaxReadRequestUnits": maxima.read_max, "MaxWriteRequestUnits": maxima.write_max}
    return {name: units for name, units in members.items() if units is not None}


def _warm(warm: WarmThroughput, settled: bool, status: Status) -> dict[str, Any]:
    shown = status if status is Status.CREATING else Status.ACTIVE if settled else Status.UPDATING
    return {"ReadUnitsPerSecond": warm.read, "WriteUnitsPerSecond": warm.write, "Status": shown.value}


def _time(seconds: float) -> float:
    """Epoch seconds with milliseconds, as dates go over the wire."""
    return round(seconds, 3)

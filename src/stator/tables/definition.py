"""A table's definition as stored bytes: JSON with a format number.

Members that hold their default are left out, so that a definition written before a member existed reads as one that
does not use it. A definition of a newer format is refused rather than half understood.
"""

from typing import Any

import orjson

from stator.model.table import (
    Build,
    Destination,
    Index,
    Insight,
    KeyAttribute,
    KeySchema,
    OnDemandThroughput,
    Projection,
    Recovery,
    Restore,
    Status,
    Stream,
    Table,
    Throughput,
    TimeToLive,
    WarmThroughput,
)

FORMAT = 1


def encode(table: Table) -> bytes:
    return orjson.dumps({"format": FORMAT} | _table_to_json(table), option=orjson.OPT_SORT_KEYS)


def decode(data: bytes) -> Table:
    """Raises ValueError for a definition that this version cannot read."""
    stored = orjson.loads(data)
    if stored.get("format") != FORMAT:
        raise ValueError(f"table definition of format {stored.get('format')}; this version reads format {FORMAT}")
    return _table_from_json(stored)


def _table_to_json(table: Table) -> dict[str, Any]:
    becomes = table.becomes
    return _present(
        account=table.account,
        region=table.region,
        name=table.name,
        id=table.id,
        created=table.created,
        attribute_types=list(table.attribute_types.items()),
        keys=_keys_to_json(table.keys),
        space=table.space,
        indexes=[_index_to_json(index) for index in table.indexes] or None,
        on_demand=table.on_demand or None,
        on_demand_since=table.on_demand_since,
        throughput=_throughput_to_json(table.throughput),
        on_demand_throughput=_on_demand_to_json(table.on_demand_throughput),
        warm_throughput=_warm_to_json(table.warm_throughput),
        stream=[table.stream.view_type, table.stream.label] if table.stream else None,
        latest_stream_label=table.latest_stream_label,
        journal_readers=list(table.journal_readers) or None,
        destinations=[_destination_to_json(each) for each in table.destinations] or None,
        time_to_live=_time_to_live_to_json(table.time_to_live),
        insights=[_insight_to_json(each) for each in table.insights] or None,
        restore=_restore_to_json(table.restore),
        recovery=[table.recovery.since, table.recovery.period_days] if table.recovery else None,
        table_class=table.table_class,
        table_class_changed=table.table_class_changed,
        deletion_protection=table.deletion_protection or None,
        sse_key_arn=table.sse_key_arn,
        tags=list(table.tags.items()) or None,
        status=table.status.value,
        settles_at=table.settles_at,
        becomes=_table_to_json(becomes) if becomes else None,
    )


def _table_from_json(stored: dict[str, Any]) -> Table:
    stream = stored.get("stream")
    time_to_live = stored.get("time_to_live")
    restore = stored.get("restore")
    recovery = stored.get("recovery")
    becomes = stored.get("becomes")
    return Table(
        account=stored["account"],
        region=stored["region"],
        name=stored["name"],
        id=stored["id"],
        created=stored["created"],
        attribute_types=dict(stored["attribute_types"]),
        keys=_keys_from_json(stored["keys"]),
        space=stored["space"],
        indexes=tuple(_index_from_json(index) for index in stored.get("indexes", ())),
        on_demand=stored.get("on_demand", False),
        on_demand_since=stored.get("on_demand_since"),
        throughput=_throughput_from_json(stored.get("throughput")),
        on_demand_throughput=_on_demand_from_json(stored.get("on_demand_throughput")),
        warm_throughput=_warm_from_json(stored.get("warm_throughput")),
        stream=Stream(*stream) if stream else None,
        latest_stream_label=stored.get("latest_stream_label"),
        journal_readers=tuple(stored.get("journal_readers", ())),
        destinations=tuple(Destination(**each) for each in stored.get("destinations", ())),
        time_to_live=TimeToLive(**time_to_live) if time_to_live else None,
        insights=tuple(Insight(*each) for each in stored.get("insights", ())),
        restore=Restore(*restore) if restore else None,
        recovery=Recovery(*recovery) if recovery else None,
        table_class=stored.get("table_class"),
        table_class_changed=stored.get("table_class_changed"),
        deletion_protection=stored.get("deletion_protection", False),
        sse_key_arn=stored.get("sse_key_arn"),
        tags=dict(stored.get("tags", ())),
        status=Status(stored["status"]),
        settles_at=stored.get("settles_at"),
        becomes=_table_from_json(becomes) if becomes else None,
    )


def _index_to_json(index: Index) -> dict[str, Any]:
    return _present(
        name=index.name,
        local=index.local or None,
        keys=_keys_to_json(index.keys),
        projection=[index.projection.type, list(index.projection.attributes)],
        space=index.space,
        throughput=_throughput_to_json(index.throughput),
        on_demand_throughput=_on_demand_to_json(index.on_demand_throughput),
        warm_throughput=_warm_to_json(index.warm_throughput),
        build=index.build.value if index.build else None,
    )


def _index_from_json(stored: dict[str, Any]) -> Index:
    projection_type, attributes = stored["projection"]
    build = stored.get("build")
    return Index(
        name=stored["name"],
        local=stored.get("local", False),
        keys=_keys_from_json(stored["keys"]),
        projection=Projection(projection_type, tuple(attributes)),
        space=stored["space"],
        throughput=_throughput_from_json(stored.get("throughput")),
        on_demand_throughput=_on_demand_from_json(stored.get("on_demand_throughput")),
        warm_throughput=_warm_from_json(stored.get("warm_throughput")),
        build=Build(build) if build else None,
    )


def _keys_to_json(keys: KeySchema) -> list[list[list[str]]]:
    return [[[key.name, key.type] for key in part] for part in (keys.hash, keys.range)]


def _keys_from_json(stored: list[list[list[str]]]) -> KeySchema:
    hash_part, range_part = (tuple(KeyAttribute(name, type_) for name, type_ in part) for part in stored)
    return KeySchema(hash_part, range_part)


def _throughput_to_json(throughput: Throughput) -> dict[str, Any] | None:
    if throughput == Throughput():
        return None
    return _present(
        read=throughput.read,
        write=throughput.write,
        last_increase=throughput.last_increase,
        last_decrease=throughput.last_decrease,
        decreases_today=throughput.decreases_today or None,
    )


def _throughput_from_json(stored: dict[str, Any] | None) -> Throughput:
    return Throughput(**stored) if stored else Throughput()


def _on_demand_to_json(maxima: OnDemandThroughput | None) -> dict[str, Any] | None:
    return _present(read_max=maxima.read_max, write_max=maxima.write_max) if maxima else None


def _on_demand_from_json(stored: dict[str, Any] | None) -> OnDemandThroughput | None:
    return None if stored is None else OnDemandThroughput(**stored)


def _warm_to_json(warm: WarmThroughput | None) -> list[int] | None:
    return [warm.read, warm.write] if warm else None


def _warm_from_json(stored: list[int] | None) -> WarmThroughput | None:
    return WarmThroughput(*stored) if stored else None


def _destination_to_json(destination: Destination) -> dict[str, Any]:
    return _present(
        stream_arn=destination.stream_arn,
        status=destination.status,
        changed=destination.changed,
        precision=destination.precision,
        description=destination.description,
    )


def _time_to_live_to_json(setting: TimeToLive | None) -> dict[str, Any] | None:
    if setting is None:
        return None
    return _present(
        attribute=setting.attribute,
        enabled=setting.enabled,
        changed=setting.changed,
        space=setting.space,
        filled=setting.filled or None,
        allotted=setting.allotted or None,
    )


def _insight_to_json(insight: Insight) -> list[Any]:
    return [insight.index, insight.enabled, insight.mode, insight.changed, insight.created]


def _restore_to_json(restore: Restore | None) -> list[Any] | None:
    if restore is None:
        return None
    return [restore.source_backup_arn, restore.source_table_arn, restore.time, restore.in_progress]


def _present(**members: Any) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}

from collections.abc import Callable

import orjson
import pytest
from msgspec.structs import replace

from stator.model.table import (
    Build,
    Destination,
    Insight,
    OnDemandThroughput,
    Recovery,
    Restore,
    Status,
    Stream,
    Table,
    Throughput,
    TimeToLive,
    WarmThroughput,
)
from stator.tables import definition


def full(make_table: Callable[..., Table]) -> Table:
    plain = make_table()
    index = replace(
        plain.indexes[0],
        local=True,
        throughput=Throughput(1, 2, 10.5, 11.5, 3),
        on_demand_throughput=OnDemandThroughput(None, 9),
        warm_throughput=WarmThroughput(7, 8),
        build=Build.FILLING,
    )
    table = make_table(
        indexes=(index, replace(index, name="other", space=3)),
        on_demand=True,
        on_demand_since=1.5,
        throughput=Throughput(1, 2, 10.5, 11.5, 3),
        on_demand_throughput=OnDemandThroughput(4, None),
        warm_throughput=WarmThroughput(5, 6),
        stream=Stream("KEYS_ONLY", "2026-05-01T10:20:30.123"),
        latest_stream_label="2026-05-01T10:20:30.123",
        journal_readers=("kinesis",),
        destinations=(
            Destination("arn:1", "ENABLE_FAILED", 2.5, "MICROSECOND", "no"),
            Destination("arn:2", "ACTIVE", 1.5),
        ),
        time_to_live=TimeToLive("expires", enabled=True, changed=3.25, space=9, allotted=True),
        insights=(Insight(None, True, "THROTTLED_KEYS", 1.5, 1.25), Insight("g", False, "THROTTLED_KEYS", 2.5, 2.25)),
        restore=Restore("arn:backup", None, 5.5, in_progress=True),
        recovery=Recovery(6.5, 7),
        table_class="STANDARD_INFREQUENT_ACCESS",
        table_class_changed=4.5,
        deletion_protection=True,
        sse_key_arn="arn:aws:kms:eu-west-1:123456789012:key/1",
        tags={"b": "2", "a": ""},
        status=Status.UPDATING,
        settles_at=99.5,
    )
    return replace(table, becomes=replace(table, status=Status.ACTIVE, settles_at=None, tags={"ü": "ß"}))


def test_every_field_survives(make_table: Callable[..., Table]) -> None:
    table = full(make_table)
    defaults = make_table()
    same = [name for name in Table.__struct_fields__ if getattr(table, name) == getattr(defaults, name)]
    assert same == [
        "account",
        "region",
        "name",
        "id",
        "created",
        "attribute_types",
        "keys",
        "space",
    ]  # the rest is told apart
    assert definition.decode(definition.encode(table)) == table


def test_order_of_definitions_and_tags_survives(make_table: Callable[..., Table]) -> None:
    table = make_table(attribute_types={"z": "S", "a": "N"}, tags={"z": "1", "a": "2"})
    read = definition.decode(definition.encode(table))
    assert list(read.attribute_types) == ["z", "a"]
    assert list(read.tags) == ["z", "a"]


def test_defaults_take_no_room(make_table: Callable[..., Table]) -> None:
    stored = orjson.loads(definition.encode(make_table(indexes=(), throughput=Throughput())))
    assert sorted(stored) == [
        "account",
        "attribute_types",
        "created",
        "format",
        "id",
        "keys",
        "name",
        "region",
        "space",
        "status",
    ]


def test_the_first_format_still_opens() -> None:
    """Bytes as the first version wrote them: a change of the coding must keep reading them."""
    stored = (
        b'{"account":"123456789012","attribute_types":[["pk","S"],["sk","N"]],"created":1700000000.25,"format":1,'
        b'"id":"5f9c2f3e-0000-4000-8000-000000000001","indexes":[{"keys":[[["sk","N"]],[]],"name":"by-sk",'
        b'"projection":["KEYS_ONLY",[]],"space":8}],"keys":[[["pk","S"]],[["sk","N"]]],"name":"music",'
        b'"on_demand":true,"on_demand_since":1700000000.25,"region":"eu-west-1","settles_at":1700000001.25,"space":7,'
        b'"status":"CREATING"}'
    )
    table = definition.decode(stored)
    assert (table.space, table.indexes[0].space, table.status) == (7, 8, Status.CREATING)
    assert table.keys.range[0].type == "N"
    assert definition.encode(table) == stored


def test_a_newer_format_is_refused(make_table: Callable[..., Table]) -> None:
    stored = orjson.loads(definition.encode(make_table())) | {"format": 2}
    with pytest.raises(ValueError, match="format 2"):
        definition.decode(orjson.dumps(stored))

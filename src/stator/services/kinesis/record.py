"""A change of an item as the record that a Kinesis streaming destination gets."""

from functools import partial
from hashlib import blake2b
from typing import Any
from uuid import UUID

import orjson

from stator.journal.record import Entry
from stator.model.table import Table
from stator.services.kinesis.client import OutgoingRecord
from stator.values.size import item_bytes

_hash = partial(blake2b, digest_size=16)


def partition_key(entry: Entry) -> str:
    """The same for all changes of an item, so that Kinesis keeps them in one shard, in order."""
    return _hash(orjson.dumps(entry.keys)).hexdigest()


def outgoing(table: Table, lane: int, entry: Entry, precision: str) -> OutgoingRecord:
    """The record of a change. `eventID` tells changes apart and is the same each time a change is sent."""
    micro = precision == "MICROSECOND"
    change: dict[str, Any] = {
        "ApproximateCreationDateTime": round(entry.time * 1000) * (1000 if micro else 1),
        "ApproximateCreationDateTimePrecision": precision,
        "Keys": entry.keys,
    }
    if entry.new_image is not None:
        change["NewImage"] = entry.new_image
    if entry.old_image is not None:
        change["OldImage"] = entry.old_image
    change["SizeBytes"] = item_bytes(entry.keys) + entry.new_size + entry.old_size
    identity = entry.identity and {"principalId": entry.identity, "type": "Service"}
    data = {
        "awsRegion": table.region,
        "eventID": str(UUID(bytes=_hash(f"{table.id}/{lane}/{entry.sequence}".encode()).digest())),
        "eventName": entry.event,
        "userIdentity": identity,
        "recordFormat": "application/json",
        "tableName": table.name,
        "dynamodb": change,
        "eventSource": "aws:dynamodb",
    }
    return OutgoingRecord(partition_key(entry), orjson.dumps(data))

"""A change as the record that readers of its stream get, by the Streams API and as a Lambda event. Pure."""

from hashlib import blake2b
from typing import Any

from stator.journal.lineage import StreamRecord, render_number
from stator.journal.record import Entry
from stator.values.size import item_bytes


def render_record(region: str, stream: StreamRecord, lane: int, entry: Entry) -> dict[str, Any]:
    """As GetRecords answers it."""
    view = stream.view_type
    size = item_bytes(entry.keys)
    change: dict[str, Any] = {
        "ApproximateCreationDateTime": int(entry.time),
        "Keys": entry.keys,
    }
    if "NEW" in view and entry.new_image is not None:
        change["NewImage"] = entry.new_image
        size += entry.new_size
    if "OLD" in view and entry.old_image is not None:
        change["OldImage"] = entry.old_image
        size += entry.old_size
    change["SequenceNumber"] = render_number(lane, entry.sequence)
    change["SizeBytes"] = size
    change["StreamViewType"] = view
    record: dict[str, Any] = {
        "eventID": _event_id(stream, lane, entry.sequence),
        "eventName": entry.event,
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": region,
        "dynamodb": change,
    }
    if entry.identity is not None:
        record["userIdentity"] = {"PrincipalId": entry.identity, "Type": "Service"}
    return record


def render_event(stream: StreamRecord, lane: int, entry: Entry) -> dict[str, Any]:
    """As a Lambda function gets it: the names within userIdentity begin small, and it tells its stream."""
    record = render_record(stream.name.region, stream, lane, entry)
    if entry.identity is not None:
        record["userIdentity"] = {"principalId": entry.identity, "type": "Service"}
    record["eventSourceARN"] = stream.name.arn
    return record


def _event_id(stream: StreamRecord, lane: int, sequence: int) -> str:
    """The same for every reading of one record."""
    return blake2b(f"{stream.table_id}/{lane}/{sequence}".encode(), digest_size=16).hexdigest()

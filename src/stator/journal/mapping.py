"""An event source mapping: which function gets the changes of which stream, and how. Pure.

Stored in space 0, in the partition `mappings`, as JSON that begins with its format; docs/formats.md has it.
"""

from typing import Any

import orjson
from msgspec import Struct, to_builtins
from msgspec.structs import replace

from stator.journal.lineage import Name
from stator.storage.store import Key
from stator.tables.catalog import CATALOG_SPACE

FORMAT = 1
ENABLED, DISABLED = "Enabled", "Disabled"

MAPPINGS = bytes(8) + b"mappings"
CURSORS = bytes(8) + b"trigger"


class Mapping(Struct, frozen=True):
    """Times are seconds since the epoch. `revision` grows with every change of the mapping by a request."""

    uuid: str
    account: str
    region: str
    stream_arn: str
    function_arn: str
    revision: int
    modified: float
    starting_position: str
    starting_timestamp: float | None
    enabled: bool
    batch_size: int
    window_seconds: int
    factor: int
    retries_max: int  # -1: no end
    age_seconds_max: int  # -1: no end
    bisect: bool
    reports_failures: bool
    filters: tuple[str, ...]
    on_failure: str | None
    result: str  # LastProcessingResult

    @property
    def function_name(self) -> str:
        """The name within the ARN, without a version or alias."""
        return self.function_arn.split(":")[6]

    @property
    def stream_name(self) -> Name:
        _, _, _, region, account, table, *label = self.stream_arn.split(":")
        path = ":".join([table, *label]).split("/")
        return Name(account, region, path[1], path[3])


def mapping_key(account: str, region: str, uuid: str) -> Key:
    return Key(CATALOG_SPACE, MAPPINGS, f"{account}/{region}/{uuid}".encode())


def cursor_key(uuid: str, lane: int, slot: int) -> Key:
    """The row that says how far one of the parallel parts of a lane is."""
    return Key(CATALOG_SPACE, CURSORS, f"{uuid}/{lane}/{slot}".encode())


def encode(mapping: Mapping) -> bytes:
    return orjson.dumps({"format": FORMAT} | to_builtins(mapping))


def decode(value: bytes) -> Mapping:
    """Raises ValueError for a mapping that this version cannot read."""
    stored = orjson.loads(value)
    if stored.pop("format") != FORMAT:
        raise ValueError(f"event source mapping of another format; this version reads format {FORMAT}")
    stored["filters"] = tuple(stored["filters"])
    return Mapping(**stored)


def changed(mapping: Mapping, now: float, **members: Any) -> Mapping:
    return replace(mapping, revision=mapping.revision + 1, modified=now, **members)


def describe(mapping: Mapping, state: str | None = None) -> dict[str, Any]:
    """EventSourceMappingConfiguration; `state` overrides the state while a change is being answered."""
    described: dict[str, Any] = {
        "UUID": mapping.uuid,
        "EventSourceMappingArn": (
            f"arn:aws:lambda:{mapping.region}:{mapping.account}:event-source-mapping:{mapping.uuid}"
        ),
        "StartingPosition": mapping.starting_position,
        "BatchSize": mapping.batch_size,
        "MaximumBatchingWindowInSeconds": mapping.window_seconds,
        "ParallelizationFactor": mapping.factor,
        "EventSourceArn": mapping.stream_arn,
        "FunctionArn": mapping.function_arn,
        "LastModified": mapping.modified,
        "LastProcessingResult": mapping.result,
        "State": state or (ENABLED if mapping.enabled else DISABLED),
        "StateTransitionReason": "User action",
        "DestinationConfig": {"OnFailure": {"Destination": mapping.on_failure} if mapping.on_failure else {}},
        "MaximumRecordAgeInSeconds": mapping.age_seconds_max,
        "BisectBatchOnFunctionError": mapping.bisect,
        "MaximumRetryAttempts": mapping.retries_max,
        "TumblingWindowInSeconds": 0,
        "FunctionResponseTypes": ["ReportBatchItemFailures"] if mapping.reports_failures else [],
    }
    if mapping.starting_timestamp is not None:
        described["StartingPositionTimestamp"] = mapping.starting_timestamp
    if mapping.filters:
        described["FilterCriteria"] = {"Filters": [{"Pattern": pattern} for pattern in mapping.filters]}
    return described

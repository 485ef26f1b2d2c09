"""A backup of a table, on demand or the system's: what is known of it, where it is, and how the operations tell it.

A backup that is being made is a job; one that is made is a full copy in the archive, with these members beside it.
"""

import re
import secrets
from datetime import UTC, datetime
from typing import Any

import orjson
from msgspec import Struct
from msgspec.structs import replace

from stator.archive.full_copy import FullCopy
from stator.archive.job import Job
from stator.limits import DAY_SECONDS
from stator.model.table import Status, Table
from stator.tables import definition
from stator.tables.describe import describe

JOB = "backup"  # the kind of the job that makes one, under the backup's own id

USER = "USER"
SYSTEM = "SYSTEM"

CREATING = "CREATING"
AVAILABLE = "AVAILABLE"
DELETED = "DELETED"

FOLDER = "backups"
SYSTEM_NAME = "$DeletedTableBackup"  # behind the name of the table
SYSTEM_SECONDS = 35 * DAY_SECONDS  # a system backup is kept so long

_ID = re.compile(r"[0-9]{14}-[0-9a-f]{8}")


class Backup(Struct, frozen=True):
    id: str
    name: str
    type: str  # USER or SYSTEM
    status: str  # CREATING, AVAILABLE or DELETED
    created: float  # to the millisecond
    expires: float | None
    table: Table  # as it was
    items: int
    bytes: int  # of the items, as DynamoDB counts them

    @property
    def arn(self) -> str:
        return f"{self.table.arn}/backup/{self.id}"

    @property
    def path(self) -> str:
        """Of its full copy in the archive."""
        return f"{FOLDER}/{self.table.account}/{self.table.region}/{self.table.name}/{self.id}"


def make(table: Table, name: str, now: float, *, items: int = 0, bytes: int = 0) -> Backup:
    """A backup that somebody asks for now, CREATING."""
    milliseconds = int(now * 1000)
    id = f"{milliseconds:014}-{secrets.token_hex(4)}"
    return Backup(id, name, USER, CREATING, milliseconds / 1000, None, table, items, bytes)


def make_system(table: Table, now: float, *, items: int = 0, bytes: int = 0) -> Backup:
    """What a table that could be recovered to a point in time leaves when it is deleted."""
    backup = make(table, table.name + SYSTEM_NAME, now, items=items, bytes=bytes)
    return replace(backup, type=SYSTEM, expires=backup.created + SYSTEM_SECONDS)


def is_id(text: str) -> bool:
    return _ID.fullmatch(text) is not None


def encode(backup: Backup) -> bytes:
    own = _own(backup) | {"status": backup.status, "items": backup.items, "bytes": backup.bytes}
    return orjson.dumps(own | {"table": orjson.Fragment(definition.encode(backup.table))})


def decode(data: bytes) -> Backup:
    """Raises ValueError for the table of a newer format."""
    stored = orjson.loads(data)
    table = definition.decode(orjson.dumps(stored.pop("table")))
    return Backup(table=table, **stored)


def to_job(backup: Backup) -> Job:
    """The job that makes it. It holds the table's items: the table itself may be deleted meanwhile."""
    table = backup.table
    return Job(
        kind=JOB,
        id=backup.id,
        account=table.account,
        region=table.region,
        table=table.name,
        created=backup.created,
        request={"backup": orjson.loads(encode(backup))},
        spaces=(table.space,),
    )


def of_job(job: Job) -> Backup:
    return decode(orjson.dumps(job.request["backup"]))


def members(backup: Backup) -> dict[str, Any]:
    """What the manifest of its full copy says of it, beside the copy's own members."""
    return {"backup": _own(backup)}


def of_copy(copy: FullCopy) -> Backup:
    """The AVAILABLE backup that a full copy is. Raises ValueError for one that is none."""
    try:
        own = copy.extra["backup"]
        return Backup(table=copy.table, status=AVAILABLE, items=copy.items, bytes=copy.bytes, **own)
    except (KeyError, TypeError) as error:
        raise ValueError(f"no backup: {error}") from error


def _own(backup: Backup) -> dict[str, Any]:
    return {
        "id": backup.id,
        "name": backup.name,
        "type": backup.type,
        "created": backup.created,
        "expires": backup.expires,
    }


def details(backup: Backup) -> dict[str, Any]:
    """As BackupDetails."""
    return _present(
        BackupArn=backup.arn,
        BackupName=backup.name,
        BackupSizeBytes=backup.bytes,
        BackupStatus=backup.status,
        BackupType=backup.type,
        BackupCreationDateTime=backup.created,
        BackupExpiryDateTime=backup.expires,
    )


def expiry(backup: Backup) -> str:
    """When it goes, as messages tell it."""
    moment = datetime.fromtimestamp(backup.expires or 0, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def summary(backup: Backup) -> dict[str, Any]:
    """As BackupSummary."""
    table = backup.table
    return {"TableName": table.name, "TableId": table.id, "TableArn": table.arn} | details(backup)


def description(backup: Backup, arn: str) -> dict[str, Any]:
    """As BackupDescription. `arn` is what it was asked for by, and may name another region. Of what the table of a
    system backup had beside items nothing is told, though it comes back."""
    shown = describe(replace(backup.table, status=Status.ACTIVE), {}, backup.created)
    return {
        "BackupDetails": details(backup) | {"BackupArn": arn},
        "SourceTableDetails": _source(backup, shown),
        "SourceTableFeatureDetails": {} if backup.type == SYSTEM else _features(backup.table, shown),
    }


def _source(backup: Backup, shown: dict[str, Any]) -> dict[str, Any]:
    return _present(
        TableName=shown["TableName"],
        TableId=shown["TableId"],
        TableArn=shown["TableArn"],
        TableSizeBytes=backup.bytes,
        KeySchema=shown["KeySchema"],
        TableCreationDateTime=shown["CreationDateTime"],
        ProvisionedThroughput=_units(shown),
        OnDemandThroughput=shown.get("OnDemandThroughput"),
        ItemCount=backup.items,
        BillingMode="PAY_PER_REQUEST" if backup.table.on_demand else "PROVISIONED",
    )


def _features(table: Table, shown: dict[str, Any]) -> dict[str, Any]:
    setting = table.time_to_live
    return _present(
        LocalSecondaryIndexes=[_index(index) for index in shown.get("LocalSecondaryIndexes", ())] or None,
        GlobalSecondaryIndexes=[
            _index(index)
            | _present(ProvisionedThroughput=_units(index), OnDemandThroughput=index.get("OnDemandThroughput"))
            for index in shown.get("GlobalSecondaryIndexes", ())
        ]
        or None,
        StreamDescription=shown.get("StreamSpecification"),
        TimeToLiveDescription={"TimeToLiveStatus": "ENABLED", "AttributeName": setting.attribute}
        if setting is not None and setting.enabled
        else None,
        SSEDescription=shown.get("SSEDescription"),
    )


def _index(shown: dict[str, Any]) -> dict[str, Any]:
    return {name: shown[name] for name in ("IndexName", "KeySchema", "Projection")}


def _units(shown: dict[str, Any]) -> dict[str, int]:
    throughput = shown["ProvisionedThroughput"]
    return {name: throughput[name] for name in ("ReadCapacityUnits", "WriteCapacityUnits")}


def _present(**members: Any) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}

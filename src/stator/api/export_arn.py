"""The table and the export that ARNs of exports mean, with the service's words for those that mean none."""

import re

from stator.api.call import Call
from stator.archive.exports import exports
from stator.archive.job import Job
from stator.errors import (
    AccessDeniedException,
    ExportNotFoundException,
    TableNotFoundException,
    ValidationException,
)
from stator.model.table import Status, Table

_ARN = re.compile(r"arn:aws[a-z-]*:dynamodb:([a-z0-9-]*):([0-9]*):table/(.*)", re.DOTALL)
_TABLE = re.compile(r"[a-zA-Z0-9_.-]{3,255}")
_EXPORT = re.compile(r"([a-zA-Z0-9_.-]{3,255})/export/([0-9a-f-]+)")


def table_of(call: Call, arn: str) -> Table:
    """The table of a TableArn. Raises ValidationException, AccessDeniedException or TableNotFoundException."""
    region, name = _table_place(call, arn)
    table = call.parts.catalog.find(call.account, call.region, name) if region == call.region else None
    if table is None or table.status is Status.DELETING:
        raise TableNotFoundException(f"Table not found: {arn}")
    return table


def exports_of(call: Call, arn: str) -> list[Job]:
    """The exports of the table of a TableArn as it is now: not of one of that name that was before."""
    region, name = _table_place(call, arn)
    table = call.parts.catalog.find(call.account, call.region, name) if region == call.region else None
    if table is None:
        return []
    return [
        job
        for job in call.parts.jobs.list(exports.KIND, call.account, call.region)
        if job.request["TableId"] == table.id
    ]


def export_of(call: Call, arn: str) -> Job:
    """Raises ValidationException, AccessDeniedException or ExportNotFoundException."""
    place = _ARN.fullmatch(arn)
    export = None if place is None else _EXPORT.fullmatch(place[3])
    if place is None or export is None:
        raise ValidationException("Invalid Export ARN")
    if place[2] != call.account:
        raise AccessDeniedException("Access is denied")
    if place[1] != call.region:
        raise ExportNotFoundException("Export not found: Invalid export arn")
    job = call.parts.jobs.find(exports.KIND, call.account, call.region, export[2])
    if job is None or job.table != export[1]:
        raise ExportNotFoundException(f"Export not found: Export not found: {arn}")
    return job


def _table_place(call: Call, arn: str) -> tuple[str, str]:
    """(region, name)"""
    place = _ARN.fullmatch(arn)
    if place is None:
        raise ValidationException("One or more parameter values were invalid: tableArn is not a valid ARN")
    if place[2] != call.account:
        raise AccessDeniedException("Access is denied")
    if _TABLE.fullmatch(place[3]) is None:
        raise ValidationException("Invalid Request: Table ARN is invalid.")
    return place[1], place[3]

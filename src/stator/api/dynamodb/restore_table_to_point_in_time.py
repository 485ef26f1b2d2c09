"""RestoreTableToPointInTime."""

import logging
import re
from typing import Any

from stator.api.call import Answer, Call
from stator.api.registry import operation
from stator.archive.places.failure import ArchiveError
from stator.archive.restores import recovering, restores
from stator.archive.restores.restores import Source
from stator.errors import InternalServerError, ValidationException
from stator.model.table import Status
from stator.tables.describe import describe
from stator.tables.recovery import not_found
from stator.validation.requests.restore import CROSS_REGION, RESTORE_TABLE_TO_POINT_IN_TIME
from stator.validation.table_name import REQUIRED

_log = logging.getLogger(__name__)

_ARN = re.compile(r"arn:aws[a-z-]*:dynamodb:([a-z0-9-]+):([0-9]+):table/([a-zA-Z0-9_.-]{3,255})")
_LEAD = "One or more parameter values were invalid: "


@operation("RestoreTableToPointInTime", RESTORE_TABLE_TO_POINT_IN_TIME)
async def restore_table_to_point_in_time(call: Call) -> Answer:
    wanted = _time(call.request)
    source = await _source(call, _place(call), wanted)
    now = call.parts.clock()
    table = await restores.begin(
        call.parts.catalog, call.parts.jobs, source, call.request, place=(call.account, call.region), now=now
    )
    return {"TableDescription": describe(table, {}, now)}


def _time(request: dict[str, Any]) -> float | None:
    """The time that is asked for, None for the latest."""
    latest, time = request.get("UseLatestRestorableTime"), request.get("RestoreDateTime")
    if latest and time is not None:
        raise ValidationException(
            "Invalid Request: Both RestoreDateTime and UseLatestRestorableTime cannot be set for point-in-time restore "
            "request. Please specify either RestoreDateTime time or UseLatestRestorableTime"
        )
    if not latest and time is None:
        raise ValidationException(
            "Invalid Request: Either one of RestoreDateTime or UseLatestRestorableTime must be specified, but not both"
        )
    return time


def _place(call: Call) -> tuple[str, str, str]:
    """Account, region and name of the source. An ARN may be of another region."""
    name, arn = call.request.get("SourceTableName"), call.request.get("SourceTableArn")
    if name is not None and arn is not None:
        raise ValidationException(f"{_LEAD}Must provide exactly one of: sourceTableArn, sourceTableName")
    if name is not None:
        return call.account, call.region, name
    if arn is None:
        raise ValidationException(REQUIRED)
    if not arn.startswith("arn:"):
        raise ValidationException(f"{_LEAD}ARNs must start with 'arn:': {arn}")
    found = _ARN.fullmatch(arn)
    if found is None:
        raise ValidationException(f"{_LEAD}sourceTableArn is not a valid ARN")
    region, account, name = found.groups()
    if account != call.account:
        raise ValidationException(
            "This action is only supported by accounts that match the resource owner\N{RIGHT SINGLE QUOTATION MARK}s "
            "account."
        )
    if region != call.region and "SSESpecificationOverride" not in call.request:
        raise ValidationException(CROSS_REGION)
    return account, region, name


async def _source(call: Call, place: tuple[str, str, str], wanted: float | None) -> Source:
    parts = call.parts
    table = parts.catalog.find(*place)
    if table is not None and table.status is not Status.DELETING:
        return recovering.from_table(table, wanted, parts.reach, parts.clock())
    try:
        found = None if table is not None else await recovering.from_archive(parts.archive, place, wanted)
    except ArchiveError as error:
        _log.error("what the archive has of the table %s cannot be told: %s", place[2], error)
        raise InternalServerError("The archive of this server cannot be reached. Its log says why.") from None
    if found is None:
        raise not_found(place[2])
    return found

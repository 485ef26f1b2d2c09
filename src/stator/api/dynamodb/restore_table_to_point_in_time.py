"""RestoreTableToPointInTime."""

import logging
import re
from typing import Any

from stator.api.call import Answer, Call
from stator.api.registry import operation
from stator.archive import recovering, restores
from stator.archive.failure import ArchiveError
from stator.archive.restores import Source
from stator.errors import AccessDeniedException, InternalServerError, ValidationException
from stator.model.table import Status
from stator.tables.describe import describe
from stator.tables.recovery import not_found
from stator.validation.requests.restore import RESTORE_TABLE_TO_POINT_IN_TIME

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
        raise ValidationException(f"{_LEAD}RestoreDateTime and UseLatestRestorableTime cannot both be given")
    if not latest and time is None:
        raise ValidationException(f"{_LEAD}Either RestoreDateTime or UseLatestRestorableTime must be given")
    return time


def _place(call: Call) -> tuple[str, str, str]:
    """Account, region and name of the source. An ARN may be of another region."""
    name, arn = call.request.get("SourceTableName"), call.request.get("SourceTableArn")
    if (name is None) == (arn is None):
        raise ValidationException(f"{_LEAD}Exactly one of SourceTableName and SourceTableArn must be given")
    if name is not None:
        return call.account, call.region, name
    found = _ARN.fullmatch(arn or "")
    if found is None:
        raise ValidationException(f"Invalid SourceTableArn: {arn}")
    region, account, name = found.groups()
    if account != call.account:
        raise AccessDeniedException("Access is denied")
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

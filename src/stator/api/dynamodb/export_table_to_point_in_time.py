"""ExportTableToPointInTime: wish for an export, which `services.export` then makes."""

from stator.api.call import Answer, Call
from stator.api.export_arn import table_of
from stator.api.registry import operation
from stator.archive.exports import exports, selection
from stator.validation.requests.export import EXPORT_TABLE_TO_POINT_IN_TIME


@operation("ExportTableToPointInTime", EXPORT_TABLE_TO_POINT_IN_TIME)
async def export_table_to_point_in_time(call: Call) -> Answer:
    request = call.request
    jobs = call.parts.jobs
    exports.check_request(request)
    table = table_of(call, request["TableArn"])
    # Held until the job is there to be found: of two requests with one token that come together, one begins it.
    async with jobs.beginning:
        now = call.parts.clock()
        known = jobs.list(exports.KIND, call.account, call.region)
        job = exports.find_token(known, request, now)
        if job is None:
            selection.select(request.get("FilterSpecification"), table)
            job = exports.begin(request, table, now)
            exports.check_room(known)
            job = await jobs.add(job)
    return {"ExportDescription": exports.describe(job)}

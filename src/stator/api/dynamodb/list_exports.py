"""ListExports: those of the last 90 days, the newest first."""

from typing import Any

from stator.api.call import Answer, Call
from stator.api.export_arn import exports_of
from stator.api.registry import operation
from stator.archive.exports import exports
from stator.errors import ValidationException
from stator.validation.requests.export import LIST_EXPORTS, LIST_EXPORTS_DEFAULT

_MARK = "export/"


@operation("ListExports", LIST_EXPORTS)
async def list_exports(call: Call) -> Answer:
    request = call.request
    before = _place(request.get("NextToken"))
    if "TableArn" in request:
        jobs = exports_of(call, request["TableArn"])
    else:
        jobs = call.parts.jobs.list(exports.KIND, call.account, call.region)
    # An id begins with the time of its export, so the order of ids is that of age.
    left = sorted((job for job in jobs if before is None or job.id < before), key=lambda job: job.id, reverse=True)
    page = left[: request.get("MaxResults", LIST_EXPORTS_DEFAULT)]
    answer: dict[str, Any] = {"ExportSummaries": [exports.summarise(job) for job in page]}
    if len(page) < len(left):
        answer["NextToken"] = f"{_MARK}{page[-1].id}".encode().hex()
    return answer


def _place(token: str | None) -> str | None:
    """The id of the last export of the page before. Raises ValidationException."""
    if token is None:
        return None
    try:
        text = bytes.fromhex(token).decode()
    except ValueError:
        text = ""
    if not text.startswith(_MARK):
        raise ValidationException(f"Invalid Request: Provided nextToken is invalid: {token}")
    return text.removeprefix(_MARK)

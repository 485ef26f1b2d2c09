"""What the operations on imports and on bulk puts have in common: tokens, ARNs, pages and new jobs."""

import re
import secrets
import uuid
from collections.abc import Sequence
from typing import Any

from stator.api.call import Call
from stator.archive.intake.intake import TOKEN_SECONDS
from stator.archive.job import Job
from stator.errors import AccessDeniedException, ValidationException

_PAGE_BYTES = 56  # of a page token, so that its hexadecimal digits are as many as the model has at least


def new_id(now: float) -> str:
    """As the service has them: 14 digits of the time in milliseconds, and something that nobody else has."""
    return f"{int(now * 1000):014}-{secrets.token_hex(4)}"


def with_token(request: dict[str, Any]) -> dict[str, Any]:
    """The request with a ClientToken, made here if the client did not: it is told of in descriptions."""
    return request if "ClientToken" in request else request | {"ClientToken": str(uuid.uuid4())}


def plan_of(source: dict[str, Any], format: dict[str, Any], csv: dict[str, Any]) -> dict[str, Any]:
    """What a job needs to know of what it reads: from where, in which format, and of CSV how that is written."""
    return {
        "bucket": source["S3Bucket"],
        "prefix": source.get("S3KeyPrefix", ""),
        "format": format["InputFormat"],
        "compression": format.get("InputCompressionType", "NONE"),
        "delimiter": csv.get("Delimiter", ","),
        "header": csv.get("HeaderList"),
    }


def same_token(call: Call, kind: str, request: dict[str, Any]) -> Job | None:
    """The job that this request's token stands for, if it still does."""
    now = call.parts.clock()
    for job in reversed(call.parts.jobs.list(kind, call.account, call.region)):
        if job.request["request"]["ClientToken"] == request["ClientToken"] and (
            not job.finished or now < job.updated + TOKEN_SECONDS
        ):
            return job
    return None


def find_job(call: Call, kind: str, word: str, arn: str, invalid: str) -> Job | None:
    """The job of an ARN `.../table/T/<word>/<id>`, if this region has it. Raises ValidationException, which says
    `invalid`, for what is no such ARN, and AccessDeniedException for another account's."""
    place = re.fullmatch(rf"arn:aws[a-z-]*:dynamodb:([a-z0-9-]+):([0-9]+):table/([\w.-]+)/{word}/([0-9a-f-]+)", arn)
    if place is None:
        raise ValidationException(invalid)
    region, account, table, id = place.groups()
    if account != call.account:
        raise AccessDeniedException("Access is denied")
    job = call.parts.jobs.find(kind, account, region, id) if region == call.region else None
    return job if job is not None and job.table == table else None


def page(jobs: Sequence[Job], token: str | None, jobs_max: int) -> tuple[list[Job], str | None]:
    """The next jobs, the newest first, and the token of those after them. Raises ValidationException."""
    newest = sorted(jobs, key=_age, reverse=True)
    if token is not None:
        before = _parse_page(token)
        newest = [job for job in newest if _age(job) < before]
    shown = newest[:jobs_max]
    return shown, _render_page(shown[-1]) if len(newest) > jobs_max else None


def _age(job: Job) -> tuple[int, str]:
    return int(job.created * 1000), job.id


def _render_page(job: Job) -> str:
    return job.id.encode().ljust(_PAGE_BYTES, b"\0").hex()


def _parse_page(token: str) -> tuple[int, str]:
    text = bytes.fromhex(token).rstrip(b"\0")
    if len(token) != 2 * _PAGE_BYTES or re.fullmatch(rb"[0-9]{14}-[0-9a-f]{8}", text) is None:
        raise ValidationException(f"Invalid Request: Provided nextToken is invalid: {token}")
    return int(text[:14]), text.decode()

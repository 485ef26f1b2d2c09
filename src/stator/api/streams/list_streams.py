"""ListStreams."""

from typing import Any

from stator.api.call import Answer, Call
from stator.api.registry import operation
from stator.api.stream_arn import PREFIX, parse_arn
from stator.errors import ValidationException
from stator.limits import LIST_STREAMS_MAX
from stator.validation.requests.streams import LIST_STREAMS


@operation("ListStreams", LIST_STREAMS, PREFIX)
async def list_streams(call: Call) -> Answer:
    limit = call.request.get("Limit", LIST_STREAMS_MAX)
    if limit > LIST_STREAMS_MAX:
        raise ValidationException(
            f"1 validation error detected: Value '{limit}' at 'limit' failed to satisfy constraint: "
            f"Member must have value less than or equal to {LIST_STREAMS_MAX}"
        )
    start = call.request.get("ExclusiveStartStreamArn")
    names, more = await call.parts.streams.names(
        call.account,
        call.region,
        table=call.request.get("TableName"),
        after=parse_arn(call, start) if start else None,
        count_max=limit,
    )
    answer: dict[str, Any] = {
        "Streams": [{"StreamArn": name.arn, "StreamLabel": name.label, "TableName": name.table} for name in names]
    }
    if more:
        answer["LastEvaluatedStreamArn"] = names[-1].arn
    return answer

"""ListEventSourceMappings."""

from typing import Any

from stator.api.call import Call
from stator.api.triggers.settings import spelled_out
from stator.journal.mapping import describe

_ITEMS_DEFAULT = 100


async def list_event_source_mappings(call: Call) -> dict[str, Any]:
    """In the order of their ids; the marker is the last id of the page before."""
    request = call.request
    function = spelled_out(call, request["FunctionName"]) if "FunctionName" in request else None
    stream = request.get("EventSourceArn")
    matching = [
        mapping
        for mapping in await call.parts.mappings.all(call.account, call.region)
        if function in (None, mapping.function_arn)
        and stream in (None, mapping.stream_arn)
        and mapping.uuid > request.get("Marker", "")
    ]
    count = request.get("MaxItems", _ITEMS_DEFAULT)
    answer: dict[str, Any] = {"EventSourceMappings": [describe(mapping) for mapping in matching[:count]]}
    if len(matching) > count:
        answer["NextMarker"] = matching[count - 1].uuid
    return answer

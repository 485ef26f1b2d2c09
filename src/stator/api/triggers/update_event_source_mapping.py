"""UpdateEventSourceMapping."""

from typing import Any

from stator.api.call import Call
from stator.api.triggers.settings import found, function_arn, gone, settings_of
from stator.journal.mapping import changed, describe


async def update_event_source_mapping(call: Call) -> dict[str, Any]:
    mappings, mapping = await found(call)
    members = settings_of(call)
    if "FunctionName" in call.request:
        members["function_arn"] = function_arn(call, call.request["FunctionName"])
    now = mappings.clock()
    after = await mappings.change(mapping, lambda before: changed(before, now, **members))
    if after is None:
        raise gone()
    if after.enabled == mapping.enabled:
        return describe(after, "Updating")
    return describe(after, "Enabling" if after.enabled else "Disabling")

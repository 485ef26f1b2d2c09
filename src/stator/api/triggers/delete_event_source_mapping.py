"""DeleteEventSourceMapping."""

from typing import Any

from stator.api.call import Call
from stator.api.triggers.settings import found
from stator.journal.mapping import describe


async def delete_event_source_mapping(call: Call) -> dict[str, Any]:
    mappings, mapping = await found(call)
    await mappings.delete(mapping)
    return describe(mapping, "Deleting")

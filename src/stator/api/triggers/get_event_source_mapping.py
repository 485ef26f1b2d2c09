"""GetEventSourceMapping."""

from typing import Any

from stator.api.call import Call
from stator.api.triggers.settings import found
from stator.journal.mapping import describe


async def get_event_source_mapping(call: Call) -> dict[str, Any]:
    _, mapping = await found(call)
    return describe(mapping)

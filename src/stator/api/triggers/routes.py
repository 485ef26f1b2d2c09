"""Which methods and paths there are for event source mappings, and what answers them."""

from collections.abc import Callable, Coroutine
from typing import Any, NamedTuple

from stator.api.call import Call
from stator.api.triggers.create_event_source_mapping import create_event_source_mapping
from stator.api.triggers.delete_event_source_mapping import delete_event_source_mapping
from stator.api.triggers.get_event_source_mapping import get_event_source_mapping
from stator.api.triggers.list_event_source_mappings import list_event_source_mappings
from stator.api.triggers.update_event_source_mapping import update_event_source_mapping
from stator.validation.requests import event_source_mapping as inputs
from stator.validation.shape import Structure

PATH = b"/2015-03-31/event-source-mappings"


class Route(NamedTuple):
    name: str
    status: int  # of its success
    shape: Structure
    handler: Callable[[Call], Coroutine[Any, Any, dict[str, Any]]]


_ALL = {
    b"GET": Route("ListEventSourceMappings", 200, inputs.LIST_EVENT_SOURCE_MAPPINGS, list_event_source_mappings),
    b"POST": Route("CreateEventSourceMapping", 202, inputs.CREATE_EVENT_SOURCE_MAPPING, create_event_source_mapping),
}
_ONE = {
    b"GET": Route("GetEventSourceMapping", 200, inputs.NAME_EVENT_SOURCE_MAPPING, get_event_source_mapping),
    b"PUT": Route("UpdateEventSourceMapping", 202, inputs.UPDATE_EVENT_SOURCE_MAPPING, update_event_source_mapping),
    b"DELETE": Route("DeleteEventSourceMapping", 202, inputs.NAME_EVENT_SOURCE_MAPPING, delete_event_source_mapping),
}


def route_of(method: bytes, path: bytes) -> tuple[Route, dict[str, Any]] | None:
    """What answers, and the members that the path gives. None where there is nothing."""
    if not path.startswith(PATH):
        return None
    rest = path[len(PATH) :]
    if rest in (b"", b"/"):
        route = _ALL.get(method)
        return None if route is None else (route, {})
    uuid = rest[1:].removesuffix(b"/")
    route = _ONE.get(method)
    if not rest.startswith(b"/") or b"/" in uuid or route is None:
        return None
    return route, {"UUID": uuid.decode("latin-1")}

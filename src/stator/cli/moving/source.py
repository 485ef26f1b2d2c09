"""Where items come from: a table, read in parallel segments."""

from collections.abc import Iterator
from typing import Any, NamedTuple, Protocol

from stator.cli.client import Client
from stator.values.attribute import Item

PAGE_ITEMS_MAX = 1_000  # a megabyte of small items is thirty of Python's objects, and every segment holds one

Position = Any
"""JSON: how far a segment has been read. None is the beginning."""


class Page(NamedTuple):
    items: list[Item]
    after: Position  # where to go on; None at the end of the segment


class Source(Protocol):
    """A table or a file, in segments that can be read side by side, each from any of its positions on."""

    segments: int

    def pages(self, segment: int, position: Position) -> Iterator[Page]: ...


class TableSource:
    """Reads with strong consistency: what was written before is found."""

    def __init__(self, client: Client, table: str, segments: int) -> None:
        self._client = client
        self._table = table
        self.segments = segments

    def pages(self, segment: int, position: Position) -> Iterator[Page]:
        members: dict[str, Any] = {"TableName": self._table, "ConsistentRead": True, "Limit": PAGE_ITEMS_MAX}
        if self.segments > 1:
            members |= {"Segment": segment, "TotalSegments": self.segments}
        while True:
            start = {} if position is None else {"ExclusiveStartKey": position}
            answer = self._client.call("Scan", members | start)
            position = answer.get("LastEvaluatedKey")
            yield Page(answer["Items"], position)
            if position is None:
                return


def segments_for(client: Client, table: str, wanted: int) -> int:
    """One for servers that answer every segment with the whole table (moto does): two segments share no item."""
    if wanted < 2:
        return 1
    members = {"TableName": table, "TotalSegments": wanted, "Limit": 1}
    first, last = (client.call("Scan", members | {"Segment": segment})["Items"] for segment in (0, wanted - 1))
    return 1 if first and first == last else wanted

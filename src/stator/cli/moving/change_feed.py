"""What changed in a table since one last looked: its stream, read from shard to shard."""

from collections.abc import Callable, Iterator
from typing import Any

from msgspec import Struct

from stator.cli.client import STREAMS, Client, Refused
from stator.cli.complaint import Complaint
from stator.cli.crew import Crew
from stator.cli.moving.rows import Row
from stator.limits import DAY_SECONDS

RETENTION_SECONDS = float(DAY_SECONDS)
SKEW_SECONDS = 120.0  # how far the time of a change may be from that of an answer
# Amazon gives empty pages before the end of a shard, too; what comes behind them waits for the next time.
EMPTY_PAGES_MAX = 3
EMPTY_PAUSE_SECONDS = 0.1

GAP = (
    "changes may have been lost: {}. The stream keeps them for 24 hours, so export more often than that."
    " Add --anew to write all items once more and go on from there."
)


class Place(Struct):
    """How far a shard was read. Without a sequence number, from its beginning."""

    sequence: str | None = None
    done: bool = False

    def to_json(self) -> list[Any]:
        return [self.sequence, self.done]


class ChangeFeed:
    """`places` are by shard and are moved on while changes are read. `order` is that of the last change."""

    def __init__(
        self, client: Client, arn: str, places: dict[str, Place], *, order: int, not_before: float, crew: Crew
    ) -> None:
        self._client = Client(client.endpoint.streams, STREAMS, stop=crew.stop)
        self._arn = arn
        self.places = places
        self.order = order
        self._not_before = not_before - SKEW_SECONDS

    def shards(self) -> dict[str, str | None]:
        """The parent of each shard, parents before their children. Raises Complaint when the stream is gone."""
        parents: dict[str, str | None] = {}
        start: dict[str, str] = {}
        while True:
            try:
                told = self._client.call("DescribeStream", {"StreamArn": self._arn} | start)["StreamDescription"]
            except Refused as error:
                if error.code == "ResourceNotFoundException":
                    raise Complaint(GAP.format("the stream of the checkpoint is gone")) from error
                raise
            parents |= {shard["ShardId"]: shard.get("ParentShardId") for shard in told["Shards"]}
            if not told.get("LastEvaluatedShardId"):
                return _parents_first(parents)
            start = {"ExclusiveStartShardId": told["LastEvaluatedShardId"]}

    def begin(self) -> None:
        """Note the shards that are there before a snapshot is taken; they are read from their beginnings later."""
        self.places = {shard: Place() for shard in self.shards()}

    def pages(self, until: float, on_lag: Callable[[float], None] = lambda _: None) -> Iterator[list[Row]]:
        """All changes up to a time, those of a key in order; a few later ones may be among them.

        Raises Complaint when changes may be missing.
        """
        shards = self.shards()
        for shard, place in self.places.items():
            if not place.done and shard not in shards:
                raise Complaint(GAP.format(f"shard {shard} is gone"))
        self.places = {shard: self.places.get(shard, Place()) for shard in shards}
        for shard, place in self.places.items():
            if not place.done:
                try:
                    yield from self._read(shard, place, until)
                except Refused as error:
                    if error.code == "TrimmedDataAccessException":
                        raise Complaint(GAP.format(f"shard {shard} lost its oldest")) from error
                    raise

    def _read(self, shard: str, place: Place, until: float) -> Iterator[list[Row]]:
        iterator = self._iterator(shard, place)
        empty = 0
        while iterator is not None:
            page = self._client.call("GetRecords", {"ShardIterator": iterator})
            iterator = page.get("NextShardIterator")
            records = page["Records"]
            rows = [self._row(record) for record in records if _time(record) >= self._not_before]
            if records:
                place.sequence = str(records[-1]["dynamodb"]["SequenceNumber"])
                empty = 0
                if rows:
                    yield rows
                if _time(records[-1]) >= until and iterator is not None:
                    return
            elif iterator is not None:
                empty += 1
                if empty == EMPTY_PAGES_MAX:
                    return
                self._client.wait(EMPTY_PAUSE_SECONDS)
        place.done = True

    def _iterator(self, shard: str, place: Place) -> str | None:
        members = {"StreamArn": self._arn, "ShardId": shard}
        if place.sequence is None:
            members |= {"ShardIteratorType": "TRIM_HORIZON"}
        else:
            members |= {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": place.sequence}
        found: str | None = self._client.call("GetShardIterator", members)["ShardIterator"]
        return found

    def _row(self, record: dict[str, Any]) -> Row:
        told = record["dynamodb"]
        event = str(record["eventName"])
        self.order += 1
        item = told["Keys"] if event == "REMOVE" else told["NewImage"]
        return Row(item, event, _time(record), self.order)


def _time(record: dict[str, Any]) -> float:
    return float(record["dynamodb"]["ApproximateCreationDateTime"])


def _parents_first(parents: dict[str, str | None]) -> dict[str, str | None]:
    ordered: dict[str, str | None] = {}
    for shard in parents:
        line = []
        each: str | None = shard
        while each is not None and each in parents and each not in ordered and each not in line:
            line.append(each)
            each = parents[each]
        ordered |= {one: parents[one] for one in reversed(line)}
    return ordered


def stream_of(client: Client, told: dict[str, Any], *, enable: bool) -> str:
    """The ARN of the stream of a table, as DescribeTable tells it. Raises Complaint when it has none of use."""
    table = told["TableName"]
    specification = told.get("StreamSpecification") or {}
    if not specification.get("StreamEnabled"):
        if not enable:
            raise Complaint(
                f"table {table} has no stream, which tells what changed. Add --enable-stream to enable one."
            )
        wanted = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
        told = client.call("UpdateTable", {"TableName": table, "StreamSpecification": wanted})["TableDescription"]
    elif specification["StreamViewType"] not in ("NEW_IMAGE", "NEW_AND_OLD_IMAGES"):
        raise Complaint(
            f"the stream of table {table} has no new images ({specification['StreamViewType']}). Disable it and"
            " export with --enable-stream."
        )
    return str(told["LatestStreamArn"])

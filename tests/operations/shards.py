"""A server whose clock and duties a test turns by hand, and clients of the tables and streams on it."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tests.operations.conftest import create_table
from tests.running import RunningServer, new_account, start_server

SHARD_SECONDS = 600.0  # less than an iterator lives
WAIT_SECONDS = 10.0


class StreamHouse:
    def __init__(self, server: RunningServer) -> None:
        self.server = server
        account = new_account(server.url)
        self.dynamodb, self.streams = account.client(), account.client("dynamodbstreams")

    def close(self) -> None:
        self.dynamodb.close()
        self.streams.close()

    def table(self, name: str = "things", view: str | None = "NEW_AND_OLD_IMAGES") -> str:
        """A table keyed by pk (S); the ARN of its stream, empty without one."""
        create_table(self.dynamodb, name, "pk:S")
        return "" if view is None else self.enable(name, view)

    def enable(self, name: str, view: str) -> str:
        specification = {"StreamEnabled": True, "StreamViewType": view}
        answer = self.dynamodb.update_table(TableName=name, StreamSpecification=specification)
        return str(answer["TableDescription"]["LatestStreamArn"])

    def disable(self, name: str) -> None:
        self.dynamodb.update_table(TableName=name, StreamSpecification={"StreamEnabled": False})

    def put(self, pk: str, name: str = "things", **attributes: str) -> None:
        item = {"pk": {"S": pk}} | {key: {"S": text} for key, text in attributes.items()}
        self.dynamodb.put_item(TableName=name, Item=item)

    def shards(self, arn: str, **more: Any) -> list[dict[str, Any]]:
        return list(self.streams.describe_stream(StreamArn=arn, **more)["StreamDescription"]["Shards"])

    def iterator(self, arn: str, shard: dict[str, Any], kind: str = "TRIM_HORIZON", **more: Any) -> str:
        answer = self.streams.get_shard_iterator(
            StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType=kind, **more
        )
        return str(answer["ShardIterator"])

    def drain(self, iterator: str | None, **more: Any) -> list[dict[str, Any]]:
        """What is left of a shard: to its end, or until nothing more comes."""
        records: list[dict[str, Any]] = []
        while iterator:
            page = self.streams.get_records(ShardIterator=iterator, **more)
            records += page["Records"]
            iterator = page.get("NextShardIterator") if page["Records"] else None
        return records

    def records(self, arn: str) -> list[dict[str, Any]]:
        """Every record of a stream, its shards in the order of their lineage."""
        return [record for shard in self.shards(arn) for record in self.drain(self.iterator(arn, shard))]

    def roll(self, arn: str) -> None:
        """Let the open shards grow old, until they have children."""
        before = len(self.shards(arn))
        self.server.clock.advance(SHARD_SECONDS)
        self.run("roll", lambda: len(self.shards(arn)) > before)

    def run(self, duty: str, done: Callable[[], bool]) -> None:
        """Have a duty run now, and wait for what it does."""

        async def nudge() -> None:
            self.server.server.background.term.supervisor.nudge(duty)

        until = time.monotonic() + WAIT_SECONDS
        self.server._run(nudge())
        while not done():
            assert time.monotonic() < until, f"the duty {duty} did not do it"
            time.sleep(0.005)
            self.server._run(nudge())


@contextmanager
def stream_house(**settings: Any) -> Iterator[StreamHouse]:
    server = start_server(stream_shard_seconds=SHARD_SECONDS, **settings)
    house = StreamHouse(server)
    yield house
    house.close()
    server.close()


def keys(records: list[dict[str, Any]]) -> list[str]:
    return [record["dynamodb"]["Keys"]["pk"]["S"] for record in records]

"""A Kinesis for tests: moto's, over real HTTP in a thread of the test's process."""

import json
import threading
from typing import Any

import boto3
from moto.kinesis.models import Shard
from moto.server import ThreadedMotoServer

from tests.running import wait_until

_put_record = Shard.put_record
_putting = threading.Lock()


def _put_record_alone(self: Shard, *arguments: Any, **named: Any) -> Any:
    """Of two threads that put into a shard at once moto gives both the same number and keeps one record."""
    with _putting:
        return _put_record(self, *arguments, **named)


Shard.put_record = _put_record_alone  # type: ignore[method-assign]


class Kinesis:
    """Started when made; `close` stops it."""

    def __init__(self) -> None:
        self._server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        self._server.start()
        host, port = self._server.get_host_and_port()
        self.url = f"http://{host}:{port}"
        self.client = boto3.client(
            "kinesis",
            endpoint_url=self.url,
            region_name="eu-west-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    def create_stream(self, name: str, shards: int = 2) -> str:
        """The ARN of a new stream, ready to be written to."""
        self.client.create_stream(StreamName=name, ShardCount=shards)
        summary = self.client.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]
        assert summary["StreamStatus"] == "ACTIVE"
        return str(summary["StreamARN"])

    def records(self, stream_arn: str) -> list[Any]:
        """The data of every record, decoded; those of a shard in order."""
        found = []
        name = stream_arn.partition("/")[2]  # moto's iterators forget an ARN
        for shard in self.client.list_shards(StreamName=name)["Shards"]:
            iterator = self.client.get_shard_iterator(
                StreamName=name, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
            )["ShardIterator"]
            while True:
                page = self.client.get_records(ShardIterator=iterator)
                if not page["Records"]:
                    break
                found += [json.loads(record["Data"]) for record in page["Records"]]
                iterator = page["NextShardIterator"]
        return found

    def close(self) -> None:
        self.client.close()
        self._server.stop()


def wait_for_status(dynamodb: Any, table: str, status: str) -> dict[str, Any]:
    """The newest destination of a table, once it has that status."""
    newest: dict[str, Any] = {}

    def reached() -> bool:
        newest.clear()
        newest.update(
            dynamodb.describe_kinesis_streaming_destination(TableName=table)["KinesisDataStreamDestinations"][0]
        )
        return bool(newest["DestinationStatus"] == status)

    wait_until(reached)
    return newest

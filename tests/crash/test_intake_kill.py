"""An import and a bulk put of a server that is killed again and again count each record once, and tell of each once.

Every record of the bulk put is put on the condition that nothing has its key: one that was put and not counted would be
refused the second time. STATOR_KILLS says how often to kill (3 without it; the bar is 10), STATOR_KILL_SEED when.
"""

import gzip
import json
import os
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stator.doctor import doctor
from tests.crash.server_process import PlainClient, ServerProcess

KILLS = int(os.environ.get("STATOR_KILLS", "3"))
SEED = int(os.environ.get("STATOR_KILL_SEED", "1"))
OBJECTS, RECORDS = 4, 1500
SECONDS_MAX = 60
KEYS: dict[str, Any] = {
    "AttributeDefinitions": [
        {"AttributeName": "pk", "AttributeType": "S"},
        {"AttributeName": "g", "AttributeType": "S"},
    ],
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "BillingMode": "PAY_PER_REQUEST",
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "by-g",
            "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "KEYS_ONLY"},
        }
    ],
}

Place = tuple[str, int]  # an object and a record of it


class Scene:
    """One server after another on one directory, killed while a job runs."""

    def __init__(self, path: Path) -> None:
        self.data_dir = path / "data"
        self.source, self.output = path / "data-buckets" / "source", path / "data-buckets" / "output"
        self.source.mkdir(parents=True)
        self.output.mkdir()
        self.log = path / "log"
        self.rng = random.Random(SEED)
        self.server: ServerProcess | None = None
        self.client = self.start()

    def start(self) -> PlainClient:
        self.server = ServerProcess(self.data_dir, self.log).wait_until_ready()
        self.client = PlainClient(self.server.port)
        return self.client

    def call(self, operation: str, **request: Any) -> Any:
        reply = self.client.call(operation, request)
        assert reply.status == 200, (operation, reply)
        return reply.body

    def kill(self) -> None:
        self.client.close()
        assert self.server is not None
        self.server.kill()

    def outlive(self, describe: Any, seconds: float) -> dict[str, Any]:
        """What `describe` says in the end, with KILLS kills within about `seconds` of work."""
        hit = 0
        for _ in range(KILLS):
            time.sleep(self.rng.uniform(0.05, seconds / KILLS))
            hit += describe()[0] == "IN_PROGRESS"
            self.kill()
            self.start()
        assert hit >= KILLS / 2, f"{hit} of {KILLS} kills hit the job"
        deadline = time.monotonic() + SECONDS_MAX
        while (found := describe())[0] == "IN_PROGRESS":
            assert time.monotonic() < deadline
            time.sleep(0.01)
        described: dict[str, Any] = found[1]
        return described

    def end(self) -> None:
        """A server at rest is in order, and nothing of what its jobs needed is left."""
        self.client.close()
        assert self.server is not None
        assert self.server.terminate() == 0
        assert doctor(self.data_dir) == []
        assert "Traceback" not in self.log.read_text()

    def scan(self, table: str) -> list[str]:
        found: list[str] = []
        start: dict[str, Any] = {}
        while True:
            page = self.call("Scan", TableName=table, ProjectionExpression="pk", **start)
            found += [item["pk"]["S"] for item in page["Items"]]
            if "LastEvaluatedKey" not in page:
                return found
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    one = Scene(tmp_path)
    yield one
    one.kill()


def write_objects(folder: Path, condition: dict[str, Any]) -> tuple[set[str], set[Place], set[Place]]:
    """Objects of records; the keys that they put, and where those are that are faulty or have a key for the second
    time."""
    keys: set[str] = set()
    faulty: set[Place] = set()
    again: set[Place] = set()
    for number in range(OBJECTS):
        name = f"{number}.json.gz"
        lines = []
        for index in range(RECORDS):
            if index % 25 == 3:
                faulty.add((name, index))
                lines.append(b'{"Item": ' if index % 2 else b'{"Item":{"g":{"S":"no key"}}}')
                continue
            second = index % 10 == 9 and index % 25 != 4
            pk = f"{number}-{index - 1 if second else index}"
            if second:
                again.add((name, index))
            keys.add(pk)
            item = {"pk": {"S": pk}, "g": {"S": f"g{index % 7}"}, "fill": {"S": "x" * (25_000 if second else 100)}}
            lines.append(json.dumps({"Item": item} | condition).encode())
        (folder / name).write_bytes(gzip.compress(b"\n".join(lines)))
    return keys, faulty, again


def place_of(line: dict[str, Any]) -> Place:
    return line["itemS3Pointer"]["key"], line["itemS3Pointer"]["itemIndex"]


@pytest.mark.slow
def test_a_bulk_put_counts_and_tells_of_each_record_once(scene: Scene) -> None:
    keys, faulty, again = write_objects(scene.source, {"ConditionExpression": "attribute_not_exists(pk)"})
    scene.call("CreateTable", TableName="things", **KEYS)
    arn = scene.call(
        "StartBulkPutItems",
        TableName="things",
        InputS3Configuration={"S3Bucket": "source", "InputFormat": "DYNAMODB_JSON", "InputCompressionType": "GZIP"},
        OutputS3Configuration={"S3Bucket": "output", "OutputType": ["ERROR", "CONDITION_CHECK_FAILURE"]},
        MaxWriteRequestUnits=5000,  # for 3 seconds and more
    )["BulkOperationDescription"]["BulkOperationArn"]

    def describe() -> tuple[str, Any]:
        told = scene.call("DescribeBulkOperation", BulkOperationArn=arn)["BulkOperationDescription"]
        return told["BulkOperationStatus"], told

    done = scene.outlive(describe, 2.0)
    assert done["BulkOperationStatus"] == "COMPLETED_WITH_ERRORS"
    assert (done["ProcessedItemCount"], done["FailedItemCount"]) == (OBJECTS * RECORDS, len(faulty))
    assert (
        done["ProcessedInputBytes"] == done["TotalInputBytes"] == sum(f.stat().st_size for f in scene.source.iterdir())
    )
    found = scene.scan("things")
    assert sorted(found) == sorted(keys)
    folder = scene.output / "AWSDynamoDB" / arn.rpartition("/")[2]
    manifest = json.loads((folder / "manifest.json").read_bytes())
    assert (manifest["writtenItemCount"], manifest["conditionCheckFailureCount"]) == (len(keys), len(again))
    told: dict[str, list[Place]] = {"ERROR": [], "CONDITION_CHECK_FAILURE": []}
    for file in manifest["files"]:
        lines = gzip.decompress((scene.output / file["dataFileS3Key"]).read_bytes()).splitlines()
        assert len(lines) == file["lineCount"]
        told[file["outputType"]] += [place_of(json.loads(line)) for line in lines]
    assert len(manifest["files"]) > 2  # one was full on the way
    assert told["ERROR"] == sorted(faulty)
    assert told["CONDITION_CHECK_FAILURE"] == sorted(again)
    scene.end()


@pytest.mark.slow
def test_an_import_counts_and_tells_of_each_record_once(scene: Scene) -> None:
    keys, faulty, _ = write_objects(scene.source, {})
    arn = scene.call(
        "ImportTable",
        S3BucketSource={"S3Bucket": "source"},
        InputFormat="DYNAMODB_JSON",
        InputCompressionType="GZIP",
        TableCreationParameters={"TableName": "things", **KEYS},
    )["ImportTableDescription"]["ImportArn"]

    def describe() -> tuple[str, Any]:
        told = scene.call("DescribeImport", ImportArn=arn)["ImportTableDescription"]
        return told["ImportStatus"], told

    done = scene.outlive(describe, 0.3)
    assert (done["ImportStatus"], done["FailureCode"]) == ("FAILED", "ItemValidationError")
    counts = [done[name] for name in ("ProcessedItemCount", "ErrorCount", "ImportedItemCount")]
    assert counts == [OBJECTS * RECORDS, len(faulty), OBJECTS * RECORDS - len(faulty)]
    assert sorted(scene.scan("things")) == sorted(keys)
    _, account, _ = done["TableArn"].rsplit(":", 2)
    log = scene.data_dir.with_name("data-archive") / "logs" / account / "eu-west-1/aws-dynamodb/imports"
    lines = (log / arn.rpartition("/")[2] / "error").read_bytes().splitlines()
    assert [place_of(json.loads(line)) for line in lines] == sorted(faulty)
    scene.end()

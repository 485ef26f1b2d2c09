"""The kinds of jobs, as the kill test asks for them: how one is wished for, how far it is, and what it must leave."""

import gzip
import json
import random
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from tests.crash.server_process import PlainClient, Reply

TABLE = "things"
INDEX = "by-group"
INSTANCE = "Stator_20261121."

KEYS: dict[str, Any] = {
    "AttributeDefinitions": [
        {"AttributeName": "pk", "AttributeType": "S"},
        {"AttributeName": "g", "AttributeType": "S"},
        {"AttributeName": "n", "AttributeType": "N"},
    ],
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "BillingMode": "PAY_PER_REQUEST",
    "GlobalSecondaryIndexes": [
        {
            "IndexName": INDEX,
            "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}, {"AttributeName": "n", "KeyType": "RANGE"}],
            "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["v"]},
        }
    ],
}

Item = dict[str, dict[str, Any]]


def made(number: int) -> Item:
    rng = random.Random(number)
    item: Item = {"pk": {"S": f"i{number}"}, "v": {"N": str(rng.randrange(1, 10**9))}}
    if number % 10:
        item |= {"g": {"S": f"g{number % 50}"}, "n": {"N": str(number)}}
    return item | {"fill": {"S": "x" * rng.randrange(200)}, "s": {"SS": [f"{number}", "a"]}}


def entry_of(item: Item) -> Item | None:
    return {name: item[name] for name in ("pk", "g", "n", "v")} if "g" in item else None


def asked(client: PlainClient, operation: str, **request: Any) -> Any:
    reply: Reply = client.call(operation, request)
    assert reply.status == 200, (operation, reply)
    return reply.body


def fill(client: PlainClient, table: str, count: int) -> None:
    for start in range(0, count, 25):
        puts = [{"PutRequest": {"Item": made(number)}} for number in range(start, min(start + 25, count))]
        assert not asked(client, "BatchWriteItem", RequestItems={table: puts})["UnprocessedItems"]


def scan(client: PlainClient, table: str, **more: Any) -> dict[str, Item]:
    items: dict[str, Item] = {}
    start: dict[str, Any] = {}
    while True:
        page = asked(client, "Scan", TableName=table, **more, **start)
        for item in page["Items"]:
            assert item["pk"]["S"] not in items
            items[item["pk"]["S"]] = item
        if "LastEvaluatedKey" not in page:
            return items
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}


def check_table(client: PlainClient, table: str, count: int) -> None:
    """The table has all items, and its index their entries."""
    items = scan(client, table)
    assert len(items) == count
    assert items == {pk: item for number in range(count) if (item := made(number)) and (pk := item["pk"]["S"])}
    entries = {pk: entry for pk, item in items.items() if (entry := entry_of(item)) is not None}
    assert scan(client, table, IndexName=INDEX) == entries


@dataclass
class Place:
    """Where everything is."""

    data_dir: Path
    items: int
    memory: dict[str, Any] = field(default_factory=dict)  # what a kind remembers

    def bucket(self, name: str) -> Path:
        return Path(f"{self.data_dir}-buckets") / name


class Work(Protocol):
    """A kind of job. `state` is None while it is under way; `check` looks at all that have ended."""

    def prepare(self, place: Place, client: PlainClient) -> None: ...

    def wish(self, place: Place, client: PlainClient, number: int) -> str: ...

    def state(self, client: PlainClient, name: str) -> str | None: ...

    def check(self, place: Place, client: PlainClient, names: list[str]) -> None: ...


class BackupWork:
    def prepare(self, place: Place, client: PlainClient) -> None:
        pass

    def wish(self, place: Place, client: PlainClient, number: int) -> str:
        details = asked(client, "CreateBackup", TableName=TABLE, BackupName=f"number-{number}")["BackupDetails"]
        return str(details["BackupArn"])

    def state(self, client: PlainClient, name: str) -> str | None:
        details = asked(client, "DescribeBackup", BackupArn=name)["BackupDescription"]["BackupDetails"]
        return None if details["BackupStatus"] == "CREATING" else str(details["BackupStatus"])

    def check(self, place: Place, client: PlainClient, names: list[str]) -> None:
        assert {self.state(client, name) for name in names} == {"AVAILABLE"}
        listed = asked(client, "ListBackups", TableName=TABLE)["BackupSummaries"]
        assert {each["BackupArn"] for each in listed} == set(names)
        asked(client, "RestoreTableFromBackup", TargetTableName="again", BackupArn=names[-1])
        await_active(client, "again")
        check_table(client, "again", place.items)


class RestoreWork:
    def prepare(self, place: Place, client: PlainClient) -> None:
        backup = BackupWork()
        place.memory["backup"] = arn = backup.wish(place, client, 0)
        while backup.state(client, arn) is None:
            time.sleep(0.01)

    def wish(self, place: Place, client: PlainClient, number: int) -> str:
        name = f"again-{number}"
        asked(client, "RestoreTableFromBackup", TargetTableName=name, BackupArn=place.memory["backup"])
        return name

    def state(self, client: PlainClient, name: str) -> str | None:
        table = asked(client, "DescribeTable", TableName=name)["Table"]
        assert ("RestoreSummary" in table) == (table["TableStatus"] == "CREATING")
        return None if table["TableStatus"] == "CREATING" else str(table["TableStatus"])

    def check(self, place: Place, client: PlainClient, names: list[str]) -> None:
        for name in names:
            check_table(client, name, place.items)


class RecoverWork(RestoreWork):
    """Restores to a point in time: a copy, and what happened since."""

    def prepare(self, place: Place, client: PlainClient) -> None:
        ExportWork().prepare(place, client)
        for start in range(0, place.items, 10):  # gone, and back again
            asked(client, "DeleteItem", TableName=TABLE, Key={"pk": {"S": f"i{start}"}})
        fill(client, TABLE, place.items)

    def wish(self, place: Place, client: PlainClient, number: int) -> str:
        name = f"again-{number}"
        asked(
            client,
            "RestoreTableToPointInTime",
            SourceTableName=TABLE,
            TargetTableName=name,
            UseLatestRestorableTime=True,
        )
        return name


class ImportWork:
    def prepare(self, place: Place, client: PlainClient) -> None:
        write_objects(place)

    def wish(self, place: Place, client: PlainClient, number: int) -> str:
        told = asked(
            client,
            "ImportTable",
            ClientToken=f"token-{number}",
            S3BucketSource={"S3Bucket": "source", "S3KeyPrefix": "in/"},
            InputFormat="DYNAMODB_JSON",
            InputCompressionType="GZIP",
            TableCreationParameters={"TableName": f"again-{number}", **KEYS},
        )
        return str(told["ImportTableDescription"]["ImportArn"])

    def state(self, client: PlainClient, name: str) -> str | None:
        told = asked(client, "DescribeImport", ImportArn=name)["ImportTableDescription"]
        return None if told["ImportStatus"] == "IN_PROGRESS" else str(told["ImportStatus"])

    def check(self, place: Place, client: PlainClient, names: list[str]) -> None:
        for name in names:
            told = asked(client, "DescribeImport", ImportArn=name)["ImportTableDescription"]
            assert told["ImportStatus"] == "COMPLETED", told
            counts = [told[each] for each in ("ProcessedItemCount", "ImportedItemCount", "ErrorCount")]
            assert counts == [place.items, place.items, 0]
            check_table(client, told["TableCreationParameters"]["TableName"], place.items)


class BulkWork:
    def prepare(self, place: Place, client: PlainClient) -> None:
        write_objects(place)
        place.bucket("out").mkdir(parents=True)
        asked(client, "CreateTable", TableName="again", **KEYS)

    def wish(self, place: Place, client: PlainClient, number: int) -> str:
        told = asked(
            client,
            "StartBulkPutItems",
            ClientToken=f"token-{number}",
            TableName="again",
            InputS3Configuration={
                "S3Bucket": "source",
                "S3KeyPrefix": "in/",
                "InputFormat": "DYNAMODB_JSON",
                "InputCompressionType": "GZIP",
            },
            OutputS3Configuration={"S3Bucket": "out", "OutputType": ["ERROR"]},
        )
        return str(told["BulkOperationDescription"]["BulkOperationArn"])

    def state(self, client: PlainClient, name: str) -> str | None:
        told = self._told(client, name)
        return None if told["BulkOperationStatus"] == "IN_PROGRESS" else str(told["BulkOperationStatus"])

    def check(self, place: Place, client: PlainClient, names: list[str]) -> None:
        for name in names:
            told = self._told(client, name)
            counts = [told[each] for each in ("BulkOperationStatus", "ProcessedItemCount", "FailedItemCount")]
            assert counts == ["COMPLETED", place.items, 0]
        check_table(client, "again", place.items)

    def _told(self, client: PlainClient, name: str) -> Any:
        return asked(client, "DescribeBulkOperation", BulkOperationArn=name)["BulkOperationDescription"]


class ExportWork:
    def prepare(self, place: Place, client: PlainClient) -> None:
        place.bucket("target").mkdir(parents=True)
        asked(
            client,
            "UpdateContinuousBackups",
            TableName=TABLE,
            PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True},
        )

    def wish(self, place: Place, client: PlainClient, number: int) -> str:
        table = asked(client, "DescribeTable", TableName=TABLE)["Table"]
        told = asked(
            client,
            "ExportTableToPointInTime",
            TableArn=table["TableArn"],
            ClientToken=f"token-{number}",
            S3Bucket="target",
            S3Prefix=f"to/{number}",
        )
        return str(told["ExportDescription"]["ExportArn"])

    def state(self, client: PlainClient, name: str) -> str | None:
        told = asked(client, "DescribeExport", ExportArn=name)["ExportDescription"]
        return None if told["ExportStatus"] == "IN_PROGRESS" else str(told["ExportStatus"])

    def check(self, place: Place, client: PlainClient, names: list[str]) -> None:
        for name in names:
            told = asked(client, "DescribeExport", ExportArn=name)["ExportDescription"]
            assert (told["ExportStatus"], told["ItemCount"]) == ("COMPLETED", place.items), told
            bucket = place.bucket("target")
            summary = json.loads((bucket / told["ExportManifest"]).read_bytes())
            files = [json.loads(line) for line in (bucket / summary["manifestFilesS3Key"]).read_bytes().splitlines()]
            found: list[Item] = []
            for file in files:
                lines = gzip.decompress((bucket / file["dataFileS3Key"]).read_bytes()).splitlines()
                assert len(lines) == file["itemCount"]
                found += [json.loads(line)["Item"] for line in lines]
            assert sorted(found, key=_pk) == sorted((made(number) for number in range(place.items)), key=_pk)


class InstanceWork:
    def prepare(self, place: Place, client: PlainClient) -> None:
        pass

    def wish(self, place: Place, client: PlainClient, number: int) -> str:
        told = asked(client, f"{INSTANCE}CreateInstanceBackup", Comment=f"number {number}")
        return str(told["InstanceBackupDescription"]["BackupId"])

    def state(self, client: PlainClient, name: str) -> str | None:
        told = asked(client, f"{INSTANCE}DescribeInstanceBackup", BackupId=name)["InstanceBackupDescription"]
        return None if told["BackupStatus"] == "CREATING" else str(told["BackupStatus"])

    def check(self, place: Place, client: PlainClient, names: list[str]) -> None:
        assert {self.state(client, name) for name in names} == {"AVAILABLE"}


def write_objects(place: Place) -> None:
    """The items in several packed objects."""
    folder = place.bucket("source") / "in"
    folder.mkdir(parents=True)
    for first in range(0, place.items, 3000):
        items: Iterable[Item] = map(made, range(first, min(first + 3000, place.items)))
        lines = [json.dumps({"Item": item}).encode() for item in items]
        (folder / f"{first:06}.json.gz").write_bytes(gzip.compress(b"\n".join(lines) + b"\n"))


def await_active(client: PlainClient, table: str) -> None:
    deadline = time.monotonic() + 60
    while asked(client, "DescribeTable", TableName=table)["Table"]["TableStatus"] != "ACTIVE":
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _pk(item: Item) -> str:
    return str(item["pk"]["S"])


WORKS: dict[str, Work] = {
    "backup": BackupWork(),
    "restore": RestoreWork(),
    "recover": RecoverWork(),
    "import": ImportWork(),
    "bulk": BulkWork(),
    "export": ExportWork(),
    "instance": InstanceWork(),
}

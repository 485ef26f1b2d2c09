"""Imports and bulk puts over HTTP: buckets in memory, asking, and waiting."""

import asyncio
import gzip
from collections.abc import Iterable
from typing import Any

import orjson

from stator.archive.places.location import Location
from tests.operations.backups import until

KEYS: dict[str, Any] = {
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "BillingMode": "PAY_PER_REQUEST",
}


class Bucket:
    """A bucket of a server in memory in this process, by its name."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._place = Location.open(f"memory://buckets/{name}")

    def put(self, key: str, body: bytes | Iterable[Any]) -> None:
        """An object: its bytes, or the records that are its lines."""
        text = body if isinstance(body, bytes) else lines(body)
        asyncio.run(self._place.put(key, text))

    def get(self, key: str) -> bytes:
        return asyncio.run(self._place.get(key))

    def keys(self, prefix: str = "") -> list[str]:
        return [found.path for found in asyncio.run(self._place.list(prefix))]


def lines(records: Iterable[Any]) -> bytes:
    return b"".join((record if isinstance(record, bytes) else orjson.dumps(record)) + b"\n" for record in records)


def item(pk: str, **attributes: dict[str, Any]) -> dict[str, Any]:
    """A record of one item."""
    return {"Item": {"pk": {"S": pk}, **attributes}}


def import_request(bucket: Bucket, prefix: str = "", table: str = "imported", **more: Any) -> dict[str, Any]:
    source = {"S3Bucket": bucket.name} | ({"S3KeyPrefix": prefix} if prefix else {})
    request: dict[str, Any] = {
        "S3BucketSource": source,
        "InputFormat": "DYNAMODB_JSON",
        "TableCreationParameters": {"TableName": table, **KEYS},
    }
    return request | more


def start_import(dynamodb: Any, bucket: Bucket, prefix: str = "", table: str = "imported", **more: Any) -> str:
    request = import_request(bucket, prefix, table, **more)
    arn: str = dynamodb.import_table(**request)["ImportTableDescription"]["ImportArn"]
    return arn


def wait_for_import(dynamodb: Any, arn: str) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        found: dict[str, Any] = dynamodb.describe_import(ImportArn=arn)["ImportTableDescription"]
        return None if found["ImportStatus"] == "IN_PROGRESS" else found

    described: dict[str, Any] = until(look)
    return described


def run_import(dynamodb: Any, bucket: Bucket, prefix: str = "", **more: Any) -> dict[str, Any]:
    return wait_for_import(dynamodb, start_import(dynamodb, bucket, prefix, **more))


def counts(description: dict[str, Any]) -> tuple[int, int, int]:
    """Of an import: processed, imported and faulty items."""
    return description["ProcessedItemCount"], description["ImportedItemCount"], description["ErrorCount"]


def events(account: str, arn: str) -> list[dict[str, Any]]:
    """What is in the archive about records that were not imported."""
    archive = Location.open("memory://archive")
    path = f"logs/{account}/eu-west-1/aws-dynamodb/imports/{arn.rpartition('/')[2]}/error"
    if not asyncio.run(archive.list(path)):
        return []
    return [orjson.loads(line) for line in asyncio.run(archive.get(path)).splitlines()]


def bulk_request(
    source: Bucket, output: Bucket, table: str = "things", prefix: str = "", **more: Any
) -> dict[str, Any]:
    """`more` also has members of InputS3Configuration and of OutputS3Configuration."""
    inputs = {"S3Bucket": source.name, "S3KeyPrefix": prefix, "InputFormat": "DYNAMODB_JSON"}
    outputs: dict[str, Any] = {"S3Bucket": output.name, "OutputType": ["ERROR", "CONDITION_CHECK_FAILURE"]}
    for name in ("InputFormat", "InputCompressionType"):
        inputs |= {name: more.pop(name)} if name in more else {}
    for name in ("OutputType", "S3KeyPrefix"):
        outputs |= {name: more.pop(name)} if name in more else {}
    return {"TableName": table, "InputS3Configuration": inputs, "OutputS3Configuration": outputs} | more


def start_bulk(dynamodb: Any, source: Bucket, output: Bucket, **more: Any) -> str:
    started = dynamodb.start_bulk_put_items(**bulk_request(source, output, **more))
    arn: str = started["BulkOperationDescription"]["BulkOperationArn"]
    return arn


def wait_for_bulk(dynamodb: Any, arn: str) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        found: dict[str, Any] = dynamodb.describe_bulk_operation(BulkOperationArn=arn)["BulkOperationDescription"]
        return None if found["BulkOperationStatus"] in ("IN_PROGRESS", "CANCELLING") else found

    described: dict[str, Any] = until(look)
    return described


def run_bulk(dynamodb: Any, source: Bucket, output: Bucket, **more: Any) -> dict[str, Any]:
    return wait_for_bulk(dynamodb, start_bulk(dynamodb, source, output, **more))


def report(output: Bucket, arn: str, name: str, prefix: str = "") -> list[dict[str, Any]]:
    """The lines of a report of a bulk put, in order: `errors` or `condition-check-failures`."""
    folder = f"{prefix}AWSDynamoDB/{arn.rpartition('/')[2]}"
    packed = [output.get(key) for key in output.keys(f"{folder}/{name}/")]
    return [orjson.loads(line) for body in packed for line in gzip.decompress(body).splitlines()]

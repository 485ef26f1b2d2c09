"""DynamoDBs for commands to move tables between: servers of this build and moto's, all over HTTP."""

import subprocess
from typing import Any

import boto3
from botocore.config import Config
from moto.server import ThreadedMotoServer

from tests.commands.process import STATOR, clean_environment, url_of

REGION = "us-east-1"  # what commands take when nothing is said


class Stator:
    """A process of its own, forgetting everything at its end."""

    def __init__(self, *more: str) -> None:
        arguments = [str(STATOR), "serve", "--in-memory", "--port", "0", *more]
        self._process = subprocess.Popen(
            arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=clean_environment()
        )
        try:
            self.url = url_of(self._process)
        except AssertionError:
            self.close()
            raise

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()


class Moto:
    def __init__(self) -> None:
        self._server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        self._server.start()
        host, port = self._server.get_host_and_port()
        self.url = f"http://{host}:{port}"

    def close(self) -> None:
        self._server.stop()


def connect(url: str, service: str = "dynamodb") -> Any:
    """With the keys and the region that commands take when nothing is said."""
    return boto3.client(
        service,
        endpoint_url=url,
        region_name=REGION,
        aws_access_key_id="stator",
        aws_secret_access_key="stator",
        config=Config(parameter_validation=False),
    )


def create(dynamodb: Any, table: str, **more: Any) -> None:
    """Key `k` (text) and `n` (number)."""
    dynamodb.create_table(
        **{
            "TableName": table,
            "BillingMode": "PAY_PER_REQUEST",
            "KeySchema": [{"AttributeName": "k", "KeyType": "HASH"}, {"AttributeName": "n", "KeyType": "RANGE"}],
            "AttributeDefinitions": [
                {"AttributeName": "k", "AttributeType": "S"},
                {"AttributeName": "n", "AttributeType": "N"},
            ],
        }
        | more
    )
    dynamodb.get_waiter("table_exists").wait(TableName=table, WaiterConfig={"Delay": 1})


def item(number: int, width: int = 0) -> dict[str, Any]:
    """One of every type; all different."""
    return {
        "k": {"S": f"key {number % 97}"},
        "n": {"N": str(number)},
        "t": {"S": "é\n" + "x" * width},
        "d": {"N": f"{number}.25"},
        "b": {"B": bytes([number % 256, 255])},
        "l": {"L": [{"NULL": True}, {"M": {"deep": {"BOOL": True}}}]},
        "ss": {"SS": ["b", f"a{number}"]},
        "ns": {"NS": ["2", "1", f"{number}.5"]},
    }


def fill(dynamodb: Any, table: str, numbers: range, width: int = 0) -> None:
    for start in range(0, len(numbers), 25):
        puts = [{"PutRequest": {"Item": item(number, width)}} for number in numbers[start : start + 25]]
        dynamodb.batch_write_item(RequestItems={table: puts})


def items_of(dynamodb: Any, table: str) -> list[dict[str, Any]]:
    """All items, by key, sets in order."""
    found = [item for page in dynamodb.get_paginator("scan").paginate(TableName=table) for item in page["Items"]]
    for each in found:
        for value in each.values():
            for kind in {"SS", "NS", "BS"} & set(value):
                value[kind].sort()
    return sorted(found, key=lambda each: float(each["n"]["N"]))

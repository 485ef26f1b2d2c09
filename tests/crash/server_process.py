"""A real server as a process that can be killed, and the plainest client there is for it."""

import http.client
import json
import resource
import signal
import subprocess
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from tests import postgres
from tests.commands.process import READY, STATOR, clean_environment

SECONDS_MAX = 30
_ACCOUNT = "000000000007"
_SIGNED = (
    f"AWS4-HMAC-SHA256 Credential={_ACCOUNT}/20260101/eu-west-1/dynamodb/aws4_request, "
    f"SignedHeaders=host;x-amz-date, Signature={'0' * 64}"
)


class ServerProcess:
    """`stator serve` on a directory and any free port. Raises AssertionError when it does not get ready."""

    def __init__(self, data_dir: Path, log: Path, *options: str) -> None:
        self._log = log
        with log.open("ab") as stream:
            self.process = subprocess.Popen(
                [STATOR, "serve", "--port", "0", "--data-dir", data_dir, *options],
                stdout=subprocess.PIPE,
                stderr=stream,
                text=True,
                env=clean_environment(STATOR_STORE=postgres.store_of(data_dir)),
            )
        self.port = 0

    def wait_until_ready(self) -> "ServerProcess":
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line.startswith(READY), f"the server said {line!r} and then {self._log.read_text()[-2000:]}"
        self.port = int(line.rpartition(":")[2])
        return self

    def limit_files(self, bytes_max: int) -> None:
        """From now on the system lets no file of the server grow past this, as on a disk that is full."""
        resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE, (bytes_max, bytes_max))

    def kill(self) -> None:
        self.process.kill()
        self._end()

    def terminate(self) -> int:
        """Ask it to stop; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self._end()

    def _end(self) -> int:
        code = self.process.wait(SECONDS_MAX)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code


class Reply(NamedTuple):
    status: int
    body: Any

    @property
    def error(self) -> str:
        return str(self.body.get("__type", "")).rpartition("#")[2]


class Lost(Exception):
    """No reply came: what was asked may have been done or not."""


class Client(Protocol):
    def call(self, operation: str, request: dict[str, Any]) -> Reply: ...

    def close(self) -> None: ...


class PlainClient:
    """One connection, kept alive. An operation of another service than DynamoDB comes with its prefix."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS_MAX)

    def call(self, operation: str, request: dict[str, Any]) -> Reply:
        headers = {
            "Content-Type": "application/x-amz-json-1.0",
            "X-Amz-Target": operation if "." in operation else f"DynamoDB_20120810.{operation}",
            "X-Amz-Date": "20260101T000000Z",
            "Authorization": _SIGNED,
        }
        try:
            self._connection.request("POST", "/", json.dumps(request), headers)
            reply = self._connection.getresponse()
            return Reply(reply.status, json.loads(reply.read()))
        except (OSError, http.client.HTTPException) as error:
            raise Lost from error

    def close(self) -> None:
        self._connection.close()


class SdkClient:
    """The same through the SDK that people use."""

    def __init__(self, port: int) -> None:
        self._client = boto3.client(
            "dynamodb",
            endpoint_url=f"http://127.0.0.1:{port}",
            region_name="eu-west-1",
            aws_access_key_id=_ACCOUNT,
            aws_secret_access_key="secret",
            config=Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=SECONDS_MAX),
        )

    def call(self, operation: str, request: dict[str, Any]) -> Reply:
        try:
            return Reply(200, self._client._make_api_call(operation, request))
        except ClientError as error:
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            return Reply(status, error.response | {"__type": error.response["Error"]["Code"]})
        except BotoCoreError as error:
            raise Lost from error

    def close(self) -> None:
        self._client.close()

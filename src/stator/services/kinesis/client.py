"""A Kinesis endpoint, spoken to over HTTP: the two operations that delivery needs.

Requests block, so they run in a few threads of the client's own, and so does everything that is long about them: the
event loop only waits. Connections are kept and used again.
"""

import asyncio
import contextlib
import ssl
from base64 import b64encode
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import urlsplit

import orjson

from stator.auth.moment import basic_format
from stator.auth.signature import ALGORITHM, SigningKey
from stator.clock import Clock

if TYPE_CHECKING:
    from http.client import HTTPConnection  # loaded when there is something to send: it takes a while

TIMEOUT_SECONDS = 5.0
THREADS = 8

_TYPE = "application/x-amz-json-1.1"
_TARGET = "Kinesis_20131202."
_SIGNED = "content-type;host;x-amz-date;x-amz-target"


class OutgoingRecord(NamedTuple):
    partition_key: str
    data: bytes


class KinesisUnreachable(Exception):
    """No answer came, or none that can be read. What was asked may have been done."""


class KinesisRefusal(Exception):
    """The endpoint answered with an error. `code` is its name without a namespace."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}" if message else code)
        self.status = status
        self.code = code

    @property
    def passing(self) -> bool:
        """Whether the same request may succeed later."""
        return self.status >= 500 or self.code in _PASSING


THROTTLES: Final = frozenset(
    {
        "ProvisionedThroughputExceededException",
        "LimitExceededException",
        "ThrottlingException",
        "KMSThrottlingException",
        "RequestLimitExceeded",
    }
)
"""Codes that say: too much at this moment."""

_PASSING = THROTTLES | {"InternalFailure", "ServiceUnavailable"}


class KinesisClient:
    """`endpoint` is the URL of the endpoint without a path. `close` it at the end."""

    def __init__(self, endpoint: str, access_key: str, secret_key: str, clock: Clock) -> None:
        parts = urlsplit(endpoint)
        self._host = parts.netloc.rpartition("@")[2]
        self._make = _connector(parts.scheme, parts.hostname or "", parts.port)
        self._access_key = access_key
        self._secret_key = secret_key
        self._clock = clock
        self._idle: list[HTTPConnection] = []
        self._closed = False
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="kinesis")

    async def status(self, stream_arn: str) -> str:
        """StreamStatus: CREATING, ACTIVE, UPDATING or DELETING. Raises KinesisRefusal, KinesisUnreachable."""
        answer = await self._ask("DescribeStreamSummary", stream_arn, dict)
        try:
            return str(answer["StreamDescriptionSummary"]["StreamStatus"])
        except (KeyError, TypeError):
            raise KinesisUnreachable("the answer to DescribeStreamSummary tells no status") from None

    async def put(self, stream_arn: str, records: Callable[[], Sequence[OutgoingRecord]]) -> list[str | None]:
        """Put records, as many as `records` makes; it is called in a thread. For each of them in order: None when
        Kinesis has it, or the code of its failure. Raises KinesisRefusal, KinesisUnreachable."""
        count = 0

        def members() -> dict[str, Any]:
            nonlocal count
            made = records()
            count = len(made)
            return {
                "Records": [
                    {"Data": b64encode(record.data).decode(), "PartitionKey": record.partition_key} for record in made
                ]
            }

        answer = await self._ask("PutRecords", stream_arn, members)
        told = answer.get("Records")
        if not isinstance(told, list) or len(told) != count:
            raise KinesisUnreachable("the answer to PutRecords does not tell of every record")
        return [each.get("ErrorCode") for each in told]

    def close(self) -> None:
        """Give up waiting. What is under way ends by itself."""
        self._closed = True
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._close_idle()

    def _close_idle(self) -> None:
        with contextlib.suppress(IndexError):  # threads may do this at the same time
            while True:
                self._idle.pop().close()

    async def _ask(self, operation: str, stream_arn: str, members: Callable[[], dict[str, Any]]) -> Any:
        def run() -> Any:
            body = orjson.dumps({"StreamARN": stream_arn} | members())
            headers = self._headers(operation, stream_arn.split(":")[3], body)
            try:
                status, answer = self._exchange(body, headers)
            except OSError as error:
                raise KinesisUnreachable(f"{type(error).__name__}: {error}") from error
            return _read(status, answer)

        return await asyncio.get_running_loop().run_in_executor(self._threads, run)

    def _exchange(self, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        try:
            connection, fresh = self._idle.pop(), False
        except IndexError:
            connection, fresh = self._make(), True
        try:
            try:
                answer = _post(connection, body, headers)
            except OSError:
                connection.close()
                if fresh:
                    raise
                # An endpoint may close a connection that was idle at any time.
                connection = self._make()
                answer = _post(connection, body, headers)
        except BaseException:
            connection.close()
            raise
        self._idle.append(connection)  # one that the endpoint has closed opens itself again
        if self._closed:
            self._close_idle()
        return answer

    def _headers(self, operation: str, region: str, body: bytes) -> dict[str, str]:
        date = basic_format(self._clock())
        target = _TARGET + operation
        canonical = (
            f"POST\n/\n\ncontent-type:{_TYPE}\nhost:{self._host}\nx-amz-date:{date}\nx-amz-target:{target}\n\n"
            f"{_SIGNED}\n{sha256(body).hexdigest()}"
        )
        scope = f"{date[:8]}/{region}/kinesis/aws4_request"
        text = f"{ALGORITHM}\n{date}\n{scope}\n{sha256(canonical.encode()).hexdigest()}"
        signature = SigningKey(self._secret_key, date[:8], region, "kinesis").sign(text.encode())
        return {
            "Host": self._host,
            "Content-Type": _TYPE,
            "X-Amz-Date": date,
            "X-Amz-Target": target,
            "Authorization": f"{ALGORITHM} Credential={self._access_key}/{scope}, SignedHeaders={_SIGNED}, "
            f"Signature={signature}",
        }


def _connector(scheme: str, host: str, port: int | None) -> "Callable[[], HTTPConnection]":
    from http.client import HTTPConnection, HTTPSConnection

    if scheme == "https":
        context = ssl.create_default_context()
        return lambda: HTTPSConnection(host, port, timeout=TIMEOUT_SECONDS, context=context)
    return lambda: HTTPConnection(host, port, timeout=TIMEOUT_SECONDS)


def _post(connection: "HTTPConnection", body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
    """Status and body of the answer. Raises OSError where none came that is HTTP."""
    from http.client import HTTPException

    try:
        connection.request("POST", "/", body, headers)
        response = connection.getresponse()
        return response.status, response.read()
    except HTTPException as error:
        raise OSError(f"{type(error).__name__}: {error}") from error


def _read(status: int, body: bytes) -> Any:
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError:
        answer = None
    if status == 200 and isinstance(answer, dict):
        return answer
    told = answer if isinstance(answer, dict) else {}
    code = str(told.get("__type", "")).rpartition("#")[2] or f"HTTP {status}"
    raise KinesisRefusal(status, code, str(told.get("message") or told.get("Message") or ""))

"""A client of any DynamoDB, Amazon's included: requests signed and kept alive, failures that pass waited out.

It is for commands, so what cannot be done is a Complaint. Connections are one for each thread that asks.
"""

import http.client
import os
import random
import ssl
import threading
import time
import zlib
from email.utils import mktime_tz, parsedate_tz
from hashlib import sha256
from typing import Any, NamedTuple, NoReturn
from urllib.parse import urlsplit

import orjson

from stator.auth.moment import basic_format
from stator.auth.signature import ALGORITHM, Place, SigningKey
from stator.cli.complaint import Complaint, Interrupted
from stator.cli.endpoint import Endpoint

TIMEOUT_SECONDS = 60.0
PATIENCE_SECONDS = 120.0  # with a server that fails or is away: long enough for its restart
THROTTLED_PATIENCE_SECONDS = 600.0
PAUSE_SECONDS = 0.05
PAUSE_SECONDS_MAX = 10.0

_THROTTLES = frozenset(
    (
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionInProgressException",
    )
)
_STRANGERS = frozenset(
    (
        "AccessDeniedException",
        "ExpiredTokenException",
        "IncompleteSignatureException",
        "InvalidSignatureException",
        "MissingAuthenticationTokenException",
        "UnrecognizedClientException",
    )
)


class Api(NamedTuple):
    """`service` stands in signatures, `target` before the names of operations."""

    service: str
    target: str
    content_type: str = "application/x-amz-json-1.0"


DYNAMODB = Api("dynamodb", "DynamoDB_20120810.")
STREAMS = Api("dynamodb", "DynamoDBStreams_20120810.")
LAMBDA = Api("lambda", "")


class Refused(Complaint):
    """The server answered with an error that waiting does not mend. `code` is the error's name on the wire."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class Client:
    """`stop` ends the waiting of every thread: they raise Interrupted."""

    def __init__(self, endpoint: Endpoint, api: Api = DYNAMODB, *, stop: threading.Event | None = None) -> None:
        self.endpoint = endpoint
        self._api = api
        self._stop = stop or threading.Event()
        self._parts = urlsplit(endpoint.url)
        self._local = threading.local()
        self._connections: list[http.client.HTTPConnection] = []
        self._reached = False
        self._date = ""
        self._tls: ssl.SSLContext | None = None
        self._key: tuple[str, SigningKey] | None = None

    def __del__(self) -> None:  # the threads that opened them may be gone
        for connection in getattr(self, "_connections", ()):
            connection.close()

    def call(self, operation: str, members: dict[str, Any]) -> "Answer":
        """The answer to one operation. Raises Refused; Complaint when the server cannot be reached."""
        return self.parse(self.exchange(operation, orjson.dumps(members)))

    def parse(self, body: bytes) -> "Answer":
        """What `exchange` and `send` return. Raises Complaint."""
        try:
            members = orjson.loads(body)
        except orjson.JSONDecodeError:
            members = None
        if not isinstance(members, dict):
            raise self.foreign("its answer is no JSON object")
        return Answer(members, self)

    def foreign(self, why: str) -> Complaint:
        return Complaint(f"{self.endpoint.url} is no DynamoDB: {why}. See {self.endpoint.flag}.")

    @property
    def server_time(self) -> float | None:
        """Seconds since the epoch by the server's clock, of its last answer; None if it does not tell."""
        told = parsedate_tz(self._date)
        return None if told is None else mktime_tz(told)

    def exchange(self, operation: str, body: bytes) -> bytes:
        """As `call`, with JSON as it is on the wire."""
        return self.send("POST", "/", body, self._api.target + operation)

    def send(self, method: str, place: str, body: bytes, target: str = "") -> bytes:
        """The body of the answer to a request to `place`, a path with its query."""
        pause = PAUSE_SECONDS
        failing_since: float | None = None
        while True:
            try:
                status, headers, answer = self._ask(method, place, body, target)
                if status < 300:
                    self._reached = True
                    return answer
                error = self._refusal(status, headers, answer)
                # Streams say so when a shard has too many readers; tables, when there are too many of them for good.
                throttled = error.code in _THROTTLES or (
                    self._api is STREAMS and error.code == "LimitExceededException"
                )
                # A proxy says 502 in its own words while the server behind it starts anew.
                foreign = not error.code and not self._reached
                if foreign or (status < 500 and not throttled):
                    raise error
                reason: Exception = error
                patience = THROTTLED_PATIENCE_SECONDS if throttled else PATIENCE_SECONDS
            except ssl.SSLCertVerificationError as fault:
                raise Complaint(
                    f"{self.endpoint.url} shows a certificate that is not trusted: {fault.verify_message}."
                    " Name the authority's file in AWS_CA_BUNDLE."
                ) from fault
            except (OSError, http.client.HTTPException) as fault:
                if not self._reached:
                    raise self._unreachable(fault) from fault
                reason, patience = self._unreachable(fault), PATIENCE_SECONDS
            now = time.monotonic()
            failing_since = failing_since or now
            if now - failing_since > patience:
                raise reason
            self.wait(pause * random.uniform(0.5, 1.0))
            pause = min(pause * 2, PAUSE_SECONDS_MAX)

    def wait(self, seconds: float) -> None:
        """Raises Interrupted when it is time to stop."""
        if self._stop.wait(seconds):
            raise Interrupted("stopped")

    def _ask(self, method: str, place: str, body: bytes, target: str) -> tuple[int, http.client.HTTPMessage, bytes]:
        if self._stop.is_set():
            raise Interrupted("stopped")
        connection: http.client.HTTPConnection | None = getattr(self._local, "connection", None)
        kept = connection is not None
        if connection is None:
            connection = self._local.connection = self._connect()
            self._connections.append(connection)
        place = self._parts.path + place
        try:
            try:
                connection.request(method, place, body, self._headers(method, place, body, target))
                reply = connection.getresponse()
            except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
                if not kept:
                    raise
                # Servers close what was idle; a request that met the closing was not looked at.
                connection.close()
                connection.request(method, place, body, self._headers(method, place, body, target))
                reply = connection.getresponse()
            answer = reply.read()
        except BaseException:
            self._local.connection = None
            connection.close()
            self._connections.remove(connection)
            raise
        self._date = reply.headers.get("date") or ""
        checksum = reply.headers.get("x-amz-crc32")
        if checksum is not None and checksum.isdecimal() and int(checksum) != zlib.crc32(answer):
            raise http.client.HTTPException("an answer was damaged on its way")
        return reply.status, reply.headers, answer

    def _connect(self) -> http.client.HTTPConnection:
        host = self._parts.hostname or ""
        if self._parts.scheme == "http":
            return http.client.HTTPConnection(host, self._parts.port, timeout=TIMEOUT_SECONDS)
        if self._tls is None:
            self._tls = ssl.create_default_context(cafile=os.environ.get("AWS_CA_BUNDLE") or None)
        return http.client.HTTPSConnection(host, self._parts.port, timeout=TIMEOUT_SECONDS, context=self._tls)

    def _headers(self, method: str, place: str, body: bytes, target: str) -> dict[str, str]:
        path, _, query = place.partition("?")
        date = basic_format(time.time())
        keys = self.endpoint.keys
        signed = {"content-type": self._api.content_type, "host": self._parts.netloc, "x-amz-date": date}
        if keys.token:
            signed["x-amz-security-token"] = keys.token
        if target:
            signed["x-amz-target"] = target
        names = ";".join(signed)
        lines = "".join(f"{name}:{value}\n" for name, value in signed.items())
        first = Place(method.encode(), path.encode(), self._api.service).canonical.decode()
        canonical = f"{first}{query}\n{lines}\n{names}\n{sha256(body).hexdigest()}"
        scope = f"{date[:8]}/{self.endpoint.region}/{self._api.service}/aws4_request"
        text = f"{ALGORITHM}\n{date}\n{scope}\n{sha256(canonical.encode()).hexdigest()}"
        if self._key is None or self._key[0] != date[:8]:
            self._key = date[:8], SigningKey(keys.secret, date[:8], self.endpoint.region, self._api.service)
        signature = self._key[1].sign(text.encode())
        credential = f"Credential={keys.access_key}/{scope}"
        return signed | {"authorization": f"{ALGORITHM} {credential}, SignedHeaders={names}, Signature={signature}"}

    def _refusal(self, status: int, headers: http.client.HTTPMessage, answer: bytes) -> Refused:
        try:
            told = orjson.loads(answer)
            code = str(told.get("__type") or headers.get("x-amzn-errortype") or "").rpartition("#")[2].partition(":")[0]
            text = str(told.get("Message") or told.get("message") or code or f"status {status}")
        except (ValueError, AttributeError):
            said = f"it said {status} {answer[:60]!r}"
            return Refused("", f"what answers at {self.endpoint.url} is no DynamoDB: {said}. See {self.endpoint.flag}.")
        if code in _STRANGERS:
            text = (
                f"{self.endpoint.url} does not let this access key in: {text} Set AWS_ACCESS_KEY_ID and"
                " AWS_SECRET_ACCESS_KEY."
            )
        elif code == "UnknownOperationException":
            text = f"{self.endpoint.url} does not have this operation: {text}"
        return Refused(code, text)

    def _unreachable(self, fault: Exception) -> Complaint:
        why = getattr(fault, "strerror", None) or str(fault) or type(fault).__name__
        advice = f"Start it, or name another with {self.endpoint.flag}."
        if self.endpoint.is_amazon:
            advice = f"Is there a network, and is {self.endpoint.region} the region?"
        return Complaint(f"no server can be reached at {self.endpoint.url}: {why}. {advice}")


class Answer(dict[str, Any]):
    """The members of an answer. Whoever reads one that is missing gets a Complaint: all that is read must be there."""

    def __init__(self, members: dict[str, Any], client: Client) -> None:
        super().__init__(members)
        self._client = client

    def __missing__(self, member: str) -> NoReturn:
        raise self._client.foreign(f"its answer has no {member}")

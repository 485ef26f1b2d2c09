"""Requests as they go over the wire: signed with Signature Version 4 ahead of time, with the headers of boto3."""

import hmac
import time
from dataclasses import dataclass
from hashlib import sha256

PREFIX = "DynamoDB_20120810"
_SIGNED = b"content-type;host;x-amz-date;x-amz-target"
_AGENT = (
    b"Boto3/1.44.5 md/Botocore#1.44.5 ua/2.1 os/linux#6.1 md/arch#x86_64 lang/python#3.11.2 md/pyimpl#CPython"
    b" m/Z,b,D cfg/retry-mode#legacy Botocore/1.44.5"
)


@dataclass(frozen=True, slots=True)
class Key:
    """An access key. `account` is the one behind it, where the server under load knows it."""

    access_key: str
    secret: str
    account: str = "000000000000"
    region: str = "us-east-1"


class Signer:
    """Signs requests to one address. Signatures hold for a quarter of an hour, so sign just before a run."""

    __slots__ = ("_credential", "_host", "_key", "_scope", "_stamp")

    def __init__(self, key: Key, host: str, port: int) -> None:
        now = time.gmtime()
        day = time.strftime("%Y%m%d", now)
        signing_key = b"AWS4" + key.secret.encode()
        for part in (day, key.region, "dynamodb", "aws4_request"):
            signing_key = hmac.digest(signing_key, part.encode(), "sha256")
        self._key = signing_key
        self._stamp = time.strftime("%Y%m%dT%H%M%SZ", now).encode()
        self._scope = f"{day}/{key.region}/dynamodb/aws4_request".encode()
        self._credential = key.access_key.encode()
        self._host = f"{host}:{port}".encode()

    def sign(self, operation: str, body: bytes) -> bytes:
        """The whole request. `operation` is its bare name, as `GetItem`."""
        target = f"{PREFIX}.{operation}".encode()
        canonical = (
            b"POST\n/\n\ncontent-type:application/x-amz-json-1.0\nhost:%b\nx-amz-date:%b\nx-amz-target:%b\n\n%b\n%b"
            % (
                self._host,
                self._stamp,
                target,
                _SIGNED,
                sha256(body).hexdigest().encode(),
            )
        )
        text = b"AWS4-HMAC-SHA256\n%b\n%b\n%b" % (self._stamp, self._scope, sha256(canonical).hexdigest().encode())
        signature = hmac.digest(self._key, text, "sha256").hex().encode()
        return (
            b"POST / HTTP/1.1\r\nHost: %b\r\nAccept-Encoding: identity\r\nX-Amz-Target: %b\r\n"
            b"Content-Type: application/x-amz-json-1.0\r\nUser-Agent: %b\r\nX-Amz-Date: %b\r\n"
            b"Authorization: AWS4-HMAC-SHA256 Credential=%b/%b, SignedHeaders=%b, Signature=%b\r\n"
            b"amz-sdk-invocation-id: 0f6f8f2e-6e0c-4b7a-9d5a-2f4f5d1f7a11\r\namz-sdk-request: attempt=1\r\n"
            b"Content-Length: %d\r\n\r\n%b"
        ) % (
            self._host,
            target,
            _AGENT,
            self._stamp,
            self._credential,
            self._scope,
            _SIGNED,
            signature,
            len(body),
            body,
        )

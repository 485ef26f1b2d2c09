"""A request as bytes, and as text that can be kept and sent again."""

import json
from base64 import b64decode, b64encode
from typing import Any, Final, NamedTuple

_ACCOUNT: Final = "000000000042"
SIGNED: Final = (
    f"AWS4-HMAC-SHA256 Credential={_ACCOUNT}/20260101/eu-west-1/dynamodb/aws4_request, "
    f"SignedHeaders=host;x-amz-date, Signature={'0' * 64}"
).encode()


class Wire(NamedTuple):
    method: bytes
    url: bytes
    headers: dict[bytes, bytes]
    body: bytes

    def text(self) -> str:
        """One line of JSON; bodies as text where they are."""
        try:
            body: Any = self.body.decode()
        except UnicodeDecodeError:
            body = {"base64": b64encode(self.body).decode()}
        headers = {name.decode("latin-1"): one.decode("latin-1") for name, one in self.headers.items()}
        return json.dumps([self.method.decode("latin-1"), self.url.decode("latin-1"), headers, body])

    def bytes(self) -> bytes:
        """As sent through a socket."""
        headers = {**self.headers, b"content-length": b"%d" % len(self.body)}
        lines = b"".join(b"%b: %b\r\n" % pair for pair in headers.items())
        return b"%b %b HTTP/1.1\r\n%b\r\n%b" % (self.method, self.url, lines, self.body)


def read(text: str) -> Wire:
    """The inverse of `Wire.text`."""
    method, url, headers, body = json.loads(text)
    content = b64decode(body["base64"]) if isinstance(body, dict) else body.encode()
    return Wire(
        method.encode("latin-1"),
        url.encode("latin-1"),
        {name.encode("latin-1"): one.encode("latin-1") for name, one in headers.items()},
        content,
    )


def post(operation: str, body: bytes) -> Wire:
    """A good request, as far as its headers go."""
    headers = {
        b"host": b"localhost",
        b"content-type": b"application/x-amz-json-1.0",
        b"x-amz-target": b"DynamoDB_20120810." + operation.encode(),
        b"x-amz-date": b"20260101T000000Z",
        b"authorization": SIGNED,
    }
    return Wire(b"POST", b"/", headers, body)

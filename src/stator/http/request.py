"""One request as it came over the wire, before anything in it is believed."""

from typing import Any

from stator.api.call import Answer, Call
from stator.api.registry import Operation
from stator.auth.credentials import Caller
from stator.errors import WireError
from stator.http.journey import Journey


class Request:
    """Filled by the parser's callbacks, so plain slots. All texts are bytes as received, header names in lower case."""

    __slots__ = (
        "answer",
        "began",
        "body",
        "call",
        "caller",
        "content_type",
        "headers",
        "keep_alive",
        "method",
        "operation",
        "operation_name",
        "parsed",
        "refusal",
        "reply",
        "url",
    )

    def __init__(self) -> None:
        self.method = b""
        self.url = b""
        self.headers: dict[bytes, bytes] = {}
        self.body = b""
        self.keep_alive = True
        self.refusal: WireError | int | None = (
            None  # set when the wire itself was at fault; an int is a bare HTTP status
        )
        self.content_type = b""  # of the reply; empty: none
        self.operation_name = ""  # once the target is known
        self.began = 0.0  # when it was looked at first
        self.caller: Caller | None = None  # once the signature was checked
        self.operation: Operation | None = None  # the same
        self.parsed: Any = None  # the JSON of the body, once the signature was checked
        self.call: Call | None = None  # once it is well formed
        self.answer: Answer = b""  # of an operation that did not have to wait
        self.reply: bytes | Journey[Answer] | None = None  # once it is known, or what ends in an answer

    def add_header(self, name: bytes, value: bytes) -> None:
        headers = self.headers
        if name not in headers:
            headers[name] = value
        elif name != b"accept-encoding":  # the service heeds only the first one
            headers[name] += b"," + value

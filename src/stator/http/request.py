"""One request as it came over the wire, before anything in it is believed."""

from stator.api.call import Call
from stator.auth.credentials import Caller
from stator.errors import WireError


class Request:
    """Filled by the parser's callbacks, so plain slots. All texts are bytes as received, header names in lower case."""

    __slots__ = (
        "began",
        "body",
        "call",
        "caller",
        "content_type",
        "headers",
        "keep_alive",
        "method",
        "operation_name",
        "refusal",
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
        self.call: Call | None = None  # once it is well formed

    def add_header(self, name: bytes, value: bytes) -> None:
        headers = self.headers
        if name not in headers:
            headers[name] = value
        elif name != b"accept-encoding":  # the service heeds only the first one
            headers[name] += b"," + value

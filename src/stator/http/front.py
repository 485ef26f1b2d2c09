"""What the front door is made of: built once by assembly, shared by every connection."""

from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from msgspec import Struct

from stator.api.call import Parts
from stator.api.registry import ELSEWHERE, Operation
from stator.auth.credentials import Credentials
from stator.auth.signature import Verifier
from stator.clock import Clock
from stator.http.response import Renderer
from stator.limits import BODY_BYTES_MAX
from stator.metrics.recorder import Recorder


class FrontSettings(Struct, frozen=True):
    """Limits of the front door. Times are kept by one sweep over all connections, so they may run over by a quarter."""

    public_metrics: bool = False  # else `GET /metrics` is for who asks a loopback address by its name
    region: str = "us-east-1"  # named by the health text only
    connections_max: int = 10_000
    pipelined_requests_max: int = 16  # parsed and waiting, per connection
    body_bytes_max: int = BODY_BYTES_MAX
    idle_seconds: float = 120.0  # between requests
    head_seconds: float = 15.0  # from the first byte of a request to the end of its headers
    body_seconds: float = 120.0  # from the end of the headers to the end of the body
    handler_seconds: float = 60.0  # then the client is told 500 while the operation runs to its end
    write_seconds: float = 60.0  # for a client that does not read its replies
    linger_seconds: float = 2.0  # after a refusal, so that a client still sending can read it
    handshake_seconds: float = 10.0  # for TLS
    sweep_seconds_max: float = 1.0


class Front:
    __slots__ = (
        "clock",
        "credentials",
        "elsewhere",
        "in_touch",
        "metrics",
        "operations",
        "parts",
        "recorder",
        "renderer",
        "settings",
        "verifier",
    )

    def __init__(
        self,
        operations: Mapping[str, Operation],
        parts: Parts,
        settings: FrontSettings,
        credentials: Credentials,
        clock: Clock,
        *,
        recorder: Recorder | None = None,
    ) -> None:
        self.operations: dict[bytes, Operation] = {}  # by X-Amz-Target
        self.elsewhere: dict[bytes, Operation] = {}  # those of other services, which `http.doors` lets in
        for target, operation in operations.items():
            place = self.elsewhere if target.partition(".")[0] in ELSEWHERE else self.operations
            place[target.encode()] = operation
        self.parts = parts
        self.recorder = recorder or Recorder()
        self.settings = settings
        self.credentials = credentials
        self.verifier = Verifier(credentials)
        self.clock = clock
        self.renderer = Renderer()
        self.in_touch: Callable[[], bool] | None = None  # where this is one of several routers
        self.metrics: Callable[[], Coroutine[Any, Any, bytes]] | None = None  # text for `GET /metrics`

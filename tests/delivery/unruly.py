"""A Kinesis endpoint that does what it is told to, however bad: it answers a request with what `behave` says."""

import json
import threading
from base64 import b64decode
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

STREAM = "arn:aws:kinesis:eu-west-1:123456789012:stream/unruly"


class Sent(NamedTuple):
    """A request as it came."""

    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def members(self) -> Any:
        return json.loads(self.body)

    @property
    def data(self) -> list[Any]:
        return [json.loads(b64decode(record["Data"])) for record in self.members["Records"]]


class Reply(NamedTuple):
    """`takes` are the places of the records that are taken; None: all. `status` 0 closes the connection instead of
    answering, after the records were taken."""

    status: int = 200
    code: str = ""
    takes: set[int] | None = None
    raw: bytes | None = None


Behave = Callable[[Sent], Reply]


def refused(status: int, code: str) -> Reply:
    return Reply(status, code, set())


class Unruly:
    """Started when made; `close` stops it. `taken` has the records of all streams in the order in which they were."""

    def __init__(self, behave: Behave = lambda _: Reply()) -> None:
        self.behave = behave
        self.taken: list[Any] = []
        self.sent: list[Sent] = []
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, sent: Sent) -> tuple[int, bytes]:
        reply = self.behave(sent)
        with self._lock:
            self.sent.append(sent)
            if reply.raw is not None:
                return reply.status, reply.raw
            if reply.code and not reply.takes:
                return reply.status, json.dumps({"__type": f"com.amazon#{reply.code}", "message": "no"}).encode()
            if sent.target.endswith("DescribeStreamSummary"):
                return reply.status, b'{"StreamDescriptionSummary": {"StreamStatus": "ACTIVE"}}'
            results = []
            for place, data in enumerate(sent.data):
                if reply.takes is None or place in reply.takes:
                    self.taken.append(data)
                    results.append({"SequenceNumber": str(len(self.taken)), "ShardId": "shardId-000000000000"})
                else:
                    results.append({"ErrorCode": "ProvisionedThroughputExceededException", "ErrorMessage": "slow"})
            return reply.status, json.dumps({"Records": results}).encode()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        unruly = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status, answer = unruly.answer(Sent(self.headers["X-Amz-Target"], dict(self.headers), body))
                if status == 0:
                    self.close_connection = True
                    return
                self.send_response(status)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        return Handler

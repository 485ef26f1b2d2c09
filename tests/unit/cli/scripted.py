"""A server that answers as it is told, one script line for each request."""

import threading
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import orjson

DROP = "drop"
"""In place of an answer: close the connection without a word."""


class Scripted:
    """`requests` are those seen: (path, headers by lower-case name, decoded body)."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.requests: list[tuple[str, dict[str, str], bytes]] = []
        self.connections = 0
        script = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                script.connections += 1
                super().setup()

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                script.requests.append((self.path, headers, body))
                answer = script.answers.pop(0)
                if answer == DROP:
                    self.close_connection = True
                    return
                status, members, *more = answer
                text = members if isinstance(members, bytes) else orjson.dumps(members)
                self.send_response(status)
                self.send_header("content-length", str(len(text)))
                self.send_header("x-amz-crc32", str(more[0] if more else zlib.crc32(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

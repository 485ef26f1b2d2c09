"""Something on this machine that alarms can tell."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import orjson


class Listener:
    """Answers with the statuses it was given, the last of them again and again."""

    def __init__(self) -> None:
        self.statuses = [200]
        self.heard: list[tuple[str, dict[str, str], bytes]] = []
        told = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                body = self.rfile.read(length)
                if len(body) < length:
                    return  # whoever told it was killed over it
                told.heard.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
                status = told.statuses.pop(0) if len(told.statuses) > 1 else told.statuses[0]
                self.send_response(status)
                self.send_header("Location", "http://127.0.0.1:1/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def states(self) -> list[str]:
        """The states that were told of, in the order in which they came."""
        return [orjson.loads(orjson.loads(body)["Message"])["NewStateValue"] for _, _, body in self.heard]

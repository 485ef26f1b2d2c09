"""A stand-in for a Lambda endpoint, and a server whose triggers lead to it."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.running import Account, RunningServer, start_server

Answer = tuple[int, dict[str, str], Any]


class Functions:
    """Takes invocations over HTTP. `calls` has the path and event of each; `behave` decides what is answered."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, Any]] = []
        self.behaviours: dict[str, Callable[[Any], Answer]] = {}
        functions: Functions = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                event = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                functions.calls.append((self.path, event))
                behave = functions.behaviours.get(self.path)
                status, headers, answer = behave(event) if behave else (200, {}, None)
                body = json.dumps(answer).encode()
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *arguments: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def events(self, name: str) -> list[Any]:
        return [event for path, event in list(self.calls) if path == path_of(name)]

    def records(self, name: str) -> list[Any]:
        return [record for event in self.events(name) for record in event["Records"]]

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def path_of(name: str) -> str:
    return f"/2015-03-31/functions/{name}/invocations"


@pytest.fixture(scope="session")
def functions() -> Iterator[Functions]:
    running = Functions()
    yield running
    running.close()


@pytest.fixture(scope="session")
def failures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("failures")


@pytest.fixture(scope="session")
def server(functions: Functions, failures: Path) -> Iterator[RunningServer]:
    running = start_server(
        lambda_endpoint=functions.url,
        trigger_functions="local=python:tests.triggers.handlers:note,slow=python:tests.triggers.handlers:stall",
        trigger_destinations=f"file://{failures},{functions.url}/failed",
        trigger_timeout_seconds=3.0,
    )
    yield running
    running.close()


@pytest.fixture
def triggers(account: Account) -> Iterator[Any]:
    client = account.client("lambda")
    yield client
    client.close()


@pytest.fixture
def stream(dynamodb: Any) -> str:
    """The stream of a new table `things`."""
    created = dynamodb.create_table(
        TableName="things",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )
    return str(created["TableDescription"]["LatestStreamArn"])

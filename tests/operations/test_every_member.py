"""Every member of every operation's input is looked at by its handler, or docs/differences.md says why it is not.

Sample requests go over HTTP to the real handlers, but through a dict that records which of its members are asked for.
The members are those of the newest botocore model; an AttributeValue counts as one. Beside the samples written here,
each is sent once more for each member it lacks, with that member filled from the model: a refusal is a look, too.
"""

import gzip
import http.client
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import botocore
import pytest
from msgspec.structs import replace

from stator.api.call import Answer, Call
from stator.api.registry import Operation
from stator.assembly import operations
from tests.operations.backups import until
from tests.operations.members import BACKUP, FIRST, SAMPLES
from tests.running import RunningServer, start_server

MODEL = json.loads(
    gzip.decompress((Path(botocore.__file__).parent / "data/dynamodb/2012-08-10/service-2.json.gz").read_bytes())
)
SHAPES = MODEL["shapes"]
HISTORY_SECONDS = 1_000  # between FIRST and the samples: an incremental export is of a quarter of an hour at least
PAGE = Path(__file__).parents[2] / "docs/differences.md"
ROW = re.compile(r"^\| `([A-Za-z]+\.[A-Za-z0-9.\[\]{}]+)` \| (\S.*) \|$", re.MULTILINE)


def modelled(operation: str) -> Mapping[str, Any]:
    shape: Mapping[str, Any] = SHAPES[MODEL["operations"][operation].get("input", {"shape": ""})["shape"]]
    return shape


def members(shape: Mapping[str, Any], path: str) -> Iterator[str]:
    """The members of a shape and of what is in it: `Op.Member`, `[]` for the elements of lists, `{}` for those of maps."""
    if shape["type"] == "list":
        yield from members(SHAPES[shape["member"]["shape"]], f"{path}[]")
    elif shape["type"] == "map":
        yield from members(SHAPES[shape["value"]["shape"]], f"{path}{{}}")
    elif shape["type"] == "structure" and shape is not SHAPES["AttributeValue"]:
        for name, member in shape["members"].items():
            yield f"{path}.{name}"
            yield from members(SHAPES[member["shape"]], f"{path}.{name}")


class Recorder(dict[str, Any]):
    """A structure of a request. `seen` gets the path of each member that is asked for."""

    def __init__(self, content: Mapping[str, Any], path: str, seen: set[str]) -> None:
        super().__init__(content)
        self._path, self._seen = path, seen

    def _see(self, name: Any) -> None:
        self._seen.add(f"{self._path}.{name}")

    def __getitem__(self, name: str) -> Any:
        self._see(name)
        return super().__getitem__(name)

    def get(self, name: str, default: Any = None) -> Any:
        self._see(name)
        return super().get(name, default)

    def __contains__(self, name: object) -> bool:
        self._see(name)
        return super().__contains__(name)


def recorded(value: Any, shape: Mapping[str, Any], path: str, seen: set[str]) -> Any:
    """The same request, its structures replaced by recorders."""
    if value is None or shape is SHAPES["AttributeValue"]:
        return value
    if shape["type"] == "list":
        of = SHAPES[shape["member"]["shape"]]
        return [recorded(element, of, f"{path}[]", seen) for element in value]
    if shape["type"] == "map":
        of = SHAPES[shape["value"]["shape"]]
        return {key: recorded(element, of, f"{path}{{}}", seen) for key, element in value.items()}
    if shape["type"] == "structure":
        content = {
            name: recorded(member, SHAPES[shape["members"][name]["shape"]], f"{path}.{name}", seen)
            for name, member in value.items()
        }
        return Recorder(content, path, seen)
    return value


def filled(shape: Mapping[str, Any], depth: int = 0) -> Any:
    """A value of a shape with everything in it that the model knows."""
    if shape is SHAPES["AttributeValue"]:
        return {"S": "a"}
    match shape["type"]:
        case "structure":
            return {name: filled(SHAPES[member["shape"]], depth + 1) for name, member in shape["members"].items()}
        case "list":
            return [filled(SHAPES[shape["member"]["shape"]], depth + 1)]
        case "map":
            return {"aaa": filled(SHAPES[shape["value"]["shape"]], depth + 1)}
        case "string":
            return shape.get("enum", ["a" * max(3, shape.get("min", 0))])[0]
        case "boolean":
            return True
        case "blob":
            return "YWFh"
    return max(1, shape.get("min", 0))


def samples(operation: str) -> Iterator[dict[str, Any]]:
    shape = modelled(operation)
    written = SAMPLES.get(operation)
    if written is None:  # an operation that is new here
        yield filled(shape) | ({"TableName": "things"} if "TableName" in shape.get("members", {}) else {})
        return
    yield from written
    for sample in written:
        for name, member in shape.get("members", {}).items():
            if name not in sample:
                yield sample | {name: filled(SHAPES[member["shape"]])}


class House:
    """A server whose handlers are watched."""

    def __init__(self) -> None:
        self.seen: set[str] = set()
        self.backup = ""  # what BACKUP stands for
        self._server: RunningServer = start_server()
        self._connection = http.client.HTTPConnection(urlsplit(self._server.url).netloc, timeout=30)
        known = self._server.server.listener._front.operations
        for target, operation in known.items():
            if operation.name in MODEL["operations"]:
                known[target] = self._watched(operation)

    def _watched(self, operation: Operation) -> Operation:
        shape = modelled(operation.name)

        async def handler(call: Call) -> Answer:
            call.request = recorded(call.request, shape, operation.name, self.seen)
            return await operation.handler(call)

        return replace(operation, handler=handler)

    def ask(self, operation: str, request: dict[str, Any]) -> tuple[int, bytes]:
        headers = {
            "Content-Type": "application/x-amz-json-1.0",
            "X-Amz-Target": f"DynamoDB_20120810.{operation}",
            "Authorization": "AWS4-HMAC-SHA256 Credential=000000000000/20261121/eu-west-1/dynamodb/aws4_request, "
            "SignedHeaders=host, Signature=0",
            "X-Amz-Date": "20261121T000000Z",
        }
        body = json.dumps(request).replace(BACKUP, self.backup)
        self._connection.request("POST", "/", body, headers)
        response = self._connection.getresponse()
        return response.status, response.read()

    def advance(self, seconds: float) -> None:
        self._server.clock.advance(seconds)

    def close(self) -> None:
        self._connection.close()
        self._server.close()


def available(house: House) -> str | None:
    """The ARN of the first backup, once it is AVAILABLE."""
    _, answer = house.ask("ListBackups", {})
    (summary,) = json.loads(answer)["BackupSummaries"]
    return summary["BackupArn"] if summary["BackupStatus"] == "AVAILABLE" else None


def answered(house: House, name: str, sample: dict[str, Any]) -> tuple[int, Any] | None:
    """None while the only thing that is wrong is that a restore from the backup is under way."""
    status, answer = house.ask(name, sample)
    return None if "BackupInUseException" in str(answer) else (status, answer)


def registered() -> list[str]:
    return sorted(one.name for one in operations().values() if one.name in MODEL["operations"])


@pytest.fixture(scope="module")
def seen() -> Iterator[set[str]]:
    """Every member that some sample makes its handler look at."""
    house = House()
    for operation, request in FIRST:
        assert house.ask(operation, request)[0] == 200, (operation, request)
    house.backup = until(lambda: available(house))
    house.advance(HISTORY_SECONDS)
    for name in sorted(registered(), key=lambda name: name == "DeleteTable"):
        for number, sample in enumerate(samples(name)):
            status, answer = until(lambda: answered(house, name, sample))  # noqa: B023 - called at once
            assert status < 500, (name, sample, answer)
            if number < len(SAMPLES.get(name, ())):
                assert status == 200, (name, sample, answer)
    yield house.seen
    house.close()


def excepted() -> dict[str, str]:
    """The members that the page lists, each standing for what is in it, with the reasons."""
    return dict(ROW.findall(PAGE.read_text()))


def covers(exception: str, member: str) -> bool:
    return member == exception or member.startswith((f"{exception}.", f"{exception}[", f"{exception}{{"))


@pytest.mark.parametrize("operation", registered())
def test_every_member_is_looked_at(seen: set[str], operation: str) -> None:
    listed = excepted()
    ignored = [
        member
        for member in members(modelled(operation), operation)
        if member not in seen and not any(covers(one, member) for one in listed)
    ]
    assert ignored == []


def test_no_exception_is_stale(seen: set[str]) -> None:
    stale = []
    for exception in excepted():
        operation = exception.partition(".")[0]
        under = [member for member in members(modelled(operation), operation) if covers(exception, member)]
        if not under or all(member in seen for member in under):
            stale.append(exception)
    assert stale == []


def test_what_no_handler_asks_for_is_noticed(seen: set[str]) -> None:
    assert "PutItem.Item" in seen
    assert "PutItem.Other" not in seen
    assert sum(1 for name in registered() for _ in members(modelled(name), name)) > 300

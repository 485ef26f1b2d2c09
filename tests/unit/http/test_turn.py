"""Requests of one turn of the loop, taken through the corridor side by side."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any, cast

import orjson
import pytest

from stator.api.call import Answer, Call, Parts
from stator.api.registry import Operation
from stator.auth.credentials import Credentials
from stator.clock import ManualClock
from stator.errors import ConditionalCheckFailedException, ValidationException
from stator.http.front import Front, FrontSettings
from stator.http.journey import Journey
from stator.http.request import Request
from stator.http.turn import TOGETHER_MAX, Turn
from stator.validation.scalar import String
from stator.validation.shape import Structure, required

_SHAPE = Structure("SayInput", {"Text": required(String(max=20))})
_HEADERS = {
    b"host": b"x",
    b"x-amz-target": b"DynamoDB_20120810.Say",
    b"content-type": b"application/x-amz-json-1.0",
    b"x-amz-date": b"20261121T000000Z",
    b"authorization": b"AWS4-HMAC-SHA256 Credential=k/20261121/eu-west-1/dynamodb/aws4_request,"
    b" SignedHeaders=host, Signature=" + b"0" * 64,
}


class _Asker:
    def __init__(self, *, raises: bool = False) -> None:
        self.reply: bytes | Journey[Answer] | None = None
        self.aborted = False
        self._raises = raises

    def replied(self, request: Request) -> None:
        if self._raises:
            raise RuntimeError("the transport is broken")
        self.reply = request.reply

    def abort(self) -> None:
        self.aborted = True


class _Hall:
    """A turn whose loop is turned by hand, and one operation, which notes what it was called with."""

    def __init__(self) -> None:
        self.due: deque[Callable[[], None]] = deque()
        self.said: list[str] = []
        operations = {"DynamoDB_20120810.Say": Operation("Say", _SHAPE, self._say)}
        parts = cast(Parts, cast(Any, None))
        front = Front(operations, parts, FrontSettings(), Credentials(anyone=True), ManualClock())
        self.turn = Turn(front, self.due.append)

    async def _say(self, call: Call) -> Answer:
        text = str(call.request["Text"])
        self.said.append(text)
        if text == "wait":
            await asyncio.sleep(0)
        if text == "refuse":
            raise ValidationException("no")
        if text == "untold":
            raise ConditionalCheckFailedException(Item=object())
        return {"Said": text}

    def ask(self, body: bytes, *, raises: bool = False) -> _Asker:
        request = Request()
        request.method, request.url, request.headers, request.body = b"POST", b"/", dict(_HEADERS), body
        asker = _Asker(raises=raises)
        self.turn.join(request, asker)
        return asker

    def say(self, text: str, *, raises: bool = False) -> _Asker:
        return self.ask(orjson.dumps({"Text": text}), raises=raises)


def _body(asker: _Asker) -> Any:
    assert isinstance(asker.reply, bytes)
    return orjson.loads(asker.reply.partition(b"\r\n\r\n")[2])


def _status(asker: _Asker) -> bytes:
    assert isinstance(asker.reply, bytes)
    return asker.reply[9:12]


def test_each_of_several_requests_has_the_reply_to_itself_whatever_becomes_of_the_others() -> None:
    hall = _Hall()
    good, broken, long, refused, last = (
        hall.say("one"),
        hall.ask(b"{"),
        hall.say("x" * 21),
        hall.say("refuse"),
        hall.say("two"),
    )
    assert len(hall.due) == 1
    hall.due.popleft()()
    assert (_body(good), _body(last)) == ({"Said": "one"}, {"Said": "two"})
    assert [_status(asker) for asker in (broken, long, refused)] == [b"400"] * 3
    assert "SerializationException" in _body(broken)["__type"]
    assert "length less than or equal to 20" in _body(long)["message"]
    assert _body(refused)["message"] == "no"
    assert hall.said == ["one", "refuse", "two"]


def test_more_than_go_together_have_their_turn_in_order() -> None:
    hall = _Hall()
    askers = [hall.say(str(number)) for number in range(TOGETHER_MAX + 2)]
    hall.due.popleft()()
    assert [asker.reply is None for asker in askers] == [False] * TOGETHER_MAX + [True] * 2
    late = hall.say("late")
    assert len(hall.due) == 1
    hall.due.popleft()()
    assert [_body(asker)["Said"] for asker in askers[-2:]] == [str(TOGETHER_MAX), str(TOGETHER_MAX + 1)]
    assert _body(late) == {"Said": "late"}
    assert not hall.due


def test_an_operation_that_waits_keeps_no_other_from_its_reply() -> None:
    async def run() -> None:
        hall = _Hall()
        waiting, quick = hall.say("wait"), hall.say("quick")
        hall.due.popleft()()
        assert _body(quick) == {"Said": "quick"}
        journey = waiting.reply
        assert isinstance(journey, Journey)
        arrived: asyncio.Future[Answer | None] = asyncio.get_running_loop().create_future()
        journey.arrived = lambda answer, _error: arrived.set_result(answer)
        assert await arrived == {"Said": "wait"}

    asyncio.run(run())


def test_an_error_that_cannot_be_told_is_one_of_ours_and_takes_no_other_reply_with_it() -> None:
    hall = _Hall()
    untold, good = hall.say("untold"), hall.say("one")
    hall.due.popleft()()
    assert _status(untold) == b"500"
    assert _body(good) == {"Said": "one"}


def test_a_reply_that_cannot_be_sent_takes_no_other_with_it(caplog: pytest.LogCaptureFixture) -> None:
    hall = _Hall()
    broken, good = hall.say("one", raises=True), hall.say("two")
    hall.due.popleft()()
    assert broken.aborted
    assert _body(good) == {"Said": "two"}
    assert "could not be sent" in caplog.text

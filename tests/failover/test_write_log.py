"""The log of writes finds what is lost, and how long nothing was written."""

import pytest

from tests.crash.server_process import Lost, Reply
from tests.failover.write_log import WriteLog, Writer


class Scripted:
    """A server that says these things, one after the other, and then nothing."""

    def __init__(self, *replies: Reply) -> None:
        self._replies = list(replies)
        self.writer: Writer | None = None

    def call(self, operation: str, request: object) -> Reply:
        if self._replies:
            return self._replies.pop(0)
        assert self.writer is not None
        self.writer._stopping.set()
        raise Lost from ConnectionResetError("gone")

    def close(self) -> None:
        pass


def _run(*replies: Reply) -> WriteLog:
    log, client = WriteLog(), Scripted(*replies)
    client.writer = Writer(log, "w", client)
    client.writer.start()
    client.writer.join()
    return log


def test_only_what_was_acknowledged_has_to_be_there() -> None:
    log = _run(Reply(200, {}), Reply(500, {"__type": "x#InternalServerError"}), Reply(200, {}))
    assert log.acknowledged.keys() == {("w", 0), ("w", 2)}
    assert log.errors == {"InternalServerError": 1}
    assert log.settle({("w", 0), ("w", 2)}) == []
    assert log.settle({("w", 0), ("w", 1), ("w", 2), ("w", 3)}) == []  # outcomes unknown
    assert log.settle({("w", 0), ("w", 1)}) == ["('w', 2) was acknowledged but lost"]
    assert log.settle({("w", 0), ("w", 2), ("w", 9)}) == ["nobody wrote ('w', 9)"]


def test_no_answer_and_an_error_that_is_final_are_complaints() -> None:
    log = _run(Reply(400, {"__type": "x#ValidationException"}))
    assert len(log.complaints) == 2
    assert "ValidationException" in log.complaints[0]
    assert "gone" in log.complaints[1]


def test_the_gap_is_the_longest_that_ended_after_a_moment() -> None:
    log = WriteLog(acknowledged={("w", number): at for number, at in enumerate((0.0, 5.0, 6.0, 9.0, 9.5))})
    assert log.gap(0.0) == pytest.approx(5.0)
    assert log.gap(5.5) == pytest.approx(3.0)
    assert log.gap(100.0) == 0.0


def test_each_writer_must_go_on() -> None:
    log = WriteLog(latest={"a": 1.0, "b": 3.0})
    assert log.all_since(2, 0.5)
    assert not log.all_since(2, 2.0)
    assert not log.all_since(3, 0.5)

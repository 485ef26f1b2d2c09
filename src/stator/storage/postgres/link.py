"""One connection to PostgreSQL, in pipeline mode: statements go out together, their results come back together.

It is driven by the loop's callbacks on libpq itself, the part of psycopg that is written in C: a task, a cursor and a
connection's lock for each statement would cost several times as much as the statement.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import psycopg
from psycopg import pq

from stator.storage.postgres.fault import UNREPLICATED, LinkLost, SqlError

_log = logging.getLogger(__name__)

PREPARED_MAX = 1_000  # each holds some 10 KB in its backend

_TUPLES, _DONE = int(pq.ExecStatus.TUPLES_OK), int(pq.ExecStatus.COMMAND_OK)
_SYNC, _ABORTED = int(pq.ExecStatus.PIPELINE_SYNC), int(pq.ExecStatus.PIPELINE_ABORTED)
_IDLE = int(pq.TransactionStatus.IDLE)
_BAD = int(pq.ConnStatus.BAD)
_BINARY = 1
_FORMATS = [[_BINARY] * count for count in range(32)]

Result = Any  # psycopg.pq's PGresult, whose type is that of the implementation in use
Done = Callable[[list[Result], "Exception | None"], None]
"""Called once with the results in order, or with what went wrong: SqlError (and the transaction, if there was one, is
rolled back), or LinkLost."""


class Statement(NamedTuple):
    """SQL and its parameters in binary. It is prepared on its first use by each connection."""

    text: bytes
    parameters: Sequence[bytes | None] = ()


ROLLBACK = Statement(b"ROLLBACK")


class Link:
    """Connected when made; one run at a time. `lost` is called once if the connection breaks."""

    def __init__(self, connection: psycopg.AsyncConnection[Any], lost: Callable[["Link"], None]) -> None:
        self._connection = connection  # kept: it closes the socket when it is collected
        self._pg = connection.pgconn
        self._lost = lost
        self._loop = asyncio.get_running_loop()
        self._names: dict[bytes, bytes] = {}
        self._named = 0
        self._statements: Sequence[Statement] = ()
        self._preparing: list[bytes | None] = []  # for each result to come: the text it prepares, or None
        self._results: list[Result] = []
        self._at = 0
        self._error: SqlError | None = None
        self._done: Done | None = None
        self._writing = False
        self.unreplicated = False  # the server warned so since the run began
        self.closed = False
        self.server_version = self._pg.server_version
        self.slot = self._pg.backend_pid
        connection.add_notice_handler(self._notice)
        self._pg.nonblocking = 1
        self._pg.enter_pipeline_mode()
        self._socket = self._pg.socket
        self._loop.add_reader(self._socket, self._readable)

    @property
    def busy(self) -> bool:
        return self._done is not None

    def run(self, statements: Sequence[Statement], done: Done, *, once: bool = False) -> None:
        """Send them in one go; those of which there is no second time are not prepared. The link must not be busy.
        `done` is called later, never from within."""
        self._statements, self._done = statements, done
        self._results, self._error, self._at = [], None, 0
        preparing: list[bytes | None] = []
        self._preparing = preparing
        self.unreplicated = False
        names, pg = self._names, self._pg
        try:
            for text, parameters in statements:
                name = names.get(text)
                if name is None:
                    if once:
                        pg.send_query_params(text, parameters, None, _FORMATS[len(parameters)], _BINARY)
                        preparing.append(None)
                        continue
                    name = self._prepare(text)
                pg.send_query_prepared(name, parameters, _FORMATS[len(parameters)], _BINARY)
                preparing.append(None)
            pg.pipeline_sync()
            self._flush()
        except (psycopg.Error, TypeError, ValueError) as error:
            self._loop.call_soon(self._break, str(error))

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            self._loop.remove_reader(self._socket)
            if self._writing:
                self._loop.remove_writer(self._socket)
            self._pg.finish()

    def drop(self, reason: str) -> None:
        """Let go of a connection that is of no use; who waits for it hears LinkLost."""
        self._break(reason)

    def _prepare(self, text: bytes) -> bytes:
        if len(self._names) >= PREPARED_MAX:
            oldest = next(iter(self._names))
            self._pg.send_query_params(b"DEALLOCATE " + self._names.pop(oldest), [])
            self._preparing.append(b"")
        self._named += 1
        name = b"s%d" % self._named
        self._pg.send_prepare(name, text)
        self._names[text] = name
        self._preparing.append(text)
        return name

    def _flush(self) -> None:
        pending = self._pg.flush() != 0
        if self._pg.status == _BAD:  # libpq has read to the end where it could not write, and told nobody
            raise psycopg.OperationalError(self._pg.error_message.decode("utf-8", "replace"))
        if pending != self._writing:
            self._writing = pending
            if pending:
                self._loop.add_writer(self._socket, self._writable)
            else:
                self._loop.remove_writer(self._socket)

    def _writable(self) -> None:
        try:
            self._flush()
        except psycopg.Error as error:
            self._break(str(error))

    def look(self) -> None:
        """Read what there is, also where the loop has not told of it."""
        if not self.closed:
            self._readable()

    def _readable(self) -> None:
        try:
            # uvloop tells of a socket with an error once and then looks at it no more: the second time meets the end.
            if not self._read():
                self._read()
        except psycopg.Error as error:
            self._break(str(error))

    def _read(self) -> bool:
        """Take in what has come. Returns whether a run is over."""
        pg = self._pg
        pg.consume_input()
        if self._done is None:
            return False
        nothing = False
        while not pg.is_busy():
            result = pg.get_result()
            if result is None:
                if nothing:  # libpq has no more: the connection's end is next
                    break
                nothing = True
                continue
            nothing = False
            if result.status == _SYNC:
                self._finish()
                return True
            self._take(result)
        return False

    def _take(self, result: Result) -> None:
        status = result.status
        if self._at >= len(self._preparing):  # an error after the last statement's own result
            self._error = self._error or _sql_error(result, len(self._statements))
            return
        text = self._preparing[self._at]
        self._at += 1
        if status in (_TUPLES, _DONE):
            if text is None:
                self._results.append(result)
            return
        if text:
            self._names.pop(text, None)
        if status != _ABORTED and self._error is None:
            self._error = _sql_error(result, len(self._results))

    def _finish(self) -> None:
        done, results, error = self._done, self._results, self._error
        assert done is not None
        self._done, self._results = None, []
        if error is None:
            done(results, None)
        elif error.lost:
            self.drop(str(error))
            done([], error)
        elif self._pg.transaction_status != _IDLE:
            self.run([ROLLBACK], lambda _results, _error: done([], error))
        else:
            done([], error)

    def _break(self, reason: str) -> None:
        if self.closed:
            return
        self.close()
        done, error, self._done = self._done, self._error, None
        self._lost(self)
        if done is not None:
            # What the server said before it went is certain: that statement's transaction is rolled back.
            done([], error if error is not None else LinkLost(" ".join(reason.split())))

    def _notice(self, diagnostic: psycopg.errors.Diagnostic) -> None:
        if diagnostic.sqlstate == UNREPLICATED:
            self.unreplicated = True
        _log.debug("%s: %s", diagnostic.severity, diagnostic.message_primary)


def _sql_error(result: Result, index: int) -> SqlError:
    state = result.error_field(pq.DiagnosticField.SQLSTATE) or b""
    text = result.error_field(pq.DiagnosticField.MESSAGE_PRIMARY) or result.error_message or b""
    return SqlError(state.decode("ascii", "replace"), text.decode("utf-8", "replace"), index)

"""Where one record of an object ends and the next begins: lines, rows of CSV, structs of Ion text.

A splitter is fed plain bytes in pieces of any size and holds no more than one record. What is no record costs that
record and as little else as can be. Used in a thread: nothing here knows of a loop.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, Protocol

# An item of 400 KB has room in it however it is written: a list of nothing but true takes seven times its size. More
# would only hold up the loop: a line of JSON is parsed in one go, as the body of a PutItem is.
RECORD_BYTES_MAX = 4 * 1024 * 1024
ROW_BYTES_MAX = 4 * 1024 * 1024  # of CSV, where an item is at most twice its size

csv.field_size_limit(ROW_BYTES_MAX)

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_PATIENCE_BYTES = 64 * 1024  # a record that goes on for longer is looked at again when it is twice as long, or over
_LINE_TOO_LONG = f"The line is longer than {ROW_BYTES_MAX} bytes"


class Raw(NamedTuple):
    """A record as it stands in its object: the `number`-th from 0, before the byte `end` of the plain bytes.

    `content` is its bytes, or the fields of a row by their columns; None with a `fault`. `last`: nothing of the object
    can be read after it.
    """

    number: int
    end: int
    content: bytes | dict[str, str] | None
    fault: str | None = None
    last: bool = False


class Place(NamedTuple):
    """Where to go on in an object: before the byte `offset` of its plain bytes, with the record of that number."""

    offset: int = 0
    number: int = 0


BEGINNING = Place()


class Splitter(Protocol):
    def feed(self, data: bytes) -> Iterator[Raw]:
        """The records that end in these bytes. To be used up before the next call."""

    def end(self) -> Iterator[Raw]:
        """What is left when there are no more bytes."""


class Lines:
    """One record a line; blank lines are none."""

    def __init__(self, place: Place = BEGINNING) -> None:
        self._offset, self._number = place  # of what begins the next record
        self._tail = b""
        self._skipping = False  # the rest of a line that is too long

    def feed(self, data: bytes) -> Iterator[Raw]:
        if self._skipping:
            newline = data.find(b"\n")
            self._offset += len(data) if newline < 0 else newline + 1
            if newline < 0:
                return
            data = data[newline + 1 :]
            yield self._too_long()
        *lines, tail = (self._tail + data).split(b"\n")
        for line in lines:
            self._offset += len(line) + 1
            if line and not line.isspace():
                yield self._record(line)
        self._tail = tail
        if len(tail) > RECORD_BYTES_MAX:
            self._offset += len(tail)
            self._tail = b""
            self._skipping = True

    def end(self) -> Iterator[Raw]:
        line, self._tail = self._tail, b""
        self._offset += len(line)
        if self._skipping:
            yield self._too_long()
        elif line and not line.isspace():
            yield self._record(line)

    def _record(self, line: bytes) -> Raw:
        if len(line) > RECORD_BYTES_MAX:
            return self._too_long()
        self._number += 1
        return Raw(self._number - 1, self._offset, line)

    def _too_long(self) -> Raw:
        self._skipping = False
        self._number += 1
        return Raw(self._number - 1, self._offset, None, f"The line is longer than {RECORD_BYTES_MAX} bytes")


def _wanted(length: int, length_max: int) -> int:
    """How long a record should be before it is looked at again."""
    return min(2 * length, length_max + 1) if length > _PATIENCE_BYTES else 0


class _More(Exception):
    """The record goes on in bytes that are not there yet."""


class _TooLong(Exception):
    """The record has no end within the limit."""


class Rows:
    """CSV: fields in double quotes may hold delimiters, line ends and doubled quotes.

    The columns are `header`'s, or those of the first row. A quote that never ends costs its line; so that looking for
    its end is done once, the lines that were looked at are then rows of their own.
    """

    def __init__(self, delimiter: str, header: Sequence[str] | None, place: Place = BEGINNING) -> None:
        """The object is fed from its beginning, whatever the place."""
        self._delimiter = delimiter
        self._header = None if header is None else list(header)
        self._buffer = b""
        self._at = 0  # in the buffer: where the next record begins
        self._offset = 0  # in the object: where the buffer begins
        self._number = 0
        self._resume = place
        self._alone_until = 0  # in the object
        self._wanted = 0  # bytes of the record, before it is worth another look
        self._skipping = False  # the rest of a line that is too long
        self._ended = False
        self._stopped = False

    def feed(self, data: bytes) -> Iterator[Raw]:
        self._offset += self._at
        self._buffer = self._buffer[self._at :] + data
        self._at = 0
        if len(self._buffer) < self._wanted and not self._ended:
            return
        self._wanted = 0
        if self._offset == 0 and self._buffer.startswith(BYTE_ORDER_MARK):
            self._at = len(BYTE_ORDER_MARK)
        while not self._stopped and self._at < len(self._buffer):
            if self._header is not None and self._resume.offset and not self._skip():
                return
            try:
                row = self._row(*self._next())
            except _More:
                self._wanted = _wanted(len(self._buffer) - self._at, ROW_BYTES_MAX)
                return
            except _TooLong:
                self._skipping = True
                continue
            if row is not None:
                yield row

    def end(self) -> Iterator[Raw]:
        self._ended = True
        yield from self.feed(b"")
        if self._skipping and not self._stopped:
            self._skipping = False
            row = self._row([], _LINE_TOO_LONG)
            if row is not None:
                yield row

    def _skip(self) -> bool:
        """Pass over what was done before. False when there is more of it to come."""
        missing = self._resume.offset - self._offset - self._at
        if missing > len(self._buffer) - self._at:
            self._at = len(self._buffer)
            return False
        self._at += max(missing, 0)
        self._number = self._resume.number
        self._resume = BEGINNING
        return self._at < len(self._buffer)

    def _row(self, fields: list[str], fault: str | None) -> Raw | None:
        """What a record is; None for the header and for a blank line."""
        end = self._offset + self._at
        if self._header is None:
            return self._head(fields, fault, end)
        if not fields and fault is None:
            return None
        number, self._number = self._number, self._number + 1
        if fault is None and len(fields) != len(self._header):
            fault = f"The row has {len(fields)} columns, the header has {len(self._header)}"
        if fault is not None:
            return Raw(number, end, None, fault)
        return Raw(number, end, dict(zip(self._header, fields, strict=True)))

    def _head(self, fields: list[str], fault: str | None, end: int) -> Raw | None:
        if fault is None and not all(fields):
            fault = "a column has no name"
        elif fault is None and len(set(fields)) < len(fields):
            fault = f"two columns have the name {next(name for name in fields if fields.count(name) > 1)}"
        if fault is None:
            self._header = fields or None  # blank lines before it are none
            return None
        self._stopped = True
        return Raw(0, end, None, f"The header cannot be used: {fault}", last=True)

    def _next(self) -> tuple[list[str], str | None]:
        """The fields of the next record, none for a blank line, or what is wrong with it. Moves past it."""
        start = self._at
        if self._skipping:
            newline = self._buffer.find(b"\n", start)
            self._at = len(self._buffer) if newline < 0 else newline + 1
            if newline < 0:
                raise _More
            self._skipping = False
            return [], _LINE_TOO_LONG
        line, after = self._line(start)
        if b'"' not in line:
            self._at = after
            return self._split(line)
        if self._offset + start >= self._alone_until:
            found = self._quoted(start, after)
            if found is not None:
                return found, None
        self._at = after
        try:
            return next(self._reader([line.decode()]), []), None
        except UnicodeDecodeError as error:
            return [], f"The row is not UTF-8 at byte {error.start}"
        except csv.Error as error:
            return [], f"The row is no CSV: {error}"

    def _quoted(self, start: int, after: int) -> list[str] | None:
        """A record that may go on over several lines; None when it is to be taken as one line."""
        place = start

        def lines() -> Iterator[str]:
            nonlocal place
            while place < len(self._buffer) or not self._ended:
                line, place = self._line(place, keep=True)
                if place - start > ROW_BYTES_MAX:
                    raise _TooLong
                yield line.decode()

        try:
            fields = next(self._reader(lines()), [])
        except UnicodeDecodeError:
            return None
        except (_TooLong, csv.Error):
            if place > after:  # nothing ends here, or nothing that can be
                self._alone_until = self._offset + place
            return None
        self._at = place
        return fields

    def _reader(self, lines: Iterable[str]) -> Iterator[list[str]]:
        return csv.reader(lines, delimiter=self._delimiter, strict=True)

    def _split(self, line: bytes) -> tuple[list[str], str | None]:
        try:
            text = line.decode()
        except UnicodeDecodeError as error:
            return [], f"The row is not UTF-8 at byte {error.start}"
        return (text.split(self._delimiter) if text else []), None

    def _line(self, start: int, *, keep: bool = False) -> tuple[bytes, int]:
        """The line there, with its end if it is to be kept, and where the next begins."""
        newline = self._buffer.find(b"\n", start)
        end = newline if newline >= 0 else len(self._buffer)
        if end - start > ROW_BYTES_MAX:
            raise _TooLong
        if newline < 0:
            if not self._ended:
                raise _More
            newline = end
        after = min(newline + 1, len(self._buffer))
        if keep:
            return self._buffer[start:after], after
        end = newline - 1 if self._buffer[newline - 1 : newline] == b"\r" and newline > start else newline
        return self._buffer[start:end], after


_MARKER = b"\n$ion_1_0"
_TOKEN = re.compile(
    rb'"(?:[^"\\\n]|\\[\s\S])*+"'
    rb"|'''(?:[^'\\]|\\[\s\S]|'(?!''))*+'''"
    rb"|'(?:[^'\\\n]|\\[\s\S])*+'"
    rb"|\{\{[A-Za-z0-9+/=\s]*+\}\}"
    rb"|//[^\n]*+|/\*[\s\S]*?\*/|/\*"
    rb"|['\"{}\[\]()]"
)
_OPENING, _CLOSING = frozenset((b"{", b"[", b"(")), frozenset((b"}", b"]", b")"))
_UNENDED = frozenset((b'"', b"'", b"/*"))
_NOT_SPACE = re.compile(rb"\S")


class Structs:
    """Ion text: one struct after another, each over one line or several, with or without a version marker before it.

    A marker at the beginning of a line begins a record, whatever is open still: even a string. What has no end within
    the limit costs all up to the next marker.
    """

    def __init__(self, place: Place = BEGINNING) -> None:
        self._offset, self._number = place  # of what begins the buffer
        self._buffer = b""
        self._at = 0  # in the buffer: where the next record begins
        # In the buffer: the line end before the next marker behind that; -1 when there is none, None when not known.
        self._marker: int | None = None
        self._wanted = 0  # bytes of the record, before it is worth another look
        self._skipping = False

    def feed(self, data: bytes) -> Iterator[Raw]:
        self._offset += self._at
        self._buffer = self._buffer[self._at :] + data
        self._at = 0
        self._marker = None
        if len(self._buffer) < self._wanted:
            return
        if self._skipping:
            if not self._find_marker():
                return
            yield self._too_long()
        while (end := self._find_end(ended=False)) is not None:
            yield self._record(end)
        self._wanted = _wanted(len(self._buffer) - self._at, RECORD_BYTES_MAX)
        if len(self._buffer) - self._at > RECORD_BYTES_MAX:
            self._skipping = True
            self._wanted = 0
            if self._find_marker():
                yield self._too_long()
                yield from self.feed(b"")

    def end(self) -> Iterator[Raw]:
        if self._skipping:
            yield self._too_long()
            return
        while self._at < len(self._buffer):
            end = self._find_end(ended=True) or len(self._buffer)
            if self._buffer[self._at : end].isspace():
                return
            yield self._record(end)

    def _record(self, end: int) -> Raw:
        content, self._at = self._buffer[self._at : end], end
        if len(content) > RECORD_BYTES_MAX:
            return self._too_long()
        self._number += 1
        return Raw(self._number - 1, self._offset + end, content)

    def _too_long(self) -> Raw:
        self._skipping = False
        self._number += 1
        text = f"A struct does not end within {RECORD_BYTES_MAX} bytes"
        return Raw(self._number - 1, self._offset + self._at, None, text)

    def _find_marker(self) -> bool:
        """Let go of what is before the next marker; keeps what may be the beginning of one."""
        found = self._buffer.find(_MARKER, self._at)
        self._at = found + 1 if found >= 0 else max(len(self._buffer) - len(_MARKER) + 1, self._at)
        return found >= 0

    def _find_end(self, *, ended: bool) -> int | None:
        """Where the next record ends."""
        limit = self._limit()
        if limit is not None:
            ended = True
        depth = 0
        for token in _TOKEN.finditer(self._buffer, self._at, len(self._buffer) if limit is None else limit):
            kind = token[0]
            if kind in _OPENING:
                depth += 1
            elif kind in _CLOSING:
                depth -= 1
                if depth <= 0:
                    return token.end()
            elif not ended and kind in _UNENDED and self._may_end(token):
                return None
        return limit

    def _limit(self) -> int | None:
        """Where the record behind the next one begins for certain."""
        begun = _NOT_SPACE.search(self._buffer, self._at)
        if begun is None:
            return None
        if self._marker is None or 0 <= self._marker < begun.start():
            self._marker = self._buffer.find(_MARKER, begun.start())
        return None if self._marker < 0 else self._marker + 1

    def _may_end(self, token: re.Match[bytes]) -> bool:
        """Whether what a quote or a comment opened may end in bytes that are not there yet."""
        start = token.start()
        if token[0] == b"/*" or self._buffer[max(start - 2, 0) : start + 1] == b"'''":
            return True
        return self._buffer.find(b"\n", start) < 0

"""Compressed bytes to plain ones, a bounded piece at a time: what a few bytes may blow up to is not known beforehand.

Used in a thread: nothing here knows of a loop.
"""

import zlib
from collections.abc import Callable, Iterator
from typing import Protocol

PIECE_BYTES_MAX = 1024 * 1024
_GZIP = 16 + zlib.MAX_WBITS  # zlib's way to say: with a gzip header and its checksum
_GZIP_MAGIC = b"\x1f\x8b"
# Of zstd four bytes can stand for 128 KB, and the library cannot be told to stop half way.
_ZSTD_SLICE_BYTES = 1024
_ZSTD_WINDOW_BYTES_MAX = 128 * 1024 * 1024


class Broken(ValueError):
    """The bytes are not what they are said to be, or end too early. What came before was good."""


class Inflater(Protocol):
    """`feed` and `end` are to be used up before the next call."""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """What these bytes make. Raises Broken, after all that could be made."""

    def end(self) -> None:
        """There are no more bytes. Raises Broken when there should be."""


class Plain:
    def feed(self, data: bytes) -> Iterator[bytes]:
        for start in range(0, len(data), PIECE_BYTES_MAX):
            yield data[start : start + PIECE_BYTES_MAX]

    def end(self) -> None:
        pass


class Gzip:
    """One gzip member after another; zero bytes behind the last are padding."""

    def __init__(self) -> None:
        self._member = zlib.decompressobj(_GZIP)
        self._begun = False  # whether the member has had any byte
        self._members = 0
        self._head = b""  # the first byte of what may be a member

    def feed(self, data: bytes) -> Iterator[bytes]:
        while data or self._begun:
            if not self._begun:
                data = self._begin(data)
                if not self._begun:
                    return
            try:
                piece = self._member.decompress(data, PIECE_BYTES_MAX)
            except zlib.error as error:
                raise Broken(f"The object is no sound gzip file: {error}") from None
            if piece:
                yield piece
            data = self._member.unconsumed_tail
            if self._member.eof:
                data = self._member.unused_data
                self._member = zlib.decompressobj(_GZIP)
                self._begun = False
                self._members += 1
            elif not data and len(piece) < PIECE_BYTES_MAX:  # a full piece may not be all that it has for us
                return

    def end(self) -> None:
        if self._begun or self._head:
            raise Broken("The object ends in the middle of its gzip data")

    def _begin(self, data: bytes) -> bytes:
        data = self._head + data
        self._head = b""
        if self._members:
            data = data.lstrip(b"\0")
        if len(data) == 1:
            self._head = data
            return b""
        if data and not data.startswith(_GZIP_MAGIC):
            raise Broken("Behind its gzip data the object goes on" if self._members else "The object is no gzip file")
        self._begun = bool(data)
        return data


class Zstd:
    """One zstd frame after another."""

    def __init__(self) -> None:
        import zstandard  # here: loaded by those who read such objects

        self._error = zstandard.ZstdError
        self._decompressor = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW_BYTES_MAX)
        self._frame = self._decompressor.decompressobj()
        self._begun = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        for start in range(0, len(data), _ZSTD_SLICE_BYTES):
            yield from self._slice(data[start : start + _ZSTD_SLICE_BYTES])

    def end(self) -> None:
        if self._begun:
            raise Broken("The object ends in the middle of its zstd data")

    def _slice(self, data: bytes) -> Iterator[bytes]:
        while data:
            self._begun = True
            try:
                plain = self._frame.decompress(data)
            except self._error as error:
                raise Broken(f"The object is no sound zstd file: {error}") from None
            for start in range(0, len(plain), PIECE_BYTES_MAX):
                yield plain[start : start + PIECE_BYTES_MAX]
            if not self._frame.eof:
                return
            data = self._frame.unused_data
            self._frame = self._decompressor.decompressobj()
            self._begun = False


INFLATERS: dict[str, Callable[[], Inflater]] = {"NONE": Plain, "GZIP": Gzip, "ZSTD": Zstd}
"""By InputCompressionType."""

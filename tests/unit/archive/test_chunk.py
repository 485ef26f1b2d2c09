import hashlib
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stator.archive import chunk
from stator.archive.places.location import Damaged

LINES = [b'{"p":{"S":"%d"}}' % number for number in range(200)]
LINE = st.binary(min_size=1, max_size=40).map(lambda line: line.replace(b"\n", b" "))


@given(st.lists(LINE, max_size=30))
def test_lines_come_back(lines: list[bytes]) -> None:
    body = chunk.pack(lines)
    assert chunk.unpack(body, chunk.sha256(body)) == lines


@pytest.mark.parametrize("length", [1, 250, 4_000, 262_143, 262_144, 262_145, 700_000])
def test_lines_come_back_however_long_they_are(length: int) -> None:
    lines = [b"%d" % number + b"x" * (length - number % 2) for number in range(max(3, 1_200_000 // length))]
    body = chunk.pack(lines)
    assert chunk.unpack(body, chunk.sha256(body)) == lines


def test_the_record_of_a_chunk_says_what_it_holds() -> None:
    body = chunk.pack(LINES)
    record = chunk.describe("a/0", LINES, body)
    assert record.path == "a/0"
    assert record.sha256 == hashlib.sha256(body).hexdigest()
    assert record.lines == 200
    assert record.bytes == sum(len(line) for line in LINES)
    assert record.stored == len(body) < record.bytes / 3


def test_a_chunk_is_one_zstandard_frame_that_other_programs_read() -> None:
    import zstandard

    assert zstandard.decompress(chunk.pack([b"a", b"b"])) == b"a\nb"
    assert zstandard.get_frame_parameters(chunk.pack(LINES)).has_checksum


def test_every_flipped_bit_is_found() -> None:
    body = chunk.pack(LINES)
    checksum = chunk.sha256(body)
    for place in range(len(body)):
        for bit in range(8):
            damaged = bytearray(body)
            damaged[place] ^= 1 << bit
            with pytest.raises(Damaged, match="the-path is damaged"):
                chunk.unpack(bytes(damaged), checksum, "the-path")


def test_a_chunk_that_was_cut_or_swapped_is_found() -> None:
    body = chunk.pack(LINES)
    for length in range(len(body)):
        with pytest.raises(Damaged):
            chunk.unpack(body[:length], chunk.sha256(body))
    for other in (body + b"\0", chunk.pack(LINES[1:]), random.Random(1).randbytes(len(body))):
        with pytest.raises(Damaged):
            chunk.unpack(other, chunk.sha256(body))


def test_what_is_no_zstandard_is_damaged_even_with_its_own_checksum() -> None:
    for body in (b"", b"plain text", chunk.pack(LINES)[:-5]):
        with pytest.raises(Damaged):
            chunk.unpack(body, chunk.sha256(body))

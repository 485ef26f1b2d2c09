"""Compressed objects: in any cut, in several members, damaged, and blown up."""

import gzip
import random
import zlib
from collections.abc import Iterator

import pytest
import zstandard

from stator.archive.intake.inflate import INFLATERS, PIECE_BYTES_MAX, Broken

TEXT = b"".join(b'{"Item":{"pk":{"S":"%d"}}}\n' % number for number in range(5000))
PACK = {
    "NONE": lambda data: data,
    "GZIP": gzip.compress,
    "ZSTD": zstandard.compress,
}


def inflate(kind: str, data: bytes, cut: int = 1 << 30) -> Iterator[bytes]:
    inflater = INFLATERS[kind]()
    for start in range(0, len(data), cut):
        yield from inflater.feed(data[start : start + cut])
    inflater.end()


@pytest.mark.parametrize("kind", PACK)
@pytest.mark.parametrize("cut", [1, 7, 4096, 1 << 30])
def test_whatever_the_cut_the_bytes_come_back(kind: str, cut: int) -> None:
    text = TEXT[: 3000 if cut < 10 else None]
    assert b"".join(inflate(kind, PACK[kind](text), cut)) == text


@pytest.mark.parametrize("kind", PACK)
def test_nothing_makes_nothing(kind: str) -> None:
    assert list(inflate(kind, b"")) == []
    assert b"".join(inflate(kind, PACK[kind](b""))) == b""


@pytest.mark.parametrize("kind", ["GZIP", "ZSTD"])
@pytest.mark.parametrize("cut", [1, 100, 1 << 30])
def test_members_behind_one_another_are_one_object(kind: str, cut: int) -> None:
    text = TEXT[:1000]
    assert b"".join(inflate(kind, PACK[kind](text) + PACK[kind](b"") + PACK[kind](b"tail"), cut)) == text + b"tail"


def test_zeros_behind_gzip_data_are_padding() -> None:
    assert b"".join(inflate("GZIP", gzip.compress(b"a") + bytes(700), 13)) == b"a"


@pytest.mark.parametrize("kind", ["GZIP", "ZSTD"])
def test_a_small_object_that_blows_up_comes_in_pieces(kind: str) -> None:
    for size in (50 * PIECE_BYTES_MAX + 17, 3 * PIECE_BYTES_MAX):
        pieces = [len(piece) for piece in inflate(kind, PACK[kind](bytes(size)) + PACK[kind](b"x"))]
        assert sum(pieces) == size + 1
        assert max(pieces) <= PIECE_BYTES_MAX


def broken(kind: str, data: bytes) -> tuple[bytes, str]:
    got = b""
    with pytest.raises(Broken) as raised:
        for piece in inflate(kind, data, 512):
            got += piece
    return got, str(raised.value)


@pytest.mark.parametrize("kind", ["GZIP", "ZSTD"])
def test_an_object_that_ends_early_is_told_after_what_it_had(kind: str) -> None:
    noise = random.Random(1).randbytes(200_000)
    packed = PACK[kind](noise)
    got, text = broken(kind, packed[: len(packed) // 2])
    assert noise.startswith(got)
    assert text.startswith("The object ends in the middle of its")
    assert broken(kind, packed[:1])[1].startswith("The object ends in the middle of its")


@pytest.mark.parametrize("kind", ["GZIP", "ZSTD"])
def test_damage_is_told_and_never_passed_on_as_good(kind: str) -> None:
    rng = random.Random(2)
    text = bytes(rng.choices(range(32, 127), k=100_000))
    compressor = zstandard.ZstdCompressor(write_checksum=True)
    packed = gzip.compress(text) if kind == "GZIP" else compressor.compress(text)
    for _ in range(30):
        damaged = bytearray(packed)
        damaged[rng.randrange(20, len(packed))] ^= 1 << rng.randrange(8)
        _, said = broken(kind, bytes(damaged))
        assert said.startswith(("The object", "Behind"))


@pytest.mark.parametrize(
    ("kind", "data", "text"),
    [
        ("GZIP", TEXT, "The object is no gzip file"),
        ("GZIP", b"x", "The object ends in the middle of its gzip data"),
        ("GZIP", gzip.compress(b"a", mtime=0) + b"rest of something", "Behind its gzip data the object goes on"),
        ("GZIP", zlib.compress(b"a"), "The object is no gzip file"),
        ("ZSTD", TEXT, "The object is no sound zstd file: zstd decompressor error: Unknown frame descriptor"),
    ],
)
def test_what_is_of_another_kind_is_told(kind: str, data: bytes, text: str) -> None:
    assert broken(kind, data)[1] == text

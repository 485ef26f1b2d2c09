"""Compressed requests and replies."""

import gzip
import json
import zlib
from typing import Any

import pytest

from tests.protocol.served import Served, request_bytes

BODY = b'{"n":1}'
RAW_DEFLATE = zlib.compress(BODY)[2:-4]
FAULT = "com.amazonaws.dynamodb.v20120810#InternalServerError"


def ask_encoded(server: Served, body: bytes, encoding: str) -> tuple[int, bytes]:
    reply = server.ask(request_bytes(body=body, headers={"Content-Encoding": encoding}))
    return reply.status, reply.body


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (gzip.compress(BODY), "gzip"),
        (gzip.compress(BODY), " GZIP "),
        (gzip.compress(BODY[:3]) + gzip.compress(BODY[3:]), "gzip"),
        (gzip.compress(BODY) + b"junk", "gzip"),
        (zlib.compress(BODY), "deflate"),
        (RAW_DEFLATE, "deflate"),
        (BODY, "identity"),
    ],
    ids=["gzip", "blanks and case", "two members", "junk after", "deflate", "deflate without header", "identity"],
)
def test_requests(server: Served, body: bytes, encoding: str) -> None:
    assert ask_encoded(server, body, encoding) == (200, BODY)


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (b"no gzip", "gzip"),
        (gzip.compress(BODY)[:-9], "gzip"),
        (b"no deflate", "deflate"),
        (zlib.compress(BODY)[:-1], "deflate"),
        (BODY, "br"),
        (gzip.compress(b" " * (16 * 2**20) + b"{}"), "gzip"),
        (gzip.compress(b" " * (9 * 2**20)) * 2, "gzip"),
        (zlib.compress(b" " * (16 * 2**20) + b"{}"), "deflate"),
    ],
    ids=["gzip", "cut gzip", "deflate", "cut deflate", "unknown", "gzip bomb", "two gzip bombs", "deflate bomb"],
)
def test_broken_requests(server: Served, body: bytes, encoding: str) -> None:
    status, answer = ask_encoded(server, body, encoding)
    assert (status, json.loads(answer)["__type"]) == (500, FAULT)


def test_the_largest_request_unpacked(server: Served) -> None:
    assert ask_encoded(server, gzip.compress(b" " * (16 * 2**20 - 2) + b"{}"), "gzip") == (200, b"{}")


@pytest.mark.parametrize(
    ("accept", "encoding"),
    [
        (None, None),
        ("identity", None),
        ("br", None),
        ("gzip", "gzip"),
        ("deflate", "deflate"),
        ("gzip, deflate", "gzip"),
        ("deflate;q=0.8, gzip;q=0.5", "deflate"),
        ("gzip;q=0", None),
        ("GZIP ; q=0.1", "gzip"),
        ("gzip;q=0.1, identity;q=0.9", None),
        ("*", "gzip"),
        ("*;q=0", None),
        ("gzip;q=nonsense", None),
    ],
)
def test_replies(server: Served, accept: str | None, encoding: str | None) -> None:
    reply = server.ask(request_bytes("Large", b'{"size":5000}', headers={"Accept-Encoding": accept}))
    assert reply.headers.get("content-encoding") == encoding
    assert reply.headers["x-amz-crc32"] == str(zlib.crc32(reply.body))
    unpack: dict[str | None, Any] = {None: bytes, "gzip": gzip.decompress, "deflate": zlib.decompress}
    assert json.loads(unpack[encoding](reply.body)) == {"text": "x" * 5000}


def test_small_replies_stay_plain(server: Served) -> None:
    for size, encoding in ((4096 - 11, None), (4096 - 10, "gzip")):
        body = b'{"size":%d}' % size
        reply = server.ask(request_bytes("Large", body, headers={"Accept-Encoding": "gzip"}))
        assert reply.headers.get("content-encoding") == encoding


def test_only_the_first_accept_encoding_counts(server: Served) -> None:
    data = request_bytes("Large", b'{"size":5000}', headers={"Accept-Encoding": "identity"})
    data = data.replace(b"\r\n\r\n", b"\r\nAccept-Encoding: gzip\r\n\r\n", 1)
    assert "content-encoding" not in server.ask(data).headers


def test_large_replies_stay_plain_because_everyone_would_wait(server: Served) -> None:
    body = b'{"size":%d}' % (256 * 1024)
    reply = server.ask(request_bytes("Large", body, headers={"Accept-Encoding": "gzip"}))
    assert "content-encoding" not in reply.headers
    assert len(reply.body) > 256 * 1024

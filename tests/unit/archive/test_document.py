import hashlib
from typing import Any

import pytest

from stator.archive import document
from stator.archive.places.location import ArchiveError, Damaged

CONTENT = {"name": "ü", "list": [1, 2.5, None, True], "nested": {"a": "b"}}
BODY = document.encode("test paper", 3, CONTENT)


def test_a_document_comes_back() -> None:
    assert document.decode("test paper", 3, BODY) == CONTENT
    assert document.decode("test paper", 4, BODY) == CONTENT  # of an older format


def test_the_bytes_are_those_that_are_documented() -> None:
    summed = b'x\n1\n{"a":1}'
    assert document.encode("x", 1, {"a": 1}) == (
        b'{"stator":"x","format":1,"sha256":"%b","content":{"a":1}}\n' % hashlib.sha256(summed).hexdigest().encode()
    )


def test_every_changed_byte_is_found() -> None:
    for place in range(len(BODY)):
        for value in {BODY[place] ^ 1 << bit for bit in range(8)} | {ord("9"), ord(" ")}:
            if value != BODY[place]:
                damaged = BODY[:place] + bytes((value,)) + BODY[place + 1 :]
                with pytest.raises(Damaged, match="the-path is damaged"):
                    document.decode("test paper", 3, damaged, "the-path")


def test_a_document_that_was_cut_or_grew_is_damaged() -> None:
    for length in range(len(BODY)):
        with pytest.raises(Damaged):
            document.decode("test paper", 3, BODY[:length])
    for body in (BODY + b"\n", b" " + BODY, BODY + BODY):
        with pytest.raises(Damaged):
            document.decode("test paper", 3, body)


def test_another_kind_is_damaged_and_a_newer_format_is_for_a_newer_version() -> None:
    with pytest.raises(Damaged, match="it is a test paper where a full copy should be"):
        document.decode("full copy", 3, BODY)
    with pytest.raises(ArchiveError, match=r"format 3; this version of Stator reads up to format 2: use a newer") as no:
        document.decode("test paper", 2, BODY)
    assert not isinstance(no.value, Damaged)


@pytest.mark.parametrize("content", [{}, {"a": "x"}, {"a": None}])
def test_a_content_that_is_another_than_it_should_be_is_told_by_its_path(content: dict[str, Any]) -> None:
    body = document.encode("full copy", 1, content)
    with pytest.raises(Damaged, match="the-path cannot be understood"):
        document.read("full copy", 1, body, "the-path", lambda found: int(found["a"]))
    good = document.encode("full copy", 1, {"a": "7"})
    assert document.read("full copy", 1, good, "the-path", lambda found: int(found["a"])) == 7

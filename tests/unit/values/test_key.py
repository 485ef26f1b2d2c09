"""The order of key bytes is the order of keys."""

from base64 import b64decode, b64encode
from functools import cmp_to_key
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stator.values.compare import order
from stator.values.key import (
    HASH_BYTES,
    index_sort_bytes,
    key_value_bytes,
    partition_bytes,
    prefix_upper,
    sort_bytes,
    sort_prefix,
)
from stator.values.number import normalise

Key = list[dict[str, Any]]

# Bytes and characters at the edges of the coding come up often.
texts = st.text(st.sampled_from("\x00\x01ab\u00ff\uffff\U0001f600") | st.characters(codec="utf-8"), max_size=6)
blobs = st.lists(st.sampled_from([0, 1, 2, 254, 255]) | st.integers(0, 255), max_size=6).map(bytes)
numbers = st.one_of(
    st.integers(-1000, 1000).map(str),
    st.tuples(
        st.sampled_from(["", "-"]),
        st.from_regex(r"[1-9][0-9]{0,37}", fullmatch=True),
        st.integers(-130, 125) | st.integers(-2, 2),
    ).map(lambda parts: normalise(f"{parts[0]}{parts[1][0]}.{parts[1][1:]}e{parts[2]}")),
)
elements = {
    "S": texts.map(lambda text: {"S": text}),
    "N": numbers.map(lambda text: {"N": text}),
    "B": blobs.map(lambda data: {"B": b64encode(data).decode()}),
}
schemas = st.lists(st.sampled_from("SNB"), min_size=1, max_size=4)


@st.composite
def key_lists(draw: st.DrawFn) -> tuple[list[Key], int]:
    """Keys of one schema, and how many elements it has."""
    schema = draw(schemas)
    return draw(st.lists(st.tuples(*(elements[kind] for kind in schema)).map(list), min_size=2, max_size=12)), len(
        schema
    )


def tuple_order(a: Key, b: Key) -> int:
    for x, y in zip(a, b, strict=True):
        compared = order(x, y)
        if compared:
            return compared
    return 0


@given(key_lists())
def test_bytes_order_as_tuples_do(drawn: tuple[list[Key], int]) -> None:
    keys, _ = drawn
    assert sorted(keys, key=sort_bytes) == sorted(keys, key=cmp_to_key(tuple_order))
    for a in keys:
        for b in keys:
            assert (sort_bytes(a) == sort_bytes(b)) == (a == b)


@given(key_lists())
def test_a_shorter_tuple_brackets_the_longer_ones_that_begin_with_it(drawn: tuple[list[Key], int]) -> None:
    keys, length = drawn
    for leading in range(length):
        lower = sort_bytes(keys[0][:leading])
        upper = prefix_upper(lower)
        for key in keys:
            coded = sort_bytes(key)
            inside = lower <= coded and (upper is None or coded < upper)
            assert inside == (key[:leading] == keys[0][:leading])
            assert inside == coded.startswith(lower)


@given(st.sampled_from("SB"), st.data())
def test_begins_with(kind: str, data: st.DataObject) -> None:
    first = data.draw(elements["N"])
    prefix = data.draw(elements[kind])
    candidates = data.draw(st.lists(elements[kind], min_size=1, max_size=8))
    raw = content_bytes(prefix)
    longer = raw + content_bytes(data.draw(elements[kind]))
    candidates.append({"S": longer.decode()} if kind == "S" else {"B": b64encode(longer).decode()})
    lower = sort_prefix([first], prefix)
    upper = prefix_upper(lower)
    assert upper is not None
    for candidate in candidates:
        coded = sort_bytes([first, candidate, {"S": "table key"}])
        assert (lower <= coded < upper) == content_bytes(candidate).startswith(raw)


def content_bytes(value: dict[str, Any]) -> bytes:
    if "S" in value:
        return str(value["S"]).encode()
    return b64decode(value["B"])


@pytest.mark.parametrize(
    "ascending",
    [
        [
            *("-9." + "9" * 37 + "e125", "-1e125", "-1e1", "-9.5", "-9", "-1.01", "-1", "-0.99", "-1.1e-130"),
            *("-1e-130", "0", "1e-130", "1.1e-130", "0.099", "0.1", "0.5", "1", "1.0001", "1.01", "9", "9.5"),
            *("10", "99", "100", "101", "1e125", "9." + "9" * 37 + "e125"),
        ]
    ],
)
def test_the_whole_range_of_numbers(ascending: list[str]) -> None:
    coded = [sort_bytes([{"N": normalise(text)}]) for text in ascending]
    assert coded == sorted(set(coded))


@pytest.mark.parametrize(
    ("value", "coded"),
    [
        ({"S": "ab"}, "04 6162 0001"),
        ({"S": "a\x00b"}, "04 6100ff62 0001"),
        ({"S": ""}, "04 0001"),
        ({"B": "/wA="}, "05 ff00ff 0001"),
        ({"N": "0"}, "02"),
        ({"N": "1"}, "03 82 11 00"),
        ({"N": "1000"}, "03 85 11 00"),
        ({"N": "-1"}, "01 7d ee ff"),
        ({"N": "12.34"}, "03 83 1335 00"),
        ({"N": "0.01"}, "03 80 11 00"),
    ],
)
def test_the_stored_form_stays(value: dict[str, Any], coded: str) -> None:
    assert sort_bytes([value]) == bytes.fromhex(coded)
    assert partition_bytes([value])[HASH_BYTES:] == bytes.fromhex(coded)


def test_the_hash_stays() -> None:
    assert partition_bytes([{"S": "user#1"}])[:HASH_BYTES].hex() == "80cdd6fdbb2fb20b"
    assert partition_bytes([{"S": "a"}, {"S": "b"}])[:HASH_BYTES] != partition_bytes([{"S": "ab"}])[:HASH_BYTES]


@given(key_lists())
def test_partitions_are_equal_exactly_for_equal_keys(drawn: tuple[list[Key], int]) -> None:
    keys, _ = drawn
    for key in keys:
        assert (partition_bytes(key) == partition_bytes(keys[0])) == (key == keys[0])


def test_index_entries_are_ordered_by_index_key_then_table_key() -> None:
    a, b, one, two = {"S": "a"}, {"S": "b"}, {"N": "1"}, {"N": "2"}
    entries = [index_sort_bytes([x], [y, z]) for x in (a, b) for y in (one, two) for z in (a, b)]
    assert entries == sorted(set(entries))
    assert index_sort_bytes([], [a, one]) == sort_bytes([a, one])
    assert sort_bytes([]) == b""


@pytest.mark.parametrize(
    ("prefix", "upper"),
    [(b"a", b"b"), (b"a\xff", b"b"), (b"a\xff\x00", b"a\xff\x01"), (b"", None), (b"\xff\xff", None)],
)
def test_prefix_upper(prefix: bytes, upper: bytes | None) -> None:
    assert prefix_upper(prefix) == upper


@pytest.mark.parametrize(
    ("value", "length"), [({"S": "\u00e9a"}, 3), ({"B": "YQ=="}, 1), ({"N": "100.5"}, 4), ({"S": "\x00"}, 1)]
)
def test_the_length_that_limits_go_by(value: dict[str, Any], length: int) -> None:
    assert key_value_bytes(value) == length

"""Key attributes from their bytes."""

from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stator.values.attribute import AttributeValue
from stator.values.coded import partition_values, sort_values
from stator.values.key import partition_bytes, sort_bytes
from stator.values.number import normalise

digits = st.text("0123456789", min_size=1, max_size=38)
numbers = st.builds(
    lambda sign, whole, exponent: normalise(f"{sign}{whole}E{exponent}"),
    st.sampled_from(["", "-"]),
    digits,
    st.integers(-92, 85),
)
values: st.SearchStrategy[AttributeValue] = st.one_of(
    st.builds(lambda text: {"S": text}, st.text(max_size=20)),
    st.builds(lambda data: {"B": b64encode(data).decode()}, st.binary(max_size=20)),
    st.builds(lambda number: {"N": number}, numbers),
)


@given(st.lists(values, max_size=4))
def test_what_was_coded_comes_back(attributes: list[AttributeValue]) -> None:
    assert sort_values(sort_bytes(attributes)) == attributes if attributes else sort_values(b"") == []


@given(st.lists(values, min_size=1, max_size=4))
def test_partitions_too(attributes: list[AttributeValue]) -> None:
    assert partition_values(partition_bytes(attributes)) == attributes


@pytest.mark.parametrize("number", ["0", "1", "-1", "10", "-0.001", "12.5", "9.99", "100000000000000000000", "0.5"])
def test_numbers(number: str) -> None:
    assert sort_values(sort_bytes([{"N": number}])) == [{"N": number}]


@pytest.mark.parametrize("data", [b"\x09abc", b"\x04abc", b"\x03\x80"])
def test_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"found|key attribute"):
        sort_values(data)

"""Digests: the same for the same items, however they are written and ordered."""

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stator.cli.moving.digest import Digest, canonical_bytes, digest_of

VALUES = st.recursive(
    st.one_of(
        st.text().map(lambda text: {"S": text}),
        st.integers().map(lambda number: {"N": str(number)}),
        st.booleans().map(lambda flag: {"BOOL": flag}),
        st.sets(st.text(), min_size=1).map(lambda texts: {"SS": sorted(texts)}),
    ),
    lambda inner: st.one_of(
        st.lists(inner).map(lambda values: {"L": values}),
        st.dictionaries(st.text(), inner).map(lambda values: {"M": values}),
    ),
    max_leaves=8,
)
ITEMS = st.lists(st.dictionaries(st.text(min_size=1), VALUES, min_size=1), max_size=6)


@given(ITEMS, st.randoms(use_true_random=False), st.integers(0, 6))
def test_neither_order_nor_parts_matter(items: list[dict[str, Any]], chance: random.Random, cut: int) -> None:
    shuffled = [dict(sorted(item.items(), reverse=True)) for item in items]
    chance.shuffle(shuffled)
    assert digest_of(items[:cut]).plus(digest_of(items[cut:])) == digest_of(shuffled)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"N": "1.50"}, {"N": "15e-1"}),
        ({"NS": ["2", "1.0"]}, {"NS": ["1", "2.00"]}),
        ({"SS": ["b", "a"]}, {"SS": ["a", "b"]}),
        ({"BS": ["Yg==", "YQ=="]}, {"BS": ["YQ==", "Yg=="]}),
        ({"M": {"x": {"N": "01"}, "y": {"NULL": True}}}, {"M": {"y": {"NULL": True}, "x": {"N": "1"}}}),
        ({"L": [{"N": "-0"}]}, {"L": [{"N": "0"}]}),
        ({"N": "NaN"}, {"N": "NaN"}),  # some emulators keep it
    ],
)
def test_two_ways_of_writing_a_value(one: Any, other: Any) -> None:
    assert canonical_bytes({"a": one}) == canonical_bytes({"a": other})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"N": "1"}, {"S": "1"}),
        ({"L": [{"S": "a"}, {"S": "b"}]}, {"L": [{"S": "b"}, {"S": "a"}]}),
        ({"SS": ["a"]}, {"L": [{"S": "a"}]}),
        ({"N": "0.1"}, {"N": "0.10000000000000000000000000000000000001"}),
    ],
)
def test_values_that_differ(one: Any, other: Any) -> None:
    assert digest_of([{"a": one}]) != digest_of([{"a": other}])


def test_an_item_too_many_shows() -> None:
    item = {"a": {"S": "x"}}
    assert digest_of([item, item]) != digest_of([item])
    assert digest_of([]) == Digest()
    assert len(Digest().checksum) == 32

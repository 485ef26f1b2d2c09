"""The heaviest keys of many."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from stator.metrics.sketch import Sketch, add_up

ROOM = 8
stream = st.lists(st.tuples(st.integers(0, 40), st.integers(1, 20)), max_size=300)


def sketch_of(items: list[tuple[int, int]], room: int = ROOM) -> Sketch[int]:
    sketch: Sketch[int] = Sketch(room)
    for key, weight in items:
        sketch.add(key, weight)
    return sketch


def truth(items: list[tuple[int, int]]) -> Counter[int]:
    counted: Counter[int] = Counter()
    for key, weight in items:
        counted[key] += weight
    return counted


@given(stream)
def test_nothing_is_overstated_and_little_is_lost(items: list[tuple[int, int]]) -> None:
    found = sketch_of(items).heaviest(ROOM)
    counted = truth(items)
    assert found.total == sum(counted.values())
    assert found.error <= 2 * found.total / ROOM
    assert len(found.weights) <= ROOM
    for key, weight in counted.items():
        told = found.weights.get(key, 0.0)
        assert told <= weight <= told + found.error


@given(stream)
def test_a_key_with_more_than_its_share_is_found(items: list[tuple[int, int]]) -> None:
    found = sketch_of(items).heaviest(ROOM)
    for key, weight in truth(items).items():
        if weight > 2 * found.total / ROOM:
            assert key in found.weights


def test_with_room_for_all_it_is_exact() -> None:
    found = sketch_of([(1, 5), (2, 7), (1, 4), (3, 1)]).heaviest(2)
    assert list(found.weights.items()) == [(1, 9), (2, 7)]
    assert (found.total, found.distinct, found.error) == (17, 3, 0)


@given(stream, stream)
def test_two_add_up(first: list[tuple[int, int]], second: list[tuple[int, int]]) -> None:
    parts = [sketch_of(items).heaviest(ROOM) for items in (first, second)]
    found = add_up(parts, 2 * ROOM)
    counted = truth([*first, *second])
    assert found.total == sum(counted.values())
    for key, weight in counted.items():
        told = found.weights.get(key, 0.0)
        assert told <= weight <= told + found.error


def test_a_hot_key_is_found_among_very_many() -> None:
    sketch: Sketch[int] = Sketch(100)
    for number in range(20_000):
        sketch.add(number, 1.0)
        if number % 20 == 0:
            sketch.add(-1, 1.0)
    assert next(iter(sketch.heaviest(3).weights)) == -1

"""The checker finds what is wrong with bad histories, and nothing wrong with good ones."""

import random

import pytest

from tests.serializable.checker import unbalanced, violations
from tests.serializable.history import ABSENT, Fate, Logs, Operation, Place, Version

A: Place = ("t", "a")
B: Place = ("t", "b")


def done(name: str, invoked: float, returned: float, **more: object) -> Operation:
    return Operation(name, invoked, returned, Fate.DONE, **more)  # type: ignore[arg-type]


def test_one_after_the_other_is_well() -> None:
    history = [
        done("write", 0, 1, writes={A: "1", B: "1"}),
        done("read", 2, 3, reads={A: Version(1, "1"), B: Version(1, "1")}),
        done("change", 4, 5, reads={A: Version(1, "1")}, writes={A: "2"}),
        Operation("refused", 6, 7, Fate.REFUSED, reads={A: Version(2, "2")}, writes={B: "3"}),
        Operation("unknown, did not", 6, writes={A: "4", B: "4"}),
        Operation("unknown, did", 6, writes={A: "5", B: "5"}),
    ]
    assert violations(history, {A: ["1", "2", "5"], B: ["1", "5"]}) == []


def test_what_is_under_way_at_once_may_go_either_way() -> None:
    history = [
        done("write", 0, 9, writes={A: "1"}),
        done("read early", 1, 2, reads={A: Version(1, "1")}),
        done("read late", 3, 4, reads={A: Version(1, "1")}),
    ]
    assert violations(history, {A: ["1"]}) == []
    history[1].reads = {A: ABSENT}
    assert violations(history, {A: ["1"]}) == []
    history[1].reads, history[2].reads = {A: Version(1, "1")}, {A: ABSENT}
    assert len(violations(history, {A: ["1"]})) == 1


@pytest.mark.parametrize(
    ("history", "logs", "told"),
    [
        ([done("w", 0, 1, writes={A: "1"})], {A: []}, "acknowledged but lost"),
        ([done("w", 0, 1, writes={A: "1"})], {}, "acknowledged but lost"),
        ([done("w", 0, 1, writes={A: "1"})], {A: ["1", "1"]}, "twice"),
        ([Operation("w", 0, writes={A: "1", B: "1"})], {A: ["1"], B: []}, "by halves"),
        ([Operation("w", 0, 1, Fate.REFUSED, writes={A: "1"})], {A: ["1"]}, "was refused but wrote"),
        ([], {A: ["1"]}, "nobody wrote"),
        (
            [done("w", 0, 1, writes={A: "1"}), done("r", 0, 1, reads={A: Version(1, "undone")})],
            {A: ["1"]},
            "which never was",
        ),
        ([done("r", 0, 1, reads={A: Version(3, "x")})], {A: []}, "which never was"),
    ],
)
def test_single_faults(history: list[Operation], logs: Logs, told: str) -> None:
    (violation, *_) = violations(history, logs)
    assert told in violation


def test_a_stale_read() -> None:
    history = [done("w", 0, 1, writes={A: "1"}), done("r", 2, 3, reads={A: ABSENT})]
    (violation,) = violations(history, {A: ["1"]})
    assert violation.startswith("no order explains")
    assert "then began" in violation


def test_a_torn_read_of_two_items() -> None:
    history = [
        done("w", 0, 9, writes={A: "1", B: "1"}),
        done("r", 1, 8, reads={A: Version(1, "1"), B: ABSENT}),
    ]
    assert len(violations(history, {A: ["1"], B: ["1"]})) == 1


def test_write_skew() -> None:
    """Each expects the other's item to be absent, and both win."""
    history = [
        done("first", 0, 9, reads={B: ABSENT}, writes={A: "1"}),
        done("second", 0, 9, reads={A: ABSENT}, writes={B: "2"}),
    ]
    assert len(violations(history, {A: ["1"], B: ["2"]})) == 1
    history[1].reads = {A: Version(1, "1")}
    assert violations(history, {A: ["1"], B: ["2"]}) == []


def test_a_lost_update() -> None:
    history = [
        done("w", 0, 1, writes={A: "1"}),
        done("first", 2, 9, reads={A: Version(1, "1")}, writes={A: "2"}),
        done("second", 2, 9, reads={A: Version(1, "1")}, writes={A: "3"}),
    ]
    assert len(violations(history, {A: ["1", "2", "3"]})) == 1


def test_two_readers_who_disagree_on_the_order_of_two_writers() -> None:
    history = [
        done("wa", 0, 9, writes={A: "1"}),
        done("wb", 0, 9, writes={B: "1"}),
        done("r1", 0, 9, reads={A: Version(1, "1"), B: ABSENT}),
        done("r2", 0, 9, reads={A: ABSENT, B: Version(1, "1")}),
    ]
    assert len(violations(history, {A: ["1"], B: ["1"]})) == 1


def test_money_that_does_not_add_up() -> None:
    accounts = frozenset((A, B))
    history = [
        done("some", 0, 1, money={A: 1}),
        done("right", 0, 1, money={A: 4, B: 6}),
        done("wrong", 0, 1, money={A: 5, B: 6}),
    ]
    assert unbalanced(history, accounts, 10) == ["wrong saw 11 in all, not 10"]


def _random_history(rng: random.Random, operations: int) -> tuple[list[Operation], Logs]:
    """Operations that took effect one after the other, each at some moment between its invocation and its return."""
    places: list[Place] = [("t", str(number)) for number in range(5)]
    logs: Logs = {place: [] for place in places}
    history = []
    for number in range(operations):
        some = rng.sample(places, rng.randint(1, 3))
        reads = {
            place: Version(len(logs[place]), logs[place][-1]) if logs[place] else ABSENT
            for place in some
            if rng.random() < 0.7
        }
        writes = {place: str(number) for place in some if rng.random() < 0.5}
        for place, tag in writes.items():
            logs[place].append(tag)
        history.append(
            done(str(number), number - rng.random() * 4, number + rng.random() * 4, reads=reads, writes=writes)
        )
    rng.shuffle(history)
    return history, logs


@pytest.mark.parametrize("seed", range(20))
def test_random_histories(seed: int) -> None:
    rng = random.Random(seed)
    history, logs = _random_history(rng, 200)
    assert violations(history, logs) == []
    # Let one operation be over long before it took effect, or read one version too early.
    late = rng.choice([one for one in history if one.writes and 20 < int(one.name) < 180])
    late.invoked, late.returned = late.invoked - 100, late.returned - 100
    assert violations(history, logs) != []
    late.invoked, late.returned = late.invoked + 100, late.returned + 100
    stale = rng.choice([one for one in history if any(version.number > 1 for version in one.reads.values())])
    place, version = next((place, version) for place, version in stale.reads.items() if version.number > 1)
    overwritten = next(one for one in history if one.writes.get(place) == version.tag)
    overwritten.returned = min(overwritten.returned, stale.invoked - 0.001)
    overwritten.invoked = min(overwritten.invoked, overwritten.returned - 0.001)
    stale.reads[place] = Version(version.number - 1, logs[place][version.number - 2])
    assert violations(history, logs) != []

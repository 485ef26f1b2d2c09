"""Paths that overlap or conflict, against the plain definition."""

from hypothesis import given
from hypothesis import strategies as st

from stator.expressions.overlap import describe_path, find_conflict, find_overlap
from stator.expressions.tree import Path

paths_of_few_parts = st.lists(
    st.builds(
        lambda first, rest: (first, *rest),
        st.sampled_from("ab"),
        st.lists(st.sampled_from(["a", "b", 0, 1]), max_size=3),
    ),
    max_size=6,
)


def first_pair(paths: list[Path], clashes: object) -> str | None:
    for index, two in enumerate(paths):
        for one in paths[:index]:
            if clashes(one, two):  # type: ignore[operator]
                return f"path one: {describe_path(one)}, path two: {describe_path(two)}"
    return None


def overlaps(one: Path, two: Path) -> bool:
    return one == two[: len(one)] or two == one[: len(two)]


def conflicts(one: Path, two: Path) -> bool:
    return any(
        one[:length] == two[:length] and type(one[length]) is not type(two[length])
        for length in range(min(len(one), len(two)))
    )


@given(paths_of_few_parts)
def test_first_clash(paths: list[Path]) -> None:
    for found, clashes in ((find_overlap(paths), overlaps), (find_conflict(paths), conflicts)):
        expected = first_pair(paths, clashes)
        assert (found is None) == (expected is None)
        if found is not None and expected is not None:
            assert found.endswith(expected)


def test_many_paths_take_no_time_squared() -> None:
    paths: list[Path] = [(f"a{number}", "b", number) for number in range(100_000)]
    assert find_overlap(paths) is None
    assert find_conflict(paths) is None

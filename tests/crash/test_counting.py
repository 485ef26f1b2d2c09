from tests.crash.counting import skips


def test_skips_are_found() -> None:
    assert skips([1, 2, 2, 4]) == []
    assert skips([1, 2, 3, 2, 3, 4]) == []
    assert skips([1, 3, 2]) == [(1, 3)]
    assert skips([2, 1]) == [(0, 2)]

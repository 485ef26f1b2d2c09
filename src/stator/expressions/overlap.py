"""Document paths that cannot stand together in one update or projection."""

from collections.abc import Sequence

from stator.expressions.tree import Path


def describe_path(path: Path) -> str:
    """As error messages print it: `[a, b, [0]]`."""
    return "[" + ", ".join(part if isinstance(part, str) else f"[{part}]" for part in path) + "]"


class _Node:
    """A point of the tree that all paths share."""

    __slots__ = ("children", "ends")

    def __init__(self) -> None:
        self.children: dict[str | int, _Node] = {}
        self.ends = False


def find_overlap(paths: Sequence[Path]) -> str | None:
    """The first path that equals, contains or lies in an earlier one, as a message."""
    root = _Node()
    for index, path in enumerate(paths):
        node = root
        for part in path:
            node = node.children.setdefault(part, _Node())
            if node.ends:
                break
        if node.ends or node.children:
            return _message("overlap", next(p for p in paths[:index] if _overlap(p, path)), path)
        node.ends = True
    return None


def find_conflict(paths: Sequence[Path]) -> str | None:
    """The first path that takes for a map what an earlier one takes for a list or the reverse, as a message."""
    kinds: dict[Path, bool] = {}
    for index, path in enumerate(paths):
        for length in range(1, len(path)):
            is_map = isinstance(path[length], str)
            if kinds.setdefault(path[:length], is_map) != is_map:
                return _message("conflict", next(p for p in paths[:index] if _conflict(p, path)), path)
    return None


def _overlap(one: Path, two: Path) -> bool:
    shared = min(len(one), len(two))
    return one[:shared] == two[:shared]


def _conflict(one: Path, two: Path) -> bool:
    for part, other in zip(one, two, strict=False):
        if type(part) is not type(other):
            return True
        if part != other:
            return False
    return False


def _message(verb: str, one: Path, two: Path) -> str:
    return (
        f"Two document paths {verb} with each other; must remove or rewrite one of these paths; "
        f"path one: {describe_path(one)}, path two: {describe_path(two)}"
    )

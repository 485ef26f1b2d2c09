"""The house rules that can be counted. Import contracts are in pyproject.toml; `make check` holds them."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PEERS = ROOT / "benchmarks" / "peers"  # other people's programs, installed there to be compared with
MODULES = sorted(
    path
    for room in ("src", "examples", "tools", "benchmarks", "deploy")
    for path in (ROOT / room).rglob("*.py")
    if PEERS not in path.parents
)
MODULE_LINES_MAX = 400
FUNCTION_LINES_MAX = 60
POSITIONAL_PARAMETERS_MAX = 5
VAGUE = {"base", "common", "helper", "helpers", "misc", "shared", "tools", "util", "utils"}

# Parsing each module once keeps this under a second.
TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in MODULES}


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """From `def` to the end; a docstring explains and does not count."""
    first = node.body[0]
    documented = ast.get_docstring(node, clean=False) is not None
    docstring = (first.end_lineno or first.lineno) - first.lineno + 1 if documented else 0
    return (node.end_lineno or node.lineno) - node.lineno + 1 - docstring


def positional(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    names = [argument.arg for argument in (*node.args.posonlyargs, *node.args.args)]
    return len(names) - (names[:1] in (["self"], ["cls"]))


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_there_is_something_to_count() -> None:
    assert len(MODULES) > 20
    assert sum(len(list(functions(tree))) for tree in TREES.values()) > 50


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_a_module_is_short_and_so_are_its_functions(path: Path) -> None:
    length = len(path.read_text(encoding="utf-8").splitlines())
    assert length <= MODULE_LINES_MAX, f"{length} lines; split it by noun"
    for node in functions(TREES[path]):
        assert lines(node) <= FUNCTION_LINES_MAX, f"{node.name} has {lines(node)} lines"
        assert positional(node) <= POSITIONAL_PARAMETERS_MAX, (
            f"{node.name} has {positional(node)} positional parameters"
        )


@pytest.mark.parametrize("path", [path for path in MODULES if path.name != "__init__.py"], ids=name)
def test_a_module_is_called_by_its_noun(path: Path) -> None:
    assert path.stem not in VAGUE


@pytest.mark.parametrize("path", [path for path in MODULES if path.name == "__init__.py"], ids=name)
def test_a_package_file_is_empty(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == ""


def test_the_counters_can_fail() -> None:
    tree = ast.parse(
        "class A:\n    def f(self, a, b, /, c, d, e, g, *, h):\n        '''Say.\n\n        More.\n        '''\n        return a\n"
    )
    (function,) = functions(tree)
    assert positional(function) == 6
    assert lines(function) == 2

"""The copy of the package that `make serve` runs."""

import subprocess
import sys
from pathlib import Path

import pytest

from tools import compile as module
from tools.compile import LOG, SOURCE, STAMP, TARGET, lacking, paths

LACKING = lacking()
WHERE = """
import importlib, sys
for name in sys.argv[1:]:
    print(importlib.import_module(name).__file__)
"""


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """One module, into a folder of its own."""
    monkeypatch.delenv("CC", raising=False)
    monkeypatch.setattr(module, "MODULES", ("auth/moment",))
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "TARGET", tmp_path / "compiled")
    monkeypatch.setattr(module, "STAMP", tmp_path / "compiled" / ".stamp")
    monkeypatch.setattr(module, "LOG", tmp_path / "compile.log")
    return tmp_path / "compiled"


def origins(target: Path, names: list[str]) -> list[str]:
    """The files that are imported with `target` on the path."""
    done = subprocess.run(
        [sys.executable, "-c", WHERE, *names],
        env={"PYTHONPATH": str(target)},
        check=True,
        capture_output=True,
        text=True,
        cwd="/",
    )
    return done.stdout.splitlines()


def test_every_pattern_finds_a_module() -> None:
    for pattern in module.MODULES:
        assert list(SOURCE.glob(f"{pattern}.py")), pattern


@pytest.mark.skipif(not STAMP.exists(), reason="`make compile` has not run")
@pytest.mark.skipif(bool(LACKING), reason=LACKING or "nothing is lacking")
def test_what_is_served_is_compiled() -> None:
    assert (TARGET / "stator").exists(), LOG.read_text(encoding="utf-8")
    names = [f"stator.{'.'.join(path.with_suffix('').parts)}" for path in paths()]
    found = origins(TARGET, names)
    assert len(found) == len(names) > 15
    assert {Path(path).suffix for path in found} == {".so"}
    assert all(path.startswith(str(TARGET)) for path in found)


@pytest.mark.skipif(bool(LACKING), reason=LACKING or "nothing is lacking")
def test_the_copy_is_whole(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    module.main()
    assert "make compile" not in capsys.readouterr().out
    assert (small / ".stamp").exists()
    compiled, plain = origins(small, ["stator.auth.moment", "stator.auth.signature"])
    assert compiled.endswith(".so")
    assert plain == str(small / "stator" / "auth" / "signature.py")
    copied = {path.relative_to(small / "stator") for path in (small / "stator").rglob("*") if path.suffix == ".py"}
    assert copied == {path.relative_to(SOURCE) for path in SOURCE.rglob("*.py")}


def check_served_from_sources(target: Path, out: str) -> None:
    assert "To try again" in out
    assert (target / ".stamp").exists()  # not tried at every start
    assert origins(target, ["stator.auth.moment"]) == [str(SOURCE / "auth" / "moment.py")]


def test_without_a_compiler_the_sources_are_served(
    small: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CC", "no-such-compiler")
    module.main()
    out = capsys.readouterr().out
    assert "there is no C compiler here (no-such-compiler)" in out
    check_served_from_sources(small, out)


def test_without_headers_the_sources_are_served(
    small: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CC", "true")
    monkeypatch.setattr(module, "HEADER", small / "Python.h")
    module.main()
    out = capsys.readouterr().out
    assert f"Python's headers are not here ({small / 'Python.h'})" in out
    check_served_from_sources(small, out)


def test_when_compiling_fails_the_sources_are_served(
    small: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CC", "false")
    monkeypatch.setattr(module, "HEADER", SOURCE)  # whether this machine has them or not
    module.main()
    out = capsys.readouterr().out
    assert "compiling failed, see compile.log" in out
    assert "false" in (small.parent / "compile.log").read_text(encoding="utf-8")
    check_served_from_sources(small, out)

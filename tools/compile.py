"""`make compile`: a copy of the package in build/compiled with the modules that every request runs through compiled.

The copy is whole: with it on PYTHONPATH it is imported instead of src, by `make serve` and `make bench`. mypyc turns
the typed Python of MODULES into C; the sources stay what they are, and all that is not compiled runs beside it.

Where there is no C compiler, or it lacks Python's headers, there is no copy and the sources are run: the same answers,
somewhat slower. docs/decisions/0013-compiled-where-there-is-a-compiler.md has the figures.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "stator"
TARGET = ROOT / "build" / "compiled"
STAMP = TARGET / ".stamp"  # newer than every source: nothing to do
LOG = ROOT / "build" / "compile.log"
HEADER = Path(sysconfig.get_path("include")) / "Python.h"

# Plain functions and classes over plain values. A module that makes a Struct cannot be compiled (mypyc drops the
# keywords of the class), nor one whose classes have heirs in a module that is not.
MODULES = (
    "auth/moment",
    "auth/signature",
    "http/connection",
    "http/corridor",
    "http/journey",
    "http/request",
    "http/response",
    "http/target",
    "http/turn",
    "items/charge",
    "items/keys",
    "metrics/bucket",
    "metrics/meter",
    "metrics/recorder",
    "storage/sqlite/group",
    "values/*",
)

_BUILD = """
import sys
from mypyc.build import mypycify
from setuptools import setup

extensions = mypycify(
    ["--config-file=", "--cache-dir=.mypy_cache", "--namespace-packages", "--explicit-package-bases", *sys.argv[1:]],
    opt_level="2",
)
setup(name="stator", packages=[], ext_modules=extensions, script_args=["--quiet", "build_ext", "--inplace"])
"""


def main() -> None:
    print("compiling the modules that every request runs through: less than a minute, once", flush=True)
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="compiling-", dir=TARGET.parent) as scratch:
        made = Path(scratch) / TARGET.name
        made.mkdir()
        complaint = _compile(made)
        if complaint:
            shutil.rmtree(made / SOURCE.name, ignore_errors=True)
            print(f"{complaint}. Stator runs all the same, somewhat slower.")
            print("To try again (Debian: apt install gcc python3-dev): make compile")
        shutil.rmtree(TARGET, ignore_errors=True)
        made.rename(TARGET)
    STAMP.touch()


def paths() -> list[Path]:
    """The sources of what is compiled, below SOURCE."""
    found = [path for pattern in MODULES for path in sorted(SOURCE.glob(f"{pattern}.py"))]
    return [path.relative_to(SOURCE) for path in found if path.name != "__init__.py"]


def lacking() -> str:
    """What this machine has not that compiling takes, or nothing."""
    compiler = os.environ.get("CC", "cc").split()[0]
    if shutil.which(compiler) is None:
        return f"there is no C compiler here ({compiler})"
    return "" if HEADER.exists() else f"Python's headers are not here ({HEADER})"


def _compile(target: Path) -> str:
    """Make the copy in an empty folder. Returns what went wrong, or nothing."""
    if complaint := lacking():
        return complaint
    shutil.copytree(SOURCE, target / SOURCE.name)  # with what is in __pycache__: it stays good for the copy
    command = [sys.executable, "-c", _BUILD, *(f"{SOURCE.name}/{path}" for path in paths())]
    with LOG.open("wb") as log:
        done = subprocess.run(
            command,
            cwd=target,
            env=os.environ | {"MYPYPATH": str(target)},
            stdout=log,
            stderr=subprocess.STDOUT,
            check=False,
        )
    for scratch in ("build", ".mypy_cache"):
        shutil.rmtree(target / scratch, ignore_errors=True)
    return f"compiling failed, see {LOG.relative_to(ROOT)}" if done.returncode else ""


if __name__ == "__main__":
    main()

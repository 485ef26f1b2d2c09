"""Ctrl-C before a command has begun."""

import signal
import subprocess
import sys

import pytest

from tests.commands.process import clean_environment

# What `stator` does, with a Ctrl-C as soon as a module is asked for.
_PROGRAM = """
import os, signal, sys
from stator.cli.main import main

class Impatience:
    def __init__(self, module):
        self._module = module

    def find_spec(self, name, path=None, target=None):
        if name == self._module:
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Impatience(sys.argv.pop(1)))
sys.exit(main())
"""


def _run(module: str, *arguments: str, ignored: bool = False) -> "subprocess.CompletedProcess[str]":
    def before() -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN if ignored else signal.default_int_handler)

    return subprocess.run(
        [sys.executable, "-c", _PROGRAM, module, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=clean_environment(),
        preexec_fn=before,
    )


@pytest.mark.parametrize(
    ("module", "arguments"),
    [
        ("stator.cli.command", ("version",)),
        ("argparse", ("version",)),
        ("stator.config", ("cluster",)),
        ("stator.cli.cluster", ("cluster",)),
        ("orjson", ("cluster",)),
        ("json.decoder", ("cluster",)),  # by orjson, which crashes where it fails
        ("stator.cli.moving.copy", ("copy", "--all", "--from", "http://a", "--to", "http://b")),
        ("stator.assembly", ("serve", "--in-memory")),
        ("uvloop", ("serve", "--in-memory")),
    ],
)
def test_a_program_that_is_being_loaded_stops_with_a_word(module: str, arguments: tuple[str, ...]) -> None:
    told = _run(module, *arguments)
    assert (told.returncode, told.stdout, told.stderr) == (130, "", "stator: stopped\n")


def test_what_the_shell_has_it_ignore_is_ignored() -> None:
    told = _run("orjson", "cluster", "--url", "http://127.0.0.1:9", ignored=True)
    assert told.returncode == 1
    assert "no server can be reached" in told.stderr


def test_a_command_that_has_begun_is_stopped_by_its_own_way() -> None:
    told = _run("importlib.metadata", "version")
    assert (told.returncode, told.stdout, told.stderr) == (130, "", "stator: stopped\n")

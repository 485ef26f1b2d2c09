"""The `stator` command from its first moment, when Ctrl-C meets a program that is not loaded yet."""

import os
import signal
import sys
from types import FrameType


def main(arguments: list[str] | None = None) -> int:
    """Exit codes: 0 done, 1 could not, 2 asked wrongly, 130 interrupted. Without `arguments`, those of the process."""
    if arguments is None:
        arguments = sys.argv[1:]
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            # Its exception would come out of modules half loaded; some that are not written in Python crash over it.
            signal.signal(signal.SIGINT, _end)
    from stator.cli.command import run

    return run(arguments, _go_on)


def _end(_signal: int, _frame: FrameType | None) -> None:
    try:
        os.write(2, b"stator: stopped\n")
    finally:
        os._exit(130)


def _go_on() -> None:
    """From here on Ctrl-C is the command's."""
    if signal.getsignal(signal.SIGINT) is _end:
        signal.signal(signal.SIGINT, signal.default_int_handler)

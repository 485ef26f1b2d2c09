"""The process that a trigger's Python function runs in: `python -m stator.services.triggers.function MODULE FUNCTION`.

On its input come events, each as its length in 8 bytes and its JSON. To each it answers one byte, `+` for a result and
`-` for an error, the length in 8 bytes, and JSON or the error's text. What the function prints goes to the error
stream. It imports nothing of the house, so that it starts at once.
"""

import importlib
import json
import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO


def run(function: Callable[[Any, None], Any], source: BinaryIO, sink: BinaryIO) -> None:
    """Answer events until there are no more."""
    while True:
        head = source.read(8)
        if len(head) < 8:
            return
        event = json.loads(source.read(int.from_bytes(head, "big")))
        try:
            kind, body = b"+", json.dumps(function(event, None)).encode()
        except Exception as error:  # noqa: BLE001  told to the server, which decides what comes of it
            traceback.print_exc()
            kind, body = b"-", f"{type(error).__name__}: {error}".encode()
        sink.write(kind + len(body).to_bytes(8, "big") + body)
        sink.flush()


def main() -> None:
    module, name = sys.argv[1:]
    answers = os.dup(1)
    os.dup2(2, 1)
    sys.path.insert(0, str(Path.cwd()))
    with os.fdopen(answers, "wb") as sink:
        run(getattr(importlib.import_module(module), name), sys.stdin.buffer, sink)


if __name__ == "__main__":
    main()

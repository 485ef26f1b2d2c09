"""The `stator` command. Exit codes: 0 done, 1 could not, 2 asked wrongly. Each command imports what only it needs."""

import os
import sys
from argparse import Namespace

from stator.cli.arguments import given_settings, parse
from stator.cli.complaint import Complaint
from stator.config import ConfigurationError, Settings, load


def main(arguments: list[str] | None = None) -> int:
    found = parse(sys.argv[1:] if arguments is None else arguments)
    if found.command == "version":
        return _print_version()
    try:
        return _run(found, load(given_settings(found), os.environ, found.config))
    except ConfigurationError as error:
        return _complain(error, code=2)
    except Complaint as error:
        return _complain(error, code=1)


def _run(found: Namespace, settings: Settings) -> int:
    if found.command == "serve":
        from stator.cli.serve import serve

        return serve(settings)
    if found.command == "keys":
        from stator.cli.keys import create, revoke, show

        if found.action == "create":
            return create(settings)
        return show(settings) if found.action == "list" else revoke(settings, found.access_key)
    if found.command == "triggers":
        from stator.cli import triggers

        if found.action == "create":
            return triggers.create(found)
        return triggers.show(found) if found.action == "list" else triggers.delete(found)
    from stator.cli.doctor import examine

    return examine(settings)


def _complain(error: Exception, code: int) -> int:
    print(f"stator: {error}", file=sys.stderr)
    return code


def _print_version() -> int:
    from importlib.metadata import version

    print(f"stator {version('stator')}")
    return 0

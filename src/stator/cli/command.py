"""From what was typed to a command, and from its end to an exit code. Each command imports what only it needs."""

import os
import sys
import time
from argparse import Namespace
from collections.abc import Callable
from functools import partial

from stator.cli.arguments import given_settings, parse
from stator.cli.complaint import Complaint, Interrupted
from stator.config import ConfigurationError, Settings, load

Work = Callable[[], int]

_WITHOUT_SETTINGS = ("table", "copy", "export", "autoscale", "apply", "store")  # a server's are nothing to them


def run(arguments: list[str], loaded: Callable[[], None]) -> int:
    """The exit code. `loaded` is called when the command is imported, before it begins."""
    try:
        work = _find(parse(arguments))
        loaded()
        return _told(work())
    except ConfigurationError as error:
        return _complain(error, code=2)
    except Complaint as error:
        return _complain(error, code=error.exit_code)
    except BrokenPipeError:  # who read the output has seen enough, as `head` does
        return _without_output()
    except OSError as error:  # a full disk, say
        return _complain(Complaint(f"{error.filename or 'cannot go on'}: {error.strerror or error}."), code=1)
    except KeyboardInterrupt:
        return _complain(Interrupted("stopped"), code=Interrupted.exit_code)


def _told(code: int) -> int:
    """Write now what is left of the output: at the end of the process nobody would catch why it cannot be."""
    print(end="", flush=True)
    return code


def _without_output() -> int:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or the end of the process complains of it
    return 1


def _find(found: Namespace) -> Work:
    if found.command == "version":
        return _print_version
    if found.command in _WITHOUT_SETTINGS:
        return _without_settings(found)
    return _with_settings(found, load(given_settings(found), os.environ, found.config))


def _without_settings(found: Namespace) -> Work:
    if found.command == "copy":
        from stator.cli.moving.copy import copy

        return partial(copy, found)
    if found.command == "export":
        from stator.cli.moving.export import export

        return partial(export, found)
    if found.command == "apply":
        from stator.cli.declaring.apply import apply

        return partial(apply, found)
    if found.command == "store":
        from stator.cli.reshard import reshard

        return partial(reshard, found)
    if found.command == "autoscale" and found.action == "simulate":
        from stator.cli.scaling.simulate import simulate_load

        return partial(simulate_load, found)
    if found.command == "autoscale":
        from stator.cli.scaling.autoscale import autoscale

        return partial(autoscale, found)
    if found.action == "backup":
        from stator.cli.moving.backup import backup

        return partial(backup, found)
    from stator.cli.moving.restore import restore

    return partial(restore, found)


def _with_settings(found: Namespace, settings: Settings) -> Work:
    if found.command == "serve":
        from stator.cli.serve import serve

        return partial(serve, settings)
    if found.command == "keys":
        from stator.cli.keys import create, revoke, show

        if found.action == "create":
            return partial(create, settings)
        return partial(show, settings) if found.action == "list" else partial(revoke, settings, found.access_key)
    if found.command == "triggers":
        from stator.cli import triggers

        if found.action == "create":
            return partial(triggers.create, found)
        return partial(triggers.show if found.action == "list" else triggers.delete, found)
    if found.command == "insights":
        from stator.cli.insights import insights

        return partial(insights, found)
    if found.command == "cluster":
        from stator.cli.cluster import cluster

        return partial(cluster, found)
    if found.command == "backup":
        from stator.cli import backup

        if found.action == "create":
            return partial(backup.create, found)
        return partial(backup.show if found.action == "list" else backup.delete, found)
    if found.command == "archive":
        from stator.cli import archive

        if found.action == "take-over":
            return partial(archive.take_over, settings, found.asked)
        if found.action == "prune":
            return lambda: archive.prune(settings, time.time(), delete=found.delete)
        return partial(archive.show if found.action == "list" else archive.verify, settings)
    if found.command == "rollback":
        from stator.cli.rollback import roll_back

        return partial(roll_back, settings, found)
    from stator.cli.doctor import examine

    return partial(examine, settings)


def _complain(error: Exception, code: int) -> int:
    print(f"stator: {error}", file=sys.stderr)
    return code


def _print_version() -> int:
    from importlib.metadata import version

    print(f"stator {version('stator')}")
    return 0

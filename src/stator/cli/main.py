"""The `stator` command. Exit codes: 0 done, 1 could not, 2 asked wrongly. Each command imports what only it needs."""

import os
import sys
import time
from argparse import Namespace

from stator.cli.arguments import given_settings, parse
from stator.cli.complaint import Complaint, Interrupted
from stator.config import ConfigurationError, Settings, load

_WITHOUT_SETTINGS = ("table", "copy", "export", "autoscale", "apply", "store")  # a server's are nothing to them


def main(arguments: list[str] | None = None) -> int:
    found = parse(sys.argv[1:] if arguments is None else arguments)
    if found.command == "version":
        return _print_version()
    try:
        if found.command in _WITHOUT_SETTINGS:
            return _told(_move(found))
        return _told(_run(found, load(given_settings(found), os.environ, found.config)))
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


def _move(found: Namespace) -> int:
    if found.command == "copy":
        from stator.cli.moving.copy import copy

        return copy(found)
    if found.command == "export":
        from stator.cli.moving.export import export

        return export(found)
    if found.command == "apply":
        from stator.cli.declaring.apply import apply

        return apply(found)
    if found.command == "store":
        from stator.cli.reshard import reshard

        return reshard(found)
    if found.command == "autoscale" and found.action == "simulate":
        from stator.cli.scaling.simulate import simulate_load

        return simulate_load(found)
    if found.command == "autoscale":
        from stator.cli.scaling.autoscale import autoscale

        return autoscale(found)
    if found.action == "backup":
        from stator.cli.moving.backup import backup

        return backup(found)
    from stator.cli.moving.restore import restore

    return restore(found)


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
    if found.command == "insights":
        from stator.cli.insights import insights

        return insights(found)
    if found.command == "cluster":
        from stator.cli.cluster import cluster

        return cluster(found)
    if found.command == "backup":
        from stator.cli import backup

        if found.action == "create":
            return backup.create(found)
        return backup.show(found) if found.action == "list" else backup.delete(found)
    if found.command == "archive":
        from stator.cli import archive

        if found.action == "take-over":
            return archive.take_over(settings, found.asked)
        if found.action == "prune":
            return archive.prune(settings, time.time(), delete=found.delete)
        return archive.show(settings) if found.action == "list" else archive.verify(settings)
    if found.command == "rollback":
        from stator.cli.rollback import roll_back

        return roll_back(settings, found)
    from stator.cli.doctor import examine

    return examine(settings)


def _complain(error: Exception, code: int) -> int:
    print(f"stator: {error}", file=sys.stderr)
    return code


def _print_version() -> int:
    from importlib.metadata import version

    print(f"stator {version('stator')}")
    return 0

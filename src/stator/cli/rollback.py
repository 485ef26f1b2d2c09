"""`stator rollback`: a new data directory with what a server had at a time. No server has to run."""

import sys
import time
from argparse import Namespace

from stator import offline
from stator.archive.instances import instance
from stator.archive.places.failure import ArchiveError
from stator.cli.complaint import Complaint, Interrupted
from stator.cli.moment import parse_time
from stator.cli.progress import Progress, counted
from stator.config import Settings
from stator.services.restores.rollback import Course
from stator.storage.failure import DataDirectoryInUse, StoreError


def roll_back(settings: Settings, found: Namespace) -> int:
    """Prints what was made. Raises Complaint; the directory is as it was then, but for `.rollback` in it."""
    if not settings.archive:
        raise Complaint(
            "say which archive with --archive. That of a server with --data-dir DATA and no setting is DATA-archive."
        )
    target = found.to if instance.is_id(found.to) else parse_time(found.to)
    directory = settings.data_dir
    with Progress("rolling back", None, unit="items") as progress:

        def show(course: Course) -> None:
            progress.advance(course.items + course.changes - progress.count)

        try:
            made = offline.roll_back(
                settings.archive, directory, target, owner=found.instance, now=time.time(), tell=show
            )
        except KeyboardInterrupt:
            raise Interrupted(f"stopped; {directory} holds nothing yet, and the same command begins anew") from None
        except DataDirectoryInUse as error:
            raise Complaint(f"{error}. Another rollback into {directory} is under way.") from error
        except (ArchiveError, StoreError, OSError) as error:
            raise Complaint(str(error)) from error
        summary = progress.summary()
    for table in made.left_out:
        print(f"left out {table.name} of {table.account}: it was being made from a backup or import", file=sys.stderr)
    print(f"{directory}: {counted(len(made.tables), 'tables')} as of {instance.render_time(made.at)}; {summary}")
    print(
        f"Look it over with `stator doctor --data-dir {directory}`, serve it with"
        f" `stator serve --data-dir {directory}`, and with the --archive of this command to keep its backups at hand.",
        file=sys.stderr,
    )
    return 0

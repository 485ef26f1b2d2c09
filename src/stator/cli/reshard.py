"""`stator store reshard`: from one engine to another, while no server runs."""

import sys
from argparse import Namespace
from contextlib import ExitStack

from stator import offline
from stator.cli.complaint import Complaint, Interrupted
from stator.cli.progress import Progress, counted
from stator.storage.failure import StoreError
from stator.storage.postgres.location import SCHEMES, BadLocation


def reshard(found: Namespace) -> int:
    """Raises Complaint; the same command goes on from there."""
    source, target = found.from_, found.to
    if not target.startswith(SCHEMES):
        raise Complaint("--to must be a URL such as postgresql://user@host/database: an empty database.")
    with ExitStack() as stack:
        bars: dict[str, Progress] = {}

        def tell(what: str, done: int) -> None:
            if what not in bars:
                bars[what] = stack.enter_context(Progress(what, None, unit="rows"))
            bars[what].advance(done)

        try:
            done = offline.reshard(source, target, tell)
        except KeyboardInterrupt:
            raise Interrupted("stopped; the same command goes on, and until then no server opens the target") from None
        except BadLocation as error:
            raise Complaint(f"--from and --to: a place {error}.") from error
        except (StoreError, OSError) as error:
            raise Complaint(f"{error}.") from error
    print(f"moved and compared {counted(done, 'rows')}")
    print(
        "What it was moved from is as it was: keep it until you have looked at the other, which `stator serve --store"
        " URL` serves. Name the --archive and the --buckets of before, so that backups stay at hand.",
        file=sys.stderr,
    )
    return 0

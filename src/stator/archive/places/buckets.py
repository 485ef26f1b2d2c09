"""The buckets that imports, bulk puts and exports name.

Every caller may name any of them, so none may be, hold, or be in what callers have no business with: the archive has
the backups of all accounts, the data directory the items and keys of all.
"""

from collections.abc import Sequence

from stator.archive.places.failure import Denied
from stator.archive.places.location import Location


class Buckets:
    """Call it with a bucket's name, of which the request's shape is checked. `url` has {bucket} in it."""

    def __init__(self, url: str, private: Sequence[Location]) -> None:
        self._url = url
        self._private = private

    def __call__(self, name: str) -> Location:
        """Looks at no bucket yet. Raises ArchiveError, Denied for one that is no place for callers."""
        found = Location.open(self._url.replace("{bucket}", name))
        if any(found.overlaps(each) for each in self._private):
            raise Denied(f"the bucket {name} is not for exports and imports: the server keeps data of its own there")
        return found

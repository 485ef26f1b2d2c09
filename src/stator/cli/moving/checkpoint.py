"""How far an incremental export came: the file beside its parts."""

from pathlib import Path
from typing import Any

import orjson
from msgspec import Struct, field

from stator.cli.complaint import Complaint
from stator.cli.moving.change_feed import Place
from stator.cli.part_file import save

FORMAT = 1


class Checkpoint(Struct):
    """`next_part` is the number of the first file that does not belong to a finished run: such files are left over
    from a run that was killed, and are removed."""

    table: str
    url: str
    region: str
    stream: str
    next_part: int
    file_format: str = ""  # of the files so far; unknown of exports by early versions
    not_before: float = 0.0  # when the snapshot began: changes from before are in it
    whole: bool = False  # the snapshot was written to its end
    through: float = 0.0  # when the last run began, by the server's clock
    order: int = 0
    places: dict[str, Place] = field(default_factory=dict)
    columns: dict[str, Any] = field(default_factory=dict)

    def save(self, path: Path) -> None:
        members = {name: getattr(self, name) for name in self.__struct_fields__} | {
            "format": FORMAT,
            "places": {shard: place.to_json() for shard, place in self.places.items()},
        }
        save(path, orjson.dumps(members))


def load_checkpoint(path: Path) -> Checkpoint | None:
    """None when there is none. Raises Complaint."""
    try:
        members = orjson.loads(path.read_bytes())
        if members.pop("format") != FORMAT:
            raise Complaint(f"{path} is of a newer Stator. Update this one.")
        members["places"] = {shard: Place(*place) for shard, place in members["places"].items()}
        return Checkpoint(**members)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Complaint(f"cannot read {path}: {error.strerror}.") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Complaint(
            f"{path} is no checkpoint of an export. Name another with --checkpoint, or add --anew."
        ) from error

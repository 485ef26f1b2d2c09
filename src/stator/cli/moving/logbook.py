"""The state file of a move: how far each table has come, so that the same command goes on where it was stopped."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson

from stator.cli.complaint import Complaint
from stator.cli.moving.transfer import Leg
from stator.cli.part_file import save

FORMAT = 1
SAVE_SECONDS = 0.2


class Logbook:
    """`identity` says which move it is of; a file of another one is refused. Nothing is written before `save`."""

    def __init__(self, path: Path, identity: dict[str, Any]) -> None:
        self.path = path
        self._identity = identity
        self._saved = 0.0
        self.tables: dict[str, dict[str, Any]] = self._load()

    def legs(self, table: str) -> list[Leg]:
        """One a segment; none when the move of the table has not begun."""
        return [Leg.from_json(leg) for leg in self.tables.get(table, {}).get("legs", ())]

    def has(self, table: str, mark: str) -> bool:
        return bool(self.tables.get(table, {}).get(mark))

    def note(self, table: str, legs: list[dict[str, Any]], **marks: bool) -> None:
        """Marks stay until they are changed."""
        self.tables[table] = self.tables.get(table, {}) | {"legs": legs} | marks

    def save(self) -> None:
        body = {"format": FORMAT, "of": self._identity, "tables": self.tables}
        save(self.path, orjson.dumps(body))
        self._saved = time.monotonic()

    def saver(self, table: str, legs: Callable[[], list[dict[str, Any]]]) -> Callable[[], None]:
        """To be called often: saves a few times a second."""

        def tick() -> None:
            if time.monotonic() - self._saved >= SAVE_SECONDS:
                self.note(table, legs())
                self.save()

        return tick

    def forget(self, table: str) -> None:
        self.tables.pop(table, None)
        if self.tables:
            self.save()
        else:
            self.discard()

    def discard(self) -> None:
        self.path.unlink(missing_ok=True)

    def _load(self) -> dict[str, dict[str, Any]]:
        try:
            body = orjson.loads(self.path.read_bytes())
            known = body["format"] == FORMAT
            of, tables = body["of"], body["tables"]
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise Complaint(f"cannot read {self.path}: {error.strerror}.") from error
        except (ValueError, KeyError, TypeError) as error:
            raise Complaint(f"{self.path} is no state file. Remove it to begin anew, or name another.") from error
        if not known or of != self._identity:
            raise Complaint(f"{self.path} is the state of another move. Remove it to begin anew, or name another.")
        return dict(tables)

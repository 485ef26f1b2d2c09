"""From rows and changes to the lines of an export, filtered and projected. Pure; slow enough to belong in a thread."""

import orjson

from stator.archive.exports.data_file import change_line, item_line, item_lines
from stator.archive.exports.selection import Selection
from stator.items.keys import key_of
from stator.model.table import Table
from stator.services.exports.output import Lines
from stator.storage.scratch import Entry
from stator.storage.store import Row
from stator.values.attribute import Item

OLD_TOO = "NEW_AND_OLD_IMAGES"


def lines_of_rows(rows: list[Row], selection: Selection, format: str) -> Lines:
    """The items of a full export."""
    covered = rows
    if selection.range is not None:
        covered = [row for row in rows if selection.covers(row.partition, row.sort)]
    size = sum(row.size for row in covered)
    if not selection.reads_items:
        return Lines(item_lines((row.value for row in covered), format), size)
    lines = []
    for row in covered:
        item: Item = orjson.loads(row.value)
        if selection.holds(item):
            lines.append(item_line(selection.shown(item), format))
    return Lines(lines, size)


def lines_of_changes(entries: list[Entry], table: Table, selection: Selection, view: str, format: str) -> Lines:
    """The changes of an incremental export. An item that came and went leaves no line.

    A filter lets a change pass when the item met it before or after: who keeps a copy of what meets it has to hear of
    items that cease to.
    """
    lines = []
    size = 0
    for entry in entries:
        if not selection.covers(entry.partition, entry.sort):
            continue
        size += entry.old_size + entry.new_size
        old: Item | None = None if entry.old is None else orjson.loads(entry.old)
        new: Item | None = None if entry.new is None else orjson.loads(entry.new)
        known = new if new is not None else old
        if known is None or not any(image is not None and selection.holds(image) for image in (old, new)):
            continue
        change = {
            "Metadata": {"WriteTimestampMicros": {"N": str(entry.time * 1000)}},
            "Keys": key_of(table.keys, known),
        }
        if old is not None and view == OLD_TOO:
            change["OldImage"] = selection.shown(old)
        if new is not None:
            change["NewImage"] = selection.shown(new)
        lines.append(change_line(change, format))
    return Lines(lines, size)

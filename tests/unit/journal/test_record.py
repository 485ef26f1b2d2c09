from typing import Any

import pytest

from stator.journal.record import (
    LANES,
    NOBODY,
    Author,
    Boundary,
    Entry,
    Image,
    boundary,
    change,
    decode,
    lane_of,
    time_of,
)
from stator.model.table import KeyAttribute, KeySchema, Stream, Table
from stator.storage.store import Record

KEYS = {"pk": {"S": "a"}}
OLD: Image = (b'{"pk":{"S":"a"},"v":{"N":"1"}}', 5)
NEW: Image = (b'{"pk":{"S":"a"},"v":{"N":"22"}}', 6)
TIME = 1_750_000_000.123


def table(view: str | None, *readers: str) -> Table:
    stream = None if view is None else Stream(view, "label")
    keys = KeySchema((KeyAttribute("pk", "S"),))
    return Table("1", "r", "t", "id", 0.0, {"pk": "S"}, keys, 7, stream=stream, journal_readers=readers)


def entry(of: Table, old: Image | None, new: Image | None, author: Author = NOBODY) -> Entry:
    made = change(of, b"\xc0rest", KEYS, time=TIME, images=(old, new), author=author)
    assert (made.journal, made.shard) == (7, 3)
    found = decode(Record(7, 3, 9, made.record))
    assert isinstance(found, Entry)
    return found


@pytest.mark.parametrize(("old", "new", "event"), [(None, NEW, "INSERT"), (OLD, NEW, "MODIFY"), (OLD, None, "REMOVE")])
def test_a_change_reads_back(old: Image | None, new: Image | None, event: str) -> None:
    found = entry(table("NEW_AND_OLD_IMAGES"), old, new)
    assert found == Entry(
        9,
        TIME,
        event,
        KEYS,
        {"pk": {"S": "a"}, "v": {"N": "22"}} if new else None,
        {"pk": {"S": "a"}, "v": {"N": "1"}} if old else None,
        6 if new else 0,
        5 if old else 0,
        None,
        None,
    )


@pytest.mark.parametrize(
    ("of", "kept"),
    [
        (table("KEYS_ONLY"), (False, False)),
        (table("NEW_IMAGE"), (True, False)),
        (table("OLD_IMAGE"), (False, True)),
        (table("NEW_AND_OLD_IMAGES"), (True, True)),
        (table("KEYS_ONLY", "kinesis"), (True, True)),
        (table(None, "kinesis"), (True, True)),
    ],
)
def test_only_images_that_somebody_reads_are_kept(of: Table, kept: tuple[bool, bool]) -> None:
    found = entry(of, OLD, NEW)
    assert (found.new_image is not None, found.old_image is not None) == kept
    assert (found.new_size, found.old_size) == (6, 5)


def test_the_author_is_told() -> None:
    found = entry(table("KEYS_ONLY"), OLD, None, Author("dynamodb.amazonaws.com", 'eu"1'))
    assert (found.identity, found.origin) == ("dynamodb.amazonaws.com", 'eu"1')


def test_a_boundary_reads_back() -> None:
    made = boundary(7, 1, time=TIME, label="label", generation=None)
    assert decode(Record(7, 1, 2, made.record)) == Boundary(2, TIME, "label", None)


def test_times_are_read_without_the_rest() -> None:
    records: list[Any] = [
        change(table("KEYS_ONLY"), b"\x00", KEYS, time=TIME, images=(OLD, NEW), author=NOBODY),
        boundary(7, 1, time=TIME, label="x", generation=1),
    ]
    assert [time_of(Record(7, 1, 1, made.record)) for made in records] == [TIME, TIME]


def test_lanes_are_quarters_of_the_hashes() -> None:
    assert [lane_of(bytes([first])) for first in (0, 63, 64, 128, 191, 192, 255)] == [0, 0, 1, 2, 2, 3, 3]
    assert {lane_of(bytes([first])) for first in range(256)} == set(range(LANES))

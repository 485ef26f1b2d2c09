"""Files of items: cut into segments anywhere, every line is read once."""

from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stator.cli.complaint import Complaint
from stator.cli.moving import backup_file
from stator.cli.moving.backup_file import FileSource, Schema, read_schema, schema_path
from stator.cli.moving.definition import Definition

KEYS = {"k": "S"}


def item(number: int, width: int) -> dict[str, Any]:
    return {"k": {"S": f"{number}"}, "v": {"S": "x" * width}}


def write(path: Path, items: list[dict[str, Any]], end: str) -> None:
    path.write_bytes(end.encode().join(orjson.dumps(each) for each in items))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    widths=st.lists(st.integers(0, 60), max_size=30),
    segments=st.integers(1, 12),
    end=st.sampled_from(["\n", "\r\n", "\n\n"]),
    page=st.integers(1, 200),
)
def test_every_line_once(tmp_path: Path, widths: list[int], segments: int, end: str, page: int) -> None:
    path = tmp_path / "t.json"
    items = [item(number, width) for number, width in enumerate(widths)]
    write(path, items, end)
    source = FileSource(path, segments, KEYS)
    backup_file.PAGE_BYTES, before = page, backup_file.PAGE_BYTES
    try:
        found = []
        for segment in range(segments):
            pages = list(source.pages(segment, None))
            found += [each for page_ in pages for each in page_.items]
            assert [page_.after is None for page_ in pages] == [False] * (len(pages) - 1) + [True]
            for at, page_ in enumerate(pages[:-1]):  # and from every position the rest
                rest = [each for later in source.pages(segment, page_.after) for each in later.items]
                assert rest == [each for later in pages[at + 1 :] for each in later.items]
    finally:
        backup_file.PAGE_BYTES = before
    assert found == items


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('{"k":{"S":"a"}}\n{"k":{"N":"1"}}\n', "the line that begins at byte 16: key k of type S is missing"),
        ('{"k":{"S":"a"}}\n{"k":{"S"', "the line that begins at byte 16: "),
        ("[]\n", "no item"),
    ],
)
def test_a_line_that_is_no_item_is_told(tmp_path: Path, text: str, complaint: str) -> None:
    path = tmp_path / "t.json"
    path.write_text(text)
    with pytest.raises(Complaint, match=complaint):
        list(FileSource(path, 1, KEYS).pages(0, None))


def test_a_schema_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "music.json"
    assert schema_path(path) == tmp_path / "music.schema.json"
    assert read_schema(path) is None
    create = {
        "AttributeDefinitions": [{"AttributeName": "k", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "k", "KeyType": "HASH"}],
    }
    schema = Schema("music", "here", "now", 3, "0f", "ab", Definition(create, "ttl", {"StreamEnabled": True}))
    schema_path(path).write_bytes(schema.encode())
    assert read_schema(path) == schema
    assert schema.definition.keys == KEYS


@pytest.mark.parametrize(
    ("text", "complaint"),
    [("{", "is damaged"), ("{}", "is damaged"), ('{"format": 2}', "Update Stator"), ("[]", "is damaged")],
)
def test_a_schema_that_cannot_be_used(tmp_path: Path, text: str, complaint: str) -> None:
    (tmp_path / "music.schema.json").write_text(text)
    with pytest.raises(Complaint, match=complaint):
        read_schema(tmp_path / "music.json")

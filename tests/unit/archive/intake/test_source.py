"""Objects of a bucket to records: formats, compression, damage, exports, and going on where it stopped."""

import asyncio
import gzip
import itertools
from typing import Any

import orjson
import pytest
import zstandard

from stator.archive.intake import source
from stator.archive.intake.source import Batch, Entry, Format, NoManifest, Object, find_objects, read
from stator.archive.intake.splitter import BEGINNING, Place
from stator.archive.places.location import Location
from stator.errors import ValidationException

_names = itertools.count()
JSON = Format("DYNAMODB_JSON")


async def bucket(objects: dict[str, bytes]) -> Location:
    place = Location.open(f"memory://source-{next(_names)}")
    for path, body in objects.items():
        await place.put(path, body)
    return place


def same(members: dict[str, Any]) -> dict[str, Any]:
    if members["Item"] == {"bad": {"S": "item"}}:
        raise ValidationException("refused")
    return members


def entries(
    body: bytes, format: Format = JSON, place: Place = BEGINNING, compression: str = "NONE"
) -> list[Entry[dict[str, Any]]]:
    async def collect() -> list[Entry[dict[str, Any]]]:
        one = Object("o", len(body), compression)
        return [
            entry
            async for batch in read(await bucket({"o": body}), one, format, same, place)
            for entry in batch.entries
        ]

    return asyncio.run(collect())


def told(body: bytes, format: Format = JSON, **more: Any) -> list[Any]:
    return [entry.fault or entry.content for entry in entries(body, format, **more)]


def item(number: int) -> dict[str, Any]:
    return {"Item": {"pk": {"S": str(number)}}}


def test_json_lines_good_and_bad() -> None:
    text = (
        b'\xef\xbb\xbf{"Item":{"pk":{"S":"0"}}}\n[1]\n{"pk":{"S":"1"}}\n{"Item":{"bad":{"S":"item"}}}\n'
        b'{"Item":{"pk":{"S":"1"}},"ConditionExpression":"a = :b"}\n'
    )
    assert told(text) == [
        item(0),
        "The line is no JSON object",
        "The line has no Item",
        "refused",
        item(1) | {"ConditionExpression": "a = :b"},
    ]
    assert told(b'{"Item":\n')[0].startswith("The line is no JSON: ")
    assert told(b"[" * 100_000)[0].startswith("The line is no JSON: ")


def test_ion_good_and_bad() -> None:
    text = (
        b'$ion_1_0 {Item:{pk:"0",n:1.5,s:$dynamodb_SS::["b","a"]}}\n$ion_1_0 {Item:{pk:}}\n$ion_1_0 {pk:"1"}\n'
        b'// nothing\n{Item:{pk:"2"},ConditionExpression:"#a = :b",ExpressionAttributeNames:{\'#a\':"x"},'
        b"ExpressionAttributeValues:{':b':1.}}"
    )
    good, broken, bare, conditional = told(text, Format("ION"))
    assert good == {"Item": {"pk": {"S": "0"}, "n": {"N": "1.5"}, "s": {"SS": ["b", "a"]}}}
    assert broken.startswith("The record is no Ion that could be an item: ")
    assert bare == "The record has no struct Item"
    assert conditional["ConditionExpression"] == "#a = :b"
    assert conditional["ExpressionAttributeNames"] == {"#a": "x"}
    assert list(conditional["ExpressionAttributeValues"]) == [":b"]
    assert told(b"// nothing but this\n", Format("ION")) == []


def test_csv_knows_the_types_of_keys() -> None:
    format = Format("CSV", types={"pk": "N", "b": "B"})
    assert told(b"pk,b,other\n1,YQ==,2\n", format) == [
        {"Item": {"pk": {"N": "1"}, "b": {"B": "YQ=="}, "other": {"S": "2"}}}
    ]


@pytest.mark.parametrize(
    ("compression", "pack"), [("NONE", bytes), ("GZIP", gzip.compress), ("ZSTD", zstandard.compress)]
)
@pytest.mark.parametrize("kind", ["DYNAMODB_JSON", "CSV", "ION"])
def test_going_on_after_any_record(compression: str, pack: Any, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "SLICE_BYTES", 50)
    text = {
        "DYNAMODB_JSON": b"".join(orjson.dumps(item(number)) + b"\n" for number in range(40)),
        "CSV": b"pk\n" + b"".join(b"%d\n" % number for number in range(40)),
        "ION": b"".join(b'{Item:{pk:"%d"}}\n' % number for number in range(40)),
    }[kind]
    whole = entries(pack(text), Format(kind), compression=compression)
    assert [entry.content for entry in whole] == [item(number) for number in range(40)]
    for done in (1, 17, 39, 40):
        place = Place(whole[done - 1].end, done)
        assert entries(pack(text), Format(kind), place, compression) == whole[done:]


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress])
def test_damage_ends_an_object_with_one_fault(pack: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "SLICE_BYTES", 300)
    text = b"".join(orjson.dumps(item(number)) + b"\n" for number in range(5000))
    packed = pack(text)
    got = entries(packed[: len(packed) // 2], compression="GZIP" if pack is gzip.compress else "ZSTD")
    assert [entry.content for entry in got[:-1]] == [item(number) for number in range(len(got) - 1)]
    assert (got[-1].fault or "").startswith("The object ends in the middle of its")
    assert got[-1].number == len(got) - 1


def test_an_object_that_is_no_gzip_is_one_fault() -> None:
    assert told(b'{"Item":{}}\n' * 10, compression="GZIP") == ["The object is no gzip file"]


def test_an_object_that_went_away_is_one_fault() -> None:
    async def collect() -> list[Any]:
        return [b async for b in read(await bucket({}), Object("gone", 5, "NONE"), JSON, same, BEGINNING)]

    assert asyncio.run(collect()) == [Batch([Entry(0, 0, None, "The object is not there any more")], 0)]


def test_batches_are_bounded() -> None:
    async def collect(body: bytes) -> list[int]:
        one = Object("o", len(body), "NONE")
        return [len(batch.entries) async for batch in read(await bucket({"o": body}), one, JSON, same, BEGINNING)]

    small = b"".join(orjson.dumps(item(number)) + b"\n" for number in range(3000))
    assert max(asyncio.run(collect(small))) == source.BATCH_RECORDS_MAX
    large = b"".join(orjson.dumps({"Item": {"pk": {"S": "x" * 300_000}}}) + b"\n" for _ in range(5))
    assert asyncio.run(collect(large)) == [1] * 5


FILES = "".join(
    f'{{"itemCount":1,"md5Checksum":"x","etag":"y","dataFileS3Key":"p/AWSDynamoDB/01-ab/data/{name}.json.gz"}}\n'
    for name in ("a", "b")
).encode()
SUMMARY = {"version": "2020-06-30", "manifestFilesS3Key": "p/AWSDynamoDB/01-ab/manifest-files.json"}


def exported(folder: str, summary: dict[str, Any] = SUMMARY) -> dict[str, bytes]:
    return {
        f"{folder}_started": b"",
        f"{folder}manifest-summary.json": orjson.dumps(summary),
        f"{folder}manifest-summary.md5": b"",
        f"{folder}manifest-files.json": FILES,
        f"{folder}manifest-files.md5": b"",
        f"{folder}data/a.json.gz": b"aa",
        f"{folder}data/b.json.gz": b"b",
        f"{folder}data/left-over.json.gz": b"c",
    }


def found(objects: dict[str, bytes], prefix: str) -> list[Object]:
    async def find() -> list[Object]:
        return await find_objects(await bucket(objects), prefix, JSON)

    return asyncio.run(find())


@pytest.mark.parametrize("prefix", ["p", "p/AWSDynamoDB/", "p/AWSDynamoDB/01-ab/manifest-files.json"])
def test_of_an_export_only_the_files_of_its_manifest_are_read(prefix: str) -> None:
    folder = "p/AWSDynamoDB/01-ab/"
    assert found(exported(folder), prefix) == [
        (f"{folder}data/a.json.gz", 2, "GZIP"),
        (f"{folder}data/b.json.gz", 1, "GZIP"),
    ]


def test_an_export_may_have_been_copied_elsewhere_and_others_are_beside_it() -> None:
    objects = exported("copy/") | {"copy-of/c.json": b"123", "manifest-summary.json.bak": b"1"}
    assert found(objects, "") == [
        ("copy-of/c.json", 3, "NONE"),
        ("copy/data/a.json.gz", 2, "GZIP"),
        ("copy/data/b.json.gz", 1, "GZIP"),
        ("manifest-summary.json.bak", 1, "NONE"),
    ]
    assert [path for path, _, _ in found(objects, "copy/data/")] == [
        f"copy/data/{n}.json.gz" for n in ("a", "b", "left-over")
    ]


@pytest.mark.parametrize(
    ("objects", "text"),
    [
        (exported("e/", SUMMARY | {"exportType": "INCREMENTAL_EXPORT"}), "The export in e/ is an incremental one"),
        (
            exported("e/", SUMMARY | {"outputFormat": "ION"}),
            "The export in e/ is in the format ION, not in DYNAMODB_JSON",
        ),
        (exported("e/") | {"e/manifest-files.json": b"{}"}, "The manifest in e/ cannot be read"),
        (exported("e/") | {"e/manifest-summary.json": b"x"}, "The manifest in e/ cannot be read"),
        (
            {path: body for path, body in exported("e/").items() if "data/b" not in path},
            "The manifest in e/ names p/AWSDynamoDB/01-ab/data/b.json.gz, which is not there",
        ),
    ],
)
def test_a_manifest_that_cannot_be_followed_is_told(objects: dict[str, bytes], text: str) -> None:
    with pytest.raises(NoManifest, match=text):
        found(objects, "")

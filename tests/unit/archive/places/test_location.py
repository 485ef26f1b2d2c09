"""One contract, held by folders, memory and an S3 that is moto's."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import boto3
import orjson
import pytest
from moto.server import ThreadedMotoServer

from stator.archive import full_copy, mark
from stator.archive.places.location import ArchiveError, Denied, Exists, Location, Missing, Unreachable
from stator.archive.verify import State, verify
from stator.items.keys import item_key
from stator.model.table import KeyAttribute, KeySchema, Table
from stator.storage.sqlite.engine import SqliteStore
from stator.storage.store import Change, Put
from stator.values.parse import parse_item

Places = Callable[[str], Location]


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


def bucket(endpoint: str, name: str) -> None:
    client = boto3.client(
        "s3", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b"
    )
    client.create_bucket(Bucket=name)
    client.close()


def url_of(endpoint: str, name: str) -> str:
    return f"s3://{name}?endpoint={endpoint}&region=us-east-1&access_key_id=a&secret_access_key=hush"


@pytest.fixture(params=["folder", "memory", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Location:
    """An empty place."""
    if request.param == "folder":
        (tmp_path / "place").mkdir()
        return Location.open(str(tmp_path / "place"))
    if request.param == "memory":
        return Location.open(f"memory://{tmp_path.name}")
    endpoint: str = request.getfixturevalue("s3")
    name = tmp_path.name.replace("_", "-").lower()[-40:].strip("-")
    bucket(endpoint, name)
    return Location.open(url_of(endpoint, name))


def run(test: Awaitable[None]) -> None:
    async def running() -> None:
        await test

    asyncio.run(running())


async def paths(place: Location, prefix: str = "") -> list[str]:
    return [found.path for found in await place.list(prefix)]


def test_what_was_put_is_got_listed_and_deleted(place: Location) -> None:
    async def test() -> None:
        assert await place.there()
        assert await place.list() == []
        await place.put("b/1", b"one")
        await place.put("a", b"")
        await place.put("b/1", b"other")
        assert await place.get("b/1") == b"other"
        assert await place.get("a") == b""
        first, second = await place.list()
        assert (first.path, first.size, second.path, second.size) == ("a", 0, "b/1", 5)
        assert second.modified > 1_700_000_000
        await place.delete("b/1")
        await place.delete("b/1")
        assert await paths(place) == ["a"]
        with pytest.raises(Missing, match="b/1"):
            await place.get("b/1")

    run(test())


def test_a_prefix_is_text_and_need_not_end_at_a_slash(place: Location) -> None:
    async def test() -> None:
        for path in ("data/import-1.csv", "data/import-2.csv", "data/other", "data/import/3", "datum", "x/data/import"):
            await place.put(path, b"x")
        imports = ["data/import-1.csv", "data/import-2.csv", "data/import/3"]
        assert await paths(place, "data/import") == imports
        assert await paths(place, "data/import-1.csv") == imports[:1]
        assert await paths(place, "data/") == [*imports, "data/other"]
        assert await paths(place, "dat") == [*imports, "data/other", "datum"]
        assert await paths(place, "no") == await paths(place, "no/") == await paths(place, "datum/") == []

    run(test())


def test_below_is_the_same_place_further_down(place: Location) -> None:
    async def test() -> None:
        below = place.below("a/b").below("c")
        assert below.url == f"{place.url}/a/b/c"
        await below.put("d/e", b"x")
        await place.put("a/b/cd", b"x")
        assert await place.get("a/b/c/d/e") == await below.get("d/e") == b"x"
        assert await paths(below) == await paths(below, "d") == ["d/e"]
        await below.delete("d/e")
        assert await paths(place) == ["a/b/cd"]

    run(test())


def test_an_object_that_must_be_new_is_put_once(place: Location) -> None:
    async def test() -> None:
        await place.put("a", b"first", if_absent=True)
        with pytest.raises(Exists, match="a exists"):
            await place.put("a", b"second", if_absent=True)
        assert await place.get("a") == b"first"
        puts = [place.put("b", str(number).encode(), if_absent=True) for number in range(8)]
        answers = await asyncio.gather(*puts, return_exceptions=True)
        assert sorted(type(answer).__name__ for answer in answers) == ["Exists"] * 7 + ["NoneType"]
        assert await place.get("b") == str(answers.index(None)).encode()

    run(test())


def test_big_objects_are_streamed_from_any_byte(place: Location) -> None:
    body = os.urandom(3_500_000)

    async def read(start: int) -> list[bytes]:
        return [block async for block in place.stream("big", start)]

    async def test() -> None:
        await place.put("big", body)
        assert b"".join(await read(0)) == body == await place.get("big")
        assert b"".join(await read(3_000_000)) == body[3_000_000:]
        with pytest.raises(Missing, match="absent"):
            await anext(aiter(place.stream("absent")))

    run(test())


def test_names_that_stores_have_trouble_with(place: Location) -> None:
    names = ["ü b/c#1", "a+b=c&d", "x%2Fy", "...", "name#12", "a/" * 20 + "deep"]

    async def test() -> None:
        for name in names:
            await place.put(name, name.encode())
        assert await paths(place) == sorted(names)
        for name in names:
            assert await place.get(name) == name.encode()
            await place.delete(name)
        assert await place.list() == []

    run(test())


@pytest.mark.parametrize("path", ["", "/a", "a/", "a//b", ".", "..", "a/../b", "../a", "a\0b"])
def test_paths_lead_down(path: str) -> None:
    place = Location.open("memory://paths")

    async def test() -> None:
        for use in (place.get(path), place.put(path, b""), place.delete(path), place.list(f"{path or '.'}/x")):
            with pytest.raises(ArchiveError, match="is no path"):
                await use

    run(test())
    with pytest.raises(ArchiveError, match="is no path"):
        place.stream(path)


def test_a_bucket_that_is_not_there_is_no_empty_bucket(s3: str, tmp_path: Path) -> None:
    async def test() -> None:
        absent = Location.open(url_of(s3, "absent"))
        assert not await absent.there()
        for use in (absent.get("a"), absent.put("a", b""), absent.put("a", b"", if_absent=True), absent.delete("a")):
            with pytest.raises(Unreachable, match="no bucket for s3://absent; make it"):
                await use
        with pytest.raises(Unreachable, match="no bucket"):
            await absent.list("a/b")
        folder = Location.open(str(tmp_path / "absent"))
        assert not await folder.there()
        assert await folder.list() == []
        with pytest.raises(Missing):
            await folder.get("a")
        await folder.put("a", b"x")  # an archive's folder is made
        assert await folder.there()

    run(test())


def test_a_store_that_does_not_answer_is_unreachable_and_tells_no_secret() -> None:
    place = Location.open("s3://bucket/pre?endpoint=http://127.0.0.1:1&region=r&access_key_id=a&secret_access_key=hush")

    async def test() -> None:
        with pytest.raises(Unreachable, match="s3://bucket/pre") as raised:
            await place.get("x")
        assert "hush" not in str(raised.value)

    run(test())
    assert place.url == "s3://bucket/pre"


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("ftp://host/x", "is no place for an archive"),
        ("s3://", "is no place for an archive"),
        ("file://host/x", "three slashes"),
        ("s3://bucket/../x", "is no path"),
        ("s3://bucket?regoin=x", "regoin"),
        ("gs://bucket?secret_access_key=hush", "s3|secret_access_key"),
    ],
)
def test_urls_that_lead_nowhere(url: str, text: str) -> None:
    with pytest.raises(ArchiveError, match=text) as raised:
        Location.open(url)
    assert "hush" not in str(raised.value)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("/srv/archive/", "/srv/archive"),
        ("file:///srv/my%20archive", "/srv/my archive"),
        ("archive", f"{Path.cwd()}/archive"),
        ("~/archive", f"{Path.home()}/archive"),
        ("memory://x/y/", "memory://x/y"),
        ("s3://user:hush@bucket/a/b/?region=x", "s3://bucket/a/b"),
        ("az://container?account_name=a", "az://container"),
    ],
)
def test_a_url_is_shown_without_secrets(url: str, shown: str) -> None:
    assert Location.open(url).url == shown


def test_memory_is_shared_by_name() -> None:
    async def test() -> None:
        await Location.open("memory://shared/a").put("x", b"1")
        assert await Location.open("memory://shared").get("a/x") == b"1"
        with pytest.raises(Missing):
            await Location.open("memory://unshared").get("a/x")

    run(test())


def test_full_copies_are_written_read_and_verified_anywhere(place: Location) -> None:
    table = Table("1", "r", "Music", "id", 1.0, {"p": "S"}, KeySchema((KeyAttribute("p", "S"),)), 1)

    async def test() -> None:
        await mark.inscribe(place, 1.0)
        store = SqliteStore.open(None)
        assert await store.create_space() == table.space
        puts = []
        for number in range(3_000):
            item, size = parse_item({"p": {"S": str(number)}, "f": {"S": "x" * 3_000}})
            puts.append(Put(item_key(table, item), size, orjson.dumps(item)))
        await store.transact([], lambda _: Change(puts=puts))
        snapshot = await store.snapshot()
        await full_copy.write(place, "backups/1/r/Music/1", snapshot, table, moment=5.0)
        await snapshot.close()
        await store.close()
        copy = await full_copy.read(place, "backups/1/r/Music/1")
        read = [line async for _, lines in full_copy.items(place, "backups/1/r/Music/1", copy) for line in lines]
        assert sorted(read) == sorted(put.value for put in puts)
        assert len(copy.chunks) == 3
        assert [finding.state async for finding in verify(place)] == [State.WHOLE] * 2
        await full_copy.remove(place, "backups/1/r/Music/1")
        assert await paths(place) == [mark.NAME]

    run(test())


def test_a_place_that_can_be_used_is_left_as_it_was(place: Location) -> None:
    async def test() -> None:
        await place.try_out()
        await place.below("further/down").try_out()
        assert await place.list() == []

    run(test())


def test_a_bucket_that_is_not_there_cannot_be_used(s3: str) -> None:
    with pytest.raises(Unreachable, match="no bucket"):
        asyncio.run(Location.open(url_of(s3, "nowhere")).try_out())


def test_a_folder_that_may_not_be_written_cannot_be_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("stator.archive.places.folder._write", refuse)
    with pytest.raises(Denied, match="Permission denied"):
        asyncio.run(Location.open(str(tmp_path / "none")).try_out())

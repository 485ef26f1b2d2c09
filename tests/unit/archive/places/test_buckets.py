"""Who may call the server chooses names and prefixes: none leads out of the buckets, or into what is no bucket."""

import asyncio
import os
import re
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stator.archive.places.buckets import Buckets
from stator.archive.places.failure import Denied
from stator.archive.places.location import ArchiveError, Location, Unreachable
from stator.config import Settings
from stator.validation.requests.import_table import BUCKET

OUTSIDE = (
    "../secret",
    "a/../../secret",
    "a/..",
    "..",
    ".",
    "/etc/passwd",
    "//etc/passwd",
    "a//b",
    "a/./b",
    "a\0b",
    "a/\0/b",
    "a/\ud800/b",
    "",
    "a/",
)


@pytest.fixture(params=["folder", "file", "memory"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Location:
    (tmp_path / "secret").write_bytes(b"secret")
    (tmp_path / "buckets" / "b").mkdir(parents=True)
    folder = f"{tmp_path}/buckets/{{bucket}}"
    urls = {"folder": folder, "file": f"file://{folder}", "memory": f"memory://{tmp_path.name}/{{bucket}}"}
    return Buckets(urls[request.param], [])("b")


@pytest.mark.parametrize("path", OUTSIDE)
def test_no_path_leads_out(place: Location, path: str) -> None:
    async def main() -> None:
        with pytest.raises(ArchiveError):
            await place.get(path)
        with pytest.raises(ArchiveError):
            await place.put(path, b"mine")
        with pytest.raises(ArchiveError):
            await anext(place.stream(path))
        with pytest.raises(ArchiveError):
            await place.delete(path)

    asyncio.run(main())


@pytest.mark.parametrize("prefix", ["../", "../s", "a/../../", "/", "/etc/", "a//", "a\0/", "a/\ud800/", "./"])
def test_no_prefix_lists_what_is_outside(place: Location, prefix: str) -> None:
    async def main() -> None:
        try:
            found = await place.list(prefix)
        except ArchiveError:
            return
        assert found == []

    asyncio.run(main())


@pytest.mark.parametrize(
    "name", ["..", ".", "../b", "a/b", "/etc", "a\n", "a\0b", "", "-a", "a%2f..%2fb", "a@b", "a?b", "~"]
)
def test_names_that_are_no_bucket(name: str) -> None:
    assert BUCKET.passes is not None
    assert not BUCKET.passes(name)
    assert BUCKET.violated(name)


@given(st.text("aZ0.-_é!", max_size=12))
def test_names_are_what_the_model_says(name: str) -> None:
    assert BUCKET.passes is not None
    assert BUCKET.passes(name) == (re.fullmatch(BUCKET.model["pattern"], name) is not None)


def test_a_name_that_is_long_and_wrong_is_refused_at_once() -> None:
    """By the model's own pattern it takes longer than anybody waits."""
    begun = time.process_time()
    assert BUCKET.violated("a" * 100_000 + "!")
    assert time.process_time() - begun < 1


@pytest.mark.parametrize("private", ["{root}/archive", "{root}/archive/deeper", "{root}", "file://{root}/archive"])
def test_a_bucket_that_is_the_archive_is_refused(tmp_path: Path, private: str) -> None:
    buckets = Buckets(f"{tmp_path}/{{bucket}}", [Location.open(private.format(root=tmp_path))])
    with pytest.raises(Denied):
        buckets("archive")


def test_a_bucket_beside_the_archive_is_not(tmp_path: Path) -> None:
    buckets = Buckets(f"{tmp_path}/{{bucket}}", [Location.open(f"{tmp_path}/archive")])
    assert buckets("archive2").url == f"{tmp_path}/archive2"
    buckets("arch")


def test_a_link_to_the_data_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "b").symlink_to(tmp_path / "data")
    with pytest.raises(Denied):
        Buckets(f"{tmp_path}/{{bucket}}", [Location.open(str(tmp_path / "data"))])("b")


def test_a_server_in_memory_keeps_its_archive_from_callers() -> None:
    settings = Settings(in_memory=True)

    async def main() -> None:
        archive = Location.open(settings.archive_url)
        await archive.put("backups/x", b"secret")
        for name in ("archive", "buckets"):
            assert await Buckets(settings.buckets_url, [archive])(name).list() == []
        await archive.delete("backups/x")

    asyncio.run(main())


@pytest.mark.parametrize("url", ["memory://{bucket}", "s3://{bucket}?region=x&access_key_id=a&secret_access_key=b"])
def test_a_bucket_of_the_archives_name_is_refused(url: str) -> None:
    archive = Location.open(url.replace("{bucket}", "archive"))
    with pytest.raises(Denied):
        Buckets(url, [archive.below("deeper")])("archive")
    Buckets(url, [archive])("archive2")


def test_pipes_and_circles_are_no_objects(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"1")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "circle").symlink_to(tmp_path)
    found = asyncio.run(Location.open(str(tmp_path)).list())
    assert [each.path for each in found] == ["a"]


def test_a_path_that_is_too_long_is_not_tried_again(tmp_path: Path) -> None:
    async def main() -> None:
        place = Location.open(str(tmp_path))
        for work in (place.put("a" * 300, b""), place.get("a" * 300), place.list("a" * 300 + "/")):
            with pytest.raises(ArchiveError) as caught:
                await work
            assert not isinstance(caught.value, Unreachable)

    asyncio.run(main())

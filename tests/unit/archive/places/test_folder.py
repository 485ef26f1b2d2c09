"""What only folders promise: files that survive the power, and nothing half written under a name."""

import asyncio
import errno
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Awaitable
from pathlib import Path
from typing import Any

import pytest

from stator.archive.places.folder import STAGING, Folder
from stator.archive.places.location import Denied, Exists, Location, Missing, Unreachable


def run(test: Awaitable[Any]) -> Any:
    async def running() -> Any:
        return await test

    return asyncio.run(running())


def put(folder: Folder, path: str, body: bytes, if_absent: bool = False) -> None:
    run(folder.put(path, body, if_absent=if_absent, lasting=True))


def files(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


@pytest.mark.parametrize("if_absent", [False, True])
def test_the_file_is_synced_before_it_has_its_name_and_its_folders_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, if_absent: bool
) -> None:
    root, done = tmp_path / "new" / "root", []
    fsync, link, replace, mkdir = os.fsync, os.link, Path.replace, Path.mkdir

    def synced(handle: int) -> None:
        path = Path(f"/proc/self/fd/{handle}").readlink()
        done.append(f"sync {'written' if path.parent.name == STAGING else path.relative_to(tmp_path)}")
        fsync(handle)

    def linked(source: Path, target: Path) -> None:
        done.append("name")
        link(source, target)

    def replaced(source: Path, target: Path) -> Path:
        done.append("name")
        return replace(source, target)

    def made(path: Path, **options: Any) -> None:
        done.append(f"make {path.relative_to(tmp_path)}")
        mkdir(path, **options)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "link", linked)
    monkeypatch.setattr(Path, "replace", replaced)
    monkeypatch.setattr(Path, "mkdir", made)
    put(Folder(root), "a/b", b"x", if_absent)
    assert done == [
        "make new",
        "sync .",
        "make new/root",
        "sync new",
        f"make new/root/{STAGING}",
        "sync new/root",
        "sync written",
        "make new/root/a",
        "sync new/root",
        "name",
        "sync new/root/a",
    ]


def test_files_that_count_together_are_synced_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, done = Folder(tmp_path), []
    put(folder, "a/first", b"x")
    fsync = os.fsync

    def synced(handle: int) -> None:
        done.append(str(Path(f"/proc/self/fd/{handle}").readlink().relative_to(tmp_path)))
        fsync(handle)

    monkeypatch.setattr(os, "fsync", synced)
    paths = ["a/1", "a/2"]
    for path in paths:
        run(folder.put(path, path.encode(), if_absent=False, lasting=False))
    assert done == []
    assert [run(folder.get(path)) for path in paths] == [b"a/1", b"a/2"]
    run(folder.settle(paths))
    assert done == [*paths, "a"]
    with pytest.raises(Missing):
        run(folder.settle(["a/1", "a/3"]))


@pytest.mark.parametrize("fault", ["write", "fsync", "replace"])
def test_a_disk_that_is_full_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    folder = Folder(tmp_path)
    put(folder, "a", b"old")

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        if fault == "write":
            patch.setattr(os, "fdopen", full)
        elif fault == "fsync":
            patch.setattr(os, "fsync", full)
        else:
            patch.setattr(Path, "replace", full)
        with pytest.raises(Unreachable, match="No space left"):
            put(folder, "a", b"new")
    assert files(tmp_path) == ["a"]
    assert (tmp_path / "a").read_bytes() == b"old"


def test_files_are_for_their_owner_alone(tmp_path: Path) -> None:
    put(Folder(tmp_path / "root"), "a/b", b"x")
    modes = {oct((tmp_path / path).stat().st_mode & 0o777) for path in ("root", "root/a", f"root/{STAGING}")}
    assert modes == {"0o700"}
    assert oct((tmp_path / "root/a/b").stat().st_mode & 0o777) == "0o600"


def test_without_hard_links_an_object_is_still_put_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: Any) -> None:
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr(os, "link", unknown)
    folder = Folder(tmp_path)
    put(folder, "a", b"first", if_absent=True)
    with pytest.raises(Exists):
        put(folder, "a", b"second", if_absent=True)
    assert (tmp_path / "a").read_bytes() == b"first"


def test_a_file_system_that_cannot_sync_folders_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fsync = os.fsync

    def synced(handle: int) -> None:
        if Path(f"/proc/self/fd/{handle}").readlink().is_dir():
            raise OSError(errno.EINVAL, "no folders")
        fsync(handle)

    monkeypatch.setattr(os, "fsync", synced)
    put(Folder(tmp_path), "a", b"x")
    assert (tmp_path / "a").read_bytes() == b"x"


def test_folders_that_are_empty_go_and_the_root_stays(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    put(folder, "a/b/c/1", b"x")
    put(folder, "a/2", b"x")
    run(folder.delete("a/b/c/1"))
    assert sorted(path.name for path in tmp_path.iterdir()) == [STAGING, "a"]
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["2"]
    run(folder.delete("a/2"))
    run(folder.delete("a/2/3"))
    assert [path.name for path in tmp_path.iterdir()] == [STAGING]


def test_puts_beside_deletes_that_take_folders_away(tmp_path: Path) -> None:
    place = Location.open(str(tmp_path))

    async def busy(name: str) -> None:
        for _ in range(60):
            await place.put(f"a/b/{name}", b"x")
            await place.delete(f"a/b/{name}")

    async def test() -> None:
        await asyncio.gather(*(busy(name) for name in "1234"))
        assert await place.list() == []

    run(test())


def test_a_path_through_a_file_cannot_be_written(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    put(folder, "a", b"x")
    put(folder, "b/c", b"x")
    for path in ("a/b", "a/b/c", "b"):
        with pytest.raises(Unreachable, match="part of its path"):
            put(folder, path, b"x")
    with pytest.raises(Missing):
        run(folder.get("b"))
    run(folder.delete("a/b"))
    assert files(tmp_path) == ["a", "b/c"]


def test_a_folder_that_may_not_be_read_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: Any) -> bytes:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(Path, "read_bytes", refused)
    with pytest.raises(Denied, match="Permission denied; give"):
        run(Folder(tmp_path).get("a"))


def test_what_a_dead_process_left_is_swept_after_a_day(tmp_path: Path) -> None:
    staging = tmp_path / STAGING
    staging.mkdir()
    (staging / "old").write_bytes(b"x")
    (staging / "new").write_bytes(b"x")
    day_old = time.time() - 90_000
    os.utime(staging / "old", (day_old, day_old))
    folder = Folder(tmp_path)
    assert run(folder.list("")) == []
    put(folder, "a", b"x")
    assert files(tmp_path) == [f"{STAGING}/new", "a"]


def test_the_loop_is_not_held_up_by_a_slow_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reached, go_on = threading.Event(), threading.Event()
    fsync = os.fsync

    def slow(handle: int) -> None:
        reached.set()
        assert go_on.wait(10)
        fsync(handle)

    monkeypatch.setattr(os, "fsync", slow)

    async def test() -> None:
        putting = asyncio.ensure_future(Folder(tmp_path).put("a", b"x", if_absent=False, lasting=True))
        while not reached.is_set():  # noqa: ASYNC110 (that the loop goes round is what is tested)
            await asyncio.sleep(0)
        assert not putting.done()
        go_on.set()
        await putting

    run(test())


_WRITER = """
import asyncio, sys
from stator.archive.places.location import Location
async def write():
    place, number = Location.open(sys.argv[1]), 0
    while True:
        number += 1
        await place.put(f"objects/{number % 7}", b"%09d" % number * 100_000)
        print(number, flush=True)
asyncio.run(write())
"""


def test_killed_at_any_moment_no_object_is_half_written(tmp_path: Path) -> None:
    root = tmp_path / "root"
    place = Location.open(str(root))
    for round_ in range(3):
        command = [sys.executable, "-c", _WRITER, str(root)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            acknowledged = [int(process.stdout.readline()) for _ in range(5 + round_)]
            process.send_signal(signal.SIGKILL)
        found = [run(place.get(one.path)) for one in run(place.list())]
        numbers = {int(body[:9]) for body in found if body == body[:9] * 100_000}
        assert len(numbers) == len(found)
        assert max(numbers) >= acknowledged[-1]

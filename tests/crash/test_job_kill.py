"""Every kind of job survives kill -9 at any instant: a server that is started again goes on with it, and what it leaves
in the end is what it would have left.

STATOR_KILLS says how often each kind is killed (2 without it; the bar is 10), STATOR_KILL_SEED when, STATOR_JOB_ITEMS
how many items the table has (2,000 without it).
"""

import asyncio
import os
import random
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from stator.archive.places.location import Location
from stator.archive.verify import Finding, State, verify
from stator.doctor import doctor
from tests.crash.server_process import PlainClient, ServerProcess
from tests.crash.works import KEYS, TABLE, WORKS, Place, asked, fill

KILLS = int(os.environ.get("STATOR_KILLS", "2"))
SEED = int(os.environ.get("STATOR_KILL_SEED", "1"))
ITEMS = int(os.environ.get("STATOR_JOB_ITEMS", "2000"))
SECONDS_MAX = 60 + ITEMS / 500


class Scene:
    """One server after another on one data directory."""

    def __init__(self, path: Path) -> None:
        self.place = Place(path / "data", ITEMS)
        self.log = path / "log"
        self.server: ServerProcess | None = None
        self.client: PlainClient | None = None

    def start(self) -> PlainClient:
        self.server = ServerProcess(self.place.data_dir, self.log).wait_until_ready()
        self.client = PlainClient(self.server.port)
        return self.client

    def kill(self) -> None:
        assert self.server is not None
        assert self.client is not None
        self.client.close()
        self.server.kill()
        self.server = None

    def stop(self) -> None:
        assert self.server is not None
        assert self.client is not None
        self.client.close()
        assert self.server.terminate() == 0
        self.server = None

    def end(self) -> None:
        if self.server is not None:
            self.kill()


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with a filled table, to begin with a copy of it."""
    scene = Scene(tmp_path_factory.mktemp("filled"))
    try:
        client = scene.start()
        asked(client, "CreateTable", TableName=TABLE, **KEYS)
        fill(client, TABLE, ITEMS)
        scene.stop()
    finally:
        scene.end()
    return scene.place.data_dir


@pytest.fixture
def scene(tmp_path: Path, filled: Path) -> Iterator[Scene]:
    one = Scene(tmp_path)
    shutil.copytree(filled, one.place.data_dir)
    yield one
    one.end()


def check_archive(place: Place) -> None:
    """Nothing in the archive is damaged, and what is of no use counts as nothing."""

    async def look() -> list[Finding]:
        return [finding async for finding in verify(Location.open(f"{place.data_dir}-archive"))]

    findings = asyncio.run(look())
    assert [finding for finding in findings if finding.state is State.FAULT] == []
    assert any(finding.state is State.WHOLE for finding in findings)


def wait(client: PlainClient, kind: str, name: str) -> None:
    deadline = time.monotonic() + SECONDS_MAX
    while WORKS[kind].state(client, name) is None:
        assert time.monotonic() < deadline, f"{kind} {name} does not end"
        time.sleep(0.02)


@pytest.mark.slow
@pytest.mark.parametrize("kind", WORKS)
def test_a_job_goes_on_after_kills(scene: Scene, kind: str) -> None:
    work, rng = WORKS[kind], random.Random(f"{SEED}{kind}")
    client = scene.start()
    work.prepare(scene.place, client)
    began = time.monotonic()
    names = [work.wish(scene.place, client, 0)]
    wait(client, kind, names[0])
    seconds = time.monotonic() - began  # what it takes undisturbed
    hit = missed = 0
    while hit < KILLS and missed < 4 * KILLS:
        if work.state(client, names[-1]) is not None:
            names.append(work.wish(scene.place, client, len(names)))
        time.sleep(rng.uniform(0, seconds))
        if work.state(client, names[-1]) is None:
            hit += 1
        else:
            missed += 1
            seconds *= 0.8
        scene.kill()
        client = scene.start()
    for name in names:
        wait(client, kind, name)
    work.check(scene.place, client, names)
    scene.stop()
    assert doctor(scene.place.data_dir) == []
    if kind not in ("import", "bulk"):
        check_archive(scene.place)
    told = scene.log.read_text()
    assert "Traceback" not in told, told[-3000:]
    assert hit == KILLS, f"{hit} kills hit a job under way, {missed} came after its end"
    print(f"{kind}: {hit} kills of {len(names)} jobs, {missed} after their end")  # noqa: T201  with -s


@pytest.mark.slow
@pytest.mark.parametrize("kind", WORKS)
def test_a_job_goes_on_after_graceful_stops(scene: Scene, kind: str) -> None:
    work = WORKS[kind]
    client = scene.start()
    work.prepare(scene.place, client)
    name = work.wish(scene.place, client, 0)
    for pause in (0.0, 0.02, 0.1):
        time.sleep(pause)
        began = time.monotonic()
        scene.stop()
        assert time.monotonic() - began < 20
        client = scene.start()
    wait(client, kind, name)
    work.check(scene.place, client, [name])
    scene.stop()
    assert doctor(scene.place.data_dir) == []
    assert "Traceback" not in scene.log.read_text()

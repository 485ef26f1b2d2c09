"""Making exports, on an engine in memory, against a log of what was written."""

import asyncio
import gzip
import json
import random
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from hashlib import md5
from pathlib import Path
from typing import Any
from unittest.mock import patch
from uuid import uuid4

import pytest
from msgspec.structs import replace

from stator.archive import full_copy, ion
from stator.archive.chains import chain, segment
from stator.archive.chains.chain import ChainRecord, Head
from stator.archive.exports import exports
from stator.archive.job import COMPLETED, FAILED, Job
from stator.archive.jobs import Jobs
from stator.archive.places.failure import Denied
from stator.archive.places.location import Location
from stator.clock import ManualClock
from stator.items.decide import NO_GUARD, DeleteWrite, PutWrite
from stator.items.keys import item_key
from stator.journal.record import LANES
from stator.model.table import KeyAttribute, KeySchema, Recovery, Table
from stator.services.exports import export
from stator.services.exports import output as export_output
from stator.services.exports import source as export_source
from stator.services.exports.export import ExportRunner
from stator.services.jobs import JobRunner
from stator.services.parts import JobParts
from stator.storage.failure import StoreBusy
from stator.storage.sqlite.engine import SqliteStore
from stator.tables import lifecycle
from stator.tables.catalog import Catalog, Edit
from stator.tables.journaling import ARCHIVE, require
from stator.values.attribute import Item
from stator.values.parse import parse_item

ACCOUNT, REGION, NAME = "123456789012", "eu-west-1", "things"
BUCKET = "bucket"

State = dict[str, Item]

EIGHTH = 0.125  # a whole number of milliseconds that a float has exactly


class House:
    """A table that can be recovered, an archive, a bucket, and a log of every state that the table had."""

    def __init__(self, store: SqliteStore, catalog: Catalog, clock: ManualClock, bucket: Location) -> None:
        self.store, self.catalog, self.clock, self.bucket = store, catalog, clock, bucket
        self.archive = Location.open(f"memory://{uuid4()}")
        self.jobs = Jobs(store, clock, "me")
        self.parts = replace(
            JobParts.furnish(catalog, store, clock, steady=clock, jobs=self.jobs, archive=self.archive),
            buckets=lambda name: bucket,
        )
        self.writer = self.parts.writer
        self.runner = JobRunner(self.parts, self.jobs, {exports.KIND: ExportRunner(self.parts).run})
        self.log: list[tuple[float, State]] = []  # the state from each time on
        self.copies = 0

    @property
    def table(self) -> Table:
        return self.catalog.get(ACCOUNT, REGION, NAME)

    async def create(self) -> None:
        (space,) = await self.catalog.create_spaces(1)
        keys = KeySchema((KeyAttribute("pk", "S"),))
        table = Table(ACCOUNT, REGION, NAME, str(uuid4()), self.clock(), {"pk": "S"}, keys, space, on_demand=True)
        table = require(replace(table, recovery=Recovery(self.clock(), 35)), ARCHIVE)
        await self.catalog.change(ACCOUNT, REGION, NAME, lambda _: Edit(lifecycle.create(table, self.clock())))
        self.log.append((self.clock(), {}))

    async def put(self, pk: str, **members: Any) -> None:
        item, size = parse_item({"pk": {"S": pk}} | members)
        await self.writer.commit(PutWrite(self.table, item_key(self.table, item), item, size))
        self._log(pk, item)

    async def delete(self, pk: str) -> None:
        await self.writer.commit(DeleteWrite(self.table, item_key(self.table, {"pk": {"S": pk}}), NO_GUARD))
        self._log(pk, None)

    async def write_at_random(self, chance: random.Random, count: int) -> None:
        for number in range(count):
            pk = f"{chance.randrange(20)}"
            if chance.random() < 0.3:
                await self.delete(pk)
            else:
                await self.put(pk, n={"N": str(number)}, s={"SS": [f"{chance.random()}"]})
            self.clock.advance(chance.choice((0, EIGHTH, 1, 60)))

    def state(self, time: float) -> State:
        """What the table held at `time`, changes of that millisecond included."""
        return [state for since, state in self.log if round(since * 1000) <= round(time * 1000)][-1]

    def _log(self, pk: str, item: Item | None) -> None:
        state = {name: each for name, each in self.log[-1][1].items() if name != pk}
        if item is not None:
            state[pk] = item
        self.log.append((self.clock(), state))

    async def copy(self) -> None:
        """A full copy into the table's chain."""
        snapshot = await self.store.snapshot()
        path = chain.copy_path(chain.prefix_of(self.table), round(self.clock() * 1000))
        await full_copy.write(self.archive, path, snapshot, self.table, moment=self.clock())
        await snapshot.close()

    async def seal(self) -> None:
        """Put the whole journal into the table's chain."""
        table, prefix = self.table, chain.prefix_of(self.table)
        assert table.recovery is not None
        lasts = []
        for lane in range(LANES):
            records = await self.store.changes(table.space, lane, 0, 1_000_000)
            lasts.append(records[-1].sequence if records else 0)
            for first in range(0, len(records), 7):
                made, body = segment.pack(records[first : first + 7])
                await self.archive.put(f"{prefix}/{made.path}", body)
        record = ChainRecord(table, table.recovery.since, (0,) * LANES, empty=True)
        await self.archive.put(f"{prefix}/{chain.RECORD}", chain.encode(record))
        head = Head(round(self.clock() * 1000), tuple(lasts))
        await self.archive.put(f"{prefix}/{chain.HEAD}", chain.encode_head(head))

    async def begin(self, **request: Any) -> Job:
        whole = {"TableArn": self.table.arn, "S3Bucket": BUCKET} | request
        exports.check_request(whole)
        return await self.jobs.add(exports.begin(whole, self.table, self.clock()))

    async def finish(self, job: Job) -> Job:
        await self.runner.run_once()
        await self.runner.settle()
        found = self.jobs.find(job.kind, job.account, job.region, job.id)
        assert found is not None
        return found

    async def export(self, **request: Any) -> Job:
        return await self.finish(await self.begin(**request))

    async def read(self, job: Job) -> list[dict[str, Any]]:
        """The lines of a finished export, found and checked as its readers do: by the manifests."""
        assert (job.state, job.failure) == (COMPLETED, None)
        summary = json.loads(await self.object(exports.describe(job)["ExportManifest"]))
        assert await self.object(exports.describe(job)["ExportManifest"].replace(".json", ".md5"))
        lines: list[dict[str, Any]] = []
        for entry in (await self.object(summary["manifestFilesS3Key"])).splitlines():
            file = json.loads(entry)
            body = await self.object(file["dataFileS3Key"])
            assert b64encode(md5(body).digest()).decode() == file["md5Checksum"]
            assert md5(body).hexdigest() == file["etag"]
            found = gzip.decompress(body).splitlines()
            assert len(found) == file["itemCount"]
            if summary["outputFormat"] == "ION":
                lines += [{name: each["M"] for name, each in (ion.parse_line(line) or {}).items()} for line in found]
            else:
                lines += map(json.loads, found)
        assert len(lines) == summary["itemCount"] == exports.describe(job)["ItemCount"]
        return lines

    async def items(self, job: Job) -> State:
        lines = await self.read(job)
        state = {line["Item"]["pk"]["S"]: parse_item(line["Item"])[0] for line in lines}
        assert len(state) == len(lines)
        return state

    async def object(self, key: str) -> bytes:
        return await self.bucket.get(key)


@asynccontextmanager
async def opened(bucket: Location) -> AsyncIterator[House]:
    clock = ManualClock()
    store = SqliteStore.open(None)
    try:
        house = House(store, await Catalog.open(store, clock), clock, bucket)
        await house.jobs.load()
        await house.create()
        yield house
    finally:
        await store.close()


def play(scene: Callable[[House], Awaitable[None]], bucket: Location | None = None) -> None:
    async def run() -> None:
        async with opened(bucket or Location.open(f"memory://{uuid4()}")) as house:
            await scene(house)

    asyncio.run(run())


@pytest.mark.parametrize("seed", range(6))
def test_the_items_of_any_time_from_the_store_and_from_the_archive(seed: int) -> None:
    async def scene(house: House) -> None:
        chance = random.Random(seed)
        await house.write_at_random(chance, 40)
        if seed % 2:
            await house.copy()
        await house.write_at_random(chance, 40)
        if seed % 3:
            await house.copy()
        await house.write_at_random(chance, 40)
        await house.seal()
        first = house.log[0][0]
        times = [first, house.clock(), *(first + chance.random() * (house.clock() - first) for _ in range(10))]
        for time in (int(time / EIGHTH) * EIGHTH for time in times):
            for live_seconds in (10_000_000, -1):
                with patch.object(export, "LIVE_SECONDS_MAX", live_seconds):
                    job = await house.export(ExportTime=time)
                assert await house.items(job) == house.state(time), (time, live_seconds)

    play(scene)


def test_an_export_without_a_time_is_of_the_moment_of_its_request() -> None:
    async def scene(house: House) -> None:
        for number in range(300):
            await house.put(f"{number}", n={"N": "1"})
        house.clock.advance(1)
        job = await house.begin()
        before = house.state(house.clock())
        house.clock.advance(EIGHTH)
        for number in range(0, 600, 2):
            await house.put(f"{number}", n={"N": "2"})
        for number in range(100):
            await house.delete(f"{number}")
        job = await house.finish(job)
        assert await house.items(job) == before
        told = exports.describe(job)
        assert told["BilledSizeBytes"] == sum(parse_item(item)[1] for item in before.values())
        assert told["ExportManifest"] == f"AWSDynamoDB/{job.id}/manifest-summary.json"
        assert await house.object(f"AWSDynamoDB/{job.id}/_started") == b""

    play(scene)


def test_an_empty_table_has_an_empty_file() -> None:
    async def scene(house: House) -> None:
        job = await house.export(S3Prefix="some/where")
        assert await house.items(job) == {}
        (found,) = await house.bucket.list(f"some/where/AWSDynamoDB/{job.id}/data/")
        assert gzip.decompress(await house.object(found.path)) == b""

    play(scene)


def test_ion_says_the_same() -> None:
    async def scene(house: House) -> None:
        await house.write_at_random(random.Random(7), 60)
        assert await house.items(await house.export(ExportFormat="ION")) == house.state(house.clock())

    play(scene)


def test_a_filter_and_a_projection() -> None:
    async def scene(house: House) -> None:
        for number in range(50):
            await house.put(f"{number}", n={"N": f"{number}"}, rest={"S": "x"})
        job = await house.export(
            FilterSpecification={
                "FilterExpression": "n < :n",
                "ProjectionExpression": "n",
                "ExpressionAttributeValues": {":n": {"N": "3"}},
            }
        )
        assert sorted(line["Item"]["n"]["N"] for line in await house.read(job)) == ["0", "1", "2"]
        job = await house.export(
            FilterSpecification={
                "KeyConditionExpression": "pk = :p",
                "ExpressionAttributeValues": {":p": {"S": "17"}},
            }
        )
        assert list(await house.items(job)) == ["17"]

    play(scene)


def changes(house: House, since: float, until: float) -> dict[str, tuple[Item | None, Item | None]]:
    """By key what the items that were written in between were before and after."""
    before = [state for time, state in house.log if round(time * 1000) < round(since * 1000)]
    old = before[-1] if before else {}
    after = [state for time, state in house.log if round(time * 1000) < round(until * 1000)]
    new = after[-1] if after else {}
    written: set[str] = set()
    for (_, left), (time, right) in zip(house.log, house.log[1:], strict=False):
        if round(since * 1000) <= round(time * 1000) < round(until * 1000):
            written |= {pk for pk in left.keys() | right.keys() if left.get(pk) is not right.get(pk)}
    found = {pk: (old.get(pk), new.get(pk)) for pk in written}
    return {pk: images for pk, images in found.items() if images != (None, None)}


@pytest.mark.parametrize("view", ["NEW_AND_OLD_IMAGES", "NEW_IMAGE"])
@pytest.mark.parametrize("format", ["DYNAMODB_JSON", "ION"])
def test_what_changed_in_between(view: str, format: str) -> None:
    async def scene(house: House) -> None:
        chance = random.Random(view)
        await house.write_at_random(chance, 300)
        house.clock.advance(3600)
        await house.seal()
        first = house.log[0][0]
        for _ in range(5):
            since = int((first + chance.random() * (house.clock() - first - 3600)) / EIGHTH) * EIGHTH
            until = min(house.clock(), since + chance.randrange(900, 7200))
            window = {"ExportFromTime": since, "ExportToTime": until, "ExportViewType": view}
            job = await house.export(
                ExportType="INCREMENTAL_EXPORT", ExportFormat=format, IncrementalExportSpecification=window
            )
            expected = changes(house, since, until)
            lines = await house.read(job)
            assert {line["Keys"]["pk"]["S"] for line in lines} == set(expected)
            for line in lines:
                old, new = expected[line["Keys"]["pk"]["S"]]
                images = {
                    name: parse_item(line[name])[0] if name in line else None for name in ("OldImage", "NewImage")
                }
                assert images == {"OldImage": old if view != "NEW_IMAGE" else None, "NewImage": new}
                micros = parse_item(line["Metadata"])[0]["WriteTimestampMicros"]["N"]
                assert since <= int(micros) / 1_000_000 < until
            assert exports.describe(job)["BilledSizeBytes"] == 10_000_000
            places = [found.path for found in await house.bucket.list("AWSDynamoDB/data/")]
            assert places

    play(scene)


class Breaking:
    """Ends the process, as it were, at the n-th object that is put."""

    def __init__(self, bucket: Location, after: int) -> None:
        self.bucket, self.left = bucket, after
        self.late = after % 2  # or rather just after it

    async def put(self, path: str, body: bytes) -> None:
        self.left -= 1
        if self.left < 0:
            raise RuntimeError("killed")
        await self.bucket.put(path, body)
        if self.left == 0 and self.late:
            raise RuntimeError("killed")

    async def there(self) -> bool:
        return True


def breaking(bucket: Location, after: int) -> Callable[[str], Any]:
    return lambda name: Breaking(bucket, after)


@pytest.mark.parametrize("incremental", [False, True])
@pytest.mark.parametrize("later", [60, 7200])
def test_it_goes_on_where_it_stopped(incremental: bool, later: float) -> None:
    """Interrupted at each object it puts, and then from the store or from the archive."""

    async def scene(house: House) -> None:
        for number in range(200):
            await house.put(f"{number}", n={"N": f"{number}"})
        house.clock.advance(1000)
        request: dict[str, Any] = {}
        if incremental:
            window = {"ExportFromTime": house.log[0][0], "ExportToTime": house.clock()}
            request = {"ExportType": "INCREMENTAL_EXPORT", "IncrementalExportSpecification": window}
        job = await house.begin(**request)
        expected = house.state(house.clock())
        house.clock.advance(later)
        for number in range(0, 300, 3):
            await house.put(f"{number}", n={"N": "0"})
            await house.delete(f"{number + 1}")
        await house.seal()
        await house.copy()
        after, failures = 0, 0
        while True:
            broken = replace(house.parts, buckets=breaking(house.bucket, after))
            runner = JobRunner(broken, house.jobs, {exports.KIND: ExportRunner(broken).run})
            await runner.run_once()
            await runner.settle()
            found = house.jobs.find(job.kind, job.account, job.region, job.id)
            assert found is not None
            if found.finished:
                break
            failures += 1
            after = 1 + failures % 7
        assert failures > 4
        if incremental:
            found_items = {line["Keys"]["pk"]["S"]: line["NewImage"] for line in await house.read(found)}
        else:
            found_items = await house.items(found)
        assert found_items == expected
        folder = "AWSDynamoDB/data/" if incremental else f"AWSDynamoDB/{job.id}/data/"
        assert len(await house.bucket.list(folder)) == len(found.progress["files"])  # nothing is left over
        assert len(found.progress["files"]) > 5

    with (
        patch.object(export_output, "PLAIN_BYTES_MAX", 1000),
        patch.object(export_source, "_PAGE_ROWS", 10),
        patch.object(export_source, "_LINES_AT_ONCE", 10),
        patch("stator.archive.chains.overlay.ENTRIES_MAX", 10),
        patch.object(export_source, "ENTRIES_MAX", 10),
    ):
        play(scene)


def test_a_file_that_could_not_be_written_down_is_made_again() -> None:
    async def scene(house: House) -> None:
        for number in range(100):
            await house.put(f"{number}", n={"N": "1"})
        job = await house.begin()
        save, calls = house.jobs.save, 0

        async def fail_at_times(job: Job, **progress: Any) -> Job:
            nonlocal calls
            calls += 1
            if calls % 2:
                raise StoreBusy
            return await save(job, **progress)

        with patch.object(house.jobs, "save", fail_at_times):
            while not (await house.finish(job)).finished:
                house.clock.advance(60)
        assert await house.items(await house.finish(job)) == house.state(job.created)
        assert calls > 5

    with patch.object(export_output, "PLAIN_BYTES_MAX", 500), patch.object(export_source, "_PAGE_ROWS", 10):
        play(scene)


def test_a_bucket_that_is_not_there(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def scene(house: House) -> None:
        job = await house.export()
        assert (job.state, job.failure) == (FAILED, ("S3NoSuchBucket", "The specified bucket does not exist"))
        assert not (tmp_path / "absent").exists()
        assert f"there is no bucket {tmp_path}/absent: make it" in caplog.text

    play(scene, Location.open(str(tmp_path / "absent")))


def test_a_bucket_that_refuses() -> None:
    async def scene(house: House) -> None:
        async def refuse(path: str, body: bytes) -> None:
            raise Denied("no")

        with patch.object(house.bucket, "put", refuse):
            job = await house.export()
        assert (job.state, job.failure) == (FAILED, ("S3AccessDenied", "Access Denied: no"))

    play(scene)


def test_what_the_archive_lacks() -> None:
    async def scene(house: House) -> None:
        await house.put("1")
        house.clock.advance(10_000)
        await house.put("1")
        prefix = chain.prefix_of(house.table)
        await house.seal()
        for found in await house.archive.list(f"{prefix}/segments/"):
            await house.archive.delete(found.path)
        job = await house.begin(ExportTime=house.log[0][0] + 1)
        record = await house.archive.get(f"{prefix}/{chain.RECORD}")
        late = replace(chain.decode(record), since=house.clock())
        await house.archive.put(f"{prefix}/{chain.RECORD}", chain.encode(late))
        job = await house.finish(job)
        assert job.failure is not None
        assert job.failure[0] == "PointInTimeRecoveryUnavailable"

    play(scene)


def test_where_the_journal_was_cut_the_archive_helps_out() -> None:
    async def scene(house: House) -> None:
        for number in range(100):
            await house.put(f"{number % 20}", n={"N": f"{number}"})
            house.clock.advance(1)
        time = house.clock() - 50
        await house.seal()
        for lane in range(LANES):
            records = await house.store.changes(house.table.space, lane, 0, 1000)
            await house.store.trim(house.table.space, lane, records[-1].sequence)
        assert await house.items(await house.export(ExportTime=time)) == house.state(time)

    play(scene)

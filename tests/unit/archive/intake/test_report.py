"""Reports of jobs: rows of the store until they are in files, and the tally they are part of."""

import asyncio
import json
from collections.abc import Sequence

from stator.archive.intake.intake import Tally, bulk_arn, error_log, import_arn, parse_tally
from stator.archive.intake.report import Report, add_lines, parse_report, read_lines, sweep
from stator.archive.intake.splitter import Place
from stator.archive.job import Job
from stator.storage.sqlite.engine import SqliteStore
from stator.storage.store import Change, Key, Put, Row

JOB = Job("bulk", "01750000000000-0a0b0c0d", "000000000001", "eu-west-1", "things")
OTHER = Job("bulk", "01750000000000-0a0b0c0e", "000000000001", "eu-west-1", "things")


def test_lines_are_read_in_order_until_they_are_swept_away() -> None:
    async def run() -> None:
        store = SqliteStore.open(None)

        async def write(puts: Sequence[Put] = (), deletes: Sequence[Key] = ()) -> None:
            await store.transact((), lambda rows: Change(puts, deletes))

        report = other = Report()
        for number in range(300):
            report, put = add_lines(JOB, "errors", report, [b"%d" % number, b"x" * 2000])
            other, more = add_lines(OTHER, "errors", other, [b"other"])
            await write([put, more])
        assert (report.lines, report.waiting, report.rows) == (600, 600, 300)
        expected = b"".join(b"%d\n%s\n" % (number, b"x" * 2000) for number in range(300))
        assert await read_lines(store, JOB, "errors", report) == expected
        report = report.emptied("md5")
        report, put = add_lines(JOB, "errors", report, [b"late"])
        await write([put])
        assert (report.waiting, report.files) == (1, ((600, "md5"),))
        steps = 0
        while report.gone < report.first:
            report, gone = sweep(JOB, "errors", report)
            await write(deletes=gone)
            steps += 1
        assert steps > 1
        assert await read_lines(store, JOB, "errors", report) == b"late\n"
        assert await read_lines(store, OTHER, "errors", other) == b"other\n" * 300
        rows: list[Row | None] = await store.get(sweep(JOB, "errors", Report(rows=300, first=300))[1])
        assert rows == [None] * len(rows)
        await store.close()

    asyncio.run(run())


def test_a_tally_comes_back_from_the_row_of_its_job() -> None:
    tally = Tally(
        path="a/b",
        place=Place(17, 3),
        done=True,
        stored=5,
        stored_before=6,
        plain_before=7,
        total=8,
        processed=9,
        written=4,
        failed=3,
        refused=2,
        usage={"": 5, "by-g": 6},
        reports={"errors": Report(3, 2, 1, 40, 9, ((4, "md5"), (5, "md6")))},
    )
    assert parse_tally(json.loads(json.dumps(tally.render()))) == tally
    assert parse_tally({}) == parse_tally({"lease": "of others"}) == Tally()
    assert parse_report(None) == Report()


def test_objects_before_the_one_at_hand_are_done() -> None:
    tally = Tally(path="b", place=Place(10, 2), stored=4)
    assert [tally.has_read(path) for path in ("a", "b", "c")] == [True, False, False]
    assert tally.begun("b") == tally
    after = tally.begun("c")
    assert (after.place, after.stored_bytes, after.plain_bytes) == (Place(0, 0), 4, 10)
    assert Tally(path="b", done=True).has_read("b")


def test_names() -> None:
    lead = "arn:aws:dynamodb:eu-west-1:000000000001:table/things"
    assert import_arn(JOB) == f"{lead}/import/{JOB.id}"
    assert bulk_arn(JOB) == f"{lead}/bulk-operation/{JOB.id}"
    assert error_log(JOB) == f"logs/000000000001/eu-west-1/aws-dynamodb/imports/{JOB.id}/error"

"""One look at all tables: what is measured, what is changed in one call, who is told."""

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest

from stator.autoscaling.dynamic.configuration import parse
from stator.cli.client import Refused
from stator.cli.complaint import Complaint
from stator.cli.endpoint import Endpoint, Keys
from stator.cli.scaling.breaker import is_closed
from stator.cli.scaling.gauges import Gauges
from stator.cli.scaling.notices import Notices
from stator.cli.scaling.watch import Watch

NOON = 1_800_000_000 // 86400 * 86400 + 43_200.0
ENDPOINT = Endpoint("http://127.0.0.1:1", "us-east-1", Keys("a", "b"))


class World:
    """A DynamoDB and its CloudWatch. `sums` has units a minute, by table (or table/index) and metric."""

    def __init__(self, **tables: dict[str, Any]) -> None:
        self.tables = tables
        self.sums: dict[tuple[str, str], float] = {}
        self.updates: list[dict[str, Any]] = []
        self.refusals: list[Refused] = []
        self.asked: list[dict[str, Any]] = []
        self.pages = 2

    def call(self, operation: str, members: dict[str, Any]) -> dict[str, Any]:
        return getattr(self, f"_{operation}")(members)  # type: ignore[no-any-return]

    def _ListTables(self, members: dict[str, Any]) -> dict[str, Any]:
        names = sorted(name for name in self.tables if name > members.get("ExclusiveStartTableName", ""))
        page = names[: self.pages]
        return {"TableNames": page} | ({"LastEvaluatedTableName": page[-1]} if len(names) > len(page) else {})

    def _DescribeTable(self, members: dict[str, Any]) -> dict[str, Any]:
        return {"Table": self.tables[members["TableName"]]}

    def _UpdateTable(self, members: dict[str, Any]) -> dict[str, Any]:
        self.updates.append(members)
        if self.refusals:
            raise self.refusals.pop(0)
        return {}

    def _GetMetricData(self, members: dict[str, Any]) -> dict[str, Any]:
        self.asked.append(members)
        minutes = int(members["EndTime"] - members["StartTime"]) // 60
        results = []
        for query in members["MetricDataQueries"]:
            metric = query["MetricStat"]["Metric"]
            place = "/".join(dimension["Value"] for dimension in metric["Dimensions"])
            value = self.sums.get((place, metric["MetricName"]))
            results.append({"Id": query["Id"], "Values": [] if value is None else [value] * minutes})
        return {"MetricDataResults": results}


def table(reads: int = 100, writes: int = 100, *indexes: dict[str, Any], status: str = "ACTIVE") -> dict[str, Any]:
    throughput = {"ReadCapacityUnits": reads, "WriteCapacityUnits": writes}
    return {"TableStatus": status, "ProvisionedThroughput": throughput, "GlobalSecondaryIndexes": list(indexes)}


def index(name: str, reads: int, writes: int) -> dict[str, Any]:
    throughput = {"ReadCapacityUnits": reads, "WriteCapacityUnits": writes}
    return {"IndexName": name, "IndexStatus": "ACTIVE", "ProvisionedThroughput": throughput}


class Told(Notices):
    def __init__(self) -> None:
        self.notices: list[tuple[str, str, str]] = []

    def send(self, options: Any, notice: Any) -> None:
        self.notices += [(kind, notice.subject, notice.message) for kind in notice.kinds]


def watch(world: World, text: str, *, dry_run: bool = False) -> tuple[Watch, Told]:
    told = Told()
    client: Any = world
    return Watch(parse(text), client, Gauges(client), told, dry_run=dry_run), told


def test_a_table_and_its_index_change_in_one_call() -> None:
    world = World(music=table(100, 100, index("by_day", 50, 50), index("other", 9, 9)))
    world.sums["music", "ConsumedReadCapacityUnits"] = 95 * 60
    world.sums["music/by_day", "ConsumedWriteCapacityUnits"] = 10 * 60
    one, told = watch(world, "[table: music]\n[gsi: by_ table: music]\n")
    assert one.run_once(NOON) == 1
    assert world.updates == [
        {
            "TableName": "music",
            "ProvisionedThroughput": {"ReadCapacityUnits": 150, "WriteCapacityUnits": 100},
            "GlobalSecondaryIndexUpdates": [
                {
                    "Update": {
                        "IndexName": "by_day",
                        "ProvisionedThroughput": {"ReadCapacityUnits": 50, "WriteCapacityUnits": 25},
                    }
                }
            ],
        }
    ]
    assert [(kind, subject) for kind, subject, _ in told.notices] == [
        ("scale-up", "Updated provisioning for music"),
        ("scale-down", "Updated provisioning for music - GSI: by_day"),
    ]
    assert told.notices[0][2] == "music - Reads: UP from 100 to 150\n"


def test_it_looks_where_the_lookback_says() -> None:
    world = World(music=table())
    one, _ = watch(world, "[table: music]\nlookback-window-start: 20\nlookback-period: 3\n")
    one.run_once(NOON + 59)
    asked = world.asked[0]
    assert (asked["StartTime"], asked["EndTime"]) == (NOON - 1200, NOON - 1020)
    assert {query["MetricStat"]["Period"] for query in asked["MetricDataQueries"]} == {60}


def test_tables_of_all_pages_and_only_those_with_a_section() -> None:
    world = World(**{f"log{number}": table() for number in range(5)}, music=table())
    for number in range(5):
        world.sums[f"log{number}", "ConsumedReadCapacityUnits"] = 95 * 60
    one, _ = watch(world, "[table: log]")
    assert one.run_once(NOON) == 5
    assert [update["TableName"] for update in world.updates] == [f"log{number}" for number in range(5)]


def test_tables_on_demand_or_being_changed_are_left_alone() -> None:
    free = table() | {"BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"}}
    world = World(a=free, b=table(status="UPDATING"))
    for name in "ab":
        world.sums[name, "ConsumedReadCapacityUnits"] = 95 * 60
    one, _ = watch(world, "[table: .]")
    assert one.run_once(NOON) == 0
    assert (world.updates, world.asked) == ([], [])


def test_a_dry_run_changes_nothing(caplog: pytest.LogCaptureFixture) -> None:
    world = World(a=table())
    world.sums["a", "ConsumedReadCapacityUnits"] = 95 * 60
    one, told = watch(world, "[table: .]", dry_run=True)
    caplog.set_level("INFO")
    assert one.run_once(NOON) == 1
    assert (world.updates, told.notices) == ([], [])
    assert "a: reads from 100 to 150: 95.0 % are consumed" in caplog.text


def test_outside_of_maintenance_windows_capacity_is_only_raised() -> None:
    world = World(a=table())
    world.sums["a", "ConsumedReadCapacityUnits"] = 10 * 60
    world.sums["a", "ConsumedWriteCapacityUnits"] = 95 * 60
    one, _ = watch(world, "[table: .]\nmaintenance-windows: 00:00-11:59")
    one.run_once(NOON)
    one.run_once(NOON - 60)
    assert [update["ProvisionedThroughput"] for update in world.updates] == [
        {"ReadCapacityUnits": 100, "WriteCapacityUnits": 150},
        {"ReadCapacityUnits": 50, "WriteCapacityUnits": 150},
    ]


def test_where_lowering_is_off_nothing_is_lowered_to_a_maximum() -> None:
    world = World(a=table(500, 500))
    world.sums["a", "ConsumedReadCapacityUnits"] = 60
    one, _ = watch(world, "[table: .]\nenable-reads-down-scaling: false\nmax-provisioned-reads: 100")
    assert one.run_once(NOON) == 0


def test_a_day_without_decreases_left_still_has_increases() -> None:
    world = World(a=table())
    world.sums["a", "ConsumedReadCapacityUnits"] = 10 * 60
    world.sums["a", "ConsumedWriteCapacityUnits"] = 95 * 60
    world.refusals = [Refused("LimitExceededException", "too many decreases")]
    one, told = watch(world, "[table: .]")
    assert one.run_once(NOON) == 1
    assert [update["ProvisionedThroughput"]["ReadCapacityUnits"] for update in world.updates] == [50, 100]
    assert [kind for kind, _, _ in told.notices] == ["scale-up"]


def test_a_refusal_that_passes_is_logged_and_others_go_on(caplog: pytest.LogCaptureFixture) -> None:
    world = World(a=table(), b=table())
    for name in "ab":
        world.sums[name, "ConsumedReadCapacityUnits"] = 95 * 60
    world.refusals = [Refused("ResourceInUseException", "Table is being updated: a")]
    one, _ = watch(world, "[table: .]")
    assert one.run_once(NOON) == 1
    assert "ResourceInUseException" in caplog.text
    world.refusals = [Refused("AccessDeniedException", "no"), Refused("", "it is no DynamoDB")]
    with pytest.raises(Complaint, match="no DynamoDB"):
        one.run_once(NOON)


def test_checks_are_counted_over_looks() -> None:
    world = World(a=table())
    world.sums["a", "ConsumedReadCapacityUnits"] = 10 * 60
    one, _ = watch(world, "[table: .]\nnum-read-checks-before-scale-down: 3")
    assert [one.run_once(NOON) for _ in range(3)] == [0, 0, 1]


def test_alarms_tell_without_scaling() -> None:
    world = World(a=table())
    world.sums["a", "ConsumedReadCapacityUnits"] = 60 * 60
    world.sums["a", "ConsumedWriteCapacityUnits"] = 40 * 60
    text = "[table: .]\nreads-upper-alarm-threshold: 60\nwrites-lower-alarm-threshold: 41\n"
    one, told = watch(world, text)
    assert one.run_once(NOON) == 0
    assert [(kind, subject) for kind, subject, _ in told.notices] == [
        ("high-throughput-alarm", "ALARM: High Throughput for a")
    ]
    world.sums["a", "ConsumedReadCapacityUnits"] = 59 * 60
    one.run_once(NOON)
    assert told.notices[1][0] == "low-throughput-alarm"


class Door(http.server.BaseHTTPRequestHandler):
    seen: ClassVar[list[tuple[str, dict[str, str], bytes]]]
    status = 200

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        type(self).seen.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
        self.send_response(type(self).status)
        self.send_header("content-length", "0")
        self.end_headers()

    do_GET = do_POST = _answer  # noqa: N815  so http.server calls them

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def door() -> Iterator[tuple[str, type[Door]]]:
    class Own(Door):
        seen: ClassVar[list[tuple[str, dict[str, str], bytes]]] = []

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Own)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield f"127.0.0.1:{server.server_address[1]}", Own
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_circuit_breaker_is_asked_for_each_part(door: tuple[str, type[Door]]) -> None:
    host, own = door
    world = World(a=table(100, 100, index("i", 10, 10)))
    world.sums["a", "ConsumedReadCapacityUnits"] = 95 * 60
    text = f"[global]\ncircuit-breaker-url: http://me:p%40w@{host}/up?x=1\n[table: a]\n[gsi: i table: a]\n"
    own.status = 503
    one, _ = watch(world, text)
    assert one.run_once(NOON) == 0
    own.status = 204
    assert one.run_once(NOON) == 1
    path, headers, _ = own.seen[0]
    assert (path, headers["x-table-name"], headers["authorization"]) == ("/up?x=1", "a", "Basic bWU6cEB3")
    assert own.seen[1][1]["x-gsi-name"] == "i"


def test_a_circuit_breaker_that_is_away_is_open(caplog: pytest.LogCaptureFixture) -> None:
    assert not is_closed("http://u:secret@127.0.0.1:1/", 500, "a")
    assert not is_closed("ftp://127.0.0.1/", 500, "a")
    assert "secret" not in caplog.text


def test_notices_go_to_urls_topics_and_commands(
    door: tuple[str, type[Door]], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    host, own = door
    out = tmp_path / "told"
    script = tmp_path / "tell.sh"
    script.write_text(f'#!/bin/sh\n{{ echo "$STATOR_NOTICE_SUBJECT"; cat; }} > {out}\n')
    script.chmod(0o700)
    notices = Notices(ENDPOINT, f"http://{host}", str(script))
    world = World(a=table())
    world.sums["a", "ConsumedReadCapacityUnits"] = 95 * 60
    client: Any = world
    for topic in (f"http://{host}/hook", "arn:aws:sns:eu-west-1:123456789012:scaling", "nonsense"):
        text = f"[table: a]\nsns-topic-arn: {topic}\nsns-message-types: scale-up"
        assert Watch(parse(text), client, Gauges(client), notices, dry_run=False).run_once(NOON) == 1
    hook, topic_call = own.seen
    assert hook[0] == "/hook"
    assert b'"Kinds":["scale-up"]' in hook[2]
    assert topic_call[0] == "/"
    assert b"Action=Publish" in topic_call[2]
    assert b"TopicArn=arn%3Aaws%3Asns%3Aeu-west-1%3A123456789012%3Ascaling" in topic_call[2]
    assert topic_call[1]["content-type"].startswith("application/x-www-form-urlencoded")
    assert "/eu-west-1/sns/aws4_request" in topic_call[1]["authorization"]
    assert out.read_text() == "Updated provisioning for a\na - Reads: UP from 100 to 150\n"
    assert "neither the ARN of a topic nor a URL" in caplog.text


def test_kinds_that_are_not_asked_for_are_not_told(door: tuple[str, type[Door]]) -> None:
    host, own = door
    world = World(a=table())
    world.sums["a", "ConsumedReadCapacityUnits"] = 95 * 60
    client: Any = world
    text = f"[table: a]\nsns-topic-arn: http://{host}/\nsns-message-types: scale-down"
    Watch(parse(text), client, Gauges(client), Notices(ENDPOINT, None, None), dry_run=False).run_once(NOON)
    assert own.seen == []

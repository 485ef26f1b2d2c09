"""Three routers over one PostgreSQL are one database, whichever of them is killed or stands still for a while.

STATOR_ROUTER_KILLS says how often (2 without it; the bar is 50), STATOR_ROUTER_SEED which and when.
"""

import contextlib
import os
import random
import time
from collections import Counter as Counts
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stator.config import Settings
from stator.doctor import doctor_store
from tests import postgres
from tests.crash.server_process import PlainClient
from tests.routers.fleet import ROUTERS, Fleet, Worker
from tests.routers.load import CREATE_TABLE, TABLE, Builder, Consumer, Counter, Maker, Saver, Writer, replay
from tests.serializable import clients as transactions
from tests.serializable.checker import unbalanced, violations

KILLS = int(os.environ.get("STATOR_ROUTER_KILLS", "2"))
SEED = int(os.environ.get("STATOR_ROUTER_SEED", "1"))
FREEZE_SECONDS = 6.0  # longer than a router may be out of touch
WRITERS = 3
CLIENTS = 3
COUNTERS = 2


@pytest.fixture
def url() -> Iterator[str]:
    cluster = postgres.shared()
    if cluster is None:
        pytest.skip("there is no PostgreSQL on this machine")
    database = cluster.new_database()
    yield database
    cluster.drop_database(database)


@pytest.fixture
def fleet(url: str, tmp_path: Path) -> Iterator[Fleet]:
    one = Fleet(url, tmp_path, "--stream-shard-seconds", "2")
    yield one
    one.kill_all()


class Scene:
    """All who use the fleet."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet
        self.field = transactions.Field()
        self.field.ports = fleet.ports
        self.writers = [Writer(fleet, number) for number in range(WRITERS)]
        self.counters = [Counter(fleet, number) for number in range(COUNTERS)]
        self.builder, self.maker, self.saver = Builder(fleet), Maker(fleet), Saver(fleet)
        self.consumer = Consumer(fleet)
        self.clients = [transactions.Client(self.field, number, SEED * 1000 + number) for number in range(CLIENTS)]

    @property
    def workers(self) -> list[Worker]:
        return [*self.writers, *self.counters, self.builder, self.maker, self.saver]

    def begin(self) -> None:
        with contextlib.closing(PlainClient(self.fleet.ports[0])) as client:
            assert client.call("CreateTable", CREATE_TABLE).status == 200
            plain = {name: value for name, value in CREATE_TABLE.items() if name != "StreamSpecification"}
            assert client.call("CreateTable", plain | {"TableName": "counters"}).status == 200
            self.field.history += transactions.create(client)
        for thread in (*self.workers, self.consumer, *self.clients):
            thread.start()

    def end(self) -> None:
        self.field.stop.set()
        for client in self.clients:
            client.join(120)
        for worker in self.workers:
            worker.stopping = True
        for worker in self.workers:
            worker.end()
        self.consumer.finishing = True
        self.consumer.join(120)
        assert not self.consumer.is_alive()

    def faults(self) -> list[Any]:
        found: list[Any] = list(self.field.faults)
        for worker in (*self.workers, self.consumer):
            found += worker.faults
        return found


@pytest.mark.slow
def test_routers_are_one_database_whichever_of_them_is_killed(
    fleet: Fleet, url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    rng = random.Random(SEED)
    scene = Scene(fleet)
    scene.begin()
    try:
        for number in range(KILLS):
            time.sleep(rng.uniform(0.5, 3.0))
            victim = rng.randrange(ROUTERS)
            if number % 3 == 1:
                fleet.freeze(victim, FREEZE_SECONDS)
            else:
                fleet.kill(victim)
            if scene.faults():
                break
        time.sleep(2.0)
    finally:
        scene.end()
    with capsys.disabled():
        print(f"\n{KILLS} kills and stops: {_told(scene)}")  # noqa: T201
    assert scene.faults() == []

    with contextlib.closing(PlainClient(fleet.ports[0])) as client:
        items = _scan(client, {"TableName": TABLE})
        _check_items(scene, items)
        _check_transactions(scene, transactions.contents(client))
        counters = _scan(client, {"TableName": "counters"})
        assert {pk: int(item["n"]["N"]) for pk, item in counters.items()} == {
            counter.pk: counter.done for counter in scene.counters if counter.done
        }
    assert fleet.close() == [0] * ROUTERS
    assert doctor_store(Settings(store=url)) == []
    assert _unexpected(fleet.log()) == []


def _check_items(scene: Scene, items: dict[str, Any]) -> None:
    known = {pk: fact for writer in scene.writers for pk, fact in writer.facts.items()}
    assert {pk: items.get(pk) for pk, fact in known.items() if items.get(pk) not in fact} == {}
    assert set(items) <= set(known)
    replayed, versions = replay(scene.consumer.records)
    assert replayed == items
    assert len(versions) == len(set(versions))
    for writer in scene.writers:
        assert writer.acknowledged
        assert set(writer.acknowledged) <= set(versions)


def _check_transactions(scene: Scene, items: dict[Any, Any]) -> None:
    logs = {place: transactions.tags(item) for place, item in items.items()}
    assert violations(scene.field.history, logs) == []
    money = transactions.MONEY * len(transactions.ACCOUNTS)
    assert unbalanced(scene.field.history, frozenset(transactions.ACCOUNTS), money) == []
    assert sum(int(items[place]["money"]["N"]) for place in transactions.ACCOUNTS) == money
    races = Counts(key for _, key in items if key.startswith("race"))
    assert max(races.values()) == 1, "both sides of a race won"


def _scan(client: PlainClient, request: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    more: dict[str, Any] = {}
    while True:
        reply = client.call("Scan", request | {"ConsistentRead": True} | more)
        assert reply.status == 200, reply
        found |= {item["pk"]["S"]: item for item in reply.body["Items"]}
        if "LastEvaluatedKey" not in reply.body:
            return found
        more = {"ExclusiveStartKey": reply.body["LastEvaluatedKey"]}


def _unexpected(log: str) -> list[str]:
    """What was logged with a traceback, save that the store could not be reached for a moment."""
    found = []
    inside = False
    for line in log.splitlines():
        if line.startswith("Traceback"):
            inside = True
        elif inside and not line.startswith(" "):
            inside = False
            if not line.startswith("stator.storage."):
                found.append(line)
    return found


def _told(scene: Scene) -> str:
    return (
        f"{sum(len(writer.acknowledged) for writer in scene.writers)} writes, {len(scene.consumer.records)} records in "
        f"{len(scene.consumer.done)} shards, {sum(counter.done for counter in scene.counters)} counted, "
        f"{scene.builder.built} indexes built, {scene.maker.made} tables made anew, {scene.saver.saved} backups, "
        f"{len(scene.field.history)} transactions and reads"
    )

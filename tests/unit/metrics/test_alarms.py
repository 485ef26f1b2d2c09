"""Alarms in a store: what a change leaves behind, and that nothing of it is left out."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from stator.clock import ManualClock
from stator.metrics import alarms as alarms_module
from stator.metrics.alarm import ALARM, INSUFFICIENT_DATA, OK, Alarm, decode, encode
from stator.metrics.alarm_record import Item
from stator.metrics.alarms import HISTORY_SECONDS, Alarms, TooManyAlarmsError
from stator.metrics.series import series
from stator.storage.sqlite.engine import SqliteStore

WHERE = ("000000000001", "eu-west-1")


def an_alarm(name: str = "busy", **members: Any) -> Alarm:
    wanted: dict[str, Any] = {
        "account": WHERE[0],
        "region": WHERE[1],
        "comparison": "GreaterThanThreshold",
        "threshold": 5.0,
        "evaluation_periods": 3,
        "datapoints_to_alarm": 2,
        "series": series("ConsumedWriteCapacityUnits", TableName="a"),
        "statistic": "Sum",
        "period": 60,
    }
    return Alarm(name=name, **wanted | members)


def run(work: Callable[[Alarms, ManualClock], Awaitable[None]], folder: Path | None = None) -> None:
    async def within() -> None:
        store, clock = SqliteStore.open(folder), ManualClock()
        try:
            await work(Alarms(store, clock), clock)
        finally:
            await store.close()

    asyncio.run(within())


async def history(alarms: Alarms, **wishes: Any) -> list[Item]:
    chosen: dict[str, Any] = {"start": 0.0, "end": 1e10, "most": 1000} | wishes
    return (await alarms.history(lambda item: True, **chosen))[0]


def test_an_alarm_is_stored_whole() -> None:
    alarm = an_alarm(queries=({"Id": "m1", "Expression": "1"},), tags=(("a", "b"),), ok_actions=("http://x/",))
    assert decode(encode(alarm)) == alarm


def test_another_format_is_refused() -> None:
    with pytest.raises(ValueError, match="format"):
        decode(encode(an_alarm()).replace(b'"format":1', b'"format":2'))


def test_a_new_configuration_keeps_the_state() -> None:
    async def work(alarms: Alarms, clock: ManualClock) -> None:
        made = await alarms.put(an_alarm(tags=(("team", "x"),)))
        assert (made.state, made.reason, made.configured) == (
            INSUFFICIENT_DATA,
            "Unchecked: Initial alarm creation",
            clock(),
        )
        assert await alarms.set_state(made, ALARM, "much")
        clock.advance(10)
        changed = await alarms.put(an_alarm(threshold=9.0))
        assert (changed.state, changed.reason, changed.threshold) == (ALARM, "much", 9.0)
        assert (changed.configured, changed.transitioned) == (clock(), clock() - 10)
        assert changed.tags == (("team", "x"),)
        assert await alarms.find(*WHERE, "busy") == changed
        assert [item.summary for item in await history(alarms)] == [
            'Alarm "busy" updated',
            "Alarm updated from INSUFFICIENT_DATA to ALARM",
            'Alarm "busy" created',
        ]

    run(work)


def test_a_change_of_state_and_its_notices_are_one_commit(tmp_path: Path) -> None:
    async def before(alarms: Alarms, clock: ManualClock) -> None:
        alarm = await alarms.put(an_alarm(alarm_actions=("http://a/", "http://b/"), ok_actions=("http://ok/",)))
        assert await alarms.set_state(alarm, ALARM, "much", '{"version":"1.0"}')
        assert await alarms.set_state(alarm, ALARM, "still much")  # no change: nobody is told

    async def after(alarms: Alarms, clock: ManualClock) -> None:
        waiting = await alarms.notices(10)
        assert [notice.action for notice in waiting] == ["http://a/", "http://b/"]
        told = orjson.loads(waiting[0].message)
        assert (told["OldStateValue"], told["NewStateValue"]) == (INSUFFICIENT_DATA, ALARM)
        assert told["Trigger"]["Statistic"] == "SUM"
        await alarms.postpone(waiting[0], clock() + 5)
        (again, other) = await alarms.notices(10)
        assert (again.tries, again.due, again.sort) == (1, clock() + 5, waiting[0].sort)
        await alarms.settle(again)
        await alarms.settle(other, "nobody there")
        assert await alarms.notices(10) == []
        summaries = [item.summary for item in await history(alarms) if item.kind == "Action"]
        assert sorted(summaries) == [
            "Failed to execute action http://b/",
            "Successfully executed action http://a/",
        ]

    run(before, tmp_path / "data")
    run(after, tmp_path / "data")


def test_actions_can_be_off() -> None:
    async def work(alarms: Alarms, clock: ManualClock) -> None:
        alarm = await alarms.put(an_alarm(alarm_actions=("http://a/",), actions_enabled=False))
        assert await alarms.set_state(alarm, ALARM, "much")
        assert await alarms.notices(10) == []

    run(work)


def test_a_verdict_on_another_configuration_is_dropped() -> None:
    async def work(alarms: Alarms, clock: ManualClock) -> None:
        looked_at = await alarms.put(an_alarm())
        await alarms.put(an_alarm(threshold=9.0))
        assert not await alarms.set_state(looked_at, ALARM, "much", revision=looked_at.revision)
        now = await alarms.find(*WHERE, "busy")
        assert now is not None
        assert now.state == INSUFFICIENT_DATA
        await alarms.delete(*WHERE, ["busy"])
        assert not await alarms.set_state(now, OK, "little")

    run(work)


def test_deletion_is_of_all_or_none() -> None:
    async def work(alarms: Alarms, clock: ManualClock) -> None:
        await alarms.put(an_alarm("a"))
        await alarms.put(an_alarm("b"))
        assert await alarms.delete(*WHERE, ["a", "gone"]) == ["gone"]
        assert [alarm.name for alarm in await alarms.all(*WHERE)] == ["a", "b"]
        assert await alarms.delete(*WHERE, ["a", "b"]) == []
        assert await alarms.all() == []

    run(work)


def test_each_account_and_region_has_its_own() -> None:
    async def work(alarms: Alarms, clock: ManualClock) -> None:
        await alarms.put(an_alarm("a"))
        await alarms.put(an_alarm("b", region="eu-west-10"))
        await alarms.put(an_alarm("c", account="000000000002"))
        assert [alarm.name for alarm in await alarms.all(*WHERE)] == ["a"]
        assert [alarm.name for alarm in await alarms.all()] == ["a", "b", "c"]

    run(work)


def test_there_is_an_end_to_how_many_there_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alarms_module, "ALARMS_MAX", 2)

    async def work(alarms: Alarms, clock: ManualClock) -> None:
        await alarms.put(an_alarm("a"))
        await alarms.put(an_alarm("b"))
        with pytest.raises(TooManyAlarmsError):
            await alarms.put(an_alarm("c"))
        await alarms.put(an_alarm("b", threshold=1.0))
        await alarms.put(an_alarm("c", region="us-east-1"))

    run(work)


def test_notices_past_the_limit_are_only_written_down(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alarms_module, "NOTICES_MAX", 1)

    async def work(alarms: Alarms, clock: ManualClock) -> None:
        alarm = await alarms.put(an_alarm(alarm_actions=("http://a/",), ok_actions=("http://ok/",)))
        assert await alarms.set_state(alarm, ALARM, "much")
        assert await alarms.set_state(alarm, OK, "little")
        assert [notice.action for notice in await alarms.notices(10)] == ["http://a/"]
        failed = [item for item in await history(alarms) if item.kind == "Action"]
        assert [item.summary for item in failed] == ["Failed to execute action http://ok/"]

    run(work)


def test_history_is_read_in_pages_both_ways_and_forgotten() -> None:
    async def work(alarms: Alarms, clock: ManualClock) -> None:
        began = clock()
        for number in range(5):
            await alarms.put(an_alarm(f"a{number}"))
            clock.advance(60)
        first, after = await alarms.history(lambda _: True, start=0, end=1e10, most=3)
        assert [item.alarm for item in first] == ["a4", "a3", "a2"]
        rest, _ = await alarms.history(lambda _: True, start=0, end=1e10, most=3, after=after)
        assert [item.alarm for item in rest] == ["a1", "a0"]
        oldest, after = await alarms.history(lambda _: True, start=0, end=1e10, most=4, newest=False)
        assert [item.alarm for item in oldest] == ["a0", "a1", "a2", "a3"]
        rest, _ = await alarms.history(lambda _: True, start=0, end=1e10, most=4, after=after, newest=False)
        assert [item.alarm for item in rest] == ["a4"]
        assert [item.alarm for item in await history(alarms, start=began + 60, end=began + 120)] == ["a2", "a1"]
        only = (await alarms.history(lambda item: item.alarm == "a1", start=0, end=1e10, most=9))[0]
        assert [item.alarm for item in only] == ["a1"]
        clock.now = began + HISTORY_SECONDS + 90
        assert await alarms.prune() == 2
        assert [item.alarm for item in await history(alarms)] == ["a4", "a3", "a2"]

    run(work)


def test_history_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alarms_module, "HISTORY_MAX", 2)
    monkeypatch.setattr(alarms_module, "_PRUNED", 1)

    async def work(alarms: Alarms, clock: ManualClock) -> None:
        for number in range(3):
            await alarms.put(an_alarm(f"a{number}"))
            clock.advance(1)
        assert await alarms.prune() == 1
        assert await alarms.prune() == 0
        assert [item.alarm for item in await history(alarms)] == ["a2", "a1"]

    run(work)


def test_long_history_is_cut_and_still_json() -> None:
    async def work(alarms: Alarms, clock: ManualClock) -> None:
        alarm = await alarms.put(an_alarm("x" * 255, description="d" * 1024, ok_actions=("http://" + "o" * 1000,) * 5))
        await alarms.set_state(alarm, ALARM, "r" * 1023, orjson.dumps({"points": ["p" * 1900] * 2}).decode())
        for item in await history(alarms):
            assert len(item.summary) <= 255
            assert len(item.data) <= 4095
            assert orjson.loads(item.data)["version"] == "1.0"

    run(work)


def test_tags_are_set_and_taken() -> None:
    async def work(alarms: Alarms, clock: ManualClock) -> None:
        await alarms.put(an_alarm())
        tagged = await alarms.tag(*WHERE, "busy", {"a": "1", "b": "2"})
        assert tagged is not None
        assert dict(tagged.tags) == {"a": "1", "b": "2"}
        left = await alarms.tag(*WHERE, "busy", {"a": None, "b": "3"})
        assert left is not None
        assert dict(left.tags) == {"b": "3"}
        assert await alarms.tag(*WHERE, "gone", {"a": "1"}) is None

    run(work)

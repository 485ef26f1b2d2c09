"""The auto scaler at work on a table, the clock turned by hand."""

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from stator.autoscaling.activity import FAILED, SUCCESSFUL
from stator.autoscaling.decision import AT_MAX, AT_MIN, UNSCALABLE
from stator.autoscaling.resource import next_decrease
from stator.metrics.alarm import ALARM, Alarm
from stator.metrics.series import series
from stator.model.table import Throughput
from stator.services.autoscaling.alarm_keeper import AlarmKeeper
from tests.unit.services.autoscaling.house import (
    INDEX_READS,
    READS,
    TABLE,
    WHO,
    WRITES,
    House,
    action,
    run,
    stepping,
    tracking,
)


def test_a_step_in_the_load_is_followed_and_every_change_explained() -> None:
    async def work(house: House) -> None:
        await house.register(WRITES)
        house.demand = {WRITES: 10.0}
        await house.pass_(65)
        assert house.units(WRITES) == 15  # down to what 10 units need
        house.demand = {WRITES: 300.0}
        await house.pass_(15)
        assert house.units(WRITES) >= 300
        await house.pass_(20)
        high = house.units(WRITES)
        assert high >= 429
        house.demand = {}
        await house.pass_(58)
        assert house.units(WRITES) == high
        await house.pass_(12)
        assert house.units(WRITES) == 5
        assert house.units(READS) == 100
        activities = await house.activities(WRITES)
        assert {each.status for each in activities if each.not_scaled is None} == {SUCCESSFUL}
        assert activities[0].description == "Setting write capacity units to 15."
        assert activities[0].cause == (
            "policy follow: for 60 seconds at most 10 write units a second of 100 were consumed, 10 percent, which is "
            "well below the target of 70 percent"
        )
        assert activities[0].message == (
            "Successfully set write capacity units to 15. Change successfully fulfilled by dynamodb."
        )
        assert "write units a second" in activities[1].cause
        # Every capacity there was is the one that an activity tells of.
        told = [each.details["wanted"] for each in activities if each.not_scaled is None]
        assert told[-1] == 5
        assert [each.details["capacity"] for each in activities if each.not_scaled is None] == [100, *told[:-1]]
        assert activities[-1].not_scaled in (None, AT_MIN)

    run(work)


def test_an_index_is_scaled_beside_its_table() -> None:
    async def work(house: House) -> None:
        await house.register(INDEX_READS)
        await house.register(WRITES)
        house.demand = {INDEX_READS: 500.0, WRITES: 65.0}
        await house.pass_(30)
        assert house.units(INDEX_READS) >= 500
        assert (house.units(WRITES), house.units(READS)) == (100, 100)

    run(work)


def test_bounds_hold_and_what_they_keep_out_is_told_once() -> None:
    async def work(house: House) -> None:
        await house.register(WRITES, minimum=20, maximum=150)
        house.demand = {WRITES: 500.0}
        await house.pass_(60)
        assert house.units(WRITES) == 150
        told = [each for each in await house.activities(WRITES) if each.not_scaled]
        assert [each.not_scaled for each in told] == [AT_MAX]
        assert "the maximum is 150" in told[0].cause
        house.demand = {}
        await house.pass_(90)
        assert house.units(WRITES) == 20
        assert [each.not_scaled for each in await house.activities(WRITES) if each.not_scaled] == [AT_MAX, AT_MIN]

    run(work)


@pytest.mark.parametrize("policies", [True, False])
def test_new_bounds_are_heeded_at_once(policies: bool) -> None:
    async def work(house: House) -> None:
        await house.register(WRITES, 200, 300, policies=(tracking(WRITES),) if policies else ())
        await house.pass_(1)
        assert house.units(WRITES) == 200
        (activity,) = await house.activities(WRITES)
        assert activity.cause == "minimum capacity was set to 200"
        await house.keep(replace(house.table, throughput=Throughput(100, 50)))  # by hand
        await house.pass_(2)
        assert house.units(WRITES) == (200 if policies else 50)

    run(work)


def test_nothing_is_done_without_data_of_a_while() -> None:
    async def work(house: House) -> None:
        await house.register(WRITES)
        assert await house.pass_(59) == 0
        house.clock.advance(3600)  # nobody was there
        assert await house.pass_(59) == 0
        house.restart()
        assert await house.pass_(59) == 0
        assert await house.pass_(5) == 1

    run(work)


def test_cooldowns_outlive_a_restart() -> None:
    async def work(house: House) -> None:
        await house.register(WRITES, policies=(tracking(WRITES, ScaleInCooldown=600),))
        house.demand = {WRITES: 30.0}
        await house.pass_(65)
        assert house.units(WRITES) == 43
        house.demand = {WRITES: 5.0}
        house.restart()
        await house.pass_(500)
        assert house.units(WRITES) == 43
        await house.pass_(110)
        assert house.units(WRITES) == 8

    run(work)


def test_what_is_lowered_together_counts_once() -> None:
    async def work(house: House) -> None:
        for resource in (READS, WRITES):
            await house.register(resource)
        assert await house.pass_(65) == 2
        assert (house.units(READS), house.units(WRITES)) == (5, 5)
        assert house.table.throughput.decreases_today == 1

    run(work)


def test_a_refused_decrease_is_told_once_and_tried_again_when_it_may_be() -> None:
    async def work(house: House) -> None:
        now = house.clock()
        spent = Throughput(100, 100, None, now - 60, 4)
        await house.keep(replace(house.table, throughput=spent))
        await house.register(WRITES)
        await house.register(READS)
        house.demand = {READS: 100.0}
        await house.pass_(120)
        assert house.units(WRITES) == 100
        assert house.units(READS) > 100  # what is raised is not held up
        (failed,) = [each for each in await house.activities(WRITES) if each.status == FAILED]
        assert failed.message.startswith("Failed to set write capacity units to 5. Reason: Subscriber limit exceeded: ")
        assert failed.message.endswith("(Service: DynamoDB; Error Code: LimitExceededException)")
        assert "well below the target" in failed.cause
        house.demand = {}
        house.clock.advance(3600)
        await house.pass_(70)
        assert house.units(WRITES) == 5

    run(work)


def test_when_a_decrease_may_be_tried_again() -> None:
    noon = datetime(2026, 11, 21, 12, tzinfo=UTC).timestamp()
    assert next_decrease(noon - 600, noon) == noon + 3000
    assert next_decrease(noon - 7200, noon) == noon
    assert next_decrease(noon + 12 * 3600 - 60, noon + 12 * 3600 - 30) == noon + 12 * 3600
    assert next_decrease(None, noon) == noon + 12 * 3600


def test_more_than_a_table_may_have_is_refused_and_told() -> None:
    async def work(house: House) -> None:
        await house.register(WRITES, 5, 100_000)
        await house.keep(replace(house.table, throughput=Throughput(100, 35_000)))
        house.demand = {WRITES: 35_000.0}
        await house.pass_(130)
        assert house.units(WRITES) == 35_000
        (failed,) = await house.activities(WRITES)
        assert failed.status == FAILED
        assert "per table maximum" in failed.message

    run(work)


def test_what_cannot_be_scaled_is_told_once() -> None:
    async def work(house: House) -> None:
        await house.register(WRITES)
        await house.keep(replace(house.table, on_demand=True, throughput=Throughput()))
        await house.pass_(10)
        (told,) = await house.activities(WRITES)
        assert (told.not_scaled, told.cause) == (UNSCALABLE, "table music is on demand")
        await house.keep(replace(house.table, on_demand=False, throughput=Throughput(5, 5)))
        house.demand = {WRITES: 5.0}
        await house.pass_(10)
        assert house.units(WRITES) > 5

    run(work)


def test_suspended_scaling_rests() -> None:
    async def work(house: House) -> None:
        await house.register(WRITES, out_suspended=True)
        house.demand = {WRITES: 500.0}
        assert await house.pass_(30) == 0
        await house.edit(WRITES, out_suspended=False, in_suspended=True)
        assert await house.pass_(30) > 0
        house.demand = {}
        assert await house.pass_(120) == 0
        await house.edit(WRITES, in_suspended=False)
        assert await house.pass_(2) == 1

    run(work)


def test_a_deregistered_target_is_left_alone() -> None:
    async def work(house: House) -> None:
        await house.register(WRITES)
        await house.pass_(5)
        await house.scalings.change(*WHO, WRITES, lambda _: None)
        house.demand = {WRITES: 500.0}
        assert await house.pass_(20) == 0
        assert await house.activities(WRITES) == []

    run(work)


def test_scheduled_actions_are_done_once_also_when_they_were_missed() -> None:
    async def work(house: House) -> None:
        now = house.clock()
        at = datetime.fromtimestamp(now + 30, UTC).strftime("at(%Y-%m-%dT%H:%M:%S)")
        actions = (action("up", at, now, minimum=300), action("again", "rate(1 minute)", now, minimum=200, maximum=250))
        await house.register(WRITES, policies=(), actions=actions)
        await house.pass_(29)
        assert house.units(WRITES) == 100
        await house.pass_(1)
        assert house.units(WRITES) == 300
        house.restart()
        await house.pass_(25)
        house.clock.advance(600)  # nobody was there for ten of its times
        await house.pass_(2)
        assert house.units(WRITES) == 250
        causes = [each.cause for each in await house.activities(WRITES)]
        assert causes == [
            "scheduled action name up was triggered",
            "minimum capacity was set to 300 by scheduled action up",
            "scheduled action name again was triggered",
            "maximum capacity was set to 250 by scheduled action again",
        ]

    run(work)


def test_of_actions_that_were_missed_the_last_one_counts() -> None:
    async def work(house: House) -> None:
        now = house.clock()
        day = action("day", "cron(0 8 * * ? *)", now, minimum=200, maximum=400)
        night = action("night", "cron(0 20 * * ? *)", now, minimum=10, maximum=20)
        await house.register(WRITES, policies=(), actions=(day, night))
        noon = (now // 86_400 + 3) * 86_400 + 12 * 3600
        house.clock.advance(noon - now)
        await house.pass_(1)
        assert house.units(WRITES) == 200
        house.clock.advance(10 * 3600)
        await house.pass_(1)
        assert house.units(WRITES) == 20

    run(work)


def test_suspended_actions_are_skipped_for_good() -> None:
    async def work(house: House) -> None:
        now = house.clock()
        actions = (action("up", "rate(1 minute)", now, minimum=300),)
        await house.register(WRITES, policies=(), actions=actions, scheduled_suspended=True)
        await house.pass_(90)
        await house.edit(WRITES, scheduled_suspended=False)
        await house.pass_(20)
        assert house.units(WRITES) == 100
        await house.pass_(20)
        assert house.units(WRITES) == 300

    run(work)


def test_alarms_follow_the_capacity_and_come_back() -> None:
    async def work(house: House) -> None:
        scaling = await house.register(WRITES)
        await house.pass_(1)
        alarms = {alarm.name: alarm.threshold for alarm in await house.alarms.all()}
        assert alarms == dict(zip(scaling.policies[0].alarms, (4200.0, 3000.0, 100.0, 100.0), strict=True))
        house.demand = {WRITES: 90.0}
        await house.pass_(10)
        units = house.units(WRITES)
        high = await house.alarms.find(*WHO, scaling.policies[0].alarms[0])
        assert high is not None
        assert high.threshold == units * 42
        await house.alarms.delete(*WHO, [scaling.policies[0].alarms[1]])
        house.restart()
        await house.pass_(1)
        assert len(await house.alarms.all()) == 4

    run(work)


def test_alarms_without_a_policy_are_swept_away() -> None:
    async def work(house: House) -> None:
        await house.register(WRITES)
        await house.pass_(1)
        theirs = Alarm(
            account=WHO[0],
            region=WHO[1],
            name="TargetTracking-mine",
            comparison="x",
            threshold=1.0,
            evaluation_periods=1,
        )
        await house.alarms.put(theirs)
        assert await house.autoscaler.prune_once() == 0
        await house.edit(WRITES, policies=())
        assert await house.autoscaler.prune_once() == 4
        assert [alarm.name for alarm in await house.alarms.all()] == ["TargetTracking-mine"]

    run(work)


def test_no_alarms_are_made_for_a_policy_that_was_changed_or_deleted_meanwhile() -> None:
    async def work(house: House) -> None:
        seen = await house.register(WRITES)
        policy = seen.policies[0]
        for policies in ((), (replace(policy, configuration={"TargetValue": 50.0}),), (replace(policy, alarms=()),)):
            await house.edit(WRITES, policies=policies)
            await AlarmKeeper(house.alarms).keep(seen, 100)
            assert await house.alarms.all() == []
        await house.edit(WRITES, policies=(policy,))
        await AlarmKeeper(house.alarms).keep(seen, 100)
        assert sorted(alarm.name for alarm in await house.alarms.all()) == sorted(policy.alarms)

    run(work)


def test_an_alarm_that_went_off_takes_a_step_a_minute() -> None:
    async def work(house: House) -> None:
        scaling = await house.register(WRITES, policies=(stepping(),))
        arn = scaling.policy_arn(scaling.policies[0])
        alarm = Alarm(
            account=WHO[0],
            region=WHO[1],
            name="busy",
            comparison="GreaterThanThreshold",
            threshold=1.0,
            evaluation_periods=1,
            series=series("ConsumedWriteCapacityUnits", TableName="music"),
            statistic="Sum",
            period=60,
            alarm_actions=(arn,),
        )
        await house.alarms.put(alarm)
        await house.pass_(5)
        assert house.units(WRITES) == 100
        await house.alarms.set_state(alarm, ALARM, "by hand")
        await house.pass_(5)
        assert house.units(WRITES) == 150
        await house.pass_(60)
        assert house.units(WRITES) == 200

    run(work)


def test_a_metric_of_somebodys_choice_is_followed() -> None:
    async def work(house: House) -> None:
        custom = {
            "MetricName": "ConsumedWriteCapacityUnits",
            "Namespace": "AWS/DynamoDB",
            "Dimensions": [{"Name": "TableName", "Value": "music"}],
            "Statistic": "Sum",
        }
        policy = replace(
            tracking(WRITES),
            configuration={"TargetValue": 3000.0, "CustomizedMetricSpecification": custom},
            alarms=("TargetTracking-High", "TargetTracking-Low"),
        )
        await house.register(WRITES, policies=(policy,))
        house.demand = {WRITES: 100.0}
        await house.pass_(125)
        assert house.units(WRITES) >= 200
        causes = [each.cause for each in await house.activities(WRITES)]
        assert causes[0].startswith("policy follow: its metric is ")
        assert [alarm.threshold for alarm in await house.alarms.all()] == [3000.0, 2700.0]

    run(work)


def test_a_table_that_fails_does_not_keep_others_from_being_scaled(monkeypatch: pytest.MonkeyPatch) -> None:
    async def work(house: House) -> None:
        await house.register(WRITES, 200, 300, policies=())
        await house.register(WRITES._replace(table="broken"), 200, 300, policies=())
        find = house.catalog.find
        monkeypatch.setattr(house.catalog, "find", lambda *where: find(*where) if where[2] == "music" else 1 / 0)
        await house.pass_(1)
        assert house.units(WRITES) == 200

    run(work)


def test_nobody_is_served_when_nothing_is_registered() -> None:
    async def work(house: House) -> None:
        assert await house.pass_(3) == 0
        assert house.table == TABLE

    run(work)

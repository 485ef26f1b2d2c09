"""What alarms ask for is done: at least once, and given up only after all tries."""

import asyncio
import contextlib
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs

import orjson
import pytest

from stator.clock import ManualClock
from stator.metrics.alarm import ALARM, Alarm
from stator.metrics.alarm_action import Actions
from stator.metrics.alarms import Alarms
from stator.metrics.metric import NOTICE_FAILURES, NOTICES
from stator.services.alarms import delivery as delivery_module
from stator.services.alarms.delivery import TRIES_MAX, Delivery
from stator.services.alarms.topic import Topics
from stator.storage.sqlite.engine import SqliteStore
from tests.listener import Listener

WHERE = ("000000000001", "eu-west-1")


@pytest.fixture
def listener() -> Iterator[Listener]:
    with contextlib.closing(Listener()) as listening:
        yield listening


class House:
    def __init__(self, store: SqliteStore, actions: Actions) -> None:
        self.clock = ManualClock()
        self.alarms = Alarms(store, self.clock, actions)
        topics = Topics(actions.topics, "key", "secret", self.clock)
        self.delivery = Delivery(self.alarms, topics, self.clock)

    async def go_off(self, *actions: str, name: str = "busy") -> None:
        alarm = Alarm(
            account=WHERE[0],
            region=WHERE[1],
            name=name,
            comparison="GreaterThanThreshold",
            threshold=1.0,
            evaluation_periods=1,
            alarm_actions=actions,
        )
        assert await self.alarms.set_state(await self.alarms.put(alarm), ALARM, "much")

    async def told(self) -> list[str]:
        items, _ = await self.alarms.history(lambda item: item.kind == "Action", start=0, end=1e10, most=100)
        return [item.summary for item in items]


def run(actions: Actions, work: Callable[[House], Awaitable[None]], folder: Path | None = None) -> None:
    async def within() -> None:
        store = SqliteStore.open(folder)
        try:
            await work(House(store, actions))
        finally:
            await store.close()

    asyncio.run(within())


def test_a_url_is_told_what_a_topic_would_tell(listener: Listener) -> None:
    async def work(house: House) -> None:
        await house.go_off(f"{listener.url}/a?b=c")
        assert await house.delivery.run_once() == 1
        assert await house.delivery.run_once() == 0
        ((path, headers, body),) = listener.heard
        told = orjson.loads(body)
        assert (path, headers["x-amz-sns-message-type"]) == ("/a?b=c", "Notification")
        assert (told["Type"], told["Subject"]) == ("Notification", 'ALARM: "busy" in eu-west-1')
        assert orjson.loads(told["Message"])["NewStateValue"] == "ALARM"
        assert await house.told() == [f"Successfully executed action {listener.url}/a?b=c"]

    run(Actions.parse(listener.url, "", ""), work)


def test_failures_are_tried_again_with_the_same_id(listener: Listener) -> None:
    listener.statuses = [500, 302, 204]

    async def work(house: House) -> None:
        await house.go_off(listener.url + "/")
        assert await house.delivery.run_once() == 1
        assert await house.delivery.run_once() == 0  # not yet
        house.clock.advance(5)
        assert await house.delivery.run_once() == 1
        house.clock.advance(5)
        assert await house.delivery.run_once() == 0
        house.clock.advance(5)
        assert await house.delivery.run_once() == 1
        assert await house.alarms.notices(10) == []
        assert [(figure.metric, figure.value) for figure in house.delivery.figures()] == [
            (NOTICES, 1),
            (NOTICE_FAILURES, 2),
        ]
        assert len({orjson.loads(body)["MessageId"] for _, _, body in listener.heard}) == 1
        assert len(listener.heard) == 3

    run(Actions.parse(listener.url, "", ""), work)


def test_what_always_fails_is_given_up(listener: Listener) -> None:
    listener.statuses = [503]

    async def work(house: House) -> None:
        await house.go_off(listener.url + "/")
        for _ in range(TRIES_MAX):
            assert await house.delivery.run_once() == 1
            house.clock.advance(600)
        assert await house.delivery.run_once() == 0
        assert await house.told() == [f"Failed to execute action {listener.url}/"]

    run(Actions.parse(listener.url, "", ""), work)


def test_a_crash_loses_no_notice(listener: Listener, tmp_path: Path) -> None:
    async def before(house: House) -> None:
        await house.go_off(listener.url + "/")  # and the server is gone before it delivers

    async def after(house: House) -> None:
        assert await house.delivery.run_once() == 1

    actions = Actions.parse(listener.url, "", "")
    run(actions, before, tmp_path / "data")
    assert listener.heard == []
    run(actions, after, tmp_path / "data")
    assert len(listener.heard) == 1


def test_one_dead_end_does_not_hold_up_the_others(listener: Listener) -> None:
    async def work(house: House) -> None:
        for number in range(20):
            await house.go_off("http://127.0.0.1:1/", name=f"dead {number}")
        await house.go_off(listener.url + "/", name="well")
        while await house.delivery.run_once():
            pass
        assert len(listener.heard) == 1
        assert len(await house.alarms.notices(100)) == 20

    run(Actions.parse(f"http://127.0.0.1:1,{listener.url}", "", ""), work)


def test_what_is_not_allowed_any_more_is_given_up(listener: Listener) -> None:
    async def work(house: House) -> None:
        await house.go_off(listener.url + "/")
        house.alarms.actions = Actions()
        await house.delivery.run_once()
        assert listener.heard == []
        assert await house.told() == [f"Failed to execute action {listener.url}/"]

    run(Actions.parse(listener.url, "", ""), work)


def command(code: str, name: str = "do") -> dict[str, tuple[str, ...]]:
    return {name: (sys.executable, "-c", code)}


def test_a_command_gets_the_message_and_none_of_the_servers_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STATOR_KINESIS_SECRET_KEY", "secret")
    note = tmp_path / "note"
    code = (
        f"import os, sys; open({str(note)!r}, 'w').write(sys.stdin.read()"
        " + str([name for name in os.environ if name.startswith('STATOR_')]))"
    )

    async def work(house: House) -> None:
        await house.go_off("arn:stator:command:do", name="a; touch /tmp/pwned `x` $(y)")
        await house.delivery.run_once()
        told, _, settings = note.read_text().rpartition("}")
        assert orjson.loads(told + "}")["AlarmName"] == "a; touch /tmp/pwned `x` $(y)"
        assert settings == "[]"
        assert await house.told() == ["Successfully executed action arn:stator:command:do"]

    run(Actions(commands=command(code)), work)


def test_a_command_that_fails_is_tried_again() -> None:
    async def work(house: House) -> None:
        await house.go_off("arn:stator:command:do", "arn:stator:command:gone")
        assert await house.delivery.run_once() == 2
        assert [notice.tries for notice in await house.alarms.notices(10)] == [1, 1]

    run(Actions(commands=command("raise SystemExit(3)") | {"gone": ("/no/such/program",)}), work)


def test_a_command_that_does_not_end_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery_module, "COMMAND_SECONDS", 0.2)

    async def work(house: House) -> None:
        await house.go_off("arn:stator:command:do")
        await house.delivery.run_once()
        assert [notice.tries for notice in await house.alarms.notices(10)] == [1]

    run(Actions(commands=command("import time; time.sleep(3600)")), work)


def test_a_topic_is_published_to(listener: Listener) -> None:
    async def work(house: House) -> None:
        await house.go_off("arn:aws:sns:us-east-1:000000000001:alarms")
        await house.delivery.run_once()
        ((path, headers, body),) = listener.heard
        fields = parse_qs(body.decode())
        assert path == "/"
        assert (fields["Action"], fields["TopicArn"]) == (["Publish"], ["arn:aws:sns:us-east-1:000000000001:alarms"])
        assert orjson.loads(fields["Message"][0])["AlarmName"] == "busy"
        assert "Credential=key/20250615/us-east-1/sns/aws4_request" in headers["authorization"]

    run(Actions.parse("", "", listener.url), work)

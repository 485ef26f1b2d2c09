"""`stator insights` against a server."""

import time
from typing import Any

import orjson
import pytest

from tests.commands.process import run

MINUTE = 60


@pytest.fixture
def table(dynamodb: Any) -> str:
    dynamodb.create_table(
        TableName="music",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "artist", "KeyType": "HASH"}, {"AttributeName": "year", "KeyType": "RANGE"}],
        AttributeDefinitions=[
            {"AttributeName": "artist", "AttributeType": "S"},
            {"AttributeName": "year", "AttributeType": "N"},
        ],
    )
    dynamodb.get_waiter("table_exists").wait(TableName="music")
    return "music"


def insights(url: str, *flags: str) -> Any:
    done = run("insights", "music", "--url", url, *flags)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_keys_are_shown_once_they_are_counted(url: str, dynamodb: Any, table: str) -> None:
    off = run("insights", table, "--url", url)
    assert (off.returncode, "--enable" in off.stderr) == (1, True)
    assert insights(url, "--enable") == "ENABLING\n"
    key = {"artist": {"S": "Nina Simone"}, "year": {"N": "1965"}}
    told: dict[str, Any] = {}
    end = time.monotonic() + 90
    while not told.get("PKC", {}).get("Contributors"):  # counting begins within a second, and is written within ten
        assert time.monotonic() < end
        dynamodb.put_item(TableName=table, Item=key)
        time.sleep(0.2)
        told = orjson.loads(insights(url, "--json"))["Reports"]
    assert set(told) == {"PKC", "SKC", "PKT", "SKT"}
    assert told["SKC"]["KeyLabels"] == ["artist", "year"]
    assert told["SKC"]["Contributors"][0]["Keys"] == ["Nina Simone", "1965"]
    shown = insights(url, "--minutes", "5")
    assert "Nina Simone" in shown
    assert "Most throttled items: none in the last 5 minutes" in shown
    assert insights(url, "--disable") == "DISABLING\n"
    assert run("insights", table, "--url", url).returncode == 1


@pytest.mark.parametrize(
    ("flags", "code"),
    [
        (("none",), 1),
        (("music", "--minutes", "0"), 1),
        (("music", "--top", "26"), 1),
        (("music", "--enable", "--disable"), 2),
        ((), 2),
    ],
)
def test_what_cannot_be_is_refused(url: str, flags: tuple[str, ...], code: int) -> None:
    done = run("insights", *flags, "--url", url)
    assert done.returncode == code
    assert done.stderr.startswith(("stator", "usage"))

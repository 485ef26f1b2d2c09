import orjson
import pytest

from stator.journal.record import Entry
from stator.model.table import KeyAttribute, KeySchema, Table
from stator.services.kinesis.record import outgoing

TABLE = Table("123456789012", "eu-west-1", "things", "id", 0.0, {"pk": "S"}, KeySchema((KeyAttribute("pk", "S"),)), 7)
KEYS = {"pk": {"S": "a"}}


def entry(sequence: int = 1, identity: str | None = None) -> Entry:
    return Entry(sequence, 1_750_000_000.123, "REMOVE", KEYS, None, {**KEYS, "v": {"N": "1"}}, 0, 6, identity, None)


def test_one_that_a_service_made_says_so() -> None:
    record = orjson.loads(outgoing(TABLE, 0, entry(identity="dynamodb.amazonaws.com"), "MILLISECOND").data)
    assert record["userIdentity"] == {"principalId": "dynamodb.amazonaws.com", "type": "Service"}
    assert record["dynamodb"]["SizeBytes"] == 3 + 6


@pytest.mark.parametrize(
    ("precision", "time"), [("MILLISECOND", 1_750_000_000_123), ("MICROSECOND", 1_750_000_000_123_000)]
)
def test_times_are_whole_numbers(precision: str, time: int) -> None:
    record = orjson.loads(outgoing(TABLE, 0, entry(), precision).data)
    assert record["dynamodb"]["ApproximateCreationDateTime"] == time


def test_identity_is_that_of_the_change() -> None:
    def event(lane: int, sequence: int) -> str:
        return str(orjson.loads(outgoing(TABLE, lane, entry(sequence), "MILLISECOND").data)["eventID"])

    assert event(0, 1) == event(0, 1)
    assert len({event(0, 1), event(0, 2), event(1, 1)}) == 3
    assert outgoing(TABLE, 0, entry(1), "MILLISECOND").partition_key == outgoing(TABLE, 0, entry(2), "x").partition_key

"""Streams as a script tells them: order of shards, where to go on, and what is a gap."""

from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from stator.cli.client import Client
from stator.cli.complaint import Complaint
from stator.cli.crew import Crew
from stator.cli.endpoint import Endpoint, Keys
from stator.cli.moving import change_feed as module
from stator.cli.moving.change_feed import ChangeFeed, Place
from tests.unit.cli.scripted import Scripted


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Scripted]:
    monkeypatch.setattr(module, "EMPTY_PAUSE_SECONDS", 0.0)
    server = Scripted()
    yield server
    server.close()


def feed(server: Scripted, places: dict[str, Place], **more: Any) -> ChangeFeed:
    client = Client(Endpoint(server.url, "r", Keys("a", "b")))
    return ChangeFeed(client, "arn", places, crew=Crew(), **({"order": 10, "not_before": 0.0} | more))


def stream(*shards: tuple[str, str | None]) -> Any:
    told = [{"ShardId": name} | ({"ParentShardId": parent} if parent else {}) for name, parent in shards]
    return 200, {"StreamDescription": {"Shards": told}}


def iterator(name: str) -> Any:
    return 200, {"ShardIterator": name}


def page(*records: tuple[int, float, str], following: str | None = None) -> Any:
    told = [
        {
            "eventName": event,
            "dynamodb": {
                "SequenceNumber": str(number),
                "ApproximateCreationDateTime": at,
                "Keys": {"k": {"N": str(number)}},
                "NewImage": {"k": {"N": str(number)}, "new": {"BOOL": True}},
            },
        }
        for number, at, event in records
    ]
    return 200, {"Records": told} | ({"NextShardIterator": following} if following else {})


def asked(server: Scripted, operation: str) -> list[Any]:
    return [
        orjson.loads(body) for _, headers, body in server.requests if headers["x-amz-target"].endswith(f".{operation}")
    ]


def test_parents_are_read_before_their_children(server: Scripted) -> None:
    server.answers = [
        stream(("c", "b"), ("b", "a"), ("x", None)),  # a is gone, since its time is over
        iterator("ib"),
        page((1, 100.0, "INSERT")),
        iterator("ic"),
        page((2, 101.0, "REMOVE"), following="ic2"),
        page(following="ic3"),
        page(following="ic4"),
        page(following="ic5"),
        iterator("ix"),
        page(),
    ]
    made = feed(server, {"b": Place("0")})
    rows = [row for rows in made.pages(1000.0) for row in rows]
    assert [(row.event, row.order, row.time) for row in rows] == [("INSERT", 11, 100.0), ("REMOVE", 12, 101.0)]
    assert [set(row.item) for row in rows] == [{"k", "new"}, {"k"}]
    assert made.places == {"b": Place("1", done=True), "c": Place("2"), "x": Place(None, done=True)}
    kinds = [(each["ShardId"], each["ShardIteratorType"]) for each in asked(server, "GetShardIterator")]
    assert kinds == [("b", "AFTER_SEQUENCE_NUMBER"), ("c", "TRIM_HORIZON"), ("x", "TRIM_HORIZON")]
    assert not server.answers


def test_reading_ends_with_what_is_newer_than_its_beginning(server: Scripted) -> None:
    server.answers = [
        stream(("a", None)),
        iterator("i"),
        page((1, 5.0, "INSERT"), (2, 50.0, "INSERT"), following="i2"),
        page((3, 61.0, "INSERT"), following="i3"),
    ]
    made = feed(server, {}, not_before=module.SKEW_SECONDS + 10.0)
    assert [[row.time for row in rows] for rows in made.pages(60.0)] == [[50.0], [61.0]]  # what is too old is left out
    assert made.places == {"a": Place("3")}


@pytest.mark.parametrize(
    ("answers", "text"),
    [
        ([stream(("b", None))], "shard a is gone"),
        ([stream(("a", None)), (400, {"__type": "x#TrimmedDataAccessException", "message": ""})], "lost its oldest"),
        ([(400, {"__type": "x#ResourceNotFoundException", "message": ""})], "the stream of the checkpoint is gone"),
    ],
)
def test_gaps(server: Scripted, answers: list[Any], text: str) -> None:
    server.answers = answers
    with pytest.raises(Complaint, match=rf"changes may have been lost: .*{text}.*Add --anew"):
        list(feed(server, {"a": Place("1"), "old": Place("0", done=True)}).pages(1.0))

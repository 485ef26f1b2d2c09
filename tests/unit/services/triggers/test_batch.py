from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from stator.journal.mapping import Mapping, decode, encode
from stator.services.triggers.batch import Batch, Event, after_failure, expired, first_failed

MAPPING = Mapping(
    uuid="u",
    account="123456789012",
    region="eu-west-1",
    stream_arn="arn:aws:dynamodb:eu-west-1:123456789012:table/things/stream/2026-01-01T00:00:00.000",
    function_arn="arn:aws:lambda:eu-west-1:123456789012:function:f:live",
    revision=0,
    modified=1.0,
    starting_position="LATEST",
    starting_timestamp=None,
    enabled=True,
    batch_size=100,
    window_seconds=0,
    factor=1,
    retries_max=-1,
    age_seconds_max=-1,
    bisect=False,
    reports_failures=False,
    filters=("{}",),
    on_failure=None,
    result="",
)


def batch(*sequences: int, failures: int = 0) -> Batch:
    return Batch(tuple(Event(each, float(each), f"n{each}", b"") for each in sequences), failures)


def test_a_mapping_is_stored_whole() -> None:
    assert decode(encode(MAPPING)) == MAPPING
    assert MAPPING.function_name == "f"
    assert MAPPING.stream_name.arn == MAPPING.stream_arn


def test_without_an_end_a_batch_is_tried_for_ever() -> None:
    tried = batch(1, 2, failures=10**6)
    assert after_failure(tried, MAPPING) == ([replace(tried, failures=10**6 + 1)], None)


@pytest.mark.parametrize("retries", [0, 1, 5])
def test_a_batch_is_given_up_after_its_retries(retries: int) -> None:
    mapping = replace(MAPPING, retries_max=retries)
    current, invocations = batch(1, 2), 0
    while True:
        invocations += 1
        again, given_up = after_failure(current, mapping)
        if given_up is not None:
            break
        (current,) = again
    assert invocations == retries + 1
    assert (again, given_up) == ([], batch(1, 2, failures=retries + 1))


@given(st.integers(1, 60), st.data())
def test_bisecting_gives_up_what_fails_and_nothing_else(count: int, data: Any) -> None:
    bad = set(data.draw(st.lists(st.integers(1, count))))
    mapping = replace(MAPPING, bisect=True, retries_max=2)
    queue, done, lost = [batch(*range(1, count + 1))], [], []
    while queue:
        sequences = [event.sequence for event in queue[0].entries]
        if bad & set(sequences):
            again, given_up = after_failure(queue[0], mapping)
            queue[:1] = again
            lost += [event.sequence for event in given_up.entries] if given_up else []
        else:
            done += sequences
            queue = queue[1:]
    assert done == [each for each in range(1, count + 1) if each not in bad]
    assert lost == sorted(bad)


def test_what_was_done_before_a_reported_failure_is_not_sent_again() -> None:
    assert after_failure(batch(1, 2, 3), MAPPING, 1) == ([batch(2, 3, failures=1)], None)
    assert after_failure(batch(1, 2, 3), replace(MAPPING, bisect=True, retries_max=0), 1) == ([batch(2, 3)], None)
    assert after_failure(batch(1, 2), replace(MAPPING, retries_max=0), 1) == ([], batch(2, failures=1))


def test_what_is_too_old_is_given_up() -> None:
    mapping = replace(MAPPING, age_seconds_max=60)
    assert expired(batch(1, 2, 3), MAPPING, 10**9) == (None, batch(1, 2, 3))
    assert expired(batch(1, 2, 3), mapping, 61.0) == (None, batch(1, 2, 3))
    assert expired(batch(1, 2, 3), mapping, 62.5) == (batch(1, 2), batch(3))
    assert expired(batch(1, 2, 3), mapping, 64.0) == (batch(1, 2, 3), None)


@pytest.mark.parametrize(
    ("answer", "place"),
    [
        (None, None),
        ({}, None),
        ({"batchItemFailures": None}, None),
        ({"batchItemFailures": []}, None),
        ({"batchItemFailures": [{"itemIdentifier": "n3"}, {"itemIdentifier": "n2"}]}, 1),
        ({"batchItemFailures": [{"itemIdentifier": ""}]}, 0),
        ({"batchItemFailures": [{"itemIdentifier": "n3"}, {"itemIdentifier": "n9"}]}, 0),
        ({"batchItemFailures": [{"itemIdentifier": None}]}, 0),
        ({"batchItemFailures": [{"itemIdentifier": []}]}, 0),
        ({"batchItemFailures": ["n3"]}, 0),
        ({"batchItemFailures": "n3"}, 0),
        ("text", 0),
        ([], 0),
    ],
)
def test_what_an_answer_reports(answer: Any, place: int | None) -> None:
    assert first_failed(batch(1, 2, 3), answer) == place

"""What Prometheus is told of all that was drained."""

import pytest

from stator.metrics import totals as totals_module
from stator.metrics.metric import LATENCY, REFUSED, TABLE_REQUESTS, Figure
from stator.metrics.recorder import Recorder
from stator.metrics.totals import OTHERS, Totals

WHO = ("111122223333", "eu-west-1")


def figures(totals: Totals, *gone: str) -> list[Figure]:
    return list(totals.figures(lambda _account, _region, table: table not in gone))


def drained(recorder: Recorder, totals: Totals) -> None:
    totals.add(recorder.drain(1.0))


def test_latencies_fall_into_buckets() -> None:
    recorder, totals = Recorder(), Totals()
    for seconds in (0.0001, 0.0003, 0.0009, 0.1, 100.0):
        recorder.served(*WHO, "music", "GetItem", seconds)
        drained(recorder, totals)
    (latency,) = [figure for figure in figures(totals) if figure.metric is LATENCY]
    buckets = dict(latency.buckets)
    assert latency.value == pytest.approx(100.1013)
    assert [buckets[bound] for bound in ("0.000125", "0.00025", "0.0005", "0.001", "0.064", "0.128")] == [
        1,
        1,
        2,
        3,
        3,
        4,
    ]
    assert (buckets["16.384"], buckets["+Inf"]) == (4, 5)
    assert list(buckets.values()) == sorted(buckets.values())


def test_requests_and_refusals_add_up_by_table() -> None:
    recorder, totals = Recorder(), Totals()
    for _ in range(2):
        recorder.served(*WHO, "music", "GetItem", 0.001)
        recorder.refused(*WHO, "music", "PutItem", status=400, code="ConditionalCheckFailedException")
        recorder.refused(*WHO, "music", "PutItem", status=400, code="ValidationException")
        drained(recorder, totals)
    told = {(figure.metric, figure.labels): figure.value for figure in figures(totals) if not figure.buckets}
    assert told == {
        (TABLE_REQUESTS, (*WHO, "music", "GetItem")): 2,
        (REFUSED, (*WHO, "music", "ConditionalCheckFailedRequests")): 2,
        (REFUSED, (*WHO, "", "UserErrors")): 2,
    }


def test_tables_that_are_gone_are_forgotten() -> None:
    recorder, totals = Recorder(), Totals()
    recorder.served(*WHO, "music", "GetItem", 0.001)
    recorder.served(*WHO, "films", "GetItem", 0.001)
    drained(recorder, totals)
    left = [figure.labels[2] for figure in figures(totals, "music") if figure.metric is TABLE_REQUESTS]
    assert left == ["films"]


def test_labels_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(totals_module, "TABLES_MAX", 3)
    recorder, totals = Recorder(), Totals()
    for number in range(5):
        recorder.served(*WHO, f"t{number}", "GetItem", 0.001)
    drained(recorder, totals)
    told = {figure.labels[2]: figure.value for figure in figures(totals) if figure.metric is TABLE_REQUESTS}
    assert told == {"t0": 1, "t1": 1, "t2": 1, OTHERS: 2}

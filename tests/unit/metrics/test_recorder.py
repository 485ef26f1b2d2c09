"""What is counted of requests."""

from stator.metrics import recorder as recorder_module
from stator.metrics.recorder import Recorder, plain_table
from stator.metrics.series import bucket, percentile, series

WHO = ("111122223333", "eu-west-1")


def drained(recorder: Recorder) -> dict[tuple[str, ...], tuple[float, float, float, float]]:
    """Sum, count, minimum, maximum by name and values of dimensions."""
    return {
        (sample.series.name, *(value for _, value in sample.series.dimensions)): tuple(sample.point)[1:5]  # type: ignore[misc]
        for sample in recorder.drain(100.0)
    }


def test_latencies_are_milliseconds_by_table_and_operation() -> None:
    recorder = Recorder()
    for seconds in (0.001, 0.004, 0.002):
        recorder.served(*WHO, "music", "GetItem", seconds)
    recorder.served(*WHO, "music", "PutItem", 0.010)
    samples = list(recorder.drain(100.0))
    first, second = samples
    assert first.series == series("SuccessfulRequestLatency", TableName="music", Operation="GetItem")
    assert (first.account, first.region) == WHO
    assert (first.point.time, first.point.count, first.point.minimum, first.point.maximum) == (100.0, 3, 1, 4)
    assert first.point.histogram == {bucket(1.0): 1, bucket(4.0): 1, bucket(2.0): 1}
    assert second.point.sum == 10
    assert list(recorder.drain(101.0)) == []
    assert recorder.requests == {"GetItem": 3, "PutItem": 1}


def test_a_request_to_several_tables_counts_for_each_and_once_as_a_request() -> None:
    recorder = Recorder()
    recorder.served(*WHO, ("a", "b"), "BatchGetItem", 0.001)
    assert set(drained(recorder)) == {
        ("SuccessfulRequestLatency", "BatchGetItem", "a"),
        ("SuccessfulRequestLatency", "BatchGetItem", "b"),
    }
    assert recorder.requests == {"BatchGetItem": 1}


def test_operations_that_cloudwatch_does_not_know_are_counted_only() -> None:
    recorder = Recorder()
    recorder.served(*WHO, "music", "DescribeTable", 0.001)
    recorder.served(*WHO, None, "ListTables", 0.001)
    assert drained(recorder) == {}
    assert recorder.requests == {"DescribeTable": 1, "ListTables": 1}


def test_refusals_are_told_apart() -> None:
    recorder = Recorder()
    recorder.refused(*WHO, "music", "PutItem", status=400, code="ProvisionedThroughputExceededException")
    recorder.refused(*WHO, "music", "PutItem", status=400, code="ConditionalCheckFailedException")
    recorder.refused(*WHO, "music", "PutItem", status=400, code="TransactionConflictException")
    recorder.refused(*WHO, "music", "PutItem", status=500, code="InternalServerError")
    recorder.refused(*WHO, "music", "PutItem", status=400, code="ValidationException")
    recorder.refused("", "", None, "PutItem", status=400, code="UnrecognizedClientException")
    once = (1.0, 1, 1.0, 1.0)
    assert drained(recorder) == {
        ("ThrottledRequests", "PutItem", "music"): once,
        ("ConditionalCheckFailedRequests", "music"): once,
        ("TransactionConflict", "music"): once,
        ("SystemErrors", "PutItem", "music"): once,
        ("UserErrors",): (2.0, 2, 1.0, 1.0),
    }
    assert recorder.requests == {"PutItem": 6}


def test_what_was_returned() -> None:
    recorder = Recorder()
    recorder.returned(*WHO, "music", "Query", 3)
    recorder.returned(*WHO, "music", "Query", 5)
    recorder.returned(*WHO, "music/stream/2026-11-21T07:00:00.000", "GetRecords", 2, size=80)
    label = "2026-11-21T07:00:00.000"
    assert drained(recorder) == {
        ("ReturnedItemCount", "Query", "music"): (8.0, 2, 3, 5),
        ("ReturnedRecordsCount", "GetRecords", label, "music"): (2.0, 1, 2, 2),
        ("ReturnedBytes", "GetRecords", label, "music"): (80.0, 1, 80, 80),
    }


def test_arns_are_names() -> None:
    arn = "arn:aws:dynamodb:eu-west-1:111122223333:table/music"
    assert plain_table(arn) == ("music", None)
    assert plain_table(arn + "/index/by-year") == ("music", None)
    assert plain_table(arn + "/stream/2026-11-21T07:00:00.000") == ("music", "2026-11-21T07:00:00.000")
    recorder = Recorder()
    recorder.served(*WHO, arn, "GetItem", 0.001)
    assert set(drained(recorder)) == {("SuccessfulRequestLatency", "GetItem", "music")}


def test_strangers_cannot_make_it_grow() -> None:
    recorder = Recorder()
    for number in range(recorder_module.KEYS_MAX + 10):
        recorder.refused(f"{number:012}", "eu-west-1", None, "GetItem", status=400, code="ValidationException")
    assert recorder.lost == 10
    assert len(list(recorder.drain(1.0))) == recorder_module.KEYS_MAX


def test_a_latency_of_nothing_has_a_bucket() -> None:
    recorder = Recorder()
    recorder.served(*WHO, "music", "GetItem", 0.0)
    recorder.served(*WHO, "music", "GetItem", -1.0)  # the clock was set back
    (sample,) = recorder.drain(1.0)
    assert percentile(sample.point, 50) == 0.001

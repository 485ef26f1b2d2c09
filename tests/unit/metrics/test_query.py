"""Queries from the wire."""

from typing import Any

import pytest

from stator.metrics.query import QueryError, ordered, queries_of


def metric(id_: str = "m1", **members: Any) -> dict[str, Any]:
    stat = {"Metric": {"Namespace": "N", "MetricName": "M"}, "Period": 60, "Stat": "Sum"}
    return {"Id": id_, "MetricStat": stat | members}


def expression(text: str, id_: str = "e1", **members: Any) -> dict[str, Any]:
    return {"Id": id_, "Expression": text} | members


def test_queries_are_read() -> None:
    first, second = queries_of([metric(), expression("m1*2", Period=300, ReturnData=False, Label="x")])
    assert first.stat is not None
    assert (first.stat.series.name, first.stat.statistic, first.period, first.returns) == ("M", "Sum", 60, True)
    assert (second.stat, second.period, second.returns, second.label) == (None, 300, False, "x")


def test_queries_are_answered_in_the_order_of_what_they_need() -> None:
    queries = queries_of([expression("e2+m1", "e1"), expression("SUM(METRICS())", "e2"), metric()])
    assert [query.id for query in ordered(queries)] == ["m1", "e2", "e1"]


@pytest.mark.parametrize(
    ("wire", "complaint"),
    [
        (
            [metric("M1")],
            r"The value M1 for parameter MetricDataQueries.member.1.Id is not matching the expected pattern",
        ),
        ([{"Id": "a"}], r"The parameter MetricDataQueries.member.1.MetricStat is required."),
        ([metric() | {"Expression": "1"}], "mutually exclusive"),
        ([metric(), metric()], "The values for parameter id in MetricDataQueries are not unique."),
        (
            [metric(Stat="Median")],
            "Median for parameter MetricDataQueries.member.1.MetricStat.Stat is not a valid statistic",
        ),
        ([metric(Period=45)], "MetricStat.Period must be"),
        ([metric(Period=90)], "MetricStat.Period must be"),
        ([expression("1", Period=7)], "member.1.Period must be"),
        ([metric(Metric={"MetricName": "M"})], "MetricStat.Metric.Namespace is required"),
        ([expression("1+")], "Error in expression 'e1'"),
        ([expression("NOPE(1)")], "Error in expression 'e1': unsupported function 'NOPE'"),
        ([expression("m1")], "Error in expression 'e1': there is no query with the id 'm1'"),
        ([expression("e1+1")], "refers to itself"),
        ([expression("e2", "e1"), expression("e1", "e2")], "refers to itself"),
        ([expression("SEARCH('x', 'Median', 60)")], "'Median' is no statistic"),
        ([expression('SELECT AVG(x) FROM "AWS/DynamoDB"')], "Metrics Insights"),
    ],
)
def test_complaints(wire: list[dict[str, Any]], complaint: str) -> None:
    with pytest.raises(QueryError, match=complaint):
        queries_of(wire)


def test_several_complaints_are_told_together() -> None:
    with pytest.raises(QueryError) as told:
        queries_of([metric("a", Stat="x"), metric("b", Stat="y")])
    assert len(str(told.value).splitlines()) == 2

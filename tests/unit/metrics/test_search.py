"""SEARCH expressions: which series meet one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stator.metrics.math.fault import MathError
from stator.metrics.search import DEPTH_MAX, LENGTH_MAX, SERIES_MAX, found, search_of
from stator.metrics.series import Series, series

READ = series("ConsumedReadCapacityUnits", TableName="orders")
WRITE = series("ConsumedWriteCapacityUnits", TableName="orders")
OTHER = series("ConsumedReadCapacityUnits", TableName="customers-2024")
INDEX = series("ConsumedReadCapacityUnits", TableName="orders", GlobalSecondaryIndexName="by date")
LATENCY = series("SuccessfulRequestLatency", TableName="orders", Operation="PutItem")
OWN = Series("Stator", "Requests", (("Node", "a"),))
ALL = [READ, WRITE, OTHER, INDEX, LATENCY, OWN]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{AWS/DynamoDB,TableName}", [READ, WRITE, OTHER]),
        ('{"AWS/DynamoDB", "TableName", "GlobalSecondaryIndexName"}', [INDEX]),
        ("{Stator, Node} Requests", [OWN]),
        ("{AWS/DynamoDB}", []),
        ('{AWS/DynamoDB,TableName} MetricName="ConsumedReadCapacityUnits"', [READ, OTHER]),
        ('{AWS/DynamoDB,TableName} MetricName="ConsumedRead"', []),
        ('MetricName="ConsumedReadCapacityUnits" TableName="orders"', [READ, INDEX]),
        ('"TableName"=("orders" OR "customers-2024") MetricName=Read', [READ, OTHER, INDEX]),
        ("consumed write", [WRITE]),
        ("Consumed AND NOT Read", [WRITE]),
        ("customers", [OTHER]),
        ("2024", [OTHER]),
        ("custom", []),
        ("customers-2024", [OTHER]),
        ("Requests OR PutItem", [LATENCY, OWN]),
        ("Operation=put", [LATENCY]),
        ('GlobalSecondaryIndexName="by date"', [INDEX]),
        ("Namespace=Stator", [OWN]),
        ("(Read OR Write) orders NOT Global", [READ, WRITE]),
        ("Nothing=orders", []),
    ],
)
def test_searches(text: str, expected: list[Series]) -> None:
    assert found(text, ALL) == expected


@pytest.mark.parametrize(
    "text", ["", "{", "{}", "{A", "{A B}", "(a", "a)", "OR", "a OR", "=a", "a=", '"open', "a==b", "NOT"]
)
def test_what_is_no_search_is_refused(text: str) -> None:
    with pytest.raises(MathError):
        search_of(text)


def test_there_is_an_end_to_everything() -> None:
    with pytest.raises(MathError):
        search_of("(" * (DEPTH_MAX + 1) + "a" + ")" * (DEPTH_MAX + 1))
    with pytest.raises(MathError):
        search_of("a" * (LENGTH_MAX + 1))
    assert len(found("{N}", [Series("N", str(number), ()) for number in range(SERIES_MAX + 10)])) == SERIES_MAX


@given(st.text(alphabet='abAB{}(),="ORNTD ', max_size=40))
def test_any_text_is_a_search_or_refused(text: str) -> None:
    try:
        met = found(text, ALL)
    except MathError:
        return
    assert set(met) <= set(ALL)

"""Queries of GetMetricData and of alarms on metric math: from the wire to what can be answered. Pure."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from msgspec import Struct

from stator.metrics.math.evaluate import check, references, searches, takes_metrics
from stator.metrics.math.fault import MathError
from stator.metrics.math.parser import parse
from stator.metrics.math.tree import Tree
from stator.metrics.series import Series
from stator.metrics.statistic import statistic_of

QUERIES_MAX: Final = 500
PERIOD_MAX: Final = 31 * 86_400
_SHORT_PERIODS = frozenset({1, 5, 10, 20, 30})
_ID_PATTERN = "^[a-z][a-zA-Z0-9_]*$"
_ID = re.compile(_ID_PATTERN)
_INSIGHTS = re.compile(r"\s*SELECT\s", re.IGNORECASE)


class QueryError(Exception):
    """The queries cannot be answered. The text says why, a line for each that is at fault."""


class MetricStat(Struct, frozen=True):
    series: Series
    period: int
    statistic: str
    unit: str | None = None


class Query(Struct, frozen=True):
    """It reads a metric or it has an expression."""

    id: str
    stat: MetricStat | None
    tree: Tree | None
    period: int  # 0 where an expression has none of its own
    label: str | None
    returns: bool
    account: str | None


def queries_of(wire: Sequence[Mapping[str, Any]], place: str = "MetricDataQueries") -> list[Query]:
    """From MetricDataQuery structures, each checked. Raises QueryError."""
    faults: list[str] = []
    found: list[Query] = []
    for number, query in enumerate(wire, 1):
        where = f"{place}.member.{number}"
        faults += _faults(query, where)
        if not faults:
            found.append(_query(query))
    ids = [query.get("Id") for query in wire]
    if not faults and len(set(ids)) < len(ids):
        faults.append(f"The values for parameter id in {place} are not unique.")
    if not faults:
        faults += _unknown(found)
    if faults:
        raise QueryError("\n".join(faults))
    return found


def ordered(queries: Sequence[Query]) -> list[Query]:
    """Each after those that it refers to. Raises QueryError for a circle."""
    by_id = {query.id: query for query in queries}
    done: dict[str, Query] = {}
    waiting = list(queries)
    while waiting:
        ready = [query for query in waiting if all(each in done for each in needs(query, by_id))]
        if not ready:
            raise QueryError(f"Error in expression '{waiting[0].id}': the expression refers to itself.")
        done |= {query.id: query for query in ready}
        waiting = [query for query in waiting if query.id not in done]
    return list(done.values())


def needs(query: Query, by_id: Mapping[str, Query]) -> list[str]:
    """The ids of the queries that one refers to."""
    if query.tree is None:
        return []
    metrics = [each.id for each in by_id.values() if each.stat] if takes_metrics(query.tree) else []
    return references(query.tree) + metrics


def period_fault(period: int, where: str) -> str | None:
    if (period in _SHORT_PERIODS or period % 60 == 0) and 0 < period <= PERIOD_MAX:
        return None
    return f"The parameter {where} must be 1, 5, 10, 20, 30 or a multiple of 60, but is {period}."


def series_of(metric: Mapping[str, Any]) -> Series:
    """From a structure with Namespace, MetricName and Dimensions."""
    dimensions = {each["Name"]: each["Value"] for each in metric.get("Dimensions", ())}
    return Series(metric["Namespace"], metric["MetricName"], tuple(sorted(dimensions.items())))


def _faults(query: Mapping[str, Any], where: str) -> list[str]:
    id_, stat, expression = query["Id"], query.get("MetricStat"), query.get("Expression") or ""
    if _ID.match(id_) is None:
        return [f"The value {id_} for parameter {where}.Id is not matching the expected pattern {_ID_PATTERN}."]
    if stat is None and not expression:
        return [f"The parameter {where}.MetricStat is required."]
    if stat is not None and expression:
        both = f"The parameters {where}.Expression and {where}.MetricStat"
        return [f"{both} are mutually exclusive and you have specified both."]
    if "Period" in query and (fault := period_fault(query["Period"], f"{where}.Period")):
        return [fault]
    if stat is not None:
        return _stat_faults(stat, f"{where}.MetricStat")
    if _INSIGHTS.match(expression):
        return [f"Error in expression '{id_}': Metrics Insights queries are not supported."]
    try:
        tree = parse(expression)
        check(tree)
        for search in searches(tree, query.get("Period") or 60):
            if statistic_of(search.statistic) is None:
                raise MathError(f"{search.statistic!r} is no statistic")
    except MathError as fault:
        return [f"Error in expression '{id_}': {fault}."]
    return []


def _stat_faults(stat: Mapping[str, Any], where: str) -> list[str]:
    metric = stat["Metric"]
    faults = [
        f"The parameter {where}.Metric.{member} is required."
        for member in ("Namespace", "MetricName")
        if member not in metric
    ]
    if statistic_of(stat["Stat"]) is None:
        faults.append(f"The value {stat['Stat']} for parameter {where}.Stat is not a valid statistic.")
    if fault := period_fault(stat["Period"], f"{where}.Period"):
        faults.append(fault)
    return faults


def _query(query: Mapping[str, Any]) -> Query:
    wire = query.get("MetricStat")
    stat = tree = None
    if wire is None:
        tree = parse(query["Expression"])
    else:
        stat = MetricStat(series_of(wire["Metric"]), wire["Period"], wire["Stat"], wire.get("Unit"))
    return Query(
        query["Id"],
        stat,
        tree,
        query.get("Period") or (stat.period if stat else 0),
        query.get("Label"),
        query.get("ReturnData", True),
        query.get("AccountId"),
    )


def _unknown(queries: Sequence[Query]) -> list[str]:
    ids = {query.id for query in queries}
    faults = [
        f"Error in expression '{query.id}': there is no query with the id '{id_}'."
        for query in queries
        if query.tree is not None
        for id_ in references(query.tree)
        if id_ not in ids
    ]
    if not faults:
        try:
            ordered(queries)
        except QueryError as fault:
            return [str(fault)]
    return faults

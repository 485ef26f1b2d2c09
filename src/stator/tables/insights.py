"""Contributor Insights of a table and of its global indexes: what may be asked for, and how it is told.

A wish is in force once the time of a transition has passed; until then its status is ENABLING or DISABLING. What is
counted is counted from the wish on.
"""

from collections.abc import Iterator
from typing import Any, Final

from msgspec.structs import replace

from stator.errors import ResourceNotFoundException
from stator.metrics.watch import RULES
from stator.model.table import Index, Insight, Table
from stator.tables.lifecycle import amend

ACCESSED: Final = "ACCESSED_AND_THROTTLED_KEYS"
THROTTLED: Final = "THROTTLED_KEYS"
MODES: Final = (ACCESSED, THROTTLED)
ENABLE: Final = "ENABLE"
PREFIX: Final = "DynamoDBContributorInsights"

_NAME_CHARACTERS_MAX = 80  # of a table in the name of a rule, which may have 128


def find_index(table: Table, name: str | None) -> Index | None:
    """The global index of that name, None where none is meant. Raises ResourceNotFoundException."""
    if name is None:
        return None
    found = table.index(name)
    if found is None or found.local:
        raise ResourceNotFoundException(f"Requested resource not found: Index: {name} for table: {table.name}")
    return found


def setting_of(table: Table, index: str | None) -> Insight | None:
    return next((each for each in table.insights if each.index == index), None)


def change(table: Table, index: str | None, action: str, mode: str | None, now: float) -> Table:
    """The table once what a request asks for is wished. Asking for what is there already changes nothing. Raises
    ResourceNotFoundException."""
    find_index(table, index)
    old = setting_of(table, index)
    if action == ENABLE:
        wanted = _enabled(table, old, index, mode or ACCESSED, now)
    elif old is None or not old.enabled:
        return table
    else:
        wanted = replace(old, enabled=False, changed=now)

    def put(each: Table) -> Table:
        others = [other for other in each.insights if other.index != index]
        return replace(each, insights=(*others, wanted))

    return table if wanted == old else amend(table, put)


def _enabled(table: Table, old: Insight | None, index: str | None, mode: str, now: float) -> Insight:
    if old is not None and old.enabled:
        return old if old.mode == mode else replace(old, mode=mode, changed=now)
    # Rules are named by the time in milliseconds: no two of a table by the same.
    taken = {_milliseconds(each) for each in table.insights}
    created = round(now * 1000)
    while created in taken:
        created += 1
    return Insight(index, True, mode, now, created / 1000)


def status(insight: Insight | None, now: float, transition_seconds: float) -> str:
    if insight is None:
        return "DISABLED"
    settled = now >= insight.changed + transition_seconds
    if insight.enabled:
        return "ENABLED" if settled else "ENABLING"
    return "DISABLED" if settled else "DISABLING"


def rules(table: Table, insight: Insight) -> dict[str, str]:
    """The names of its rules by what they tell, see `metrics.watch`; none once it is disabled."""
    if not insight.enabled:
        return {}
    wanted: tuple[str, ...] = RULES if insight.mode == ACCESSED else RULES[2:]
    if not has_sorts(table, insight.index):
        wanted = tuple(rule for rule in wanted if rule.startswith("PK"))
    name = table.name[:_NAME_CHARACTERS_MAX]
    return {rule: f"{PREFIX}-{rule}-{name}-{_milliseconds(insight)}" for rule in wanted}


def has_sorts(table: Table, index: str | None) -> bool:
    keys = table.keys if index is None else next(each.keys for each in table.indexes if each.name == index)
    return bool(keys.range)


def describe(table: Table, index: str | None, now: float, transition_seconds: float) -> dict[str, Any]:
    """The answer of DescribeContributorInsights. Raises ResourceNotFoundException."""
    find_index(table, index)
    insight = setting_of(table, index)
    described = summarise(table, index, now, transition_seconds)
    if insight is not None:
        if insight.enabled:
            described["ContributorInsightsRuleList"] = list(rules(table, insight).values())
        described["LastUpdateDateTime"] = insight.changed
    return described


def summarise(table: Table, index: str | None, now: float, transition_seconds: float) -> dict[str, Any]:
    """A ContributorInsightsSummary."""
    insight = setting_of(table, index)
    summary: dict[str, Any] = {"TableName": table.name}
    if index is not None:
        summary["IndexName"] = index
    summary["ContributorInsightsStatus"] = status(insight, now, transition_seconds)
    if insight is not None:
        summary["ContributorInsightsMode"] = insight.mode
    return summary


def all_rules(table: Table) -> Iterator[tuple[str, Insight, str]]:
    """The rules of a table and its indexes: name, of what, and what it tells."""
    for insight in table.insights:
        for rule, name in rules(table, insight).items():
            yield name, insight, rule


def _milliseconds(insight: Insight) -> int:
    return round(insight.created * 1000)

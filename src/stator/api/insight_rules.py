"""The rules of Contributor Insights that an account has: one for each question of a table or global index."""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import orjson

from stator.api.call import Call
from stator.metrics.insight_store import Owner
from stator.model.table import Insight, Status, Table
from stator.tables import insights

SCHEMA: Final = '{"Name": "ServiceLogRule", "Version": 1}'


class Rule(NamedTuple):
    """`tells` is what it tells, see `metrics.watch`."""

    name: str
    table: Table
    insight: Insight
    tells: str

    @property
    def labels(self) -> list[str]:
        """The names of the attributes that its keys have."""
        keys = self.table.keys
        if self.insight.index is not None:
            keys = next(index.keys for index in self.table.indexes if index.name == self.insight.index)
        attributes = keys.hash if self.tells.startswith("PK") else keys.attributes
        return [attribute.name for attribute in attributes]

    @property
    def owner(self) -> Owner:
        table, insight = self.table, self.insight
        return Owner(table.account, table.region, table.id, insight.index or "", insight.created)


def rules_of(call: Call) -> Iterator[Rule]:
    """All of an account and region, by the names of their tables."""
    catalog = call.parts.catalog
    for name in catalog.names(call.account, call.region):
        table = catalog.find(call.account, call.region, name)
        if table is not None and table.status is not Status.DELETING:
            for rule, insight, tells in insights.all_rules(table):
                yield Rule(rule, table, insight, tells)


def describe_rule(rule: Rule) -> dict[str, Any]:
    """An InsightRule."""
    value = "ThrottleCount" if rule.tells.endswith("T") else "ConsumedThroughputUnits"
    resource = rule.table.arn if rule.insight.index is None else f"{rule.table.arn}/index/{rule.insight.index}"
    definition = {
        "Schema": orjson.loads(SCHEMA),
        "AggregateOn": "Sum",
        "Contribution": {"Filters": [], "Keys": rule.labels, "ValueOf": value},
        "ResourceArn": resource,
    }
    return {
        "Name": rule.name,
        "State": "ENABLED",
        "Schema": SCHEMA,
        "Definition": orjson.dumps(definition).decode(),
        "ManagedRule": True,
    }

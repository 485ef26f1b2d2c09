"""DescribeInsightRules: those that Contributor Insights of tables and indexes have; there are no others."""

from typing import Any

from stator.api.call import Answer, Call
from stator.api.insight_rules import describe_rule, rules_of
from stator.api.metric_window import place_of, token_of
from stator.api.registry import CLOUDWATCH, operation
from stator.validation.requests.insight_rules import DESCRIBE_INSIGHT_RULES

_PAGE = 500


@operation("DescribeInsightRules", DESCRIBE_INSIGHT_RULES, CLOUDWATCH)
async def describe_insight_rules(call: Call) -> Answer:
    most = call.request.get("MaxResults", _PAGE)
    after = place_of(call.request.get("NextToken")) or ""
    found = sorted((rule for rule in rules_of(call) if rule.name > after), key=lambda rule: rule.name)
    answer: dict[str, Any] = {"InsightRules": [describe_rule(rule) for rule in found[:most]]}
    if len(found) > most:
        answer["NextToken"] = token_of(found[most - 1].name)
    return answer

"""The inputs of CloudWatch's operations on rules of Contributor Insights."""

from typing import Final

from stator.validation.requests.member import TEXT
from stator.validation.scalar import Integer, String, Timestamp
from stator.validation.shape import List, Structure, required

_PRINTABLE: Final = r"[\x20-\x7E]+"

DESCRIBE_INSIGHT_RULES: Final = Structure(
    "DescribeInsightRulesInput", {"NextToken": TEXT, "MaxResults": Integer(min=1, max=500)}
)

GET_INSIGHT_RULE_REPORT: Final = Structure(
    "GetInsightRuleReportInput",
    {
        "RuleName": required(String(min=1, max=128, pattern=_PRINTABLE)),
        "StartTime": required(Timestamp()),
        "EndTime": required(Timestamp()),
        "Period": required(Integer(min=1)),
        "MaxContributorCount": Integer(),
        "Metrics": List(String(min=1, max=32, pattern=_PRINTABLE)),
        "OrderBy": String(min=1, max=32, pattern=_PRINTABLE),
    },
)

"""`stator insights`: which keys of a table or global index are used and throttled most, as Contributor Insights have
counted them. Keys are shown as they are."""

import sys
import time
from argparse import Namespace
from typing import Any, Final

import orjson

from stator.cli.client import DYNAMODB, Api, Client
from stator.cli.complaint import Complaint
from stator.cli.endpoint import find_endpoint

_CLOUDWATCH: Final = Api("monitoring", "GraniteServiceVersion20100801.")
_MINUTE: Final = 60
_MINUTES_MAX: Final = 1440
_TOP_MAX: Final = 25
_TITLES: Final = {
    "PKC": ("Most accessed partition keys", "Units"),
    "SKC": ("Most accessed items", "Units"),
    "PKT": ("Most throttled partition keys", "Throttles"),
    "SKT": ("Most throttled items", "Throttles"),
}


def insights(found: Namespace) -> int:
    """Prints a table for each rule, or JSON; with --enable, --throttled or --disable the new status alone."""
    endpoint = find_endpoint(found.url, found.region, found.profile)
    place = {"TableName": found.table} | ({"IndexName": found.index} if found.index else {})
    dynamodb = Client(endpoint, DYNAMODB)
    if found.enable or found.throttled or found.disable:
        print(_change(dynamodb, place, found))
        return 0
    _check(found)
    told = dynamodb.call("DescribeContributorInsights", place)
    rules = told.get("ContributorInsightsRuleList", [])
    if not rules:
        raise Complaint(
            f"Contributor Insights of {found.index or found.table} are {told['ContributorInsightsStatus']}. "
            f"Turn them on with `stator insights {found.table}{_index(found)} --enable`."
        )
    cloudwatch = Client(endpoint.beside("monitoring"), _CLOUDWATCH)
    reports = {rule.split("-")[1]: _report(cloudwatch, rule, found) for rule in rules}
    if found.json:
        sys.stdout.buffer.write(orjson.dumps({**place, "Reports": reports}, option=orjson.OPT_APPEND_NEWLINE))
        return 0
    _show(reports, found)
    return 0


def _change(dynamodb: Client, place: dict[str, str], found: Namespace) -> str:
    request = {**place, "ContributorInsightsAction": "DISABLE" if found.disable else "ENABLE"}
    if not found.disable:
        mode = "THROTTLED_KEYS" if found.throttled else "ACCESSED_AND_THROTTLED_KEYS"
        request["ContributorInsightsMode"] = mode
    return str(dynamodb.call("UpdateContributorInsights", request)["ContributorInsightsStatus"])


def _check(found: Namespace) -> None:
    if not 1 <= found.minutes <= _MINUTES_MAX:
        raise Complaint(f"--minutes is 1 to {_MINUTES_MAX}, not {found.minutes}.")
    if not 1 <= found.top <= _TOP_MAX:
        raise Complaint(f"--top is 1 to {_TOP_MAX}, not {found.top}.")


def _report(cloudwatch: Client, rule: str, found: Namespace) -> dict[str, Any]:
    end = int(time.time()) // _MINUTE * _MINUTE + _MINUTE  # with the minute that runs
    return cloudwatch.call(
        "GetInsightRuleReport",
        {
            "RuleName": rule,
            "StartTime": end - found.minutes * _MINUTE,
            "EndTime": end,
            "Period": found.minutes * _MINUTE,
            "MaxContributorCount": found.top,
        },
    )


def _show(reports: dict[str, dict[str, Any]], found: Namespace) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console(highlight=False)
    for rule, report in reports.items():
        title, unit = _TITLES.get(rule, (rule, "Value"))
        if not report["Contributors"]:
            console.print(f"{title}: none in the last {found.minutes} minutes", markup=False)
            continue
        console.print(f"{title}, last {found.minutes} minutes", markup=False)
        table = Table()
        for label in report["KeyLabels"]:
            table.add_column(escape(label), overflow="fold")
        table.add_column(unit, justify="right")
        table.add_column("Share", justify="right")
        for each in report["Contributors"]:
            value = each["ApproximateAggregateValue"]
            keys = [escape(_plain(key)) for key in each["Keys"]]
            table.add_row(*keys, f"{value:,.1f}".removesuffix(".0"), f"{100 * value / report['AggregateValue']:.1f} %")
        console.print(table)


def _plain(key: str) -> str:
    """What does nothing to a terminal."""
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in key)


def _index(found: Namespace) -> str:
    return f" --index {found.index}" if found.index else ""

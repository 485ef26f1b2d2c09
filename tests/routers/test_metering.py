"""Metrics and Contributor Insights where several routers share a store: whichever is asked tells of all of them."""

import contextlib
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.operations.conftest import create_table
from tests.routers.pair import Pair, in_touch
from tests.running import Account, new_account, wait_until

KEY = {"pk": {"S": "a"}}


def window() -> dict[str, Any]:
    now = datetime.now(UTC)
    return {"StartTime": now - timedelta(minutes=30), "EndTime": now + timedelta(minutes=2)}


def gets(cloudwatch: Any) -> float:
    told = cloudwatch.get_metric_statistics(
        Namespace="AWS/DynamoDB",
        MetricName="SuccessfulRequestLatency",
        Dimensions=[{"Name": "TableName", "Value": "things"}, {"Name": "Operation", "Value": "GetItem"}],
        Period=60,
        Statistics=["SampleCount"],
        **window(),
    )
    return sum(float(point["SampleCount"]) for point in told["Datapoints"])


def weight(dynamodb: Any, cloudwatch: Any) -> float:
    """What the keys consumed together."""
    (name, _) = dynamodb.describe_contributor_insights(TableName="things")["ContributorInsightsRuleList"]
    return float(cloudwatch.get_insight_rule_report(RuleName=name, Period=60, **window())["AggregateValue"])


def test_they_add_up() -> None:
    with in_touch(), contextlib.closing(Pair()) as pair:
        number = new_account(pair.servers[0].url).number
        accounts = [Account(server.url, number) for server in pair.servers]
        first, second = (account.client() for account in accounts)
        watches = [account.client("cloudwatch") for account in accounts]
        create_table(first, "things", "pk:S")
        first.update_contributor_insights(TableName="things", ContributorInsightsAction="ENABLE")
        for client in (first, second):  # each has noticed once it counts
            wait_until(
                lambda client=client: (
                    client.get_item(TableName="things", Key=KEY)  # type: ignore[misc]
                    and weight(client, watches[0]) > 0
                )
            )
        for _ in range(5):
            first.get_item(TableName="things", Key=KEY)
        for _ in range(7):
            second.get_item(TableName="things", Key=KEY)
        count = sum(server.background.metering._parts.recorder.requests["GetItem"] for server in pair.servers)
        for watch in watches:
            wait_until(lambda watch=watch: gets(watch) == count)  # type: ignore[misc]
        pair.stop(0)
        assert gets(watches[1]) == count
        for client in (first, second, *watches):
            client.close()

"""Contributor Insights over HTTP: wished for, described, listed, and read as CloudWatch's reports."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.operations.conftest import create_table
from tests.running import Account, RunningServer, new_account, start_server

MODE = "ACCESSED_AND_THROTTLED_KEYS"


class House:
    """A server of its own, so that its clock may be turned."""

    def __init__(self) -> None:
        self.running = start_server()
        self.account = new_account(self.running.url)
        self.client = self.account.client()
        self.cloudwatch = self.account.client("cloudwatch")

    def tick(self, seconds: float = 0.0) -> None:
        self.running.clock.advance(seconds)
        self.running._run(self.running.server.background.metering.run_once())

    def rules(self, **place: str) -> dict[str, str]:
        names = self.client.describe_contributor_insights(**place)["ContributorInsightsRuleList"]
        return {name.split("-")[1]: name for name in names}

    def report(self, name: str, **request: Any) -> Any:
        now = self.running.clock.now
        chosen = {
            "StartTime": datetime.fromtimestamp(now - 600, UTC),
            "EndTime": datetime.fromtimestamp(now + 60, UTC),
            "Period": 60,
        }
        return self.cloudwatch.get_insight_rule_report(RuleName=name, **chosen | request)

    def values(self, name: str) -> dict[tuple[str, ...], float]:
        contributors = self.report(name)["Contributors"]
        return {tuple(each["Keys"]): each["ApproximateAggregateValue"] for each in contributors}


@pytest.fixture
def house() -> Iterator[House]:
    made = House()
    yield made
    made.running.close()


def refused(call: Any, **request: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(**request)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def test_a_wish_goes_through_its_statuses(house: House) -> None:
    client = house.client
    create_table(client, "music", "pk:S", "sk:S")
    told = client.describe_contributor_insights(TableName="music")
    assert {name: told[name] for name in told if name != "ResponseMetadata"} == {
        "TableName": "music",
        "ContributorInsightsStatus": "DISABLED",
    }
    done = client.update_contributor_insights(TableName="music", ContributorInsightsAction="ENABLE")
    assert (done["ContributorInsightsStatus"], done["ContributorInsightsMode"]) == ("ENABLING", MODE)
    arn = client.describe_table(TableName="music")["Table"]["TableArn"]
    told = client.describe_contributor_insights(TableName=arn)
    assert (told["ContributorInsightsStatus"], told["ContributorInsightsMode"]) == ("ENABLED", MODE)
    milliseconds = round(house.running.clock.now * 1000)
    assert told["ContributorInsightsRuleList"] == [
        f"DynamoDBContributorInsights-{rule}-music-{milliseconds}" for rule in ("PKC", "SKC", "PKT", "SKT")
    ]
    assert told["LastUpdateDateTime"].timestamp() == house.running.clock.now
    again = client.update_contributor_insights(
        TableName="music", ContributorInsightsAction="ENABLE", ContributorInsightsMode="THROTTLED_KEYS"
    )
    assert again["ContributorInsightsMode"] == "THROTTLED_KEYS"
    assert set(house.rules(TableName="music")) == {"PKT", "SKT"}
    done = client.update_contributor_insights(TableName="music", ContributorInsightsAction="DISABLE")
    assert done["ContributorInsightsStatus"] == "DISABLING"
    told = client.describe_contributor_insights(TableName="music")
    assert (told["ContributorInsightsStatus"], "ContributorInsightsRuleList" in told) == ("DISABLED", False)


def test_indexes_have_their_own(house: House) -> None:
    client = house.client
    indexes: dict[str, dict[str, Any]] = {"by-g": {"hash": ["g:S"]}, "near": {"range": ["l:S"], "local": True}}
    create_table(client, "music", "pk:S", "sk:S", indexes=indexes)
    done = client.update_contributor_insights(TableName="music", IndexName="by-g", ContributorInsightsAction="ENABLE")
    assert (done["IndexName"], done["ContributorInsightsStatus"]) == ("by-g", "ENABLING")
    client.update_contributor_insights(TableName="music", ContributorInsightsAction="ENABLE")
    assert set(house.rules(TableName="music", IndexName="by-g")) == {"PKC", "PKT"}
    assert not set(house.rules(TableName="music", IndexName="by-g").values()) & set(
        house.rules(TableName="music").values()
    )
    for name in ("near", "none"):
        assert refused(
            client.update_contributor_insights, TableName="music", IndexName=name, ContributorInsightsAction="ENABLE"
        ) == ("ResourceNotFoundException", f"Requested resource not found: Index: {name} for table: music")
        refusal = refused(client.describe_contributor_insights, TableName="music", IndexName=name)
        assert refusal[0] == "ResourceNotFoundException"
    # An index of that name that comes later is another one.
    client.update_table(TableName="music", GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "by-g"}}])
    listed = client.list_contributor_insights()["ContributorInsightsSummaries"]
    assert [each.get("IndexName") for each in listed] == [None]


def test_bad_requests(house: House) -> None:
    client = house.client
    missing = ("ResourceNotFoundException", "Requested resource not found: Table: none not found")
    assert refused(client.describe_contributor_insights, TableName="none") == missing
    assert refused(client.list_contributor_insights, TableName="none") == missing
    assert refused(client.update_contributor_insights, TableName="none", ContributorInsightsAction="ENABLE") == missing
    code, text = refused(client.update_contributor_insights, TableName="none", ContributorInsightsAction="ON")
    assert (code, "contributorInsightsAction" in text) == ("ValidationException", True)
    assert refused(client.list_contributor_insights, MaxResults=101)[0] == "ValidationException"
    assert refused(client.list_contributor_insights, NextToken="x")[0] == "ValidationException"


def test_lists_have_pages(house: House) -> None:
    client = house.client
    for name in ("b-table", "a-table", "c-table"):
        create_table(client, name, "pk:S", indexes={"by-g": {"hash": ["g:S"]}})
    for name in ("b-table", "a-table"):
        client.update_contributor_insights(TableName=name, ContributorInsightsAction="ENABLE")
    client.update_contributor_insights(TableName="a-table", IndexName="by-g", ContributorInsightsAction="ENABLE")
    client.update_contributor_insights(TableName="b-table", ContributorInsightsAction="DISABLE")
    told = []
    request: dict[str, Any] = {"MaxResults": 1}
    while True:
        page = client.list_contributor_insights(**request)
        (each,) = page["ContributorInsightsSummaries"]
        told.append((each["TableName"], each.get("IndexName"), each["ContributorInsightsStatus"]))
        if "NextToken" not in page:
            break
        request["NextToken"] = page["NextToken"]
    assert told == [("a-table", None, "ENABLED"), ("a-table", "by-g", "ENABLED"), ("b-table", None, "DISABLED")]
    of_one = client.list_contributor_insights(TableName="c-table")["ContributorInsightsSummaries"]
    assert [(each.get("IndexName"), each["ContributorInsightsStatus"]) for each in of_one] == [
        (None, "DISABLED"),
        ("by-g", "DISABLED"),
    ]
    elsewhere = Account(house.running.url, house.account.number).client(region="us-west-2")
    assert elsewhere.list_contributor_insights()["ContributorInsightsSummaries"] == []


def test_keys_of_all_operations_are_counted(house: House) -> None:
    client = house.client
    create_table(client, "music", "pk:S", "sk:N", indexes={"by-g": {"hash": ["g:S"], "range": ["h:S"]}})
    for place in ({"TableName": "music"}, {"TableName": "music", "IndexName": "by-g"}):
        client.update_contributor_insights(**place, ContributorInsightsAction="ENABLE")
    house.tick()
    key = {"pk": {"S": "a"}, "sk": {"N": "1"}}
    entry = {"g": {"S": "g"}, "h": {"S": "h"}}
    client.put_item(TableName="music", Item=key | entry)  # 3; of the index 3
    client.get_item(TableName="music", Key=key, ConsistentRead=True)  # 1
    client.update_item(TableName="music", Key=key, AttributeUpdates={"x": {"Value": {"S": "1"}}})  # 3; 3
    client.batch_get_item(RequestItems={"music": {"Keys": [key], "ConsistentRead": True}})  # 1
    client.transact_get_items(TransactItems=[{"Get": {"TableName": "music", "Key": key}}])  # 2
    client.batch_write_item(RequestItems={"music": [{"PutRequest": {"Item": {"pk": {"S": "b"}, "sk": {"N": "2"}}}}]})
    client.query(  # 1, of a partition; absent there
        TableName="music",
        KeyConditionExpression="pk = :p",
        ExpressionAttributeValues={":p": {"S": "c"}},
        ConsistentRead=True,
    )
    client.query(  # 0.5 of the index's partition
        TableName="music",
        IndexName="by-g",
        KeyConditionExpression="g = :g",
        ExpressionAttributeValues={":g": {"S": "g"}},
    )
    client.scan(TableName="music")
    client.delete_item(TableName="music", Key=key)  # 3; 3
    house.tick(11)
    table, index = house.rules(TableName="music"), house.rules(TableName="music", IndexName="by-g")
    assert house.values(table["PKC"]) == {("a",): 13.0, ("b",): 3.0, ("c",): 1.0}
    assert house.values(table["SKC"]) == {("a", "1"): 13.0, ("b", "2"): 3.0}
    assert house.values(table["PKT"]) == {}
    assert house.values(index["PKC"]) == {("g",): 9.5}
    assert house.values(index["SKC"]) == {("g", "h"): 9.0}


def test_throttled_keys_are_counted(house: House) -> None:
    client = house.client
    client.create_table(
        TableName="narrow",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        ProvisionedThroughput={"ReadCapacityUnits": 1, "WriteCapacityUnits": 1},
    )
    client.update_contributor_insights(
        TableName="narrow", ContributorInsightsAction="ENABLE", ContributorInsightsMode="THROTTLED_KEYS"
    )
    house.tick()
    refusals = 0
    for _ in range(400):  # more than the burst of five minutes
        try:
            client.put_item(TableName="narrow", Item={"pk": {"S": "hot"}})
        except ClientError:
            refusals += 1
    house.tick(11)
    assert refusals > 0
    assert house.values(house.rules(TableName="narrow")["PKT"]) == {("hot",): float(refusals)}


def test_keys_of_an_index_that_throttles_are_counted(house: House) -> None:
    client = house.client
    client.create_table(
        TableName="wide",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "g")],
        ProvisionedThroughput={"ReadCapacityUnits": 1, "WriteCapacityUnits": 1000},
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by-g",
                "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
                "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1},
            }
        ],
    )
    for place in ({"TableName": "wide"}, {"TableName": "wide", "IndexName": "by-g"}):
        client.update_contributor_insights(**place, ContributorInsightsAction="ENABLE")
    house.tick()
    refusals = 0
    for number in range(400):  # more than the burst of five minutes
        try:
            client.put_item(TableName="wide", Item={"pk": {"S": f"p{number}"}, "g": {"S": "hot"}})
        except ClientError:
            refusals += 1
    house.tick(11)
    assert refusals > 0
    assert house.values(house.rules(TableName="wide", IndexName="by-g")["PKT"]) == {("hot",): float(refusals)}
    assert house.values(house.rules(TableName="wide")["PKT"]) == {}


def test_rules_are_described_and_reported(house: House) -> None:
    client, cloudwatch = house.client, house.cloudwatch
    create_table(client, "music", "pk:S", "sk:S")
    assert cloudwatch.describe_insight_rules()["InsightRules"] == []
    client.update_contributor_insights(TableName="music", ContributorInsightsAction="ENABLE")
    house.tick()
    for number in range(30):
        for _ in range(number % 3 + 1):
            client.put_item(TableName="music", Item={"pk": {"S": f"k{number:02}"}, "sk": {"S": "s"}})
    house.tick(60)
    client.put_item(TableName="music", Item={"pk": {"S": "k00"}, "sk": {"S": "s"}})
    house.tick(60)
    names = house.rules(TableName="music")
    rules = cloudwatch.describe_insight_rules()["InsightRules"]
    assert sorted(rule["Name"] for rule in rules) == sorted(names.values())
    assert all(rule["State"] == "ENABLED" and rule["ManagedRule"] for rule in rules)
    page = cloudwatch.describe_insight_rules(MaxResults=3)
    rest = cloudwatch.describe_insight_rules(NextToken=page["NextToken"])
    assert [len(each["InsightRules"]) for each in (page, rest)] == [3, 1]

    told = house.report(names["SKC"], MaxContributorCount=25, Metrics=["MaxContributorValue", "UniqueContributors"])
    assert told["KeyLabels"] == ["pk", "sk"]
    assert told["AggregationStatistic"] == "Sum"
    assert told["AggregateValue"] == 3.0 * 61
    assert told["ApproximateUniqueCount"] == 30
    assert len(told["Contributors"]) == 25
    assert [point["MaxContributorValue"] for point in told["MetricDatapoints"]] == [9.0, 3.0]
    assert told["MetricDatapoints"][0]["UniqueContributors"] == 30.0
    first = told["Contributors"][0]
    assert (first["Keys"], first["ApproximateAggregateValue"]) == (["k02", "s"], 9.0)
    hot = house.report(names["PKC"], Period=3600, MaxContributorCount=1, OrderBy="Maximum")
    assert hot["Contributors"][0]["ApproximateAggregateValue"] == 9.0
    assert house.report(names["PKT"])["Contributors"] == []


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ({"MaxContributorCount": 26}, "InvalidParameterValue"),
        ({"MaxContributorCount": 0}, "InvalidParameterValue"),
        ({"OrderBy": "Average"}, "InvalidParameterValue"),
        ({"Metrics": ["Median"]}, "InvalidParameterValue"),
        ({"Period": 90}, "InvalidParameterValue"),
        ({"StartTime": datetime(2040, 1, 1, tzinfo=UTC)}, "InvalidParameterValue"),
        ({"RuleName": "DynamoDBContributorInsights-PKC-none-1"}, "ResourceNotFoundException"),
    ],
)
def test_bad_reports_are_refused(house: House, request_: dict[str, Any], code: str) -> None:
    create_table(house.client, "music", "pk:S")
    house.client.update_contributor_insights(TableName="music", ContributorInsightsAction="ENABLE")
    name = request_.pop("RuleName", house.rules(TableName="music")["PKC"])
    with pytest.raises(ClientError) as caught:
        house.report(name, **request_)
    assert caught.value.response["Error"]["Code"] in (code, code + "Exception")


def test_a_running_server_is_not_needed_for_a_wish_to_last(tmp_path: Any) -> None:
    running: RunningServer = start_server(tmp_path)
    account = new_account(running.url)
    client = account.client()
    create_table(client, "music", "pk:S")
    client.update_contributor_insights(TableName="music", ContributorInsightsAction="ENABLE")
    metering = running.server.background.metering
    running._run(metering.run_once())
    client.put_item(TableName="music", Item={"pk": {"S": "a"}})
    running.close()
    running = start_server(tmp_path)
    try:
        again = Account(running.url, account.number)
        client, cloudwatch = again.client(), again.client("cloudwatch")
        (name, _) = client.describe_contributor_insights(TableName="music")["ContributorInsightsRuleList"]
        metering = running.server.background.metering
        running._run(metering.run_once())
        client.put_item(TableName="music", Item={"pk": {"S": "a"}})
        running.clock.advance(11)
        running._run(metering.run_once())
        now = running.clock.now
        told = cloudwatch.get_insight_rule_report(
            RuleName=name,
            StartTime=datetime.fromtimestamp(now - 600, UTC),
            EndTime=datetime.fromtimestamp(now + 60, UTC),
            Period=60,
        )
        assert [(each["Keys"], each["ApproximateAggregateValue"]) for each in told["Contributors"]] == [(["a"], 6.0)]
    finally:
        running.close()

"""`stator apply` on a server: what it makes, that it is done after once, what it leaves alone."""

from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.commands.process import run

EXAMPLE = Path(__file__).parents[2] / "examples" / "cumulus-tables.yml"
_accounts = iter(range(900_000_000_001, 900_000_001_000))


class Account:
    def __init__(self, url: str) -> None:
        self.url, self.number = url, str(next(_accounts))

    def client(self, service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name="us-east-1",
            aws_access_key_id=self.number,
            aws_secret_access_key="secret",
        )

    def apply(self, file: Path, *flags: str) -> Any:
        return run(
            "apply", file, "--url", self.url, *flags, AWS_ACCESS_KEY_ID=self.number, AWS_SECRET_ACCESS_KEY="secret"
        )


@pytest.fixture
def account(url: str) -> Account:
    return Account(url)


def declared(path: Path, text: str) -> Path:
    file = path / "tables.yml"
    file.write_text("d:\n" + text)
    return file


KEYS = "    attributes: [{name: id, type: S}]\n    schema: [{name: id, type: HASH}]\n"
INDEXED = KEYS.replace("type: S}]", "type: S}, {name: day, type: S}]", 1)
INDEX = """
    GlobalSecondaryIndexes:
      - IndexName: by-day
        KeySchema: [{AttributeName: day, KeyType: HASH}]
        Projection: {ProjectionType: ALL}
"""


def test_the_tables_of_the_example(account: Account) -> None:
    done = account.apply(EXAMPLE, "--yes")
    assert done.returncode == 0, done.stderr
    tables = account.client("dynamodb")
    assert len(tables.list_tables()["TableNames"]) == 7
    told = tables.describe_table(TableName="cumulus-GranulesTable")["Table"]
    assert told["ProvisionedThroughput"]["WriteCapacityUnits"] == 20
    recovery = tables.describe_continuous_backups(TableName="cumulus-PdrsTable")["ContinuousBackupsDescription"]
    assert recovery["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"
    scaling = account.client("application-autoscaling")
    targets = scaling.describe_scalable_targets(ServiceNamespace="dynamodb")["ScalableTargets"]
    assert len(targets) == 14
    policies = scaling.describe_scaling_policies(ServiceNamespace="dynamodb", ResourceId="table/cumulus-GranulesTable")
    values = {each["TargetTrackingScalingPolicyConfiguration"]["TargetValue"] for each in policies["ScalingPolicies"]}
    assert values == {50.0}
    again = account.apply(EXAMPLE, "--yes")
    assert again.stdout == f"nothing to do: {account.url} is as declared\n"


def test_a_plan_does_nothing_and_nobody_means_no(account: Account) -> None:
    planned = account.apply(EXAMPLE, "--plan")
    assert planned.returncode == 0
    assert "cumulus-UsersTable: create it, key userName" in planned.stdout
    refused = account.apply(EXAMPLE)
    assert refused.returncode == 1
    assert "Pass --yes" in refused.stderr
    assert account.client("dynamodb").list_tables()["TableNames"] == []


def test_what_differs_is_changed_and_the_rest_left_alone(account: Account, tmp_path: Path) -> None:
    assert account.apply(declared(tmp_path, f"  tab:\n{INDEXED}{INDEX}"), "--yes").returncode == 0
    text = (
        f"  tab:\n{INDEXED}    GlobalSecondaryIndexes:\n      - IndexName: other\n"
        "        KeySchema: [{AttributeName: day, KeyType: HASH}]\n        Projection: {ProjectionType: KEYS_ONLY}\n"
        "    enablePointInTime: true\n    TimeToLiveSpecification: {Enabled: true, AttributeName: gone}\n"
        "    DeletionProtectionEnabled: true\n    Tags: [{Key: owner, Value: me}]\n"
        "    StreamSpecification: {StreamEnabled: true, StreamViewType: NEW_IMAGE}\n"
    )
    file = declared(tmp_path, text)
    done = account.apply(file, "--yes")
    assert done.returncode == 0, done.stderr
    assert "note: tab: index by-day is not declared; it is left alone" in done.stdout
    tables = account.client("dynamodb")
    told = tables.describe_table(TableName="tab")["Table"]
    assert {index["IndexName"] for index in told["GlobalSecondaryIndexes"]} == {"by-day", "other"}
    assert told["DeletionProtectionEnabled"]
    assert told["StreamSpecification"]["StreamViewType"] == "NEW_IMAGE"
    assert tables.list_tags_of_resource(ResourceArn=told["TableArn"])["Tags"] == [{"Key": "owner", "Value": "me"}]
    ttl = tables.describe_time_to_live(TableName="tab")["TimeToLiveDescription"]
    assert (ttl["TimeToLiveStatus"], ttl["AttributeName"]) == ("ENABLED", "gone")
    assert "nothing to do" in account.apply(file, "--yes").stdout


def test_scaling_is_taken_away_and_the_capacity_of_scaled_tables_is_not_touched(
    account: Account, tmp_path: Path
) -> None:
    scaled = declared(tmp_path, f"  tab:\n{KEYS}    enableAutoScaling: true\n")
    assert account.apply(scaled, "--yes").returncode == 0
    tables, scaling = account.client("dynamodb"), account.client("application-autoscaling")
    tables.update_table(TableName="tab", ProvisionedThroughput={"ReadCapacityUnits": 8, "WriteCapacityUnits": 2})
    assert "nothing to do" in account.apply(scaled, "--yes").stdout
    assert account.apply(declared(tmp_path, "  tab:\n    enableAutoScaling: false\n"), "--yes").returncode == 0
    assert scaling.describe_scalable_targets(ServiceNamespace="dynamodb")["ScalableTargets"] == []


def test_what_cannot_be_is_refused_before_anything_is_begun(account: Account, tmp_path: Path) -> None:
    assert account.apply(declared(tmp_path, f"  tab:\n{KEYS}"), "--yes").returncode == 0
    other = "    attributes: [{name: pk, type: S}]\n    schema: [{name: pk, type: HASH}]\n"
    refused = account.apply(declared(tmp_path, f"  first:\n{other}  tab:\n{other}"), "--yes")
    assert refused.returncode == 1
    assert "Keys cannot change" in refused.stderr
    missing = account.apply(declared(tmp_path, "  gone:\n    enablePointInTime: true\n"), "--yes")
    assert "there is no table gone, and nothing says how to make it" in missing.stderr
    assert account.client("dynamodb").list_tables()["TableNames"] == ["tab"]

"""The file of `stator apply`: Cumulus's keys and defaults, CreateTable's members, and what is wrong with others."""

from pathlib import Path

import pytest

from stator.cli.complaint import Complaint
from stator.cli.declaring.declaration import Declared, Scaling, read

CUMULUS = Path(__file__).parents[4] / "examples" / "cumulus-tables.yml"
KEYS = "attributes: [{name: id, type: S}], schema: [{name: id, type: HASH}]"


def one(text: str) -> Declared:
    (table,) = read(f"d:\n  T: {{{text}}}")
    return table


def test_cumulus_defaults() -> None:
    table = one(f"{KEYS}, enableAutoScaling: true")
    assert table.scaling == Scaling(5, 10, 1, 2, 30, 0, 0)
    assert table.create["ProvisionedThroughput"] == {"ReadCapacityUnits": 5, "WriteCapacityUnits": 1}
    assert table.create["AttributeDefinitions"] == [{"AttributeName": "id", "AttributeType": "S"}]
    assert table.create["KeySchema"] == [{"AttributeName": "id", "KeyType": "HASH"}]


def test_the_example_has_the_seven_metadata_tables() -> None:
    tables = {table.name: table for table in read(CUMULUS.read_text())}
    assert set(tables) == {
        f"cumulus-{name}Table"
        for name in ("Users", "Collections", "Providers", "Rules", "Executions", "Granules", "Pdrs")
    }
    assert all(table.recovery for table in tables.values())
    assert tables["cumulus-UsersTable"].scaling == Scaling(5, 10, 1, 2, 70, 5, 5)
    assert tables["cumulus-GranulesTable"].scaling == Scaling(5, 10, 20, 100, 50, 5, 5)


def test_a_table_is_on_demand_unless_something_says_else() -> None:
    assert one(KEYS).create["BillingMode"] == "PAY_PER_REQUEST"
    provisioned = one(f"{KEYS}, ProvisionedThroughput: {{ReadCapacityUnits: 3, WriteCapacityUnits: 4}}")
    assert "BillingMode" not in provisioned.create


def test_settings_of_a_table_that_has_to_be_there() -> None:
    (table,) = read("d:\n  T:\n  enablePointInTime: true")
    assert (table.name, dict(table.create), table.recovery, table.scaled) == ("T", {}, True, None)


def test_a_table_overrides_its_deployment() -> None:
    text = "d: {enablePointInTime: true, A: {enablePointInTime: false}, B: {}, C: {TableName: other}}"
    assert [(table.name, table.recovery) for table in read(text)] == [("A", False), ("B", True), ("other", True)]


def test_deployments_are_told_apart_by_name() -> None:
    text = "one: {A: {}}\ntwo: {B: {}}"
    assert [table.name for table in read(text, "two")] == ["B"]
    with pytest.raises(Complaint, match=r"which deployment.*one, two"):
        read(text)
    with pytest.raises(Complaint, match="no deployment three, but one, two"):
        read(text, "three")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "it declares nothing"),
        ("[1, 2]", "must have members"),
        ("a: [", "it is no YAML"),
        ("a: !!python/object/apply:os.system [id]", "it is no YAML"),
        ("a: {}", "a has no tables"),
        ("a: {1: {}}", "must have members"),
        ("a: {T: 3}", "T must have members"),
        ("a: {T: {Schema: []}}", "T has Schema, which means nothing here"),
        ("a: {T: {schema: [id]}}", "schema of T must be a list of names with types"),
        ("a: {T: {enableAutoScaling: 1}}", "enableAutoScaling of T is true or false, not 1"),
        ("a: {T: {ReadMinCapacity: 3}}", "T has bounds for auto scaling, but not enableAutoScaling"),
        ("a: {T: {enableAutoScaling: true, ReadMinCapacity: 0}}", "ReadMinCapacity of T must be a whole number"),
        ("a: {T: {enableAutoScaling: true, ReadMinCapacity: 11}}", "ReadMinCapacity 11, which is more than"),
        ("a: {T: {enableAutoScaling: true, BillingMode: PAY_PER_REQUEST}}", "T is on demand"),
        ("a: {T: {}, AutoScalingPolicyConfiguration: {targetValue: 0}}", "targetValue of a is a percentage"),
        ("a: {T: {}, AutoScalingPolicyConfiguration: {target: 5}}", "has target; it may have targetValue"),
        ("a: {T: {}, AutoScalingPolicyConfiguration: {scaleInCooldown: -1}}", "must be a number from 0 on"),
        ("a: {T: {}, U: {TableName: T}}", "T is declared twice"),
        ("a: {T: {Tags: {a: b}}}", "Tags of T must be a list"),
        ("a: {T: {Tags: [x]}}", "Tags of T must have Key (a text), Value (a text)"),
        ("a: {T: {Tags: [{Key: a, Value: 2026-11-21}]}}", "Put it in quotes"),
        ("a: {T: {Tags: &here [*here]}}", "Tags of T has a value"),
        ("a: {T: {ProvisionedThroughput: {ReadCapacityUnits: many, WriteCapacityUnits: 1}}}", "(a whole number)"),
        ("a: {T: {OnDemandThroughput: {MaxReadRequestUnits: 99999999999999999999}}}", "has a value"),
        ("a: {T: {OnDemandThroughput: {MaxReadRequestUnits: .nan}}}", "has a value"),
        ("a: {T: {StreamSpecification: {1: true}}}", "has a value"),
        ("a: {T: {TimeToLiveSpecification: {AttributeName: !!binary aGVsbG8=}}}", "has a value"),
        ("a: {T: {GlobalSecondaryIndexes: [{IndexName: i}]}}", "GlobalSecondaryIndexes of T must have IndexName"),
        ("a: {T: {GlobalSecondaryIndexes: [{IndexName: i, KeySchema: [id]}]}}", "KeySchema of T must have"),
        ("a: {T: {schema: [{name: id, type: HASH}], attributes: []}}", "no type of id"),
        ("a: " + "[" * 5000, "it is no YAML"),
        ("a: {T: {}}\n" + "# " * 600_000, "longer than 1 MB"),
    ],
)
def test_faults_are_named(text: str, said: str) -> None:
    with pytest.raises(Complaint) as raised:
        read(text)
    assert said in str(raised.value)

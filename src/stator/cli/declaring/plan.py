"""From tables as they shall be and tables as they are to the steps in between."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

from stator.cli.client import Client, Refused
from stator.cli.complaint import Complaint
from stator.cli.declaring.declaration import Declared
from stator.cli.declaring.scaled import Scaler
from stator.cli.moving.definition import describe, keys_of, wait_until_active


class Step(NamedTuple):
    table: str
    text: str
    act: Callable[[], None]


class Plan(NamedTuple):
    steps: list[Step]
    notes: list[str]
    """What differs and is left as it is, in words."""


class Planner:
    def __init__(self, client: Client, scaler: Scaler) -> None:
        self._client = client
        self._scaler = scaler

    def plan(self, tables: list[Declared]) -> Plan:
        """Raises Complaint for what no step can bring about. Changes nothing."""
        plan = Plan([], [])
        for table in tables:
            told = describe(self._client, table.name)
            if told is None:
                self._create(table, plan)
            else:
                self._change(table, told, plan)
                self._index(table, told, plan)
            self._settings(table, told, plan)
            if table.scaling is not None:
                wishes = self._scaler.wishes(table.name, table.scaling)
            else:
                wishes = self._scaler.ends(table.name) if table.scaled is False else []
            for wish in wishes:
                plan.steps.append(Step(table.name, wish.text, partial(self._scaler.call, wish)))
        return plan

    def _create(self, table: Declared, plan: Plan) -> None:
        if "KeySchema" not in table.create or "AttributeDefinitions" not in table.create:
            raise Complaint(
                f"there is no table {table.name}, and nothing says how to make it: give it attributes and schema, or"
                " AttributeDefinitions and KeySchema."
            )

        def act() -> None:
            self._call("CreateTable", {"TableName": table.name} | dict(table.create))

        throughput = table.create.get("ProvisionedThroughput")
        mode = "on demand" if throughput is None else f"with {_units(throughput)}"
        keys = ", ".join(each["AttributeName"] for each in table.create["KeySchema"])
        plan.steps.append(Step(table.name, f"create it, key {keys}, {mode}", act))

    def _change(self, table: Declared, told: dict[str, Any], plan: Plan) -> None:
        create = table.create
        if "KeySchema" in create and "AttributeDefinitions" in create:
            wanted, now = keys_of(dict(create)), keys_of(told)
            if wanted != now:
                raise Complaint(
                    f"table {table.name} has the key {now} and shall have {wanted}. Keys cannot change: declare another"
                    " table, and move the items with `stator copy`."
                )
        # One call for each: the service takes no two kinds of change at once.
        changes: list[tuple[str, dict[str, Any]]] = []
        on_demand = told.get("BillingModeSummary", {}).get("BillingMode") == "PAY_PER_REQUEST"
        throughput = create.get("ProvisionedThroughput")
        if create.get("BillingMode") == "PAY_PER_REQUEST" and not on_demand:
            changes.append(("put it on demand", {"BillingMode": "PAY_PER_REQUEST"}))
        elif throughput is not None and (on_demand or (table.scaling is None and not _provides(told, throughput))):
            members = {"BillingMode": "PROVISIONED", "ProvisionedThroughput": throughput}
            changes.append((f"provision {_units(throughput)}", members))
        for member, now in (
            ("DeletionProtectionEnabled", told.get("DeletionProtectionEnabled", False)),
            ("TableClass", told.get("TableClassSummary", {}).get("TableClass", "STANDARD")),
            ("StreamSpecification", told.get("StreamSpecification") or {"StreamEnabled": False}),
        ):
            if member in create and create[member] != now:
                changes.append((f"set {member} to {create[member]}", {member: create[member]}))
        plan.steps.extend(Step(table.name, text, self._update(table.name, members)) for text, members in changes)

    def _index(self, table: Declared, told: dict[str, Any], plan: Plan) -> None:
        here = {index["IndexName"]: index for index in told.get("GlobalSecondaryIndexes") or ()}
        wanted = {index["IndexName"]: index for index in table.create.get("GlobalSecondaryIndexes") or ()}
        for name, index in wanted.items():
            if name not in here:
                members = {"GlobalSecondaryIndexUpdates": [{"Create": index}]}
                if "AttributeDefinitions" in table.create:
                    members["AttributeDefinitions"] = table.create["AttributeDefinitions"]
                plan.steps.append(Step(table.name, f"add index {name}", self._update(table.name, members)))
            elif here[name]["KeySchema"] != index["KeySchema"]:
                raise Complaint(f"index {name} of {table.name} has another key. Declare it under another name.")
            elif "ProvisionedThroughput" in index and not _provides(here[name], index["ProvisionedThroughput"]):
                update = {"IndexName": name, "ProvisionedThroughput": index["ProvisionedThroughput"]}
                members = {"GlobalSecondaryIndexUpdates": [{"Update": update}]}
                text = f"provision {_units(index['ProvisionedThroughput'])} for index {name}"
                plan.steps.append(Step(table.name, text, self._update(table.name, members)))
        if "GlobalSecondaryIndexes" in table.create:
            left = [name for name in here if name not in wanted]
            plan.notes.extend(f"{table.name}: index {name} is not declared; it is left alone" for name in left)

    def _settings(self, table: Declared, told: dict[str, Any] | None, plan: Plan) -> None:
        name = table.name
        if table.recovery is not None and table.recovery != (told is not None and self._recovers(name)):
            setting = {"PointInTimeRecoveryEnabled": table.recovery}
            members = {"TableName": name, "PointInTimeRecoverySpecification": setting}
            text = "recover it to any second" if table.recovery else "do not recover it to a point in time any more"
            plan.steps.append(Step(name, text, lambda: self._call("UpdateContinuousBackups", members)))
        if table.time_to_live is not None:
            wanted = dict(table.time_to_live)
            if wanted.get("Enabled", False) != (
                told is not None and self._expires(name) == wanted.get("AttributeName")
            ):
                asked = {"TableName": name, "TimeToLiveSpecification": wanted}
                text = (
                    f"{'expire' if wanted.get('Enabled') else 'do not expire'} items by {wanted.get('AttributeName')}"
                )
                plan.steps.append(Step(name, text, lambda: self._call("UpdateTimeToLive", asked)))
        tags = {tag["Key"]: tag["Value"] for tag in table.create.get("Tags") or ()}
        if tags and told is not None:
            missing = _missing_tags(self._client, told["TableArn"], tags)
            if missing:
                told_tags = {"ResourceArn": told["TableArn"], "Tags": missing}
                text = f"tag it with {', '.join(tag['Key'] for tag in missing)}"
                plan.steps.append(Step(name, text, lambda: self._call("TagResource", told_tags)))

    def _recovers(self, table: str) -> bool:
        told = self._client.call("DescribeContinuousBackups", {"TableName": table})["ContinuousBackupsDescription"]
        status = told.get("PointInTimeRecoveryDescription", {}).get("PointInTimeRecoveryStatus")
        return status in ("ENABLED", "ENABLING")

    def _expires(self, table: str) -> str | None:
        """The attribute that items expire by."""
        told = self._client.call("DescribeTimeToLive", {"TableName": table})["TimeToLiveDescription"]
        enabled = told.get("TimeToLiveStatus") in ("ENABLED", "ENABLING")
        return str(told["AttributeName"]) if enabled else None

    def _update(self, table: str, members: dict[str, Any]) -> Callable[[], None]:
        return lambda: self._call("UpdateTable", {"TableName": table} | members)

    def _call(self, operation: str, members: dict[str, Any]) -> None:
        """Wait for the end of what is under way with the table, then for what this begins."""
        name = members.get("TableName")
        if name is not None and operation != "CreateTable":
            wait_until_active(self._client, name)
        try:
            self._client.call(operation, members)
        except Refused as error:
            raise Complaint(f"{name or members.get('ResourceArn')}: {error}") from error
        if operation in ("CreateTable", "UpdateTable"):
            wait_until_active(self._client, str(name))


def _missing_tags(client: Client, arn: str, wanted: Mapping[str, str]) -> list[dict[str, str]]:
    now: dict[str, str] = {}
    token: dict[str, str] = {}
    while True:
        page = client.call("ListTagsOfResource", {"ResourceArn": arn} | token)
        now |= {tag["Key"]: tag["Value"] for tag in page.get("Tags") or ()}
        if not page.get("NextToken"):
            return [{"Key": key, "Value": value} for key, value in wanted.items() if now.get(key) != value]
        token = {"NextToken": page["NextToken"]}


def _provides(told: Mapping[str, Any], wanted: Mapping[str, int]) -> bool:
    now = told.get("ProvisionedThroughput", {})
    return all(now.get(name) == units for name, units in wanted.items())


def _units(throughput: Mapping[str, int]) -> str:
    reads, writes = throughput.get("ReadCapacityUnits"), throughput.get("WriteCapacityUnits")
    return f"{reads} units a second of reads and {writes} of writes"

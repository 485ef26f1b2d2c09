"""What it takes to make a table again: from DescribeTable to a CreateTable, and what is set once the items are in."""

from typing import Any

from msgspec import Struct

from stator.cli.client import Client, Refused
from stator.cli.complaint import Complaint

_CREATE_SECONDS_MAX = 1800.0  # Amazon takes seconds; large warm throughput, minutes
_UNKNOWN = ("UnknownOperationException", "AccessDeniedException", "NotImplemented", "ValidationException")


class Definition(Struct, frozen=True):
    """`create` is a CreateTable without the name. Time to live and the stream wait until the items are in: items that
    expire meanwhile would be missed by the verification, and the stream would tell of each as new."""

    create: dict[str, Any]
    ttl_attribute: str | None = None
    stream: dict[str, Any] | None = None  # a StreamSpecification

    @property
    def keys(self) -> dict[str, str]:
        """The key attributes of the table with their types, hash key first."""
        types = {each["AttributeName"]: each["AttributeType"] for each in self.create["AttributeDefinitions"]}
        schema = sorted(self.create["KeySchema"], key=lambda each: str(each["KeyType"]))
        return {each["AttributeName"]: types[each["AttributeName"]] for each in schema}

    def to_json(self) -> dict[str, Any]:
        return {"create": self.create, "ttl_attribute": self.ttl_attribute, "stream": self.stream}

    @classmethod
    def from_json(cls, members: dict[str, Any]) -> "Definition":
        return cls(members["create"], members.get("ttl_attribute"), members.get("stream"))


def describe(client: Client, table: str) -> dict[str, Any] | None:
    """What DescribeTable tells; None when there is no such table."""
    try:
        told: dict[str, Any] = client.call("DescribeTable", {"TableName": table})["Table"]
    except Refused as error:
        if error.code == "ResourceNotFoundException":
            return None
        raise
    return told


def described(client: Client, table: str) -> dict[str, Any]:
    """As `describe`. Raises Complaint when there is no such table."""
    told = describe(client, table)
    if told is None:
        place = f"{client.endpoint.url} (region {client.endpoint.region})"
        names = table_names(client)
        has = f"It has {', '.join(names[:10])}{', ...' if len(names) > 10 else ''}." if names else "It has no tables."
        raise Complaint(f"there is no table {table} at {place}. {has}")
    return told


def table_names(client: Client) -> list[str]:
    names: list[str] = []
    start: dict[str, str] = {}
    while True:
        page = client.call("ListTables", start)
        names += page["TableNames"]
        if not page.get("LastEvaluatedTableName"):
            return names
        start = {"ExclusiveStartTableName": page["LastEvaluatedTableName"]}


def read_definition(client: Client, told: dict[str, Any]) -> Definition:
    """`told` is the table as DescribeTable tells it; time to live and tags are asked for."""
    create = _create_members(told)
    tags = _tags(client, told["TableArn"]) if told.get("TableArn") else []
    if tags:
        create["Tags"] = tags
    ttl: dict[str, Any] = {}
    try:
        ttl = client.call("DescribeTimeToLive", {"TableName": told["TableName"]})["TimeToLiveDescription"]
    except Refused as error:
        _pass_over(error)
    enabled = ttl.get("TimeToLiveStatus") in ("ENABLED", "ENABLING")
    stream = told.get("StreamSpecification")
    return Definition(
        create, ttl["AttributeName"] if enabled else None, stream if stream and stream.get("StreamEnabled") else None
    )


def _create_members(told: dict[str, Any]) -> dict[str, Any]:
    throughput = told.get("ProvisionedThroughput", {})
    on_demand = told.get("BillingModeSummary", {}).get("BillingMode") == "PAY_PER_REQUEST" or not throughput.get(
        "ReadCapacityUnits"
    )
    create: dict[str, Any] = {
        "AttributeDefinitions": told["AttributeDefinitions"],
        "KeySchema": told["KeySchema"],
        "BillingMode": "PAY_PER_REQUEST" if on_demand else "PROVISIONED",
    }
    create |= _throughput(told, on_demand)
    local = [_index(index) for index in told.get("LocalSecondaryIndexes") or ()]
    if local:
        create["LocalSecondaryIndexes"] = local
    indexes = [
        _index(index) | _throughput(index, on_demand)
        for index in told.get("GlobalSecondaryIndexes") or ()
        if index.get("IndexStatus") != "DELETING"
    ]
    if indexes:
        create["GlobalSecondaryIndexes"] = indexes
    sse = told.get("SSEDescription", {})
    if sse.get("Status") in ("ENABLED", "ENABLING", "UPDATING") and sse.get("KMSMasterKeyArn"):
        create["SSESpecification"] = {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": sse["KMSMasterKeyArn"]}
    table_class = told.get("TableClassSummary", {}).get("TableClass")
    if table_class and table_class != "STANDARD":
        create["TableClass"] = table_class
    if told.get("DeletionProtectionEnabled"):
        create["DeletionProtectionEnabled"] = True
    return create


def _index(told: dict[str, Any]) -> dict[str, Any]:
    return {name: told[name] for name in ("IndexName", "KeySchema", "Projection")}


def _throughput(told: dict[str, Any], on_demand: bool) -> dict[str, Any]:
    if on_demand:
        limits = {name: units for name, units in told.get("OnDemandThroughput", {}).items() if units > 0}
        return {"OnDemandThroughput": limits} if limits else {}
    units = told["ProvisionedThroughput"]
    return {"ProvisionedThroughput": {name: units[name] for name in ("ReadCapacityUnits", "WriteCapacityUnits")}}


def _tags(client: Client, arn: str) -> list[dict[str, str]]:
    tags: list[dict[str, str]] = []
    token: dict[str, str] = {}
    try:
        while True:
            page = client.call("ListTagsOfResource", {"ResourceArn": arn} | token)
            tags += [tag for tag in page.get("Tags") or () if not tag["Key"].startswith("aws:")]
            if not page.get("NextToken"):
                return tags
            token = {"NextToken": page["NextToken"]}
    except Refused as error:
        _pass_over(error)
        return []


def _pass_over(error: Refused) -> None:
    """Emulators lack these operations, and keys may be kept from them; the items are worth moving all the same."""
    if error.code not in _UNKNOWN:
        raise error


def create_table(client: Client, name: str, definition: Definition) -> None:
    """Make the table and wait until it can be written to."""
    try:
        client.call("CreateTable", {"TableName": name} | definition.create)
    except Refused as error:
        # A request whose answer was lost is asked again, and then the table is there.
        if error.code != "ResourceInUseException" or keys_of(described(client, name)) != definition.keys:
            raise Complaint(f"{client.endpoint.url} does not make table {name}: {error}") from error
    wait_until_active(client, name)


def wait_until_active(client: Client, name: str) -> dict[str, Any]:
    waited, pause = 0.0, 0.05
    while True:
        told = described(client, name)
        indexes = told.get("GlobalSecondaryIndexes") or ()
        if told["TableStatus"] == "ACTIVE" and all(index.get("IndexStatus") != "CREATING" for index in indexes):
            return told
        if told["TableStatus"] not in ("CREATING", "UPDATING", "ACTIVE"):
            raise Complaint(f"table {name} at {client.endpoint.url} is {told['TableStatus']}. Choose another name.")
        if waited > _CREATE_SECONDS_MAX:
            raise Complaint(f"table {name} at {client.endpoint.url} does not become ACTIVE. Try again later.")
        client.wait(pause)
        waited += pause
        pause = min(pause * 2, 5.0)


def keys_of(told: dict[str, Any]) -> dict[str, str]:
    return Definition({name: told[name] for name in ("AttributeDefinitions", "KeySchema")}).keys


def finish(client: Client, name: str, definition: Definition) -> list[str]:
    """What is set once the items are in: stream and time to live. Returns what could not be set, in words."""
    left = []
    told = described(client, name)
    if definition.stream and not told.get("StreamSpecification", {}).get("StreamEnabled"):
        left += _try(client, "UpdateTable", {"TableName": name, "StreamSpecification": definition.stream}, "its stream")
        wait_until_active(client, name)
    if definition.ttl_attribute:
        setting = {"Enabled": True, "AttributeName": definition.ttl_attribute}
        members = {"TableName": name, "TimeToLiveSpecification": setting}
        left += _try(client, "UpdateTimeToLive", members, f"time to live by {definition.ttl_attribute}")
    return left


def _try(client: Client, operation: str, members: dict[str, Any], what: str) -> list[str]:
    try:
        client.call(operation, members)
    except Refused as error:
        if "already enabled" in str(error):
            return []
        return [f"{members['TableName']}: {what} could not be set: {error}"]
    return []

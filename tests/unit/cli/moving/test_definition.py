"""From what DescribeTable tells to a CreateTable."""

from typing import Any

from stator.cli.client import Client
from stator.cli.endpoint import Endpoint, Keys
from stator.cli.moving.definition import read_definition
from tests.unit.cli.scripted import Scripted

KEY = [{"AttributeName": "k", "KeyType": "HASH"}]
TYPES = [{"AttributeName": "k", "AttributeType": "S"}]
TOLD: dict[str, Any] = {
    "TableName": "t",
    "TableArn": "arn",
    "TableStatus": "ACTIVE",
    "AttributeDefinitions": TYPES,
    "KeySchema": KEY,
    "ProvisionedThroughput": {"NumberOfDecreasesToday": 1, "ReadCapacityUnits": 5, "WriteCapacityUnits": 6},
    "ItemCount": 3,
}
UNITS = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 6}
INDEX = {"IndexName": "by", "KeySchema": KEY, "Projection": {"ProjectionType": "ALL"}}
NO = (400, {"__type": "x#UnknownOperationException", "message": "no"})
TTL = (200, {"TimeToLiveDescription": {"TimeToLiveStatus": "ENABLED", "AttributeName": "ttl"}})


def definition(told: dict[str, Any], *answers: Any) -> Any:
    server = Scripted(*answers)
    try:
        return read_definition(Client(Endpoint(server.url, "r", Keys("a", "b"))), told)
    finally:
        server.close()


def test_provisioned() -> None:
    index = INDEX | {"IndexStatus": "ACTIVE", "ItemCount": 1, "ProvisionedThroughput": TOLD["ProvisionedThroughput"]}
    gone = index | {"IndexName": "gone", "IndexStatus": "DELETING"}
    stream = {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
    more = {"GlobalSecondaryIndexes": [index, gone], "LocalSecondaryIndexes": [INDEX | {"IndexSizeBytes": 1}]}
    tags = (200, {"Tags": [{"Key": "a", "Value": "b"}, {"Key": "aws:x", "Value": "y"}]})
    found = definition(TOLD | more | {"StreamSpecification": stream}, tags, TTL)
    assert found.create == {
        "AttributeDefinitions": TYPES,
        "KeySchema": KEY,
        "BillingMode": "PROVISIONED",
        "ProvisionedThroughput": UNITS,
        "GlobalSecondaryIndexes": [INDEX | {"ProvisionedThroughput": UNITS}],
        "LocalSecondaryIndexes": [INDEX],
        "Tags": [{"Key": "a", "Value": "b"}],
    }
    assert (found.ttl_attribute, found.stream) == ("ttl", stream)
    assert found.keys == {"k": "S"}


def test_on_demand_with_everything_from_a_server_that_lacks_operations() -> None:
    told = TOLD | {
        "BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"},
        "OnDemandThroughput": {"MaxReadRequestUnits": 10, "MaxWriteRequestUnits": -1},
        "GlobalSecondaryIndexes": [INDEX],
        "SSEDescription": {"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": "key"},
        "TableClassSummary": {"TableClass": "STANDARD_INFREQUENT_ACCESS"},
        "DeletionProtectionEnabled": True,
        "StreamSpecification": {"StreamEnabled": False},
    }
    found = definition(told, NO, NO)
    assert found.create == {
        "AttributeDefinitions": TYPES,
        "KeySchema": KEY,
        "BillingMode": "PAY_PER_REQUEST",
        "OnDemandThroughput": {"MaxReadRequestUnits": 10},
        "GlobalSecondaryIndexes": [INDEX],
        "SSESpecification": {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": "key"},
        "TableClass": "STANDARD_INFREQUENT_ACCESS",
        "DeletionProtectionEnabled": True,
    }
    assert (found.ttl_attribute, found.stream) == (None, None)

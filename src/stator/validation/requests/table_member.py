"""Members that the operations on tables share, in the order of complaint."""

from typing import Any, Final

from stator.errors import ValidationException
from stator.limits import INDEX_HASH_ATTRIBUTES_MAX, INDEX_RANGE_ATTRIBUTES_MAX
from stator.validation.requests.member import ATTRIBUTE_NAME, FLAG, INDEX_NAME, KEY_ATTRIBUTE_NAME, TEXT
from stator.validation.scalar import Long, String
from stator.validation.shape import List, Structure, required


class TableClass(String):
    """The service checks this enum by hand, with words of its own."""

    def __init__(self) -> None:
        super().__init__(enum=("STANDARD", "STANDARD_INFREQUENT_ACCESS"))

    def violated(self, value: Any) -> list[str]:
        return []

    def afterthought(self, value: Any) -> ValidationException | None:
        if super().violated(value):
            return ValidationException(
                "Invalid table-class parameter provided. Please try again with a valid table-class value: "
                "[STANDARD, STANDARD_INFREQUENT_ACCESS]."
            )
        return None


BILLING_MODE: Final = String(enum=("PROVISIONED", "PAY_PER_REQUEST"))
TABLE_CLASS: Final = TableClass()
SETTINGS_REPLICATION: Final = String(enum=("ENABLED", "DISABLED", "ENABLED_WITH_OVERRIDES"))
CAPACITY_UNITS: Final = Long(min=1)

ATTRIBUTE_DEFINITIONS: Final = List(
    Structure(
        "AttributeDefinition",
        {
            "AttributeName": required(KEY_ATTRIBUTE_NAME),
            "AttributeType": required(String(enum=("B", "N", "S"))),
        },
    )
)

_KEY_ELEMENT: Final = Structure(
    "KeySchemaElement",
    {
        "AttributeName": required(KEY_ATTRIBUTE_NAME),
        "KeyType": required(String(enum=("HASH", "RANGE"))),
    },
)
KEY_SCHEMA: Final = List(_KEY_ELEMENT, min=1, max=2)
GLOBAL_KEY_SCHEMA: Final = List(_KEY_ELEMENT, min=1, max=INDEX_HASH_ATTRIBUTES_MAX + INDEX_RANGE_ATTRIBUTES_MAX)

PROJECTION: Final = Structure(
    "Projection",
    {
        "ProjectionType": String(enum=("ALL", "INCLUDE", "KEYS_ONLY")),
        "NonKeyAttributes": List(String(min=1, max=255), min=1, max=20),
    },
)

# Writes before reads: so the service complains of them.
PROVISIONED_THROUGHPUT: Final = Structure(
    "ProvisionedThroughput",
    {"WriteCapacityUnits": required(CAPACITY_UNITS), "ReadCapacityUnits": required(CAPACITY_UNITS)},
)
ON_DEMAND_THROUGHPUT: Final = Structure(
    "OnDemandThroughput", {"MaxReadRequestUnits": Long(), "MaxWriteRequestUnits": Long()}
)
WARM_THROUGHPUT: Final = Structure("WarmThroughput", {"ReadUnitsPerSecond": Long(), "WriteUnitsPerSecond": Long()})

STREAM_SPECIFICATION: Final = Structure(
    "StreamSpecification",
    {
        "StreamEnabled": required(FLAG),
        "StreamViewType": String(enum=("NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES", "KEYS_ONLY")),
    },
)
SSE_SPECIFICATION: Final = Structure(
    "SSESpecification",
    {"Enabled": FLAG, "SSEType": String(enum=("AES256", "KMS")), "KMSMasterKeyId": TEXT},
)

# What is wrong with a tag the service says in its own words: `stator.tables.tags`.
TAG_KEY: Final = String()
TAGS: Final = List(Structure("Tag", {"Key": TAG_KEY, "Value": String()}))

LOCAL_INDEX: Final = Structure(
    "LocalSecondaryIndex",
    {
        "IndexName": required(INDEX_NAME),
        "KeySchema": required(KEY_SCHEMA),
        "Projection": required(PROJECTION),
    },
)


def global_index(name: str) -> Structure:
    """A global index as CreateTable and UpdateTable define it, under either's name."""
    return Structure(
        name,
        {
            "IndexName": required(INDEX_NAME),
            "KeySchema": required(GLOBAL_KEY_SCHEMA),
            "Projection": required(PROJECTION),
            "ProvisionedThroughput": PROVISIONED_THROUGHPUT,
            "OnDemandThroughput": ON_DEMAND_THROUGHPUT,
            "WarmThroughput": WARM_THROUGHPUT,
        },
    )


def vector_index(name: str) -> Structure:
    """A vector index as CreateTable and UpdateTable define it, under either's name."""
    return Structure(
        name,
        {
            "IndexName": required(INDEX_NAME),
            "VectorAttribute": required(
                Structure("VectorAttributeDefinition", {"AttributeName": required(String(min=1, max=255))})
            ),
            "SearchSchema": List(
                Structure(
                    "SearchSchemaElement",
                    {
                        "AttributeName": required(ATTRIBUTE_NAME),
                        "SearchSchemaElementType": required(String(enum=("HASH", "INLINE_FILTER"))),
                    },
                ),
                min=1,
            ),
            "Projection": required(PROJECTION),
            "Dimensions": required(Long(min=1)),
            "DistanceFunction": required(String(enum=("COSINE", "DOT_PRODUCT", "EUCLIDEAN"))),
        },
    )

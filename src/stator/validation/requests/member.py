"""Members that several operations share. Enum values stand in the order in which the service prints them."""

from typing import Final

from stator.validation.scalar import Attribute, Boolean, String
from stator.validation.shape import (
    ATTRIBUTE_NAME_LENGTH_MAX,
    AttributeList,
    AttributeMap,
    List,
    Map,
    Structure,
    required,
)
from stator.validation.table_name import ItemTableName, TableName

ATTRIBUTE_NAME: Final = String(max=ATTRIBUTE_NAME_LENGTH_MAX)
KEY_ATTRIBUTE_NAME: Final = String(min=1, max=255)
INDEX_NAME: Final = String(min=3, max=255, pattern="[a-zA-Z0-9_.-]+")
ITEM_TABLE_NAME: Final = ItemTableName()
TABLE_NAME: Final = TableName()

TEXT: Final = String()
FLAG: Final = Boolean()
ITEM: Final = AttributeMap()
EXPRESSION_NAMES: Final = Map(ATTRIBUTE_NAME)
EXPRESSION_VALUES: Final = AttributeMap(names=False)
ATTRIBUTES_TO_GET: Final = List(ATTRIBUTE_NAME, min=1)

RETURN_CONSUMED_CAPACITY: Final = String(enum=("INDEXES", "TOTAL", "NONE"))
RETURN_ITEM_COLLECTION_METRICS: Final = String(enum=("SIZE", "NONE"))
RETURN_VALUES: Final = String(enum=("ALL_NEW", "UPDATED_OLD", "ALL_OLD", "NONE", "UPDATED_NEW"))
RETURN_VALUES_ON_FAILURE: Final = String(enum=("ALL_OLD", "NONE"))
SELECT: Final = String(enum=("SPECIFIC_ATTRIBUTES", "COUNT", "ALL_ATTRIBUTES", "ALL_PROJECTED_ATTRIBUTES"))
CONDITIONAL_OPERATOR: Final = String(enum=("OR", "AND"))
COMPARISON_OPERATOR: Final = String(
    enum=(
        "IN",
        "NULL",
        "BETWEEN",
        "LT",
        "NOT_CONTAINS",
        "EQ",
        "GT",
        "NOT_NULL",
        "NE",
        "LE",
        "BEGINS_WITH",
        "GE",
        "CONTAINS",
    )
)

EXPECTED: Final = Map(
    Structure(
        "ExpectedAttributeValue",
        {
            "AttributeValueList": AttributeList(),
            "ComparisonOperator": COMPARISON_OPERATOR,
            "Exists": FLAG,
            "Value": Attribute(),
        },
    ),
    keys=ATTRIBUTE_NAME,
)

FILTER: Final = Map(
    Structure(
        "Condition",
        {"AttributeValueList": AttributeList(), "ComparisonOperator": required(COMPARISON_OPERATOR)},
    ),
    keys=ATTRIBUTE_NAME,
)

KEY_CONDITIONS: Final = Map(
    Structure(
        "Condition",
        {"ComparisonOperator": required(COMPARISON_OPERATOR), "AttributeValueList": AttributeList()},
    ),
    keys=ATTRIBUTE_NAME,
)

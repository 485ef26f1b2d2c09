"""The inputs of the operations that only name a table: DescribeTable, DeleteTable and ListTables."""

from typing import Final

from stator.limits import LIST_TABLES_MAX
from stator.validation.requests.member import TABLE_NAME
from stator.validation.scalar import Integer, String
from stator.validation.shape import Structure, required
from stator.validation.table_name import NAME_LENGTH_MAX, NAME_LENGTH_MIN, NAME_PATTERN

DESCRIBE_TABLE: Final = Structure("DescribeTableInput", {"TableName": required(TABLE_NAME)})

DELETE_TABLE: Final = Structure("DeleteTableInput", {"TableName": required(TABLE_NAME)})

LIST_TABLES: Final = Structure(
    "ListTablesInput",
    {
        "Limit": Integer(min=1, max=LIST_TABLES_MAX),
        "ExclusiveStartTableName": String(min=NAME_LENGTH_MIN, max=NAME_LENGTH_MAX, pattern=NAME_PATTERN),
    },
)

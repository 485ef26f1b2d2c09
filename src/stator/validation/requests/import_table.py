"""The inputs of ImportTable, DescribeImport and ListImports."""

from typing import Final

from stator.validation.requests.table_member import (
    ATTRIBUTE_DEFINITIONS,
    BILLING_MODE,
    KEY_SCHEMA,
    ON_DEMAND_THROUGHPUT,
    PROVISIONED_THROUGHPUT,
    SSE_SPECIFICATION,
    global_index,
    vector_index,
)
from stator.validation.scalar import Integer, String
from stator.validation.shape import List, Structure, required
from stator.validation.table_name import ARN_LENGTH_MAX, NewTableName

CLIENT_TOKEN: Final = String(pattern=r"^[^\$]+$")
# The model's pattern takes the cube of a name's length to refuse it: 10,000 characters would be hours.
BUCKET: Final = String(
    max=255, pattern=r"^[a-z0-9A-Z]+[\.\-\w]*[a-z0-9A-Z]+$", faster=r"[a-z0-9A-Z][\.\-\w]*[a-z0-9A-Z]"
)
BUCKET_OWNER: Final = String(pattern="[0-9]{12}")
KEY_PREFIX: Final = String(max=1024)
COMPRESSION: Final = String(enum=("ZSTD", "NONE", "GZIP"))

_CSV: Final = Structure(
    "CsvOptions",
    {
        "Delimiter": String(min=1, max=1, pattern=r"[,;:|\t ]"),
        "HeaderList": List(String(min=1, max=65536, pattern=r"[\x20-\x21\x23-\x2B\x2D-\x7E]*"), min=1, max=255),
    },
)

IMPORT_TABLE: Final = Structure(
    "ImportTableInput",
    {
        "ClientToken": CLIENT_TOKEN,
        "S3BucketSource": required(
            Structure(
                "S3BucketSource",
                {"S3BucketOwner": BUCKET_OWNER, "S3Bucket": required(BUCKET), "S3KeyPrefix": KEY_PREFIX},
            )
        ),
        "InputFormat": required(String(enum=("DYNAMODB_JSON", "ION", "CSV"))),
        "InputFormatOptions": Structure("InputFormatOptions", {"Csv": _CSV}),
        "InputCompressionType": COMPRESSION,
        "TableCreationParameters": required(
            Structure(
                "TableCreationParameters",
                {
                    "TableName": required(NewTableName()),
                    "AttributeDefinitions": required(ATTRIBUTE_DEFINITIONS),
                    "KeySchema": required(KEY_SCHEMA),
                    "BillingMode": BILLING_MODE,
                    "ProvisionedThroughput": PROVISIONED_THROUGHPUT,
                    "OnDemandThroughput": ON_DEMAND_THROUGHPUT,
                    "SSESpecification": SSE_SPECIFICATION,
                    "GlobalSecondaryIndexes": List(global_index("GlobalSecondaryIndex")),
                    "VectorIndexes": List(vector_index("VectorIndex")),
                },
            )
        ),
    },
)

DESCRIBE_IMPORT: Final = Structure("DescribeImportInput", {"ImportArn": required(String(min=37, max=1024))})

LIST_IMPORTS: Final = Structure(
    "ListImportsInput",
    {
        "TableArn": String(min=1, max=ARN_LENGTH_MAX),
        "PageSize": Integer(min=1, max=25),
        "NextToken": String(min=112, max=1024, pattern="([0-9a-f]{16})+"),
    },
)

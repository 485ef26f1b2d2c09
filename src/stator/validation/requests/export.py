"""The inputs of ExportTableToPointInTime, DescribeExport and ListExports."""

from typing import Final

from stator.validation.requests.import_table import BUCKET, BUCKET_OWNER, CLIENT_TOKEN, KEY_PREFIX
from stator.validation.requests.member import EXPRESSION_NAMES, EXPRESSION_VALUES, TEXT
from stator.validation.scalar import Integer, String, Timestamp
from stator.validation.shape import Structure, required
from stator.validation.table_name import ARN_LENGTH_MAX

TABLE_ARN: Final = String(min=1, max=ARN_LENGTH_MAX)
LIST_EXPORTS_MAX: Final = 25
LIST_EXPORTS_DEFAULT: Final = 10

EXPORT_TABLE_TO_POINT_IN_TIME: Final = Structure(
    "ExportTableToPointInTimeInput",
    {
        "TableArn": required(TABLE_ARN),
        "ExportTime": Timestamp(),
        "ClientToken": CLIENT_TOKEN,
        "S3Bucket": required(BUCKET),
        "S3BucketOwner": BUCKET_OWNER,
        "S3Prefix": KEY_PREFIX,
        "S3SseAlgorithm": String(enum=("AES256", "KMS")),
        "S3SseKmsKeyId": String(min=1, max=2048),
        "ExportFormat": String(enum=("ION", "DYNAMODB_JSON")),
        "ExportType": String(enum=("FULL_EXPORT", "INCREMENTAL_EXPORT")),
        "IncrementalExportSpecification": Structure(
            "IncrementalExportSpecification",
            {
                "ExportFromTime": Timestamp(),
                "ExportToTime": Timestamp(),
                "ExportViewType": String(enum=("NEW_IMAGE", "NEW_AND_OLD_IMAGES")),
            },
        ),
        "FilterSpecification": Structure(
            "FilterSpecification",
            {
                "FilterExpression": TEXT,
                "ProjectionExpression": TEXT,
                "KeyConditionExpression": TEXT,
                "ExpressionAttributeNames": EXPRESSION_NAMES,
                "ExpressionAttributeValues": EXPRESSION_VALUES,
            },
        ),
    },
)

DESCRIBE_EXPORT: Final = Structure("DescribeExportInput", {"ExportArn": required(String(min=37, max=1024))})

LIST_EXPORTS: Final = Structure(
    "ListExportsInput",
    {"TableArn": TABLE_ARN, "MaxResults": Integer(min=1, max=LIST_EXPORTS_MAX), "NextToken": TEXT},
)

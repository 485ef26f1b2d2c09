"""The inputs of StartBulkPutItems, DescribeBulkOperation, ListBulkOperations and CancelBulkOperation, and the record of
a bulk put."""

from typing import Final

from stator.validation.requests.import_table import BUCKET, BUCKET_OWNER, CLIENT_TOKEN, COMPRESSION, KEY_PREFIX
from stator.validation.requests.member import EXPRESSION_NAMES, EXPRESSION_VALUES, ITEM, TABLE_NAME, TEXT
from stator.validation.scalar import Integer, Long, String
from stator.validation.shape import List, Structure, required

_ARN: Final = String(min=37, max=1024)

START_BULK_PUT_ITEMS: Final = Structure(
    "StartBulkPutItemsInput",
    {
        "ClientToken": CLIENT_TOKEN,
        "InputS3Configuration": required(
            Structure(
                "InputS3Configuration",
                {
                    "S3BucketOwner": BUCKET_OWNER,
                    "S3Bucket": required(BUCKET),
                    "S3KeyPrefix": KEY_PREFIX,
                    "InputFormat": required(String(enum=("DYNAMODB_JSON", "ION"))),
                    "InputCompressionType": COMPRESSION,
                },
            )
        ),
        "OutputS3Configuration": required(
            Structure(
                "OutputS3Configuration",
                {
                    "S3BucketOwner": BUCKET_OWNER,
                    "S3Bucket": BUCKET,
                    "S3KeyPrefix": KEY_PREFIX,
                    "S3SseAlgorithm": String(enum=("AES256", "KMS")),
                    "S3SseKmsKeyId": String(min=1, max=2048),
                    "OutputType": required(List(String(enum=("ERROR", "CONDITION_CHECK_FAILURE")))),
                },
            )
        ),
        "TableName": required(TABLE_NAME),
        "MaxWriteRequestUnits": Long(min=1024),
        "PerformanceTier": String(enum=("STANDARD", "ACCELERATED")),
    },
)

DESCRIBE_BULK_OPERATION: Final = Structure("DescribeBulkOperationInput", {"BulkOperationArn": required(_ARN)})
CANCEL_BULK_OPERATION: Final = Structure("CancelBulkOperationInput", {"BulkOperationArn": required(_ARN)})

LIST_BULK_OPERATIONS: Final = Structure(
    "ListBulkOperationsInput",
    {
        "MaxResults": Integer(min=1, max=25),
        "NextToken": String(min=1, max=1024, pattern="([0-9a-f]{16})+"),
    },
)

BULK_PUT_RECORD: Final = Structure(
    "BulkPutRecord",
    {
        "Item": required(ITEM),
        "ConditionExpression": TEXT,
        "ExpressionAttributeValues": EXPRESSION_VALUES,
        "ExpressionAttributeNames": EXPRESSION_NAMES,
    },
)

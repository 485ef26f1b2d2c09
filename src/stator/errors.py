"""Every error the service can answer with: one class each, named as on the wire.

A raised error carries what the client will see and nothing else; `stator.http.failure` renders it.
"""

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any, ClassVar


class Family(Enum):
    """Kinds of validation text that some operations prefix with `1 validation error detected: `.

    Which operation prefixes which family is data: `stator.validation.envelope`.
    """

    BARE = "bare"  # never prefixed: keys, sizes, numbers, run-time update failures
    VALUE = "value"  # empty or duplicate sets, NULL false
    EXPRESSION = "expression"  # everything said about an expression or its placeholders
    MIX = "mix"  # expression and non-expression parameters together
    RETURN_VALUES = "return values"
    SELECT = "select"  # Select, ProjectionExpression and AttributesToGet conflicts
    EMPTY_KEY = "empty key"  # never prefixed; in a transaction the fault of the whole request, not of one action


class WireError(Exception):
    """An error with a wire form: `{"__type": "<prefix>#<code>", "<member>": "<message>", ...fields}`."""

    status: ClassVar[int] = 400
    prefix: ClassVar[str] = "com.amazonaws.dynamodb.v20120810"
    member: ClassVar[str] = "message"
    code: ClassVar[str]

    def __init__(self, message: str = "", **fields: Any) -> None:
        super().__init__(message)
        self.message = message
        self.fields = fields

    def __init_subclass__(cls) -> None:
        cls.code = cls.__name__


class ValidationException(WireError):
    prefix = "com.amazon.coral.validate"

    def __init__(self, message: str, family: Family = Family.BARE) -> None:
        super().__init__(message)
        self.family = family


class SerializationException(WireError):
    prefix = "com.amazon.coral.service"
    member = "Message"


class UnknownOperationException(WireError):
    prefix = "com.amazon.coral.service"


class MissingAuthenticationTokenException(WireError):
    prefix = "com.amazon.coral.service"


class IncompleteSignatureException(WireError):
    prefix = "com.amazon.coral.service"


class InvalidSignatureException(WireError):
    prefix = "com.amazon.coral.service"


class UnrecognizedClientException(WireError):
    prefix = "com.amazon.coral.service"


class AccessDeniedException(WireError):
    prefix = "com.amazon.coral.service"


class ConditionalCheckFailedException(WireError):
    """Fields: `Item`, the item that failed the check, when the request asked for it."""

    def __init__(self, message: str = "The conditional request failed", **fields: Any) -> None:
        super().__init__(message, **fields)


class ResourceNotFoundException(WireError):
    def __init__(self, message: str = "Requested resource not found", **fields: Any) -> None:
        super().__init__(message, **fields)


class ResourceInUseException(WireError):
    pass


class LimitExceededException(WireError):
    pass


class TableNotFoundException(WireError):
    """What the operations on backups say of a source table that is not there."""


class TableAlreadyExistsException(WireError):
    """What a restore says of a target table that is there."""


class TableInUseException(WireError):
    """A table of a backup or a restore is being created or deleted."""


class BackupNotFoundException(WireError):
    pass


class BackupInUseException(WireError):
    """A backup is being created, or a table is being restored from it."""


class ExportConflictException(WireError):
    """A ClientToken came again with another export."""


class ExportNotFoundException(WireError):
    pass


class InvalidExportTimeException(WireError):
    """An export asks for a time that its table's point-in-time recovery does not cover."""


class PointInTimeRecoveryUnavailableException(WireError):
    """A table without point-in-time recovery is to be restored or exported."""


class ContinuousBackupsUnavailableException(WireError):
    """A table cannot have point-in-time recovery yet."""


class InvalidRestoreTimeException(WireError):
    """A table is to be restored to a time that its point-in-time recovery does not cover."""


class ImportConflictException(WireError):
    """A ClientToken came again with another import."""


class ImportNotFoundException(WireError):
    pass


class ItemCollectionSizeLimitExceededException(WireError):
    pass


class DuplicateItemException(WireError):
    """An INSERT found an item of its key."""

    def __init__(self, message: str = "Duplicate primary key exists in table") -> None:
        super().__init__(message)


class TransactionCanceledException(WireError):
    """Fields: `CancellationReasons`, one `{"Code", "Message"?, "Item"?}` for each action, in order."""

    member = "Message"

    def __init__(self, reasons: Sequence[Mapping[str, Any]]) -> None:
        codes = ", ".join(reason["Code"] for reason in reasons)
        super().__init__(
            f"Transaction cancelled, please refer cancellation reasons for specific reasons [{codes}]",
            CancellationReasons=list(reasons),
        )


class TransactionConflictException(WireError):
    def __init__(self, message: str = "Transaction is ongoing for the item") -> None:
        super().__init__(message)


class TransactionInProgressException(WireError):
    member = "Message"

    def __init__(self, message: str = "The transaction with the given request token is already in progress.") -> None:
        super().__init__(message)


class IdempotentParameterMismatchException(WireError):
    """A ClientRequestToken came again with another request."""

    member = "Message"

    def __init__(
        self,
        message: str = "DynamoDB rejected the request because you retried a request with a different payload but with "
        "an idempotent token that was already used.",
    ) -> None:
        super().__init__(message)


class ExpiredIteratorException(WireError):
    """A shard iterator is older than 15 minutes."""

    def __init__(self, message: str = "The shard iterator has expired. Get a new one to go on reading.") -> None:
        super().__init__(message)


class TrimmedDataAccessException(WireError):
    """The records that were asked for are older than 24 hours and gone."""

    def __init__(
        self,
        message: str = "The operation attempted to read past the oldest stream record in a shard, which has been "
        "trimmed.",
    ) -> None:
        super().__init__(message)


class InvalidParameterValueException(WireError):
    """Lambda's word for a parameter that cannot be taken."""


class ResourceConflictException(WireError):
    """Lambda's word for what is there already."""

    status = 409


class ProvisionedThroughputExceededException(WireError):
    """Fields: `ThrottlingReasons`, each `{"reason", "resource"}`: which limit of which table or index, an ARN."""


class RequestLimitExceeded(WireError):
    """More than an account may do. Fields as of ProvisionedThroughputExceededException."""


class InvalidParameterCombinationException(WireError):
    """CloudWatch's word for parameters that do not go together."""


class MissingRequiredParameterException(WireError):
    """CloudWatch's word for a parameter that is not there."""


class ResourceNotFound(WireError):
    """CloudWatch's word for an alarm that is not there."""

    status = 404


class InvalidNextToken(WireError):
    """CloudWatch did not give this token out."""

    def __init__(self, message: str = "The value for parameter NextToken is invalid.") -> None:
        super().__init__(message)


class InvalidFormatFault(WireError):
    """CloudWatch's word for a text that should be JSON."""


class LimitExceededFault(WireError):
    """CloudWatch's word for one alarm too many."""


class ObjectNotFoundException(WireError):
    """Application Auto Scaling's word for what is not registered."""


class InvalidNextTokenException(WireError):
    """A NextToken that came from no answer to such a request."""


class TooManyTagsException(WireError):
    """Fields: `ResourceName`, the ARN."""


class ThrottlingException(WireError):
    """Also the answer when this server sheds load: SDKs retry it. Fields: `throttlingReasons`, with a small t."""


class InternalServerError(WireError):
    status = 500

    def __init__(self, message: str = "The request processing has failed because of an unknown error.") -> None:
        super().__init__(message)


class ServiceUnavailable(WireError):
    status = 503
    prefix = "com.amazon.coral.service"


class RequestEntityTooLarge(WireError):
    """The body is larger than 16 MB."""

    status = 413
    prefix = "com.amazon.coral.service"

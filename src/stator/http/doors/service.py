"""The services beside DynamoDB that answer at the same address: how each is signed for and how it tells of errors."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from msgspec import Struct, field

from stator.api.registry import AUTOSCALING, CLOUDWATCH
from stator.errors import WireError


class Fault(NamedTuple):
    """An error as a service tells it."""

    status: int
    name: str  # of its shape, after the `#`
    code: str  # as the query protocol has it
    message: str
    fields: Mapping[str, Any]

    @property
    def sender(self) -> str:
        """Whose fault it was."""
        return "Sender" if self.status < 500 else "Receiver"


class Service(Struct, frozen=True):
    """`names` turns the codes of our errors into the shape's name and the query protocol's code, where they differ;
    `statuses` into another status."""

    prefix: str  # of X-Amz-Target
    signed_as: str  # in the scope of a credential
    json_type: bytes
    error_prefix: str  # of `__type`
    message_member: str
    names: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    statuses: Mapping[str, int] = field(default_factory=dict)
    version: str = ""  # that the query protocol asks for; empty where it is not spoken
    namespace: str = ""  # of its XML

    def fault(self, error: WireError) -> Fault:
        name, code = self.names.get(error.code, (error.code, error.code))
        status = self.statuses.get(error.code, error.status)
        return Fault(status, name, code, error.message, error.fields)


_CLOUDWATCH_NAMES: Final = {
    "InvalidParameterValueException": ("InvalidParameterValueException", "InvalidParameterValue"),
    "InvalidParameterCombinationException": ("InvalidParameterCombinationException", "InvalidParameterCombination"),
    "MissingRequiredParameterException": ("MissingRequiredParameterException", "MissingParameter"),
    "LimitExceededFault": ("LimitExceededFault", "LimitExceeded"),
    "InvalidFormatFault": ("InvalidFormatFault", "InvalidFormat"),
    "ValidationException": ("ValidationError", "ValidationError"),
    "InternalServerError": ("InternalServiceFault", "InternalServiceError"),
    "SerializationException": ("SerializationException", "MalformedInput"),
    "UnknownOperationException": ("UnknownOperationException", "InvalidAction"),
    "ThrottlingException": ("ThrottlingException", "Throttling"),
    # What the query protocol says of signatures.
    "InvalidSignatureException": ("InvalidSignatureException", "SignatureDoesNotMatch"),
    "UnrecognizedClientException": ("UnrecognizedClientException", "InvalidClientTokenId"),
    "MissingAuthenticationTokenException": ("MissingAuthenticationTokenException", "MissingAuthenticationToken"),
    "IncompleteSignatureException": ("IncompleteSignatureException", "IncompleteSignature"),
    "AccessDeniedException": ("AccessDeniedException", "AccessDenied"),
}

SERVICES: Final = {
    CLOUDWATCH.encode(): Service(
        CLOUDWATCH,
        "monitoring",
        b"application/x-amz-json-1.0",
        "com.amazonaws.cloudwatch#",
        "message",
        _CLOUDWATCH_NAMES,
        {"ResourceNotFoundException": 404},
        "2010-08-01",
        "http://monitoring.amazonaws.com/doc/2010-08-01/",
    ),
    AUTOSCALING.encode(): Service(
        AUTOSCALING,
        "application-autoscaling",
        b"application/x-amz-json-1.1",
        "",
        "Message",
        {"InternalServerError": ("InternalServiceException", "")},
    ),
}

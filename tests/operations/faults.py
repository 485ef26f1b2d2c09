"""What a call was refused with."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

CONDITION_FAILED = ("ConditionalCheckFailedException", "The conditional request failed")
NO_TABLE = ("ResourceNotFoundException", "Requested resource not found")
ENVELOPE = "1 validation error detected: "


def fault(call: Callable[..., Any], **request: Any) -> tuple[str, str]:
    """The code and the message of the error that `call(**request)` raises."""
    with pytest.raises(ClientError) as caught:
        call(**request)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def invalid(call: Callable[..., Any], **request: Any) -> str:
    """The message of the ValidationException that `call(**request)` raises."""
    code, message = fault(call, **request)
    assert code == "ValidationException", (code, message)
    return message

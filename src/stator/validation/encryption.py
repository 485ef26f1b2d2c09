"""Rules on an SSESpecification that it can break on its own."""

from collections.abc import Mapping
from typing import Any

from stator.errors import ValidationException
from stator.validation.throughput import LEAD


def check_encryption(specification: Mapping[str, Any] | None) -> None:
    if specification is None:
        return
    if not specification.get("Enabled"):
        for name in ("SSEType", "KMSMasterKeyId"):
            if name in specification:
                raise ValidationException(f"{LEAD}{name} can not be specified if Enabled is false")
        return
    if specification.get("SSEType") == "AES256":
        raise ValidationException(f"{LEAD}SSEType AES256 is not supported")
    if "KMSMasterKeyId" in specification and "SSEType" not in specification:
        raise ValidationException(f"{LEAD}SSEType KMS is required if KMSMasterKeyId is specified")

"""Parameters of tables that this server cannot honour: it says so, rather than store a flag that nothing acts on."""

from collections.abc import Mapping
from typing import Any

from stator.errors import ValidationException

_CREATE = ("ResourcePolicy", "GlobalTableSourceArn", "GlobalTableSettingsReplicationMode", "VectorIndexes")
_UPDATE = (
    "ReplicaUpdates",
    "MultiRegionConsistency",
    "GlobalTableWitnessUpdates",
    "GlobalTableSettingsReplicationMode",
    "DisassociationProtectionEnabled",
    "VectorIndexUpdates",
)


def check_create_table_parameters(request: dict[str, Any]) -> None:
    """Raise ValidationException for what a CreateTable request asks for in vain."""
    _check(request, _CREATE)


def check_update_table_parameters(request: dict[str, Any]) -> None:
    """Raise ValidationException for what an UpdateTable request asks for in vain."""
    _check(request, _UPDATE)


def check_restore_parameters(request: Mapping[str, Any]) -> None:
    """Raise ValidationException for what a request to restore a table asks for in vain."""
    if (request.get("SSESpecificationOverride") or {}).get("Enabled"):
        raise _refusal("SSESpecificationOverride with Enabled true")


def _check(request: dict[str, Any], refused: tuple[str, ...]) -> None:
    for name in refused:
        if request.get(name):
            raise _refusal(name)
    if (request.get("SSESpecification") or {}).get("Enabled"):
        raise _refusal("SSESpecification with Enabled true")


def _refusal(what: str) -> ValidationException:
    return ValidationException(f"One or more parameter values were invalid: {what} is not supported by this server")

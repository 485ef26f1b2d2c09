"""What one UpdateTable request may change at once, looked at before its table is."""

from typing import Any

from stator.errors import LimitExceededException, ValidationException
from stator.tables.lifecycle import ONE_AT_A_TIME

_LEAD = "One or more parameter values were invalid: "

NOTHING_TO_CHANGE = (
    "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates, "
    "SSESpecification, ReplicaUpdates, MultiAccountReplicaReady, ReplicaTransitRoleArn, MultiRegionConsistency, "
    "DeletionProtectionEnabled, OnDemandThroughput, WarmThroughput or TableClass is required"
)

_CHANGES = (
    "ProvisionedThroughput",
    "BillingMode",
    "GlobalSecondaryIndexUpdates",
    "StreamSpecification",
    "SSESpecification",
    "DeletionProtectionEnabled",
    "OnDemandThroughput",
    "WarmThroughput",
    "TableClass",
)

_ALONE = (
    ("DeletionProtectionEnabled", "DeletionProtection modification must be the only operation in the request"),
    ("SSESpecification", "Server-Side Encryption modification must be the only operation in the request"),
    ("TableClass", "TableClass modification must be the only operation in the request"),
)


def check_combination(request: dict[str, Any]) -> None:
    """Raise ValidationException unless the request changes something, and only what may change together.

    Raises LimitExceededException for more than one index created or deleted.
    """
    changes = {name for name in _CHANGES if request.get(name) is not None}
    for empty in ("GlobalSecondaryIndexUpdates", "OnDemandThroughput"):
        if not request.get(empty):
            changes.discard(empty)
    if not changes:
        raise ValidationException(NOTHING_TO_CHANGE)
    if request.get("BillingMode") == "PROVISIONED" and request.get("ProvisionedThroughput") is None:
        raise ValidationException(f"{_LEAD}ProvisionedThroughput must be specified when BillingMode is PROVISIONED")
    for name, message in _ALONE:
        if name in changes and len(changes) > 1:
            raise ValidationException(_LEAD + message)
    _check_units(changes, request)
    _check_stream(request.get("StreamSpecification"))
    _check_index_updates(request.get("GlobalSecondaryIndexUpdates") or ())


def _check_units(changes: set[str], request: dict[str, Any]) -> None:
    indexed = any("Update" not in update for update in request.get("GlobalSecondaryIndexUpdates") or ())
    if "WarmThroughput" in changes:
        if indexed:
            raise ValidationException(
                f"{_LEAD}Create global secondary index cannot be specified when updating WarmThroughput"
            )
        if changes - {"WarmThroughput", "GlobalSecondaryIndexUpdates"}:
            raise ValidationException(f"{_LEAD}WarmThroughput must be the only operation in the request")
    if "OnDemandThroughput" in changes and changes - {"OnDemandThroughput", "BillingMode", "ProvisionedThroughput"}:
        raise ValidationException(
            f"{_LEAD}OnDemandThroughput can only be combined with BillingMode in an UpdateTable request"
        )
    provisions = "ProvisionedThroughput" in changes or request.get("BillingMode") == "PROVISIONED"
    if provisions and "StreamSpecification" in changes:
        raise ValidationException(f"{_LEAD}You cannot modify stream status while updating table IOPS")
    if "ProvisionedThroughput" in changes and indexed:
        raise ValidationException(f"{_LEAD}You cannot create or delete index while updating table IOPS")
    if "StreamSpecification" in changes and indexed:
        raise ValidationException(f"{_LEAD}You cannot create or delete index while changing stream status")


def _check_stream(specification: dict[str, Any] | None) -> None:
    if specification is None:
        return
    if specification["StreamEnabled"] and not specification.get("StreamViewType"):
        raise ValidationException(f"{_LEAD}If stream is being enabled then UpdateViewType is required")
    if not specification["StreamEnabled"] and specification.get("StreamViewType"):
        raise ValidationException(f"{_LEAD}If stream is being disabled, then UpdateViewType must not be specified")


def _check_index_updates(updates: list[dict[str, Any]] | tuple[()]) -> None:
    names: set[str] = set()
    made = 0
    for update in updates:
        actions = [action for action in ("Update", "Create", "Delete") if update.get(action) is not None]
        if not actions:
            raise ValidationException(
                f"{_LEAD}One of GlobalSecondaryIndexUpdate.Update, GlobalSecondaryIndexUpdate.Create, "
                "GlobalSecondaryIndexUpdate.Delete must not be null"
            )
        if len(actions) > 1:
            raise ValidationException(
                f"{_LEAD}Only one global secondary index action is allowed per GlobalSecondaryIndexUpdate object"
            )
        name = update[actions[0]]["IndexName"]
        if name in names:
            raise ValidationException(
                f"{_LEAD}Only one global secondary index update per index is allowed simultaneously. Index: {name}"
            )
        names.add(name)
        made += actions[0] != "Update"
    if made > 1:
        raise LimitExceededException(ONE_AT_A_TIME)

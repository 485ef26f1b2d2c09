"""What UpdateTable says about the parts of a well-formed request, before it looks at any table."""

from collections.abc import Mapping
from typing import Any

from stator.validation.create_table import check_global_index
from stator.validation.encryption import check_encryption
from stator.validation.key_schema import check_definitions
from stator.validation.throughput import check_bounds


def check_update_table(request: Mapping[str, Any]) -> None:
    """Raise ValidationException for the first rule that a request of the shape UPDATE_TABLE breaks.

    Which parts may stand together is not looked at here, nor whether key attributes of a new index are defined: the
    table may have defined them before.
    """
    check_bounds(request.get("ProvisionedThroughput"))
    check_definitions(request.get("AttributeDefinitions") or ())
    for update in request.get("GlobalSecondaryIndexUpdates") or ():
        if "Create" in update:
            check_global_index(update["Create"])
    check_encryption(request.get("SSESpecification"))

"""Rules on throughput that a request can break on its own: the billing mode against units and maxima, and bounds."""

from collections.abc import Mapping
from typing import Any, Final

from stator.errors import ValidationException

LEAD: Final = "One or more parameter values were invalid: "
UNITS_MAX: Final = 1_000_000_000_000

_UNITS: Final = ("ReadCapacityUnits", "WriteCapacityUnits")
_MAXIMA: Final = ("MaxReadRequestUnits", "MaxWriteRequestUnits")


def is_on_demand(request: Mapping[str, Any]) -> bool:
    return bool(request.get("BillingMode") == "PAY_PER_REQUEST")


def check_provisioned(request: Mapping[str, Any]) -> None:
    """The units of a new table: none on demand, within bounds, and both when provisioned."""
    units = request.get("ProvisionedThroughput")
    if is_on_demand(request):
        if units is not None:
            raise ValidationException(
                f"{LEAD}Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is "
                "PAY_PER_REQUEST"
            )
        return
    check_bounds(units)
    if units is None:
        raise ValidationException(
            f"{LEAD}ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED"
        )


def check_bounds(units: Mapping[str, int] | None) -> None:
    for name in _UNITS:
        if units is not None and units[name] > UNITS_MAX:
            raise ValidationException(f"{LEAD}Given value {units[name]} for {name} is out of bounds")


def check_index_provisioned(index: Mapping[str, Any], *, on_demand: bool) -> None:
    """The units of a global index of a new table."""
    units, name = index.get("ProvisionedThroughput"), index["IndexName"]
    if on_demand:
        if units is not None:
            raise ValidationException(
                f"{LEAD}ProvisionedThroughput should not be specified for index: {name} when BillingMode is "
                "PAY_PER_REQUEST"
            )
        return
    if units is None:
        raise ValidationException(f"{LEAD}ProvisionedThroughput is not specified for index: {name}")
    check_bounds(units)


def check_maxima(maxima: Mapping[str, int] | None, *, on_demand: bool, index: str | None = None) -> None:
    """The OnDemandThroughput of a new table, or of its global index of that name. The mode is looked at first."""
    given = {name: maxima[name] for name in _MAXIMA if maxima is not None and name in maxima}
    where = "" if index is None else f" for index : {index}"
    for name in given:
        if not on_demand:
            raise ValidationException(
                f"{LEAD}{name} for OnDemandThroughput{where} cannot be specified when table BillingMode is PROVISIONED."
            )
    for name, units in given.items():
        if units < 1:
            part = where if index is not None else " for table"
            raise ValidationException(f"{LEAD}Requested {name} for OnDemandThroughput{part} is outside of valid range")

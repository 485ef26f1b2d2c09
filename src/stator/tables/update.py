"""UpdateTable's request, already checked on its own, to what the table is shown as meanwhile and what it becomes."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from stator.errors import ResourceNotFoundException, ValidationException
from stator.model.table import Index, OnDemandThroughput, Table, Throughput, WarmThroughput
from stator.tables import lifecycle
from stator.tables.addition import add
from stator.tables.catalog import Edit
from stator.tables.create import NO_MAXIMUM, build_on_demand, build_stream
from stator.tables.throughput import change, check_differs, decreases_today, provision
from stator.tables.warm import check_grows, warm_of
from stator.validation.throughput import UNITS_MAX

_LEAD = "One or more parameter values were invalid: "
_INDEXING = ("TableName", "AttributeDefinitions", "GlobalSecondaryIndexUpdates")


class _Step(Struct):
    """The table on its way from `before`: `shown` until `settles_at`, `after` from then on."""

    before: Table
    shown: Table
    after: Table
    now: float
    settles_at: float
    drops: tuple[int, ...] = ()

    def both(self, **members: Any) -> None:
        self.shown, self.after = replace(self.shown, **members), replace(self.after, **members)

    def index(self, name: str, shown: dict[str, Any], after: dict[str, Any]) -> None:
        """Give members to an index, one set for what is shown and one for afterwards."""
        self.shown, self.after = _with_index(self.shown, name, shown), _with_index(self.after, name, after)


def count_spaces(request: dict[str, Any]) -> int:
    """How many spaces the request needs: one for an index that it creates."""
    return sum(1 for update in request.get("GlobalSecondaryIndexUpdates") or () if update.get("Create"))


def plan(table: Table, request: dict[str, Any], *, now: float, settles_at: float, spaces: Sequence[int] = ()) -> Edit:
    """What an UpdateTable request does to an existing table. `spaces` has as many as `count_spaces` says;
    without them the definition is good for nothing, but the errors are the same.

    Raises ResourceInUseException while the table is not ACTIVE, ResourceNotFoundException for an unknown index,
    LimitExceededException where throughput was lowered too often or an index is on its way, and ValidationException for
    what cannot be.
    """
    _check_takes(table, request)
    step = _Step(table, table, table, now, settles_at)
    _check_provisioning(table, request)
    _check_on_demand_maxima(table, request)
    _bill(step, request)
    for update in request.get("GlobalSecondaryIndexUpdates") or ():
        if update.get("Create"):
            _add_index(step, update["Create"], request.get("AttributeDefinitions") or (), spaces)
        else:
            _update_index(step, update)
    _stream(step, request.get("StreamSpecification"))
    _on_demand_maxima(step, request.get("OnDemandThroughput"))
    _warm(step, request.get("WarmThroughput"))
    if request.get("TableClass"):
        step.after = replace(step.after, table_class=request["TableClass"], table_class_changed=settles_at)
    if request.get("DeletionProtectionEnabled") is not None:
        step.both(deletion_protection=request["DeletionProtectionEnabled"])
    if request.get("SSESpecification") is not None:
        raise ValidationException(f"{_LEAD}Table is already encrypted by default")
    if step.shown == step.after == table:
        return Edit(table)
    return Edit(lifecycle.update(step.shown, lifecycle.await_filling(step.after), settles_at), step.drops)


def _check_takes(table: Table, request: dict[str, Any]) -> None:
    """A table that is not ACTIVE takes next to no change of its indexes, and no other."""
    others = [name for name, value in request.items() if name not in _INDEXING and value is not None]
    if others:
        lifecycle.check_idle(table)
    else:
        lifecycle.check_indexable(table, request.get("GlobalSecondaryIndexUpdates") or ())


def _becomes_on_demand(table: Table, request: dict[str, Any]) -> bool:
    mode = request.get("BillingMode")
    return table.on_demand if mode is None else bool(mode == "PAY_PER_REQUEST")


def _check_provisioning(table: Table, request: dict[str, Any]) -> None:
    wanted = request.get("ProvisionedThroughput")
    if wanted and _becomes_on_demand(table, request):
        raise ValidationException(
            f"{_LEAD}Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is "
            "PAY_PER_REQUEST"
        )


def _bill(step: _Step, request: dict[str, Any]) -> None:
    """BillingMode and the table's ProvisionedThroughput."""
    on_demand = _becomes_on_demand(step.after, request)
    wanted = request.get("ProvisionedThroughput")
    if on_demand and not step.after.on_demand:
        _bill_on_demand(step)
    elif step.after.on_demand and not on_demand:
        _bill_provisioned(step, request)
    elif wanted:
        check_differs(step.after.throughput, provision(wanted))
        shown, after = change(step.after.throughput, provision(wanted), step.now, step.settles_at)
        step.shown, step.after = replace(step.shown, throughput=shown), replace(step.after, throughput=after)


def _bill_on_demand(step: _Step) -> None:
    # Shown with the new mode and no units at once; the end of it counts as a decrease of each index.
    old = step.shown.throughput
    none_left = replace(old, read=0, write=0)
    step.both(on_demand=True)
    shown = replace(none_left, last_decrease=step.now, decreases_today=decreases_today(old, step.now))
    step.shown = replace(step.shown, throughput=shown)
    step.after = replace(step.after, throughput=none_left, on_demand_since=step.settles_at)
    for index in _global_indexes(step.after):
        shown = replace(index.throughput, read=0, write=0)
        count = decreases_today(shown, step.now) + 1
        after = replace(shown, last_decrease=step.settles_at, decreases_today=count)
        step.index(index.name, {"throughput": shown}, {"throughput": after})


def _bill_provisioned(step: _Step, request: dict[str, Any]) -> None:
    updates = request.get("GlobalSecondaryIndexUpdates") or ()
    provided = {
        update["Update"]["IndexName"]: update["Update"]["ProvisionedThroughput"]
        for update in updates
        if update.get("Update") and update["Update"].get("ProvisionedThroughput")
    }
    missing = [index.name for index in _global_indexes(step.after) if index.name not in provided]
    if missing:
        raise ValidationException(f"{_LEAD}ProvisionedThroughput must be specified for index: {','.join(missing)}")
    step.both(on_demand=False, on_demand_throughput=None)
    shown, after = _provide(step.after.throughput, request["ProvisionedThroughput"], step.settles_at)
    step.shown, step.after = replace(step.shown, throughput=shown), replace(step.after, throughput=after)
    for index in _global_indexes(step.after):
        shown, after = _provide(index.throughput, provided[index.name], step.settles_at)
        no_maxima = {"on_demand_throughput": None}
        step.index(index.name, {"throughput": shown} | no_maxima, {"throughput": after} | no_maxima)


def _provide(old: Throughput, wanted: dict[str, int], settles_at: float) -> tuple[Throughput, Throughput]:
    shown = replace(old, read=wanted["ReadCapacityUnits"], write=wanted["WriteCapacityUnits"])
    return shown, replace(shown, last_increase=settles_at)


def _add_index(
    step: _Step, wanted: dict[str, Any], definitions: Sequence[Mapping[str, str]], spaces: Sequence[int]
) -> None:
    step.after = add(step.after, wanted, definitions, spaces[0] if spaces else 0)
    indexes = (*step.shown.indexes, step.after.indexes[-1])
    step.shown = replace(step.shown, indexes=indexes, attribute_types=step.after.attribute_types)


def _update_index(step: _Step, update: dict[str, Any]) -> None:
    action = update.get("Update") or update["Delete"]
    verb = "update" if update.get("Update") else "delete"
    index = step.after.index(action["IndexName"])
    if index is None:
        raise ResourceNotFoundException(
            f"Requested resource not found: Index {action['IndexName']} for table {step.after.name}"
        )
    if index.local:
        raise ValidationException(f"Cannot {verb} an index that is not a GlobalSecondaryIndex: {index.name}")
    if verb == "update":
        _change_index(step, index, action)
    else:
        _delete_index(step, index)


def _delete_index(step: _Step, index: Index) -> None:
    step.after = lifecycle.without_index(step.after, index.name)
    step.drops += (index.space,)


def _change_index(step: _Step, index: Index, action: dict[str, Any]) -> None:
    wanted, maxima, warm = (action.get(n) for n in ("ProvisionedThroughput", "OnDemandThroughput", "WarmThroughput"))
    if warm is not None:
        _warm_index(step, index, warm)
        if not wanted and not maxima:
            return
    if step.after.on_demand:
        _change_index_on_demand(step, index, wanted, maxima)
    elif not wanted:
        raise ValidationException(
            f"{_LEAD}Both ReadCapacityUnits and WriteCapacityUnits must be specified for index: {index.name}"
        )
    elif not step.before.on_demand:  # else the change of the billing mode has provisioned it
        _provision_index(step, index, wanted)


def _change_index_on_demand(
    step: _Step, index: Index, wanted: dict[str, int] | None, maxima: dict[str, int] | None
) -> None:
    if wanted:
        raise ValidationException(
            f"{_LEAD}Neither ReadCapacityUnits nor WriteCapacityUnits can be specified for index: {index.name} "
            "when BillingMode is PAY_PER_REQUEST"
        )
    if not maxima:
        raise ValidationException(
            f"{_LEAD}The only Updates for index: {index.name} when TableThroughputMode is PAY_PER_REQUEST can be "
            "to OnDemandThroughput, WarmThroughput"
        )
    echoed, kept = _merge_maxima(index.on_demand_throughput, maxima)
    step.index(index.name, {"on_demand_throughput": echoed}, {"on_demand_throughput": kept})


def _provision_index(step: _Step, index: Index, wanted: dict[str, int]) -> None:
    if max(wanted["ReadCapacityUnits"], wanted["WriteCapacityUnits"]) > UNITS_MAX:
        raise ValidationException(
            "This operation cannot be performed with given input values. "
            "Please contact DynamoDB service team for more info: Action Blocked: IndexUpdate"
        )
    check_differs(index.throughput, provision(wanted), index.name)
    shown, after = change(index.throughput, provision(wanted), step.now, step.settles_at)
    step.index(index.name, {"throughput": shown}, {"throughput": after})


def _stream(step: _Step, specification: dict[str, Any] | None) -> None:
    if specification is None:
        return
    table = step.after
    if specification["StreamEnabled"]:
        if table.stream:
            raise ValidationException(f"Table already has an enabled stream: TableName: {table.name}")
        stream = build_stream(specification, step.now)
        if stream and stream.label == table.latest_stream_label:
            stream = build_stream(specification, step.now + 0.001)  # a new stream has an ARN of its own
        step.both(stream=stream, latest_stream_label=stream.label if stream else None)
    elif table.stream is None:
        raise ValidationException(f"Table has no stream to disable: TableName: {table.name}")
    else:
        step.both(stream=None)


def _check_on_demand_maxima(table: Table, request: dict[str, Any]) -> None:
    on_demand = _becomes_on_demand(table, request)
    _check_maxima(request.get("OnDemandThroughput") or {}, on_demand, "", "table")
    for update in request.get("GlobalSecondaryIndexUpdates") or ():
        action = update.get("Update") or {}
        what = f"index : {action.get('IndexName')}"
        _check_maxima(action.get("OnDemandThroughput") or {}, on_demand, f"for {what} ", what)


def _check_maxima(maxima: dict[str, int], on_demand: bool, owner: str, what: str) -> None:
    # The mode is looked at before the range, and reading before writing.
    for member in ("MaxReadRequestUnits", "MaxWriteRequestUnits"):
        if member in maxima and not on_demand:
            raise ValidationException(
                f"{_LEAD}{member} for OnDemandThroughput {owner}cannot be specified when the table BillingMode is "
                "PROVISIONED"
            )
    for member in ("MaxReadRequestUnits", "MaxWriteRequestUnits"):
        if member in maxima and maxima[member] < 1 and maxima[member] != NO_MAXIMUM:
            raise ValidationException(
                f"{_LEAD}Requested {member} for OnDemandThroughput for {what} is outside of valid range"
            )


def _on_demand_maxima(step: _Step, maxima: dict[str, int] | None) -> None:
    if maxima:
        echoed, kept = _merge_maxima(step.after.on_demand_throughput, maxima)
        step.shown = replace(step.shown, on_demand_throughput=echoed)
        step.after = replace(step.after, on_demand_throughput=kept)


def _merge_maxima(
    old: OnDemandThroughput | None, maxima: dict[str, int]
) -> tuple[OnDemandThroughput, OnDemandThroughput | None]:
    """The reply of UpdateTable shows a maximum taken away as -1; after that it is absent."""
    old = old or OnDemandThroughput()
    read_max = maxima.get("MaxReadRequestUnits", old.read_max)
    write_max = maxima.get("MaxWriteRequestUnits", old.write_max)
    kept = build_on_demand({"MaxReadRequestUnits": read_max, "MaxWriteRequestUnits": write_max})
    return OnDemandThroughput(read_max, write_max), kept


def _warm(step: _Step, wanted: dict[str, int] | None) -> None:
    if wanted is None:
        return
    if not wanted:
        raise ValidationException(
            f"{_LEAD}WarmThroughput must have at least one of ReadUnitsPerSecond or WriteUnitsPerSecond specified"
        )
    now = warm_of(step.after, step.after)
    check_grows(wanted, now, "table")
    step.after = replace(step.after, warm_throughput=_merge_warm(now, wanted))


def _warm_index(step: _Step, index: Index, wanted: dict[str, int]) -> None:
    if not wanted:
        raise ValidationException(
            f"{_LEAD}WarmThroughput must have at least one of ReadUnitsPerSecond or WriteUnitsPerSecond specified "
            f"for index: {index.name}"
        )
    now = warm_of(step.after, index)
    check_grows(wanted, now, f"index {index.name}")
    step.index(index.name, {}, {"warm_throughput": _merge_warm(now, wanted)})


def _merge_warm(now: WarmThroughput, wanted: dict[str, int]) -> WarmThroughput:
    return WarmThroughput(wanted.get("ReadUnitsPerSecond", now.read), wanted.get("WriteUnitsPerSecond", now.write))


def _global_indexes(table: Table) -> list[Index]:
    return [index for index in table.indexes if not index.local]


def _with_index(table: Table, name: str, members: dict[str, Any]) -> Table:
    return replace(
        table, indexes=tuple(replace(index, **members) if index.name == name else index for index in table.indexes)
    )

"""What is counted of a request that failed."""

from collections.abc import Mapping, Sequence
from typing import Any

from stator.api.call import Call
from stator.errors import TransactionCanceledException, WireError
from stator.http.request import Request
from stator.metrics.recorder import Recorder

_MEMBERS = ("TransactItems", "TransactStatements")
_THROTTLES = frozenset({"ProvisionedThroughputExceeded", "RequestLimitExceeded", "ThrottlingError"})
_COUNTED = {"ConditionalCheckFailed": "ConditionalCheckFailedRequests", "TransactionConflict": "TransactionConflict"}


def record_refusal(recorder: Recorder, request: Request, error: WireError) -> None:
    """Whose it was is known of one with a good signature, its tables of one that is well formed."""
    if not request.operation_name:
        return
    caller, call = request.caller, request.call
    account, region = ("", "") if caller is None else (caller.account, caller.region)
    table, code = None if call is None else call.table, error.code
    if call is not None and isinstance(error, TransactionCanceledException):
        reasons = error.fields["CancellationReasons"]
        _record_reasons(recorder, call, reasons)
        if any(reason["Code"] in _THROTTLES for reason in reasons):
            table, code = _throttled(call, reasons) or table, "ThrottlingException"
    recorder.refused(account, region, table, request.operation_name, status=error.status, code=code)


def _record_reasons(recorder: Recorder, call: Call, reasons: Sequence[Mapping[str, Any]]) -> None:
    """A conflict or a failed condition for each table: as many as there are actions that had one."""
    counts: dict[tuple[str, str], int] = {}
    for action, reason in zip(_actions(call), reasons, strict=False):
        metric = _COUNTED.get(reason["Code"])
        if metric is not None:
            table = _table_of(call, action)
            if table is not None:
                counts[metric, table] = counts.get((metric, table), 0) + 1
    for (metric, table), number in counts.items():
        recorder.count(call.account, call.region, metric, number, table=table)


def _throttled(call: Call, reasons: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """The tables that there was no capacity of."""
    actions = zip(_actions(call), reasons, strict=False)
    found = [_table_of(call, action) for action, reason in actions if reason["Code"] in _THROTTLES]
    return tuple(dict.fromkeys(name for name in found if name is not None))


def _actions(call: Call) -> Sequence[Mapping[str, Any]]:
    return next((call.request[member] for member in _MEMBERS if member in call.request), ())


def _table_of(call: Call, action: Mapping[str, Any]) -> str | None:
    for kind in action.values():
        if isinstance(kind, dict) and "TableName" in kind:
            return str(kind["TableName"])
    table = call.table  # a statement names it in its text: then only if there is no doubt
    return table[0] if isinstance(table, tuple) and len(table) == 1 else None

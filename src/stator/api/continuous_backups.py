"""ContinuousBackupsDescription, which the operations on recovery to a point in time answer with."""

from typing import Any

from stator.api.call import Call
from stator.model.table import Table


def describe_continuous_backups(call: Call, table: Table) -> dict[str, Any]:
    recovery = (table.becomes or table).recovery
    window = call.parts.reach.window(table.becomes or table, call.parts.clock())
    described: dict[str, Any] = {"PointInTimeRecoveryStatus": "DISABLED"}
    if recovery is not None and window is not None:
        described = {
            "PointInTimeRecoveryStatus": "ENABLED",
            "RecoveryPeriodInDays": recovery.period_days,
            "EarliestRestorableDateTime": window.earliest,
            "LatestRestorableDateTime": window.latest,
        }
    # On-demand backups can always be made, and that is what the first member says.
    return {"ContinuousBackupsStatus": "ENABLED", "PointInTimeRecoveryDescription": described}

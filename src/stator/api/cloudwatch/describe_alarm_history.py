"""DescribeAlarmHistory."""

from typing import Any

from stator.api.call import Answer, Call
from stator.api.metric_window import place_of, token_of
from stator.api.registry import CLOUDWATCH, operation
from stator.api.wire_value import Moment
from stator.errors import InvalidNextToken
from stator.metrics.alarm_record import Item
from stator.metrics.alarms import HISTORY_SECONDS
from stator.validation.requests.cloudwatch import DESCRIBE_ALARM_HISTORY

_PAGE = 100


@operation("DescribeAlarmHistory", DESCRIBE_ALARM_HISTORY, CLOUDWATCH)
async def describe_alarm_history(call: Call) -> Answer:
    request = call.request
    after = _place(request.get("NextToken"))
    if "MetricAlarm" not in request.get("AlarmTypes", ("MetricAlarm",)) or "AlarmContributorId" in request:
        return {"AlarmHistoryItems": []}
    now = call.parts.clock()
    name, kind = request.get("AlarmName"), request.get("HistoryItemType")

    def wanted(item: Item) -> bool:
        return (
            (item.account, item.region) == (call.account, call.region)
            and name in (None, item.alarm)
            and kind in (None, item.kind)
        )

    items, last = await call.parts.alarms.history(
        wanted,
        start=min(max(request.get("StartDate", 0.0), now - HISTORY_SECONDS), now),
        end=min(max(request.get("EndDate", now), 0.0), now),
        most=request.get("MaxRecords", _PAGE),
        after=after,
        newest=request.get("ScanBy") != "TimestampAscending",
    )
    answer: dict[str, Any] = {"AlarmHistoryItems": [_describe(item) for item in items]}
    if last is not None:
        answer["NextToken"] = token_of(last.hex())
    return answer


def _describe(item: Item) -> dict[str, Any]:
    return {
        "AlarmName": item.alarm,
        "AlarmType": "MetricAlarm",
        "Timestamp": Moment(item.time),
        "HistoryItemType": item.kind,
        "HistorySummary": item.summary,
        "HistoryData": item.data,
    }


def _place(token: str | None) -> bytes | None:
    place = place_of(token)
    try:
        return None if place is None else bytes.fromhex(place)
    except ValueError:
        raise InvalidNextToken from None

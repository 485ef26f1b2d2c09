"""What is written down beside an alarm: what became of it, kept for 14 days, and who is still to be told. Pure.

Rows of space 0 in the partitions `alarms/history` and `alarms/notices`, the oldest first; docs/formats.md has them.
"""

import secrets
from collections.abc import Mapping
from itertools import count
from typing import Any, Final, NamedTuple

import orjson

from stator.metrics.alarm import SPACE, Alarm, configuration
from stator.storage.store import Key, Put, Row

FORMAT: Final = 1
HISTORY: Final = bytes(8) + b"alarms/history"
NOTICES: Final = bytes(8) + b"alarms/notices"

CONFIGURATION_UPDATE, STATE_UPDATE, ACTION = "ConfigurationUpdate", "StateUpdate", "Action"
_numbers = count()
_process = secrets.token_bytes(6)  # several may write at the same time
_SUMMARY_LENGTH_MAX = 255
_DATA_LENGTH_MAX = 4095


class Item(NamedTuple):
    """An AlarmHistoryItem. `sort` is where it lies."""

    time: float
    account: str
    region: str
    alarm: str
    kind: str
    summary: str
    data: str  # JSON
    sort: bytes = b""


class Notice(NamedTuple):
    """One action that an alarm's change of state asked for. `due` is when it is tried next, `sort` where it lies."""

    created: float
    account: str
    region: str
    alarm: str
    action: str
    message: str  # JSON, as CloudWatch sends it to a topic
    subject: str
    tries: int = 0
    due: float = 0.0
    sort: bytes = b""


def sort_of(time: float) -> bytes:
    """A place of its own in the order of time, and of the calls for the same time."""
    return int(time * 1_000_000).to_bytes(8, "big") + (next(_numbers) % 65_536).to_bytes(2, "big") + _process


def item_put(item: Item) -> Put:
    value = orjson.dumps([FORMAT, *item[:-1]])
    return Put(Key(SPACE, HISTORY, item.sort or sort_of(item.time)), len(value), value)


def notice_put(notice: Notice) -> Put:
    value = orjson.dumps([FORMAT, *notice[:-1]])
    return Put(Key(SPACE, NOTICES, notice.sort or sort_of(notice.created)), len(value), value)


def item_of(row: Row) -> Item:
    return Item(*_decode(row))._replace(sort=row.sort)


def notice_of(row: Row) -> Notice:
    return Notice(*_decode(row))._replace(sort=row.sort)


def configured_item(before: Alarm | None, after: Alarm | None, now: float) -> Item:
    """That an alarm was made, changed or, with nothing after, deleted."""
    alarm = after or before
    if alarm is None:
        raise ValueError("an alarm that neither was nor is")
    kind, member, verb = (
        ("Create", "createdAlarm", "created")
        if before is None
        else ("Delete", "deletedAlarm", "deleted")
        if after is None
        else ("Update", "updatedAlarm", "updated")
    )
    data = {"version": "1.0", "type": kind, member: configuration(alarm)}
    return _item(alarm, now, CONFIGURATION_UPDATE, f'Alarm "{alarm.name}" {verb}', data)


def moved_item(before: Alarm, after: Alarm, now: float) -> Item:
    data = {"version": "1.0", "oldState": _state(before), "newState": _state(after)}
    return _item(after, now, STATE_UPDATE, f"Alarm updated from {before.state} to {after.state}", data)


def action_item(notice: Notice, now: float, fault: str = "") -> Item:
    """That an action was done, or with a `fault` that it was given up."""
    data = {
        "actionState": "Failed" if fault else "Succeeded",
        "notificationResource": notice.action,
        "publishedMessage": notice.message,
        "error": fault or None,
    }
    verb = "Failed to execute action" if fault else "Successfully executed action"
    summary = f"{verb} {notice.action}"[:_SUMMARY_LENGTH_MAX]
    return Item(now, notice.account, notice.region, notice.alarm, ACTION, summary, _text(data))


def _item(alarm: Alarm, now: float, kind: str, summary: str, data: Mapping[str, Any]) -> Item:
    return Item(now, alarm.account, alarm.region, alarm.name, kind, summary[:_SUMMARY_LENGTH_MAX], _text(data))


def _text(data: Mapping[str, Any]) -> str:
    """JSON no longer than the service's; where it would be, its largest parts are left out."""
    kept = dict(data)
    while len(text := orjson.dumps(kept).decode()) > _DATA_LENGTH_MAX:
        del kept[max(kept, key=lambda member: len(orjson.dumps(kept[member])))]
    return text


def _state(alarm: Alarm) -> dict[str, Any]:
    state: dict[str, Any] = {"stateValue": alarm.state, "stateReason": alarm.reason}
    if alarm.reason_data is not None:
        state["stateReasonData"] = orjson.Fragment(alarm.reason_data)
    return state


def _decode(row: Row) -> list[Any]:
    form, *members = orjson.loads(row.value)
    if form != FORMAT:
        raise ValueError(f"record of an alarm of format {form}; this version reads format {FORMAT}")
    return list(members)

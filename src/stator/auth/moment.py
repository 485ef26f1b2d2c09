"""The signing time of a request: `20261121T013000Z`, or the date of a `Date` header."""

import calendar
import re
import time

_BASIC = re.compile(rb"(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z")
_RFC1123 = re.compile(rb"[A-Z][a-z]{2}, (\d\d) ([A-Z][a-z]{2}) (\d{4}) (\d\d):(\d\d):(\d\d) GMT")
_MONTHS = b"JanFebMarAprMayJunJulAugSepOctNovDec"
_REMEMBERED_MAX = 1024

_remembered: dict[bytes, int] = {}  # clients sign many requests within one second


def seconds_of(basic: bytes) -> int | None:
    """Seconds since the epoch of a time in ISO 8601 basic format; None when it is not one."""
    seconds = _remembered.get(basic)
    if seconds is not None:
        return seconds
    match = _BASIC.fullmatch(basic)
    if match is None:
        return None
    year, month, day, hour, minute, second = map(int, match.groups())
    if not (year >= 1970 and 1 <= month <= 12 and 1 <= day <= 31 and hour < 24 and minute < 60 and second < 61):
        return None
    seconds = calendar.timegm((year, month, day, hour, minute, second, 0, 0, 0))
    if len(_remembered) >= _REMEMBERED_MAX:
        _remembered.clear()
    _remembered[basic] = seconds
    return seconds


def basic_format(seconds: float) -> str:
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(seconds))


def from_date_header(date: bytes) -> bytes:
    """The basic format of a Date header in RFC 1123 form; anything else comes back as it is."""
    match = _RFC1123.fullmatch(date)
    if match is None:
        return date
    day, name, year, hour, minute, second = match.groups()
    at = _MONTHS.find(name)
    if at < 0 or at % 3:
        return date
    return b"%b%02d%bT%b%b%bZ" % (year, at // 3 + 1, day, hour, minute, second)

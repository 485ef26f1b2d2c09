"""Times that requests for metrics ask for, and the tokens that their pages go on with."""

import base64
import binascii
import math
from typing import Any, Final

import orjson

from stator.api.call import Call
from stator.errors import InvalidNextToken, InvalidParameterValueException
from stator.metrics.answer import Window

_PAST_SECONDS: Final = 455 * 86_400  # as long as the service keeps metrics; there are none here that are so old
_FUTURE_SECONDS: Final = 86_400
_TOKEN_LENGTH_MAX: Final = 4096


def window_of(call: Call) -> Window:
    """StartTime and EndTime, no further from now than can matter. Raises InvalidParameterValueException."""
    start, end = call.request["StartTime"], call.request["EndTime"]
    for name, time in (("StartTime", start), ("EndTime", end)):
        if not math.isfinite(time):
            raise InvalidParameterValueException(f"The value {time} for parameter {name} is invalid.")
    now = call.parts.clock()
    least, most = now - _PAST_SECONDS, now + _FUTURE_SECONDS
    return Window(min(max(start, least), most), min(max(end, least), most))


def token_of(*places: Any) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(places)).decode()


def places_of(token: str) -> list[Any] | None:
    """What `token_of` made a token of. None where it made none."""
    if len(token) > _TOKEN_LENGTH_MAX:
        return None
    try:
        places = orjson.loads(base64.urlsafe_b64decode(token.encode()))
    except (ValueError, binascii.Error):
        return None
    return places if isinstance(places, list) else None


def place_of(token: str | None) -> str | None:
    """The one text that `token_of` made a token of; None without a token. Raises InvalidNextToken."""
    if token is None:
        return None
    places = places_of(token)
    if places is None or len(places) != 1 or not isinstance(places[0], str):
        raise InvalidNextToken
    return places[0]

"""Idempotency tokens: a transaction that came with one happens once, however often it is sent.

A token's row is written in the commit of its transaction. It lives in space 0, among the catalog's rows: its partition
is eight zero bytes, `tokens/`, the number of a period of time in eight bytes, and `/<operation>/<account>/<region>`;
its sort is the token. A request looks for its token in the present period and the one before, so that what is older
can be trimmed as a whole, without a look at what still counts; shortly before the next period in that as well, where
another router may be already by its clock. docs/formats.md has the value.
"""

from collections.abc import Sequence
from hashlib import blake2b
from typing import Any, NamedTuple

import orjson

from stator.clock import Clock
from stator.errors import IdempotentParameterMismatchException, SerializationException
from stator.items.decide import Outcome
from stator.limits import IDEMPOTENCY_SECONDS
from stator.storage.store import Key, Put, Row
from stator.tables.catalog import CATALOG_SPACE

# A row has to be found for IDEMPOTENCY_SECONDS after its transaction was done, which may be a while after its request
# came and chose the period: the rest is for that.
PERIOD_SECONDS = 900
SKEW_SECONDS_MAX = 60.0  # that the clock of another router may be ahead by

TOKENS = bytes(8) + b"tokens/"

_PARAMETERS_ASIDE = frozenset(("ClientRequestToken", "ReturnConsumedCapacity"))


class Replay(NamedTuple):
    """The answer to a request that was done before: the bytes that each of its actions was charged on."""

    sizes: list[int]


class Token(NamedTuple):
    """The token of a request on its way. `key` is where it will be written, `others` where else it may be found."""

    key: Key
    others: tuple[Key, ...]
    digest: str
    clock: Clock

    def replay(self, rows: Sequence[Row | None]) -> Replay | None:
        """What is known of the token, given the rows of its keys; None when its transaction has yet to happen.

        Raises IdempotentParameterMismatchException.
        """
        for row in rows:
            if row is not None:
                done, digest, sizes = orjson.loads(row.value)
                if self.clock() < done + IDEMPOTENCY_SECONDS:
                    if digest != self.digest:
                        raise IdempotentParameterMismatchException
                    return Replay(sizes)
        return None

    def record(self, outcomes: Sequence[Outcome]) -> Put:
        """The row that says that the transaction happened."""
        value = orjson.dumps([self.clock(), self.digest, [outcome.size for outcome in outcomes]])
        return Put(self.key, len(value), value)


def token_of(operation: str, account: str, region: str, request: dict[str, Any], clock: Clock) -> Token | None:
    """The token of a sound request, None if it has none. Tokens count per operation, account and region."""
    text = request.get("ClientRequestToken")
    if text is None:
        return None
    now = clock()
    period = int(now // PERIOD_SECONDS)
    owner = f"/{operation}/{account}/{region}".encode()
    periods = [period, period - 1]
    if now + SKEW_SECONDS_MAX >= (period + 1) * PERIOD_SECONDS:
        periods.append(period + 1)
    key, *others = (Key(CATALOG_SPACE, period_start(number) + owner, text.encode()) for number in periods)
    return Token(key, tuple(others), _digest(request), clock)


def period_start(period: int) -> bytes:
    """The first partition bytes of the tokens of a period."""
    return TOKENS + period.to_bytes(8, "big")


def stale_end(now: float) -> bytes:
    """Every token in a partition between TOKENS and this has expired."""
    return period_start(int(now // PERIOD_SECONDS) - 1)


def _digest(request: dict[str, Any]) -> str:
    """What two requests have in common that ask for the same."""
    parameters = {name: value for name, value in request.items() if name not in _PARAMETERS_ASIDE}
    try:
        text = orjson.dumps(parameters, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError:  # members that no value has, nested deeper than values can be
        raise SerializationException from None
    return blake2b(text, digest_size=32).hexdigest()

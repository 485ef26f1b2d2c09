"""Idempotency tokens: what they stand for, how long, and where their rows are."""

from typing import Any

import pytest

from stator.clock import ManualClock
from stator.errors import IdempotentParameterMismatchException
from stator.items.decide import Outcome
from stator.items.idempotency import PERIOD_SECONDS, TOKENS, Replay, Token, stale_end, token_of
from stator.limits import IDEMPOTENCY_SECONDS
from stator.storage.store import Row

_REQUEST: dict[str, Any] = {"TransactItems": [{"Put": {"Item": {"pk": {"S": "a"}}}}], "ClientRequestToken": "t"}


def token(clock: ManualClock, request: dict[str, Any] = _REQUEST, operation: str = "Op", account: str = "1") -> Token:
    found = token_of(operation, account, "region", request, clock)
    assert found is not None
    return found


def recorded(one: Token, *sizes: int) -> Row:
    put = one.record([Outcome(None, None, None, None, size, {}) for size in sizes])
    assert put.key == one.key
    assert put.size == len(put.value)
    return Row(put.key.partition, put.key.sort, 1, put.size, put.value)


def test_without_a_token_there_is_none() -> None:
    assert token_of("Op", "1", "region", {"TransactItems": []}, ManualClock()) is None


def test_it_stands_for_its_request_for_ten_minutes() -> None:
    clock = ManualClock()
    row = recorded(token(clock), 5, 0)
    assert token(clock).replay([None, None]) is None
    clock.advance(IDEMPOTENCY_SECONDS - 1)
    assert token(clock).replay([row, None]) == token(clock).replay([None, row]) == Replay([5, 0])
    clock.advance(1)
    assert token(clock).replay([row, None]) is None


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({"ReturnConsumedCapacity": "TOTAL"}, True),
        ({"ReturnItemCollectionMetrics": "SIZE"}, False),
        ({"TransactItems": [{"Put": {"Item": {"pk": {"S": "b"}}}}]}, False),
        ({"TransactItems": _REQUEST["TransactItems"] * 2}, False),
    ],
)
def test_what_makes_a_request_another_one(change: dict[str, Any], same: bool) -> None:
    clock = ManualClock()
    row = recorded(token(clock), 1)
    again = token(clock, _REQUEST | change)
    if same:
        assert again.replay([row, None]) == Replay([1])
        return
    with pytest.raises(IdempotentParameterMismatchException):
        again.replay([row, None])


def test_the_order_of_members_does_not_matter() -> None:
    clock = ManualClock()
    assert token(clock, dict(reversed(_REQUEST.items()))).digest == token(clock).digest


def test_operations_accounts_and_tokens_have_rows_of_their_own() -> None:
    clock = ManualClock()
    tokens = [
        token(clock),
        token(clock, operation="Other"),
        token(clock, account="2"),
        token(clock, _REQUEST | {"ClientRequestToken": "u"}),
    ]
    assert len({one.key for one in tokens}) == 4


@pytest.mark.parametrize("within", [0, 1, PERIOD_SECONDS // 2, PERIOD_SECONDS - 1])
def test_a_row_is_looked_for_and_kept_as_long_as_it_counts(within: int) -> None:
    clock = ManualClock(1000.0 * PERIOD_SECONDS + within)
    first = token(clock)
    late = PERIOD_SECONDS - IDEMPOTENCY_SECONDS  # so long may a transaction take
    clock.advance(late + IDEMPOTENCY_SECONDS - 1)
    again = token(clock)
    assert first.key in (again.key, *again.others)
    assert not TOKENS <= first.key.partition < stale_end(clock())
    clock.advance(2 * PERIOD_SECONDS)
    again = token(clock)
    assert first.key not in (again.key, *again.others)
    assert TOKENS <= first.key.partition < stale_end(clock())


def test_two_routers_whose_clocks_differ_at_the_end_of_a_period_look_at_the_same_rows() -> None:
    slow, fast = ManualClock(1001.0 * PERIOD_SECONDS - 20), ManualClock(1001.0 * PERIOD_SECONDS + 20)
    behind, ahead = token(slow), token(fast)
    assert behind.key != ahead.key
    assert ahead.key in behind.others
    assert behind.key in ahead.others

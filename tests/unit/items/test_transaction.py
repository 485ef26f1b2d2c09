"""Transactions as one decision: what they change, why they are cancelled, what they cost."""

import asyncio
from collections.abc import Sequence
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stator.clock import system_clock
from stator.errors import (
    ConditionalCheckFailedException,
    Family,
    IdempotentParameterMismatchException,
    ThrottlingException,
    TransactionCanceledException,
    TransactionInProgressException,
    ValidationException,
    WireError,
)
from stator.items.commit import Writer
from stator.items.decide import NO_GUARD, CheckWrite, DeleteWrite, Guard, Outcome, Write
from stator.items.idempotency import Replay, token_of
from stator.items.keys import item_key
from stator.items.transaction import (
    Part,
    cancellation,
    check_bytes,
    check_distinct,
    decide_all,
    read_consumed,
    write_consumed,
)
from stator.limits import TRANSACTION_BYTES_MAX
from stator.model.table import Table
from stator.storage.store import Change, Decide, Key, Row, Store
from stator.values.attribute import Item
from tests.unit.items.conftest import Make, Running, index, item, put, table

_TABLE = table()


class Says:
    def __init__(self, answer: bool) -> None:
        self.answer = answer

    def holds(self, item: Item) -> bool:
        return self.answer


def row_of(one: Item, size: int = 10) -> Row:
    return Row(item_key(_TABLE, one).partition, b"", 1, size, orjson.dumps(one))


def check(one: Item, answer: bool, *, show: bool = True, of: Table = _TABLE) -> CheckWrite:
    return CheckWrite(of, item_key(of, one), Guard(Says(answer), show))


class Faulty(Write):
    """Refuses with whatever it is given."""

    def __init__(self, error: WireError) -> None:
        super().__init__(_TABLE, item_key(_TABLE, item(pk="x")), NO_GUARD)
        self.error = error

    def change(self, row: Row | None) -> Change:
        raise self.error


def reasons(error: WireError) -> list[dict[str, Any]]:
    assert isinstance(error, TransactionCanceledException)
    found: list[dict[str, Any]] = error.fields["CancellationReasons"]
    return found


def test_writes_become_one_change_with_the_outcome_of_each() -> None:
    gone = item(pk="b")
    writes = [
        put(_TABLE, item(pk="a")),
        DeleteWrite(_TABLE, item_key(_TABLE, gone), NO_GUARD),
        check(item(pk="c"), True),
    ]
    change = decide_all(writes, [None, row_of(gone), row_of(item(pk="c", v=1), 12)])
    assert [one.key for one in change.puts] == [writes[0].key]
    assert list(change.deletes) == [writes[1].key]
    assert [outcome.size for outcome in change.result] == [3, 10, 12]


def test_a_check_writes_nothing_and_shows_what_it_saw() -> None:
    one = item(pk="a", v=1)
    change = check(one, True).change(row_of(one))
    assert not change.puts
    assert not change.deletes
    assert change.result.before == change.result.after == orjson.dumps(one)
    assert check(one, True).change(None).result == Outcome(None, None, None, None, 0, {})


@pytest.mark.parametrize(("show", "row"), [(True, None), (False, row_of(item(pk="a")))])
def test_a_check_that_fails_shows_an_item_only_if_asked_and_there(show: bool, row: Row | None) -> None:
    with pytest.raises(ConditionalCheckFailedException) as caught:
        check(item(pk="a"), False, show=show).change(row)
    assert caught.value.fields == {}


@given(st.lists(st.sampled_from(("holds", "fails", "faulty")), min_size=1, max_size=8))
def test_reasons_stand_in_the_order_of_the_actions(kinds: list[str]) -> None:
    one = item(pk="a")
    make: dict[str, Write] = {
        "holds": check(one, True),
        "fails": check(one, False),
        "faulty": Faulty(ValidationException("bad")),
    }
    writes, rows = [make[kind] for kind in kinds], [row_of(one)] * len(kinds)
    failed = {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed", "Item": one}
    if set(kinds) == {"holds"}:
        assert len(decide_all(writes, rows).result) == len(kinds)
        return
    with pytest.raises(TransactionCanceledException) as caught:
        decide_all(writes, rows)
    expected: list[dict[str, Any]] = [{"Code": "None"}] * len(kinds)
    if "faulty" in kinds:
        expected[kinds.index("faulty")] = {"Code": "ValidationError", "Message": "bad"}
    else:
        expected = [failed if kind == "fails" else {"Code": "None"} for kind in kinds]
    assert reasons(caught.value) == expected


def test_an_empty_key_value_is_the_whole_requests_fault() -> None:
    empty = ValidationException("empty", Family.EMPTY_KEY)
    refused: dict[int, WireError] = {0: ConditionalCheckFailedException(), 1: empty}
    assert cancellation(3, refused) is empty
    assert [one["Code"] for one in reasons(cancellation(3, refused, hoist=False))] == [
        "None",
        "ValidationError",
        "None",
    ]


class DuplicateItemException(WireError):
    pass


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ThrottlingException("slow down"), "ThrottlingError"),
        (DuplicateItemException("Duplicate primary key exists in table"), "DuplicateItem"),
    ],
)
def test_codes_of_other_errors(error: WireError, code: str) -> None:
    assert reasons(cancellation(1, {0: error})) == [{"Code": code, "Message": error.message}]


def test_limits() -> None:
    check_distinct(["a", "b"])
    with pytest.raises(ValidationException, match="multiple operations on one item"):
        check_distinct(["a", "b", "a"])
    check_bytes(TRANSACTION_BYTES_MAX)
    with pytest.raises(ValidationException, match="size cannot exceed"):
        check_bytes(TRANSACTION_BYTES_MAX + 1)


def test_capacity_by_table_in_the_order_of_the_request() -> None:
    indexed = table("pk:S", "", index("L", "pk:S", "l:S", local=True), index("G", "g:S"))
    outcomes = [
        Outcome(None, None, None, None, 1025, {"G": 1, "L": 2}),
        Outcome(None, None, None, None, 0, {}),
        Outcome(None, None, None, None, 1, {"G": 1}),
    ]
    parts = [Part("b", indexed), Part("a", _TABLE), Part("b", indexed)]
    assert write_consumed("NONE", parts, outcomes) is None
    assert write_consumed("TOTAL", parts, outcomes) == [
        {"TableName": "b", "CapacityUnits": 10.0, "WriteCapacityUnits": 10.0},
        {"TableName": "a", "CapacityUnits": 2.0, "WriteCapacityUnits": 2.0},
    ]
    (detailed, _) = write_consumed("INDEXES", parts, outcomes) or []
    assert detailed["Table"] == {"CapacityUnits": 6.0, "WriteCapacityUnits": 6.0}
    assert detailed["GlobalSecondaryIndexes"] == {"G": {"CapacityUnits": 2.0, "WriteCapacityUnits": 2.0}}
    assert detailed["LocalSecondaryIndexes"] == {"L": {"CapacityUnits": 2.0, "WriteCapacityUnits": 2.0}}
    assert read_consumed("NONE", parts, [0, 0, 0]) is None
    assert read_consumed("INDEXES", parts[:2], [4097, 0]) == [
        {
            "TableName": name,
            "CapacityUnits": units,
            "ReadCapacityUnits": units,
            "Table": {"CapacityUnits": units, "ReadCapacityUnits": units},
        }
        for name, units in (("b", 4.0), ("a", 2.0))
    ]


def test_a_cancelled_transaction_writes_nothing(running: Running, make_table: Make) -> None:
    one, other = make_table(), make_table("pk:S", "", index("G", "g:S"))
    writes = [put(one, item(pk="a")), put(other, item(pk="a", g="g")), check(item(pk="b"), False, of=one)]
    with pytest.raises(TransactionCanceledException):
        running.run(running.writer.transact(writes))
    assert [running.rows(of.space) for of in (one, other, other.indexes[0])] == [[], [], []]
    assert len(running.run(running.writer.transact(writes[:2]))) == 2
    assert [len(running.rows(of.space)) for of in (one, other, other.indexes[0])] == [1, 1, 1]


class Slow:
    """A store that lets others go first."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def transact(self, keys: Sequence[Key], decide: Decide) -> Any:
        await asyncio.sleep(0)
        return await self._store.transact(keys, decide)


def test_a_token_under_way_is_told_of(running: Running, make_table: Make) -> None:
    writer = Writer(Slow(running.store))  # type: ignore[arg-type]
    request = {"ClientRequestToken": "t"}
    tokens = [token_of("Op", "account", "region", request | more, system_clock) for more in ({}, {}, {"more": 1})]
    writes = [put(make_table(), item(pk="a"))]

    async def together() -> list[Any]:
        tries = [writer.transact_once(writes, token) for token in tokens if token is not None]
        return list(await asyncio.gather(*tries, return_exceptions=True))

    first, second, other = running.run(together())
    assert len(first) == 1
    assert isinstance(second, TransactionInProgressException)
    assert isinstance(other, IdempotentParameterMismatchException)
    again, _, other = running.run(together())
    assert again == Replay([first[0].size])
    assert isinstance(other, IdempotentParameterMismatchException)

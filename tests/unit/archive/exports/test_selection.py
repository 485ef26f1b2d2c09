from typing import Any

import orjson
import pytest

from stator.archive.exports.selection import EVERYTHING, select
from stator.errors import ValidationException
from stator.items.keys import item_key
from stator.model.table import KeyAttribute, KeySchema, Table
from stator.services.exports.lines import lines_of_changes, lines_of_rows
from stator.storage.scratch import Entry
from stator.storage.store import Position, Row

TABLE = Table(
    account="123456789012",
    region="eu-west-1",
    name="things",
    id="t",
    created=0.0,
    attribute_types={"pk": "S", "sk": "N"},
    keys=KeySchema((KeyAttribute("pk", "S"),), (KeyAttribute("sk", "N"),)),
    space=7,
)
PREFIX = "Invalid Request: Invalid FilterSpecification: "


def item(pk: str, sk: int, **members: Any) -> dict[str, Any]:
    return {"pk": {"S": pk}, "sk": {"N": str(sk)}, **members}


def row(content: dict[str, Any]) -> Row:
    return Row(*item_key(TABLE, content)[1:], 1, 10, orjson.dumps(content))


ROWS = sorted(row(item(pk, sk, a={"N": str(sk)}, b={"S": "x"})) for pk in "abc" for sk in range(-3, 4))


def shown(specification: dict[str, Any]) -> list[bytes]:
    selection = select(specification, TABLE)
    lines = lines_of_rows(ROWS, selection, "DYNAMODB_JSON").lines
    start = selection.start()
    if start is not None:
        covered = [each for each in ROWS if selection.covers(each.partition, each.sort)]
        # Nothing that is wanted is before the start, and nothing after the end.
        assert all(Position(each.partition, each.sort) > start for each in covered)
        assert not any(selection.past(each.partition, each.sort) for each in covered)
        rest = [each for each in ROWS if Position(each.partition, each.sort) > start]
        assert sum(selection.past(each.partition, each.sort) or each in covered for each in rest) == len(rest)
    return lines


def test_everything() -> None:
    assert select(None, TABLE) is EVERYTHING
    lines = lines_of_rows(ROWS, EVERYTHING, "DYNAMODB_JSON")
    assert lines.lines == [b'{"Item":%b}' % each.value for each in ROWS]
    assert lines.size == 10 * len(ROWS)
    assert EVERYTHING.start() is None
    assert not EVERYTHING.past(b"\xff", b"\xff")


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("pk = :p", range(-3, 4)),
        ("pk = :p AND sk = :n", [1]),
        ("pk = :p AND sk < :n", range(-3, 1)),
        ("pk = :p AND sk >= :n", range(1, 4)),
        ("pk = :p AND sk BETWEEN :m AND :n", range(-2, 2)),
    ],
)
def test_key_conditions(condition: str, expected: Any) -> None:
    values = {":p": {"S": "b"}, ":n": {"N": "1"}, ":m": {"N": "-2"}}
    lines = shown(
        {
            "KeyConditionExpression": condition,
            "ProjectionExpression": "sk",
            "ExpressionAttributeValues": {name: value for name, value in values.items() if name in condition},
        }
    )
    assert lines == [b'{"Item":{"sk":{"N":"%d"}}}' % number for number in expected]


def test_filters_and_projections() -> None:
    lines = shown(
        {
            "FilterExpression": "#a > :two AND pk <> :c",
            "ProjectionExpression": "#a, pk",
            "ExpressionAttributeNames": {"#a": "a"},
            "ExpressionAttributeValues": {":two": {"N": "2"}, ":c": {"S": "c"}},
        }
    )
    assert sorted(lines) == [b'{"Item":{"a":{"N":"3"},"pk":{"S":"%b"}}}' % pk for pk in (b"a", b"b")]


@pytest.mark.parametrize(
    ("specification", "text"),
    [
        ({}, "The specification can not be empty"),
        (
            {"ExpressionAttributeNames": {"#a": "a"}},
            "ExpressionAttributeNames can only be specified when using expressions",
        ),
        ({"FilterExpression": ""}, "Invalid FilterExpression: The expression can not be empty;"),
        (
            {"FilterExpression": "a = :a"},
            "Invalid FilterExpression: An expression attribute value used in expression is not defined; attribute value: :a",
        ),
        (
            {"FilterExpression": "attribute_exists(a)", "ExpressionAttributeNames": {"#b": "b"}},
            "Value provided in ExpressionAttributeNames unused in expressions: keys: {#b}",
        ),
        (
            {"KeyConditionExpression": "a = :a", "ExpressionAttributeValues": {":a": {"S": "x"}}},
            "Query condition missed key schema element: pk",
        ),
        (
            {
                "KeyConditionExpression": "pk = :a",
                "FilterExpression": "sk > :n",
                "ExpressionAttributeValues": {":a": {"S": "x"}, ":n": {"N": "1"}},
            },
            "Filter Expression can only contain non-primary key attributes: Primary key attribute: sk",
        ),
        (
            {"FilterExpression": "attribute_exists(pk.a)"},
            "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: Key: pk",
        ),
    ],
)
def test_specifications_that_cannot_be_followed(specification: dict[str, Any], text: str) -> None:
    with pytest.raises(ValidationException) as caught:
        select(specification, TABLE)
    assert caught.value.message == PREFIX + text


def entry(old: dict[str, Any] | None, new: dict[str, Any] | None) -> Entry:
    place = item_key(TABLE, new or old or item("z", 9))[1:]
    images = [None if each is None else orjson.dumps(each) for each in (old, new)]
    return Entry(*place, images[0], 5 if old else 0, images[1], 7 if new else 0, 1_768_387_654_353)


HEAD = '{"Metadata":{"WriteTimestampMicros":{"N":"1768387654353000"}},"Keys":{"pk":{"S":"a"},"sk":{"N":"1"}}'
BEFORE, AFTER = item("a", 1, v={"N": "1"}), item("a", 1, v={"N": "2"})
OLD = ',"OldImage":{"pk":{"S":"a"},"sk":{"N":"1"},"v":{"N":"1"}}'
NEW = ',"NewImage":{"pk":{"S":"a"},"sk":{"N":"1"},"v":{"N":"2"}}'


@pytest.mark.parametrize(
    ("old", "new", "view", "line"),
    [
        (None, AFTER, "NEW_AND_OLD_IMAGES", f"{HEAD}{NEW}}}"),
        (BEFORE, AFTER, "NEW_AND_OLD_IMAGES", f"{HEAD}{OLD}{NEW}}}"),
        (BEFORE, None, "NEW_AND_OLD_IMAGES", f"{HEAD}{OLD}}}"),
        (None, AFTER, "NEW_IMAGE", f"{HEAD}{NEW}}}"),
        (BEFORE, AFTER, "NEW_IMAGE", f"{HEAD}{NEW}}}"),
        (BEFORE, None, "NEW_IMAGE", f"{HEAD}}}"),
    ],
)
def test_changes_are_written_as_the_service_does(
    old: dict[str, Any] | None, new: dict[str, Any] | None, view: str, line: str
) -> None:
    lines = lines_of_changes([entry(old, new)], TABLE, EVERYTHING, view, "DYNAMODB_JSON")
    assert lines.lines == [line.encode()]


def test_what_came_and_went_leaves_no_line() -> None:
    assert lines_of_changes([entry(None, None)], TABLE, EVERYTHING, "NEW_IMAGE", "DYNAMODB_JSON").lines == []


def test_a_change_in_ion() -> None:
    lines = lines_of_changes([entry(BEFORE, AFTER)], TABLE, EVERYTHING, "NEW_IMAGE", "ION")
    assert lines.lines == [
        b'$ion_1_0 {Metadata:{WriteTimestampMicros:1768387654353d3},Keys:{pk:"a",sk:1.},NewImage:{pk:"a",sk:1.,v:2.}}'
    ]
    assert lines.size == 12


def test_changes_are_filtered_by_either_image_and_projected() -> None:
    specification = {
        "FilterExpression": "v = :one",
        "ProjectionExpression": "v",
        "ExpressionAttributeValues": {":one": {"N": "1"}},
    }
    selection = select(specification, TABLE)
    entries = [entry(BEFORE, AFTER), entry(None, AFTER), entry(AFTER, BEFORE), entry(AFTER, None)]
    lines = lines_of_changes(entries, TABLE, selection, "NEW_AND_OLD_IMAGES", "DYNAMODB_JSON").lines
    assert lines == [
        f'{HEAD},"OldImage":{{"v":{{"N":"{old}"}}}},"NewImage":{{"v":{{"N":"{new}"}}}}}}'.encode()
        for old, new in ((1, 2), (2, 1))
    ]


def test_changes_outside_the_key_condition_are_left_out() -> None:
    selection = select({"KeyConditionExpression": "pk = :b", "ExpressionAttributeValues": {":b": {"S": "b"}}}, TABLE)
    lines = lines_of_changes([entry(BEFORE, AFTER)], TABLE, selection, "NEW_IMAGE", "DYNAMODB_JSON")
    assert lines == ([], 0)

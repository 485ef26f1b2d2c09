"""Numbers as they are sent, refused and given back."""

from collections.abc import Callable

import pytest

from tests.operations.exact.conftest import Ask

PRECISE = "Attempting to store more than 38 significant digits in a Number"
OVERFLOW = "Number overflow. Attempting to store a number with magnitude larger than supported range"
UNDERFLOW = "Number underflow. Attempting to store a number with magnitude smaller than supported range"

GOOD = [
    ("+5", "5"),
    ("5.", "5"),
    (".5", "0.5"),
    ("00042", "42"),
    ("1e-003", "0.001"),
    ("-0", "0"),
    ("-0.0", "0"),
    ("0.0e126", "0"),
    ("1.500", "1.5"),
    ("1E3", "1000"),
    ("1e125", "1" + "0" * 125),
    ("1e-130", "0." + "0" * 129 + "1"),
    ("9" * 38 + "e88", "9" * 38 + "0" * 88),
    ("-" + "9" * 38 + "E+88", "-" + "9" * 38 + "0" * 88),
    ("0001" + "0" * 50, "1" + "0" * 50),
    ("1." + "0" * 100, "1"),
    ("12345678901234567890123456789012345678", "12345678901234567890123456789012345678"),
]
BAD = [
    *(
        (text, f"The parameter cannot be converted to a numeric value: {text}")
        for text in (
            " 1",
            "1 ",
            "1_0",
            "0x1",
            "NaN",
            "Infinity",
            "-",
            "+",
            ".",
            "e1",
            "1e",
            "1e+",
            "1.2.3",
            "--1",
            "١",
            "a",
        )
    ),
    ("", "The parameter cannot be converted to a numeric value"),
    ("1" * 39, PRECISE),
    ("1." + "1" * 38, PRECISE),
    ("1e126", OVERFLOW),
    ("-1e126", OVERFLOW),
    ("0e126", OVERFLOW),
    ("9" * 38 + "e89", OVERFLOW),
    ("1e99999999999999999999", OVERFLOW),
    ("1e-131", UNDERFLOW),
    ("0e-131", UNDERFLOW),
    ("1e-99999999999999999999", UNDERFLOW),
]


@pytest.mark.parametrize(("sent", "stored"), GOOD)
def test_good(ask: Ask, simple: str, sent: str, stored: str) -> None:
    item = {"pk": {"S": "a"}, "n": {"N": sent}, "ns": {"NS": [sent]}}
    assert ask("PutItem", {"TableName": simple, "Item": item}).status == 200
    found = ask("GetItem", {"TableName": simple, "Key": {"pk": {"S": "a"}}}).body["Item"]
    assert (found["n"], found["ns"]) == ({"N": stored}, {"NS": [stored]})


@pytest.mark.parametrize(("sent", "message"), BAD)
def test_bad(refused: Callable[..., str], sent: str, message: str) -> None:
    for value in ({"N": sent}, {"NS": [sent]}, {"M": {"a": {"N": sent}}}):
        assert refused("PutItem", {"TableName": "absent", "Item": {"n": value}}) == message


SUMS = [
    ("0.1", "9" * 38, OVERFLOW),  # a 39th digit
    ("9" * 38 + "e88", "1e88", OVERFLOW),
    ("1e-130", "1", OVERFLOW),
    ("1.1e-130", "-1e-130", UNDERFLOW),
]


@pytest.mark.parametrize(("before", "operand", "message"), SUMS)
def test_sums_out_of_range(
    ask: Ask, refused: Callable[..., str], simple: str, before: str, operand: str, message: str
) -> None:
    key = {"pk": {"S": "a"}}
    assert ask("PutItem", {"TableName": simple, "Item": key | {"n": {"N": before}}}).status == 200
    for expression in ("SET n = n + :v", "SET n = :v + n", "ADD n :v"):
        request = {"UpdateExpression": expression, "ExpressionAttributeValues": {":v": {"N": operand}}}
        assert refused("UpdateItem", {"TableName": simple, "Key": key} | request) == message


def test_exact_to_38_digits(ask: Ask, simple: str) -> None:
    key = {"pk": {"S": "a"}}
    ask("PutItem", {"TableName": simple, "Item": key | {"n": {"N": "0.1"}}})
    for operand, total in (("0.2", "0.3"), ("9" * 37, "9" * 37 + ".3"), ("-" + "9" * 37, "0.3"), ("-0.3", "0")):
        request = {
            "TableName": simple,
            "Key": key,
            "UpdateExpression": "ADD n :v",
            "ExpressionAttributeValues": {":v": {"N": operand}},
            "ReturnValues": "UPDATED_NEW",
        }
        assert ask("UpdateItem", request).body == {"Attributes": {"n": {"N": total}}}


def test_equal_numbers_are_one_key(ask: Ask, dynamodb: object) -> None:
    request = {
        "TableName": "numbers",
        "KeySchema": [{"AttributeName": "n", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "n", "AttributeType": "N"}],
        "BillingMode": "PAY_PER_REQUEST",
    }
    assert ask("CreateTable", request).status == 200
    for number in ("1000", "1e3", "+1000.0"):
        assert ask("PutItem", {"TableName": "numbers", "Item": {"n": {"N": number}}}).status == 200
    assert ask("Scan", {"TableName": "numbers"}).body["Count"] == 1
    assert ask("GetItem", {"TableName": "numbers", "Key": {"n": {"N": "1.0E3"}}}).body == {"Item": {"n": {"N": "1000"}}}

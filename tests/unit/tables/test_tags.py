from typing import Any

import pytest

from stator.errors import ValidationException
from stator.tables.tags import check_key, read_tags


def test_tags_are_read_in_order() -> None:
    tags = [{"Key": "z +-=._:/@", "Value": ""}, {"Key": "é1", "Value": "v" * 256}, {"Key": "k" * 128, "Value": "v"}]
    assert list(read_tags(tags).items()) == [(tag["Key"], tag["Value"]) for tag in tags]
    assert len(read_tags([{"Key": str(number), "Value": ""} for number in range(50)])) == 50


@pytest.mark.parametrize(
    "tags, message",
    [
        ([{}], "The Tag Key provided is invalid, Key: null"),
        ([{"Key": "a"}], "The Tag Value provided is invalid, Value: null"),
        ([{"Key": "", "Value": ""}], "The Tag Key provided is invalid, Key: "),
        ([{"Key": "k" * 129, "Value": ""}], f"The Tag Key provided is invalid, Key: {'k' * 129}"),
        ([{"Key": "a#", "Value": ""}], "The Tag Key provided is invalid, Key: a#"),
        ([{"Key": "a", "Value": "v" * 257}], f"The Tag Value provided is invalid, Value: {'v' * 257}"),
        ([{"Key": "aws:a", "Value": ""}], "Tag Key cannot be prefixed with aws:, Key: aws:a"),
        (
            [{"Key": "a", "Value": ""}, {"Key": "a", "Value": "2"}],
            "Duplicate Tag Keys provided as input: Duplicate Tag Key found a",
        ),
        (
            [{"Key": str(number), "Value": ""} for number in range(51)],
            "Number of Tags exceed the current limit for the provided ResourceArn",
        ),
    ],
)
def test_refusals(tags: list[dict[str, Any]], message: str) -> None:
    with pytest.raises(ValidationException) as caught:
        read_tags(tags)
    assert caught.value.message == message


def test_keys_differ_by_case() -> None:
    assert read_tags([{"Key": "a", "Value": "1"}, {"Key": "A", "Value": "2"}]) == {"a": "1", "A": "2"}
    assert check_key("Aa") == "Aa"

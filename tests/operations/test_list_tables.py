from typing import Any

import pytest

from tests.operations.conftest import create_table

NAMES = ["B-b", "Zoo", "a.a", "b-b", "b_b"]


@pytest.fixture
def listed(dynamodb: Any) -> Any:
    for name in reversed(NAMES):
        create_table(dynamodb, name, "pk:S")
    return dynamodb


def test_names_come_in_byte_order(listed: Any) -> None:
    answer = listed.list_tables()
    assert answer["TableNames"] == NAMES
    assert "LastEvaluatedTableName" not in answer


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5, 6])
def test_pages(listed: Any, limit: int) -> None:
    names: list[str] = []
    for page in listed.get_paginator("list_tables").paginate(PaginationConfig={"PageSize": limit}):
        assert 0 < len(page["TableNames"]) <= limit
        names += page["TableNames"]
    assert names == NAMES


def test_the_last_page_has_no_start_for_another(listed: Any) -> None:
    answer = listed.list_tables(Limit=5)
    assert answer["TableNames"] == NAMES
    assert "LastEvaluatedTableName" not in answer
    assert listed.list_tables(Limit=4)["LastEvaluatedTableName"] == "b-b"


def test_the_start_need_not_exist(listed: Any) -> None:
    assert listed.list_tables(ExclusiveStartTableName="a.b")["TableNames"] == ["b-b", "b_b"]
    assert listed.list_tables(ExclusiveStartTableName="zzz")["TableNames"] == []


def test_an_account_without_tables(dynamodb: Any) -> None:
    assert dynamodb.list_tables()["TableNames"] == []

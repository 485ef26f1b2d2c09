"""PynamoDB unchanged: a model with indexes, conditions, updates, queries, scans and batches."""

from collections.abc import Iterator
from typing import Any

import pytest
from pynamodb.attributes import ListAttribute, NumberAttribute, UnicodeAttribute, UnicodeSetAttribute
from pynamodb.exceptions import PutError, UpdateError
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex
from pynamodb.models import Model

from tests.running import RunningServer, new_account, start_server


class ByAuthor(GlobalSecondaryIndex["Book"]):
    class Meta:
        index_name = "by_author"
        projection = AllProjection()

    author = UnicodeAttribute(hash_key=True)
    year = NumberAttribute(range_key=True)


class Book(Model):
    class Meta:
        table_name = "books"
        region = "eu-west-1"
        billing_mode = "PAY_PER_REQUEST"
        aws_secret_access_key = "secret"

    shelf = UnicodeAttribute(hash_key=True)
    title = UnicodeAttribute(range_key=True)
    author = UnicodeAttribute(null=True)
    year = NumberAttribute(default=0)
    tags = UnicodeSetAttribute(null=True)
    notes: ListAttribute[Any] = ListAttribute(null=True)
    by_author = ByAuthor()


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    running = start_server()
    yield running
    running.close()


@pytest.fixture
def books(server: RunningServer) -> type[Book]:
    Book.Meta.host = server.url  # type: ignore[attr-defined]
    Book.Meta.aws_access_key_id = new_account(server.url).number  # type: ignore[attr-defined]
    Book._connection = None
    Book.create_table(wait=True)
    with Book.batch_write() as batch:
        for year in range(30):
            batch.save(Book("shelf", f"title {year:02}", author=f"author {year % 3}", year=year, tags={"a", "b"}))
    return Book


def test_reads(books: type[Book]) -> None:
    assert books.get("shelf", "title 07").tags == {"a", "b"}
    assert [book.year for book in books.query("shelf", Book.title.startswith("title 1"))] == list(range(10, 20))
    assert [book.year for book in books.by_author.query("author 1", Book.year > 20, limit=2)] == [22, 25]
    assert sum(1 for _ in books.scan(Book.year.between(5, 9), page_size=4)) == 5
    assert books.count("shelf", filter_condition=Book.author == "author 2") == 10
    found = books.batch_get([("shelf", "title 01"), ("shelf", "none")])
    assert [book.year for book in found] == [1]


def test_writes(books: type[Book]) -> None:
    with pytest.raises(PutError, match="ConditionalCheckFailed"):
        Book("shelf", "title 01").save(Book.title.does_not_exist())
    book = books.get("shelf", "title 02")
    book.update(
        actions=[Book.year.add(100), Book.tags.delete({"a"}), Book.notes.set([1, "two", {"three": 3}])],
        condition=Book.year == 2,
    )
    assert (book.year, book.tags, book.notes) == (102, {"b"}, [1, "two", {"three": 3}])
    with pytest.raises(UpdateError, match="ConditionalCheckFailed"):
        book.update(actions=[Book.author.remove()], condition=Book.year == 2)
    book.delete(condition=Book.year == 102)
    with pytest.raises(Book.DoesNotExist):
        books.get("shelf", "title 02")

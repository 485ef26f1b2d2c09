"""Questions about packages, each asked twice: of the table and of the plain list. The two answers must be equal."""

import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from boto3.dynamodb.conditions import Attr, Key
from botocore.exceptions import ClientError

from examples.debian_index import Package

Table = Any
"""boto3's Table resource, which has no types."""

SEGMENTS = 4
SMALL_PAGE = 250  # items; always less than the megabyte that ends a page


@dataclass(frozen=True, slots=True)
class Question:
    text: str
    ask: Callable[[Table, list[Package]], Any]
    """What the table says. The list is given for the parameters of the question only."""
    expect: Callable[[list[Package]], Any]


def identity(package: Package) -> tuple[str, str]:
    return package["package"], package["version"]


def pages(operation: Callable[..., Any], **request: Any) -> Iterator[Any]:
    """Every page of a Query or Scan."""
    while True:
        page = operation(**request)
        yield page
        if "LastEvaluatedKey" not in page:
            return
        request["ExclusiveStartKey"] = page["LastEvaluatedKey"]


def items(operation: Callable[..., Any], **request: Any) -> list[Package]:
    return [item for page in pages(operation, **request) for item in page["Items"]]


def largest_section(packages: list[Package]) -> str:
    return most_frequent(package["section"] for package in packages if "section" in package)


def busiest_maintainer(packages: list[Package]) -> str:
    return most_frequent(package["maintainer"] for package in packages if "maintainer" in package)


def most_frequent(words: Iterable[str]) -> str:
    return Counter(words).most_common(1)[0][0]


def some_keys(packages: list[Package], count: int) -> list[tuple[str, str]]:
    return random.Random(1).sample([identity(package) for package in packages], min(count, len(packages)))


# Reading by key


def get_some(table: Table, packages: list[Package]) -> list[Package]:
    keys = [{"package": name, "version": version} for name, version in some_keys(packages, 50)]
    return [table.get_item(Key=key, ConsistentRead=True)["Item"] for key in keys]


def expect_some(packages: list[Package]) -> list[Package]:
    by_identity = {identity(package): package for package in packages}
    return [by_identity[key] for key in some_keys(packages, 50)]


def batch_get_some(table: Table, packages: list[Package]) -> list[Package]:
    keys = [{"package": name, "version": version} for name, version in some_keys(packages, 100)]
    answer = table.meta.client.batch_get_item(RequestItems={table.name: {"Keys": keys}})
    assert not answer["UnprocessedKeys"]
    return sorted(answer["Responses"][table.name], key=identity)


def expect_batch(packages: list[Package]) -> list[Package]:
    wanted = set(some_keys(packages, 100))
    return sorted((package for package in packages if identity(package) in wanted), key=identity)


def versions_of_first(table: Table, packages: list[Package]) -> list[str]:
    found = items(table.query, KeyConditionExpression=Key("package").eq(packages[0]["package"]))
    return [item["version"] for item in found]


# Query


def heaviest(table: Table, packages: list[Package]) -> list[int]:
    page = table.query(
        IndexName="by-section",
        KeyConditionExpression=Key("section").eq(largest_section(packages)),
        ScanIndexForward=False,
        Limit=20,
    )
    return [item["installed_size"] for item in page["Items"]]


def expect_heaviest(packages: list[Package]) -> list[int]:
    section = largest_section(packages)
    sizes = (package["installed_size"] for package in in_section(packages, section) if "installed_size" in package)
    return sorted(sizes, reverse=True)[:20]


def in_section(packages: list[Package], section: str) -> list[Package]:
    return [package for package in packages if package.get("section") == section]


def middle_sized(table: Table, packages: list[Package]) -> list[tuple[str, str]]:
    condition = Key("section").eq(largest_section(packages)) & Key("installed_size").between(100, 2000)
    found = items(table.query, IndexName="by-section", KeyConditionExpression=condition, Limit=37)
    assert [item["installed_size"] for item in found] == sorted(item["installed_size"] for item in found)
    return sorted(identity(item) for item in found)


def expect_middle_sized(packages: list[Package]) -> list[tuple[str, str]]:
    section = in_section(packages, largest_section(packages))
    return sorted(identity(package) for package in section if 100 <= package.get("installed_size", 0) <= 2000)


def libraries_of_maintainer(table: Table, packages: list[Package]) -> list[str]:
    condition = Key("maintainer").eq(busiest_maintainer(packages)) & Key("package").begins_with("lib")
    found = items(
        table.query,
        IndexName="by-maintainer",
        KeyConditionExpression=condition,
        FilterExpression=Attr("depends[0]").exists(),
        ProjectionExpression="package",
    )
    return [item["package"] for item in found]


def expect_libraries(packages: list[Package]) -> list[str]:
    maintainer = busiest_maintainer(packages)
    mine = (package for package in packages if package.get("maintainer") == maintainer and package.get("depends"))
    return sorted(package["package"] for package in mine if package["package"].startswith("lib"))


# Scan


def sizes_by_section(table: Table, _: list[Package]) -> Counter[str]:
    """Installed kilobytes of each section, by four scanners at once."""
    client = table.meta.client  # may be used from several threads, a table may not

    def scan(segment: int) -> Counter[str]:
        sums: Counter[str] = Counter()
        request = {
            "TableName": table.name,
            "Segment": segment,
            "TotalSegments": SEGMENTS,
            "ProjectionExpression": "#s, installed_size",
            "ExpressionAttributeNames": {"#s": "section"},
        }
        for item in items(client.scan, **request):
            sums[item.get("section", "")] += int(item.get("installed_size", 0))
        return sums

    with ThreadPoolExecutor(SEGMENTS) as scanners:
        return sum(scanners.map(scan, range(SEGMENTS)), Counter())


def expect_sizes(packages: list[Package]) -> Counter[str]:
    sums: Counter[str] = Counter()
    for package in packages:
        sums[package.get("section", "")] += package.get("installed_size", 0)
    return +sums  # adding counters drops the zeros


def programs(table: Table, _: list[Package]) -> int:
    condition = Attr("tags").contains("role::program") & Attr("file.bytes").lt(100_000)
    return sum(page["Count"] for page in pages(table.scan, Select="COUNT", FilterExpression=condition))


def expect_programs(packages: list[Package]) -> int:
    tagged = (package for package in packages if "role::program" in package.get("tags", ()))
    return sum(package["file"]["bytes"] < 100_000 for package in tagged)


def everything_in_small_pages(table: Table, _: list[Package]) -> tuple[int, list[tuple[str, str]]]:
    found = list(pages(table.scan, Limit=SMALL_PAGE, ProjectionExpression="package, version"))
    longest = max(len(page["Items"]) for page in found)
    return longest, sorted(identity(item) for page in found for item in page["Items"])


def expect_everything(packages: list[Package]) -> tuple[int, list[tuple[str, str]]]:
    return min(SMALL_PAGE, len(packages)), sorted(identity(package) for package in packages)


# Conditional updates


def review(table: Table, packages: list[Package]) -> tuple[int, int]:
    """How many packages of a section could be marked, and how many were refused for their size."""
    marked = refused = 0
    for package in in_section(packages, largest_section(packages))[:200]:
        try:
            table.update_item(
                Key={"package": package["package"], "version": package["version"]},
                UpdateExpression="SET review.#by = :who, review.#n = if_not_exists(review.#n, :zero) + :one",
                ConditionExpression=Attr("installed_size").lt(500) & Attr("review.by").not_exists(),
                ExpressionAttributeNames={"#by": "by", "#n": "count"},
                ExpressionAttributeValues={":who": "example", ":zero": 0, ":one": 1},
            )
            marked += 1
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            refused += 1
    return marked, refused


def open_review(table: Table, packages: list[Package]) -> int:
    """Give the same packages an empty map to write into, unless they have one."""
    for package in in_section(packages, largest_section(packages))[:200]:
        table.update_item(
            Key={"package": package["package"], "version": package["version"]},
            UpdateExpression="SET review = if_not_exists(review, :empty)",
            ExpressionAttributeValues={":empty": {}},
        )
    return len(items(table.scan, FilterExpression=Attr("review").exists()))


def expect_review(packages: list[Package]) -> tuple[int, int]:
    asked = in_section(packages, largest_section(packages))[:200]
    small = sum("installed_size" in package and package["installed_size"] < 500 for package in asked)
    return small, len(asked) - small


def count_from_four_threads(table: Table, packages: list[Package]) -> int:
    """Four threads add one to the same attribute, 25 times each: none may be lost."""
    name, version = identity(packages[0])
    client = table.meta.client

    def count(_: int) -> None:
        for _ in range(25):
            client.update_item(
                TableName=table.name,
                Key={"package": name, "version": version},
                UpdateExpression="ADD downloads :one",
                ExpressionAttributeValues={":one": 1},
            )

    with ThreadPoolExecutor(4) as counters:
        list(counters.map(count, range(4)))
    item = table.get_item(Key={"package": name, "version": version}, ConsistentRead=True)["Item"]
    return int(item["downloads"])


def move_section(table: Table, packages: list[Package]) -> tuple[int, int]:
    """Ten packages move to another section: the index must forget them there and find them here."""
    section = largest_section(packages)
    for package in in_section(packages, section)[:10]:
        table.update_item(
            Key={"package": package["package"], "version": package["version"]},
            UpdateExpression="SET #s = :new",
            ConditionExpression="#s = :old",
            ExpressionAttributeNames={"#s": "section"},
            ExpressionAttributeValues={":new": "moved", ":old": section},
        )
    here, there = (
        len(items(table.query, IndexName="by-section", KeyConditionExpression=Key("section").eq(name)))
        for name in ("moved", section)
    )
    return here, there


def expect_move(packages: list[Package]) -> tuple[int, int]:
    asked = in_section(packages, largest_section(packages))
    sized = sum("installed_size" in package for package in asked[10:])
    return sum("installed_size" in package for package in asked[:10]), sized


QUESTIONS = (
    Question("50 packages by GetItem", get_some, expect_some),
    Question("100 packages by BatchGetItem", batch_get_some, expect_batch),
    Question(
        "versions of one package (Query)",
        versions_of_first,
        lambda packages: sorted(p["version"] for p in packages if p["package"] == packages[0]["package"]),
    ),
    Question("20 heaviest of the largest section (Query, descending)", heaviest, expect_heaviest),
    Question("its middle-sized packages (Query BETWEEN, pages of 37)", middle_sized, expect_middle_sized),
    Question("libraries of the busiest maintainer (Query, filter)", libraries_of_maintainer, expect_libraries),
    Question(f"installed size of every section (Scan, {SEGMENTS} segments)", sizes_by_section, expect_sizes),
    Question("small programs (Scan, contains, COUNT)", programs, expect_programs),
    Question("all keys in small pages (Scan, Limit)", everything_in_small_pages, expect_everything),
    Question(
        "open a review (UpdateItem, if_not_exists)",
        open_review,
        lambda packages: len(in_section(packages, largest_section(packages))[:200]),
    ),
    Question("review what is small (conditional UpdateItem)", review, expect_review),
    Question("review again (all refused)", review, lambda packages: (0, sum(expect_review(packages)))),
    Question("100 downloads from four threads (ADD)", count_from_four_threads, lambda _: 100),
    Question("ten packages change their section (index moves)", move_section, expect_move),
)
"""In this order: the last ones change what the table holds."""

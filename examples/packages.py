"""Load the Debian package index into a table and ask it questions; every answer is compared with the plain list.

    make example                                  on a server of its own
    make example ARGS="--endpoint http://..."     on a server that runs already

It is an ordinary boto3 program: only `connect` knows that the server is not Amazon's.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from examples.debian_index import Package, read_machine, read_sample
from examples.questions import QUESTIONS

READY = "stator listening on "


def main() -> int:
    """Return 0 when every answer agreed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--endpoint", help="use this server instead of starting one")
    parser.add_argument("--sample", action="store_true", help="use the committed sample, not this machine's index")
    options = parser.parse_args()

    console = Console()
    packages = read_sample() if options.sample else read_machine()
    console.print(f"{len(packages):,} packages")
    if options.endpoint:
        return run(connect(options.endpoint), packages, console)
    with start_server() as endpoint:
        console.print(f"server at {endpoint}")
        return run(connect(endpoint), packages, console)


def run(database: Any, packages: list[Package], console: Console) -> int:
    """Load and ask; returns how many answers differed."""
    table = create_table(database)
    try:
        load(table, packages, console)
        differing = 0
        for question in QUESTIONS:
            started = time.perf_counter()
            answer = question.ask(table, packages)
            seconds = time.perf_counter() - started
            same = answer == question.expect(packages)
            differing += not same
            console.print(
                f"[{'green' if same else 'red'}]{'same  ' if same else 'DIFFER'}[/] {seconds:6.2f} s  {question.text}"
            )
        console.print(f"{len(QUESTIONS) - differing} of {len(QUESTIONS)} answers agree with the plain list")
        return differing
    finally:
        table.delete()


def connect(endpoint: str) -> Any:
    """Any well-formed credential will do on this machine while no key exists."""
    return boto3.resource(
        "dynamodb",
        endpoint_url=endpoint,
        region_name="eu-central-1",
        aws_access_key_id="example",
        aws_secret_access_key="example",  # noqa: S106 - not a secret
    )


def create_table(database: Any) -> Any:
    """Keyed by package and version; one index by section and installed size, one by maintainer and package."""
    table = database.create_table(
        TableName=f"packages-{time.time_ns()}",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=_keys("package", "version"),
        AttributeDefinitions=[
            {"AttributeName": "package", "AttributeType": "S"},
            {"AttributeName": "version", "AttributeType": "S"},
            {"AttributeName": "section", "AttributeType": "S"},
            {"AttributeName": "installed_size", "AttributeType": "N"},
            {"AttributeName": "maintainer", "AttributeType": "S"},
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by-section",
                "KeySchema": _keys("section", "installed_size"),
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            },
            {
                "IndexName": "by-maintainer",
                "KeySchema": _keys("maintainer", "package"),
                "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["depends"]},
            },
        ],
    )
    table.wait_until_exists()
    return table


def _keys(partition: str, sort: str) -> list[dict[str, str]]:
    return [{"AttributeName": partition, "KeyType": "HASH"}, {"AttributeName": sort, "KeyType": "RANGE"}]


def load(table: Any, packages: list[Package], console: Console) -> None:
    columns = (TextColumn("loading"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    started = time.perf_counter()
    with Progress(*columns, console=console) as progress, table.batch_writer() as batch:
        task = progress.add_task("", total=len(packages))
        for package in packages:
            batch.put_item(Item=package)
            progress.advance(task)
    seconds = time.perf_counter() - started
    console.print(f"loaded in {seconds:.1f} s, {len(packages) / seconds:,.0f} items a second")


@contextmanager
def start_server() -> Iterator[str]:
    """A server on a free port with an empty folder, gone at the end. Gives its address."""
    with tempfile.TemporaryDirectory(prefix="stator-example-") as folder:
        command = [str(Path(sys.executable).with_name("stator")), "serve", "--port", "0", "--data-dir", folder]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
            try:
                assert server.stdout is not None
                line = server.stdout.readline()
                if not line.startswith(READY):
                    raise SystemExit("the server did not start")
                yield line.removeprefix(READY).strip()
            finally:
                server.terminate()
                server.wait(timeout=30)


if __name__ == "__main__":
    raise SystemExit(main())

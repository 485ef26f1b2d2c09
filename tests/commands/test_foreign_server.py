"""Commands that meet a server which answers everything, and is none of ours."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commands.process import run
from tests.unit.cli.scripted import Scripted

TABLES = """
production:
  things:
    attributes: [{name: pk, type: S}]
    schema: [{name: pk, type: HASH}]
"""


@pytest.fixture
def url() -> Iterator[str]:
    server = Scripted(*[(200, {"status": "fine"})] * 9)
    yield server.url
    server.close()


@pytest.mark.parametrize(
    ("arguments", "missing"),
    [
        (("cluster",), "Routers"),
        (("cluster", "--json"), "Routers"),
        (("insights", "things"), "ContributorInsightsStatus"),
        (("insights", "things", "--json"), "ContributorInsightsStatus"),
        (("insights", "things", "--enable"), "ContributorInsightsStatus"),
        (("apply", "FILE", "--yes"), "Table"),
        (("autoscale", "--table-name", "things", "--run-once"), "TableNames"),
        (("triggers", "create", "--table", "things", "--function", "f"), "Table"),
        (("triggers", "create", "--stream", "s", "--function", "f"), "UUID"),
        (("backup", "create"), "InstanceBackupDescription"),
        (("backup", "list"), "InstanceBackups"),
        (("export", "things", "--format", "csv"), "Table"),
        (("table", "backup", "things"), "Table"),
    ],
)
def test_one_sentence_says_that_it_is_another_server(
    url: str, arguments: tuple[str, ...], missing: str, tmp_path: Path
) -> None:
    tables = tmp_path / "tables.yml"
    tables.write_text(TABLES)
    told = run(*[tables if each == "FILE" else each for each in arguments], "--url", url)
    assert told.stderr == f"stator: {url} is no DynamoDB: its answer has no {missing}. See --url.\n"
    assert (told.returncode, told.stdout) == (1, "")

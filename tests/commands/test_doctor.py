"""`stator doctor` on a directory that a server wrote: whole, in use, damaged, missing."""

from pathlib import Path

import apsw
import pytest

from examples.packages import connect, create_table
from tests.commands.process import Start, run, url_of


@pytest.fixture
def directory(start: Start, tmp_path: Path) -> Path:
    """A table with two indexes and thirty items, and no server any more."""
    server = start("serve", "--port", "0", "--data-dir", tmp_path / "data")
    table = create_table(connect(url_of(server)))
    with table.batch_writer() as batch:
        for number in range(30):
            item = {
                "package": f"p{number}",
                "version": "1",
                "section": "s",
                "installed_size": number,
                "maintainer": "m",
            }
            batch.put_item(Item=item)
    server.terminate()
    assert server.wait(30) == 0
    return tmp_path / "data"


def damage(directory: Path, statement: str) -> None:
    connection = apsw.Connection(str(directory / "stator.db"))
    connection.execute(statement)
    assert connection.changes() == 1
    connection.close()


def test_a_whole_directory(directory: Path) -> None:
    examined = run("doctor", "--data-dir", directory)
    assert (examined.returncode, examined.stdout, examined.stderr) == (0, f"{directory} is whole\n", "")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE rows SET size = size + 1 WHERE id = (SELECT max(id) FROM rows)",
        "DELETE FROM rows WHERE id = (SELECT max(id) FROM rows)",
        """UPDATE rows SET value = CAST(replace(CAST(value AS TEXT), '"s"', '"t"') AS BLOB)
           WHERE id = (SELECT max(id) FROM rows WHERE instr(CAST(value AS TEXT), '"s"'))""",
    ],
    ids=["size", "lost row", "entry unlike its item"],
)
def test_damage_is_found(directory: Path, statement: str) -> None:
    damage(directory, statement)
    examined = run("doctor", "--data-dir", directory)
    assert examined.returncode == 1, examined.stdout
    assert "Keep a copy" in examined.stdout
    assert "Traceback" not in examined.stderr


def test_a_directory_in_use_is_not_examined(start: Start, tmp_path: Path) -> None:
    server = start("serve", "--port", "0", "--data-dir", tmp_path)
    url_of(server)
    examined = run("doctor", "--data-dir", tmp_path)
    assert examined.returncode == 1
    assert f"in use by process {server.pid}. Stop the server first" in examined.stderr


def test_nothing_to_examine(tmp_path: Path) -> None:
    examined = run("doctor", "--data-dir", tmp_path / "none")
    assert examined.returncode == 1
    assert "there is no directory" in examined.stderr
    assert run("doctor", "--data-dir", tmp_path).returncode == 1
    assert not list(tmp_path.iterdir())  # looking leaves nothing behind


def test_the_version_is_the_packages() -> None:
    assert run("version").stdout == run("--version").stdout == "stator 0.1.0\n"

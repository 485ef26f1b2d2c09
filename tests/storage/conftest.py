"""The suite runs once on each engine: a test takes `engine` and opens stores with it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import postgres
from tests.storage.engines import Engine


@pytest.fixture(params=["disk", "memory", "postgres"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    if request.param == "postgres" and postgres.binaries() is None:
        pytest.skip("this machine has no PostgreSQL")
    made = Engine(request.param, tmp_path)
    yield made
    made.remove()


@pytest.fixture
def postgres_engine(tmp_path: Path) -> Iterator[Engine]:
    """For tests of what only PostgreSQL does."""
    if postgres.binaries() is None:
        pytest.skip("this machine has no PostgreSQL")
    made = Engine("postgres", tmp_path)
    yield made
    made.remove()

"""The suite runs once on each engine: a test takes `engine` and opens stores with it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import citus, postgres
from tests.storage.engines import Engine


@pytest.fixture(params=["disk", "memory", "postgres", "citus"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    if request.param == "postgres" and postgres.binaries() is None:
        pytest.skip("this machine has no PostgreSQL")
    if request.param == "citus" and not citus.COORDINATOR:
        pytest.skip("STATOR_TEST_CITUS names no coordinator")
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

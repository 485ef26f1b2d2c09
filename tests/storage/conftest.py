"""The suite runs once on each engine: a test takes `engine` and opens stores with it."""

from pathlib import Path

import pytest

from tests.storage.engines import Engine


@pytest.fixture(params=["disk", "memory"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Engine:
    return Engine(request.param, tmp_path)

"""An archive that cannot be used is told of once, and tried until it can be."""

import asyncio
from pathlib import Path

import pytest

from stator.archive import document, mark
from stator.archive.places.location import Location
from stator.services.archive_trial import ArchiveTrial


def usable(trial: ArchiveTrial) -> list[float]:
    return [figure.value for figure in trial.figures()]


def test_a_folder_that_is_none(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    (tmp_path / "file").touch()
    trial = ArchiveTrial(Location.open(str(tmp_path / "file" / "archive")))
    assert usable(trial) == []

    async def main() -> None:
        for _ in range(3):
            assert await trial.run_once() == 0
        assert usable(trial) == [0]
        (tmp_path / "file").unlink()
        assert await trial.run_once() == 1
        assert usable(trial) == [1]
        assert await trial.run_once() == 0

    asyncio.run(main())
    told = [record for record in caplog.records if record.name == "stator.services.archive_trial"]
    assert [record.levelname for record in told] == ["WARNING", "INFO"]
    assert "the archive cannot be used" in caplog.text
    assert f"{tmp_path / 'file' / 'archive'} cannot be written: part of its path is a file" in caplog.text
    assert list(tmp_path.iterdir()) == []  # a folder is made when there is something for it


def test_an_archive_of_a_newer_version(tmp_path: Path) -> None:
    archive = Location.open(str(tmp_path))

    async def main() -> None:
        await archive.put(mark.NAME, document.encode(mark.KIND, mark.FORMAT + 1, {}))
        trial = ArchiveTrial(archive)
        await trial.run_once()
        assert usable(trial) == [0]

    asyncio.run(main())

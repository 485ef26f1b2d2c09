"""Volumes of paths, whoever may enter them."""

import os
from pathlib import Path

import pytest

from stator.storage.node import machine_load, volume


def test_a_volume_has_a_size_and_free_bytes(tmp_path: Path) -> None:
    found = volume(tmp_path)
    assert found is not None
    assert 0 <= found[1] <= found[0] > 0


def test_a_path_of_another_machine_has_none(tmp_path: Path) -> None:
    assert volume(tmp_path / "elsewhere" / "data") is None


def test_a_folder_that_may_not_be_entered_is_on_the_volume_above_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected, real = volume(tmp_path), os.statvfs

    def guarded(path: Path) -> os.statvfs_result:
        if path.is_relative_to(tmp_path / "private"):
            raise PermissionError
        return real(path)

    monkeypatch.setattr(os, "statvfs", guarded)
    found = volume(tmp_path / "private" / "data")
    assert found is not None
    assert expected is not None
    assert found[0] == expected[0]


def test_a_machine_that_tells_no_load(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown() -> tuple[float, float, float]:
        raise OSError

    monkeypatch.setattr(os, "getloadavg", unknown)
    assert machine_load() is None

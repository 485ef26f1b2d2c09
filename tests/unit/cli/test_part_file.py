"""Files that are there whole or not at all."""

from pathlib import Path

import pytest

from stator.cli.complaint import Complaint
from stator.cli.part_file import PartFile, save


def test_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "file"
    with PartFile(path) as part:
        part.file.write(b"one")
        assert not path.exists()
    assert path.read_bytes() == b"one"
    with pytest.raises(KeyError), PartFile(path) as part:
        part.file.write(b"two")
        raise KeyError
    assert path.read_bytes() == b"one"
    save(path, b"three")
    assert path.read_bytes() == b"three"
    assert list(path.parent.iterdir()) == [path]


def test_what_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Complaint, match="cannot write"):
        save(tmp_path / "file" / "x", b"")

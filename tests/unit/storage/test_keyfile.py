import os
from pathlib import Path

import pytest

from stator.storage.failure import FormatTooNew, StoreFailure
from stator.storage.keyfile import FORMAT, AccessKey, KeyFile

FIRST = AccessKey("AKIA1", "secret-1", "123456789012", 1.5)
SECOND = AccessKey("AKIA2", "secret-2", "123456789012", 2.5, revoked=3.5)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    file = KeyFile(tmp_path)
    assert file.load() == ()
    file.replace([FIRST, SECOND])
    assert file.load() == KeyFile(tmp_path).load() == (FIRST, SECOND)
    assert file.path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [file.path]


def test_a_change_by_another_is_noticed_once(tmp_path: Path) -> None:
    reader, writer = KeyFile(tmp_path), KeyFile(tmp_path)
    assert not reader.refresh_if_changed()
    for keys in ((FIRST,), (SECOND,), (FIRST, SECOND), ()):
        writer.replace(keys)
        assert not writer.refresh_if_changed()
        assert reader.refresh_if_changed()
        assert not reader.refresh_if_changed()
        assert reader.load() == keys
    writer.path.unlink()
    assert reader.refresh_if_changed()
    assert reader.load() == ()


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"format": 1}', b'{"format": 1, "keys": [{"secret": "x"}]}'])
def test_a_damaged_file_keeps_the_keys_and_tells_no_secret(tmp_path: Path, content: bytes) -> None:
    file = KeyFile(tmp_path)
    file.replace([FIRST])
    file.path.write_bytes(content)
    os.utime(file.path, (1, 1))
    with pytest.raises(StoreFailure, match=r"is not a key file$"):
        file.refresh_if_changed()
    file.path.write_bytes(b'{"format": %d, "keys": []}' % (FORMAT + 1))
    with pytest.raises(FormatTooNew):
        KeyFile(tmp_path).load()


def test_a_file_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    file = KeyFile(tmp_path / "gone")
    with pytest.raises(StoreFailure):
        file.replace([FIRST])
    assert file.load() == ()

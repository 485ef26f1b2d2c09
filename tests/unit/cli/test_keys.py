"""`stator keys` without a process."""

import re
from pathlib import Path

import pytest

from stator.cli.main import main
from stator.storage.keyfile import KeyFile


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("STATOR_CONFIG", raising=False)
    monkeypatch.setenv("STATOR_DATA_DIR", str(tmp_path / "data"))


def create(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[str, str]:
    assert main(["keys", "create", *arguments]) == 0
    printed = capsys.readouterr()
    match = re.fullmatch(r"AWS_ACCESS_KEY_ID=(STTR[A-Z2-7]{16})\nAWS_SECRET_ACCESS_KEY=([\w-]{40})\n", printed.out)
    assert match
    assert "not shown again" in printed.err
    return match[1], match[2]


def test_a_created_key_is_in_the_file_and_nowhere_else(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    first, secret = create(capsys)
    second, other = create(capsys, "--account", "123456789012")
    assert (first, secret) != (second, other)
    keys = KeyFile(tmp_path / "data").load()
    assert [(key.access_key_id, key.secret_access_key, key.account) for key in keys] == [
        (first, secret, "123456789012"),
        (second, other, "123456789012"),
    ]
    assert (tmp_path / "data" / "keys.json").stat().st_mode & 0o077 == 0
    assert (tmp_path / "data").stat().st_mode & 0o077 == 0
    assert main(["keys", "list"]) == 0
    shown = capsys.readouterr().out
    assert re.fullmatch(rf"{first}  account 123456789012  created \S+ \S+ UTC  in force\n{second}  account .*\n", shown)
    assert secret not in shown


def test_a_revoked_key_stays_in_the_list(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    first, _ = create(capsys)
    second, _ = create(capsys)
    assert main(["keys", "revoke", first]) == 0
    assert capsys.readouterr() == ("", "")
    assert [key.revoked is None for key in KeyFile(tmp_path / "data").load()] == [False, True]
    main(["keys", "list"])
    assert re.search(rf"{first} .* revoked \S+ \S+ UTC\n", capsys.readouterr().out)
    assert main(["keys", "revoke", second]) == 0
    assert "nobody is let in until you make another" in capsys.readouterr().err


def test_what_cannot_be_revoked(capsys: pytest.CaptureFixture[str]) -> None:
    key, _ = create(capsys)
    assert main(["keys", "revoke", "STTRNOBODY"]) == 1
    assert re.fullmatch(r"stator: \S+/data has no key STTRNOBODY\. .*list.*\n", capsys.readouterr().err)
    main(["keys", "revoke", key])
    capsys.readouterr()
    assert main(["keys", "revoke", key]) == 1
    assert f"{key} was revoked" in capsys.readouterr().err


def test_listing_makes_no_directory(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["keys", "list"]) == 1
    assert "No such file or directory. Name another with --data-dir." in capsys.readouterr().err
    assert not (tmp_path / "data").exists()
    (tmp_path / "data").mkdir()
    assert main(["keys", "list"]) == 0
    assert "no keys; `stator keys create` makes one" in capsys.readouterr().err


def test_a_broken_key_file_is_explained(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "keys.json").write_text("{")
    assert main(["keys", "create"]) == 1
    assert capsys.readouterr().err == f"stator: {tmp_path}/data/keys.json is not a key file\n"


def test_an_unknown_variable_is_refused_by_every_command(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STATOR_DATADIR", "x")
    assert main(["keys", "list"]) == 2
    assert "did you mean STATOR_DATA_DIR?" in capsys.readouterr().err

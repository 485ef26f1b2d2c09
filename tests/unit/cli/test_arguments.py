"""What can be typed, what is refused, and how it is said."""

import pytest

from stator.cli.arguments import command_names, given_settings, parse
from stator.config import SETTINGS


def test_only_given_settings_are_handed_on() -> None:
    found = parse(["serve", "--port", "9000", "--in-memory", "--config", "a.toml"])
    assert (found.command, found.config) == ("serve", "a.toml")
    assert given_settings(found) == {"port": "9000", "in_memory": True}
    assert given_settings(parse(["serve"])) == {}


def test_a_switch_can_be_turned_off() -> None:
    assert given_settings(parse(["serve", "--no-in-memory"])) == {"in_memory": False}


def test_every_setting_has_a_flag(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        parse(["serve", "--help"])
    assert exit_.value.code == 0
    help_text = capsys.readouterr().out
    assert all(setting.flag in help_text and setting.variable in help_text for setting in SETTINGS.values())


def test_commands() -> None:
    keys = ["keys create", "keys list", "keys revoke"]
    triggers = ["triggers create", "triggers list", "triggers delete"]
    tables = ["table backup", "table restore", "copy", "export", "autoscale simulate", "apply", "insights", "cluster"]
    backups = ["backup create", "backup list", "backup delete", "rollback"]
    archive = ["archive list", "archive verify", "archive take-over", "archive prune"]
    assert command_names() == [
        "serve",
        *keys,
        *triggers,
        *tables,
        *backups,
        *archive,
        "store reshard",
        "doctor",
        "version",
    ]
    assert parse(["--version"]).command == "version"
    assert parse(["keys", "revoke", "AKIA1", "--data-dir", "d"]).access_key == "AKIA1"


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        (
            "sevre",
            "stator: no command sevre; did you mean serve? (serve, keys, triggers, table, copy, ",
        ),
        ("keys lsit", "stator keys: no command lsit; did you mean list?"),
        ("keys", "stator keys: the following arguments are required: ACTION\nsee: stator keys --help\n"),
        ("keys revoke", "the following arguments are required: ACCESS_KEY"),
        ("serve --prot 1", "stator serve: unknown option --prot; did you mean --port?\nsee: stator serve --help\n"),
        ("copy --from a --to b --all --form c", "unknown option --form; did you mean --from?"),
        ("keys list --dat x", "see: stator keys list --help\n"),
        ("serve --prot=1", "unknown option --prot; did you mean --port?"),
        ("serve 8000", "unknown argument 8000\n"),
        ("serve --port", "stator serve: argument --port: expected one argument\nsee: stator serve --help\n"),
        ("copy --from a --to b", "one of the arguments --table --all is required\nsee: stator copy --help\n"),
        ("export t --format xml", "argument --format: xml is none of parquet, csv, jsonl\n"),
        ("export t --format csv --segments 0", "0 is no number above 0"),
        ("serve --data", "unknown option --data; did you mean --data-dir?"),  # no guessing from a prefix
    ],
)
def test_mistakes_are_explained(typed: str, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        parse(typed.split())
    assert exit_.value.code == 2
    assert text in capsys.readouterr().err


def test_nothing_typed_shows_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        parse([])
    assert exit_.value.code == 2
    assert "Start a server." in capsys.readouterr().out

"""Settings: where they come from, which wins, what is refused."""

from pathlib import Path

import pytest

from stator.config import SETTINGS, ConfigurationError, Settings, load


def write(folder: Path, text: str) -> Path:
    path = folder / "stator.toml"
    path.write_text(text)
    return path


def test_defaults_are_a_private_server_in_the_current_folder() -> None:
    settings = load({}, {})
    assert (settings.host, settings.port, settings.data_dir) == ("127.0.0.1", 8000, Path("stator-data"))
    assert not settings.public
    assert not settings.in_memory
    assert not settings.allow_unauthenticated


def test_flags_win_over_environment_over_file_over_defaults(tmp_path: Path) -> None:
    path = write(tmp_path, 'port = 1\nhost = "::1"\nlog_level = "debug"\n')
    settings = load({"port": "3"}, {"STATOR_PORT": "2", "STATOR_HOST": "localhost"}, path)
    assert (settings.port, settings.host, settings.log_level) == (3, "localhost", "debug")
    assert settings.account == "123456789012"


def test_the_file_may_be_named_by_the_environment_and_a_flag_wins(tmp_path: Path) -> None:
    path = write(tmp_path, "port = 5\n")
    assert load({}, {"STATOR_CONFIG": str(path)}).port == 5
    assert load({}, {"STATOR_CONFIG": "/nowhere"}, path).port == 5


@pytest.mark.parametrize(
    ("toml", "name", "value"),
    [
        ("in_memory = true", "in_memory", True),
        ("transition_seconds = 2", "transition_seconds", 2.0),
        ("idle_timeout_seconds = 0.5", "idle_timeout_seconds", 0.5),
        ('data_dir = "/srv/data"', "data_dir", Path("/srv/data")),
        ('account = "123456789012"', "account", "123456789012"),
    ],
)
def test_the_file_speaks_toml_types(tmp_path: Path, toml: str, name: str, value: object) -> None:
    found = getattr(load({}, {}, write(tmp_path, toml)), name)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("toml", "text"),
    [
        ("prot = 1", "there is no setting prot; did you mean port?"),
        ("[server]\nport = 1", "there is no setting server"),
        ('port = "x"', "port must be a whole number, not 'x'"),
        ("port = true", "port must be a whole number, not True"),
        ("port = 1.5", "port must be a whole number, not '1.5'"),
        ("in_memory = 1", "in_memory must be true or false, not 1"),
        ("host = 1", "host must be a text, not 1"),
        ("port =", "is not a TOML file"),
    ],
)
def test_the_file_is_refused(tmp_path: Path, toml: str, text: str) -> None:
    path = write(tmp_path, toml)
    with pytest.raises(ConfigurationError) as raised:
        load({}, {}, path)
    assert text in str(raised.value)
    assert str(path) in str(raised.value)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"cannot read the settings file .*none\.toml: No such file"):
        load({}, {}, tmp_path / "none.toml")


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "stator.toml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigurationError, match="is not a TOML file"):
        load({}, {}, path)


@pytest.mark.parametrize("word", ["1", "true", "YES", "on"])
def test_a_switch_in_the_environment(word: str) -> None:
    assert load({}, {"STATOR_IN_MEMORY": word}).in_memory


@pytest.mark.parametrize("word", ["0", "False", "no", "off"])
def test_a_switch_off_in_the_environment_wins_over_the_file(tmp_path: Path, word: str) -> None:
    path = write(tmp_path, "in_memory = true")
    assert not load({}, {"STATOR_IN_MEMORY": word}, path).in_memory


@pytest.mark.parametrize(
    ("variable", "value", "text"),
    [
        ("STATOR_PROT", "1", "no setting for the variable STATOR_PROT; did you mean STATOR_PORT?"),
        ("STATOR_PORT", "", "STATOR_PORT must be a whole number, not ''"),
        ("STATOR_IN_MEMORY", "maybe", "STATOR_IN_MEMORY must be true or false, not 'maybe'"),
        ("STATOR_DATA_DIR", "", "STATOR_DATA_DIR must be a path, not ''"),
        ("STATOR_TRANSITION_SECONDS", "soon", "STATOR_TRANSITION_SECONDS must be a number, not 'soon'"),
    ],
)
def test_the_environment_is_refused(variable: str, value: str, text: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        load({}, {variable: value, "HOME": "/root"})
    assert text in str(raised.value)


@pytest.mark.parametrize(
    ("flags", "text"),
    [
        ({"host": ""}, "host must not be empty"),
        ({"port": "65536"}, "port must be between 0 and 65535"),
        ({"port": "-1"}, "port must be between 0 and 65535"),
        ({"port": "http"}, "--port must be a whole number"),
        ({"account": "12345678901"}, "account must be 12 digits"),
        ({"account": "１２３４５６７８９０１２"}, "account must be 12 digits"),
        ({"idle_timeout_seconds": "0"}, "idle_timeout_seconds must be greater than 0"),
        ({"request_timeout_seconds": "nan"}, "request_timeout_seconds must be greater than 0"),
        ({"request_timeout_seconds": "inf"}, "request_timeout_seconds must be greater than 0 and finite"),
        ({"connections_max": "0"}, "connections_max must be greater than 0"),
        ({"transition_seconds": "-1"}, "transition_seconds must be 0 or more"),
        ({"log_level": "loud"}, "log_level must be one of debug, info, warning, error"),
        ({"throttling": "some"}, "throttling must be one of provisioned, all, off"),
        ({"tls_cert": "a.pem"}, "tls_cert is set without tls_key"),
        ({"tls_key": "a.pem"}, "tls_key is set without tls_cert"),
        ({"store": "mysql://user:secret@host/db"}, "store must be a URL such as postgresql://user@host/database"),
        ({"store": "postgresql://h/d", "read_store": "h2"}, "read_store must be a URL such as postgresql://"),
        ({"store": "postgresql://h/d", "in_memory": True}, "store and in_memory exclude each other"),
        ({"read_store": "postgresql://h/d"}, "read_store is set without store"),
        ({"store_connections": "0"}, "store_connections must be greater than 0"),
    ],
)
def test_values_that_make_no_sense(flags: dict[str, str | bool], text: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        load(flags, {})
    assert text in str(raised.value)
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.1.2.3", "::1", "[::1]"])
def test_private_hosts(host: str) -> None:
    assert not Settings(host=host).public


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "db.example", "127.evil.example.com", "127.0.0.999"])
def test_public_hosts(host: str) -> None:
    assert Settings(host=host).public


def test_every_field_is_a_setting_with_a_text_flag_and_variable() -> None:
    assert set(SETTINGS) == set(Settings.__struct_fields__)
    assert all(setting.text.endswith(".") for setting in SETTINGS.values())
    assert SETTINGS["data_dir"].flag == "--data-dir"
    assert SETTINGS["data_dir"].variable == "STATOR_DATA_DIR"


@pytest.mark.parametrize("url", ["http://127.0.0.1:4566", "https://kinesis.eu-west-1.amazonaws.com/", ""])
def test_kinesis_endpoints(url: str) -> None:
    assert load({}, {"STATOR_KINESIS_ENDPOINT": url}).kinesis_endpoint == url


@pytest.mark.parametrize(
    "url", ["127.0.0.1:4566", "http://", "ftp://host", "http://host:x", "http://host/path", "http://["]
)
def test_no_kinesis_endpoints(url: str) -> None:
    with pytest.raises(ConfigurationError, match="kinesis_endpoint must be a URL such as"):
        load({"kinesis_endpoint": url}, {})

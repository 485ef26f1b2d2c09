"""What the person who runs the server can choose. Defaults < TOML file < environment (`STATOR_*`) < flags.

One field of `Settings` is one setting everywhere: `data_dir` is `data_dir` in the file, `STATOR_DATA_DIR` in the
environment and `--data-dir` on the command line; its text is its help and its row in docs/settings.md.
"""

import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from msgspec import Struct, field

from stator.address import is_url
from stator.limits import DAY_SECONDS

T = TypeVar("T")

ENVIRONMENT_PREFIX = "STATOR_"
LOG_LEVELS = ("debug", "info", "warning", "error")
THROTTLING = ("provisioned", "all", "off")

_YES = frozenset(("1", "true", "yes", "on"))
_NO = frozenset(("0", "false", "no", "off"))
_POSITIVE = (
    "ttl_interval_seconds",
    "stream_shard_seconds",
    "trigger_timeout_seconds",
    "archive_segment_seconds",
    "archive_copy_seconds",
    "idle_timeout_seconds",
    "request_timeout_seconds",
    "connections_max",
    "store_connections",
    "autoscaling_low_seconds",
)
_NOT_NEGATIVE = ("transition_seconds", "instance_backup_seconds")


class ConfigurationError(Exception):
    """A setting cannot be used. The text says which one, where it was found and what would do."""


_texts: list[str] = []  # of the settings, in their order


def _setting(default: T, text: str) -> T:
    _texts.append(text)
    return field(default=default)


class Settings(Struct, frozen=True):
    host: str = _setting("127.0.0.1", "Address to listen on. Anything but a loopback address is a public bind.")
    port: int = _setting(8000, "Port to listen on; 0 lets the system choose one.")
    data_dir: Path = _setting(Path("stator-data"), "Folder that holds everything stored. One server at a time.")
    in_memory: bool = _setting(default=False, text="Keep everything in memory and forget it at the end.")
    store: str = _setting(
        "", "PostgreSQL to store everything in (postgresql://...) instead of DATA_DIR; several servers may share one."
    )
    read_store: str = _setting(
        "", "PostgreSQL standbys for eventually consistent reads (postgresql://host1,host2/...)."
    )
    store_connections: int = _setting(8, "Connections to PostgreSQL, half for reads; as many again to standbys.")
    tls_cert: Path | None = _setting(None, "PEM file with the certificate chain. Turns TLS on, together with the key.")
    tls_key: Path | None = _setting(None, "PEM file with the certificate's private key.")
    allow_unauthenticated: bool = _setting(
        default=False, text="Allow a public bind while no access key exists: anyone who reaches the port owns the data."
    )
    public_metrics: bool = _setting(
        default=False, text="Serve `GET /metrics` on a public bind, too: whoever reaches the port reads table names."
    )
    account: str = _setting("123456789012", "Account (12 digits) of access keys that name none.")
    transition_seconds: float = _setting(0.0, "How long a table stays CREATING, UPDATING or DELETING.")
    throttling: str = _setting(
        "provisioned",
        "Who is held to capacity: provisioned tables and the maxima of on-demand ones (provisioned), on-demand tables "
        "to what the service would bear, too (all), or nobody (off).",
    )
    ttl_interval_seconds: float = _setting(1.0, "How often items whose time to live is over are looked for.")
    stream_shard_seconds: float = _setting(14_400.0, "The age at which a stream's shards end and new ones begin.")
    kinesis_endpoint: str = _setting("", "URL of the Kinesis endpoint that streaming destinations are reached at.")
    kinesis_access_key: str = _setting("stator", "Access key id for the Kinesis endpoint.")
    kinesis_secret_key: str = _setting(
        "stator", "Its secret. Other users of the machine can read flags; prefer a file."
    )
    lambda_endpoint: str = _setting("", "URL of the Lambda endpoint that invokes functions trigger_functions lacks.")
    trigger_functions: str = _setting(
        "", "Functions for triggers, as NAME=TARGET,...; a target is a URL or python:MODULE:FUNCTION."
    )
    trigger_destinations: str = _setting(
        "", "What on-failure destinations of triggers must begin with: file:// and http(s):// URLs, with commas."
    )
    trigger_timeout_seconds: float = _setting(60.0, "How long a function may take for a batch of a trigger.")
    alarm_urls: str = _setting("", "What URLs that alarms tell must begin with: http(s):// URLs, with commas.")
    alarm_commands: str = _setting(
        "", "Commands that alarms may run, as NAME=COMMAND,...; an alarm asks for arn:stator:command:NAME."
    )
    autoscaling_low_seconds: int = _setting(
        60, "How long consumption must have been well below its target before target tracking lowers capacity."
    )
    alarm_sns_endpoint: str = _setting("", "URL of the SNS endpoint that topics of alarms are reached at.")
    alarm_sns_access_key: str = _setting("stator", "Access key id for the SNS endpoint.")
    alarm_sns_secret_key: str = _setting(
        "stator", "Its secret. Other users of the machine can read flags; prefer a file."
    )
    archive: str = _setting(
        "", "Where backups go: a folder or a URL (s3://, gs://, az://); empty for DATA_DIR-archive beside the data."
    )
    buckets: str = _setting(
        "", "URL or folder, with {bucket}, of the buckets of exports and imports; empty for DATA_DIR-buckets/{bucket}."
    )
    archive_segment_seconds: float = _setting(5.0, "How old a change may get before it is put into the archive.")
    archive_copy_seconds: float = _setting(
        float(DAY_SECONDS), "How old the newest full copy of a table with point-in-time recovery may get."
    )
    instance_backup_seconds: float = _setting(
        0.0, "How often the whole instance is backed up by itself, for instance 86400; 0 for not at all."
    )
    idle_timeout_seconds: float = _setting(120.0, "A connection without a request is closed after this.")
    request_timeout_seconds: float = _setting(30.0, "A request must have arrived completely after this.")
    connections_max: int = _setting(10_000, "Further connections are turned away.")
    log_level: str = _setting("info", "The least that is logged: debug, info, warning or error.")

    @property
    def archive_url(self) -> str:
        """Where the archive is, with the default filled in."""
        if self.archive:
            return self.archive
        return "memory://archive" if self.in_memory else f"{self.data_dir.resolve()}-archive"

    @property
    def buckets_url(self) -> str:
        """Where buckets are, with the default filled in; {bucket} stands for the name of one."""
        if self.buckets:
            return self.buckets
        return "memory://buckets/{bucket}" if self.in_memory else f"{self.data_dir.resolve()}-buckets/{{bucket}}"

    @property
    def public(self) -> bool:
        """Whether other machines may reach the server. A host name counts as public unless it is localhost."""
        host = self.host.strip("[]")
        return not (host in {"localhost", "::1"} or _is_loopback_v4(host))


class Setting(Struct, frozen=True):
    """One setting as people meet it."""

    name: str
    default: Any
    text: str

    @property
    def flag(self) -> str:
        return "--" + self.name.replace("_", "-")

    @property
    def variable(self) -> str:
        return ENVIRONMENT_PREFIX + self.name.upper()

    @property
    def is_switch(self) -> bool:
        return isinstance(self.default, bool)


SETTINGS: dict[str, Setting] = {
    name: Setting(name, default, text)
    for name, default, text in zip(Settings.__struct_fields__, Settings.__struct_defaults__, _texts, strict=True)
}


def load(flags: Mapping[str, str | bool], environment: Mapping[str, str], file: str | Path | None = None) -> Settings:
    """The settings in force. `flags` holds only those given, by setting name; `file` wins over STATOR_CONFIG.

    Raises ConfigurationError.
    """
    chosen: dict[str, Any] = {}
    file = file or environment.get(ENVIRONMENT_PREFIX + "CONFIG")
    if file:
        chosen |= _read_file(Path(file))
    chosen |= _read_environment(environment)
    for name, given in flags.items():
        setting = SETTINGS[name]
        chosen[name] = given if isinstance(given, bool) else _parse_text(setting, given, setting.flag)
    settings = Settings(**chosen)
    _check(settings)
    return settings


def closest(word: str, words: Iterable[str]) -> str:
    """`; did you mean X?` or nothing."""
    from difflib import get_close_matches  # only on the way to an error

    found = get_close_matches(word, list(words), n=1)
    return f"; did you mean {found[0]}?" if found else ""


def _read_file(path: Path) -> dict[str, Any]:
    import tomllib  # most servers have no file

    try:
        with path.open("rb") as stream:
            content = tomllib.load(stream)
    except OSError as error:
        raise ConfigurationError(f"cannot read the settings file {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} is not a TOML file: {error}") from error
    return {name: _take(name, value, path) for name, value in content.items()}


def _take(name: str, value: object, path: Path) -> Any:
    """One value of the file, with the types TOML gives it."""
    setting = SETTINGS.get(name)
    if setting is None:
        raise ConfigurationError(f"{path}: there is no setting {name}{closest(name, SETTINGS)}")
    place = f"{path}: {name}"
    if setting.is_switch:
        if isinstance(value, bool):
            return value
    elif isinstance(value, bool):
        pass
    elif isinstance(setting.default, int | float):
        if isinstance(value, int | float):
            return _parse_text(setting, str(value), place)
    elif isinstance(value, str):
        return _parse_text(setting, value, place)
    raise ConfigurationError(f"{place} must be {_kind(setting)}, not {value!r}")


def _read_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    by_variable = {setting.variable: setting for setting in SETTINGS.values()}
    taken = {}
    for variable, text in environment.items():
        if not variable.startswith(ENVIRONMENT_PREFIX) or variable == ENVIRONMENT_PREFIX + "CONFIG":
            continue
        setting = by_variable.get(variable)
        if setting is None:
            raise ConfigurationError(f"there is no setting for the variable {variable}{closest(variable, by_variable)}")
        taken[setting.name] = _parse_text(setting, text, variable)
    return taken


def _parse_text(setting: Setting, text: str, place: str) -> Any:
    """A value written as text. `place` is where it was found."""
    default = setting.default
    try:
        if isinstance(default, bool):
            word = text.strip().lower()
            if word in _YES or word in _NO:
                return word in _YES
        elif isinstance(default, int):
            return int(text)
        elif isinstance(default, float):
            return float(text)
        elif isinstance(default, str):
            return text
        elif text:
            return Path(text)
    except ValueError:
        pass
    raise ConfigurationError(f"{place} must be {_kind(setting)}, not {text!r}")


def _kind(setting: Setting) -> str:
    default = setting.default
    if isinstance(default, bool):
        return "true or false"
    if isinstance(default, int):
        return "a whole number"
    if isinstance(default, float):
        return "a number"
    return "a text" if isinstance(default, str) else "a path"


def _check(settings: Settings) -> None:
    """Raise ConfigurationError where values make no sense, alone or together."""
    if not settings.host:
        raise ConfigurationError("host must not be empty; 0.0.0.0 listens on every address")
    if not 0 <= settings.port <= 65535:
        raise ConfigurationError(f"port must be between 0 and 65535, not {settings.port}")
    if not (len(settings.account) == 12 and settings.account.isascii() and settings.account.isdigit()):
        raise ConfigurationError(f"account must be 12 digits, not {settings.account!r}")
    for name in _POSITIVE:
        if not 0 < getattr(settings, name) < math.inf:  # refuses NaN, too
            raise ConfigurationError(f"{name} must be greater than 0 and finite, not {getattr(settings, name)}")
    for name in _NOT_NEGATIVE:
        if not 0 <= getattr(settings, name) < math.inf:
            raise ConfigurationError(f"{name} must be 0 or more and finite, not {getattr(settings, name)}")
    if settings.log_level not in LOG_LEVELS:
        raise ConfigurationError(f"log_level must be one of {', '.join(LOG_LEVELS)}, not {settings.log_level!r}")
    if settings.throttling not in THROTTLING:
        raise ConfigurationError(f"throttling must be one of {', '.join(THROTTLING)}, not {settings.throttling!r}")
    if (settings.tls_cert is None) != (settings.tls_key is None):
        given, missing = ("tls_cert", "tls_key") if settings.tls_key is None else ("tls_key", "tls_cert")
        raise ConfigurationError(f"{given} is set without {missing}; TLS needs both files")
    _check_store(settings)
    _check_endpoint(settings.kinesis_endpoint)
    if settings.buckets and "{bucket}" not in settings.buckets:
        raise ConfigurationError("buckets must hold {bucket}, as s3://{bucket} does")  # not its value: it may hold keys


def _check_store(settings: Settings) -> None:
    for name in ("store", "read_store"):  # without the value: it may hold a password
        url = getattr(settings, name)
        if url and not url.startswith(("postgresql://", "postgres://")):
            raise ConfigurationError(f"{name} must be a URL such as postgresql://user@host/database")
    if settings.store and settings.in_memory:
        raise ConfigurationError("store and in_memory exclude each other: what is in PostgreSQL is not in memory")
    if settings.read_store and not settings.store:
        raise ConfigurationError("read_store is set without store; it names standbys of that")


def _check_endpoint(url: str) -> None:
    if url and not (is_url(url) and urlsplit(url).path in ("", "/")):
        raise ConfigurationError(f"kinesis_endpoint must be a URL such as http://127.0.0.1:4566, not {url!r}")


def _is_loopback_v4(host: str) -> bool:
    parts = host.split(".")
    return len(parts) == 4 and parts[0] == "127" and all(part.isdigit() and int(part) < 256 for part in parts)

"""Dynamic DynamoDB's configuration file: its text to sections, and which section a table or index belongs to. Pure."""

import configparser
import re
from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

from stator.autoscaling.dynamic.options import (
    GLOBAL,
    LOGGING,
    READ,
    SHARED,
    WRITE,
    Global,
    Option,
    OptionError,
    Options,
    Side,
)

_TABLE = re.compile(r"table:\s*(.+?)\s*")
_GSI = re.compile(r"gsi:\s*(.+?)\s+table:\s*(.+?)\s*")
_REGEX_CHARACTERS_MAX = 1000


class ConfigurationFault(ValueError):
    """What is wrong with a file, as a sentence without its dot, for people."""


class Section(Struct, frozen=True):
    """The tables (or, in a table's section, the indexes) whose names begin with a match of `pattern`."""

    pattern: str
    options: Options
    indexes: tuple["Section", ...] = ()

    def matches(self, name: str) -> bool:
        return re.match(self.pattern, name) is not None


class Configuration(Struct, frozen=True):
    general: Global
    sections: tuple[Section, ...]
    unknown: tuple[str, ...] = ()
    """What was passed over, as `section: option`. Dynamic DynamoDB passed over what it did not know, too."""

    def section_of(self, table: str) -> Section | None:
        """The first section that the table matches; at most one counts."""
        return _first(self.sections, table)

    def index_section(self, section: Section, index: str) -> Section | None:
        return _first(section.indexes, index)


def _first(sections: tuple[Section, ...], name: str) -> Section | None:
    return next((section for section in sections if section.matches(name)), None)


def parse(text: str, given: Mapping[str, str] | None = None, table: str | None = None) -> Configuration:
    """The sections of a file's text, with options `given` beside it, which go before the file's. With `table`, a
    regular expression, its tables do not count: what is given is for that one. Raises ConfigurationFault."""
    parser = configparser.RawConfigParser(default_section="", strict=True)
    try:
        parser.read_string(text)
    except configparser.Error as error:
        raise ConfigurationFault(f"it cannot be read: {' '.join(str(error).split())}") from None
    given = given or {}
    reading = _Reading(parser)
    general = Global(
        **_values("global", {**reading.members("global"), **given}, GLOBAL),
        **_values("logging", {**reading.members("logging"), **given}, LOGGING),
    )
    sections: tuple[Section, ...]
    if table is not None:
        sections = (Section(_pattern(f"table: {table}", table), _options(f"table: {table}", given)),)
    else:
        sections = reading.sections()
    return Configuration(general, sections, tuple(reading.unknown))


class _Reading:
    def __init__(self, parser: configparser.RawConfigParser) -> None:
        self._parser = parser
        self.unknown: list[str] = []

    def members(self, section: str) -> dict[str, str]:
        if not self._parser.has_section(section):
            return {}
        members = {name: (value or "").strip() for name, value in self._parser.items(section)}
        known = {"global": GLOBAL, "logging": LOGGING}.get(section) or READ | WRITE | dict(SHARED)
        self.unknown += [f"[{section}] {name}" for name in members if name not in known]
        return members

    def sections(self) -> tuple[Section, ...]:
        defaults = self.members("default_options")
        names = self._parser.sections()
        patterns = {name: _pattern(name, match[1]) for name in names if (match := _TABLE.fullmatch(name))}
        if not patterns:
            raise ConfigurationFault("it has no section [table: NAME], so there is nothing to scale")
        indexes: dict[str, list[Section]] = {pattern: [] for pattern in patterns.values()}
        for name in names:
            match = _GSI.fullmatch(name)
            if match is not None:
                if match[2] not in indexes:
                    raise ConfigurationFault(f"there is no section [table: {match[2]}] for [{name}]")
                options = _options(name, defaults | self.members(name))
                indexes[match[2]].append(Section(_pattern(name, match[1]), options))
            elif name not in ("global", "logging", "default_options") and name not in patterns:
                self.unknown.append(f"[{name}]")
        return tuple(
            Section(pattern, _options(name, defaults | self.members(name)), tuple(indexes[pattern]))
            for name, pattern in patterns.items()
        )


def _options(section: str, members: Mapping[str, str]) -> Options:
    options = Options(
        read=Side(**_values(section, members, READ)),
        write=Side(**_values(section, members, WRITE)),
        **_values(section, members, SHARED),
    )
    for many, side in (("reads", options.read), ("writes", options.write)):
        least, most = side.min_provisioned, side.max_provisioned
        if least is not None and most is not None and least > most:
            raise ConfigurationFault(
                f"[{section}] min-provisioned-{many} ({least}) may not be higher than max-provisioned-{many} ({most})"
            )
    return options


def _values(section: str, members: Mapping[str, str], known: Mapping[str, Option]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, option in known.items():
        if name in members:
            values[option.field] = _value(section, name, members[name], option.parse)
    return values


def _value(section: str, name: str, text: str, parse_value: Callable[[str], Any]) -> Any:
    try:
        return parse_value(text)
    except OptionError as error:
        raise ConfigurationFault(f"[{section}] {name} {error}") from None


def _pattern(section: str, pattern: str) -> str:
    if len(pattern) > _REGEX_CHARACTERS_MAX:
        raise ConfigurationFault(f"the name of section [{section[:40]}...] is too long")
    try:
        re.compile(pattern)
    except (re.error, RecursionError) as error:
        raise ConfigurationFault(f"[{section}] names no regular expression: {error}") from None
    return pattern

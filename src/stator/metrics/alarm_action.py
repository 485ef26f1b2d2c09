"""What an alarm may do: what the settings name, and nothing else. Pure.

An action comes from whoever may make alarms. It never holds a command, and a URL only below those that the operator
allowed: a server must not be talked into asking addresses that only it can reach.
"""

import shlex
from collections.abc import Mapping
from typing import Final, Self

from msgspec import Struct, field

from stator.address import is_below, is_url
from stator.config import ConfigurationError

COMMAND: Final = "arn:stator:command:"
TOPIC: Final = "arn:aws:sns:"
POLICY: Final = "arn:aws:autoscaling:"
"""Of scaling policies, which read metrics themselves: nobody has to be told."""


class Actions(Struct, frozen=True):
    urls: tuple[str, ...] = ()
    commands: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # program and arguments, by name
    topics: str = ""  # URL of the endpoint with SNS's Publish

    @classmethod
    def parse(cls, urls: str, commands: str, topics: str) -> Self:
        """From the settings. Raises ConfigurationError."""
        prefixes = _parts(urls)
        for prefix in prefixes:
            if not is_url(prefix):
                raise ConfigurationError(f"alarm_urls holds http(s):// URLs, with commas, not {prefix!r}")
        found: dict[str, tuple[str, ...]] = {}
        for each in _parts(commands):
            name, _, line = each.partition("=")
            try:
                words = tuple(shlex.split(line))
            except ValueError:
                words = ()
            if not name.strip() or not words:
                raise ConfigurationError(f"alarm_commands holds NAME=COMMAND, with commas, not {each!r}")
            found[name.strip()] = words
        if topics and not is_url(topics):
            raise ConfigurationError(f"alarm_sns_endpoint must be a URL such as http://127.0.0.1:4566, not {topics!r}")
        return cls(prefixes, found, topics)

    def fault(self, action: str) -> str | None:
        """Why an action cannot be done; None when it can."""
        if action.startswith(POLICY):
            return None
        if action.startswith(COMMAND):
            known = action.removeprefix(COMMAND) in self.commands
            return None if known else f"Invalid action {action}: no command of this name is in alarm_commands"
        if action.startswith(TOPIC):
            return None if self.topics else f"Invalid action {action}: there is no alarm_sns_endpoint"
        if not is_url(action):
            return f"Invalid arn syntax: {action}"
        return (
            None
            if is_below(action, self.urls)
            else f"Invalid action {action}: it does not begin with a URL of alarm_urls"
        )


def _parts(text: str) -> tuple[str, ...]:
    return tuple(filter(None, map(str.strip, text.split(","))))

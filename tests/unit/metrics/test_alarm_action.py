"""What alarms may do."""

import pytest

from stator.config import ConfigurationError
from stator.metrics.alarm_action import Actions

ACTIONS = Actions.parse(
    "http://127.0.0.1:9000/hooks, https://alarms.example", "page=/usr/bin/page --now 'a b', log=tee x", ""
)


@pytest.mark.parametrize(
    "action",
    [
        "http://127.0.0.1:9000/hooks",
        "http://127.0.0.1:9000/hooks/a?b=c",
        "https://alarms.example/x",
        "arn:stator:command:page",
        "arn:aws:autoscaling:eu-west-1:1:scalingPolicy:x",
    ],
)
def test_what_is_named_is_allowed(action: str) -> None:
    assert ACTIONS.fault(action) is None


@pytest.mark.parametrize(
    "action",
    [
        "http://127.0.0.1:9000/",
        "http://127.0.0.1:9000/hooksies",
        "http://127.0.0.1:9000/hooks/../admin",
        "http://127.0.0.1:9000/hooks/%2e%2e/admin",
        "https://alarms.example.evil/",
        "https://alarms.example@evil/",
        "https://alarms.example:1@evil/",
        "http://alarms.example/x",
        "http://169.254.169.254/latest/meta-data",
        "arn:stator:command:rm",
        "arn:stator:command:",
        "arn:stator:command:page;rm",
        "arn:aws:sns:eu-west-1:1:topic",
        "file:///etc/passwd",
        "gopher://127.0.0.1",
        "http://",
        "http://[",
        "x",
    ],
)
def test_nothing_else_is(action: str) -> None:
    assert ACTIONS.fault(action) is not None
    assert Actions().fault(action) is not None


def test_nothing_is_allowed_that_is_not_named() -> None:
    assert Actions.parse("", "", "").fault("http://127.0.0.1/") is not None


def test_topics_need_an_endpoint() -> None:
    assert Actions.parse("", "", "http://127.0.0.1:4566").fault("arn:aws:sns:eu-west-1:1:topic") is None


def test_commands_are_words() -> None:
    assert ACTIONS.commands == {"page": ("/usr/bin/page", "--now", "a b"), "log": ("tee", "x")}


@pytest.mark.parametrize(
    ("urls", "commands", "topics"),
    [
        ("ftp://x", "", ""),
        ("x", "", ""),
        ("", "page", ""),
        ("", "=tee", ""),
        ("", "a=", ""),
        ("", "a='x", ""),
        ("", "", "x"),
    ],
)
def test_settings_that_make_no_sense_are_refused(urls: str, commands: str, topics: str) -> None:
    with pytest.raises(ConfigurationError):
        Actions.parse(urls, commands, topics)

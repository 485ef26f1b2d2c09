import pytest

from stator.config import ConfigurationError
from stator.services.triggers.target import Endpoint, InvocationFault, PythonFunction, Targets


def test_functions_are_named_by_the_settings_alone() -> None:
    targets = Targets.parse("", "f=python:mod:fn, g=http://127.0.0.1:1/x", "")
    assert targets.has("f")
    assert targets.has("g")
    assert not targets.has("h")
    assert isinstance(targets.open("f", 1.0), PythonFunction)
    assert isinstance(targets.open("g", 1.0), Endpoint)
    with pytest.raises(InvocationFault, match="no target for function h"):
        targets.open("h", 1.0)
    assert Targets.parse("http://127.0.0.1:1", "", "").has("h")


@pytest.mark.parametrize(
    ("endpoint", "functions", "destinations"),
    [
        ("127.0.0.1:9000", "", ""),
        ("", "f", ""),
        ("", "=http://a", ""),
        ("", "f=ftp://a", ""),
        ("", "f=python:mod", ""),
        ("", "f=python:mod:fn:more", ""),
        ("", "f=http://a:0/", ""),
        ("", "", "/var/log"),
        ("", "", "file://relative"),
    ],
)
def test_what_makes_no_sense_is_refused_at_the_start(endpoint: str, functions: str, destinations: str) -> None:
    with pytest.raises(ConfigurationError):
        Targets.parse(endpoint, functions, destinations)


@pytest.mark.parametrize(
    ("destination", "allowed"),
    [
        ("file:///var/log/stator/a.jsonl", True),
        ("file:///var/log/stator-other/a", False),
        ("file:///var/log/stator/../../etc/passwd", False),
        ("file:///var/log/stator/%2e%2e/x", False),
        ("file:///etc/passwd", False),
        ("http://hooks:8080/failed", True),
        ("http://hooks:8080/failed/things", True),
        ("http://hooks:80801/failed", False),
        ("https://hooks:8080/failed", False),
        ("", False),
    ],
)
def test_only_destinations_of_the_setting_may_be_told(destination: str, allowed: bool) -> None:
    targets = Targets.parse("", "", "file:///var/log/stator,http://hooks:8080/failed")
    assert targets.may_fail_to(destination) is allowed
    assert not Targets.parse("", "", "").may_fail_to(destination)

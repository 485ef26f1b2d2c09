"""Which server is meant, and with which keys."""

from pathlib import Path

import pytest

from stator.cli.complaint import Complaint
from stator.cli.endpoint import Keys, find_endpoint

NAMES = ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN", "REGION", "DEFAULT_REGION", "PROFILE")


@pytest.fixture(autouse=True)
def _nothing_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in NAMES:
        monkeypatch.delenv(f"AWS_{name}", raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    (tmp_path / "credentials").write_text(
        "[default]\naws_access_key_id = AD\naws_secret_access_key = SD\n"
        "[work]\naws_access_key_id = AW\naws_secret_access_key = S%W\naws_session_token = TW\n[bare]\n"
    )
    (tmp_path / "config").write_text("[default]\nregion = eu-north-1\n[profile work]\nregion = eu-west-2\n")


def set_keys(monkeypatch: pytest.MonkeyPatch, **more: str) -> None:
    for name, value in ({"ACCESS_KEY_ID": "A", "SECRET_ACCESS_KEY": "S"} | more).items():
        monkeypatch.setenv(f"AWS_{name}", value)


def test_a_server_of_ones_own_needs_nothing() -> None:
    found = find_endpoint(None)
    assert (found.url, found.region, found.keys) == ("http://127.0.0.1:8000", "us-east-1", Keys("stator", "stator"))
    assert find_endpoint("http://host:1/").url == "http://host:1"


def test_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    set_keys(monkeypatch, SESSION_TOKEN="T", REGION="eu-west-1")
    found = find_endpoint(None)
    assert (found.region, found.keys) == ("eu-west-1", Keys("A", "S", "T"))
    assert find_endpoint(None, "eu-west-3").region == "eu-west-3"


def test_an_account_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "000000000007")
    assert find_endpoint(None).keys == Keys("000000000007", "stator")


def test_profiles(monkeypatch: pytest.MonkeyPatch) -> None:
    set_keys(monkeypatch)
    found = find_endpoint(None, None, "work")
    assert (found.region, found.keys) == ("eu-west-2", Keys("AW", "S%W", "TW"))  # a profile that is named wins
    assert find_endpoint("aws", None, "default").url == "https://dynamodb.eu-north-1.amazonaws.com"
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setenv("AWS_PROFILE", "work")
    assert find_endpoint(None).keys == Keys("AW", "S%W", "TW")


def test_amazon_has_a_host_for_each_service_and_others_have_one_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    set_keys(monkeypatch)
    assert find_endpoint("http://host:1").beside("monitoring").url == "http://host:1"
    amazon = find_endpoint("aws", "eu-west-1")
    assert amazon.beside("monitoring").url == "https://monitoring.eu-west-1.amazonaws.com"
    assert amazon.beside("monitoring").keys == amazon.keys
    china = find_endpoint("https://dynamodb.cn-north-1.amazonaws.com.cn")
    assert china.beside("monitoring").url == "https://monitoring.cn-north-1.amazonaws.com.cn"


def test_amazon(monkeypatch: pytest.MonkeyPatch) -> None:
    set_keys(monkeypatch)
    found = find_endpoint("aws", "eu-west-1")
    assert (found.url, found.region) == ("https://dynamodb.eu-west-1.amazonaws.com", "eu-west-1")
    assert found.streams.url == "https://streams.dynamodb.eu-west-1.amazonaws.com"
    assert find_endpoint("https://dynamodb.sa-east-1.amazonaws.com").region == "sa-east-1"
    here = find_endpoint("http://127.0.0.1:1")
    assert here.streams == here


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("aws",), "in which region? Name it with --from-region or AWS_REGION."),
        (("aws", "eu-west-1"), "Amazon wants an access key."),
        (("localhost:8000",), "no URL of a server, such as http://127.0.0.1:8000. Name one with --from."),
        (("http://h:x",), "no URL"),
        (("http://h/?a=b",), "no URL"),
        (("http://key:secret@h",), "keys do not belong in a URL"),
        ((None, None, "nobody"), "there is no profile nobody"),
        ((None, None, "bare"), "there is no profile bare"),
    ],
)
def test_mistakes(arguments: tuple[str | None, ...], text: str) -> None:
    with pytest.raises(Complaint) as complaint:
        find_endpoint(*arguments, flag="--from")
    assert text in str(complaint.value)
    assert "secret@" not in str(complaint.value)

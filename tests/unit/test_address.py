import pytest

from stator.address import is_below, is_url


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("http://a", True),
        ("https://a.example:8443/path?query", True),
        ("http://[::1]:8000/", True),
        ("ftp://a", False),
        ("file:///a", False),
        ("//a", False),
        ("a:8000", False),
        ("http://", False),
        ("http:///path", False),
        ("http://a:0", False),
        ("http://a:65536", False),
        ("http://a:b", False),
        ("http://[::1", False),
        ("", False),
    ],
)
def test_a_url_names_a_host(text: str, right: bool) -> None:
    assert is_url(text) is right


@pytest.mark.parametrize(
    ("url", "below"),
    [
        ("http://a/b", True),
        ("http://a/b/", True),
        ("http://a/b/c?d", True),
        ("http://c/", True),
        ("http://c/d", True),
        ("http://a/bc", False),
        ("http://a/", False),
        ("http://c", False),
        ("https://a/b", False),
        ("http://a/b/../c", False),
        ("http://a/b/%2E%2e/c", False),
        ("", False),
    ],
)
def test_below_a_url_is_what_follows_its_slash(url: str, below: bool) -> None:
    assert is_below(url, ("http://a/b", "http://c/")) is below
    assert not is_below(url, ())

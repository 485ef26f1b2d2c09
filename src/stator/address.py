"""URLs that people name: what is one, and which are below it. Pure."""

from collections.abc import Iterable
from urllib.parse import unquote, urlsplit


def is_url(text: str) -> bool:
    """Whether it is one of http or https that names a host."""
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def is_below(url: str, prefixes: Iterable[str]) -> bool:
    """Whether it is one of `prefixes` or what its host has below one; never by way of `..`."""
    return ".." not in unquote(url) and any(
        url == prefix or url.startswith(prefix.rstrip("/") + "/") for prefix in prefixes
    )

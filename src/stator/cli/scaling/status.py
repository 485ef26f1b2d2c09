"""The status that a URL answers with."""

import http.client
from urllib.parse import urlsplit

from stator.address import is_url


def status_of(method: str, url: str, timeout_seconds: float, body: bytes | None, headers: dict[str, str]) -> int:
    """Raises ValueError, OSError or http.client.HTTPException."""
    if not is_url(url):
        raise ValueError("it is no http or https URL")
    parts = urlsplit(url)
    kind = http.client.HTTPConnection if parts.scheme == "http" else http.client.HTTPSConnection
    connection = kind(parts.hostname or "", parts.port, timeout=timeout_seconds)
    try:
        connection.request(method, (parts.path or "/") + (f"?{parts.query}" if parts.query else ""), body, headers)
        return connection.getresponse().status
    finally:
        connection.close()

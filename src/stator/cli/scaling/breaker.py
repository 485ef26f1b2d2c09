"""The circuit breaker: a URL that says whether capacities may be changed at all."""

import base64
import http.client
import logging
from urllib.parse import unquote, urlsplit

_log = logging.getLogger(__name__)


def is_closed(url: str, timeout_ms: float, table: str, index: str | None = None) -> bool:
    """Whether the URL answers with a status from 200 to 299 in time. It is told what this is about."""
    headers = {"x-table-name": table} | ({"x-gsi-name": index} if index else {})
    try:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("it is no http or https URL")
        if parts.username is not None:
            pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            headers["authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        kind = http.client.HTTPConnection if parts.scheme == "http" else http.client.HTTPSConnection
        connection = kind(parts.hostname, parts.port, timeout=timeout_ms / 1000)
        try:
            connection.request("GET", (parts.path or "/") + (f"?{parts.query}" if parts.query else ""), headers=headers)
            status = connection.getresponse().status
        finally:
            connection.close()
    except (OSError, ValueError, http.client.HTTPException) as error:
        _log.warning("circuit breaker: %s", error)  # without its URL, which may have a password
        return False
    if not 200 <= status < 300:
        _log.warning("circuit breaker: it answered with status %d", status)
    return 200 <= status < 300

"""The circuit breaker: a URL that says whether capacities may be changed at all."""

import base64
import http.client
import logging
from urllib.parse import unquote, urlsplit

from stator.cli.scaling.status import status_of

_log = logging.getLogger(__name__)


def is_closed(url: str, timeout_ms: float, table: str, index: str | None = None) -> bool:
    """Whether the URL answers with a status from 200 to 299 in time. It is told what this is about."""
    headers = {"x-table-name": table} | ({"x-gsi-name": index} if index else {})
    try:
        parts = urlsplit(url)
        if parts.username is not None:
            pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            headers["authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        status = status_of("GET", url, timeout_ms / 1000, None, headers)
    except (OSError, ValueError, http.client.HTTPException) as error:
        _log.warning("circuit breaker: %s", error)  # without its URL, which may have a password
        return False
    if not 200 <= status < 300:
        _log.warning("circuit breaker: it answered with status %d", status)
    return 200 <= status < 300

"""Which web pages may use a server that lets everyone in.

A browser lends every page its user's way to loopback, so without a key any site one visits could read and delete what
such a server holds. Browsers name the page of each cross-origin request and of each POST, also after DNS rebinding.
"""

import re
from collections.abc import Mapping

from stator.errors import AccessDeniedException

_LOCAL = re.compile(
    rb"https?://(localhost|[a-z0-9.-]+\.localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])(:\d{1,5})?", re.IGNORECASE
)


def check_reader(headers: Mapping[bytes, bytes], *, public: bool) -> None:
    """Raises AccessDeniedException for a page from elsewhere that would read metrics, and, unless these are public,
    for whoever does not ask a loopback address by its name: that is a page after DNS rebinding, or somebody behind a
    proxy."""
    if b"origin" in headers:
        check_origin(headers[b"origin"])
    if not public and _LOCAL.fullmatch(b"http://" + headers.get(b"host", b"localhost")) is None:
        raise AccessDeniedException("Metrics are for this machine only. --public-metrics shows them to everyone.")


def check_origin(origin: bytes) -> None:
    """Raises AccessDeniedException for a page that was not served from this machine."""
    if _LOCAL.fullmatch(origin) is None:
        raise AccessDeniedException(
            "Web pages from elsewhere may not use this server while it has no access key."
            " Make one with `stator keys create`."
        )

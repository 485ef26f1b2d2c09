"""Which web pages may use a server that lets everyone in.

A browser lends every page its user's way to loopback, so without a key any site one visits could read and delete what
such a server holds. Browsers name the page of each cross-origin request and of each POST, also after DNS rebinding.
"""

import re

from stator.errors import AccessDeniedException

_LOCAL = re.compile(
    rb"https?://(localhost|[a-z0-9.-]+\.localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])(:\d{1,5})?", re.IGNORECASE
)


def check_origin(origin: bytes) -> None:
    """Raises AccessDeniedException for a page that was not served from this machine."""
    if _LOCAL.fullmatch(origin) is None:
        raise AccessDeniedException(
            "Web pages from elsewhere may not use this server while it has no access key."
            " Make one with `stator keys create`."
        )

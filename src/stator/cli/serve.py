"""`stator serve`: run until SIGTERM or SIGINT, and say plainly why it cannot."""

import errno
import ssl

from stator.assembly import serve as run
from stator.cli.complaint import Complaint
from stator.config import Settings
from stator.storage.failure import DataDirectoryInUse, StoreError


def serve(settings: Settings) -> int:
    """Returns 0 after a clean stop. Raises Complaint or ConfigurationError."""
    _check_tls_files(settings)
    try:
        return run(settings)
    except DataDirectoryInUse as error:
        raise Complaint(f"{error}. Stop it, or choose another directory with --data-dir.") from error
    except StoreError as error:
        if settings.store:
            raise Complaint(
                f"cannot use the database: {error}. Does PostgreSQL run there and let this user in?"
            ) from error
        raise Complaint(f"cannot open {settings.data_dir}: {error}") from error
    except ssl.SSLError as error:
        files = f"{settings.tls_cert} and {settings.tls_key}"
        raise Complaint(f"{files} are no certificate with its key: {error.reason or error}") from error
    except OSError as error:
        raise Complaint(explain(error, settings)) from error


def _check_tls_files(settings: Settings) -> None:
    for path in (settings.tls_cert, settings.tls_key):
        try:
            if path is not None:
                path.open("rb").close()
        except OSError as error:  # the TLS library would not say which file
            raise Complaint(f"cannot read {path}: {error.strerror}") from error


def explain(error: OSError, settings: Settings) -> str:
    """What a failure of the system means for the person who typed the command."""
    address = f"{settings.host}, port {settings.port}"
    if error.errno == errno.EADDRINUSE:
        return f"port {settings.port} of {settings.host} is taken by another program. Choose one with --port."
    if error.errno == errno.EADDRNOTAVAIL or error.errno is None or error.errno < 0:  # names that do not resolve, too
        return f"cannot listen on {address}: {error.strerror or error}. Choose an address of this machine with --host."
    if error.filename is None and error.errno in {errno.EACCES, errno.EPERM}:
        return f"not allowed to listen on {address}. Ports below 1024 need a privilege; choose another with --port."
    return f"{error.filename or address}: {error.strerror or error}"

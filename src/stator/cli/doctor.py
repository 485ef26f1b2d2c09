"""`stator doctor`: is everything in a data directory, or in a PostgreSQL database, whole?"""

from stator.cli.complaint import Complaint
from stator.config import Settings
from stator.doctor import doctor, doctor_store
from stator.storage.failure import DataDirectoryInUse, StoreError

SHOWN_MAX = 50


def examine(settings: Settings) -> int:
    """Prints what is wrong; returns 0 if nothing is, 1 otherwise. Raises Complaint where it cannot look."""
    if settings.store:
        return _examine_database(settings)
    if not settings.data_dir.is_dir():
        raise Complaint(f"there is no directory {settings.data_dir}. Name the one to check with --data-dir.")
    try:
        faults = doctor(settings.data_dir)
    except DataDirectoryInUse as error:
        raise Complaint(f"{error}. Stop the server first: a directory is checked at rest.") from error
    except StoreError as error:
        raise Complaint(f"cannot open {settings.data_dir}: {error}") from error
    return _tell(faults, str(settings.data_dir))


def _examine_database(settings: Settings) -> int:
    try:
        faults = doctor_store(settings)
    except StoreError as error:
        raise Complaint(f"cannot use the database: {error}") from error
    return _tell(faults, "the database")


def _tell(faults: list[str], place: str) -> int:
    for fault in faults[:SHOWN_MAX]:
        print(fault)
    if len(faults) > SHOWN_MAX:
        print(f"and {len(faults) - SHOWN_MAX} more")
    if faults:
        print(f"Faults: {len(faults)}. Keep a copy of {place} before anything else is written to it.")
        return 1
    print(f"{place} is whole")
    return 0

"""What SQLite's errors mean to the store."""

import apsw

from stator.storage.failure import StoreClosed, StoreError, StoreFailure

_CLOSED = (apsw.ConnectionClosedError, apsw.CursorClosedError)
_MEMBERS_OWN = (apsw.TooBigError, apsw.ConstraintError, apsw.MismatchError)
_LASTING = (apsw.IOError, apsw.CorruptError, apsw.NotADBError)


def translate(error: BaseException) -> StoreError:
    """The store's error for one of the engine's."""
    if isinstance(error, StoreError):
        return error
    if isinstance(error, _CLOSED):
        return StoreClosed("the store is closed")
    failure = StoreFailure(f"{type(error).__name__}: {error}")
    failure.__cause__ = error
    return failure


def is_members_own(error: BaseException) -> bool:
    """Whether it is the rows of one member that cannot be stored, and not the engine that cannot go on."""
    return not isinstance(error, apsw.Error) or isinstance(error, _MEMBERS_OWN)


def is_lasting(error: BaseException) -> bool:
    """Whether to write no more. After a failed sync the kernel may hold for clean what never reached the disk."""
    return isinstance(error, _LASTING)

"""What SQLite's errors mean to the store."""

import apsw

from stator.storage.failure import StoreClosed, StoreError, StoreFailure

_CLOSED = (apsw.ConnectionClosedError, apsw.CursorClosedError)
_MEMBERS_OWN = (apsw.TooBigError, apsw.ConstraintError, apsw.MismatchError)
_LASTING = (apsw.IOError, apsw.CorruptError, apsw.NotADBError)
# I/O errors that touch memory or locks alone: the index of the log cannot grow on a full disk, for one.
_PASSING = frozenset(
    (
        apsw.SQLITE_IOERR_SHMOPEN,
        apsw.SQLITE_IOERR_SHMSIZE,
        apsw.SQLITE_IOERR_SHMLOCK,
        apsw.SQLITE_IOERR_SHMMAP,
        apsw.SQLITE_IOERR_LOCK,
        apsw.SQLITE_IOERR_NOMEM,
    )
)


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
    return isinstance(error, _LASTING) and getattr(error, "extendedresult", 0) not in _PASSING


def is_full(error: BaseException) -> bool:
    """Whether room on the disk is all that was missing."""
    return isinstance(error, apsw.FullError) or getattr(error, "extendedresult", 0) == apsw.SQLITE_IOERR_SHMSIZE


class _Translated:
    """`with TRANSLATED:` raises the store's error for one of the engine's."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, apsw.Error):
            raise translate(error) from error


TRANSLATED = _Translated()

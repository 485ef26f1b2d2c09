"""What PostgreSQL's errors mean to the store."""

from stator.storage.failure import StoreFailure

# Somebody else changed a row that a decision was based on: PostgreSQL's own words for it, and those of our guards.
GUARD = "22012"  # a guard divides by zero when a row is not as it was read
UNIQUE = "23505"  # a row is there that was not
_CONFLICTS = frozenset(("40001", "40P01", "55P03", GUARD, UNIQUE))
GONE = "42P01"  # a space is a table, and its table does not exist
# The connection, or the server behind it, is of no use any more; another one may be.
_LOST = frozenset(("25006", "25P03", "53300", "57P01", "57P02", "57P03", "57P05"))
# "The transaction has already committed locally, but might not have been replicated to the standby."
UNREPLICATED = "01000"


class LinkLost(Exception):
    """The connection broke while statements were under way. They may have been done or not."""


class SqlError(Exception):
    """The server refused a statement. Nothing of its transaction is done."""

    def __init__(self, state: str, text: str, index: int) -> None:
        super().__init__(f"{text} ({state})" if state else text)
        self.state = state
        self.index = index  # of the statement in its run

    @property
    def conflict(self) -> bool:
        """Whether somebody else was in the way: again, and it may go well."""
        return self.state in _CONFLICTS

    @property
    def lost(self) -> bool:
        """Whether it takes another connection."""
        return self.state in _LOST or self.state.startswith("08")


class OutcomeUnknown(StoreFailure):
    """Whether the commit took place could not be learnt: its answer was lost, or it waits for standbys in vain."""


def failure(error: Exception) -> StoreFailure:
    """The store's error for one of the engine's."""
    if isinstance(error, StoreFailure):
        return error
    made = StoreFailure(f"PostgreSQL: {error}")
    made.__cause__ = error
    return made

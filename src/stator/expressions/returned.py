"""What UpdateItem returns for UPDATED_OLD and UPDATED_NEW: the touched paths, before or after."""

from stator.expressions import tree
from stator.expressions.project import project
from stator.values.attribute import Item


def targets(update: tree.Update) -> tuple[tree.Path, ...]:
    """Every path the update writes or clears, in the order SET, REMOVE, ADD, DELETE."""
    return (
        *(assignment.path for assignment in update.sets),
        *update.removes,
        *(operation.path for operation in update.adds),
        *(operation.path for operation in update.deletes),
    )


def updated(update: tree.Update, item: Item | None) -> Item | None:
    """The targets of `update` as they are in `item`; None (no `Attributes` in the answer) when none is there.

    Given the old item it is UPDATED_OLD, given the new one UPDATED_NEW. Paths are read literally in both, which gives
    the service's oddities: after `REMOVE a[1]` the new answer shows the element that moved into its place, and an
    element appended by `SET a[100]` is not shown.
    """
    if item is None:
        return None
    return project(targets(update), item) or None

"""What a background duty may use."""

from collections.abc import Callable
from dataclasses import dataclass

from stator.clock import Clock
from stator.storage.store import Store
from stator.tables.catalog import Catalog


def _none() -> int:
    return 0


@dataclass(frozen=True, slots=True)
class Parts:
    catalog: Catalog
    store: Store
    clock: Clock
    replies: Callable[[], int] = _none  # how many requests have been answered

"""What a background duty may use."""

from dataclasses import dataclass

from stator.clock import Clock
from stator.storage.store import Store
from stator.tables.catalog import Catalog


@dataclass(frozen=True, slots=True)
class Parts:
    catalog: Catalog
    store: Store
    clock: Clock

"""Which engines there are: a store opened as the settings say."""

from stator.config import ConfigurationError, Settings
from stator.metrics.metric import STANDBY_LAG, Figure
from stator.storage.node import Nodes
from stator.storage.sqlite.engine import SqliteStore
from stator.storage.sqlite.nodes import EmbeddedNodes
from stator.storage.store import Store


async def open_store(settings: Settings, router: str = "") -> Store:
    """The store that the settings name. `router` is what others may call this process by, to cut it off.

    Raises ConfigurationError or a StoreError.
    """
    if not settings.store:
        return SqliteStore.open(None if settings.in_memory else settings.data_dir)
    # It brings libpq, which takes a while to load.
    from stator.storage.postgres.engine import Limits, PostgresStore
    from stator.storage.postgres.location import BadLocation, Location

    name = "store"
    try:
        location = Location.parse(settings.store, read_write=True)
        name = "read_store"
        standbys = Location.parse(settings.read_store, read_write=False) if settings.read_store else None
    except BadLocation as error:
        raise ConfigurationError(f"{name} {error}") from None
    limits = Limits(settings.store_connections)
    return await PostgresStore.open(location.named(router), standbys, limits)


def nodes_of(settings: Settings) -> Nodes:
    """What the store that the settings name runs on."""
    if not settings.store:
        return EmbeddedNodes(None if settings.in_memory else settings.data_dir)
    from stator.storage.postgres.location import Location
    from stator.storage.postgres.nodes import PostgresNodes

    standbys = Location.parse(settings.read_store, read_write=False) if settings.read_store else None
    return PostgresNodes(Location.parse(settings.store, read_write=True), standbys)


def figures(store: Store) -> list[Figure]:
    """What an engine has to tell of itself."""
    lag_seconds = getattr(store, "lag_seconds", None)
    return [] if lag_seconds is None else [Figure(STANDBY_LAG, (), lag_seconds)]

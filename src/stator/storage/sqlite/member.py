"""Who waits for a group of writes."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import apsw
from msgspec import Struct

from stator.storage.store import Decide, Key


class Member(Struct, frozen=True):
    """A `transact` that waits for its group."""

    keys: Sequence[Key]
    decide: Decide
    future: "asyncio.Future[Any]"


class Task(Struct, frozen=True):
    """A write of the engine's own that goes with a group: `apply` runs inside, `then` once it is durable."""

    apply: Callable[[apsw.Cursor], Any]
    then: Callable[[Any], None]
    future: "asyncio.Future[Any]"

"""Objects in memory, for servers that forget everything: the same for all who name them in one process."""

import time
from collections.abc import AsyncIterator, Sequence

from stator.archive.places.failure import Exists, Missing
from stator.archive.places.found import Found

_NAMED: dict[str, "Memory"] = {}


class Memory:
    def __init__(self, name: str) -> None:
        self._name = name
        self._objects: dict[str, tuple[bytes, float]] = {}

    @classmethod
    def named(cls, name: str) -> "Memory":
        """The objects of that name; none at first."""
        return _NAMED.setdefault(name, cls(name))

    async def there(self) -> bool:
        return True

    async def try_out(self, folder: str) -> None:
        pass

    async def put(self, path: str, body: bytes, *, if_absent: bool, lasting: bool) -> None:
        if if_absent and path in self._objects:
            raise Exists(f"memory://{self._name}/{path} exists already")
        self._objects[path] = bytes(body), time.time()

    async def settle(self, paths: Sequence[str]) -> None:
        pass

    async def get(self, path: str) -> bytes:
        found = self._objects.get(path)
        if found is None:
            raise Missing(f"there is no memory://{self._name}/{path}")
        return found[0]

    async def stream(self, path: str, start: int) -> AsyncIterator[bytes]:
        yield (await self.get(path))[start:]

    async def list(self, folder: str) -> list[Found]:
        below = f"{folder}/" if folder else ""
        return [
            Found(path, len(body), modified)
            for path, (body, modified) in self._objects.items()
            if path.startswith(below)
        ]

    async def delete(self, path: str) -> None:
        self._objects.pop(path, None)

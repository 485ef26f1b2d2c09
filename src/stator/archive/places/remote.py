"""Objects in a bucket of Amazon S3 or what is compatible with it, Google Cloud Storage or Azure, through obstore.

obstore is imported where a URL names such a store and nowhere else: it starts threads of its own.
"""

import contextlib
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from stator.archive.places.failure import ArchiveError, Denied, Exists, Missing, Unreachable
from stator.archive.places.found import Found

if TYPE_CHECKING:
    from obstore.store import ObjectStore

SCHEMES = ("s3", "gs", "az")

_LISTED_AT_ONCE = 500
_STREAM_BYTES = 1 << 20
_BUCKET_GONE = re.compile(
    "NoSuchBucket|ContainerNotFound|specified bucket does not exist|list request: .* 404 Not Found", re.DOTALL
)


class Remote:
    """The objects of one bucket. `url` is for messages."""

    def __init__(self, store: "ObjectStore", url: str) -> None:
        self._store = store
        self._url = url

    @classmethod
    def open(cls, scheme: str, bucket: str, options: dict[str, str], url: str) -> "Remote":
        """Raises ArchiveError for options that the store does not know."""
        from obstore.exceptions import BaseError
        from obstore.store import AzureStore, GCSStore, S3Store

        made: Any = {"s3": S3Store, "gs": GCSStore, "az": AzureStore}[scheme]
        endpoint = options.get("endpoint") or options.get("base_url") or ""
        client = {"allow_http": endpoint.startswith("http://"), "connect_timeout": "5s", "timeout": "60s"}
        retries = {"max_retries": 3, "retry_timeout": timedelta(seconds=30)}
        try:
            return cls(made(bucket, client_options=client, retry_config=retries, **options), url)
        except (BaseError, TypeError, ValueError) as error:
            raise ArchiveError(f"{url}: {_first_line(error)}") from error

    async def there(self) -> bool:
        try:
            with self._translated(""):
                async for _ in self._store.list(chunk_size=1):
                    break
        except Missing:
            return False
        return True

    async def try_out(self, folder: str) -> None:
        path = f"{folder}.stator-{uuid4().hex}"
        await self.put(path, b"?", if_absent=False, lasting=False)
        await self.delete(path)

    async def put(self, path: str, body: bytes, *, if_absent: bool, lasting: bool) -> None:
        from obstore.exceptions import NotSupportedError

        with self._translated(path):
            if if_absent:
                try:
                    await self._store.put_async(path, body, mode="create")
                    return
                except NotSupportedError:  # some who are compatible are so but for conditional writes
                    with contextlib.suppress(FileNotFoundError):
                        await self._store.head_async(path)
                        raise Exists(f"{self._url}: {path} exists already") from None
            await self._store.put_async(path, body, use_multipart=False)

    async def settle(self, paths: Sequence[str]) -> None:
        pass

    async def get(self, path: str) -> bytes:
        with self._translated(path):
            found = await self._store.get_async(path)
            return (await found.bytes_async()).to_bytes()

    async def stream(self, path: str, start: int) -> AsyncIterator[bytes]:
        with self._translated(path):
            if start:
                found = await self._store.get_async(path, options={"range": {"offset": start}})
            else:
                found = await self._store.get_async(path)
            async for block in found.stream(_STREAM_BYTES):
                yield bytes(block)

    async def list(self, folder: str) -> list[Found]:
        listed: list[Found] = []
        with self._translated(folder):
            async for some in self._store.list(folder or None, chunk_size=_LISTED_AT_ONCE):
                listed += [Found(one["path"], one["size"], one["last_modified"].timestamp()) for one in some]
        return listed

    async def delete(self, path: str) -> None:
        with contextlib.suppress(Missing), self._translated(path):
            await self._store.delete_async(path)

    @contextlib.contextmanager
    def _translated(self, path: str) -> Iterator[None]:
        from obstore.exceptions import (
            AlreadyExistsError,
            BaseError,
            PermissionDeniedError,
            PreconditionError,
            UnauthenticatedError,
        )

        place = f"{self._url}: {path}" if path else self._url
        try:
            yield
        except (AlreadyExistsError, PreconditionError) as error:
            raise Exists(f"{place} exists already") from error
        except (BaseError, OSError, ValueError) as error:
            if _BUCKET_GONE.search(str(error)):
                if not path:
                    raise Missing(f"there is no bucket for {self._url}") from error
                raise Unreachable(f"there is no bucket for {self._url}; make it, or name another") from error
            if isinstance(error, FileNotFoundError):
                raise Missing(f"there is no {path} in {self._url}") from error
            if isinstance(error, PermissionDeniedError | UnauthenticatedError):
                raise Denied(f"{place}: the keys that were given may not do this: {_first_line(error)}") from error
            raise Unreachable(f"{place}: {_first_line(error)}") from error


def _first_line(error: BaseException) -> str:
    """What went wrong. Queries of URLs may hold signatures, so they go."""
    line = (str(error).splitlines() or [type(error).__name__])[0]
    return re.sub(r"\?\S+", "", line)[:300]

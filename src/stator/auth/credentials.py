"""Access keys, and who stands behind them."""

from collections.abc import Iterable
from typing import NamedTuple

ANONYMOUS_ACCOUNT = "123456789012"
"""Account of an access key nobody made, when it is not itself an account number."""


class Credential(NamedTuple):
    access_key: str
    secret: str
    account: str  # 12 digits

    def __repr__(self) -> str:
        return f"Credential(access_key={self.access_key!r}, secret=..., account={self.account!r})"


class Caller(NamedTuple):
    """Who a verified request comes from, and the region its signature is scoped to."""

    account: str
    region: str
    access_key: str


class Credentials:
    """The access keys the server knows.

    With `anyone`, and only until the first key is made, every well-formed credential is let in unverified. Assembly
    grants that to loopback binds (and to an operator who insists). Revoking the last key does not open the door again.
    """

    __slots__ = ("_account", "_anyone", "_known")

    def __init__(
        self, known: Iterable[Credential] = (), *, anyone: bool = False, account: str = ANONYMOUS_ACCOUNT
    ) -> None:
        self._account = account
        self._known = {credential.access_key: credential for credential in known}
        self._anyone = anyone and not self._known

    @property
    def open(self) -> bool:
        """Whether signatures go unverified."""
        return self._anyone

    def find(self, access_key: str) -> Credential | None:
        return self._known.get(access_key)

    def replace(self, known: Iterable[Credential]) -> None:
        """Take a new set of keys; a key that is gone or changed stops working with the next request."""
        fresh = {credential.access_key: credential for credential in known}
        for access_key, old in self._known.items():
            if fresh.get(access_key) == old:
                fresh[access_key] = old  # verifiers recognise a key by identity, so an unchanged one stays itself
        self._known = fresh
        self._anyone = self._anyone and not fresh

    def anonymous_account(self, access_key: str) -> str:
        """The account of an unverified access key: the key itself when it is 12 digits, or one for all others."""
        if len(access_key) == 12 and access_key.isascii() and access_key.isdigit():
            return access_key
        return self._account

"""Signature Version 4, checked: in the Authorization header or in the query string.

The order of complaints and their words are the service's: [dynalite] index.js and the facts, section 1.6. The happy
path is one dictionary look-up for everything a client repeats all day (key, scope, names of signed headers), two hashes
and one HMAC from precomputed states: `hmac.digest` costs twice as much, because it hashes both pads anew each time.
"""

import hmac
import re
from collections.abc import Callable, Sequence
from hashlib import sha256
from operator import itemgetter
from typing import NamedTuple
from urllib.parse import parse_qsl, quote

from stator.auth.credentials import Caller, Credential, Credentials
from stator.auth.moment import basic_format, from_date_header, seconds_of
from stator.errors import (
    IncompleteSignatureException,
    InvalidSignatureException,
    MissingAuthenticationTokenException,
    UnrecognizedClientException,
)
from stator.limits import DAY_SECONDS

SKEW_SECONDS_MAX = 15 * 60
SERVICE = "dynamodb"  # of what is answered at `POST /`
ALGORITHM = "AWS4-HMAC-SHA256"

_MISMATCH = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key"
    " and signing method. Consult the service documentation for details."
)
_PASSES_MAX = 4096
_KEYS_MAX = 1024
_PASS_BYTES_MAX = 2048
_EXPIRES_SECONDS_MAX = 7 * DAY_SECONDS
_REGION = re.compile(r"[A-Za-z0-9-]{1,64}")
_HEADER_PARTS = ("Credential", "Signature", "SignedHeaders")
_QUERY_PARTS = ("X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature", "X-Amz-SignedHeaders", "X-Amz-Date")
_ROOT = b"POST\n/\n"
_TRANSLATE_INNER = bytes(x ^ 0x36 for x in range(256))
_TRANSLATE_OUTER = bytes(x ^ 0x5C for x in range(256))

Headers = dict[bytes, bytes]
"""By name in lower case; the values of a repeated header are joined with a comma."""


class SigningKey:
    """A day's key for one credential, region and service, as the two hash states every HMAC with it begins from."""

    __slots__ = ("_inner", "_outer")

    def __init__(self, secret: str, date: str, region: str, service: str) -> None:
        key = b"AWS4" + secret.encode()
        for part in (date, region, service, "aws4_request"):
            key = hmac.digest(key, part.encode(), "sha256")
        pad = key.ljust(64, b"\0")
        self._inner = sha256(pad.translate(_TRANSLATE_INNER))
        self._outer = sha256(pad.translate(_TRANSLATE_OUTER))

    def sign(self, text: bytes) -> str:
        inner = self._inner.copy()
        inner.update(text)
        outer = self._outer.copy()
        outer.update(inner.digest())
        return outer.hexdigest()


class Claim(NamedTuple):
    """What a request says of its own signature, before any of it is believed."""

    algorithm: str
    credential: str
    signature: str
    signed_headers: str
    date: bytes
    expires_seconds: int | None  # of a signature in the query string


class Place(NamedTuple):
    """Where a request goes that is no `POST /`. `path` is as sent, without the query."""

    method: bytes
    path: bytes
    service: str

    @property
    def canonical(self) -> bytes:
        """The first lines of the canonical request. Services other than S3 encode the path once more."""
        return b"%b\n%b\n" % (self.method, quote(self.path, safe="/-_.~").encode())


class Pass:
    """A claim found in order, kept for the next request of the same client on the same day."""

    __slots__ = ("_request", "_text", "_values", "caller", "credential", "day", "key")

    def __init__(
        self,
        caller: Caller,
        scope: str,
        names: str,
        credential: Credential | None,
        key: SigningKey | None,
        *,
        place: bytes = _ROOT,
    ) -> None:
        self.caller = caller
        self.credential = credential  # None: let in unverified
        self.day = scope[:8].encode()
        self.key = key
        listed = names.encode("latin-1", "replace")
        signed = listed.split(b";")
        self._values = _values_of(signed)
        # The canonical request and the string to sign as formats, so that a request costs one formatting of each.
        lines = [place.replace(b"%", b"%%") + b"%b", *(name.replace(b"%", b"%%") + b":%b" for name in signed)]
        self._request = b"\n".join(lines) + b"\n\n" + listed.replace(b"%", b"%%") + b"\n%b"
        self._text = b"AWS4-HMAC-SHA256\n%b\n" + scope.encode().replace(b"%", b"%%") + b"\n%b"

    def proves(self, signature: bytes, date: bytes, headers: Headers, query: bytes, body: bytes) -> bool:
        """Whether the signature is right for a request to the place that this pass is for."""
        if self.key is None:
            return False
        try:
            values = self._values(headers)
        except KeyError:
            return False
        hashed = sha256(body).hexdigest().encode()
        canonical = self._request % (query, *values, hashed)
        if b"  " in canonical or b"\t" in canonical:  # runs of blanks within values count as one
            canonical = self._request % (query, *(b" ".join(value.split()) for value in values), hashed)
        text = self._text % (date, sha256(canonical).hexdigest().encode())
        return hmac.compare_digest(self.key.sign(text).encode(), signature)


def _values_of(names: Sequence[bytes]) -> Callable[[Headers], tuple[bytes, ...]]:
    """What takes the values of these headers out of all; it raises KeyError where one is missing."""
    if len(names) > 1:
        return itemgetter(*names)
    return lambda headers: (headers[names[0]],)


class Verifier:
    """Answers who sent a request, or raises the authentication errors in the service's order."""

    __slots__ = ("_credentials", "_keys", "_passes")

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials
        self._keys: dict[tuple[Credential, str], SigningKey] = {}  # a wrong signature is not to cost four more HMACs
        self._passes: dict[bytes, Pass] = {}  # by the Authorization header up to the signature itself

    def check(self, headers: Headers, query: bytes, body: bytes, now: float) -> Caller:
        """Verify a `POST /`; `query` is the text after `?`, `body` the bytes as sent, `now` seconds since the epoch."""
        header = headers.get(b"authorization")
        if header is not None and not query:
            known = self._passes.get(header[:-64])
            if known is not None:
                date = headers.get(b"x-amz-date")
                if known.credential is None:
                    if self._credentials.open and (date is not None or b"date" in headers):
                        return known.caller
                elif date is not None and known.credential is self._credentials.find(known.caller.access_key):
                    seconds = seconds_of(date) if date[:8] == known.day else None
                    in_time = seconds is not None and -SKEW_SECONDS_MAX <= seconds - now <= SKEW_SECONDS_MAX
                    if in_time:
                        if known.proves(header[-64:], date, headers, b"", body):
                            return known.caller
                        raise InvalidSignatureException(_MISMATCH)  # all else about it was found in order before
        return self._examine(headers, query, body, now)

    def check_path(self, place: Place, headers: Headers, query: bytes, body: bytes, now: float) -> Caller:
        """Verify a request to another place than `POST /`, from the beginning each time."""
        return self._examine(headers, query, body, now, place=place)

    def _examine(
        self, headers: Headers, query: bytes, body: bytes, now: float, *, place: Place | None = None
    ) -> Caller:
        header = headers.get(b"authorization")
        fields = parse_qsl(query.decode("latin-1"), keep_blank_values=True, encoding="utf-8") if query else []
        asked = dict(fields)
        if header and "X-Amz-Algorithm" in asked:
            raise InvalidSignatureException(
                "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header."
            )
        if header:
            claim = _claim_of_header(header, headers)
        elif "X-Amz-Algorithm" in asked:
            claim = _claim_of_query(asked)
        else:
            raise MissingAuthenticationTokenException("Request is missing Authentication Token")
        is_open = self._credentials.open
        if not is_open:
            _check_date(claim, now)
        _check_form(claim, is_open, SERVICE if place is None else place.service)
        access_key, scope = claim.credential.rstrip("/").split("/", 1)
        region = scope.split("/")[1]
        if is_open:
            caller = Caller(self._credentials.anonymous_account(access_key), region, access_key)
            found = Pass(caller, scope, claim.signed_headers, None, None)
        else:
            credential = self._credentials.find(access_key)
            if credential is None:
                raise UnrecognizedClientException("The security token included in the request is invalid.")
            caller = Caller(credential.account, region, access_key)
            line = _ROOT if place is None else place.canonical
            key = self._key(credential, scope)
            found = Pass(caller, scope, claim.signed_headers, credential, key, place=line)
            signature = claim.signature.encode("latin-1", "replace")
            if not found.proves(signature, claim.date, headers, _canonical_query(fields), body):
                raise InvalidSignatureException(_MISMATCH)
        # Only the form that every SDK sends is remembered, and of known keys only what proved true.
        if (
            place is None
            and header
            and header.endswith(b"Signature=" + claim.signature.encode("latin-1"))
            and len(claim.signature) == 64
        ):
            self._remember(header[:-64], found)
        return found.caller

    def _key(self, credential: Credential, scope: str) -> SigningKey:
        key = self._keys.get((credential, scope))
        if key is None:
            if len(self._keys) >= _KEYS_MAX:
                self._keys.clear()
            key = self._keys[credential, scope] = SigningKey(credential.secret, *scope.split("/")[:3])
        return key

    def _remember(self, prefix: bytes, found: Pass) -> None:
        if len(prefix) > _PASS_BYTES_MAX:
            return
        if len(self._passes) >= _PASSES_MAX:
            self._passes.clear()
        self._passes[prefix] = found


def _claim_of_header(header: bytes, headers: Headers) -> Claim:
    text = header.decode("latin-1").strip()
    if not text.startswith("AWS4-"):
        raise MissingAuthenticationTokenException("Request is missing Authentication Token")
    algorithm, *words = re.split("[, ]", text)
    parts = {}
    for word in words:
        name, _, value = word.partition("=")
        parts[name] = value
    missing = [part for part in _HEADER_PARTS if not parts.get(part)]
    complaints = [f"Authorization header requires '{part}' parameter. " for part in missing]
    date = headers.get(b"x-amz-date") or from_date_header(headers.get(b"date", b""))
    if not date:
        complaints.append("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ")
    if complaints:
        raise IncompleteSignatureException("".join(complaints) + f"Authorization={text}")
    return Claim(algorithm, parts["Credential"], parts["Signature"], parts["SignedHeaders"], date, None)


def _claim_of_query(asked: dict[str, str]) -> Claim:
    missing = [part for part in _QUERY_PARTS if not asked.get(part)]
    complaints = [f"AWS query-string parameters must include '{part}'. " for part in missing]
    if complaints:
        raise IncompleteSignatureException("".join(complaints) + "Re-examine the query-string parameters.")
    algorithm, credential, signature, names, date = (asked[part] for part in _QUERY_PARTS)
    expires = asked.get("X-Amz-Expires", "")
    seconds = min(int(expires), _EXPIRES_SECONDS_MAX) if expires.isdecimal() and len(expires) < 9 else None
    return Claim(algorithm, credential, signature, names, date.encode("latin-1", "replace"), seconds)


def _check_date(claim: Claim, now: float) -> None:
    stated = claim.date.decode("latin-1")
    seconds = seconds_of(claim.date)
    if seconds is None:
        raise IncompleteSignatureException(
            f"Date must be in ISO-8601 'basic format'. Got '{stated}'. See http://en.wikipedia.org/wiki/ISO_8601"
        )
    if claim.expires_seconds is not None and now > seconds + claim.expires_seconds:
        raise InvalidSignatureException(
            f"Signature expired: {stated} is now earlier than {basic_format(now - claim.expires_seconds)}"
            f" ({basic_format(now)} - {claim.expires_seconds} sec.)"
        )
    if claim.expires_seconds is None and now - seconds > SKEW_SECONDS_MAX:
        raise InvalidSignatureException(
            f"Signature expired: {stated} is now earlier than {basic_format(now - SKEW_SECONDS_MAX)}"
            f" ({basic_format(now)} - 15 min.)"
        )
    if seconds - now > SKEW_SECONDS_MAX:
        raise InvalidSignatureException(
            f"Signature not yet current: {stated} is still later than {basic_format(now + SKEW_SECONDS_MAX)}"
            f" ({basic_format(now)} + 15 min.)"
        )


def _check_form(claim: Claim, is_open: bool, wanted: str) -> None:
    """Signed headers, algorithm and scope. An open server minds no dates: its clients may run on frozen clocks."""
    if not is_open and "host" not in claim.signed_headers.lower().split(";"):
        raise InvalidSignatureException("'Host' must be a 'SignedHeader' in the AWS Authorization.")
    if claim.algorithm != ALGORITHM:
        raise IncompleteSignatureException(
            f"Unsupported AWS 'algorithm': '{claim.algorithm}' (only {ALGORITHM} for now). "
        )
    pieces = claim.credential.rstrip("/").split("/")
    if len(pieces) != 5:
        raise IncompleteSignatureException(
            "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term,"
            f" got '{claim.credential}'"
        )
    _, day, region, service, terminator = pieces
    complaints = []
    if not _REGION.fullmatch(region):
        complaints.append(f"Credential should be scoped to a valid region, not '{region}'. ")
    if service != wanted:
        complaints.append(f"Credential should be scoped to correct service: '{wanted}'. ")
    if terminator != "aws4_request":
        complaints.append(f"Credential should be scoped with a valid terminator: 'aws4_request', not '{terminator}'. ")
    stated = claim.date.decode("latin-1")
    if not is_open and day != stated[:8]:
        complaints.append(
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP:"
            f" '{day}' != '{stated[:8]}', from '{stated}'."
        )
    if complaints:
        raise InvalidSignatureException("".join(complaints))


def _canonical_query(fields: list[tuple[str, str]]) -> bytes:
    kept = [(name, value) for name, value in fields if name != "X-Amz-Signature"]
    encoded = sorted((quote(name, safe="-_.~"), quote(value, safe="-_.~")) for name, value in kept)
    return "&".join(f"{name}={value}" for name, value in encoded).encode()

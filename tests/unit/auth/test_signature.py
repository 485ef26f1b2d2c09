"""Signatures, with botocore's own signers as the judge."""

import calendar
import time
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials
from hypothesis import given
from hypothesis import strategies as st

from stator.auth.credentials import Caller, Credential, Credentials
from stator.auth.signature import Verifier
from stator.errors import (
    IncompleteSignatureException,
    InvalidSignatureException,
    MissingAuthenticationTokenException,
    UnrecognizedClientException,
    WireError,
)

KEY = Credential("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "123456789012")
CALLER = Caller("123456789012", "eu-west-1", "AKIDEXAMPLE")
BODY = b'{"TableName":"t"}'
MISMATCH = "The request signature we calculated does not match the signature you provided."
Signed = tuple[dict[bytes, bytes], bytes]


def verifier(*known: Credential, anyone: bool = False) -> Verifier:
    return Verifier(Credentials(known or (() if anyone else (KEY,)), anyone=anyone))


def signed(  # a request as botocore signs it now: headers as the server sees them, and the query
    *,
    body: bytes = BODY,
    signer: Any = SigV4Auth,
    key: Credential = KEY,
    query: str = "",
    token: str | None = None,
    headers: dict[str, str] | None = None,
) -> Signed:
    request = AWSRequest(
        "POST",
        "http://localhost:8000/" + query,
        data=body,
        headers={"Host": "localhost:8000", "X-Amz-Target": "DynamoDB_20120810.GetItem"} | (headers or {}),
    )
    signer(BotocoreCredentials(key.access_key, key.secret, token), "dynamodb", "eu-west-1").add_auth(request)
    seen = {name.lower().encode(): value.encode("latin-1") for name, value in request.headers.items()}
    return seen, urlsplit(request.url).query.encode()


def check(request: Signed, body: bytes = BODY, by: Verifier | None = None, now: float | None = None) -> Caller:
    headers, query = request
    return (by or verifier()).check(headers, query, body, time.time() if now is None else now)


def change(request: Signed, name: str, old: str, new: str) -> Signed:
    headers, query = request
    value = headers[name.encode()]
    assert old.encode() in value
    return headers | {name.encode(): value.replace(old.encode(), new.encode())}, query


def signing_time(request: Signed) -> int:
    return calendar.timegm(time.strptime(request[0][b"x-amz-date"].decode(), "%Y%m%dT%H%M%SZ"))


@pytest.mark.parametrize(
    "wishes",
    [
        {},
        {"body": b""},
        {"body": bytes(range(256)) * 100},
        {"token": "session/token+=="},
        {"headers": {"Content-Type": "application/x-amz-json-1.0"}},
        {"headers": {"X-Amz-Meta": "  a   lot\t of    blanks  "}},
        {"query": "?b=2&a=1&a=0&empty=&space=%20x"},
        {"signer": SigV4QueryAuth, "body": b""},
        {"signer": SigV4QueryAuth, "body": b"", "token": "session/token+=="},
    ],
)
def test_what_botocore_signs_is_verified_first_and_again(wishes: dict[str, Any]) -> None:
    request = signed(**wishes)
    body = wishes.get("body", BODY)
    one = verifier()
    assert [check(request, body, one) for _ in range(3)] == [CALLER] * 3


@given(body=st.binary(max_size=200), meta=st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=30))
def test_any_body_and_header(body: bytes, meta: str) -> None:
    assert check(signed(body=body, headers={"X-Amz-Meta": meta}), body) == CALLER


@pytest.mark.parametrize("known_before", [False, True])
@pytest.mark.parametrize("signer", [SigV4Auth, SigV4QueryAuth])
def test_a_changed_request_is_refused(signer: Any, known_before: bool) -> None:
    body = BODY if signer is SigV4Auth else b""  # botocore moves a body into the query
    request = signed(signer=signer, body=body)
    one = verifier()
    if known_before:
        check(request, body, one)
    with pytest.raises(InvalidSignatureException, match=MISMATCH):
        check(request, body + b" ", one)
    with pytest.raises(InvalidSignatureException, match=MISMATCH):
        check((request[0] | {b"host": b"elsewhere"}, request[1]), body, one)
    if signer is SigV4Auth:
        for name, old, new in (("x-amz-target", "GetItem", "PutItem"), ("authorization", "Signature=", "Signature=0")):
            with pytest.raises(InvalidSignatureException, match=MISMATCH):
                check(change(request, name, old, new), by=one)
        with pytest.raises(InvalidSignatureException, match=MISMATCH):
            check((request[0], b"added=1"), by=one)
        missing = {name: value for name, value in request[0].items() if name != b"x-amz-target"}
        with pytest.raises(InvalidSignatureException, match=MISMATCH):
            check((missing, b""), by=one)


def test_a_payload_said_to_be_unsigned_is_still_hashed() -> None:
    with pytest.raises(InvalidSignatureException, match=MISMATCH):
        check(signed(headers={"X-Amz-Content-SHA256": "UNSIGNED-PAYLOAD"}), b"another body")


def test_a_wrong_secret_and_an_unknown_key() -> None:
    with pytest.raises(InvalidSignatureException) as caught:
        check(signed(key=KEY._replace(secret="wrong")))
    assert caught.value.message == MISMATCH + (
        " Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
    )
    with pytest.raises(UnrecognizedClientException) as unknown:
        check(signed(key=KEY._replace(access_key="AKIDOTHER")))
    assert unknown.value.message == "The security token included in the request is invalid."


def test_a_revoked_or_changed_key_stops_at_once() -> None:
    credentials = Credentials([KEY])
    one = Verifier(credentials)
    request = signed()
    assert check(request, by=one) == CALLER
    credentials.replace([Credential(*KEY)])
    assert check(request, by=one) == CALLER
    credentials.replace([KEY._replace(secret="changed")])
    with pytest.raises(InvalidSignatureException, match=MISMATCH):
        check(request, by=one)
    credentials.replace([KEY._replace(access_key="AKIDOTHER")])
    with pytest.raises(UnrecognizedClientException):
        check(request, by=one)


@pytest.mark.parametrize("known_before", [False, True])
def test_clock_skew(known_before: bool) -> None:
    request = signed()
    at = signing_time(request)
    stated = request[0][b"x-amz-date"].decode()

    def basic(seconds: float) -> str:
        return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(seconds))

    one = verifier()
    if known_before:
        check(request, by=one)
    assert check(request, by=one, now=at + 900) == check(request, by=one, now=at - 900) == CALLER
    with pytest.raises(InvalidSignatureException) as expired:
        check(request, by=one, now=at + 901)
    assert expired.value.message == (
        f"Signature expired: {stated} is now earlier than {basic(at + 1)} ({basic(at + 901)} - 15 min.)"
    )
    with pytest.raises(InvalidSignatureException) as early:
        check(request, by=one, now=at - 901)
    assert early.value.message == (
        f"Signature not yet current: {stated} is still later than {basic(at - 1)} ({basic(at - 901)} + 15 min.)"
    )


def test_a_query_signature_lasts_as_long_as_it_says() -> None:
    request = signed(signer=SigV4QueryAuth, body=b"")  # X-Amz-Expires=3600
    now = time.time()
    assert check(request, b"", now=now + 3000) == CALLER
    with pytest.raises(InvalidSignatureException, match="Signature expired: "):
        check(request, b"", now=now + 3700)


GOOD_DATE = {"x-amz-date": "20261121T013000Z"}
SCOPE = "20261121/us-east-1/dynamodb/aws4_request"
NOW = calendar.timegm((2026, 11, 21, 1, 30, 0))
NO_DATE = "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. "
MUST = "AWS query-string parameters must include '{}'. "
BOTH = "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header."
NO_TOKEN = "Request is missing Authentication Token"


def header(credential: str = f"AKIDEXAMPLE/{SCOPE}", names: str = "host", algorithm: str = "AWS4-HMAC-SHA256") -> str:
    return f"{algorithm} Credential={credential}, SignedHeaders={names}, Signature={'0' * 64}"


def needs(*parts: str) -> str:
    return "".join(f"Authorization header requires '{part}' parameter. " for part in parts)


COMPLAINTS: list[tuple[dict[str, str], str, type[WireError], str]] = [
    ({"authorization": "X"}, "X-Amz-Algorithm", InvalidSignatureException, BOTH),
    ({"authorization": header()}, "a=b&X-Amz-Algorithm=c", InvalidSignatureException, BOTH),
    ({}, "", MissingAuthenticationTokenException, NO_TOKEN),
    ({"authorization": ""}, "", MissingAuthenticationTokenException, NO_TOKEN),
    ({"authorization": "AWS4"}, "", MissingAuthenticationTokenException, NO_TOKEN),
    ({"authorization": "Basic abc"}, "", MissingAuthenticationTokenException, NO_TOKEN),
    ({"authorization": "X"}, "X-Amz-Algorith", MissingAuthenticationTokenException, NO_TOKEN),
    ({}, "X-Amz-Credential=a&X-Amz-Signature=b", MissingAuthenticationTokenException, NO_TOKEN),
    (
        {"authorization": "AWS4-"},
        "",
        IncompleteSignatureException,
        needs("Credential", "Signature", "SignedHeaders") + NO_DATE + "Authorization=AWS4-",
    ),
    *(
        (
            {"authorization": text, "date": "a"},
            "",
            IncompleteSignatureException,
            needs("SignedHeaders") + "Authorization=" + text,
        )
        for text in (
            "AWS4- Signature=b Credential=a",
            "AWS4- Signature=b,Credential=a",
            "AWS4- Signature=b, Credential=a",
            "AWS4- Signature=b, Credential=a, SignedHeaders=",
        )
    ),
    (
        {},
        "X-Amz-Algorithm",
        IncompleteSignatureException,
        "".join(
            MUST.format(f"X-Amz-{part}") for part in ("Algorithm", "Credential", "Signature", "SignedHeaders", "Date")
        )
        + "Re-examine the query-string parameters.",
    ),
    (
        {},
        "X-Amz-Algorithm=a&X-Amz-Credential=b&X-Amz-Signature=c&X-Amz-SignedHeaders=&X-Amz-Date=d",
        IncompleteSignatureException,
        MUST.format("X-Amz-SignedHeaders") + "Re-examine the query-string parameters.",
    ),
    (
        {"authorization": header("a", "x", "AWS4-X"), "x-amz-date": "201"},
        "",
        IncompleteSignatureException,
        "Date must be in ISO-8601 'basic format'. Got '201'. See http://en.wikipedia.org/wiki/ISO_8601",
    ),
    (
        {"authorization": header("a", "x", "AWS4-X"), "x-amz-date": "20261121T010000Z"},
        "",
        InvalidSignatureException,
        "Signature expired: 20261121T010000Z is now earlier than 20261121T011500Z (20261121T013000Z - 15 min.)",
    ),
    (
        {"authorization": header("a", "x", "AWS4-X")} | GOOD_DATE,
        "",
        InvalidSignatureException,
        "'Host' must be a 'SignedHeader' in the AWS Authorization.",
    ),
    (
        {"authorization": header("a", algorithm="AWS4-HMAC-SHA25")} | GOOD_DATE,
        "",
        IncompleteSignatureException,
        "Unsupported AWS 'algorithm': 'AWS4-HMAC-SHA25' (only AWS4-HMAC-SHA256 for now). ",
    ),
    (
        {"authorization": header("a/b/c/d")} | GOOD_DATE,
        "",
        IncompleteSignatureException,
        "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got 'a/b/c/d'",
    ),
    (
        {"authorization": header("a/b/c_c/d/e")} | GOOD_DATE,
        "",
        InvalidSignatureException,
        (
            "Credential should be scoped to a valid region, not 'c_c'. "
            "Credential should be scoped to correct service: 'dynamodb'. "
            "Credential should be scoped with a valid terminator: 'aws4_request', not 'e'. "
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
            "'b' != '20261121', from '20261121T013000Z'."
        ),
    ),
    (
        {"authorization": header("AKIDOTHER/" + SCOPE)} | GOOD_DATE,
        "",
        UnrecognizedClientException,
        "The security token included in the request is invalid.",
    ),
]


@pytest.mark.parametrize(("headers", "query", "error", "message"), COMPLAINTS)
def test_complaints_in_their_order(headers: dict[str, str], query: str, error: type[WireError], message: str) -> None:
    seen = {name.encode(): value.encode() for name, value in headers.items()} | {b"host": b"a"}
    with pytest.raises(WireError) as caught:
        check((seen, query.encode()), now=NOW)
    assert (type(caught.value), caught.value.message) == (error, message)


def test_a_date_header_will_do() -> None:
    request = {b"authorization": header("AKIDOTHER/" + SCOPE).encode(), b"host": b"a"}
    for date, error in (
        (b"Sat, 21 Nov 2026 01:30:00 GMT", UnrecognizedClientException),
        (b"20261121T013000Z", UnrecognizedClientException),
        (b"Sat, 21 Nov 2026 02:30:00 GMT", InvalidSignatureException),
        (b"Sat, 21 Oec 2026 01:30:00 GMT", IncompleteSignatureException),
    ):
        with pytest.raises(error):
            check((request | {b"date": date}, b""), now=NOW)


class TestOpen:
    @pytest.mark.parametrize(
        ("access_key", "account"),
        [("210987654321", "210987654321"), ("AKID", "123456789012"), ("12345678901x", "123456789012")],
    )
    def test_the_account_is_the_key_when_it_looks_like_one(self, access_key: str, account: str) -> None:
        one = verifier(anyone=True)
        request = signed(key=KEY._replace(access_key=access_key))
        for _ in range(2):
            assert check(request, b"any body", one, now=0) == Caller(account, "eu-west-1", access_key)

    def test_another_account_for_everyone(self) -> None:
        one = Verifier(Credentials(anyone=True, account="999999999999"))
        assert check(signed(), by=one).account == "999999999999"

    def test_still_well_formed(self) -> None:
        one = verifier(anyone=True)
        for credential, error in (("a/b/c/d", IncompleteSignatureException), ("a/b/c/d/e", InvalidSignatureException)):
            with pytest.raises(error):
                check(({b"authorization": header(credential).encode(), b"x-amz-date": b"x"}, b""), by=one)
        headers, query = signed()
        check((headers, query), by=one)
        del headers[b"x-amz-date"]
        with pytest.raises(IncompleteSignatureException):
            check((headers, query), by=one)

    def test_closes_with_the_first_key(self) -> None:
        credentials = Credentials(anyone=True)
        one = Verifier(credentials)
        stranger = signed(key=KEY._replace(access_key="AKIDOTHER"))
        assert check(stranger, by=one).account == "123456789012"
        credentials.replace([KEY])
        with pytest.raises(UnrecognizedClientException):
            check(stranger, by=one)

    def test_shut_to_everyone_without_keys(self) -> None:
        with pytest.raises(UnrecognizedClientException):
            check(signed(), by=Verifier(Credentials()))


def test_what_is_remembered_is_bounded() -> None:
    one = verifier(anyone=True)
    for number in range(5000):
        headers = {b"authorization": header(f"{number:012}/{SCOPE}").encode(), b"x-amz-date": b"x"}
        assert check((headers, b""), by=one).account == f"{number:012}"
    assert len(one._passes) <= 4096


def test_a_wrong_signature_costs_no_new_signing_key() -> None:
    """Nor does it become known, however often it comes, or spoil the right one."""
    one = verifier()
    for _ in range(3):
        with pytest.raises(InvalidSignatureException):
            check(signed(key=KEY._replace(secret="wrong")), by=one)
    assert (len(one._keys), len(one._passes)) == (1, 0)
    assert check(signed(), by=one) == CALLER
    with pytest.raises(InvalidSignatureException):
        check(signed(key=KEY._replace(secret="wrong")), by=one)
    assert check(signed(), by=one) == CALLER


def test_secrets_do_not_show() -> None:
    assert KEY.secret not in repr(KEY)
    assert KEY.secret not in str([KEY])

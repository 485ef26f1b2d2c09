"""Ways to spoil a good request."""

import gzip
import zlib
from typing import Any, Final

from tests.fuzz import words
from tests.fuzz.wire import Wire
from tests.fuzz.words import Rng, chance

_MEMBERS: Final = (
    *("TableName", "Item", "Key", "Keys", "Expected", "Select", "Limit", "Segment", "TotalSegments", "IndexName"),
    *("ConditionExpression", "FilterExpression", "UpdateExpression", "ProjectionExpression", "KeyConditionExpression"),
    *("ExpressionAttributeNames", "ExpressionAttributeValues", "AttributesToGet", "AttributeUpdates", "QueryFilter"),
    *(
        "ConditionalOperator",
        "ReturnValues",
        "ConsistentRead",
        "ExclusiveStartKey",
        "RequestItems",
        "Tags",
        "KeySchema",
    ),
    *("S", "N", "B", "M", "L", "SS", "NS", "BS", "BOOL", "NULL"),
)
_NUMBERS: Final = (0, -1, 1, 1.5, 2**31, 2**63, 2**64, 10**400, 1e308, -0.0, 1e-320)
_RAW: Final = (
    *(b"1e999", b"-1e999", b"-0", b"1E+2", b"00", b"NaN", b"Infinity", b"1" * 400, b"0." + b"1" * 400, b"tru", b"'a'"),
    *(b'{"L":[' * depth + b'{"S":"x"}' + b"]}" * depth for depth in (400, 500, 511, 1000, 5000)),
    *(b'{"M":{"m":' * depth + b'{"S":"x"}' + b"}}" * depth for depth in (400, 500, 511, 1000, 5000)),
    *(
        b'"\\ud800"',
        b'"\\udc00x"',
        b'"\\u0000"',
        b'"\xff"',
        b'"\xed\xa0\x80"',
        b"[" * 3000,
        b'{"a":' * 600,
        b"/**/1",
        b"",
    ),
)


def spoil_json(rng: Rng, body: Any) -> Any:
    """One place of the tree is dropped, doubled, renamed or made another thing."""
    places = list(_places(body))
    if not places:
        return junk(rng)
    holder, key = rng.choice(places)
    way = rng.randrange(6)
    if way == 0:
        del holder[key]
    elif way == 1 and isinstance(holder, dict):
        holder[rng.choice(_MEMBERS) if chance(rng, 0.7) else words.text(rng)] = holder[key]
    elif way == 2 and isinstance(holder, dict):
        holder[rng.choice(_MEMBERS)] = junk(rng)
    elif way == 3:
        other, name = rng.choice(places)
        holder[key] = other[name] if not _contains(other[name], holder) else None
    elif way == 4:
        holder[key] = [holder[key]] if chance(rng, 0.5) else {"M": holder[key]}
    else:
        holder[key] = junk(rng)
    return body


def _places(body: Any) -> Any:
    pairs = body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ()
    for key, child in list(pairs)[:50]:
        yield body, key
        if isinstance(child, dict | list) and not _deep(child):
            yield from _places(child)


def _deep(child: Any) -> bool:
    """The very deep values are left alone."""
    for _ in range(25):
        if not isinstance(child, dict | list) or not child:
            return False
        child = next(iter(child.values())) if isinstance(child, dict) else child[0]
    return True


def _contains(tree: Any, wanted: Any) -> bool:
    if tree is wanted:
        return True
    children = tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ()
    return not _deep(tree) and any(_contains(child, wanted) for child in children)


def junk(rng: Rng) -> Any:
    """Anything that JSON can say."""
    kind = rng.randrange(9)
    if kind == 0:
        return None
    if kind == 1:
        return rng.choice(_NUMBERS)
    if kind == 2:
        return chance(rng, 0.5)
    if kind == 3:
        return rng.choice(words.ODD_TEXTS)
    if kind == 4:
        return words.text(rng)
    if kind == 5:
        return [junk(rng) for _ in range(rng.randrange(3))]
    if kind == 6:
        return {rng.choice(_MEMBERS): junk(rng) for _ in range(rng.randrange(3))}
    if kind == 7:
        return words.deep(rng)
    return words.value(rng)


def spoil_text(rng: Rng, text: bytes) -> bytes:
    """Bytes cut, flipped or put in."""
    way = rng.randrange(5)
    place = rng.randrange(len(text) + 1)
    if way == 0:
        return text[:place]
    if way == 1:
        return text[:place] + rng.randbytes(rng.randrange(1, 4)) + text[place + 1 :]
    if way == 2:
        return rng.randbytes(rng.randrange(40))
    if way == 3:
        return rng.choice(_RAW)
    # A scalar becomes another token.
    spots = [spot for spot in range(len(text)) if text[spot : spot + 1] == b":"]
    if not spots:
        return text
    spot = rng.choice(spots) + 1
    end = min((found for mark in b",}]" if (found := text.find(mark, spot)) >= 0), default=len(text))
    return text[:spot] + rng.choice(_RAW) + text[end:]


def spoil_headers(rng: Rng, wire: Wire) -> Wire:
    headers = dict(wire.headers)
    method, url, body = wire.method, wire.url, wire.body
    way = rng.randrange(8)
    if way == 0:
        headers[b"content-type"] = rng.choice(
            (b"", b"text/plain", b"application/json", b"application/json; charset=x", b"application/x-amz-json-1.1")
        )
    elif way == 1:
        target = headers[b"x-amz-target"]
        targets = (
            b"",
            target.lower(),
            target + b"x",
            b"DynamoDB_20111205.PutItem",
            b"\xff.\xff",
            b".",
            rng.randbytes(9),
        )
        headers[b"x-amz-target"] = rng.choice(targets)
    elif way == 2:
        headers, body = _encoded(rng, headers, body)
    elif way == 3:
        headers[b"authorization"] = _signature(rng, headers[b"authorization"])
    elif way == 4:
        headers.pop(rng.choice(sorted(headers)))
    elif way == 5:
        headers[rng.choice((b"origin", b"accept-encoding", b"expect", b"x-odd"))] = rng.choice(
            (b"*", b"gzip", b"deflate;q=0.1, gzip;q=0", b"identity, *;q=0", b"q=,;", b"\xff\xfe", b"")
        )
    elif way == 6:
        method = rng.choice((b"GET", b"PUT", b"OPTIONS", b"HEAD", b"DELETE", b"post"))
    else:
        url = rng.choice(
            (b"/x", b"//", b"/?a=b", b"/?X-Amz-Algorithm=AWS4-HMAC-SHA256", b"/?%ff=%", b"*", b"/?" + b"&" * 50)
        )
    return Wire(method, url, headers, body)


def _signature(rng: Rng, good: bytes) -> bytes:
    cut = rng.randrange(len(good))
    return rng.choice(
        (b"", good[:cut], good[cut:], b"AWS4-HMAC-SHA256", b"Basic x", good.replace(b"/", b""), b"\xff" * 30)
    )


def _encoded(rng: Rng, headers: dict[bytes, bytes], body: bytes) -> tuple[dict[bytes, bytes], bytes]:
    name = rng.choice((b"gzip", b"deflate", b"br", b"GZIP", b"gzip, gzip", b"identity", b"\xff"))
    way = rng.randrange(4)
    if way == 0:
        body = gzip.compress(body, mtime=0)
    elif way == 1:
        body = zlib.compress(body)
    elif way == 2:
        packed = gzip.compress(body, mtime=0)
        body = packed[: rng.randrange(len(packed))]
    return headers | {b"content-encoding": name}, body

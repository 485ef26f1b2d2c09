"""Whatever the bytes of an object are, each record becomes a put or a fault, and nothing escapes."""

import gzip
import random
from typing import Any

import orjson
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from stator.archive.intake.source import Decoder, Entry, Format, Object
from stator.archive.intake.splitter import BEGINNING, Place
from stator.errors import WireError
from stator.items.decide import PutWrite
from stator.model.table import Index, KeyAttribute, KeySchema, Projection, Table
from stator.services.intake.intake import put_of
from stator.validation.requests.bulk_operation import BULK_PUT_RECORD
from stator.values.conversion import check_attribute_map

TABLE = Table(
    account="000000000001",
    region="eu-west-1",
    name="things",
    id="id",
    created=0.0,
    attribute_types={"pk": "S", "n": "N", "g": "S"},
    keys=KeySchema((KeyAttribute("pk", "S"),), (KeyAttribute("n", "N"),)),
    space=5,
    indexes=(Index("by-g", False, KeySchema((KeyAttribute("g", "S"),)), Projection("ALL"), 6),),
)
PACK: dict[str, Any] = {"NONE": bytes, "GZIP": gzip.compress, "ZSTD": zstandard.compress}
RECORDS = 60


def text(kind: str) -> bytes:
    if kind == "CSV":
        rows = [f'p{n},{n}.5,g{n % 3},"a ""quoted"" one, {n}",{{"x":[1]}}' for n in range(RECORDS)]
        return "\n".join(["pk,n,g,t,u", *rows]).encode()
    if kind == "ION":
        return b"".join(
            b"$ion_1_0 {Item:{pk:\"p%d\",n:%d.,g:'''g''',l:[1d2,null,true,{{YQ==}},$dynamodb_SS::[\"a\"]]}}\n" % (n, n)
            for n in range(RECORDS)
        )
    item = {"g": {"S": "g"}, "m": {"M": {"a": {"L": [{"NULL": True}, {"NS": ["1", "2"]}, {"B": "YQ=="}]}}}}
    return b"".join(
        orjson.dumps(
            {
                "Item": {"pk": {"S": f"p{n}"}, "n": {"N": f"{n}"}} | item,
                "ConditionExpression": "a = :a",
                "ExpressionAttributeValues": {":a": {"N": "1"}},
            }
        )
        + b"\n"
        for n in range(RECORDS)
    )


def prepare(members: dict[str, Any]) -> PutWrite:
    check_attribute_map(members["Item"])
    return put_of(PutWrite, TABLE, members["Item"])


def prepare_bulk(members: dict[str, Any]) -> PutWrite:
    return put_of(PutWrite, TABLE, BULK_PUT_RECORD.check(members)["Item"])


def decode(
    data: bytes, kind: str, compression: str, *, cut: int = 700, place: Place = BEGINNING, bulk: bool = False
) -> list[Entry[PutWrite]]:
    format = Format(kind, compression, types=TABLE.attribute_types)
    decoder = Decoder(Object("o", len(data), compression), format, prepare_bulk if bulk else prepare, place)
    found: list[Entry[PutWrite]] = []
    for start in range(decoder.start, len(data), cut):
        for batch in decoder.feed(data[start : start + cut]):
            found += batch
        if decoder.ended:
            return found
    return found + [entry for batch in decoder.feed(None) for entry in batch]


@pytest.mark.parametrize("compression", PACK)
@pytest.mark.parametrize("kind", ["DYNAMODB_JSON", "ION", "CSV"])
def test_sound_records_are_puts(kind: str, compression: str) -> None:
    found = decode(PACK[compression](text(kind)), kind, compression, bulk=kind != "CSV")
    assert [entry.fault for entry in found] == [None] * RECORDS
    assert {entry.content.key for entry in found if entry.content} == {
        prepare({"Item": {"pk": {"S": f"p{n}"}, "n": {"N": f"{n}.5" if kind == "CSV" else f"{n}"}}}).key
        for n in range(RECORDS)
    }


def damaged(data: bytes, rng: random.Random) -> bytes:
    """Some bytes changed, taken out, doubled or put in."""
    body = bytearray(data)
    for _ in range(rng.randrange(1, 6)):
        at = rng.randrange(len(body))
        until = min(len(body), at + rng.choice((1, 1, 3, 40)))
        match rng.randrange(4):
            case 0:
                body[at] ^= 1 << rng.randrange(8)
            case 1:
                del body[at:until]
            case 2:
                body[at:at] = body[at:until]
            case 3:
                body[at:at] = rng.choice((b'"', b"\n", b"{", b"}", b"'''", b"\xff", b"//", b"\0", b"[" * 500, b",,"))
    return bytes(body)


@given(
    st.randoms(use_true_random=False),
    st.sampled_from(["DYNAMODB_JSON", "ION", "CSV"]),
    st.sampled_from(list(PACK)),
    st.booleans(),
)
def test_damaged_objects_are_faults_and_the_rest_is_puts(
    rng: random.Random, kind: str, compression: str, before_packing: bool
) -> None:
    data = text(kind)
    data = PACK[compression](damaged(data, rng)) if before_packing else damaged(PACK[compression](data), rng)
    found = decode(data, kind, compression, bulk=kind != "CSV")
    assert all((entry.content is None) != (entry.fault is None) for entry in found)
    assert [entry.number for entry in found] == sorted({entry.number for entry in found})
    assert [entry.end for entry in found] == sorted(entry.end for entry in found)
    if before_packing or compression == "NONE":
        assert sum(entry.content is not None for entry in found) >= RECORDS / 2 or kind == "CSV"


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda of: (
            st.lists(of)
            | st.dictionaries(st.sampled_from(["Item", "pk", "n", "g", "S", "N", "M", "L", "SS", "NULL"]), of)
        ),
    )
)
def test_any_json_is_a_put_or_a_fault(value: Any) -> None:
    record = value if isinstance(value, dict) else {"Item": value}
    for one in (record, {"Item": {"pk": {"S": "a"}, "n": {"N": "1"}, "v": value}}):
        try:
            line = orjson.dumps(one)
        except TypeError:  # an integer of more than 64 bits, which is no JSON for it
            continue
        (entry,) = decode(line, "DYNAMODB_JSON", "NONE")
        assert (entry.content is None) != (entry.fault is None)


def test_deep_nesting_is_a_fault() -> None:
    for depth in (40, 400, 1020, 5000):
        line = b'{"Item":{"pk":{"S":"a"},"n":{"N":"1"},"d":' + b'{"L":[' * depth + b"]}" * depth + b"}}"
        (entry,) = decode(line, "DYNAMODB_JSON", "NONE")
        assert entry.fault is not None
        ion = b'{Item:{pk:"a",n:1,d:' + b"[" * depth + b"]" * depth + b"}}"
        (entry,) = decode(ion, "ION", "NONE")
        assert entry.fault is not None


def test_a_fault_of_preparing_that_is_no_fault_of_the_record_is_not_swallowed() -> None:
    def broken(members: dict[str, Any]) -> PutWrite:
        raise KeyError("a bug")

    decoder = Decoder(Object("o", 9, "NONE"), Format("DYNAMODB_JSON"), broken, BEGINNING)
    with pytest.raises(KeyError):
        list(decoder.feed(b'{"Item":{}}\n'))
    assert issubclass(WireError, Exception)

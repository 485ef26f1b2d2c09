from base64 import b64encode
from typing import Any

import pytest
from amazon.ion import simpleion
from hypothesis import given
from hypothesis import strategies as some

from stator.archive.ion import NotIon, parse_item, parse_line, render_line
from stator.values.attribute import Item
from stator.values.number import normalise
from stator.values.parse import parse_item as canonical

TEXTS = some.text(some.characters(codec="utf-8"), max_size=20)
NUMBERS = some.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**20), max_value=10**20).map(str)
BINARIES = some.sampled_from(["", "YQ==", "YWI=", "YWJj", "/+8="])
VALUES = some.recursive(
    some.one_of(
        TEXTS.map(lambda text: {"S": text}),
        NUMBERS.map(lambda number: {"N": number}),
        BINARIES.map(lambda content: {"B": content}),
        some.booleans().map(lambda truth: {"BOOL": truth}),
        some.just({"NULL": True}),
        some.sets(TEXTS, min_size=1, max_size=4).map(lambda texts: {"SS": list(texts)}),
        some.sets(some.integers(-(10**30), 10**30), min_size=1).map(lambda each: {"NS": [str(n) for n in each]}),
        some.sets(BINARIES, min_size=1, max_size=4).map(lambda contents: {"BS": list(contents)}),
    ),
    lambda inner: some.one_of(
        some.lists(inner, max_size=4).map(lambda each: {"L": each}),
        some.dictionaries(TEXTS.filter(bool), inner, max_size=4).map(lambda each: {"M": each}),
    ),
    max_leaves=12,
)
ITEMS = some.dictionaries(TEXTS.filter(bool), VALUES, max_size=6)


def value(text: str) -> Any:
    members = parse_line(b"$ion_1_0 {v:" + text.encode() + b"}")
    assert members is not None
    return members["v"]


@given(ITEMS)
def test_what_is_written_reads_the_same(raw: dict[str, Any]) -> None:
    item = canonical(raw)[0]
    line = render_line({"Item": item})
    assert b"\n" not in line
    read = parse_item(line)
    assert read is not None
    assert canonical(read)[0] == item


@given(ITEMS)
def test_the_makers_of_ion_read_it_too(raw: dict[str, Any]) -> None:
    item = canonical(raw)[0]
    found = simpleion.loads(render_line({"Item": item}).decode())["Item"]
    assert {name: plain(found[name]) for name in item} == item


def plain(found: Any) -> dict[str, Any]:
    """A value of the library amazon.ion as DynamoDB JSON."""
    kind = found.ion_type.name if hasattr(found, "ion_type") else type(found).__name__
    annotations = [each.text for each in getattr(found, "ion_annotations", ())]
    if kind in ("STRING", "str"):
        return {"S": str(found)}
    if kind in ("BOOL", "bool"):
        return {"BOOL": bool(found)}
    if kind == "NULL":
        return {"NULL": True}
    if kind in ("DECIMAL", "Decimal"):
        return {"N": normalise(str(found))}
    if kind in ("BLOB", "bytes"):
        return {"B": b64encode(found).decode()}
    if kind in ("STRUCT", "IonPyDict"):
        return {"M": {name: plain(found[name]) for name in found}}
    assert kind in ("LIST", "IonPyList"), kind
    elements = [plain(each) for each in found]
    if annotations:
        (annotation,) = annotations
        set_kind = annotation.removeprefix("$dynamodb_")
        return {set_kind: [next(iter(each.values())) for each in elements]}
    return {"L": elements}


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("103", "103."),
        ("600", "6d2"),
        ("2000", "2d3"),
        ("-1500", "-15d2"),
        ("0", "0."),
        ("1.5", "1.5"),
        ("-0.001", "-0.001"),
        ("0.0000000015", "15d-10"),
        ("-0.0000000015", "-15d-10"),
        ("1" + "0" * 125, "1d125"),
        ("0." + "0" * 129 + "1", "1d-130"),
    ],
)
def test_numbers_are_decimals(number: str, text: str) -> None:
    line = render_line({"Item": {"n": {"N": number}}})
    assert line == f"$ion_1_0 {{Item:{{n:{text}}}}}".encode()
    item = parse_item(line)
    assert item is not None
    assert canonical(item)[0] == {"n": {"N": number}}


def test_an_item_of_every_type_is_written_as_dynamodb_writes_it() -> None:
    item: Item = {
        "Authors": {"SS": ["a", "b"]},
        "ns": {"NS": ["1", "2.5"]},
        "bs": {"BS": ["YQ=="]},
        "b": {"B": "YWI="},
        "yes": {"BOOL": True},
        "no": {"BOOL": False},
        "none": {"NULL": True},
        "list": {"L": [{"S": 'a"b\\\n'}, {"M": {}}]},
        "odd name": {"S": "é"},
        "it's": {"S": ""},
        'a"b': {"M": {"null": {"L": []}}},
        "$ion": {"S": "x"},
    }
    assert render_line({"Item": item}).decode() == (
        '$ion_1_0 {Item:{Authors:$dynamodb_SS::["a","b"],ns:$dynamodb_NS::[1.,2.5],bs:$dynamodb_BS::[{{YQ==}}],'
        'b:{{YWI=}},yes:true,no:false,none:null,list:["a\\"b\\\\\\n",{}],\'odd name\':"é",\'it\\\'s\':"",'
        "'a\"b':{'null':[]},'$ion':\"x\"}}"
    )
    assert parse_item(render_line({"Item": item})) == {**item, "ns": {"NS": ["1.", "2.5"]}}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1", {"N": "1"}),
        ("-1_000", {"N": "-1000"}),
        ("0x1F", {"N": "31"}),
        ("-0b101", {"N": "-5"}),
        ("1.5e3", {"N": "1.5e3"}),
        ("1.5D-3", {"N": "1.5e-3"}),
        ("-0.", {"N": "-0."}),
        ("null", {"NULL": True}),
        ("null.string", {"NULL": True}),
        ("note::null", {"NULL": True}),
        ("'''a''' \t '''b\n'''", {"S": "ab\n"}),
        ("'''it''s'''", {"S": "it''s"}),
        (r'"\x41\u00e9\U0001F600\ud83d\ude00\'\/\0"', {"S": "Aé😀😀'/\0"}),
        ("{{ YW\n I= }}", {"B": "YWI="}),
        ("{{}}", {"B": ""}),
        ("[1,2,]", {"L": [{"N": "1"}, {"N": "2"}]}),
        ("[ /* no */ ]", {"L": []}),
        ("other::'an n'::[true]", {"L": [{"BOOL": True}]}),
        ("'$dynamodb_SS' :: [ \"x\" ]", {"SS": ["x"]}),
        ("$dynamodb_NS::[]", {"NS": []}),
        (
            "{\"a\":1, 'b c' : 2, '''d''':3, e :f::4}",
            {"M": {"a": {"N": "1"}, "b c": {"N": "2"}, "d": {"N": "3"}, "e": {"N": "4"}}},
        ),
        ("{a:1,a:2}", {"M": {"a": {"N": "2"}}}),
        ("{a:1 // the end\n}", {"M": {"a": {"N": "1"}}}),
    ],
)
def test_every_spelling_of_ion_is_read(text: str, expected: dict[str, Any]) -> None:
    assert value(text) == expected


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("sym", "a symbol is no value of an item, at character 12"),
        ("'sym'", "a value was expected, at character 12"),
        ("2020-01-01", "no number, or a timestamp, which is no value of an item, at character 12"),
        ("2020T", "no number, or a timestamp, which is no value of an item, at character 12"),
        ("01", "no number, or a timestamp, which is no value of an item, at character 12"),
        ("+inf", "a value was expected, at character 12"),
        ("nan", "a symbol is no value of an item, at character 12"),
        ("(a b)", "an S-expression is no value of an item, at character 12"),
        ('{{"clob"}}', "no blob in base64; a clob is no value of an item, at character 12"),
        ("{{YQ}}", "a blob is not in base64, at character 12"),
        ('"a', "a string does not end, at character 12"),
        ("'''a", "a string does not end, at character 12"),
        (r'"\q"', r"there is no escape \q, at character 16"),
        (r'"\ud83d"', "a string has half of a surrogate pair, at character 12"),
        (r'"\UFFFFFFFF"', r"there is no character \UFFFFFFFF, at character 24"),
        ("[1 2]", "a comma or ] was expected, at character 15"),
        ("[1", "a comma or ] was expected, at character 14"),
        ("{1:2}", "a name was expected, at character 13"),
        ("{$10:2}", "a symbol is given by its number only, at character 13"),
        ("{a 1}", "a field name and a colon were expected, at character 13"),
        ("$dynamodb_SS::[1]", "a set $dynamodb_SS has a member of another type, at character 26"),
        ("[" * 100 + "]" * 100, "values are nested too deep, at character 51"),
        ("[" * 100_000, "values are nested too deep, at character 51"),
    ],
)
def test_what_is_no_item_is_refused(text: str, complaint: str) -> None:
    with pytest.raises(NotIon) as caught:
        value(text)
    assert str(caught.value) == complaint


def test_lines_without_a_value_and_with_too_much() -> None:
    assert parse_line(b"") is None
    assert parse_line(b"  // remark") is None
    assert parse_line(b"$ion_1_0") is None
    assert parse_line(b'$ion_1_0 $ion_symbol_table::{symbols:["a"]} {Item:{}}') == {"Item": {"M": {}}}
    for line, complaint in (
        (b"[1]", "the line is no struct, at character 0"),
        (b"{a:1} {b:1}", "a line holds one value, and another follows, at character 6"),
        (b"\xff", "not UTF-8 at byte 0"),
    ):
        with pytest.raises(NotIon) as caught:
            parse_line(line)
        assert str(caught.value) == complaint
    with pytest.raises(NotIon, match="the line has no struct Item"):
        parse_item(b"{item:{}}")


def test_a_string_may_be_long() -> None:
    long = "é" * 200_000
    assert parse_item(render_line({"Item": {"a": {"S": long}}})) == {"a": {"S": long}}

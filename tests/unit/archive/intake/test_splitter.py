"""Records of objects: the same in whatever pieces they come, and going on after any of them gives the rest."""

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stator.archive.intake import splitter
from stator.archive.intake.splitter import BEGINNING, Lines, Place, Raw, Rows, Splitter, Structs

Make = Callable[[Place], Splitter]


def records(one: Splitter, data: bytes, cut: int = 1 << 30) -> Iterator[Raw]:
    for start in range(0, len(data), cut):
        yield from one.feed(data[start : start + cut])
    yield from one.end()


def contents(one: Splitter, data: bytes, cut: int = 1 << 30) -> list[object]:
    return [raw.fault or raw.content for raw in records(one, data, cut)]


def rows(place: Place = BEGINNING) -> Splitter:
    return Rows(",", None, place)


def test_lines_and_blank_lines() -> None:
    got = list(records(Lines(), b'{"a":1}\n\n \t\r\n{"b":2}\r\n{"c":3}'))
    assert got == [Raw(0, 8, b'{"a":1}'), Raw(1, 22, b'{"b":2}\r'), Raw(2, 29, b'{"c":3}')]


@pytest.mark.parametrize("cut", [1, 3, 10, 1 << 30])
def test_a_line_that_is_too_long_costs_itself_only(cut: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(splitter, "RECORD_BYTES_MAX", 20)
    text = b"a\n" + b"x" * 70 + b"\nb\n" + b"y" * 20 + b"\n" + b"z" * 21
    too_long = "The line is longer than 20 bytes"
    assert contents(Lines(), text, cut) == [b"a", too_long, b"b", b"y" * 20, too_long]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"a,b\n1,2\n\n3,4", [{"a": "1", "b": "2"}, {"a": "3", "b": "4"}]),
        (b"\xef\xbb\xbfa,b\r\n1,\r\n", [{"a": "1", "b": ""}]),
        (b'a,"b c"\n"x,y","say ""hi"""\n', [{"a": "x,y", "b c": 'say "hi"'}]),
        (b'a,b\n"two\nlines",2\n3,4\n', [{"a": "two\nlines", "b": "2"}, {"a": "3", "b": "4"}]),
        (b'a,b\n5" pipe,2\n3,4\n', [{"a": '5" pipe', "b": "2"}, {"a": "3", "b": "4"}]),
        (b'a,b\n"x"y,2\n3,4\n', ["The row is no CSV: ',' expected after '\"'", {"a": "3", "b": "4"}]),
        (b'a,b\n"never,2\n3,4\n5,6', ["The row is no CSV: unexpected end of data", {"a": "3", "b": "4"}, {"a": "5", "b": "6"}]),
        (b"a,b\n1\n1,2,3\n1,2", ["The row has 1 columns, the header has 2", "The row has 3 columns, the header has 2", {"a": "1", "b": "2"}]),
        (b"a,b\n\xff,2\n1,2", ["The row is not UTF-8 at byte 0", {"a": "1", "b": "2"}]),
        (b'a,b\n"\xff",2\n1,2', ["The row is not UTF-8 at byte 1", {"a": "1", "b": "2"}]),
        (b"a,a\n1,2\n", ["The header cannot be used: two columns have the name a"]),
        (b"a,,b\n1,2,3\n", ["The header cannot be used: a column has no name"]),
        (b'"a\n1,2\n', ["The header cannot be used: The row is no CSV: unexpected end of data"]),
        (b"a,b\n", []),
        (b"", []),
    ],
)  # fmt: skip
@pytest.mark.parametrize("cut", [1, 2, 5, 1 << 30])
def test_rows(text: bytes, expected: list[object], cut: int) -> None:
    assert contents(rows(), text, cut) == expected


def test_a_given_header_makes_the_first_row_data_and_delimiters_differ() -> None:
    assert contents(Rows("\t", ["x", "y"]), b"1\ta,b\n") == [{"x": "1", "y": "a,b"}]
    assert contents(Rows("|", ["x", "y"]), b'"1|2"|3\n') == [{"x": "1|2", "y": "3"}]


@pytest.mark.parametrize("patience", [2, 1 << 20])
@pytest.mark.parametrize("cut", [1, 7, 1 << 30])
def test_a_row_that_is_too_long_costs_itself_only(cut: int, patience: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(splitter, "_PATIENCE_BYTES", patience)
    monkeypatch.setattr(splitter, "ROW_BYTES_MAX", 30)
    too_long = splitter._LINE_TOO_LONG
    text = b"a,b\n1," + b"x" * 90 + b"\n1,2\n3," + b"y" * 90
    assert contents(rows(), text, cut) == [too_long, {"a": "1", "b": "2"}, too_long]


@pytest.mark.parametrize("patience", [2, 1 << 20])
@pytest.mark.parametrize("cut", [1, 7, 1 << 30])
def test_a_quote_without_an_end_within_the_limit_costs_its_line(
    cut: int, patience: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(splitter, "_PATIENCE_BYTES", patience)
    monkeypatch.setattr(splitter, "ROW_BYTES_MAX", 30)
    good = [f"{number},2".encode() for number in range(20)]
    got = contents(rows(), b'a,b\n"open,2\n' + b"\n".join(good), cut)
    assert got[0] == "The row is no CSV: unexpected end of data"
    assert got[1:] == [{"a": str(number), "b": "2"} for number in range(20)]


def structs(text: bytes, cut: int = 1 << 30) -> list[object]:
    return [one.strip() if isinstance(one, bytes) else one for one in contents(Structs(), text, cut)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b'$ion_1_0 {Item:{a:"x"}}\n$ion_1_0 {Item:{a:"y"}}\n', [b'$ion_1_0 {Item:{a:"x"}}', b'$ion_1_0 {Item:{a:"y"}}']),
        (b"{Item:{\n a:1.,\n b:[1, 2]}}{Item:{}}\n\n", [b"{Item:{\n a:1.,\n b:[1, 2]}}", b"{Item:{}}"]),
        (b'{a:"}\\"}{",b:\'}\',c:{{YQ==}},d:\'\'\'}\n\'\'\'} {b:1}', [b'{a:"}\\"}{",b:\'}\',c:{{YQ==}},d:\'\'\'}\n\'\'\'}', b"{b:1}"]),
        (b"{a:{{//8=}},b:1}{c:1} // }{\n{d:1/* } */}", [b"{a:{{//8=}},b:1}", b"{c:1}", b"// }{\n{d:1/* } */}"]),
        (b"$ion_1_0 {Item:{a:1}\n$ion_1_0 {Item:{b:1}}\n", [b"$ion_1_0 {Item:{a:1}", b"$ion_1_0 {Item:{b:1}}"]),
        (b'$ion_1_0 {Item:{a:"x}}\n$ion_1_0 {Item:{b:1}}\n', [b'$ion_1_0 {Item:{a:"x}}', b"$ion_1_0 {Item:{b:1}}"]),
        (b"} {a:1}", [b"}", b"{a:1}"]),
        (b"{a:1}\n{b:", [b"{a:1}", b"{b:"]),
        (b" \n", []),
        (b"", []),
    ],
)  # fmt: skip
@pytest.mark.parametrize("cut", [1, 2, 5, 1 << 30])
def test_structs(text: bytes, expected: list[object], cut: int) -> None:
    assert structs(text, cut) == expected


@pytest.mark.parametrize("patience", [2, 1 << 20])
@pytest.mark.parametrize("cut", [1, 7, 1 << 30])
def test_a_struct_without_an_end_costs_what_is_before_the_next_marker(
    cut: int, patience: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(splitter, "_PATIENCE_BYTES", patience)
    monkeypatch.setattr(splitter, "RECORD_BYTES_MAX", 40)
    text = b"{a:1}{b:'''" + b"x" * 100 + b"\n$ion_1_0 {c:1}\n{d:'''" + b"y" * 100
    too_long = "A struct does not end within 40 bytes"
    assert structs(text, cut) == [b"{a:1}", too_long, b"$ion_1_0 {c:1}", too_long]


LINES = st.lists(st.text("ab{}\"'/ ,\n", max_size=8), max_size=12).map(lambda lines: "\n".join(lines).encode())


@given(
    text=LINES,
    make=st.sampled_from([Lines, rows, Structs]),
    cut=st.integers(1, 9),
    after=st.integers(0, 20),
    patience=st.sampled_from([2, 64 * 1024]),
)
def test_going_on_after_any_record_gives_the_rest(text: bytes, make: Make, cut: int, after: int, patience: int) -> None:
    text = b"a,b\n" + text if make is rows else text
    whole = list(records(make(BEGINNING), text))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(splitter, "_PATIENCE_BYTES", patience)
        assert list(records(make(BEGINNING), text, cut)) == whole
    assert [raw.number for raw in whole] == list(range(len(whole)))
    assert all(first.end < second.end for first, second in pairwise(whole))
    done = whole[:after]
    if not done or (make is rows and any(raw.fault for raw in done)):  # what a fault of CSV was is not remembered
        return
    place = Place(done[-1].end, len(done))
    rest = text if make is rows else text[place.offset :]
    assert list(records(make(place), rest, cut)) == whole[after:]


@given(
    st.lists(st.lists(st.text("ab\"',;\r\n é", max_size=6), min_size=2, max_size=2), max_size=6),
    st.sampled_from(",;|\t"),
)
def test_what_others_write_as_csv_is_read(table: Sequence[Sequence[str]], delimiter: str) -> None:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows([["x", "y"], *table])
    got = contents(Rows(delimiter, None), out.getvalue().encode(), 3)
    assert got == [{"x": x, "y": y} for x, y in table]

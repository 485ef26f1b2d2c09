from contextlib import suppress

import pytest

from stator.errors import ValidationException
from stator.partiql.fault import NOT_WELL_FORMED
from stator.partiql.token import END, KEYWORD, NAME, NUMBER, QUOTED, SYMBOL, TEXT, read_tokens


def shown(text: str) -> list[tuple[str, str]]:
    return [(kind, content) for kind, content, _ in read_tokens(text)]


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("", []),
        (" \t\r\n\v\f", []),
        ("-- all of it", []),
        ("/* a\n * b **/ /**/", []),
        ("Select _a $b c9", [(KEYWORD, "select"), (NAME, "_a"), (NAME, "$b"), (NAME, "c9")]),
        ("'it''s' ''", [(TEXT, "it's"), (TEXT, "")]),
        ('"a""b" "select"', [(QUOTED, 'a"b'), (QUOTED, "select")]),
        ("'-- no /* comment */'", [(TEXT, "-- no /* comment */")]),
        ("1 1.5 .5 5. 1e3 1E-3 1.5e+3", [(NUMBER, one) for one in ["1", "1.5", ".5", "5.", "1e3", "1E-3", "1.5e+3"]]),
        ("1 e5", [(NUMBER, "1"), (NAME, "e5")]),
        ("1e", [(NUMBER, "1"), (NAME, "e")]),
        (
            "a<=b<>c!=d",
            [(NAME, "a"), (SYMBOL, "<="), (NAME, "b"), (SYMBOL, "<>"), (NAME, "c"), (SYMBOL, "<>"), (NAME, "d")],
        ),
        ("<<1>>", [(SYMBOL, "<<"), (NUMBER, "1"), (SYMBOL, ">>")]),
        ("a--b\n-c", [(NAME, "a"), (SYMBOL, "-"), (NAME, "c")]),
        ("a/b", [(NAME, "a"), (SYMBOL, "/"), (NAME, "b")]),
        ("?", [(SYMBOL, "?")]),
    ],
)
def test_tokens(text: str, tokens: list[tuple[str, str]]) -> None:
    assert shown(text) == [*tokens, (END, "")]


@pytest.mark.parametrize(
    "text",
    [
        "'",
        '"',
        "'a''",
        "a # b",
        "`a`",
        "/* a",
        "a /*/",
        "é",
        "\x00",
        "a\u00a0b",
        "~",
        "1e2147483648",
        "1e-2147483649",
        "!",
    ],
)
def test_what_cannot_be_cut_into_tokens(text: str) -> None:
    with pytest.raises(ValidationException) as caught:
        read_tokens(text)
    assert caught.value.message == NOT_WELL_FORMED


def test_places() -> None:
    places = [place for *_, place in read_tokens("a /* x */ 'b''c'\n  \"d\"")]
    assert [(place.offset, place.length) for place in places] == [(0, 1), (10, 6), (19, 3), (22, 0)]


def test_a_long_text_takes_no_long_time() -> None:
    """Each of these would take minutes if it were matched in more than one way."""
    for text in ("'" + "''" * 4000, "/*" * 4000, "--" * 4000, "1" * 8000 + "x", "a" * 8192, " " * 8192, "<" * 8192):
        with suppress(ValidationException):
            assert read_tokens(text)

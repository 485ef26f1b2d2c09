"""Tokens, and the syntax error that names one of them with its neighbours."""

import pytest

from stator.errors import Family, ValidationException
from stator.expressions import lexer
from stator.expressions.lexer import END, NAME, NUMBER, SYMBOL, UNKNOWN, VALUE, WORD, read_tokens


def tokens_of(text: str) -> list[tuple[int, str]]:
    tokens = read_tokens("ConditionExpression", text)
    found = []
    while tokens.token.kind != END:
        token = tokens.advance()
        found.append((token.kind, token.text))
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a_1.b", [(WORD, "a_1"), (SYMBOL, "."), (WORD, "b")]),
        ("#0a:_b", [(NAME, "#0a"), (VALUE, ":_b")]),
        ("a[12]", [(WORD, "a"), (SYMBOL, "["), (NUMBER, "12"), (SYMBOL, "]")]),
        ("<=>=<><>=", [(SYMBOL, "<="), (SYMBOL, ">="), (SYMBOL, "<>"), (SYMBOL, "<>"), (SYMBOL, "=")]),
        (" \t\r\na\n ", [(WORD, "a")]),
        ("_a", [(UNKNOWN, "_"), (WORD, "a")]),
        ("# :", [(UNKNOWN, "#"), (UNKNOWN, ":")]),
        ("a\u00a0é", [(WORD, "a"), (UNKNOWN, "\u00a0"), (UNKNOWN, "é")]),
        ("3a", [(NUMBER, "3"), (WORD, "a")]),
    ],
)
def test_tokens(text: str, expected: list[tuple[int, str]]) -> None:
    assert tokens_of(text) == expected


@pytest.mark.parametrize("text", ["", " ", "\t\r\n"])
def test_blank(text: str) -> None:
    with pytest.raises(ValidationException) as raised:
        read_tokens("FilterExpression", text)
    assert raised.value.message == "Invalid FilterExpression: The expression can not be empty;"
    assert raised.value.family is Family.EXPRESSION


@pytest.mark.parametrize(("text", "size"), [("(" * 4097, 4097), ("é" * 2049, 4098), ("\ud800" * 1400, 4200)])
def test_size_counts_bytes_and_comes_before_syntax(text: str, size: int) -> None:
    with pytest.raises(ValidationException) as raised:
        read_tokens("UpdateExpression", text)
    assert raised.value.message == (
        f"Invalid UpdateExpression: Expression size has exceeded the maximum allowed size; expression size: {size}"
    )


def test_largest_size_is_allowed() -> None:
    assert tokens_of("x" * 4096) == [(WORD, "x" * 4096)]


@pytest.mark.parametrize(
    ("text", "steps", "token", "near"),
    [
        ("INVALID SYNTAX HERE", 0, "INVALID", "INVALID SYNTAX"),
        ("!!! INVALID !!!", 0, "!", "!!"),
        ("SET _123 = :v", 1, "_", "SET _123"),
        ("a ,", 2, "<EOF>", ","),
        ("a  b\tc", 1, "b", "a  b\tc"),
        ("foo  ", 1, "<EOF>", "foo"),
    ],
)
def test_near_is_the_token_with_its_neighbours(text: str, steps: int, token: str, near: str) -> None:
    tokens = read_tokens("ProjectionExpression", text)
    for _ in range(steps):
        tokens.advance()
    with pytest.raises(ValidationException) as raised:
        tokens.fail()
    assert raised.value.message == (f'Invalid ProjectionExpression: Syntax error; token: "{token}", near: "{near}"')


@pytest.mark.parametrize(
    ("text", "redundant"),
    [
        ("((a))", True),
        ("(a)", False),
        ("((a) b)", False),
        ("(a (b))", False),
        ("f((a))", False),
        ("f((a), ((b)))", True),
        ("x IN ((a))", False),
        ("NOT ((a))", True),
        ("((a) (b))", False),
        ("((a)", False),
        (")(", False),
    ],
)
def test_redundant_parentheses(text: str, redundant: bool) -> None:
    assert read_tokens("ConditionExpression", text).has_redundant_parentheses() is redundant


def test_end_stays() -> None:
    tokens = read_tokens("ConditionExpression", "a")
    tokens.advance()
    assert tokens.advance() == tokens.advance() == lexer.Token(END, "<EOF>", 1, 1)

"""Random PartiQL."""

from typing import Any, Final

from tests.fuzz import words
from tests.fuzz.schemas import SCHEMAS, Schema
from tests.fuzz.words import Rng, chance, odd

_COMPARATORS: Final = ("=", "<>", "!=", "<", "<=", ">", ">=")
_TOKENS: Final = (
    *("SELECT", "INSERT", "UPDATE", "DELETE", "EXISTS", "FROM", "WHERE", "VALUE", "SET", "REMOVE", "RETURNING", "INTO"),
    *(
        "ALL",
        "OLD",
        "NEW",
        "MODIFIED",
        "*",
        "AND",
        "OR",
        "NOT",
        "IN",
        "BETWEEN",
        "IS",
        "MISSING",
        "NULL",
        "ORDER",
        "BY",
    ),
    *(
        '"things"',
        '"things"."by-group"',
        "plain",
        "pk",
        "sk",
        "a",
        "'x'",
        "1",
        "-1.5e3",
        "?",
        "<<",
        ">>",
        "<",
        "=",
        "||",
    ),
    *(
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        ",",
        ".",
        ":",
        ";",
        "--",
        "/*",
        "'",
        '"',
        "`",
        "\\",
        "\x00",
        "é",
        "😀",
        "size",
        "COUNT",
    ),
)


def statement(rng: Rng) -> dict[str, Any]:
    """Statement and Parameters."""
    if odd(rng, 0.15):
        text = rng.choice((" ", "")).join(rng.choice(_TOKENS) for _ in range(rng.randrange(1, 14)))
        return {"Statement": text} | _parameters(rng, text)
    schema = SCHEMAS[0] if chance(rng, 0.6) else rng.choice(SCHEMAS)
    text = rng.choice((_select, _select, _insert, _update, _delete))(rng, schema)
    if odd(rng, 0.1):
        place = rng.randrange(len(text))
        text = text[:place] + rng.choice(_TOKENS) + text[place + rng.randrange(3) :]
    return {"Statement": text} | _parameters(rng, text)


def _parameters(rng: Rng, text: str) -> dict[str, Any]:
    count = text.count("?") + (rng.choice((-1, 1)) if odd(rng, 0.05) else 0)
    return {"Parameters": [words.value(rng) for _ in range(count)]} if count > 0 else {}


def _literal(rng: Rng, kind: str | None = None, depth: int = 0) -> str:
    if odd(rng, 0.1):
        return rng.choice(
            ("?", "''", "1e400", "1e-400", "- 1", "+1", "'" + "x" * 3000 + "'", "`{}`", "[" * 50 + "]" * 50)
        )
    chosen = kind or rng.choice(("S", "N", "BOOL", "NULL", "L", "M", "SS"))
    if chosen == "N":
        return str(rng.randrange(-3, 12))
    if chosen == "BOOL":
        return rng.choice(("true", "FALSE"))
    if chosen == "NULL":
        return "null"
    if chosen == "L" and depth < 3:
        return f"[{', '.join(_literal(rng, None, depth + 1) for _ in range(rng.randrange(3)))}]"
    if chosen == "M" and depth < 3:
        return f"{{'a': {_literal(rng, None, depth + 1)}}}"
    if chosen == "SS":
        return "<<'a', 'b'>>"
    if chosen == "B":
        return "?"
    return f"'{words.text(rng).replace(chr(39), chr(39) * 2)}'"


def _key(rng: Rng, schema: Schema) -> str:
    terms = [f"{name} = {_literal(rng, kind)}" for name, kind in schema.keys]
    return " AND ".join(terms)


def _condition(rng: Rng, depth: int = 0) -> str:
    path = rng.choice(("a", "b", "g", '"o.d d"', '"map".m', '"list"[0]', "pk", "sk", "v"))
    kind = rng.randrange(9 if depth < 3 else 6)
    if kind <= 1:
        return f"{path} {rng.choice(_COMPARATORS)} {_literal(rng)}"
    if kind == 2:
        return f"{path} BETWEEN {_literal(rng, 'N')} AND {_literal(rng, 'N')}"
    if kind == 3:
        return f"{path} IN [{', '.join(_literal(rng) for _ in range(rng.randrange(1, 4)))}]"
    if kind == 4:
        return f"{path} IS {rng.choice(('', 'NOT '))}{rng.choice(('MISSING', 'NULL'))}"
    if kind == 5:
        return rng.choice(
            (f"begins_with({path}, {_literal(rng, 'S')})", f"contains({path}, {_literal(rng)})", f"size({path}) > 1")
        )
    if kind == 6:
        return f"NOT {_condition(rng, depth + 1)}"
    return f"({_condition(rng, depth + 1)} {rng.choice(('AND', 'OR'))} {_condition(rng, depth + 1)})"


def _select(rng: Rng, schema: Schema) -> str:
    source = f'"{schema.name}"'
    if schema.indexes and chance(rng, 0.3):
        source += f'."{rng.choice(sorted(schema.indexes))}"'
    columns = rng.choice(("*", "*", "pk, a", '"map".m, "list"[0]', "a, a.b"))
    text = f"SELECT {columns} FROM {source}"
    if chance(rng, 0.5):
        text += f" WHERE {_key(rng, schema)}"
        if chance(rng, 0.3):
            text += f" AND {_condition(rng)}"
    elif chance(rng, 0.6):
        text += f" WHERE {_condition(rng)}"
    if odd(rng, 0.1):
        text += f" ORDER BY {rng.choice(('sk', 'pk', 'a'))} {rng.choice(('', 'ASC', 'DESC'))}"
    return text


def _insert(rng: Rng, schema: Schema) -> str:
    members = [f"'{name}': {_literal(rng, kind)}" for name, kind in schema.keys]
    members += [f"'{name}': {_literal(rng)}" for name in rng.sample(("a", "b", "n", "o.d d"), rng.randrange(3))]
    return f'INSERT INTO "{schema.name}" VALUE {{{", ".join(members)}}}'


def _update(rng: Rng, schema: Schema) -> str:
    actions = [
        f"SET {rng.choice(('a', 'b', 'n'))} = {_literal(rng)}",
        "REMOVE c",
        "SET n = n + 1",
        "SET l = list_append(l, [1])",
        "SET s = set_add(s, <<'x'>>)",
    ]
    text = f'UPDATE "{schema.name}" {" ".join(rng.sample(actions, rng.choice((1, 1, 2))))} WHERE {_key(rng, schema)}'
    if chance(rng, 0.2):
        text += f" AND {_condition(rng)}"
    if chance(rng, 0.3):
        text += f" RETURNING {rng.choice(('ALL', 'MODIFIED'))} {rng.choice(('OLD', 'NEW'))} *"
    return text


def _delete(rng: Rng, schema: Schema) -> str:
    text = f'DELETE FROM "{schema.name}" WHERE {_key(rng, schema)}'
    return f"{text} RETURNING ALL OLD *" if chance(rng, 0.3) else text

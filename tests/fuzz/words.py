"""Random material for requests: texts, attribute values, items, expressions. All of it follows from one `Random`."""

import random
from base64 import b64encode
from typing import Any, Final


class Rng(random.Random):
    """`calm` ones make requests that mostly succeed."""

    calm = False


ATTRIBUTES: Final = ("pk", "sk", "g", "h", "t", "v", "n", "a", "b", "list", "map", "set")
ODD_TEXTS: Final = (
    "",
    " ",
    "\x00",
    "é",
    "\u2028",
    "\U0001f600",
    "\ud800",  # half a pair
    "\udc00\ud800",
    "#",
    ":",
    "a.b",
    "size",
    "NULL",
    "x" * 256,
    "x" * 1025,
    "x" * 2049,
    "é" * 600,
)
ODD_NUMBERS: Final = (
    "",
    "-",
    ".",
    "e",
    "1e",
    "+5",
    "5.",
    ".5",
    "00042",
    "-0",
    "0e126",
    "0.0e126",
    "1e125",
    "1e126",
    "9" * 38,
    "9" * 39,
    "1e-130",
    "1e-131",
    "1e99999999999",
    "1e-99999999999",
    "NaN",
    "Infinity",
    "0x10",
    "1_0",
    " 1",
    "1 ",
    "\u0661",
    "9.9999999999999999999999999999999999999E+125",
    "0." + "0" * 400 + "1",
    "1" + "0" * 400,
)
_ODD_BINARIES: Final = ("", "a", "a=", "ab", "abc", "abcd", "YQ==", "YR==", "Y Q==", "YQ==\n", "-_-_", "é===", "=" * 8)

_COMPARATORS: Final = ("=", "<>", "<", "<=", ">", ">=")
_FUNCTIONS: Final = ("attribute_exists", "attribute_not_exists", "attribute_type", "begins_with", "contains", "size")
_TOKENS: Final = (
    *_COMPARATORS,
    *_FUNCTIONS,
    *("AND", "OR", "NOT", "IN", "BETWEEN", "SET", "REMOVE", "ADD", "DELETE", "and", "set"),
    *(
        "(",
        ")",
        "[",
        "]",
        ",",
        ".",
        "+",
        "-",
        "*",
        "!",
        "#",
        ":",
        "<",
        "?",
        "'a'",
        "1",
        "[0]",
        "[99999999999]",
        "\x00",
        "é",
    ),
    *("if_not_exists", "list_append", "foo", "status", "pk", "sk", "a", "b", "map", "list", "set", "_x", "a1"),
    *("#a", "#pk", "#odd", ":n", ":s", ":b", ":set", ":list", ":map", ":none", ":null"),
)

NAMES: Final = {"#a": "a", "#pk": "pk", "#odd": "o.d d", "#l": "list", "#m": "map"}


def chance(rng: Rng, share: float) -> bool:
    return rng.random() < share


def odd(rng: Rng, share: float) -> bool:
    """Whether to do something strange here."""
    return not rng.calm and rng.random() < share


def text(rng: Rng) -> str:
    kind = 0.0 if rng.calm else rng.random()
    if kind < 0.7:
        return rng.choice(("a", "b", "c", "abc", "x1", "p", "q", "g1", "g2", "t1"))
    if kind < 0.85:
        return "".join(chr(rng.randrange(32, 0x3000)) for _ in range(rng.randrange(1, 8)))
    return rng.choice(ODD_TEXTS)


def number(rng: Rng) -> str:
    kind = 0.0 if rng.calm else rng.random()
    if kind < 0.7:
        return str(rng.randrange(-3, 12))
    if kind < 0.85:
        return f"{rng.uniform(-1000, 1000):.5f}e{rng.randrange(-20, 20)}"
    return rng.choice(ODD_NUMBERS)


def binary(rng: Rng) -> str:
    if not odd(rng, 0.15):
        return b64encode(rng.randbytes(rng.randrange(1, 5))).decode()
    return rng.choice(_ODD_BINARIES)


def value(rng: Rng, depth: int = 0) -> Any:
    """An attribute value, now and then no legal one."""
    kind = rng.choice(("S", "S", "N", "N", "B", "BOOL", "NULL", "SS", "NS", "BS", "L", "M"))
    if depth > 4 and kind in "LM":
        kind = "S"
    made: dict[str, Any] = {kind: _content(rng, kind, depth)}
    if odd(rng, 0.01):
        made["N"] = "1"
    if odd(rng, 0.01):
        made["Z"] = [None]
    return made


def _content(rng: Rng, kind: str, depth: int) -> Any:
    if kind in ("S", "N", "B"):
        return scalar(rng, kind)
    if kind == "BOOL":
        return chance(rng, 0.5)
    if kind == "NULL":
        return not odd(rng, 0.05)
    if kind in ("SS", "NS", "BS"):
        members = [scalar(rng, kind[0]) for _ in range(rng.randrange(0 if odd(rng, 0.05) else 1, 5))]
        return members if odd(rng, 0.1) else list(dict.fromkeys(members))
    if kind == "L":
        return [value(rng, depth + 1) for _ in range(rng.randrange(4))]
    return {text(rng): value(rng, depth + 1) for _ in range(rng.randrange(4))}


def scalar(rng: Rng, kind: str) -> str:
    return {"S": text, "N": number, "B": binary}[kind](rng)


def deep(rng: Rng) -> Any:
    """A value nested so deep, of lists or maps or both."""
    made: Any = {"S": "x"}
    for _ in range(rng.choice((29, 30, 31, 32, 33, 60, 150, 300))):
        made = {"L": [made]} if chance(rng, 0.5) else {"M": {"m": made}}
    return made


def attributes(rng: Rng) -> dict[str, Any]:
    """What an item holds beside its keys: mostly of the types that indexes want."""
    made: dict[str, Any] = {}
    for name, kind in {"g": "S", "h": "N", "t": "S", "v": "N", "n": "N"}.items():
        if chance(rng, 0.5):
            made[name] = value(rng) if odd(rng, 0.05) else {kind: scalar(rng, kind)}
    for name in rng.sample(("a", "b", "list", "map", "set", "o.d d"), rng.randrange(4)):
        made[name] = value(rng)
    if odd(rng, 0.01):
        made["deep"] = deep(rng)
    if chance(rng, 0.02):
        made["fill"] = {"S": "x" * rng.choice((5000, 50_000, 400_000))}
    return made


class Expressions:
    """The expressions of one request and the placeholders they used."""

    def __init__(self, rng: Rng) -> None:
        self._rng = rng
        self._names: set[str] = set()
        self._values: dict[str, Any] = {}

    def placeholders(self) -> dict[str, Any]:
        """ExpressionAttributeNames and -Values; now and then one too many or too few."""
        rng = self._rng
        names: dict[str, Any] = {name: NAMES.get(name, "a") for name in sorted(self._names)}
        values = dict(self._values)
        if odd(rng, 0.03):
            names[rng.choice(("#z", "z", "#", "#é"))] = rng.choice(ODD_TEXTS)
        if odd(rng, 0.03):
            values[rng.choice((":z", "z", ":", ":é"))] = value(rng)
        for made in (names, values):
            if made and odd(rng, 0.02):
                made.pop(rng.choice(sorted(made)))
        found = {"ExpressionAttributeNames": names, "ExpressionAttributeValues": values}
        return {name: made for name, made in found.items() if made or odd(rng, 0.01)}

    def path(self) -> str:
        rng = self._rng
        made = rng.choice(("a", "b", "g", "n", "#m.m", "#a", "#m", "#l", "#odd", "pk", "v", "t"))
        for _ in range(rng.randrange(3) if chance(rng, 0.4) else 0):
            made += rng.choice((".a", ".x1", "[0]", "[1]", "[99]", ".#a", ".#pk"))
        if odd(rng, 0.003):
            made += ".a" * rng.choice((31, 32, 100))
        for part in made.replace("[", ".").split("."):
            if part.startswith("#"):
                self._names.add(part)
        return made

    def given(self, kind: str | None = None) -> str:
        """A `:value`, of a type if need be."""
        rng = self._rng
        name = f":v{len(self._values)}"
        self._values[name] = value(rng) if kind is None or odd(rng, 0.03) else {kind: scalar(rng, kind)}
        return name

    def operand(self) -> str:
        if self._rng.calm:
            return self.given(self._rng.choice("SNB"))
        kind = self._rng.random()
        if kind < 0.45:
            return self.path()
        return self.given() if kind < 0.9 else f"size({self.path()})"

    def condition(self, depth: int = 0) -> str:
        rng = self._rng
        if odd(rng, 0.04) and depth == 0:
            return self.soup()
        if odd(rng, 0.003) and depth == 0:
            return self._nested()
        kind = rng.randrange(9 if depth < 3 else 6)
        if rng.calm and kind <= 4:
            return f"{self.path()} {rng.choice(_COMPARATORS)} {self.operand()}"
        if kind <= 1:
            return f"{self.operand()} {rng.choice(_COMPARATORS)} {self.operand()}"
        if kind == 2:
            return f"{self.operand()} BETWEEN {self.operand()} AND {self.operand()}"
        if kind == 3:
            return f"{self.operand()} IN ({', '.join(self.operand() for _ in range(rng.randrange(1, 5)))})"
        if kind <= 5:
            return self._function()
        if kind == 6:
            return f"NOT {self.condition(depth + 1)}"
        return f"({self.condition(depth + 1)}) {rng.choice(('AND', 'OR'))} {self.condition(depth + 1)}"

    def _function(self) -> str:
        rng = self._rng
        name = rng.choice(_FUNCTIONS)
        if name.endswith("exists"):
            return f"{name}({self.path()})"
        if name == "attribute_type":
            made = self.given("S")
            self._values[made] = {"S": rng.choice(("S", "N", "BOOL", "SS", "L", "DOG"))}
            return f"attribute_type({self.path()}, {made})"
        if name == "size":
            return f"size({self.path()}) > {self.given('N')}"
        return f"{name}({self.operand()}, {self.operand()})"

    def _nested(self) -> str:
        depth = self._rng.choice((10, 100, 250, 350, 900))
        opening, closing = self._rng.choice((("(", ")"), ("NOT ", ""), ("NOT (", ")")))
        return f"{opening * depth}{self.condition(3)}{closing * depth}"

    def soup(self) -> str:
        """Tokens without sense."""
        tokens = [self._rng.choice(_TOKENS) for _ in range(self._rng.randrange(1, 12))]
        for token in tokens:
            if token in NAMES:
                self._names.add(token)
            elif token.startswith(":") and len(token) > 1 and chance(self._rng, 0.8):
                self._values[token] = value(self._rng)
        return self._rng.choice((" ", "", "  ", "\n")).join(tokens)

    def update(self) -> str:
        rng = self._rng
        if odd(rng, 0.05):
            return self.soup()
        sections = []
        for name in rng.sample(("SET", "REMOVE", "ADD", "DELETE"), rng.choice((1, 1, 1, 2, 3))):
            actions = [self._action(name) for _ in range(rng.choice((1, 1, 2, 3)))]
            sections.append(f"{name} {', '.join(actions)}")
        return " ".join(sections)

    def _action(self, section: str) -> str:
        rng = self._rng
        if rng.calm:
            name = rng.choice(("a", "b", "n", "#odd", "c"))
            self._names.update({name} & set(NAMES))
            calm = {"SET": f"{name} = ", "ADD": f"{name} ", "DELETE": f"{name} "}
            if section == "REMOVE":
                return name
            given = self.given("N" if section == "ADD" else None if section == "SET" else "S")
            if section == "DELETE":
                self._values[given] = {"SS": ["a"]}
            return calm[section] + given
        if section == "REMOVE":
            return self.path()
        if section == "ADD":
            return f"{self.path()} {self.given(rng.choice((None, 'N')))}"
        if section == "DELETE":
            return f"{self.path()} {self.given()}"
        left = self._term(0)
        return f"{self.path()} = {left}" + (f" {rng.choice('+-')} {self._term(0)}" if chance(rng, 0.3) else "")

    def _term(self, depth: int) -> str:
        kind = self._rng.random()
        if kind < 0.45 or depth > 2:
            return self.given(self._rng.choice((None, "N", "S")))
        if kind < 0.7:
            return self.path()
        if kind < 0.85:
            return f"if_not_exists({self.path()}, {self._term(depth + 1)})"
        return f"list_append({self._term(depth + 1)}, {self._term(depth + 1)})"

    def projection(self) -> str:
        if odd(self._rng, 0.05):
            return self.soup()
        return ", ".join(self.path() for _ in range(self._rng.randrange(1, 5)))

    def key_condition(self, keys: list[tuple[str, str]], hashes: int) -> str:
        """`keys` are names and types, hash attributes first."""
        rng = self._rng
        if odd(rng, 0.05):
            return self.soup()
        used = rng.randrange(hashes, len(keys) + 1)
        terms = [f"{name} = {self.given(kind)}" for name, kind in keys[:hashes]]
        for place, (name, kind) in enumerate(keys[hashes:used], hashes + 1):
            terms.append(f"{name} = {self.given(kind)}" if place < used else self._last_term(name, kind))
        return " AND ".join(terms)

    def _last_term(self, name: str, kind: str) -> str:
        chosen = self._rng.randrange(4)
        if chosen == 0:
            return f"{name} BETWEEN {self.given(kind)} AND {self.given(kind)}"
        if chosen == 1:
            return f"begins_with({name}, {self.given(kind)})"
        return f"{name} {self._rng.choice(_COMPARATORS)} {self.given(kind)}"

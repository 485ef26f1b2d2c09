"""Amazon Ion text, one value a line, as exports write it and imports read it.

    $ion_1_0 {Item:{id:"a",n:1.5,b:{{YQ==}},s:$dynamodb_SS::["x","y"]}}

The library amazon.ion was tried first and refuses strings of 64 KB or more, which items may hold. Of Ion only what
DynamoDB's types map to is taken: no symbols, timestamps, clobs or S-expressions as values. Other annotations than those
of sets mean nothing here.
"""

import re
from base64 import b64encode
from binascii import Error as Base64Error
from binascii import a2b_base64
from collections.abc import Mapping

import orjson

from stator.limits import NESTING_LEVELS_MAX
from stator.values.attribute import AttributeValue, Item

VERSION_MARKER = "$ion_1_0"
SETS = {"$dynamodb_SS": "SS", "$dynamodb_NS": "NS", "$dynamodb_BS": "BS"}

LEVELS_MAX = NESTING_LEVELS_MAX + 8  # the line's own struct and its members; what nests deeper is no item
_WORDS_WITH_A_MEANING = frozenset(("null", "true", "false", "nan"))

_IDENTIFIER = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*+")
_SPACE = re.compile(r"(?:\s|//[^\n]*+\n?|/\*(?:[^*]|\*(?!/))*+\*/)*+")
_PLAIN_FIELD = re.compile(r"\s*([A-Za-z_$][A-Za-z0-9_$]*+):(?!:)\s*")
_PLAIN_STRING = re.compile(r'"([^"\\\n\r]*+)"')
_STRING = re.compile(r'"((?:[^"\\\n\r]|\\[\s\S])*+)"')
_LONG_STRING = re.compile(r"'''((?:[^'\\]|\\[\s\S]|'(?!''))*+)'''")
_QUOTED_SYMBOL = re.compile(r"'((?:[^'\\\n\r]|\\[\s\S])*+)'")
_NUMBER = re.compile(
    r"(?:-?0[xX][0-9a-fA-F]++(?:_[0-9a-fA-F]++)*+|-?0[bB][01]++(?:_[01]++)*+"
    r"|-?(?:0|[1-9](?:_?[0-9])*+)(?:\.(?:[0-9](?:_?[0-9])*+)?)?(?:[dDeE][+-]?[0-9]++)?)(?=[\s{}\[\](),\"'/]|$)"
)
_BLOB = re.compile(r"\{\{([A-Za-z0-9+/=\s]*+)\}\}")
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(\r\n|[\s\S]))")
_ESCAPED = {
    "0": "\0", "a": "\a", "b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", "v": "\v",
    '"': '"', "'": "'", "?": "?", "\\": "\\", "/": "/", "\n": "", "\r": "", "\r\n": "",
}  # fmt: skip


class NotIon(ValueError):
    """The text is no Ion that could be an item. Says what is wrong and at which character, from 0."""


def parse_line(line: bytes) -> dict[str, AttributeValue] | None:
    """The members of the struct in a line, as attribute values: `{"Item": {"M": {...}}}`. None for a line without one.

    Values are as a client would send them: numbers not normalised, sets neither sorted nor checked
    (`stator.values.parse` does that). Of members of one name the last counts. Raises NotIon.
    """
    try:
        text = line.decode()
    except UnicodeDecodeError as error:
        raise NotIon(f"not UTF-8 at byte {error.start}") from None
    return _Reader(text).line()


def parse_item(line: bytes) -> Item | None:
    """The item of a line `$ion_1_0 {Item:{...}}`; None for a line without a value. Raises NotIon."""
    members = parse_line(line)
    if members is None:
        return None
    item = members.get("Item")
    if item is None or "M" not in item:
        raise NotIon("the line has no struct Item")
    content: Item = item["M"]
    return content


def render_line(members: Mapping[str, Mapping[str, AttributeValue]]) -> bytes:
    """One line, without its end, of structs of canonical attribute values: `{"Item": {...}}`."""
    inside = ",".join(f"{name}:{_struct(content)}" for name, content in members.items())
    return f"{VERSION_MARKER} {{{inside}}}".encode()


def _render(value: AttributeValue) -> str:
    ((kind, content),) = value.items()
    if kind == "S":
        return orjson.dumps(content).decode()  # every JSON string is an Ion string
    if kind == "N":
        number: str = content
        return _decimal(number)
    if kind == "M":
        return _struct(content)
    if kind == "L":
        return f"[{','.join(map(_render, content))}]"
    if kind == "B":
        return f"{{{{{content}}}}}"
    if kind == "BOOL":
        return "true" if content else "false"
    if kind == "NULL":
        return "null"
    member = {"SS": "S", "NS": "N", "BS": "B"}[kind]
    return f"$dynamodb_{kind}::[{','.join(_render({member: each}) for each in content)}]"


def _struct(content: Mapping[str, AttributeValue]) -> str:
    return "{" + ",".join(f"{_symbol(name)}:{_render(value)}" for name, value in content.items()) + "}"


def _symbol(name: str) -> str:
    if _IDENTIFIER.fullmatch(name) and name not in _WORDS_WITH_A_MEANING and not name.startswith("$"):
        return name
    inside = orjson.dumps(name).decode()[1:-1].replace('\\"', '"').replace("'", "\\'")
    return f"'{inside}'"


def _decimal(number: str) -> str:
    """A canonical number as DynamoDB's exports write it: `103.`, `1.5`, `6d2`, `15d-9`."""
    if "." not in number:
        digits = number.rstrip("0")
        zeros = len(number) - len(digits)
        return f"{digits}d{zeros}" if zeros and digits else f"{number}."
    if number.startswith(("0.0000000", "-0.0000000")):
        sign = "-" if number[0] == "-" else ""
        fraction = number.partition(".")[2]
        return f"{sign}{fraction.lstrip('0')}d-{len(fraction)}"
    return number


class _Reader:
    """A walk through the text of one line."""

    __slots__ = ("position", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0

    def line(self) -> dict[str, AttributeValue] | None:
        found: dict[str, AttributeValue] | None = None
        while True:
            self._space()
            if self.position == len(self.text):
                return found
            start = self.position
            if self.text.startswith(VERSION_MARKER, start):
                word = self._identifier()
                if word == VERSION_MARKER and not self._follows("::"):
                    continue
                self.position = start
            annotations = self._annotations()
            value = self._value(0, annotations)
            if "$ion_symbol_table" in annotations:
                continue
            if "M" not in value:
                raise self._fault("the line is no struct", start)
            if found is not None:
                raise self._fault("a line holds one value, and another follows", start)
            found = value["M"]

    def _value(self, level: int, annotations: list[str]) -> AttributeValue:
        """The value here, past its annotations. Leaves the position after it."""
        text = self.text
        start = self.position
        character = text[start : start + 1]
        if character == '"':
            return {"S": self._string()}
        if character in "-0123456789" and character:
            return self._number()
        if character == "{":
            if text.startswith("{{", start):
                return self._blob()
            return {"M": self._members(level)}
        if character == "[":
            return self._elements(level, annotations)
        if character == "'" and text.startswith("'''", start):
            return {"S": self._long_string()}
        if character == "(":
            raise self._fault("an S-expression is no value of an item")
        return self._word()

    def _word(self) -> AttributeValue:
        start = self.position
        word = self._identifier()
        if word == "true":
            return {"BOOL": True}
        if word == "false":
            return {"BOOL": False}
        if word == "null":
            if self.text.startswith(".", self.position):
                self.position += 1
                self._identifier()
            return {"NULL": True}
        raise self._fault("a symbol is no value of an item" if word else "a value was expected", start)

    def _number(self) -> AttributeValue:
        match = _NUMBER.match(self.text, self.position)
        if match is None:
            raise self._fault("no number, or a timestamp, which is no value of an item")
        self.position = match.end()
        text = match[0].replace("_", "")
        if text[:3].lower().lstrip("-").startswith(("0x", "0b")):
            return {"N": str(int(text, 0))}
        return {"N": text.replace("d", "e").replace("D", "e")}

    def _string(self) -> str:
        match = _PLAIN_STRING.match(self.text, self.position)
        if match is not None:
            self.position = match.end()
            return match[1]
        match = _STRING.match(self.text, self.position)
        if match is None:
            raise self._fault("a string does not end")
        self.position = match.end()
        return self._unescaped(match[1], match.start())

    def _long_string(self) -> str:
        parts = []
        while self.text.startswith("'''", self.position):
            match = _LONG_STRING.match(self.text, self.position)
            if match is None:
                raise self._fault("a string does not end")
            self.position = match.end()
            parts.append(self._unescaped(match[1], match.start()))
            self._space()
        return "".join(parts)

    def _blob(self) -> AttributeValue:
        match = _BLOB.match(self.text, self.position)
        if match is None:
            raise self._fault("no blob in base64; a clob is no value of an item")
        try:
            content = a2b_base64("".join(match[1].split()), strict_mode=True)
        except Base64Error:
            raise self._fault("a blob is not in base64") from None
        self.position = match.end()
        return {"B": b64encode(content).decode()}

    def _members(self, level: int) -> dict[str, AttributeValue]:
        self._enter(level)
        text = self.text
        members: dict[str, AttributeValue] = {}
        self._space()
        while not text.startswith("}", self.position):
            name = self._field()
            members[name] = self._annotated(level + 1)
            self._separated("}")
        self.position += 1
        return members

    def _field(self) -> str:
        match = _PLAIN_FIELD.match(self.text, self.position)
        if match is not None and match[1][0] != "$":
            self.position = match.end()
            return match[1]
        start = self.position
        if self.text.startswith("'''", start):
            name = self._long_string()
        elif self.text.startswith('"', start):
            name = self._string()
        else:
            name = self._symbol()
        self._space()
        if not self.text.startswith(":", self.position):
            raise self._fault("a field name and a colon were expected", start)
        self.position += 1
        return name

    def _elements(self, level: int, annotations: list[str]) -> AttributeValue:
        self._enter(level)
        start = self.position - 1
        elements: list[AttributeValue] = []
        self._space()
        while not self.text.startswith("]", self.position):
            elements.append(self._annotated(level + 1))
            self._separated("]")
        self.position += 1
        for annotation in annotations:
            kind = SETS.get(annotation)
            if kind is not None:
                if not all(kind[0] in element for element in elements):
                    raise self._fault(f"a set {annotation} has a member of another type", start)
                return {kind: [element[kind[0]] for element in elements]}
        return {"L": elements}

    def _annotated(self, level: int) -> AttributeValue:
        self._space()
        character = self.text[self.position : self.position + 1]
        annotations = [] if character in '"0123456789-{[' else self._annotations()
        return self._value(level, annotations)

    def _annotations(self) -> list[str]:
        """The annotations here; leaves the position at the value they belong to."""
        found: list[str] = []
        while True:
            start = self.position
            character = self.text[start : start + 1]
            quoted = character == "'" and not self.text.startswith("'''", start)
            if not quoted and not _IDENTIFIER.match(self.text, start):
                return found
            name = self._symbol()
            if not self._follows("::"):
                self.position = start
                return found
            self._space()
            found.append(name)

    def _symbol(self) -> str:
        match = _QUOTED_SYMBOL.match(self.text, self.position)
        if match is not None:
            self.position = match.end()
            return self._unescaped(match[1], match.start())
        start = self.position
        name = self._identifier()
        if not name:
            raise self._fault("a name was expected")
        if name[0] == "$" and name[1:].isdigit():
            raise self._fault("a symbol is given by its number only", start)
        return name

    def _identifier(self) -> str:
        match = _IDENTIFIER.match(self.text, self.position)
        if match is None:
            return ""
        self.position = match.end()
        return match[0]

    def _separated(self, end: str) -> None:
        """Past a comma, or up to the end of the container."""
        self._space()
        if self.text.startswith(",", self.position):
            self.position += 1
            self._space()
        elif not self.text.startswith(end, self.position):
            raise self._fault(f"a comma or {end} was expected")

    def _follows(self, token: str) -> bool:
        """Whether the token comes next; leaves the position after it if so."""
        self._space()
        if not self.text.startswith(token, self.position):
            return False
        self.position += len(token)
        return True

    def _enter(self, level: int) -> None:
        if level >= LEVELS_MAX:
            raise self._fault("values are nested too deep")
        self.position += 1

    def _space(self) -> None:
        match = _SPACE.match(self.text, self.position)
        if match is not None:
            self.position = match.end()

    def _unescaped(self, inside: str, start: int) -> str:
        if "\\" not in inside:
            return inside
        text = _ESCAPE.sub(self._escape, inside)
        try:  # two halves of a pair, each escaped, make one character
            return text.encode("utf-16", "surrogatepass").decode("utf-16")
        except UnicodeDecodeError:
            raise self._fault("a string has half of a surrogate pair", start) from None

    def _escape(self, match: re.Match[str]) -> str:
        digits = match[1] or match[2] or match[3]
        if digits:
            code = int(digits, 16)
            if code > 0x10FFFF:
                raise self._fault(f"there is no character {match[0]}")
            return chr(code)
        escaped = _ESCAPED.get(match[4])
        if escaped is None:
            raise self._fault(f"there is no escape {match[0]}")
        return escaped

    def _fault(self, text: str, position: int | None = None) -> NotIon:
        return NotIon(f"{text}, at character {self.position if position is None else position}")

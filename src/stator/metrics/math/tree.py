"""An expression of metric math as a tree."""

from msgspec import Struct


class Number(Struct, frozen=True):
    value: float


class Text(Struct, frozen=True):
    """In quotes."""

    value: str


class Word(Struct, frozen=True):
    """A name in capitals that is no call: REPEAT, DESC, MAX."""

    value: str


class Reference(Struct, frozen=True):
    """The id of another query."""

    id: str


class Negation(Struct, frozen=True):
    of: "Tree"


class Binary(Struct, frozen=True):
    operator: str
    left: "Tree"
    right: "Tree"


class Call(Struct, frozen=True):
    function: str
    arguments: "tuple[Tree, ...]"


class Array(Struct, frozen=True):
    elements: "tuple[Tree, ...]"


Tree = Number | Text | Word | Reference | Negation | Binary | Call | Array


def parts(tree: Tree) -> "list[Tree]":
    """The tree and all within it."""
    found = [tree]
    for each in found:  # grows while it is walked
        if isinstance(each, Negation):
            found.append(each.of)
        elif isinstance(each, Binary):
            found += (each.left, each.right)
        elif isinstance(each, Call):
            found += each.arguments
        elif isinstance(each, Array):
            found += each.elements
    return found

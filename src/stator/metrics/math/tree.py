"""An expression of metric math as a tree."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Number:
    value: float


@dataclass(frozen=True, slots=True)
class Text:
    """In quotes."""

    value: str


@dataclass(frozen=True, slots=True)
class Word:
    """A name in capitals that is no call: REPEAT, DESC, MAX."""

    value: str


@dataclass(frozen=True, slots=True)
class Reference:
    """The id of another query."""

    id: str


@dataclass(frozen=True, slots=True)
class Negation:
    of: "Tree"


@dataclass(frozen=True, slots=True)
class Binary:
    operator: str
    left: "Tree"
    right: "Tree"


@dataclass(frozen=True, slots=True)
class Call:
    function: str
    arguments: "tuple[Tree, ...]"


@dataclass(frozen=True, slots=True)
class Array:
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

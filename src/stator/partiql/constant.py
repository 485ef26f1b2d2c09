"""Literals of a statement to attribute values."""

from stator.errors import ValidationException
from stator.limits import NESTING_LEVELS_MAX
from stator.partiql.fault import refused
from stator.partiql.syntax import (
    BagNode,
    BetweenNode,
    BinaryNode,
    CallNode,
    InNode,
    IsNode,
    ListNode,
    Literal,
    LogicNode,
    NegativeNode,
    Node,
    NotNode,
    Parameter,
    PathNode,
    TupleNode,
)
from stator.values.attribute import AttributeValue
from stator.values.number import normalise
from stator.values.parse import parse_value

NESTED_TOO_DEEP = "Nesting Levels have exceeded supported limits"
EMPTY_BAG = "Empty bags are not supported"
MIXED_BAG = "Unsupported data type in Bag. DynamoDB only supports either numbers or strings in bags"

_KINDS = {
    Parameter: "Parameter",
    PathNode: "VariableReference",
    BinaryNode: "NAry",
    LogicNode: "NAry",
    NotNode: "NAry",
    BetweenNode: "NAry",
    InNode: "NAry",
    NegativeNode: "NAry",
    IsNode: "IsType",
}


def is_constant(node: Node) -> bool:
    return isinstance(node, Literal | ListNode | BagNode | TupleNode)


def kind_of(node: Node) -> str:
    """What a node is called in a complaint."""
    if isinstance(node, CallNode):
        return node.name
    if isinstance(node, Literal):
        return "Literal"
    return _KINDS.get(type(node), type(node).__name__.removesuffix("Node"))


def constant(text: str, node: Node, key: str = "root", level: int = 0) -> AttributeValue:
    """The value of a literal in the statement `text`. `key` is the way to it, `level` how many literals hold it.

    Raises ValidationException for a number or set that cannot be stored, for what is no literal, and for what lies
    deeper than an item may.
    """
    if level >= NESTING_LEVELS_MAX:
        raise ValidationException(f"{NESTED_TOO_DEEP} under {key}")
    if isinstance(node, Literal):
        return _scalar(text, node, key)
    if isinstance(node, ListNode):
        elements = enumerate(node.elements)
        return {"L": [constant(text, element, f"{key}[{index}]", level + 1) for index, element in elements]}
    if isinstance(node, TupleNode):
        return {"M": members(text, node, key, level + 1)}
    if isinstance(node, BagNode):
        return _bag(node, key)
    raise refused(text, node.place, f"Unsupported data type: {kind_of(node)} under key {key}")


def members(text: str, node: TupleNode, key: str, level: int) -> dict[str, AttributeValue]:
    """The members of a literal map. Of two with one name the last one stays."""
    found: dict[str, AttributeValue] = {}
    for name, value in node.members:
        if not isinstance(name, Literal) or name.type != "S":
            raise refused(text, name.place, f"Unsupported data type: {kind_of(name)} under key {key}")
        found[name.text] = constant(text, value, f"{key}.{name.text}", level)
    return found


def _scalar(text: str, node: Literal, key: str) -> AttributeValue:
    if node.type == "S":
        return {"S": node.text}
    if node.type == "N":
        return {"N": _number(node.text, key)}
    if node.type == "BOOL":
        return {"BOOL": node.text == "true"}
    if node.type == "NULL":
        return {"NULL": True}
    raise refused(text, node.place, f"Unsupported data type: MISSING under key {key}")


def _number(written: str, key: str) -> str:
    try:
        return normalise(written)
    except ValidationException as error:
        raise ValidationException(f"{error.message} under {key}") from None


def _bag(node: BagNode, key: str) -> AttributeValue:
    if not node.members:
        raise ValidationException(EMPTY_BAG)
    texts: list[str] = []
    types = set()
    for member in node.members:
        if not isinstance(member, Literal) or member.type not in ("S", "N"):
            raise ValidationException(MIXED_BAG)
        texts.append(member.text)
        types.add(member.type)
    if len(types) > 1:
        raise ValidationException(MIXED_BAG)
    if types == {"S"}:
        return parse_value({"SS": texts})
    numbers = [_number(written, key) for written in texts]
    if len(set(numbers)) < len(numbers):
        raise ValidationException(
            "One or more parameter values were invalid: "
            f"Input collection [{', '.join(texts)}] contains duplicates! under {key}"
        )
    return parse_value({"NS": numbers})

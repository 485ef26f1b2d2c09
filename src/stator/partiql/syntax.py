"""What a statement says, as it is written: the trees that the parser makes. Names and literals are not judged yet."""

from msgspec import Struct

from stator.expressions.tree import Path
from stator.partiql.fault import Place


class Literal(Struct, frozen=True):
    """A string, number (its text, with its signs), boolean, null or missing. `type` is S, N, BOOL, NULL or MISSING."""

    type: str
    text: str
    place: Place


class Parameter(Struct, frozen=True):
    index: int  # from 0
    place: Place


class PathNode(Struct, frozen=True):
    path: Path
    place: Place  # of its first name


class ListNode(Struct, frozen=True):
    elements: tuple["Node", ...]
    place: Place
    depth: int


class BagNode(Struct, frozen=True):
    members: tuple["Node", ...]
    place: Place
    depth: int


class TupleNode(Struct, frozen=True):
    members: tuple[tuple["Node", "Node"], ...]
    place: Place
    depth: int


class CallNode(Struct, frozen=True):
    """`name` as written, in lower case when it is a keyword."""

    name: str
    arguments: tuple["Node", ...]
    place: Place  # of the name
    depth: int


class NegativeNode(Struct, frozen=True):
    """A sign before something that is no number."""

    sign: str
    operand: "Node"
    place: Place
    depth: int


class BinaryNode(Struct, frozen=True):
    """A comparison or calculation."""

    operator: str
    left: "Node"
    right: "Node"
    place: Place
    depth: int


class LogicNode(Struct, frozen=True):
    """Two or more conditions joined by one of `and` and `or`."""

    operator: str
    parts: tuple["Node", ...]
    place: Place
    depth: int


class NotNode(Struct, frozen=True):
    operand: "Node"
    place: Place
    depth: int


class BetweenNode(Struct, frozen=True):
    operand: "Node"
    low: "Node"
    high: "Node"
    place: Place
    depth: int


class InNode(Struct, frozen=True):
    operand: "Node"
    options: tuple["Node", ...]
    place: Place
    depth: int


class IsNode(Struct, frozen=True):
    """`type` is missing, null or the name of another type."""

    operand: "Node"
    type: str
    place: Place
    depth: int


Node = (
    Literal
    | Parameter
    | PathNode
    | ListNode
    | BagNode
    | TupleNode
    | CallNode
    | NegativeNode
    | BinaryNode
    | LogicNode
    | NotNode
    | BetweenNode
    | InNode
    | IsNode
)


class Source(Struct, frozen=True):
    """The table, and perhaps the index, that a statement names."""

    table: str
    index: str | None


class OrderTerm(Struct, frozen=True):
    name: Node
    descending: bool


class SelectNode(Struct, frozen=True):
    columns: tuple[Node, ...] | None  # None for *
    source: Source
    where: Node | None
    order: tuple[OrderTerm, ...]


class ExistsNode(Struct, frozen=True):
    select: SelectNode


class InsertNode(Struct, frozen=True):
    source: Source
    value: Node


class SetNode(Struct, frozen=True):
    target: PathNode
    value: Node


class RemoveNode(Struct, frozen=True):
    target: PathNode


class UpdateNode(Struct, frozen=True):
    source: Source
    actions: tuple[SetNode | RemoveNode, ...]
    where: Node | None
    returning: str | None  # for instance `ALL OLD`


class DeleteNode(Struct, frozen=True):
    source: Source
    where: Node | None
    returning: str | None


Statement = SelectNode | ExistsNode | InsertNode | UpdateNode | DeleteNode

"""What a statement says, as it is written: the trees that the parser makes. Names and literals are not judged yet."""

from dataclasses import dataclass

from stator.expressions.tree import Path
from stator.partiql.fault import Place


@dataclass(frozen=True, slots=True)
class Literal:
    """A string, number (its text, with its signs), boolean, null or missing. `type` is S, N, BOOL, NULL or MISSING."""

    type: str
    text: str
    place: Place


@dataclass(frozen=True, slots=True)
class Parameter:
    index: int  # from 0
    place: Place


@dataclass(frozen=True, slots=True)
class PathNode:
    path: Path
    place: Place  # of its first name


@dataclass(frozen=True, slots=True)
class ListNode:
    elements: tuple["Node", ...]
    place: Place
    depth: int


@dataclass(frozen=True, slots=True)
class BagNode:
    members: tuple["Node", ...]
    place: Place
    depth: int


@dataclass(frozen=True, slots=True)
class TupleNode:
    members: tuple[tuple["Node", "Node"], ...]
    place: Place
    depth: int


@dataclass(frozen=True, slots=True)
class CallNode:
    """`name` as written, in lower case when it is a keyword."""

    name: str
    arguments: tuple["Node", ...]
    place: Place  # of the name
    depth: int


@dataclass(frozen=True, slots=True)
class NegativeNode:
    """A sign before something that is no number."""

    sign: str
    operand: "Node"
    place: Place
    depth: int


@dataclass(frozen=True, slots=True)
class BinaryNode:
    """A comparison or calculation."""

    operator: str
    left: "Node"
    right: "Node"
    place: Place
    depth: int


@dataclass(frozen=True, slots=True)
class LogicNode:
    """Two or more conditions joined by one of `and` and `or`."""

    operator: str
    parts: tuple["Node", ...]
    place: Place
    depth: int


@dataclass(frozen=True, slots=True)
class NotNode:
    operand: "Node"
    place: Place
    depth: int


@dataclass(frozen=True, slots=True)
class BetweenNode:
    operand: "Node"
    low: "Node"
    high: "Node"
    place: Place
    depth: int


@dataclass(frozen=True, slots=True)
class InNode:
    operand: "Node"
    options: tuple["Node", ...]
    place: Place
    depth: int


@dataclass(frozen=True, slots=True)
class IsNode:
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


@dataclass(frozen=True, slots=True)
class Source:
    """The table, and perhaps the index, that a statement names."""

    table: str
    index: str | None


@dataclass(frozen=True, slots=True)
class OrderTerm:
    name: Node
    descending: bool


@dataclass(frozen=True, slots=True)
class SelectNode:
    columns: tuple[Node, ...] | None  # None for *
    source: Source
    where: Node | None
    order: tuple[OrderTerm, ...]


@dataclass(frozen=True, slots=True)
class ExistsNode:
    select: SelectNode


@dataclass(frozen=True, slots=True)
class InsertNode:
    source: Source
    value: Node


@dataclass(frozen=True, slots=True)
class SetNode:
    target: PathNode
    value: Node


@dataclass(frozen=True, slots=True)
class RemoveNode:
    target: PathNode


@dataclass(frozen=True, slots=True)
class UpdateNode:
    source: Source
    actions: tuple[SetNode | RemoveNode, ...]
    where: Node | None
    returning: str | None  # for instance `ALL OLD`


@dataclass(frozen=True, slots=True)
class DeleteNode:
    source: Source
    where: Node | None
    returning: str | None


Statement = SelectNode | ExistsNode | InsertNode | UpdateNode | DeleteNode

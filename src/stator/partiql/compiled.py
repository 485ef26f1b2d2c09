"""Statement texts to statements, kept: a repeated text costs a look-up instead of a parse."""

from typing import TypedDict

from stator.errors import ValidationException
from stator.expressions.checks import Check, Values
from stator.expressions.evaluate import predicate
from stator.partiql.condition import lower_condition
from stator.partiql.constant import kind_of
from stator.partiql.fault import refused
from stator.partiql.parser import parse_statement
from stator.partiql.scope import Scope
from stator.partiql.statement import (
    Columns,
    DeleteItem,
    Exists,
    Insert,
    OrderBy,
    Select,
    Statement,
    UpdateItem,
)
from stator.partiql.syntax import (
    DeleteNode,
    ExistsNode,
    InsertNode,
    Literal,
    Node,
    PathNode,
    SelectNode,
    Source,
    TupleNode,
    UpdateNode,
)
from stator.partiql.update import lower_update

TEXTS_MAX = 512


class _Kept:
    """The texts compiled last, in two generations: when the young one is full, the old one is dropped."""

    __slots__ = ("_old", "_young")

    def __init__(self) -> None:
        self._young: dict[str, Statement] = {}
        self._old: dict[str, Statement] = {}

    def find(self, text: str) -> Statement | None:
        statement = self._young.get(text)
        if statement is None:
            statement = self._old.get(text)
            if statement is not None:
                self.keep(text, statement)
        return statement

    def keep(self, text: str, statement: Statement) -> None:
        if len(self._young) >= TEXTS_MAX // 2:
            self._old = self._young
            self._young = {}
        self._young[text] = statement

    def __len__(self) -> int:
        return len(self._young.keys() | self._old.keys())


KEPT = _Kept()


def compile_statement(text: str) -> Statement:
    """Raises ValidationException for a text that is no statement, or one that could never be executed."""
    statement = KEPT.find(text)
    if statement is None:
        statement = _compile(text)
        KEPT.keep(text, statement)
    return statement


def _compile(text: str) -> Statement:
    node, parameters = parse_statement(text)
    scope = Scope(text, parameters)
    if isinstance(node, SelectNode):
        return _select(node, scope)
    if isinstance(node, ExistsNode):
        return _exists(node, scope)
    if isinstance(node, InsertNode):
        return _insert(node, scope)
    return _change(node, scope)


class _Head(TypedDict):
    text: str
    source: Source
    parameters: int
    values: Values
    checks: tuple[Check, ...]


def _head(source: Source, scope: Scope) -> _Head:
    """What all statements have. For when all else of one is lowered: that adds to the scope's values and checks."""
    return {
        "text": scope.text,
        "source": source,
        "parameters": scope.parameters,
        "values": scope.values,
        "checks": tuple(scope.checks),
    }


def _exists(node: ExistsNode, scope: Scope) -> Exists:
    select = _select(node.select, scope)
    return Exists(
        **_head(select.source, scope),
        select=select,
    )


def _select(node: SelectNode, scope: Scope) -> Select:
    columns = None if node.columns is None else _columns(node.columns, scope)
    condition = None if node.where is None else lower_condition(node.where, scope)
    return Select(
        **_head(node.source, scope),
        columns=columns,
        condition=condition,
        test=None if condition is None else predicate(condition),
        order=tuple(OrderBy(_order_name(term.name), term.descending) for term in node.order),
    )


def _columns(nodes: tuple[Node, ...], scope: Scope) -> Columns:
    named: dict[str, tuple[str | int, ...]] = {}
    for node in nodes:
        if not isinstance(node, PathNode):
            raise refused(scope.text, node.place, "Unexpected path component")
        name = _column_name(node.path)
        if name in named:
            raise ValidationException(f"Duplicate identifiers in select clause: {name}")
        named[name] = node.path
    return Columns(tuple(named.items()))


def _column_name(path: tuple[str | int, ...]) -> str:
    """The last name in a path with the list indexes behind it."""
    start = max(index for index, step in enumerate(path) if isinstance(step, str))
    return str(path[start]) + "".join(f"[{step}]" for step in path[start + 1 :])


def _order_name(node: Node) -> str:
    if not isinstance(node, PathNode):
        raise ValidationException(f"Argument to ORDER BY must be of type VariableReference. Type: {kind_of(node)}")
    return ".".join(map(str, node.path))


def _insert(node: InsertNode, scope: Scope) -> Insert:
    value = node.value
    if not isinstance(value, TupleNode):
        raise refused(scope.text, value.place, f"Unsupported data type: {kind_of(value)}")
    members = {}
    for name, member in value.members:
        if not isinstance(name, Literal) or name.type != "S":
            raise refused(scope.text, name.place, f"Unsupported data type: {kind_of(name)} under key root")
        members[name.text] = scope.operand(member)
    return Insert(
        **_head(node.source, scope),
        members=tuple(members.items()),
    )


def _change(node: UpdateNode | DeleteNode, scope: Scope) -> Statement:
    update = lower_update(node.actions, scope) if isinstance(node, UpdateNode) else None
    if node.source.index is not None:
        raise ValidationException("This operation is not supported on an index")
    condition = None if node.where is None else lower_condition(node.where, scope)
    if update is not None:
        return UpdateItem(
            **_head(node.source, scope),
            condition=condition,
            returning=node.returning,
            update=update,
        )
    if node.returning not in (None, "ALL OLD"):
        raise ValidationException(
            f"Invalid returning clause: RETURNING {node.returning} *. "
            "Only RETURNING ALL OLD * is allowed in DELETE statements."
        )
    return DeleteItem(
        **_head(node.source, scope),
        condition=condition,
        returning=node.returning,
    )

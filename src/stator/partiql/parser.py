"""Statement text to its tree."""

from stator.errors import ValidationException
from stator.partiql import fault
from stator.partiql.expression import EQUALITY, Expressions
from stator.partiql.fault import malformed, refused
from stator.partiql.syntax import (
    DeleteNode,
    ExistsNode,
    InsertNode,
    IsNode,
    Node,
    OrderTerm,
    RemoveNode,
    SelectNode,
    SetNode,
    Source,
    Statement,
    UpdateNode,
)
from stator.partiql.token import KEYWORD, NAME, QUOTED

ALIASING = "Aliasing is not supported"
UNSUPPORTED_TEST = "Unsupported operation: IsType"
_SOURCE_PARTS_MAX = 2


def parse_statement(text: str) -> tuple[Statement, int]:
    """The tree of a statement and the number of its parameters. Raises ValidationException."""
    parser = _Statements(text)
    statement = parser.statement()
    parser.skip_symbol(";")
    if not parser.at_end() or parser.is_symbol(";"):
        raise malformed(fault.LEFTOVER)
    return statement, parser.parameters


class _Statements(Expressions):
    """The parser of one statement."""

    __slots__ = ()

    def statement(self) -> Statement:
        if self.skip_keyword("select"):
            return self._select()
        if self.skip_keyword("insert"):
            return self._insert()
        if self.skip_keyword("update"):
            source = self._target()
            actions = self._actions()
            return UpdateNode(source, actions, self._where(), self._returning())
        if self.skip_keyword("delete"):
            return self._delete()
        if self.skip_keyword("from"):
            source = self._target()
            where = self._where()
            return UpdateNode(source, self._actions(), where, self._returning())
        if self.is_keyword("exists") and self.behind().text == "(":
            return self._exists()
        raise self._no_statement()

    def _no_statement(self) -> ValidationException:
        """The text begins like no statement. A lone expression is refused for what it is, as far as that is known."""
        try:
            node = self.expression()
        except ValidationException:
            return malformed(fault.DATA_MANIPULATION)
        if isinstance(node, IsNode) and self.at_end():
            return ValidationException(UNSUPPORTED_TEST)
        return malformed(fault.DATA_MANIPULATION)

    def _select(self) -> SelectNode:
        columns = self._columns()
        if not self.skip_keyword("from"):
            raise malformed(fault.UNEXPECTED_TERM if self.at_end() else fault.LEFTOVER)
        if self.token.kind not in (NAME, QUOTED):
            raise self.unexpected()
        source = self._source(inserts=False)
        self._refuse_alias()
        where = self._where()
        order = self._order()
        if self.skip_keyword("limit"):
            raise refused(self.text, self.expression().place, "Unsupported clause: LIMIT")
        return SelectNode(columns, source, where, order)

    def _columns(self) -> tuple[Node, ...] | None:
        if self.skip_symbol("*"):
            return None
        columns = []
        while True:
            column = self.expression()
            if self.is_keyword("as") or self.token.kind in (NAME, QUOTED):
                raise ValidationException(ALIASING)
            columns.append(column)
            if not self.skip_symbol(","):
                return tuple(columns)

    def _where(self) -> Node | None:
        return self.expression() if self.skip_keyword("where") else None

    def _order(self) -> tuple[OrderTerm, ...]:
        if not self.is_keyword("order"):
            return ()
        self.advance()
        if not self.skip_keyword("by"):
            raise self.unexpected()
        terms = []
        while True:
            node = self.expression()
            descending = self.skip_keyword("desc")
            if not descending:
                self.skip_keyword("asc")
            terms.append(OrderTerm(node, descending))
            if not self.skip_symbol(","):
                return tuple(terms)

    def _exists(self) -> ExistsNode:
        self.advance()
        self.advance()
        if not self.skip_keyword("select"):
            raise self.unexpected()
        select = self._select()
        self.expect_symbol(")")
        return ExistsNode(select)

    def _insert(self) -> InsertNode:
        if not self.skip_keyword("into"):
            raise malformed(fault.DATA_MANIPULATION)
        if self.token.kind not in (NAME, QUOTED):
            raise malformed(fault.NO_IDENTIFIER)
        source = self._source(inserts=True)
        if self.skip_symbol("("):  # a list of columns reads as a call
            while not self.skip_symbol(")"):
                self.expression()
                self.skip_symbol(",")
        if not self.skip_keyword("value"):
            raise malformed(fault.LEFTOVER)
        return InsertNode(source, self.expression())

    def _delete(self) -> DeleteNode:
        if not self.skip_keyword("from"):
            raise malformed(fault.DATA_MANIPULATION)
        source = self._target()
        return DeleteNode(source, self._where(), self._returning())

    def _target(self) -> Source:
        """What UPDATE and DELETE work on."""
        if self.token.kind not in (NAME, QUOTED):
            raise malformed(fault.NO_IDENTIFIER)
        source = self._source(inserts=False)
        self._refuse_alias()
        return source

    def _source(self, *, inserts: bool) -> Source:
        first = self.advance()
        parts = [first.text]
        while self.skip_symbol("."):
            if self.token.kind not in (NAME, QUOTED):
                raise malformed(fault.PATH_COMPONENT)
            parts.append(self.advance().text)
        if inserts and len(parts) > 1:
            problem = "FROM clause may only contain a single table name in data manipulation statements"
            raise refused(self.text, first.place, problem)
        if len(parts) > _SOURCE_PARTS_MAX:
            raise ValidationException("A path may contain at most 2 components in the FROM clause")
        if not all(parts):
            raise ValidationException("Path component cannot be an empty string")
        return Source(parts[0], parts[1] if len(parts) > 1 else None)

    def _refuse_alias(self) -> None:
        if self.is_keyword("as") or self.token.kind in (NAME, QUOTED):
            raise ValidationException(ALIASING)

    def _actions(self) -> tuple[SetNode | RemoveNode, ...]:
        actions: list[SetNode | RemoveNode] = []
        while True:
            if self.skip_keyword("set"):
                actions.append(self._assignment())
                while self.skip_symbol(","):
                    actions.append(self._assignment())
            elif self.skip_keyword("remove"):
                actions.append(RemoveNode(self.path()))
                while self.skip_symbol(","):
                    actions.append(RemoveNode(self.path()))
            elif actions:
                return tuple(actions)
            else:
                raise malformed(fault.DATA_MANIPULATION)

    def _assignment(self) -> SetNode:
        target = self.path()
        self.expect_symbol("=")
        return SetNode(target, self.expression(EQUALITY))

    def _returning(self) -> str | None:
        if not self.skip_keyword("returning"):
            return None
        what = self.advance()
        when = self.advance()
        if what.kind != KEYWORD or what.text not in ("all", "modified"):
            raise malformed(fault.NO_RETURNING)
        if when.kind != KEYWORD or when.text not in ("old", "new") or not self.skip_symbol("*"):
            raise malformed(fault.NO_RETURNING)
        return f"{what.text} {when.text}".upper()

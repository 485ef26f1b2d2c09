"""UpdateExpression text to tree."""

from typing import Literal

from stator.expressions import checks, tree
from stator.expressions.lexer import END, SYMBOL, VALUE, WORD, Token, Tokens, read_tokens
from stator.expressions.operands import RawPath, parse_operand, parse_path
from stator.expressions.overlap import find_conflict, find_overlap
from stator.expressions.scope import Scope

# Ranks of faults (0: sizes, see Scope).
_PARENTHESES = 1
_RESERVED = 2
_UNKNOWN_FUNCTION = 3
_MISUSED_FUNCTION = 4
_SECTION = 5
_UNDEFINED_NAME = 6
_UNDEFINED_VALUE = 7
_OVERLAP = 8
_CONFLICT = 9
_SECTION_TYPE = 10
_COUNT = 11
_TYPE = 12

KIND = "UpdateExpression"

_SECTIONS = frozenset(("SET", "REMOVE", "ADD", "DELETE"))
_FUNCTIONS = frozenset(("if_not_exists", "list_append"))
_CONDITION_FUNCTIONS = frozenset(
    ("attribute_exists", "attribute_not_exists", "attribute_type", "begins_with", "contains", "size")
)
_ARITHMETIC: dict[str, Literal["+", "-"]] = {"+": "+", "-": "-"}
_NOTHING = tree.PathOperand(())  # stands for a value whose fault is already known


def parse_update(text: str, scope: Scope) -> tree.Update:
    """Raises ValidationException with the fault that DynamoDB would report. `scope.paths` become the targets."""
    tokens = read_tokens(KIND, text)
    parser = _Sections(tokens, scope)
    update = parser.parse()
    if tokens.has_redundant_parentheses():
        scope.faults.add(_PARENTHESES, "The expression has redundant parentheses;")
    for rank, problem in ((_OVERLAP, find_overlap(parser.targets)), (_CONFLICT, find_conflict(parser.targets))):
        if problem is not None:
            scope.faults.add(rank, problem)
    error = scope.error(KIND)
    if error is not None:
        raise error
    scope.paths.update(dict.fromkeys(parser.targets))
    return update


class _Sections:
    """Parses the sections one after the other."""

    __slots__ = ("_adds", "_builder", "_deletes", "_removes", "_scope", "_sets", "_tokens", "targets")

    def __init__(self, tokens: Tokens, scope: Scope) -> None:
        self._tokens = tokens
        self._scope = scope
        self._builder = _ValueBuilder(scope)
        self._sets: list[tree.Assignment] = []
        self._removes: list[tree.Path] = []
        self._adds: list[tree.Operation] = []
        self._deletes: list[tree.Operation] = []
        self.targets: list[tree.Path] = []  # of all sections, in the order of the text

    def parse(self) -> tree.Update:
        tokens = self._tokens
        seen: set[str] = set()
        while True:
            if not tokens.is_keyword(*_SECTIONS):
                tokens.fail()
            section = tokens.advance().text.upper()
            if section in seen:
                problem = f'The "{section}" section can only be used once in an update expression;'
                self._scope.faults.add(_SECTION, problem)
            seen.add(section)
            self._action(section)
            while tokens.skip_symbol(","):
                self._action(section)
            if tokens.token.kind == END:
                return tree.Update(tuple(self._sets), tuple(self._removes), tuple(self._adds), tuple(self._deletes))

    def _action(self, section: str) -> None:
        tokens = self._tokens
        target = self._builder.resolve(parse_path(tokens, _SECTIONS))
        self.targets.append(target)
        if section == "SET":
            tokens.expect_symbol("=")
            self._sets.append(tree.Assignment(target, self._value()))
        elif section == "REMOVE":
            self._removes.append(target)
        else:
            if tokens.token.kind != VALUE:
                tokens.fail()
            value = self._scope.use_value(tokens.advance().text, self._scope.faults, _UNDEFINED_VALUE)
            self._scope.require(checks.SectionType(section, value.name), self._scope.faults, _SECTION_TYPE)
            operations = self._adds if section == "ADD" else self._deletes
            operations.append(tree.Operation(target, value))

    def _value(self) -> tree.UpdateValue:
        """The right side of an assignment; it may stand in parentheses as a whole."""
        tokens = self._tokens
        groups = 0
        while tokens.is_symbol("(") and _ends_value(tokens.behind_group()):
            tokens.advance()
            groups += 1
        value = parse_operand(tokens, self._builder, _SECTIONS)
        operator = _ARITHMETIC.get(tokens.token.text) if tokens.token.kind == SYMBOL else None
        if operator is not None:
            tokens.advance()
            self._scope.count_operator()
            value = self._builder.arithmetic(operator, value, parse_operand(tokens, self._builder, _SECTIONS))
        for _ in range(groups):
            tokens.expect_symbol(")")
        return value


def _ends_value(behind: Token | None) -> bool:
    """Whether what stands behind a group shows that the group is the whole value."""
    if behind is None:
        return False
    if behind.kind == WORD:
        return behind.text.upper() in _SECTIONS
    return behind.kind == END or (behind.kind == SYMBOL and behind.text in (",", ")"))


class _ValueBuilder:
    """Makes the values of assignments and finds their faults."""

    __slots__ = ("_scope",)

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def resolve(self, raw: RawPath) -> tree.Path:
        return self._scope.resolve(raw, _RESERVED, self._scope.faults, _UNDEFINED_NAME)

    def path(self, raw: RawPath) -> tree.UpdateValue:
        return tree.PathOperand(self.resolve(raw))

    def value(self, name: str) -> tree.UpdateValue:
        return self._scope.use_value(name, self._scope.faults, _UNDEFINED_VALUE)

    def group(self) -> None:
        """Parentheses are free on the right side of an assignment."""

    def call(self, name: str, operands: tuple[tree.UpdateValue, ...]) -> tree.UpdateValue:
        faults = self._scope.faults
        if name not in _FUNCTIONS:
            if name in _CONDITION_FUNCTIONS:
                problem = f"The function is not allowed in an update expression; function: {name}"
                faults.add(_MISUSED_FUNCTION, problem)
            else:
                faults.add(_UNKNOWN_FUNCTION, f"Invalid function name; function: {name}")
            return _NOTHING
        if len(operands) != 2:
            faults.add(
                _COUNT,
                f"Incorrect number of operands for operator or function; operator or function: {name}, "
                f"number of operands: {len(operands)}",
            )
            return _NOTHING
        if name == "list_append":
            return self._list_append(*operands)
        first, second = operands
        if not isinstance(first, tree.PathOperand):
            problem = "Operator or function requires a document path; operator or function: if_not_exists"
            faults.add(_TYPE, problem)
            return _NOTHING
        return tree.IfNotExists(first.path, second)

    def _list_append(self, left: tree.UpdateValue, right: tree.UpdateValue) -> tree.UpdateValue:
        for operand in (left, right):
            if isinstance(operand, tree.ListAppend):
                # The real service refuses to nest it, for no reason that its documentation gives.
                problem = "The function is not allowed to be used this way in an expression; function: list_append"
                self._scope.faults.add(_MISUSED_FUNCTION, problem)
            self._require_type("list_append", operand, checks.LIST)
        return tree.ListAppend(left, right)

    def arithmetic(
        self, operator: Literal["+", "-"], left: tree.UpdateValue, right: tree.UpdateValue
    ) -> tree.UpdateValue:
        for operand in (left, right):
            self._require_type(operator, operand, checks.NUMERIC)
        return tree.Arithmetic(operator, left, right)

    def _require_type(self, function: str, operand: tree.UpdateValue, allowed: frozenset[str]) -> None:
        if isinstance(operand, tree.ValueOperand):
            self._scope.require(checks.OperandType(function, operand.name, allowed), self._scope.faults, _TYPE)
        elif isinstance(operand, tree.ListAppend) and allowed is checks.NUMERIC:
            self._scope.faults.add(_TYPE, checks.wrong_type(function, "L"))

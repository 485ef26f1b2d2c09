"""Condition text to tree: the language of ConditionExpression, FilterExpression and KeyConditionExpression."""

from stator.expressions import checks, tree
from stator.expressions.faults import Faults
from stator.expressions.lexer import END, SYMBOL, WORD, Token, Tokens, read_tokens
from stator.expressions.operands import RawPath, parse_operand
from stator.expressions.overlap import describe_path
from stator.expressions.scope import Scope
from stator.limits import EXPRESSION_IN_OPERANDS_MAX

# Ranks of faults in the whole expression (0: sizes, see Scope) ...
_PARENTHESES = 1
_UNKNOWN_FUNCTION = 2
_MISUSED_FUNCTION = 3
_RESERVED = 4
_CONDITION = 5
# ... and inside one comparison or function, of which the first faulty one is reported.
_UNDEFINED = 0
_COUNT = 1
_DISTINCT = 2
_TYPE = 3

_KEYWORDS = frozenset(("AND", "OR", "NOT", "IN", "BETWEEN"))
_COMPARATORS: dict[str, tree.Comparator] = {"=": "=", "<>": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_ORDERINGS = frozenset(("<", "<=", ">", ">="))
_OPERAND_COUNTS = {
    "attribute_exists": 1,
    "attribute_not_exists": 1,
    "attribute_type": 2,
    "begins_with": 2,
    "contains": 2,
    "size": 1,
}
_UPDATE_FUNCTIONS = frozenset(("if_not_exists", "list_append"))

_Operand = tree.Operand | tree.FunctionCall
_REDUNDANT = "The expression has redundant parentheses;"
_NOTHING = tree.PathOperand(())  # stands for an operand whose fault is already known


def parse_condition(kind: str, text: str, scope: Scope) -> tree.Condition:
    """`kind` is the parameter's name. Raises ValidationException with the fault that DynamoDB would report."""
    tokens = read_tokens(kind, text)
    condition = _Conditions(tokens, scope).parse()
    if tokens.has_redundant_parentheses():
        scope.faults.add(_PARENTHESES, _REDUNDANT)
    error = scope.error(kind)
    if error is not None:
        raise error
    return condition


class _Level:
    """The inside of one group, as far as it is parsed: terms joined by AND, and those joined by OR before them."""

    __slots__ = ("alternatives", "negated", "terms")

    def __init__(self) -> None:
        self.alternatives: list[tree.Condition] = []
        self.terms: list[tree.Condition] = []
        self.negated = False

    def add(self, condition: tree.Condition) -> None:
        self.terms.append(_negated(condition) if self.negated else condition)
        self.negated = False

    def end_alternative(self) -> None:
        self.alternatives.append(_all(self.terms))
        self.terms = []

    def whole(self) -> tree.Condition:
        self.end_alternative()
        if len(self.alternatives) == 1:
            return self.alternatives[0]
        parts: list[tree.Condition] = []
        for condition in self.alternatives:
            parts.extend(condition.conditions if isinstance(condition, tree.Or) else (condition,))
        return tree.Or(tuple(parts))


def _negated(condition: tree.Condition) -> tree.Condition:
    return condition.condition if isinstance(condition, tree.Not) else tree.Not(condition)


def _all(terms: list[tree.Condition]) -> tree.Condition:
    if len(terms) == 1:
        return terms[0]
    parts: list[tree.Condition] = []
    for condition in terms:
        parts.extend(condition.conditions if isinstance(condition, tree.And) else (condition,))
    return tree.And(tuple(parts))


class _Conditions:
    """Parses conditions without recursion: the groups that are open are a list."""

    __slots__ = ("_builder", "_scope", "_tokens")

    def __init__(self, tokens: Tokens, scope: Scope) -> None:
        self._tokens = tokens
        self._scope = scope
        self._builder = _OperandBuilder(tokens.kind, scope)

    def parse(self) -> tree.Condition:
        tokens = self._tokens
        levels = [_Level()]
        while True:
            self._open(levels)
            levels[-1].add(self._comparison())
            while len(levels) > 1 and tokens.skip_symbol(")"):
                group = levels.pop().whole()
                levels[-1].add(group)
            if tokens.is_keyword("AND"):
                pass
            elif tokens.is_keyword("OR"):
                levels[-1].end_alternative()
            elif tokens.token.kind == END and len(levels) == 1:
                return levels[0].whole()
            else:
                tokens.fail()
            tokens.advance()
            self._scope.count_operator()

    def _open(self, levels: list[_Level]) -> None:
        """Steps over NOTs and the parentheses that open groups of conditions."""
        tokens = self._tokens
        while True:
            if tokens.is_keyword("NOT"):
                tokens.advance()
                self._scope.count_operator()
                self._scope.negates = True
                levels[-1].negated = not levels[-1].negated
            elif tokens.is_symbol("(") and not _goes_on(tokens.behind_group()):
                tokens.advance()
                levels.append(_Level())
            else:
                return

    def _comparison(self) -> tree.Condition:
        tokens = self._tokens
        builder = self._builder
        left = parse_operand(tokens, builder, _KEYWORDS, path_groups=True)
        comparator = _COMPARATORS.get(tokens.token.text) if tokens.token.kind == SYMBOL else None
        condition: tree.Condition
        if comparator is not None:
            tokens.advance()
            right = parse_operand(tokens, builder, _KEYWORDS, path_groups=True)
            condition = builder.compare(comparator, left, right)
        elif tokens.is_keyword("BETWEEN"):
            condition = self._between(left)
        elif tokens.is_keyword("IN"):
            condition = self._in(left)
        elif isinstance(left, tree.FunctionCall | tree.SizeOf):
            return builder.finish(builder.stand_alone(left))
        else:
            tokens.fail()
        self._scope.count_operator()
        return builder.finish(condition)

    def _between(self, operand: _Operand) -> tree.Condition:
        tokens = self._tokens
        tokens.advance()
        low = parse_operand(tokens, self._builder, _KEYWORDS, path_groups=True)
        if not tokens.is_keyword("AND"):
            tokens.fail()
        tokens.advance()
        high = parse_operand(tokens, self._builder, _KEYWORDS, path_groups=True)
        return self._builder.between(operand, low, high)

    def _in(self, operand: _Operand) -> tree.Condition:
        tokens = self._tokens
        tokens.advance()
        tokens.expect_symbol("(")
        options = [parse_operand(tokens, self._builder, _KEYWORDS, path_groups=True)]
        while tokens.skip_symbol(","):
            options.append(parse_operand(tokens, self._builder, _KEYWORDS, path_groups=True))
        tokens.expect_symbol(")")
        return self._builder.is_in(operand, options)


def _goes_on(behind: Token | None) -> bool:
    """Whether what stands behind a group shows that the group is an operand."""
    if behind is None:
        return False
    if behind.kind == SYMBOL:
        return behind.text in _COMPARATORS or behind.text in (".", "[")
    return behind.kind == WORD and behind.text.upper() in ("BETWEEN", "IN")


class _OperandBuilder:
    """Makes the operands and comparisons of conditions and finds their faults."""

    __slots__ = ("_faults", "_kind", "_scope")

    def __init__(self, kind: str, scope: Scope) -> None:
        self._kind = kind
        self._scope = scope
        self._faults = Faults()  # of the comparison being parsed

    def path(self, raw: RawPath) -> _Operand:
        path = self._scope.resolve(raw, _RESERVED, self._faults, _UNDEFINED)
        self._scope.paths[path] = None
        return tree.PathOperand(path)

    def value(self, name: str) -> _Operand:
        return self._scope.use_value(name, self._faults, _UNDEFINED)

    def group(self) -> None:
        self._scope.faults.add(_PARENTHESES, _REDUNDANT)

    def call(self, name: str, operands: tuple[_Operand, ...]) -> _Operand:
        plain = self._plain(operands)
        count = _OPERAND_COUNTS.get(name)
        if count is None:
            self._report_unknown(name)
        elif len(plain) != count:
            self._fault(
                _COUNT,
                f"Incorrect number of operands for operator or function; operator or function: {name}, "
                f"number of operands: {len(plain)}",
            )
        elif name == "size":
            return self._size(plain[0])
        else:
            self._check_distinct(name, plain)
            self._check_types(name, plain)
        return tree.SizeOf(_NOTHING) if name == "size" else tree.FunctionCall(name, plain)

    def _report_unknown(self, name: str) -> None:
        if name not in _UPDATE_FUNCTIONS:
            self._scope.faults.add(_UNKNOWN_FUNCTION, f"Invalid function name; function: {name}")
        elif self._kind == "ConditionExpression":
            problem = f"The function is not allowed in a condition expression; function: {name}"
            self._scope.faults.add(_MISUSED_FUNCTION, problem)
        else:
            self._misused(name)

    def _size(self, operand: tree.Operand) -> tree.SizeOf:
        if isinstance(operand, tree.SizeOf | tree.Truth):
            self._fault(_TYPE, checks.wrong_type("size", "N"))
            return tree.SizeOf(_NOTHING)
        self._require_type("size", operand, checks.SIZED)
        return tree.SizeOf(operand)

    def _check_types(self, name: str, operands: tuple[tree.Operand, ...]) -> None:
        if name in ("attribute_exists", "attribute_not_exists"):
            if not isinstance(operands[0], tree.PathOperand):
                problem = f"Operator or function requires a document path; operator or function: {name}"
                self._fault(_TYPE, problem)
        elif name == "begins_with":
            for operand in operands:
                self._require_type(name, operand, checks.TEXTUAL)
        elif name == "attribute_type":
            self._check_type_name(operands[1])

    def _check_type_name(self, operand: tree.Operand) -> None:
        if isinstance(operand, tree.ValueOperand):
            self._scope.require(checks.TypeName(operand.name), self._faults, _TYPE)
        elif isinstance(operand, tree.SizeOf):
            self._fault(_TYPE, checks.wrong_type("attribute_type", "N"))
        else:
            self._fault(_TYPE, checks.type_name_missing())

    def compare(self, operator: tree.Comparator, left: _Operand, right: _Operand) -> tree.Condition:
        operands = self._plain((left, right))
        self._check_distinct(operator, operands)
        if operator in _ORDERINGS:
            for operand in operands:
                self._require_type(operator, operand, checks.ORDERED)
        return tree.Comparison(operator, *operands)

    def between(self, operand: _Operand, low: _Operand, high: _Operand) -> tree.Condition:
        operands = self._plain((operand, low, high))
        for each in operands:
            self._require_type("BETWEEN", each, checks.ORDERED)
        _, lower, upper = operands
        if isinstance(lower, tree.ValueOperand) and isinstance(upper, tree.ValueOperand):
            self._scope.require(checks.Bounds(lower.name, upper.name), self._faults, _TYPE)
        return tree.Between(*operands)

    def is_in(self, operand: _Operand, options: list[_Operand]) -> tree.Condition:
        operands = self._plain((operand, *options))
        if len(operands) > EXPRESSION_IN_OPERANDS_MAX:
            count = len(operands)
            self._fault(_COUNT, f"The IN operator is provided with too many operands; number of operands: {count}")
        self._check_distinct("IN", operands)
        return tree.In(operands[0], operands[1:])

    def stand_alone(self, call: tree.FunctionCall | tree.SizeOf) -> tree.Condition:
        """A function that is the whole condition."""
        if isinstance(call, tree.FunctionCall):
            return call
        self._misused("size")
        return tree.FunctionCall("size", ())

    def finish(self, condition: tree.Condition) -> tree.Condition:
        """Ends a comparison: its worst fault is that of the expression, if no earlier comparison had one."""
        problem = self._faults.worst()
        if problem is not None:
            self._scope.faults.add(_CONDITION, problem)
            self._faults.clear()
        return condition

    def _plain(self, operands: tuple[_Operand, ...]) -> tuple[tree.Operand, ...]:
        """The operands without functions that only make sense as a whole condition."""
        plain: list[tree.Operand] = []
        for operand in operands:
            if isinstance(operand, tree.FunctionCall):
                if operand.name not in _UPDATE_FUNCTIONS:
                    self._misused(operand.name)
                plain.append(_NOTHING)
            else:
                plain.append(operand)
        return tuple(plain)

    def _check_distinct(self, operator: str, operands: tuple[tree.Operand, ...]) -> None:
        first = operands[0]
        if isinstance(first, tree.PathOperand) and first.path and first in operands[1:]:
            self._fault(
                _DISTINCT,
                "The first operand must be distinct from the remaining operands for this operator or function; "
                f"operator: {operator}, first operand: {describe_path(first.path)}",
            )

    def _require_type(self, function: str, operand: tree.Operand, allowed: frozenset[str]) -> None:
        if isinstance(operand, tree.ValueOperand):
            self._scope.require(checks.OperandType(function, operand.name, allowed), self._faults, _TYPE)
        elif isinstance(operand, tree.SizeOf) and "N" not in allowed:
            self._fault(_TYPE, checks.wrong_type(function, "N"))

    def _misused(self, name: str) -> None:
        problem = f"The function is not allowed to be used this way in an expression; function: {name}"
        self._scope.faults.add(_MISUSED_FUNCTION, problem)

    def _fault(self, rank: int, problem: str) -> None:
        self._faults.add(rank, problem)

"""What the placeholders of one expression stand for, and what the expression turns out to use."""

from collections.abc import Mapping

from stator.errors import ValidationException
from stator.expressions import tree
from stator.expressions.checks import Check, Values
from stator.expressions.faults import Faults
from stator.expressions.operands import RawPath
from stator.expressions.reserved import is_reserved
from stator.limits import EXPRESSION_OPERATORS_MAX, EXPRESSION_PATH_LEVELS_MAX

Names = Mapping[str, str]

LIST_INDEX_MAX = 2**31 - 1

NAME_UNDEFINED = "An expression attribute name used in the document path is not defined; attribute name: "
VALUE_UNDEFINED = "An expression attribute value used in expression is not defined; attribute value: "

_NO_NAMES: Names = {}
_NO_VALUES: Values = {}


class Scope:
    """The placeholders of a request, seen from one expression while it is parsed.

    `names`, `values` and `paths` hold what the expression uses, each once, in the order of the text; `checks` what its
    constants must be.
    """

    __slots__ = ("_names", "_values", "checks", "faults", "names", "negates", "operators", "paths", "values")

    def __init__(self, names: Names | None, values: Values | None) -> None:
        self._names = _NO_NAMES if names is None else names
        self._values = _NO_VALUES if values is None else values
        self.faults = Faults()  # of the whole expression
        self.names: dict[str, str] = {}
        self.values: dict[str, None] = {}
        self.paths: dict[tree.Path, None] = {}
        self.checks: list[Check] = []
        self.operators = 0
        self.negates = False  # whether there is a NOT, also one that the tree does not show

    def resolve(self, raw: RawPath, reserved_rank: int, undefined: Faults, undefined_rank: int) -> tree.Path:
        """The path with its `#placeholders` replaced; faults are added under these ranks."""
        path: list[str | int] = []
        for part in raw:
            if isinstance(part, int):
                if part > LIST_INDEX_MAX:
                    self.faults.add(0, f"List index is not within the allowable range; index: [{part}]")
                path.append(part)
            elif part.startswith("#"):
                path.append(self._name(part, undefined, undefined_rank))
            else:
                if is_reserved(part):
                    self.faults.add(reserved_rank, f"Attribute name is a reserved keyword; reserved keyword: {part}")
                path.append(part)
        if len(path) > EXPRESSION_PATH_LEVELS_MAX:
            levels = len(path)
            self.faults.add(0, f"The document path has too many nesting levels; nesting levels: {levels}")
        return tuple(path)

    def _name(self, placeholder: str, undefined: Faults, rank: int) -> str:
        name = self._names.get(placeholder)
        if name is None:
            undefined.add(rank, NAME_UNDEFINED + placeholder)
            return placeholder
        self.names[placeholder] = name
        return name

    def use_value(self, placeholder: str, undefined: Faults, rank: int) -> tree.ValueOperand:
        if placeholder not in self._values:
            undefined.add(rank, VALUE_UNDEFINED + placeholder)
        self.values[placeholder] = None
        return tree.ValueOperand(placeholder)

    def require(self, check: Check, faults: Faults, rank: int) -> None:
        """Makes this check now and for every later request with the same text."""
        self.checks.append(check)
        problem = check.problem(self._values)
        if problem is not None:
            faults.add(rank, problem)

    def count_operator(self) -> None:
        self.operators += 1
        if self.operators > EXPRESSION_OPERATORS_MAX:
            self.faults.add(0, f"The expression contains too many operators; operator count: {self.operators}")

    def error(self, kind: str) -> ValidationException | None:
        return self.faults.error(kind)

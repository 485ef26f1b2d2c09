"""The constants and parameters of one statement while it is read, and what they must be."""

from stator.errors import ValidationException
from stator.expressions.checks import Check, Values
from stator.expressions.tree import ValueOperand
from stator.partiql.constant import constant
from stator.partiql.syntax import Node, Parameter
from stator.values.attribute import AttributeValue
from stator.values.parse import parse_value


class Scope:
    """`values` are those of constants, by the name of their operand; `checks` those to make for every request, as they
    look at parameters."""

    __slots__ = ("checks", "parameters", "text", "values")

    def __init__(self, text: str, parameters: int) -> None:
        self.text = text
        self.parameters = parameters
        self.values: dict[str, AttributeValue] = {}
        self.checks: list[Check] = []

    def operand(self, node: Node) -> ValueOperand:
        """The operand that stands for a literal or parameter."""
        if isinstance(node, Parameter):
            return ValueOperand(parameter_name(node.index))
        return self.hidden(parse_value(constant(self.text, node)))

    def hidden(self, value: AttributeValue) -> ValueOperand:
        """The operand that stands for a value which the statement means but does not write."""
        name = f":{len(self.values)}"
        self.values[name] = value
        return ValueOperand(name)

    def require(self, check: Check) -> None:
        """Make this check now if it looks at constants only, and for each request otherwise."""
        problem = check.problem(self.values)
        if problem is not None:
            raise ValidationException(problem)
        self.checks.append(check)


def parameter_name(index: int) -> str:
    return f":p{index}"


def bind(values: Values, parameters: list[AttributeValue]) -> Values:
    """The values of a request: the statement's constants and its parameters."""
    if not parameters:
        return values
    bound = dict(values)
    for index, value in enumerate(parameters):
        bound[parameter_name(index)] = value
    return bound

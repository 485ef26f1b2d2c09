"""PartiQL statements of a request: read, with their values, and ready to be executed."""

from typing import Any, NamedTuple

from stator.expressions.checks import Values
from stator.partiql.compiled import compile_statement
from stator.partiql.statement import Statement
from stator.values.attribute import AttributeValue
from stator.values.parse import parse_value

EXISTS_OUTSIDE = "EXISTS can only be used in ExecuteTransaction write requests."


class Bound(NamedTuple):
    """A statement with the values of its request; `parameters` alone are those sent with it."""

    statement: Statement
    parameters: list[AttributeValue]
    values: Values
    shows_item: bool


def bound(request: dict[str, Any]) -> Bound:
    """`request` has Statement, Parameters and ReturnValuesOnConditionCheckFailure. Raises ValidationException, for a
    faulty parameter before the statement is looked at."""
    parameters = [parse_value(raw) for raw in request.get("Parameters", ())]
    statement = compile_statement(request["Statement"])
    shows_item = request.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD"
    return Bound(statement, parameters, statement.bind(parameters), shows_item)

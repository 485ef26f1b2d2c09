"""The faults of one expression, collected while it is parsed.

DynamoDB reports one fault of an expression: not the first in the text but the first of the highest kind. A kind is a
rank, a small int, lower is reported first; each language has its own ranks.
"""

from stator.errors import ValidationException
from stator.expressions.lexer import invalid


class Faults:
    """The first problem seen of each rank."""

    __slots__ = ("_problems",)

    def __init__(self) -> None:
        self._problems: dict[int, str] = {}

    def add(self, rank: int, problem: str) -> None:
        self._problems.setdefault(rank, problem)

    def worst(self) -> str | None:
        """The problem to report, None without faults."""
        problems = self._problems
        return problems[min(problems)] if problems else None

    def clear(self) -> None:
        self._problems.clear()

    def error(self, kind: str) -> ValidationException | None:
        problem = self.worst()
        return None if problem is None else invalid(kind, problem)

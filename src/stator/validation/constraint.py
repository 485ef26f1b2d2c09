"""Stage two of a request: the constraints of the model, their texts, and the one message that joins the broken ones."""

from typing import Final, NamedTuple

from stator.errors import ValidationException

FAULTS_MAX: Final = 10

NOT_NULL: Final = "Member must not be null"


class Path(NamedTuple):
    """Where a member stands. The service writes member names with a small first letter, save in a few newer checks."""

    lower: str
    exact: str

    def member(self, name: str) -> "Path":
        lower = name[0].lower() + name[1:]
        if not self.exact:
            return Path(lower, name)
        return Path(f"{self.lower}.{lower}", f"{self.exact}.{name}")

    def element(self, place: int | str) -> "Path":
        """Of a list by its position from one, of a map by its key."""
        return Path(f"{self.lower}.{place}.member", f"{self.exact}.{place}.member")


ROOT: Final = Path("", "")


def length_min(least: int) -> str:
    return f"Member must have length greater than or equal to {least}"


def length_max(most: int) -> str:
    return f"Member must have length less than or equal to {most}"


def length_bounds(least: int | None, most: int | None) -> list[str]:
    """The texts of bounds, None where there is none, in the order in which constraints are listed."""
    texts = [] if most is None else [length_max(most)]
    return texts if least is None else [*texts, length_min(least)]


def broken_bounds(length: int, least: int | None, most: int | None) -> list[str]:
    """The texts of those that a length breaks."""
    if least is not None and length < least:
        return [length_min(least)]
    return [length_max(most)] if most is not None and length > most else []


def value_min(least: int) -> str:
    return f"Member must have value greater than or equal to {least}"


def value_max(most: int) -> str:
    return f"Member must have value less than or equal to {most}"


def pattern(expression: str) -> str:
    return f"Member must satisfy regular expression pattern: {expression}"


def enum(names: tuple[str, ...]) -> str:
    return f"Member must satisfy enum value set: [{', '.join(names)}]"


def null_fault(path: Path) -> str:
    return f"Value null at '{path.lower}' failed to satisfy constraint: {NOT_NULL}"


def fault(path: Path, shown: str, constraint: str) -> str:
    return f"Value '{shown}' at '{path.lower}' failed to satisfy constraint: {constraint}"


def terse_fault(path: Path, constraint: str) -> str:
    """As a few newer checks of the service word it: no value, and the member's name as in the request."""
    return f"Value at '{path.exact}' failed to satisfy constraint: {constraint}"


def broken(faults: list[str]) -> ValidationException:
    """One exception for all faults, of which the first ten are told."""
    told = faults[:FAULTS_MAX]
    errors = "error" if len(told) == 1 else "errors"
    return ValidationException(f"{len(told)} validation {errors} detected: {'; '.join(told)}")

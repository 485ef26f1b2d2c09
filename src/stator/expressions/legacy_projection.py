"""What came before projection expressions: AttributesToGet."""

from collections.abc import Sequence
from typing import NamedTuple

from stator.errors import ValidationException
from stator.expressions import tree
from stator.expressions.project import Projector, projector
from stator.values.parse import INVALID


class LegacyProjection(NamedTuple):
    """The wanted attributes and the function that picks them."""

    paths: tuple[tree.Path, ...]
    project: Projector


def parse_attributes_to_get(names: Sequence[str]) -> LegacyProjection:
    """The projection that `AttributesToGet` means. Raises ValidationException for a name given twice."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise ValidationException(f"{INVALID}Duplicate value in attribute name: {name}")
        seen.add(name)
    paths = tuple((name,) for name in names)
    return LegacyProjection(paths, projector(paths))

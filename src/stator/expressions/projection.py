"""ProjectionExpression text to document paths."""

from stator.expressions import tree
from stator.expressions.lexer import END, read_tokens
from stator.expressions.operands import parse_path
from stator.expressions.overlap import find_conflict, find_overlap
from stator.expressions.scope import Scope

# Ranks of faults (0: sizes, see Scope).
_RESERVED = 1
_UNDEFINED = 2
_OVERLAP = 3
_CONFLICT = 4

KIND = "ProjectionExpression"


def parse_projection(text: str, scope: Scope) -> tuple[tree.Path, ...]:
    """The paths in the order written. Raises ValidationException."""
    tokens = read_tokens(KIND, text)
    raws = [parse_path(tokens)]
    while tokens.skip_symbol(","):
        raws.append(parse_path(tokens))
    if tokens.token.kind != END:
        tokens.fail()
    paths = tuple(scope.resolve(raw, _RESERVED, scope.faults, _UNDEFINED) for raw in raws)
    if scope.faults.worst() is None:
        for rank, problem in ((_OVERLAP, find_overlap(paths)), (_CONFLICT, find_conflict(paths))):
            if problem is not None:
                scope.faults.add(rank, problem)
    error = scope.error(KIND)
    if error is not None:
        raise error
    scope.paths.update(dict.fromkeys(paths))
    return paths

"""The value of an expression of metric math. Pure: what it refers to has been read before."""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from msgspec import Struct, field

from stator.metrics.math import functions
from stator.metrics.math.fault import MathError
from stator.metrics.math.functions import NoValueError, Span
from stator.metrics.math.line import Line, Value, a_line, a_number, arithmetic, both, lines_of, size_of
from stator.metrics.math.tree import Array, Binary, Call, Negation, Number, Reference, Text, Tree, Word, parts

UNSUPPORTED: Final = frozenset(
    {"ANOMALY_DETECTION_BAND", "INSIGHT_RULE_METRIC", "SERVICE_QUOTA", "DB_PERF_INSIGHTS", "LAMBDA"}
)
_SORT_LIMIT = 4


WORK_MAX: Final = 3_000_000
"""Points that the expressions of one request may come to, all steps of all of them counted: a second's work."""


class Work:
    """What expressions have cost so far."""

    __slots__ = ("_left",)

    def __init__(self) -> None:
        self._left = WORK_MAX

    def spend(self, points: int) -> None:
        """Raises MathError when it gets too much."""
        self._left -= points
        if self._left < 0:
            raise MathError(f"the expressions of a request come to more than {WORK_MAX} datapoints")


class Search(NamedTuple):
    """A SEARCH in an expression. The period may stand beside the expression."""

    text: str
    statistic: str
    period: int


class Scene(Struct, frozen=True):
    """`values` of the queries by id, `metrics` the ids of those that read a metric."""

    span: Span
    values: Mapping[str, Value] = field(default_factory=dict)
    metrics: tuple[str, ...] = ()
    searches: Mapping[Search, list[Line]] = field(default_factory=dict)
    work: Work = field(default_factory=Work)


def evaluate(tree: Tree, scene: Scene) -> Value:
    """Raises MathError. A part without a value leaves a line without points."""
    try:
        return _value(tree, scene)
    except NoValueError:
        return Line({}, scene.span.period)


def references(tree: Tree) -> list[str]:
    return [each.id for each in parts(tree) if isinstance(each, Reference)]


def takes_metrics(tree: Tree) -> bool:
    return any(isinstance(each, Call) and each.function == "METRICS" for each in parts(tree))


def searches(tree: Tree, period: int) -> list[Search]:
    """Raises MathError for a SEARCH that is none."""
    return [_search(each, period) for each in parts(tree) if isinstance(each, Call) and each.function == "SEARCH"]


def check(tree: Tree) -> None:
    """Raises MathError for functions that there are not, or with too few or too many arguments."""
    for each in parts(tree):
        if not isinstance(each, Call):
            continue
        if each.function in UNSUPPORTED:
            raise MathError(f"the function {each.function} is not supported")
        known = _FUNCTIONS.get(each.function)
        if known is None:
            raise MathError(f"unsupported function {each.function!r}")
        if not known.least <= len(each.arguments) <= known.most:
            raise MathError(f"{each.function} does not take {len(each.arguments)} arguments")


def _value(tree: Tree, scene: Scene) -> Value:
    if isinstance(tree, Binary):
        return _binary(tree, scene)
    if isinstance(tree, Number):
        return tree.value
    if isinstance(tree, Reference):
        if tree.id not in scene.values:
            raise MathError(f"there is no query with the id {tree.id!r}")
        return scene.values[tree.id]
    if isinstance(tree, Text | Word):
        raise MathError(f"unexpected {tree.value!r}")
    value = _composed(tree, scene)
    scene.work.spend(size_of(value))
    return value


def _composed(tree: Negation | Array | Call, scene: Scene) -> Value:
    if isinstance(tree, Negation):
        return both(arithmetic("-"), 0.0, _value(tree.of, scene))
    if isinstance(tree, Array):
        return [line for each in tree.elements for line in lines_of(_value(each, scene), "an array")]
    known = _FUNCTIONS.get(tree.function)
    if known is None:
        raise MathError(f"unsupported function {tree.function!r}")
    return known.value(tree, scene)


def _binary(tree: Binary, scene: Scene) -> Value:
    """A long chain of operators is deep to the left: it is walked, not descended."""
    chain: list[Binary] = []
    left: Tree = tree
    while isinstance(left, Binary):
        chain.append(left)
        left = left.left
    value = _value(left, scene)
    for link in reversed(chain):
        value = both(arithmetic(link.operator), value, _value(link.right, scene))
        scene.work.spend(size_of(value))
    return value


def _fold(call: Call, scene: Scene) -> Value:
    if len(call.arguments) == 1:
        return functions.fold(call.function, _value(call.arguments[0], scene))
    values = [_value(each, scene) for each in call.arguments]
    numbers = [each for each in values if isinstance(each, float)]
    if len(numbers) == len(values):
        return functions.FOLDS[call.function](numbers)
    lines = [line for each in values if not isinstance(each, float) for line in lines_of(each, call.function)]
    times = sorted({time for line in lines for time in line.points})
    level = [Line(dict.fromkeys(times, each), scene.span.period) for each in numbers]
    return functions.fold(call.function, lines + level)


def _each(call: Call, scene: Scene) -> Value:
    return functions.on_all(call.function, _value(call.arguments[0], scene))


def _calendar(call: Call, scene: Scene) -> Value:
    return functions.calendar(call.function, _value(call.arguments[0], scene))


def _step(call: Call, scene: Scene) -> Value:
    return functions.STEPS[call.function](_value(call.arguments[0], scene))


def _fill(call: Call, scene: Scene) -> Value:
    filling = call.arguments[1]
    how = filling.value if isinstance(filling, Word) else _value(filling, scene)
    value = _value(call.arguments[0], scene)
    if not isinstance(value, float):
        scene.work.spend(sum(scene.span.count(line.period) for line in lines_of(value, "FILL")))
    return functions.fill(value, how, scene.span)


def _choose(call: Call, scene: Scene) -> Value:
    condition, chosen, *other = (_value(each, scene) for each in call.arguments)
    return functions.choose(condition, chosen, other[0] if other else None)


def _metrics(call: Call, scene: Scene) -> Value:
    wanted = call.arguments[0] if call.arguments else Text("")
    if not isinstance(wanted, Text):
        raise MathError("METRICS takes a text in quotes, or nothing")
    found = [scene.values[each] for each in scene.metrics if wanted.value in each and each in scene.values]
    return [line for each in found for line in lines_of(each, "METRICS")]


def _metric_count(call: Call, scene: Scene) -> Value:
    return float(len(lines_of(_value(call.arguments[0], scene), "METRIC_COUNT")))


def _period(call: Call, scene: Scene) -> Value:
    return float(a_line(_value(call.arguments[0], scene), "PERIOD").period)


def _picked(call: Call, scene: Scene) -> Value:
    return functions.picked(call.function, _value(call.arguments[0], scene))


def _remove_empty(call: Call, scene: Scene) -> Value:
    return [line for line in lines_of(_value(call.arguments[0], scene), "REMOVE_EMPTY") if line.points]


def _slice(call: Call, scene: Scene) -> Value:
    value, *bounds = (_value(each, scene) for each in call.arguments)
    places = [a_number(each, "SLICE") for each in bounds]
    return functions.part(value, places[0], places[1] if len(places) > 1 else None)


def _sort(call: Call, scene: Scene) -> Value:
    names = [each.value if isinstance(each, Word) else "" for each in call.arguments[1:3]]
    most = a_number(_value(call.arguments[3], scene), "SORT") if len(call.arguments) == _SORT_LIMIT else None
    return functions.ranked(_value(call.arguments[0], scene), names[0], names[1], most)


def _time_series(call: Call, scene: Scene) -> Value:
    return functions.constant(_value(call.arguments[0], scene), scene.span)


def _searched(call: Call, scene: Scene) -> Value:
    return list(scene.searches.get(_search(call, scene.span.period), ()))


def _search(call: Call, period: int) -> Search:
    text, statistic, *rest = call.arguments
    own = rest[0] if rest else Number(period)
    if not (isinstance(text, Text) and isinstance(statistic, Text) and isinstance(own, Number)):
        raise MathError("SEARCH takes a search in quotes, a statistic in quotes and, if need be, a period")
    if own.value != int(own.value) or not 1 <= own.value <= 86_400:
        raise MathError("SEARCH takes a period of 1 to 86400 seconds")
    return Search(text.value, statistic.value, int(own.value))


class _Function(NamedTuple):
    value: Callable[[Call, Scene], Value]
    least: int = 1  # arguments
    most: int = 1


_FUNCTIONS: Final[dict[str, _Function]] = {
    **dict.fromkeys(functions.FOLDS, _Function(_fold, 1, 100)),
    **dict.fromkeys(functions.EACH, _Function(_each)),
    **dict.fromkeys(functions.CALENDAR, _Function(_calendar)),
    **dict.fromkeys(functions.STEPS, _Function(_step)),
    "FILL": _Function(_fill, 2, 2),
    "FIRST": _Function(_picked),
    "LAST": _Function(_picked),
    "IF": _Function(_choose, 2, 3),
    "METRICS": _Function(_metrics, 0, 1),
    "METRIC_COUNT": _Function(_metric_count),
    "PERIOD": _Function(_period),
    "REMOVE_EMPTY": _Function(_remove_empty),
    "SEARCH": _Function(_searched, 2, 3),
    "SLICE": _Function(_slice, 2, 3),
    "SORT": _Function(_sort, 3, 4),
    "TIME_SERIES": _Function(_time_series),
}
FUNCTIONS: Final = frozenset(_FUNCTIONS)

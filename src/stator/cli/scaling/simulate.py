"""`stator autoscale simulate`: what a policy would have made of a load."""

import csv
import sys
from argparse import Namespace
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import orjson
from rich.console import Console

from stator.autoscaling.configuration import ConfigurationError, check_tracking, policies_of
from stator.autoscaling.decision import Bounds
from stator.autoscaling.dynamic.configuration import ConfigurationFault
from stator.autoscaling.dynamic.configuration import parse as parse_dynamic
from stator.autoscaling.dynamic.replay import DynamicPolicy
from stator.autoscaling.policy import Policy
from stator.autoscaling.resource import READ, WRITE, Resource
from stator.autoscaling.scaling import TRACKING, PolicyRecord, new_scaling
from stator.autoscaling.simulation import Outcome, simulate
from stator.autoscaling.trace import Trace, TraceFault, parse_trace
from stator.cli.complaint import Complaint
from stator.cli.scaling.chart import Line, draw
from stator.errors import SerializationException, ValidationException
from stator.metrics.bucket import BURST_SECONDS
from stator.validation.requests.autoscaling import PUT_SCALING_POLICY

_MEMBERS = ("MinCapacity", "MaxCapacity", "Capacity", "Unit", "TargetTrackingScalingPolicyConfiguration")
_UNITS_MAX = 1_000_000_000
_CHANGES_SHOWN = 20


class _Setup(NamedTuple):
    """What is simulated."""

    bounds: Bounds
    policies: Sequence[Policy]
    capacity: int
    unit: str


def simulate_load(found: Namespace) -> int:
    """Replay, draw, sum up."""
    setup = _of_dynamic(found) if found.dynamic else _of_policy(found)
    trace = _read(found.trace, parse_trace, TraceFault)
    outcome = simulate(
        trace,
        setup.bounds,
        setup.policies,
        setup.capacity,
        unit=setup.unit,
        burst_seconds=0.0 if found.no_burst else BURST_SECONDS,
    )
    if found.csv:
        _write_csv(Path(found.csv), trace, outcome)
    if found.plot:
        _plot(Path(found.plot), trace, outcome)
    elif not found.quiet:
        console = Console(file=sys.stdout)
        console.print(draw(_lines(outcome), len(trace.demand), width=min(console.width, 120)), soft_wrap=True)
    for line in _changes(trace, outcome):
        print(line)
    print(summary(outcome))
    return 0


def summary(outcome: Outcome) -> str:
    refused = f", {_count(len(outcome.refused), 'decrease')} refused" if outcome.refused else ""
    capacities = [frame.capacity for frame in outcome.frames]
    changes = _count(len(outcome.changes), "change")
    return (
        f"{outcome.throttled_percent:.2f} % of the units asked for were throttled; {outcome.provisioned_hours:,.1f} "
        f"unit-hours provisioned for {outcome.consumed_hours:,.1f} consumed; {changes}{refused}; "
        f"capacity from {min(capacities):,} to {max(capacities):,}"
    )


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _of_policy(found: Namespace) -> _Setup:
    if not found.policy:
        raise Complaint("which policy? Name a file with --policy, or a Dynamic DynamoDB configuration with --dynamic.")
    told = _read(found.policy, _object, ValueError)
    for name in told:
        if name not in _MEMBERS:
            raise Complaint(f"{found.policy}: {name} is none of {', '.join(_MEMBERS)}.")
    minimum, maximum = (_capacity(told, name, found.policy) for name in ("MinCapacity", "MaxCapacity"))
    if maximum < minimum:
        raise Complaint(f"{found.policy}: MaxCapacity is less than MinCapacity.")
    capacity = _capacity(told, "Capacity", found.policy) if "Capacity" in told else minimum
    unit = told.get("Unit", WRITE)
    if unit not in (READ, WRITE):
        raise Complaint(f"{found.policy}: Unit is {READ} or {WRITE}.")
    resource = Resource("simulated", None, unit)
    try:
        record = _record(resource, told)
    except (ConfigurationError, ValidationException, SerializationException) as error:
        raise Complaint(f"{found.policy}: {str(error).rstrip('.')}.") from None
    scaling = new_scaling("000000000000", "local", resource, 0.0)
    policies = policies_of(scaling.with_policies(record), found.low_seconds)
    return _Setup(Bounds(minimum, maximum), policies, capacity, unit)


def _record(resource: Resource, told: dict[str, Any]) -> PolicyRecord:
    """Raises ConfigurationError, ValidationException or SerializationException."""
    member = "TargetTrackingScalingPolicyConfiguration"
    request = {
        "PolicyName": "simulated",
        "ServiceNamespace": "dynamodb",
        "ResourceId": resource.id,
        "ScalableDimension": resource.dimension,
        member: told.get(member),
    }
    configuration = PUT_SCALING_POLICY.check(request).get(member)
    if configuration is None:
        raise ConfigurationError(f"it has no {member}")
    if "CustomizedMetricSpecification" in configuration:
        raise ConfigurationError("a trace holds no metric but the load")
    metric = {"PredefinedMetricType": f"DynamoDB{resource.unit.capitalize()}CapacityUtilization"}
    configuration = {"PredefinedMetricSpecification": metric, **configuration}
    check_tracking(resource, configuration)
    return PolicyRecord("simulated", "", TRACKING, configuration, 0.0)


def _of_dynamic(found: Namespace) -> _Setup:
    if not found.table:
        raise Complaint("which of its tables? Name one with --table.")
    configuration = _read(found.dynamic, parse_dynamic, ConfigurationFault)
    section = configuration.section_of(found.table)
    if section is None:
        raise Complaint(f"{found.dynamic} has no section for a table {found.table}.")
    policy = DynamicPolicy("dynamic-dynamodb", section.options, found.unit, configuration.general.check_interval)
    bounds = Bounds(policy.side.min_provisioned or 1, policy.side.max_provisioned or _UNITS_MAX)
    return _Setup(bounds, [policy], found.capacity or bounds.minimum, found.unit)


def _read(path: str, parse: Callable[[str], Any], fault: type[Exception]) -> Any:
    try:
        return parse(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise Complaint(f"cannot read {path}: {getattr(error, 'strerror', None) or error}.") from None
    except fault as error:
        raise Complaint(f"{path}: {error}.") from None


def _object(text: str) -> dict[str, Any]:
    told = orjson.loads(text)
    if not isinstance(told, dict):
        raise ValueError("it is no JSON object")  # noqa: TRY004  a fault of the file
    return told


def _capacity(told: dict[str, Any], name: str, path: str) -> int:
    value = told.get(name)
    if type(value) is not int or not 1 <= value <= _UNITS_MAX:
        raise Complaint(f"{path}: {name} must be a whole number from 1 on.")
    return value


def _lines(outcome: Outcome) -> list[Line]:
    return [
        Line("capacity", [float(frame.capacity) for frame in outcome.frames], "green"),
        Line("asked for", [frame.demand for frame in outcome.frames], "blue"),
        Line("throttled", [frame.throttled for frame in outcome.frames], "red"),
    ]


def _changes(trace: Trace, outcome: Outcome) -> list[str]:
    told = sorted([*outcome.changes, *outcome.refused])
    lines = [
        f"{change.time - trace.start:>7} s  {change.before} to {change.after}"
        f"{' refused' if change in outcome.refused else ''}: {change.cause}"
        for change in told[:_CHANGES_SHOWN]
    ]
    more = len(told) - _CHANGES_SHOWN
    return [*lines, f"{'':>7}    and {more} more"] if more > 0 else lines


def _write_csv(path: Path, trace: Trace, outcome: Outcome) -> None:
    try:
        with path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(("second", "asked for", "served", "throttled", "capacity"))
            for frame in outcome.frames:
                writer.writerow((frame.time - trace.start, *(f"{value:g}" for value in frame[1:])))
    except OSError as error:
        raise Complaint(f"cannot write {path}: {error.strerror}.") from None


def _plot(path: Path, trace: Trace, outcome: Outcome) -> None:
    """A PNG, or what else the ending of the name stands for."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise Complaint("--plot needs matplotlib: pip install 'stator[plot]'.") from None
    seconds = [frame.time - trace.start for frame in outcome.frames]
    figure = Figure(figsize=(11, 5), layout="constrained")
    axes = figure.subplots()
    for line in _lines(outcome):
        axes.plot(seconds, line.values, color=line.colour, label=line.name, linewidth=1.2)
    axes.set(xlabel="seconds", ylabel="units a second", title=summary(outcome).partition(";")[0])
    axes.legend()
    axes.grid(alpha=0.3)
    try:
        figure.savefig(path, dpi=120)
    except (OSError, ValueError) as error:
        raise Complaint(f"cannot write {path}: {getattr(error, 'strerror', None) or error}.") from None
    print(f"{path} shows it")

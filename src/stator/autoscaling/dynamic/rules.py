"""Dynamic DynamoDB's rules: what a dimension's capacity shall be, from what was measured. Pure.

The rules are those of its version 2.5.1, for reads and writes alike: the largest of the steps up that are due wins; a
capacity is never lowered below what is consumed, nor while requests are refused.
"""

from math import ceil
from typing import NamedTuple

from stator.autoscaling.dynamic.options import Options, Scale, Side, Step


class Measured(NamedTuple):
    """One dimension over the lookback period."""

    provisioned: int  # units a second
    consumed_percent: float  # of what is provisioned
    throttled: float  # requests refused in all
    throttled_by_provisioned_percent: float
    throttled_by_consumed_percent: float


class Verdict(NamedTuple):
    """`units` are those that there are where nothing is to be done. `checks` is to be handed in again next time."""

    units: int
    checks: int
    reason: str


def measure(provisioned: int, consumed: float, throttled: float, seconds: float) -> Measured:
    """From the sums of a period: units consumed and requests refused."""
    rate, refused = consumed / seconds, throttled / seconds
    return Measured(
        provisioned,
        rate / provisioned * 100 if provisioned else 0.0,
        throttled,
        refused / provisioned * 100 if provisioned else 0.0,
        refused / rate * 100 if rate else 0.0,
    )


def decide(side: Side, seen: Measured, checks: int) -> Verdict:
    """`checks` is how many times in a row there was reason to lower it."""
    if not side.autoscaling:
        return Verdict(seen.provisioned, 0, "autoscaling is off")
    if side.checks_reset_percent and seen.consumed_percent >= side.checks_reset_percent:
        checks = 0
    verdict = _raise(side, seen) if side.up_scaling else None
    if verdict is None:
        verdict = _lower(side, seen, checks)
    verdict = _bounded(side, verdict)
    if ceil(seen.provisioned * seen.consumed_percent / 100) > verdict.units:
        reason = f"{verdict.units} units would be less than is consumed"
        return verdict._replace(units=seen.provisioned, reason=reason)
    return verdict if verdict.units == seen.provisioned else verdict._replace(checks=0)


def _raise(side: Side, seen: Measured) -> Verdict | None:
    unit = side.increase_unit
    by_provisioned = _step_at(side.increase_throttled_by_provisioned_scale, seen.throttled_by_provisioned_percent)
    by_consumed = _step_at(side.increase_throttled_by_consumed_scale, seen.throttled_by_consumed_percent)
    consumed = _step_at(side.increase_consumed_scale, seen.consumed_percent)
    if not side.increase_consumed_scale and seen.consumed_percent > side.upper_threshold:
        consumed = side.increase_consumed_with or side.increase_with
    many = bool(side.throttled_upper_threshold) and seen.throttled > side.throttled_upper_threshold
    candidates = (
        (by_provisioned, side.increase_throttled_by_provisioned_unit, "refused requests are {provisioned:.1f} % of it"),
        (by_consumed, side.increase_throttled_by_consumed_unit, "refused requests are {consumed:.1f} % of consumption"),
        (consumed, side.increase_consumed_unit, "{percent:.1f} % are consumed"),
        (side.increase_with if many else 0, None, "{throttled:.0f} requests were refused"),
    )
    best = Verdict(seen.provisioned, 0, "")
    for amount, own_unit, text in candidates:
        if amount:
            units = _raised(seen, Step(amount, own_unit or unit))
            if side.max_provisioned is not None:
                units = min(units, side.max_provisioned)
            if units > best.units:
                best = Verdict(units, 0, _said(text, seen))
    return best if best.units > seen.provisioned else None


def _lower(side: Side, seen: Measured, checks: int) -> Verdict:
    same = Verdict(seen.provisioned, checks, f"{seen.consumed_percent:.1f} % are consumed")
    if not side.down_scaling:
        return same
    if seen.consumed_percent == 0 and not side.scaling_down_on_0_percent:
        return same._replace(reason="nothing is consumed, which is no reason to lower it")
    if side.throttled_upper_threshold and seen.throttled > side.throttled_upper_threshold:
        return same._replace(reason=_said("{throttled:.0f} requests were refused", seen))
    amount = _step_down_at(side.decrease_consumed_scale, seen.consumed_percent)
    if not side.decrease_consumed_scale and seen.consumed_percent < side.lower_threshold:
        amount = side.decrease_consumed_with or side.decrease_with
    if not amount:
        return same
    units = _lowered(side, seen.provisioned, Step(amount, side.decrease_consumed_unit or side.decrease_unit))
    if units >= seen.provisioned:
        return same
    checks += 1
    if checks < side.checks_before_scale_down:
        return same._replace(checks=checks, reason=f"{same.reason}, check {checks} of {side.checks_before_scale_down}")
    return Verdict(units, checks, same.reason)


def _bounded(side: Side, verdict: Verdict) -> Verdict:
    most, least = side.max_provisioned, side.min_provisioned
    if most is not None and verdict.units > most:
        return verdict._replace(units=most, reason=f"the maximum is {most}")
    if least is not None and verdict.units < least:
        return verdict._replace(units=least, reason=f"the minimum is {least}")
    return verdict


def together(options: Options, now: tuple[int, int], wanted: tuple[int, int]) -> tuple[int, int]:
    """Reads and writes as they may change at once. With always-decrease-rw-together one is only lowered with the other,
    or beside one that is at its minimum already."""
    if not options.always_decrease_rw_together:
        return wanted
    sides = (options.read, options.write)
    low = [
        new < old or new == old <= (side.min_provisioned or 1)
        for side, old, new in zip(sides, now, wanted, strict=True)
    ]
    return wanted if all(low) else only_increases(now, wanted)


def only_increases(now: tuple[int, int], wanted: tuple[int, int]) -> tuple[int, int]:
    return max(now[0], wanted[0]), max(now[1], wanted[1])


def in_maintenance(options: Options, minute: int) -> bool:
    """Whether capacities may be lowered in this minute of the day, in UTC."""
    windows = options.maintenance_windows
    return not windows or any(first <= minute <= last for first, last in windows)


def _raised(seen: Measured, step: Step) -> int:
    base = max(seen.provisioned, ceil(seen.provisioned * seen.consumed_percent / 100))
    if step.unit == "percent":
        return base + ceil(base * step.amount / 100)
    return base + int(step.amount)


def _lowered(side: Side, units: int, step: Step) -> int:
    by = int(units * step.amount / 100) if step.unit == "percent" else int(step.amount)
    return max(units - by, side.min_provisioned or 1)


def _step_at(scale: Scale, percent: float) -> float:
    """The step of the largest threshold that is reached; none at 0 %."""
    if not percent:
        return 0
    return next((step for threshold, step in reversed(scale) if percent >= threshold), 0)


def _step_down_at(scale: Scale, percent: float) -> float:
    """The step of the smallest threshold that is not exceeded."""
    return next((step for threshold, step in scale if percent <= threshold), 0)


def _said(text: str, seen: Measured) -> str:
    return text.format(
        provisioned=seen.throttled_by_provisioned_percent,
        consumed=seen.throttled_by_consumed_percent,
        percent=seen.consumed_percent,
        throttled=seen.throttled,
    )

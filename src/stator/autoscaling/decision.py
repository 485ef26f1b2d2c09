"""What becomes of the wishes of all policies of a target: one capacity within its bounds, and why. Pure."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from msgspec import Struct

from stator.autoscaling.policy import Policy, Situation, Wish

AT_MAX, AT_MIN = "AlreadyAtMaxCapacity", "AlreadyAtMinCapacity"
UNSCALABLE = "TargetServicePutResourceAsUnscalable"


class Bounds(Struct, frozen=True):
    """Within which a capacity may move, and what is suspended."""

    minimum: int
    maximum: int
    in_suspended: bool = False
    out_suspended: bool = False
    forced: str | None = None
    """The bounds are new: a capacity outside is brought inside, also without a policy. By whom they were set, if that
    is to be told: " by ..."."""


class Decision(NamedTuple):
    """`capacity` is that of the situation where nothing is to be done."""

    capacity: int
    cause: str = ""  # a sentence
    not_scaled: str | None = None  # the code of what kept a wish from coming true
    notes: Mapping[str, float] | None = None  # the policies' new notes; None: as they were


class _Voice(NamedTuple):
    policy: Policy
    wish: Wish


def decide(bounds: Bounds, policies: Sequence[Policy], situation: Situation) -> Decision:
    """The largest capacity that a policy wants, if any wants more than there is; else, if all that vote want less, the
    largest of these. Never outside of the bounds."""
    voices = [_Voice(policy, policy.wish(situation)) for policy in policies]
    notes = _notes(situation, voices)
    now = situation.capacity
    bounded = bool(policies) or bounds.forced is not None
    best = max((voice for voice in voices), key=lambda voice: voice.wish.capacity, default=None)
    if best is not None and best.wish.capacity > now and not bounds.out_suspended:
        wanted = min(best.wish.capacity, bounds.maximum)
        if wanted > now:
            return Decision(max(wanted, bounds.minimum), _cause(best, wanted, bounds), None, notes)
        if now == bounds.maximum:
            return Decision(now, _cause(best, wanted, bounds), AT_MAX, notes)
    if bounded and now < bounds.minimum:
        return Decision(bounds.minimum, _bound(bounds, "minimum", bounds.minimum, now), None, notes)
    if bounded and now > bounds.maximum:
        return Decision(bounds.maximum, _bound(bounds, "maximum", bounds.maximum, now), None, notes)
    return _lower(bounds, voices, situation)._replace(notes=notes)


def _lower(bounds: Bounds, voices: Sequence[_Voice], situation: Situation) -> Decision:
    now = situation.capacity
    voters = [voice for voice in voices if voice.policy.votes_on_scale_in]
    if not voters or bounds.in_suspended or any(voice.wish.capacity >= now for voice in voters):
        return Decision(now)
    best = max(voters, key=lambda voice: voice.wish.capacity)
    wanted = max(best.wish.capacity, bounds.minimum)
    if wanted < now:
        return Decision(wanted, _cause(best, wanted, bounds))
    return Decision(now, _cause(best, wanted, bounds), AT_MIN)


def _cause(voice: _Voice, wanted: int, bounds: Bounds) -> str:
    text = f"policy {voice.policy.name}: {voice.wish.reason}"
    if wanted == bounds.maximum < voice.wish.capacity:
        return f"{text}; {voice.wish.capacity} are wanted and the maximum is {bounds.maximum}"
    if wanted == bounds.minimum > voice.wish.capacity:
        return f"{text}; {voice.wish.capacity} are enough and the minimum is {bounds.minimum}"
    return text


def _bound(bounds: Bounds, which: str, units: int, now: int) -> str:
    if bounds.forced is not None:
        return f"{which} capacity was set to {units}{bounds.forced}"
    return f"{which} capacity is {units} and the capacity was {now}"


def _notes(situation: Situation, voices: Sequence[_Voice]) -> Mapping[str, float] | None:
    fresh = [voice for voice in voices if voice.wish.notes is not None]
    if not fresh:
        return None
    names = tuple(f"{voice.policy.name}." for voice in fresh)
    notes = {name: value for name, value in situation.memory.notes.items() if not name.startswith(names)}
    for voice in fresh:
        notes |= {f"{voice.policy.name}.{name}": value for name, value in (voice.wish.notes or {}).items()}
    return notes

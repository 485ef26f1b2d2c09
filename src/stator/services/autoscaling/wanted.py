"""A capacity that was decided on, and what is told of it. Pure."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from stator.autoscaling.activity import FAILED, SUCCESSFUL, Activity, new_id
from stator.autoscaling.decision import UNSCALABLE, Decision
from stator.autoscaling.scaling import Scaling, State


class Wanted(Struct, frozen=True):
    """`seen` is the time that the decision is about, `now` when it was made."""

    scaling: Scaling
    state: State
    decision: Decision
    capacity: int  # that is there
    seen: float
    now: float
    figures: dict[str, Any]

    @property
    def lowers(self) -> bool:
        return self.decision.capacity < self.capacity

    @property
    def blocked(self) -> bool:
        """Whether the table has refused as much a while ago."""
        return self.now < (self.state.in_blocked if self.lowers else self.state.out_blocked)

    def done(self) -> tuple[State, Activity]:
        """Once the capacity is what was wanted."""
        memory = replace(self.state.memory, notes=self._notes)
        memory = replace(memory, in_at=self.seen) if self.lowers else replace(memory, out_at=self.seen)
        state = replace(self.state, memory=memory, bounded=self.scaling.bounded, told="")
        setting = f"{self.scaling.resource.unit} capacity units to {self.decision.capacity}."
        message = f"Successfully set {setting} Change successfully fulfilled by dynamodb."
        return state, self._activity(f"Setting {setting}", SUCCESSFUL, message)

    def refused(self, code: str, message: str, until: float) -> tuple[State, tuple[Activity, ...]]:
        """Once the table refused it. Told once for as long as the reason stays the same."""
        told = f"{code} {'in' if self.lowers else 'out'}"
        state = replace(self.state, told=told)
        state = replace(state, in_blocked=until) if self.lowers else replace(state, out_blocked=until)
        if told == self.state.told:
            return state, ()
        setting = f"{self.scaling.resource.unit} capacity units to {self.decision.capacity}."
        reason = f"Failed to set {setting} Reason: {message} (Service: DynamoDB; Error Code: {code})"
        return state, (self._activity(f"Setting {setting}", FAILED, reason),)

    def unscaled(self) -> tuple[State, tuple[Activity, ...]]:
        """When nothing is to be done. What keeps a wish from coming true is told once."""
        code = self.decision.not_scaled
        state = replace(self.state, memory=replace(self.state.memory, notes=self._notes), bounded=self.scaling.bounded)
        if code is None or code == state.told:
            return state, ()
        message = f"Not scaled: {_MESSAGES.get(code, self.decision.cause)}"
        activity = self._activity("Attempting to scale due to policy", FAILED, message)
        return replace(state, told=code), (replace(activity, not_scaled=code),)

    @property
    def _notes(self) -> Mapping[str, float]:
        return self.state.memory.notes if self.decision.notes is None else self.decision.notes

    def _activity(self, description: str, status: str, message: str) -> Activity:
        return Activity(
            id=new_id(),
            account=self.scaling.account,
            region=self.scaling.region,
            resource=self.scaling.resource,
            description=description,
            cause=self.decision.cause,
            time=self.now,
            status=status,
            message=message,
            details=self.figures,
        )


_MESSAGES = {
    "AlreadyAtMaxCapacity": "the capacity is at its maximum already",
    "AlreadyAtMinCapacity": "the capacity is at its minimum already",
}


def unscalable(scaling: Scaling, state: State, reason: str, now: float) -> tuple[State, tuple[Activity, ...]]:
    """When there is no capacity to change. Told once."""
    told = f"{UNSCALABLE} {reason}"
    if state.told == told:
        return state, ()
    wanted = Wanted(scaling, state, Decision(0, reason, UNSCALABLE), 0, now, now, {})
    _, activities = wanted.unscaled()
    return replace(state, told=told), activities

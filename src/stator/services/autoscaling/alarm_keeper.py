"""Keep the alarms of scaling policies in step with what is provisioned, and forget those that nobody has any more."""

import logging

from msgspec.structs import replace

from stator.autoscaling.alarms import OWNER, alarms_of
from stator.autoscaling.scaling import SPACE, TARGETS, PolicyRecord, Scaling, decode
from stator.autoscaling.scalings import Scalings
from stator.metrics.alarm import Alarm, configuration
from stator.metrics.alarms import Alarms, TooManyAlarmsError
from stator.storage.store import Key, Row

_log = logging.getLogger(__name__)


class AlarmKeeper:
    def __init__(self, alarms: Alarms) -> None:
        self._alarms = alarms
        self._kept: dict[tuple[bytes, str], tuple[str, PolicyRecord, int]] = {}  # as they were last seen to

    async def keep(self, scaling: Scaling, capacity: int) -> None:
        """Those of a scaling that has so much provisioned."""
        for policy in scaling.policies:
            place, wanted = (scaling.sort, policy.name), (scaling.id, policy, capacity)
            if not policy.alarms or self._kept.get(place) == wanted:
                continue
            try:
                for alarm in alarms_of(scaling, policy, capacity):
                    await self._put(alarm, scaling, policy)
            except TooManyAlarmsError:
                _log.warning("policy %s lacks alarms: the account has too many", scaling.policy_arn(policy))
            self._kept[place] = wanted

    def forget(self, scalings: list[Scaling]) -> None:
        """What is remembered of all others."""
        known = {(scaling.sort, policy.name) for scaling in scalings for policy in scaling.policies}
        self._kept = {place: kept for place, kept in self._kept.items() if place in known}

    async def sweep(self, scalings: Scalings) -> int:
        """Delete those whose policy is gone: a crash came between deleting the one and the others. How many."""
        alarms = await self._alarms.all()
        # Read later: a policy is stored before its alarms are.
        known = {
            (scaling.account, scaling.region, name)
            for scaling in await scalings.all()
            for policy in scaling.policies
            for name in policy.alarms
        }
        gone = 0
        for alarm in alarms:
            ours = alarm.name.startswith(OWNER) and (alarm.description or "").startswith("DO NOT EDIT OR DELETE.")
            if ours and (alarm.account, alarm.region, alarm.name) not in known:
                gone += not await self._alarms.delete(alarm.account, alarm.region, [alarm.name])
        return gone

    async def _put(self, alarm: Alarm, scaling: Scaling, policy: PolicyRecord) -> None:
        """Unless the policy was changed or deleted meanwhile: whoever did so has put or deleted its alarms."""

        def holds(row: Row | None) -> bool:
            return row is not None and decode(row.value).policy(policy.name) == policy

        before = await self._alarms.find(alarm.account, alarm.region, alarm.name)
        if before is None or configuration(replace(before, tags=())) != configuration(alarm):
            await self._alarms.put_while(alarm, Key(SPACE, TARGETS, scaling.sort), holds)

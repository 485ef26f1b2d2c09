"""One look at all tables: measure, decide by the configuration, change capacities."""

import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

from stator.autoscaling.dynamic import rules
from stator.autoscaling.dynamic.configuration import Configuration
from stator.autoscaling.dynamic.options import Options
from stator.autoscaling.dynamic.rules import Measured, Verdict
from stator.cli.client import Client, Refused
from stator.cli.scaling.breaker import is_closed
from stator.cli.scaling.gauges import Gauges, Window
from stator.cli.scaling.notices import Notice, Notices

_log = logging.getLogger(__name__)

Pair = tuple[int, int]
"""Units a second of reads and of writes."""

_PASSING = ("LimitExceededException", "ValidationException", "ResourceInUseException")


class Part(NamedTuple):
    """A table, or an index of it, with what its section says."""

    table: str
    gsi: str | None
    options: Options
    now: Pair

    @property
    def name(self) -> str:
        return self.table if self.gsi is None else f"{self.table} - GSI: {self.gsi}"


class Step(NamedTuple):
    part: Part
    wanted: Pair


class Watch:
    """`checks` of Dynamic DynamoDB, how many times in a row there was reason to lower a capacity, are kept here."""

    def __init__(
        self, configuration: Configuration, client: Client, gauges: Gauges, notices: Notices, *, dry_run: bool
    ) -> None:
        self._configuration = configuration
        self._client = client
        self._gauges = gauges
        self._notices = notices
        self._dry_run = dry_run
        self._checks: dict[tuple[str, str | None], Pair] = {}

    def run_once(self, now: float) -> int:
        """Returns how many tables were changed, or would be in a dry run. Raises Complaint when nobody answers."""
        changed = 0
        seen: set[tuple[str, str | None]] = set()
        for table in self._tables():
            try:
                parts = list(self._parts(table))
                seen.update((part.table, part.gsi) for part in parts)
                steps = [step for part in parts if (step := self._look(part, now)) is not None]
                changed += bool(steps) and self._change(table, steps)
            except Refused as error:
                if not error.code:  # it is no DynamoDB, or does not let us in: that will not pass
                    raise
                _log.error("%s: %s: %s", table, error.code, error)
        for gone in set(self._checks) - seen:
            del self._checks[gone]
        return changed

    def _tables(self) -> Iterator[str]:
        """All that a section is for, in the order of their names."""
        asked: dict[str, Any] = {}
        while True:
            answer = self._client.call("ListTables", asked)
            yield from (name for name in answer["TableNames"] if self._configuration.section_of(name))
            if "LastEvaluatedTableName" not in answer:
                return
            asked = {"ExclusiveStartTableName": answer["LastEvaluatedTableName"]}

    def _parts(self, name: str) -> Iterator[Part]:
        section = self._configuration.section_of(name)
        table = self._client.call("DescribeTable", {"TableName": name})["Table"]
        if section is None:
            return
        if table.get("BillingModeSummary", {}).get("BillingMode") == "PAY_PER_REQUEST":
            _log.info("%s: is on demand, so there is nothing to scale", name)
            return
        if table["TableStatus"] != "ACTIVE":
            _log.warning("%s: is %s, so it is left alone for now", name, table["TableStatus"])
            return
        yield Part(name, None, section.options, _units(table))
        for index in table.get("GlobalSecondaryIndexes", ()):
            own = self._configuration.index_section(section, index["IndexName"])
            if own is not None and index.get("IndexStatus", "ACTIVE") == "ACTIVE":
                yield Part(name, index["IndexName"], own.options, _units(index))

    def _look(self, part: Part, now: float) -> Step | None:
        options, general = part.options, self._configuration.general
        url = options.circuit_breaker_url or general.circuit_breaker_url
        timeout = options.circuit_breaker_timeout or general.circuit_breaker_timeout
        place = (part.table, part.gsi)
        if url and not is_closed(url, timeout, part.table, part.gsi):
            _log.warning("%s: the circuit breaker is open, so nothing is changed", part.name)
            self._checks.pop(place, None)
            return None
        window = Window(options.lookback_window_start, options.lookback_period)
        sums = self._gauges.read(part.table, part.gsi, window, now)
        reads, writes = (
            rules.measure(units, consumed, refused, window.seconds)
            for units, (consumed, refused) in zip(part.now, sums, strict=True)
        )
        self._alarm(part, reads, writes)
        checks = self._checks.get(place, (0, 0))
        read = rules.decide(options.read, reads, checks[0])
        write = rules.decide(options.write, writes, checks[1])
        self._checks[place] = read.checks, write.checks
        wanted = self._allowed(part, (read.units, write.units), now)
        for what, old, new, verdict in zip(("reads", "writes"), part.now, wanted, (read, write), strict=True):
            _log.info("%s: %s %s", part.name, what, _said(old, new, verdict))
        return Step(part, wanted) if wanted != part.now else None

    def _allowed(self, part: Part, wanted: Pair, now: float) -> Pair:
        wanted = rules.together(part.options, part.now, wanted)
        clock = datetime.fromtimestamp(now, UTC)
        if not rules.in_maintenance(part.options, clock.hour * 60 + clock.minute):
            wanted = rules.only_increases(part.now, wanted)
        reads, writes = wanted  # where lowering is off, what lies above its maximum stays there, too
        reads = reads if part.options.read.down_scaling else max(reads, part.now[0])
        writes = writes if part.options.write.down_scaling else max(writes, part.now[1])
        return reads, writes

    def _change(self, table: str, steps: list[Step]) -> bool:
        """One UpdateTable for a table and its indexes, so that no more of a day's decreases are used than need be."""
        if self._dry_run:
            return True
        try:
            self._client.call("UpdateTable", _update(table, steps))
        except Refused as error:
            if error.code not in _PASSING:
                raise
            _log.warning("%s: %s: %s", table, error.code, error)
            up = [Step(part, rules.only_increases(part.now, wanted)) for part, wanted in steps]
            up = [step for step in up if step.wanted != step.part.now]
            if error.code != "LimitExceededException" or not up or up == steps:
                return False
            _log.info("%s: trying again without decreases", table)
            return self._change(table, up)
        for step in steps:
            self._notices.send(step.part.options, _notice(step))
        return True

    def _alarm(self, part: Part, reads: Measured, writes: Measured) -> None:
        high, low = [], []
        for what, side, seen in (("Read", part.options.read, reads), ("Write", part.options.write, writes)):
            percent = seen.consumed_percent
            said = f"{part.name} - Consumed {what} Capacity {percent:f}% was"
            if 0 < side.upper_alarm_threshold <= percent:
                limit = side.upper_alarm_threshold
                high.append(f"{said} greater than or equal to the upper alarm threshold {limit:f}%\n")
            if percent < side.lower_alarm_threshold:
                low.append(f"{said} below the lower alarm threshold {side.lower_alarm_threshold:f}%\n")
        if high:
            subject = f"ALARM: High Throughput for {part.name}"
            self._notices.send(part.options, Notice(("high-throughput-alarm",), subject, "".join(high)))
        elif low:
            subject = f"ALARM: Low Throughput for {part.name}"
            self._notices.send(part.options, Notice(("low-throughput-alarm",), subject, "".join(low)))


def _units(description: dict[str, Any]) -> Pair:
    throughput = description["ProvisionedThroughput"]
    return int(throughput["ReadCapacityUnits"]), int(throughput["WriteCapacityUnits"])


def _update(table: str, steps: list[Step]) -> dict[str, Any]:
    asked: dict[str, Any] = {"TableName": table}
    for part, (reads, writes) in steps:
        throughput = {"ReadCapacityUnits": reads, "WriteCapacityUnits": writes}
        if part.gsi is None:
            asked["ProvisionedThroughput"] = throughput
        else:
            update = {"IndexName": part.gsi, "ProvisionedThroughput": throughput}
            asked.setdefault("GlobalSecondaryIndexUpdates", []).append({"Update": update})
    return asked


def _notice(step: Step) -> Notice:
    part, wanted = step
    kinds, lines = [], []
    for what, old, new in zip(("Reads", "Writes"), part.now, wanted, strict=True):
        if new != old:
            kinds.append("scale-up" if new > old else "scale-down")
            lines.append(f"{part.name} - {what}: {'UP' if new > old else 'DOWN'} from {old} to {new}\n")
    return Notice(tuple(kinds), f"Updated provisioning for {part.name}", "".join(lines))


def _said(old: int, new: int, verdict: Verdict) -> str:
    if new == old:
        left = "" if verdict.units == old else f" ({verdict.units} are not allowed now)"
        return f"stay at {old}{left}: {verdict.reason}"
    return f"from {old} to {new}: {verdict.reason}"

"""Once a minute: what tables may consume, and how far indexes are, as points. One router does it for all of them."""

from collections.abc import Iterator
from typing import NamedTuple

from stator.limits import ACCOUNT_CAPACITY_UNITS_MAX, TABLE_CAPACITY_UNITS_MAX
from stator.metrics.recorder import Sample
from stator.metrics.series import one, series
from stator.metrics.series_store import SeriesStore
from stator.model.table import Index, OnDemandThroughput, Table, Throughput
from stator.services.backfill import read_percentage
from stator.services.parts import Parts


class _Provisioned(NamedTuple):
    """Units of an account and region: all together, and of the table or index that has most."""

    read: int = 0
    write: int = 0
    read_most: int = 0
    write_most: int = 0

    def add(self, throughput: Throughput) -> "_Provisioned":
        return _Provisioned(
            self.read + throughput.read,
            self.write + throughput.write,
            max(self.read_most, throughput.read),
            max(self.write_most, throughput.write),
        )


class Gauges:
    def __init__(self, parts: Parts, points: SeriesStore) -> None:
        self._parts = parts
        self._points = points

    async def run_once(self) -> int:
        """How many points there were."""
        time = float(int(self._parts.clock()))
        samples: list[Sample] = []
        accounts: dict[tuple[str, str], _Provisioned] = {}
        for table in self._parts.catalog.tables():
            for index in (None, *(index for index in table.indexes if not index.local)):
                samples += _capacity(table, index, time)
            if not table.on_demand:
                who = table.account, table.region
                account = accounts.get(who, _Provisioned()).add(table.throughput)
                for index in table.indexes:
                    account = account if index.local else account.add(index.throughput)
                accounts[who] = account
        for (account_id, region), provisioned in accounts.items():
            samples += _account(account_id, region, provisioned, time)
        for table, index in self._parts.catalog.filling():
            percentage = await read_percentage(self._parts.store, index)
            for name, value in (
                ("OnlineIndexPercentageProgress", percentage),
                ("OnlineIndexConsumedWriteCapacity", 0.0),
                ("OnlineIndexThrottleEvents", 0.0),
            ):
                samples.append(_sample(table, index, name, value, time))
        self._points.add(samples)
        return len(samples)


def _capacity(table: Table, index: Index | None, time: float) -> Iterator[Sample]:
    owner: Table | Index = table if index is None else index
    if table.on_demand:
        maxima = owner.on_demand_throughput or OnDemandThroughput()
        figures = {
            "OnDemandMaxReadRequestUnits": maxima.read_max,
            "OnDemandMaxWriteRequestUnits": maxima.write_max,
        }
    else:
        figures = {
            "ProvisionedReadCapacityUnits": owner.throughput.read,
            "ProvisionedWriteCapacityUnits": owner.throughput.write,
        }
    for name, value in figures.items():
        if value is not None:
            yield _sample(table, index, name, value, time)


def _account(account: str, region: str, provisioned: _Provisioned, time: float) -> Iterator[Sample]:
    of_all, of_one = 100 / ACCOUNT_CAPACITY_UNITS_MAX, 100 / TABLE_CAPACITY_UNITS_MAX
    figures = {
        "AccountMaxReads": ACCOUNT_CAPACITY_UNITS_MAX,
        "AccountMaxWrites": ACCOUNT_CAPACITY_UNITS_MAX,
        "AccountMaxTableLevelReads": TABLE_CAPACITY_UNITS_MAX,
        "AccountMaxTableLevelWrites": TABLE_CAPACITY_UNITS_MAX,
        "AccountProvisionedReadCapacityUtilization": provisioned.read * of_all,
        "AccountProvisionedWriteCapacityUtilization": provisioned.write * of_all,
        "MaxProvisionedTableReadCapacityUtilization": provisioned.read_most * of_one,
        "MaxProvisionedTableWriteCapacityUtilization": provisioned.write_most * of_one,
    }
    for name, value in figures.items():
        yield Sample(account, region, series(name), one(time, value))


def _sample(table: Table, index: Index | None, name: str, value: float, time: float) -> Sample:
    dimensions = {"TableName": table.name} | ({} if index is None else {"GlobalSecondaryIndexName": index.name})
    return Sample(table.account, table.region, series(name, **dimensions), one(time, float(value)))

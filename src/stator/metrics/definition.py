"""The metrics of the namespaces AWS/DynamoDB and Stator: their units, dimensions and meanings. The tables of
docs/metrics.md are made of these."""

from typing import Final, NamedTuple


class Definition(NamedTuple):
    """`dimensions` are the sets of names that it is kept by."""

    name: str
    unit: str  # as CloudWatch names it
    dimensions: tuple[tuple[str, ...], ...]
    text: str


_ACCOUNT: Final = ((),)
_TABLE: Final = (("TableName",),)
_INDEX: Final = (("TableName",), ("TableName", "GlobalSecondaryIndexName"))
_ONLY_INDEX: Final = (("TableName", "GlobalSecondaryIndexName"),)
_OPERATION: Final = (("TableName", "Operation"),)
_STREAM: Final = (("TableName", "Operation", "StreamLabel"),)
_KINESIS: Final = (("TableName", "DelegatedOperation"),)
_BY_KIND: Final = (("Node", "Operation"), ("Shard", "Operation"), ("Instance", "Operation"))
_NODES: Final = (("Node",), ("Shard",), ("Instance",))

REASONS: Final = (
    "ProvisionedThroughput",
    "KeyRangeThroughput",
    "AccountLimit",
    "MaxOnDemandThroughput",
)
"""Why requests are throttled; in ThrottlingReasons `Exceeded` follows, in the names of metrics `ThrottleEvents`."""

_WHY = {
    "ProvisionedThroughput": "what is provisioned for the table or index was used up",
    "KeyRangeThroughput": "a single partition key was at its limit",
    "AccountLimit": "all tables of the account together were at its limit",
    "MaxOnDemandThroughput": "the maximum set for an on-demand table or index was reached",
}

DEFINITIONS: Final = (
    Definition("AccountMaxReads", "Count", _ACCOUNT, "Read units that provisioned tables may have together."),
    Definition("AccountMaxTableLevelReads", "Count", _ACCOUNT, "Read units that one table or index may have."),
    Definition("AccountMaxTableLevelWrites", "Count", _ACCOUNT, "Write units that one table or index may have."),
    Definition("AccountMaxWrites", "Count", _ACCOUNT, "Write units that provisioned tables may have together."),
    Definition(
        "AccountProvisionedReadCapacityUtilization",
        "Percent",
        _ACCOUNT,
        "Share of AccountMaxReads that is provisioned.",
    ),
    Definition(
        "AccountProvisionedWriteCapacityUtilization",
        "Percent",
        _ACCOUNT,
        "Share of AccountMaxWrites that is provisioned.",
    ),
    Definition(
        "AgeOfOldestUnreplicatedRecord",
        "Milliseconds",
        _KINESIS,
        "Age of the oldest change that a Kinesis streaming destination does not have; 0 when it has them all.",
    ),
    Definition(
        "ConditionalCheckFailedRequests",
        "Count",
        _TABLE,
        "Writes whose condition did not hold, those of transactions among them. Not among UserErrors.",
    ),
    Definition(
        "ConsumedChangeDataCaptureUnits",
        "Count",
        _KINESIS,
        "Changes that a Kinesis streaming destination has taken, one for each KB begun of the larger image.",
    ),
    Definition(
        "ConsumedReadCapacityUnits",
        "Count",
        _INDEX,
        "Read units consumed. A sample is what an item cost, or a page of a Query or Scan. With the table alone those "
        "of its indexes do not count.",
    ),
    Definition("ConsumedWriteCapacityUnits", "Count", _INDEX, "Write units consumed, likewise."),
    Definition(
        "FailedToReplicateRecordCount",
        "Count",
        _KINESIS,
        "Changes too large for the stream, and times that changes were trimmed before it had them.",
    ),
    Definition(
        "MaxProvisionedTableReadCapacityUtilization",
        "Percent",
        _ACCOUNT,
        "Share of AccountMaxTableLevelReads that the table or index with the most read units has.",
    ),
    Definition(
        "MaxProvisionedTableWriteCapacityUtilization",
        "Percent",
        _ACCOUNT,
        "Share of AccountMaxTableLevelWrites that the table or index with the most write units has.",
    ),
    Definition("OnDemandMaxReadRequestUnits", "Count", _INDEX, "The maximum set for an on-demand table or index."),
    Definition("OnDemandMaxWriteRequestUnits", "Count", _INDEX, "The maximum set for an on-demand table or index."),
    Definition(
        "OnlineIndexConsumedWriteCapacity", "Count", _ONLY_INDEX, "0 while an index is filled: that is not charged."
    ),
    Definition("OnlineIndexPercentageProgress", "Count", _ONLY_INDEX, "How far an index that is filled has come."),
    Definition("OnlineIndexThrottleEvents", "Count", _ONLY_INDEX, "0 while an index is filled: that is not throttled."),
    Definition("ProvisionedReadCapacityUnits", "Count", _INDEX, "Read units provisioned for the table or index."),
    Definition("ProvisionedWriteCapacityUnits", "Count", _INDEX, "Write units provisioned for the table or index."),
    *(
        Definition(f"{kind}{reason}ThrottleEvents", "Count", _INDEX, f"{kind}s refused because {_WHY[reason]}.")
        for kind in ("Read", "Write")
        for reason in REASONS
    ),
    Definition("ReadThrottleEvents", "Count", _INDEX, "Reads refused for want of capacity, whatever the reason."),
    Definition("WriteThrottleEvents", "Count", _INDEX, "Writes refused for want of capacity, whatever the reason."),
    Definition("ReturnedBytes", "Bytes", _STREAM, "Bytes of the records that GetRecords returned."),
    Definition("ReturnedItemCount", "Count", _OPERATION, "Items that Query, Scan and ExecuteStatement returned."),
    Definition("ReturnedRecordsCount", "Count", _STREAM, "Records that GetRecords returned."),
    Definition(
        "SuccessfulRequestLatency",
        "Milliseconds",
        _OPERATION + _STREAM,
        "From a request that has been read to its answer. Percentiles are right to 3 %.",
    ),
    Definition("SystemErrors", "Count", _OPERATION, "Requests answered with a status of 500 or more."),
    Definition("ThrottledPutRecordCount", "Count", _KINESIS, "Records that the stream had no capacity for."),
    Definition(
        "ThrottledRequests",
        "Count",
        _OPERATION,
        "Requests refused as a whole for want of capacity. Not among UserErrors.",
    ),
    Definition("TimeToLiveDeletedItemCount", "Count", _TABLE, "Items deleted because their time was over."),
    Definition(
        "TransactionConflict",
        "Count",
        _TABLE,
        "Items of requests refused because another transaction was at work on them.",
    ),
    Definition("UserErrors", "Count", _ACCOUNT, "Other requests answered with a status below 500 that is an error."),
)

OWN_DEFINITIONS: Final = (
    Definition(
        "Requests",
        "Count",
        (*_NODES, *_BY_KIND),
        "Requests, refused ones too; by operation, and of nodes and shards of PostgreSQL by kind, such as `commits`.",
    ),
    Definition("Latency", "Milliseconds", _NODES, "Of requests that succeeded."),
    Definition("Connections", "Count", _NODES, "Connections of clients; a sample is one look."),
    Definition("CPUUtilization", "Percent", _NODES, "Share of one processor that the process used."),
    Definition("MemoryBytes", "Bytes", _NODES, "Memory that the process has."),
    Definition("ActiveConnections", "Count", (("Node",),), "Of PostgreSQL: connections that are served just now."),
    Definition("LoadAverage", "Count", (("Node",),), "Of PostgreSQL on this machine, over a minute."),
    Definition("ReplicationLag", "Seconds", (("Node",),), "How far a standby of PostgreSQL is behind its primary."),
    Definition("StorageBytes", "Bytes", _NODES, "Size of the store's files; with PostgreSQL of each node, too."),
    Definition("ConsumedReadCapacityUnits", "Count", _NODES, "Of all tables and indexes."),
    Definition("ConsumedWriteCapacityUnits", "Count", _NODES, "Of all tables and indexes."),
    Definition("ThrottledEvents", "Count", _NODES, "Reads and writes refused for want of capacity."),
)

UNITS: Final = {definition.name: definition.unit for definition in (*OWN_DEFINITIONS, *DEFINITIONS)}
"""By the name of a metric of either namespace."""

LEFT_OUT: Final = (
    "FaultInjectionServiceInducedErrors",
    "PendingReplicationCount",
    "ReplicationLatency",
)
"""Metrics of the service without a value here."""

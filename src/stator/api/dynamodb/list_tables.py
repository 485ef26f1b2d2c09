"""ListTables."""

from bisect import bisect_right
from typing import Any

from stator.api.call import Answer, Call
from stator.api.registry import operation
from stator.limits import LIST_TABLES_MAX
from stator.validation.requests.table import LIST_TABLES


@operation("ListTables", LIST_TABLES)
async def list_tables(call: Call) -> Answer:
    names = call.parts.catalog.names(call.account, call.region)
    after = call.request.get("ExclusiveStartTableName")
    start = bisect_right(names, after) if after is not None else 0
    end = start + call.request.get("Limit", LIST_TABLES_MAX)
    answer: dict[str, Any] = {"TableNames": names[start:end]}
    if end < len(names):
        answer["LastEvaluatedTableName"] = names[end - 1]
    return answer

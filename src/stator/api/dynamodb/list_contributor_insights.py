"""ListContributorInsights: of a table and its global indexes, or all that were ever asked for."""

from collections.abc import Iterator
from typing import Any

from stator.api.call import Answer, Call
from stator.api.registry import operation
from stator.errors import ValidationException
from stator.model.table import Table
from stator.tables import insights
from stator.validation.requests.contributor_insights import LIST_CONTRIBUTOR_INSIGHTS

_MAX_RESULTS = 100
_MARK = "insights/"


@operation("ListContributorInsights", LIST_CONTRIBUTOR_INSIGHTS)
async def list_contributor_insights(call: Call) -> Answer:
    request, catalog = call.request, call.parts.catalog
    after = _place(request.get("NextToken"))
    if "TableName" in request:
        table = catalog.require(call.account, call.region, request["TableName"])
        names = [None, *(index.name for index in table.indexes if not index.local)]
        wanted = {(table.name, name or ""): (table, name) for name in names}
    else:
        wanted = {(table.name, name or ""): (table, name) for table, name in _all(call)}
    left = sorted(place for place in wanted if place > after)
    # Less than one makes no page: the model knows no least value.
    page = left[: max(1, request.get("MaxResults", _MAX_RESULTS))]
    now, transition = call.parts.clock(), catalog.transition_seconds
    answer: dict[str, Any] = {
        "ContributorInsightsSummaries": [insights.summarise(*wanted[place], now, transition) for place in page]
    }
    if len(page) < len(left):
        answer["NextToken"] = (_MARK + "/".join(page[-1])).encode().hex()
    return answer


def _all(call: Call) -> Iterator[tuple[Table, str | None]]:
    catalog = call.parts.catalog
    for name in catalog.names(call.account, call.region):
        table = catalog.find(call.account, call.region, name)
        if table is not None:
            for each in table.insights:
                yield table, each.index


def _place(token: str | None) -> tuple[str, str]:
    """Table and index of the last one of the page before. Raises ValidationException."""
    if token is None:
        return "", ""
    try:
        text = bytes.fromhex(token).decode()
    except ValueError:
        text = ""
    table, separator, index = text.removeprefix(_MARK).partition("/")
    if not text.startswith(_MARK) or not separator:
        raise ValidationException(f"Invalid Request: Provided nextToken is invalid: {token}")
    return table, index

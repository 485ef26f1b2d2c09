"""ListMetrics."""

from typing import Any

from stator.api.call import Answer, Call
from stator.api.metric_window import places_of, token_of
from stator.api.registry import CLOUDWATCH, operation
from stator.errors import InvalidParameterValueException
from stator.metrics.series import Series
from stator.validation.requests.cloudwatch import LIST_METRICS

_PAGE = 500
_RECENT_SECONDS = 3 * 3600


@operation("ListMetrics", LIST_METRICS, CLOUDWATCH)
async def list_metrics(call: Call) -> Answer:
    request = call.request
    after = _place(request.get("NextToken"))
    if request.get("OwningAccount", call.account) != call.account:
        return {"Metrics": []}
    since = call.parts.clock() - _RECENT_SECONDS if "RecentlyActive" in request else 0.0
    names = await call.parts.series.names(
        call.account, call.region, request.get("Namespace"), request.get("MetricName"), since
    )
    filters = request.get("Dimensions", ())
    found = [series for series in names if _meets(series, filters)]
    if after is not None:
        found = [series for series in found if series > after]
    answer: dict[str, Any] = {"Metrics": [_describe(series) for series in found[:_PAGE]]}
    if len(found) > _PAGE:
        answer["NextToken"] = token_of(*found[_PAGE - 1])
    if request.get("IncludeLinkedAccounts"):
        answer["OwningAccounts"] = [call.account] * len(answer["Metrics"])
    return answer


def _meets(series: Series, filters: Any) -> bool:
    dimensions = dict(series.dimensions)
    return all(
        each["Name"] in dimensions and each.get("Value", dimensions[each["Name"]]) == dimensions[each["Name"]]
        for each in filters
    )


def _describe(series: Series) -> dict[str, Any]:
    return {
        "Namespace": series.namespace,
        "MetricName": series.name,
        "Dimensions": [{"Name": name, "Value": value} for name, value in series.dimensions],
    }


def _place(token: str | None) -> Series | None:
    if token is None:
        return None
    places = places_of(token)
    if places is not None and len(places) == 3:
        namespace, name, dimensions = places
        try:
            return Series(str(namespace), str(name), tuple((str(key), str(value)) for key, value in dimensions))
        except (TypeError, ValueError):
            pass
    raise InvalidParameterValueException("Request parameter NextToken is invalid")

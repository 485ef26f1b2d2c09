"""What CreateTable says about a well-formed request before it looks at any table. The order is the service's."""

from collections.abc import Mapping, Sequence
from typing import Any

from stator.errors import ValidationException
from stator.limits import GLOBAL_INDEXES_MAX, LOCAL_INDEXES_MAX, PROJECTED_ATTRIBUTES_MAX
from stator.validation.encryption import check_encryption
from stator.validation.key_schema import (
    NO_DEFINITION,
    check_defined,
    check_definitions,
    check_global_key,
    check_key,
    names,
)
from stator.validation.throughput import (
    LEAD,
    check_index_provisioned,
    check_maxima,
    check_provisioned,
    is_on_demand,
)

_Index = Mapping[str, Any]


def check_create_table(request: Mapping[str, Any]) -> None:
    """Raise ValidationException for the first rule that a request of the shape CREATE_TABLE breaks."""
    local, everywhere = request.get("LocalSecondaryIndexes"), request.get("GlobalSecondaryIndexes")
    check_provisioned(request)
    _check_table_key(request)
    for kind, indexes in (("LocalSecondaryIndexes", local), ("GlobalSecondaryIndexes", everywhere)):
        if indexes is not None and not indexes:
            raise ValidationException(f"{LEAD}List of {kind} is empty")
    _check_local_indexes(request, local or ())
    _check_global_indexes(request, everywhere or ())
    indexes = [*(local or ()), *(everywhere or ())]
    _check_names(indexes)
    projected = sum(len(index["Projection"].get("NonKeyAttributes") or ()) for index in indexes)
    check_counts(len(local or ()), len(everywhere or ()), projected)
    if indexes:
        _check_definitions_used(request, indexes)
    check_maxima(request.get("OnDemandThroughput"), on_demand=is_on_demand(request))
    _check_stream(request.get("StreamSpecification"))
    check_encryption(request.get("SSESpecification"))


def _check_table_key(request: Mapping[str, Any]) -> None:
    schema, definitions = request["KeySchema"], request["AttributeDefinitions"]
    check_definitions(definitions)
    if len(schema) > len(definitions):
        raise ValidationException(NO_DEFINITION)
    check_defined(schema, definitions)
    check_key(schema)
    has_indexes = "LocalSecondaryIndexes" in request or "GlobalSecondaryIndexes" in request
    if not has_indexes and len(schema) != len(definitions):
        raise ValidationException(
            f"{LEAD}Number of attributes in KeySchema does not exactly match number of attributes defined in "
            "AttributeDefinitions"
        )


def _check_local_indexes(request: Mapping[str, Any], indexes: Sequence[_Index]) -> None:
    if indexes and len(request["KeySchema"]) != 2:
        raise ValidationException(
            f"{LEAD}Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex"
        )
    table_hash = request["KeySchema"][0]["AttributeName"]
    for index in indexes:
        schema, name = index["KeySchema"], index["IndexName"]
        check_defined(schema, request["AttributeDefinitions"])
        check_key(schema)
        if len(schema) != 2:
            raise ValidationException(f"{LEAD}Index KeySchema does not have a range key for index: {name}")
        index_hash = schema[0]["AttributeName"]
        if index_hash != table_hash:
            raise ValidationException(
                f"{LEAD}Index KeySchema does not have the same leading hash key as table KeySchema for index: {name}. "
                f"index hash key: {index_hash}, table hash key: {table_hash}"
            )
        check_projection(index["Projection"])


def _check_global_indexes(request: Mapping[str, Any], indexes: Sequence[_Index]) -> None:
    on_demand = is_on_demand(request)
    for index in indexes:
        check_defined(index["KeySchema"], request["AttributeDefinitions"])
        check_global_index(index)
        check_index_provisioned(index, on_demand=on_demand)
        check_maxima(index.get("OnDemandThroughput"), on_demand=on_demand, index=index["IndexName"])


def check_global_index(index: _Index) -> None:
    """The key and projection of a new global index."""
    check_global_key(index["KeySchema"])
    check_projection(index["Projection"])


def check_projection(projection: Mapping[str, Any]) -> None:
    type_, attributes = projection.get("ProjectionType"), projection.get("NonKeyAttributes")
    if type_ is None:
        raise ValidationException(f"{LEAD}Unknown ProjectionType: null")
    if type_ != "INCLUDE":
        if attributes is not None:
            raise ValidationException(f"{LEAD}ProjectionType is {type_}, but NonKeyAttributes is specified")
        return
    if attributes is None:
        raise ValidationException(f"{LEAD}ProjectionType is INCLUDE, but NonKeyAttributes is not specified")
    for place, name in enumerate(attributes):
        if name in attributes[:place]:
            raise ValidationException(f"{LEAD}Duplicate element in NonKeyAttributes: {name}")


def _check_names(indexes: Sequence[_Index]) -> None:
    seen: set[str] = set()
    for index in indexes:
        if index["IndexName"] in seen:
            raise ValidationException(f"{LEAD}Duplicate index name: {index['IndexName']}")
        seen.add(index["IndexName"])


def check_counts(local: int, everywhere: int, projected: int) -> None:
    """How many local and global indexes a table may have, and attributes that they include."""
    if local > LOCAL_INDEXES_MAX:
        raise ValidationException(
            f"{LEAD}Number of LocalSecondaryIndexes exceeds per-table limit of {LOCAL_INDEXES_MAX}"
        )
    if everywhere > GLOBAL_INDEXES_MAX:
        raise ValidationException(
            f"{LEAD}GlobalSecondaryIndex count exceeds the per-table limit of {GLOBAL_INDEXES_MAX}"
        )
    if projected > PROJECTED_ATTRIBUTES_MAX:
        # The service has this limit; its own words for it are not known to us.
        raise ValidationException(
            f"{LEAD}Number of NonKeyAttributes over all indexes exceeds the per-table limit of "
            f"{PROJECTED_ATTRIBUTES_MAX}"
        )


def _check_definitions_used(request: Mapping[str, Any], indexes: Sequence[_Index]) -> None:
    used = dict.fromkeys(names(request["KeySchema"]))
    for index in indexes:
        used.update(dict.fromkeys(names(index["KeySchema"])))
    defined = names(request["AttributeDefinitions"])
    if len(defined) > len(used):
        raise ValidationException(
            f"{LEAD}Some AttributeDefinitions are not used. AttributeDefinitions: [{', '.join(defined)}], "
            f"keys used: [{', '.join(used)}]"
        )


def _check_stream(specification: Mapping[str, Any] | None) -> None:
    if specification is None:
        return
    typed = specification.get("StreamViewType") is not None
    if specification["StreamEnabled"] and not typed:
        raise ValidationException(f"{LEAD}Table is being created with a stream enabled, UpdateViewType is required")
    if not specification["StreamEnabled"] and typed:
        raise ValidationException(
            f"{LEAD}Table is being created with a stream disabled, UpdateViewType should not be specified"
        )

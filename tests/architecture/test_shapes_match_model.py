"""Every member of the newest botocore model is in our shapes, with its type and constraints, or excepted with a reason."""

import gzip
import importlib
import json
import pkgutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import botocore

import stator.validation.requests
from stator.api.registry import CLOUDWATCH
from stator.assembly import operations
from stator.validation.requests import cloudwatch, insight_rules
from stator.validation.scalar import Attribute, Blob, Boolean, Double, Integer, Long, String, Timestamp, Type
from stator.validation.shape import List, Map, Structure


def model(service: str, version: str = "2012-08-10") -> Any:
    path = Path(botocore.__file__).parent / "data" / service / version / "service-2.json.gz"
    return json.loads(gzip.decompress(path.read_bytes()))


MODEL, STREAMS_MODEL = model("dynamodb"), model("dynamodbstreams")
CLOUDWATCH_MODEL = model("cloudwatch", "2010-08-01")
SHAPES = MODEL["shapes"]
SCALARS = {
    "string": String,
    "boolean": Boolean,
    "integer": Integer,
    "long": Long,
    "double": Double,
    "blob": Blob,
    "timestamp": Timestamp,
}

# What differs on purpose. Keys: where, and which property.
EXCEPTIONS = {
    (
        "CreateTableInput",
        "required",
    ): "AttributeDefinitions and KeySchema may only be absent beside GlobalTableSourceArn",
    ("CreateTableInput.TableName", "min"): "a new table's name is a name, not an ARN: 3 characters at least",
    ("CreateTableInput.TableName", "max"): "a new table's name is a name, not an ARN: 255 characters at most",
    ("CreateTableInput.TableName", "pattern"): "a new table's name is a name, not an ARN",
    ("CreateTableInput.KeySchema", "max"): "the service still tells of more than two elements",
    ("CreateTableInput.LocalSecondaryIndexes[].KeySchema", "max"): "local indexes keep two key attributes",
    ("CreateTableInput.GlobalSecondaryIndexes[].KeySchema", "max"): "four hash and four range attributes",
    ("UpdateTableInput.GlobalSecondaryIndexUpdates[].Create.KeySchema", "max"): "four hash and four range attributes",
    ("ImportTableInput.TableCreationParameters.KeySchema", "max"): "the service still tells of more than two elements",
    (
        "ImportTableInput.TableCreationParameters.GlobalSecondaryIndexes[].KeySchema",
        "max",
    ): "four hash and four range attributes",
}
EXCEPTIONS |= {
    (f"{restore}Input.{kind}IndexOverride[].KeySchema", "max"): "as where indexes are made"
    for restore in ("RestoreTableFromBackup", "RestoreTableToPointInTime")
    for kind in ("LocalSecondary", "GlobalSecondary")
}
TAGS_WORDED = "the service tells of bad tags in its own words: stator.tables.tags"
EXCEPTIONS |= {
    (f"{where}Input.Tags[]{member}", kind): TAGS_WORDED
    for where in ("CreateTable", "TagResource")
    for member, kind in ((".Key", "min"), (".Key", "max"), (".Value", "min"), (".Value", "max"), ("", "required"))
}
EXCEPTIONS |= {("UntagResourceInput.TagKeys[]", kind): TAGS_WORDED for kind in ("min", "max")}


def registered() -> dict[str, Structure]:
    """Our shapes by the name of the modelled input they are."""
    found: dict[str, Structure] = {}
    for module in pkgutil.iter_modules(stator.validation.requests.__path__, "stator.validation.requests."):
        if module.name in (cloudwatch.__name__, insight_rules.__name__):
            continue  # of another model
        for value in vars(importlib.import_module(module.name)).values():
            if isinstance(value, Structure) and value.name.endswith(("Input", "DescribeEndpointsRequest")):
                found[value.name] = value
    return found


def shapes_of(name: str) -> Any:
    """The modelled shapes among which an input's own are: both models have some names, with other contents."""
    if name not in SHAPES and name in CLOUDWATCH_MODEL["shapes"]:
        return CLOUDWATCH_MODEL["shapes"]
    in_streams = any(operation["input"]["shape"] == name for operation in STREAMS_MODEL["operations"].values())
    return STREAMS_MODEL["shapes"] if in_streams else SHAPES


def constraints_differ(where: str, type_: Type, model: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    for name in ("min", "max", "pattern", "enum"):
        ours, theirs = type_.model.get(name), model.get(name)
        if name == "enum":
            ours, theirs = set(ours or ()), set(theirs or ())
        if ours != theirs:
            yield where, name, f"{ours} instead of {theirs}"


def differences(where: str, type_: Type, shape: str, shapes: Any = SHAPES) -> Iterator[tuple[str, str, str]]:
    """(where, property, what) for each difference between our type and a modelled shape."""
    model = shapes[shape]
    kind = model["type"]
    if shape == "AttributeValue":
        if not isinstance(type_, Attribute):
            yield where, "type", "no AttributeValue"
        return
    yield from constraints_differ(where, type_, model)
    if kind == "structure":
        if not isinstance(type_, Structure):
            yield where, "type", "no structure"
            return
        if set(type_.required) != set(model.get("required", ())):
            yield where, "required", f"{sorted(type_.required)} instead of {model.get('required')}"
        if type_.name != shape:
            yield where, "name", f"{type_.name} instead of {shape}"
        for name in type_.members.keys() ^ model["members"].keys():
            yield where, name, "missing" if name in model["members"] else "unknown to the model"
        for name in type_.members.keys() & model["members"].keys():
            yield from differences(f"{where}.{name}", type_.members[name], model["members"][name]["shape"], shapes)
    elif kind == "list":
        if not isinstance(type_, List):
            yield where, "type", "no list"
            return
        yield from differences(f"{where}[]", type_.of, model["member"]["shape"], shapes)
    elif kind == "map":
        if not isinstance(type_, Map):
            yield where, "type", "no map"
            return
        yield from differences(f"{where}{{}}", type_.of, model["value"]["shape"], shapes)
        yield from differences(f"{where} keys", type_.keys, model["key"]["shape"], shapes)
    elif not isinstance(type_, SCALARS[kind]):
        yield where, "type", f"no {kind}"


def cloudwatch_shapes() -> list[Structure]:
    modules = cloudwatch, insight_rules
    return [value for module in modules for value in vars(module).values() if isinstance(value, Structure)]


def all_differences() -> set[tuple[str, str, str]]:
    told = CLOUDWATCH_MODEL["shapes"]
    others = {each for shape in cloudwatch_shapes() for each in differences(shape.name, shape, shape.name, told)}
    return others | {
        each for name, shape in registered().items() for each in differences(name, shape, name, shapes_of(name))
    }


def test_every_operation_of_the_registry_is_compared() -> None:
    modelled = [each for told in (MODEL, STREAMS_MODEL, CLOUDWATCH_MODEL) for each in told["operations"].values()]
    inputs = {operation["input"]["shape"] for operation in modelled if "input" in operation}
    assert registered().keys() <= inputs
    assert len(registered()) >= 20


def test_every_served_operation_of_cloudwatch_is_compared() -> None:
    named = {shape.name for shape in cloudwatch_shapes()}
    served = {
        name for target, name in ((each, each.partition(".")[2]) for each in operations()) if CLOUDWATCH in target
    }
    modelled = CLOUDWATCH_MODEL["operations"]
    assert {modelled[name]["input"]["shape"] for name in served} <= named


def test_shapes_are_as_modelled() -> None:
    unexplained = sorted(f"{w}: {p}: {what}" for w, p, what in all_differences() if (w, p) not in EXCEPTIONS)
    assert unexplained == []


def test_no_exception_is_stale() -> None:
    assert EXCEPTIONS.keys() - {(w, p) for w, p, _ in all_differences()} == set()


def test_a_difference_is_found() -> None:
    shape = Structure("ListTablesInput", {"Limit": Integer(min=1, max=99)})
    assert set(differences("X", shape, "ListTablesInput")) == {
        ("X", "ExclusiveStartTableName", "missing"),
        ("X.Limit", "max", "99 instead of 100"),
    }

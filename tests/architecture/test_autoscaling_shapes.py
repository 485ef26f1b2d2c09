"""Every input of Application Auto Scaling's operations is in our shapes as the newest botocore model has it."""

import gzip
import json
from pathlib import Path

import botocore

from stator.api.registry import AUTOSCALING
from stator.assembly import operations
from stator.validation.requests import autoscaling
from stator.validation.shape import Structure
from tests.architecture.test_shapes_match_model import differences

MODEL = json.loads(
    gzip.decompress(
        (Path(botocore.__file__).parent / "data/application-autoscaling/2016-02-06/service-2.json.gz").read_bytes()
    )
)
SHAPES = [
    value for value in vars(autoscaling).values() if isinstance(value, Structure) and value.name in MODEL["shapes"]
]


def test_shapes_are_as_modelled() -> None:
    found = {each for shape in SHAPES for each in differences(shape.name, shape, shape.name, MODEL["shapes"])}
    assert sorted(f"{where}: {which}: {what}" for where, which, what in found) == []


def test_every_operation_is_served() -> None:
    served = {target.partition(".")[2] for target in operations() if target.startswith(f"{AUTOSCALING}.")}
    assert served == set(MODEL["operations"])
    assert {MODEL["operations"][name]["input"]["shape"] for name in served} <= {shape.name for shape in SHAPES}

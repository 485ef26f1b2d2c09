"""Forms in, XML out."""

import contextlib
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stator.api.wire_value import Moment, Table
from stator.errors import SerializationException
from stator.http.doors.query import Query
from stator.http.doors.service import SERVICES, Fault
from stator.validation.scalar import Boolean, Double, Integer, String, Timestamp
from stator.validation.shape import List, Map, Structure

SPOKEN = Query(SERVICES[b"GraniteServiceVersion20100801"])
DIMENSION = Structure("Dimension", {"Name": String(), "Value": String()})
SHAPE = Structure(
    "AnyInput",
    {
        "Name": String(),
        "Count": Integer(),
        "Threshold": Double(),
        "On": Boolean(),
        "Start": Timestamp(),
        "Dimensions": List(DIMENSION),
        "Names": List(String()),
        "Tags": Map(String()),
    },
)


def parse(**fields: str) -> dict[str, Any]:
    return SPOKEN.parse(urlencode({name.replace("__", "."): value for name, value in fields.items()}).encode(), SHAPE)


def test_scalars_have_the_types_of_the_shape() -> None:
    assert parse(Action="Any", Name="5", Count="5", Threshold="1e3", On="true", Start="2025-06-15T15:06:40Z") == {
        "Name": "5",
        "Count": 5,
        "Threshold": 1000.0,
        "On": True,
        "Start": 1750000000.0,
    }
    assert parse(Start="2025-06-15T17:06:40.500+02:00") == {"Start": 1750000000.5}
    assert parse(Start="1750000000") == {"Start": 1750000000.0}


def test_lists_are_in_the_order_of_their_numbers() -> None:
    names = {f"Names__member__{number}": f"n{number}" for number in (10, 2, 1)}
    assert parse(**names) == {"Names": ["n1", "n2", "n10"]}
    assert parse(Names="") == {"Names": []}
    dimensions = {"Dimensions__member__1__Name": "TableName", "Dimensions__member__1__Value": "a&b"}
    assert parse(**dimensions) == {"Dimensions": [{"Name": "TableName", "Value": "a&b"}]}
    assert parse(Tags__entry__1__key="k", Tags__entry__1__value="v") == {"Tags": {"k": "v"}}


@pytest.mark.parametrize(
    "fields",
    [
        {"Count": "x"},
        {"Threshold": "nan"},
        {"On": "maybe"},
        {"Start": "yesterday"},
        {"Names__member__x": "a"},
        {"Name__deeper": "a"},
        {".".join(["Names"] * 100): "a"},
    ],
)
def test_what_does_not_fit_the_shape_is_refused(fields: dict[str, str]) -> None:
    with pytest.raises(SerializationException):
        parse(**fields)


@pytest.mark.parametrize("body", [b"Name=a&Name.=b", b"Name..x=a", b"=a", b".=a", b"Names.member.=a"])
def test_names_without_a_part_are_refused(body: bytes) -> None:
    with pytest.raises(SerializationException):
        SPOKEN.parse(body, SHAPE)


NAMES = st.lists(
    st.sampled_from([*SHAPE.members, "member", "entry", "key", "value", "1", "2", "Value", "", "x"]), max_size=5
)
FIELDS = st.lists(st.tuples(NAMES.map(".".join), st.text(max_size=8)), max_size=8)


@given(FIELDS)
def test_any_form_is_a_request_or_refused(fields: list[tuple[str, str]]) -> None:
    try:
        parsed = SPOKEN.parse(urlencode(fields, errors="replace").encode(), SHAPE)
    except SerializationException:
        return
    assert SHAPE.check(parsed) == parsed


@given(st.binary(max_size=60))
def test_any_bytes_are_a_form_or_refused(body: bytes) -> None:
    with contextlib.suppress(SerializationException):
        SPOKEN.parse(body, SHAPE)


def test_bytes_that_are_no_form_are_refused() -> None:
    with pytest.raises(SerializationException):
        SPOKEN.parse(b"Name=\xff", SHAPE)
    with pytest.raises(SerializationException):
        SPOKEN.parse(b"&".join(b"a%d=" % number for number in range(60_000)), SHAPE)


def test_answers_are_xml() -> None:
    answer = {
        "At": Moment(1750000000.0),
        "Late": Moment(1750000000.25),
        "Values": [1.5, 2.0],
        "Points": [{"On": True, "Text": "<&>\x00"}],
        "Extended": Table(p99=2.0),
        "Nothing": None,
    }
    root = ET.fromstring(SPOKEN.render("GetAny", answer))
    space = "{http://monitoring.amazonaws.com/doc/2010-08-01/}"
    assert root.tag == f"{space}GetAnyResponse"
    result = root.find(f"{space}GetAnyResult")
    assert result is not None
    assert result.findtext(f"{space}At") == "2025-06-15T15:06:40Z"
    assert result.findtext(f"{space}Late") == "2025-06-15T15:06:40.250Z"
    assert [each.text for each in result.findall(f"{space}Values/{space}member")] == ["1.5", "2.0"]
    assert result.findtext(f"{space}Points/{space}member/{space}On") == "true"
    assert result.findtext(f"{space}Points/{space}member/{space}Text") == "<&>\ufffd"
    assert result.findtext(f"{space}Extended/{space}entry/{space}key") == "p99"
    assert result.find(f"{space}Nothing") is None


def test_faults_are_xml() -> None:
    body = SPOKEN.render_fault(Fault(404, "ResourceNotFound", "ResourceNotFound", "no <alarm>", {}))
    root = ET.fromstring(body)
    space = "{http://monitoring.amazonaws.com/doc/2010-08-01/}"
    assert root.findtext(f"{space}Error/{space}Code") == "ResourceNotFound"
    assert root.findtext(f"{space}Error/{space}Type") == "Sender"
    assert root.findtext(f"{space}Error/{space}Message") == "no <alarm>"

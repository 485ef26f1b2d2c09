import pytest

from stator.errors import SerializationException
from stator.http.target import object_in, object_of


@pytest.mark.parametrize(("body", "found"), [(b"", {}), (b"{}", {}), (b' {"A": [1]} ', {"A": [1]})])
def test_a_body_is_an_object_and_none_an_empty_one(body: bytes, found: object) -> None:
    assert object_in(body) == found


@pytest.mark.parametrize("body", [b"[]", b"null", b'"A"', b"1", b"{", b"\xff", b" "])
def test_what_is_no_object_is_refused(body: bytes) -> None:
    with pytest.raises(SerializationException):
        object_in(body)


def test_no_parsed_body_is_no_object() -> None:
    with pytest.raises(SerializationException):
        object_of(None)

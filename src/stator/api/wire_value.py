"""Values of an answer that protocols write in ways of their own. In JSON a moment is a number and a table an object."""

from typing import Any


class Moment(float):
    """A time in seconds since the epoch: a tagged number in CBOR, ISO 8601 in XML."""

    __slots__ = ()


class Table(dict[str, Any]):
    """A map with keys of the data's own, not of the model's: `entry` elements in XML."""

    __slots__ = ()

"""The tables that the fuzzed requests meet."""

from typing import Any, Final

# Name: keys of the table, hash attributes first, and by index its keys and how many of them are hash attributes.
Keys = list[tuple[str, str]]


class Schema:
    def __init__(self, name: str, keys: Keys, indexes: dict[str, tuple[Keys, int]] | None = None) -> None:
        self.name = name
        self.keys = keys
        self.indexes = indexes or {}

    def create(self) -> dict[str, Any]:
        """The CreateTable request."""
        types = dict([*self.keys, *(key for keys, _ in self.indexes.values() for key in keys)])
        request: dict[str, Any] = {
            "TableName": self.name,
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{"AttributeName": name, "AttributeType": kind} for name, kind in types.items()],
            "KeySchema": _elements(self.keys, 1),
        }
        for name, (keys, hashes) in self.indexes.items():
            local = name.startswith("local")
            kind = "LocalSecondaryIndexes" if local else "GlobalSecondaryIndexes"
            projection: dict[str, Any] = {"ProjectionType": "ALL"}
            if name.endswith("-keys"):
                projection = {"ProjectionType": "KEYS_ONLY"}
            elif name.endswith("-some"):
                projection = {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["a", "map"]}
            index = {"IndexName": name, "KeySchema": _elements(keys, hashes), "Projection": projection}
            request.setdefault(kind, []).append(index)
        return request


def _elements(keys: Keys, hashes: int) -> list[dict[str, str]]:
    return [
        {"AttributeName": name, "KeyType": "HASH" if place < hashes else "RANGE"}
        for place, (name, _) in enumerate(keys)
    ]


SCHEMAS: Final = (
    Schema(
        "things",
        [("pk", "S"), ("sk", "N")],
        {
            "by-group": ([("g", "S"), ("h", "N")], 1),
            "by-many-keys": ([("g", "S"), ("t", "S"), ("h", "N"), ("v", "N")], 2),
            "flipped-some": ([("sk", "N"), ("pk", "S")], 1),
            "local-keys": ([("pk", "S"), ("t", "S")], 1),
            "local-some": ([("pk", "S"), ("v", "N")], 1),
        },
    ),
    Schema("plain", [("pk", "S")]),
    Schema("binary", [("pk", "B"), ("sk", "B")], {"by-group-keys": ([("g", "S")], 1)}),
    Schema("numbers", [("pk", "N"), ("sk", "S")], {"local-all": ([("pk", "N"), ("n", "N")], 1)}),
)

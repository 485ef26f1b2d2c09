"""What an attribute value is inside the server: its own DynamoDB JSON, canonical.

`{"S": "a"}`, `{"N": "1.5"}`, `{"B": "YQ=="}`, `{"BOOL": true}`, `{"NULL": true}`, `{"SS": [...]}`, `{"NS": [...]}`,
`{"BS": [...]}`, `{"L": [...]}`, `{"M": {...}}`. Canonical means: exactly one member, numbers normalised to plain
decimal text, sets sorted (NS by value) and without duplicates, binaries in strict base64. Keeping the wire form is what
lets a stored item be answered without decoding it.
"""

from typing import Any

AttributeValue = dict[str, Any]
Item = dict[str, AttributeValue]

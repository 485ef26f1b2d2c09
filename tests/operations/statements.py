"""Running PartiQL statements in tests, and what the service says of those it refuses."""

from typing import Any

from tests.operations.faults import fault, invalid

NOT_WELL_FORMED = "Statement wasn't well formed, can't be processed: "
INVALID = "One or more parameter values were invalid: "
OVERLAPPING = "Overlapping conditions with range keys are not supported in where clause"
INCOMPLETE_KEY = "Where clause does not contain a mandatory equality on all key attributes"
TOO_MANY_READS = "Too many decomposed read operations for a given query."
WRONG_TYPE = "Incorrect operand type for operator or function; operator or function: "
EMPTY_KEY = (
    "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string "
    "value. Key: pk"
)
OVERLAP = (
    "Two document paths overlap with each other; must remove or rewrite one of these paths; "
    "path one: [a], path two: [a]"
)

Items = list[dict[str, Any]]


def plain(value: dict[str, Any]) -> Any:
    """An attribute value as the Python value that says the same in these tests."""
    ((kind, content),) = value.items()
    if kind == "N":
        return float(content) if "." in content else int(content)
    if kind == "M":
        return {name: plain(one) for name, one in content.items()}
    if kind == "L":
        return [plain(one) for one in content]
    if kind == "NS":
        return {float(one) for one in content}
    if kind == "SS":
        return set(content)
    return None if kind == "NULL" else content


def value(content: Any) -> dict[str, Any]:
    if isinstance(content, bool):
        return {"BOOL": content}
    if isinstance(content, str):
        return {"S": content}
    if isinstance(content, int | float):
        return {"N": str(content)}
    if isinstance(content, set):
        return {"SS": sorted(content)}
    if isinstance(content, dict):
        return {"M": {name: value(one) for name, one in content.items()}}
    if isinstance(content, list):
        return {"L": [value(one) for one in content]}
    return {"NULL": True}


class Statements:
    """Runs statements against one table, written `t`; `put` and `get` go round PartiQL."""

    def __init__(self, client: Any, name: str) -> None:
        self.client = client
        self.name = name

    def run(self, text: str, *parameters: Any, **more: Any) -> dict[str, Any]:
        request = {"Statement": text.replace(" t ", f' "{self.name}" '), **more}
        if parameters:
            request["Parameters"] = [value(one) for one in parameters]
        answer: dict[str, Any] = self.client.execute_statement(**request)
        return answer

    def rows(self, text: str, *parameters: Any, **more: Any) -> Items:
        answer = self.run(text, *parameters, **more)
        return [{name: plain(one) for name, one in item.items()} for item in answer["Items"]]

    def sks(self, where: str, *parameters: Any, **more: Any) -> list[str]:
        return [row["sk"] for row in self.rows(f"SELECT sk FROM t WHERE {where}", *parameters, **more)]

    def refused(self, text: str, *parameters: Any, **more: Any) -> str:
        return invalid(self.run_keyword, text=text, parameters=parameters, more=more)

    def fault(self, text: str, *parameters: Any, **more: Any) -> tuple[str, str]:
        return fault(self.run_keyword, text=text, parameters=parameters, more=more)

    def run_keyword(self, text: str, parameters: tuple[Any, ...], more: dict[str, Any]) -> Any:
        return self.run(text, *parameters, **more)

    def put(self, **attributes: Any) -> None:
        self.client.put_item(TableName=self.name, Item={name: value(one) for name, one in attributes.items()})

    def get(self, pk: str, sk: str = "1") -> dict[str, Any] | None:
        found = self.client.get_item(TableName=self.name, Key={"pk": value(pk), "sk": value(sk)}).get("Item")
        return None if found is None else {name: plain(one) for name, one in found.items()}

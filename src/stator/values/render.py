"""Values as DynamoDB prints them inside its messages."""

from stator.values.attribute import AttributeValue


def render(value: AttributeValue) -> str:
    """`AttributeValue: {S:a}`, in the manner of a Java `toString`."""
    ((kind, content),) = value.items()
    return f"AttributeValue: {{{kind}:{_content(kind, content)}}}"


def _content(kind: str, content: object) -> str:
    if isinstance(content, bool):
        return "true" if content else "false"
    if isinstance(content, dict):
        return "{" + ", ".join(f"{name}={render(member)}" for name, member in content.items()) + "}"
    if isinstance(content, list):
        return "[" + ", ".join(render(member) if kind == "L" else member for member in content) + "]"
    return str(content)

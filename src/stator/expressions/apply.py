"""Updates against items: the new item, or the reason why there is none."""

from collections.abc import Mapping
from enum import Enum
from typing import Any, NamedTuple

from stator.errors import ValidationException
from stator.expressions import tree
from stator.limits import ITEM_BYTES_MAX, NESTING_LEVELS_MAX
from stator.values import number, path
from stator.values.attribute import AttributeValue, Item
from stator.values.compare import sort_order
from stator.values.parse import NESTED_TOO_DEEP
from stator.values.size import value_bytes

INVALID_PATH = "The document path provided in the update expression is invalid for update"
MISSING_ATTRIBUTE = "The provided expression refers to an attribute that does not exist in the item"
WRONG_TYPE = "An operand in the update expression has an incorrect data type"
ITEM_TOO_LARGE = "Item size to update has exceeded the maximum allowed size"

# An expression of 4 KB can write one large value hundreds of times. Past this many assignments their sum is watched, so
# that a hopeless item is neither built nor measured.
_UNWATCHED_SETS_MAX = 8

Values = Mapping[str, AttributeValue]


class Verb(Enum):
    SET = "SET"
    REMOVE = "REMOVE"
    ADD = "ADD"
    DELETE = "DELETE"


class Action(NamedTuple):
    """What happens at one path; `operand` is empty for REMOVE."""

    verb: Verb
    operand: AttributeValue


# What happens beneath a map or list: step to an action there, or to what happens beneath that step.
Steps = dict[str | int, Any]


def creates(update: tree.Update) -> bool:
    """Whether the update writes an item where none is: one that only clears attributes does not."""
    return bool(update.sets or update.adds) or not (update.removes or update.deletes)


def apply(update: tree.Update, item: Item, values: Values, *, absent: bool = False) -> Item:
    """The item after `update`; `item` itself and everything in it stay as they are, untouched parts are shared.

    Every right side reads `item`, so the order of sections and assignments does not matter. With `absent`, `item` holds
    only the key of an item that does not exist yet: clearing anything in it is then no error.

    Raises ValidationException for an invalid path, a missing attribute, an operand of the wrong type, a number out of
    range, or a value nested too deep. The size of the new item is the caller's to check; only what could not be
    measured in reasonable time is refused here, in the same words.
    """
    new = dict(item)
    beneath: Steps = {}
    watched = len(update.sets) > _UNWATCHED_SETS_MAX
    written = 0
    for assignment in update.sets:
        value = _resolve(assignment.value, item, values)
        if watched:
            written += value_bytes(value)
            if written > ITEM_BYTES_MAX:
                raise ValidationException(ITEM_TOO_LARGE)
        target = assignment.path
        if len(target) == 1:
            new[target[0]] = value  # type: ignore[index]
        else:
            _check_depth(value, NESTING_LEVELS_MAX - len(target))
            _plant(beneath, target, Action(Verb.SET, value))
    for operation in update.adds:
        _act_at(operation.path, Action(Verb.ADD, values[operation.value.name]), new, beneath)
    if not absent:
        for target in update.removes:
            if len(target) == 1:
                new.pop(target[0], None)  # type: ignore[arg-type]
            else:
                _plant(beneath, target, _REMOVE)
        for operation in update.deletes:
            _act_at(operation.path, Action(Verb.DELETE, values[operation.value.name]), new, beneath)
    if beneath:
        _change_members(new, beneath)
    return new


_REMOVE = Action(Verb.REMOVE, {})


def _act_at(target: tree.Path, action: Action, new: Item, beneath: Steps) -> None:
    if len(target) == 1:
        _act_on_member(new, target[0], action)
    else:
        _plant(beneath, target, action)


def _plant(beneath: Steps, target: tree.Path, action: Action) -> None:
    """Put the action at its place in the tree of steps. No target is a prefix of another: parsing refuses that."""
    for step in target[:-1]:
        beneath = beneath.setdefault(step, {})
    beneath[target[-1]] = action


def _change_members(members: dict[str, AttributeValue], steps: Steps) -> None:
    """Change a map that is ours to change; what lies beneath is copied before it is changed."""
    for step, change in steps.items():
        if isinstance(step, int):
            raise ValidationException(INVALID_PATH)
        if isinstance(change, Action):
            _act_on_member(members, step, change)
        elif step in members:
            members[step] = _changed(members[step], change)
        else:
            raise ValidationException(INVALID_PATH)


def _act_on_member(members: dict[str, AttributeValue], name: Any, action: Action) -> None:
    value = _act(action, members.get(name))
    if value is None:
        members.pop(name, None)
    else:
        members[name] = value


def _changed(value: AttributeValue, steps: Steps) -> AttributeValue:
    if "M" in value:
        members = dict(value["M"])
        _change_members(members, steps)
        return {"M": members}
    if "L" in value:
        return {"L": _changed_elements(value["L"], steps)}
    raise ValidationException(INVALID_PATH)


def _changed_elements(elements: list[AttributeValue], steps: Steps) -> list[AttributeValue]:
    """Indexes mean the positions before the update; writes past the end append in ascending index order."""
    changed: list[AttributeValue | None] = list(elements)
    indexes = [step for step in steps if isinstance(step, int)]
    if len(indexes) < len(steps):
        raise ValidationException(INVALID_PATH)
    for index in sorted(indexes):
        change = steps[index]
        present = index < len(elements)
        if isinstance(change, Action):
            value = _act(change, elements[index] if present else None)
        elif present:
            value = _changed(elements[index], change)
        else:
            raise ValidationException(INVALID_PATH)
        if present:
            changed[index] = value
        else:
            changed.append(value)
    return [element for element in changed if element is not None]


def _act(action: Action, old: AttributeValue | None) -> AttributeValue | None:
    """The value after the action; None when there is none."""
    verb = action.verb
    if verb is Verb.SET:
        return action.operand
    if verb is Verb.ADD:
        return _added(old, action.operand)
    if verb is Verb.DELETE:
        return _without(old, action.operand)
    return None


def _added(old: AttributeValue | None, operand: AttributeValue) -> AttributeValue:
    if old is None:
        return operand
    ((kind, content),) = operand.items()
    present = old.get(kind)
    if present is None:
        raise ValidationException(WRONG_TYPE)
    if kind == "N":
        return {"N": number.add(present, content)}
    if kind not in _SETS:
        raise ValidationException(WRONG_TYPE)
    return {kind: _members(kind, {*present, *content})}


def _without(old: AttributeValue | None, operand: AttributeValue) -> AttributeValue | None:
    if old is None:
        return None
    ((kind, content),) = operand.items()
    present = old.get(kind)
    if present is None or kind not in _SETS:
        raise ValidationException(WRONG_TYPE)
    gone = frozenset(content)
    left = [member for member in present if member not in gone]
    return {kind: left} if left else None


_SETS = ("SS", "NS", "BS")


def _members(kind: str, members: set[str]) -> list[str]:
    """Set members in canonical order."""
    if kind == "SS":
        return sorted(members)
    return sorted(members, key=lambda member: sort_order(kind[0], member))


def _resolve(value: tree.UpdateValue, item: Item, values: Values) -> AttributeValue:
    """The value of a right side, read from the item as it was."""
    if isinstance(value, tree.ValueOperand):
        return values[value.name]
    if isinstance(value, tree.PathOperand):
        found = path.read(item, value.path)
        if found is None:
            raise ValidationException(MISSING_ATTRIBUTE)
        return found
    if isinstance(value, tree.Arithmetic):
        return _arithmetic(value, item, values)
    if isinstance(value, tree.IfNotExists):
        found = path.read(item, value.path)
        return _resolve(value.otherwise, item, values) if found is None else found
    left = _resolve(value.left, item, values)
    right = _resolve(value.right, item, values)
    if "L" not in left or "L" not in right:
        raise ValidationException(WRONG_TYPE)
    # Nested calls may double the list again and again; an element takes a byte at least.
    if len(left["L"]) + len(right["L"]) > ITEM_BYTES_MAX:
        raise ValidationException(ITEM_TOO_LARGE)
    return {"L": left["L"] + right["L"]}


def _arithmetic(value: tree.Arithmetic, item: Item, values: Values) -> AttributeValue:
    left = _resolve(value.left, item, values)
    right = _resolve(value.right, item, values)
    if "N" not in left or "N" not in right:
        raise ValidationException(WRONG_TYPE)
    calculate = number.add if value.operator == "+" else number.subtract
    return {"N": calculate(left["N"], right["N"])}


def _check_depth(value: AttributeValue, levels_left: int) -> None:
    """Check that a value put beneath others has no more levels under it than are left there.

    Only nested targets need this: values at the top level were checked when the request was read.
    """
    if _deeper(value, levels_left):
        raise ValidationException(NESTED_TOO_DEEP)


def _deeper(value: AttributeValue, levels: int) -> bool:
    members = value.get("M")
    children = value.get("L") if members is None else members.values()
    if not children:
        return False
    return levels == 0 or any(_deeper(child, levels - 1) for child in children)

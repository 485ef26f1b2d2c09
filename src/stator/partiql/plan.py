"""How a SELECT is answered: the stretches of partitions to read, one after the other, or a scan."""

from msgspec import Struct
from msgspec.structs import replace

from stator.errors import ValidationException
from stator.expressions.checks import Values
from stator.expressions.evaluate import Predicate
from stator.expressions.tree import KeyTerm
from stator.items.key_range import KeyRange, key_range
from stator.model.table import Index, KeySchema, Table
from stator.partiql.branch import Branch, Branches, branches, roots
from stator.partiql.java import hash_set_order
from stator.partiql.statement import Select
from stator.values.key import sort_bytes

READS_MAX = 50
TOO_MANY_READS = "Too many decomposed read operations for a given query."
OVERLAPPING = "Overlapping conditions with range keys are not supported in where clause"
WRONG_KEY_TYPE = "Key attribute's data type should match its data type in table's schema: Key "


class Stretch(Struct, frozen=True):
    """Part of one partition. `lower` is inclusive and `upper` exclusive, in sort bytes; None where open."""

    range: KeyRange
    test: Predicate | None
    branch: Branch | None

    @property
    def partition(self) -> bytes:
        return self.range.partition

    @property
    def lower(self) -> bytes | None:
        return self.range.lower

    @property
    def upper(self) -> bytes | None:
        return self.range.upper

    @property
    def order(self) -> bytes:
        """The place of the partition among others, by the value of its key."""
        return sort_bytes(self.range.hash_values)

    @property
    def place(self) -> tuple[bytes, bytes]:
        """What stretches are sorted by."""
        return self.order, self.lower or b""

    @property
    def empty(self) -> bool:
        return self.lower is not None and self.upper is not None and self.lower >= self.upper


def taken_apart(select: Select, keys: KeySchema) -> Branches:
    """The alternatives of a statement for the keys of a table or index; made once."""
    found = select.branches.get(keys)
    if found is None:
        if len(select.branches) >= 4:
            select.branches.clear()
        found = select.branches[keys] = branches(select.condition, keys, READS_MAX)
    return found


def stretches(select: Select, keys: KeySchema, values: Values) -> list[Stretch] | None:
    """What to read, in ascending order; None for a scan.

    Raises ValidationException for key values of other types than the schema's, for more reads than the service makes,
    and for alternatives that overlap, as an item must not be answered twice.
    """
    apart = taken_apart(select, keys)
    if not apart.keyed:
        return None
    if apart.count > READS_MAX:
        raise ValidationException(TOO_MANY_READS)
    found = [_stretch(branch, keys, values, select.test) for branch in apart.all]
    if len(found) == 1:
        return found
    found.sort(key=lambda one: one.place)
    return _disjoint(found, select.test)


def _stretch(branch: Branch, keys: KeySchema, values: Values, whole_test: Predicate | None) -> Stretch:
    types = {attribute.name: attribute.type for attribute in keys.attributes}
    hashes = {attribute.name for attribute in keys.hash}
    pins: dict[str, KeyTerm] = {}
    ranges: list[KeyTerm] = []
    contradicts = False
    for term in branch.terms:
        name = term.attribute
        for operand in term.operands:
            if types[name] not in values[operand.name]:
                raise ValidationException(WRONG_KEY_TYPE + name)
        if name not in hashes:
            ranges.append(term)
        elif name not in pins:
            pins[name] = term
        elif values[pins[name].operands[0].name] != values[term.operands[0].name]:
            contradicts = True
    chains = _chains(keys, ranges)
    lead = list(pins.values())
    whole = key_range(keys, [*lead, *chains[0]] if chains else lead, values)
    for terms in chains[1:]:
        whole = _meet(whole, key_range(keys, [*lead, *terms], values))
    if contradicts:
        whole = replace(whole, lower=b"", upper=b"")
    # A term behind a gap in the sort key bounds nothing, so that the condition has to be tested.
    test = branch.test if len(chains) == len(ranges) else whole_test
    return Stretch(whole, test, branch)


def _chains(keys: KeySchema, ranges: list[KeyTerm]) -> list[list[KeyTerm]]:
    """Terms that make a key range together: equalities from the left and then any one."""
    if len(keys.range) <= 1:
        return [[term] for term in ranges]
    chains: list[list[KeyTerm]] = []
    lead: list[KeyTerm] = []
    for attribute in keys.range:
        own = [term for term in ranges if term.attribute == attribute.name]
        chains.extend([*lead, term] for term in own)
        equal = next((term for term in own if term.operator == "="), None)
        if equal is None:
            break
        lead = [*lead, equal]
    return chains


def _meet(one: KeyRange, other: KeyRange) -> KeyRange:
    lower, upper = one.lower, one.upper
    if other.lower is not None and (lower is None or other.lower > lower):
        lower = other.lower
    if other.upper is not None and (upper is None or other.upper < upper):
        upper = other.upper
    return replace(one, lower=lower, upper=upper)


def _disjoint(found: list[Stretch], test: Predicate | None) -> list[Stretch]:
    """The stretches without any item in two of them."""
    whole: dict[bytes, Stretch] = {}
    last: Stretch | None = None
    for one in found:
        if one.empty:
            continue
        if last is not None and last.partition == one.partition:
            if last.upper is None or one.lower is None or one.lower < last.upper:
                if not any(_negates(each) for each in found if each.partition == one.partition):
                    raise ValidationException(OVERLAPPING)
                # The service answers these; here the partition is read once, under the whole condition.
                whole[one.partition] = Stretch(replace(one.range, lower=None, upper=None), test, None)
            if last.upper is None or (one.upper is not None and one.upper < last.upper):
                continue
        last = one
    if not whole:
        return found
    kept = [one for one in found if one.partition not in whole]
    return sorted([*kept, *whole.values()], key=lambda one: one.place)


def _negates(one: Stretch) -> bool:
    return one.branch is not None and one.branch.negates


def check_projected(index: Index, held: frozenset[str], found: list[Stretch]) -> None:
    """Alternatives that all filter on what the index does not hold are refused; the last one's names are told."""
    missing: list[str] = []
    for one in found:
        if one.branch is None or one.branch.filter is None:
            return
        names = dict.fromkeys(name for name in roots(one.branch.filter) if name not in held)
        if not names:
            return
        missing = list(names)
    if missing:
        raise ValidationException(
            f"One or more parameter values were invalid: Secondary index {index.name} does not project one or more "
            f"filter attributes: [{', '.join(hash_set_order(missing))}]"
        )


def keys_read(table: Table, index: Index | None) -> KeySchema:
    return table.keys if index is None else index.keys

"""SELECT: one page of what a statement selects, from the pages that Query and Scan read."""

from collections.abc import Callable
from typing import NamedTuple

from msgspec import Struct, field
from msgspec.structs import replace

from stator.errors import ValidationException
from stator.expressions.checks import Values
from stator.expressions.evaluate import Predicate
from stator.items import read
from stator.items.capacity import read_units
from stator.items.indexes import check_readable, projected_names
from stator.items.page import ROWS_MAX, Result, View, read_page
from stator.items.read import Reader
from stator.items.start_key import position, start_attributes
from stator.limits import PAGE_BYTES_MAX
from stator.model.table import Index, KeySchema, Table
from stator.partiql.continuation import INVALID, Continuation
from stator.partiql.plan import Stretch, check_projected, keys_read, stretches
from stator.partiql.statement import Select
from stator.values.attribute import Item

Admit = Callable[[Index | None, bytes | None], None]
"""Raises unless there is capacity to read an index, or the table: one partition of it, or all."""


def _admit_all(_index: Index | None, _partition: bytes | None) -> None:
    return None


class Options(Struct, frozen=True):
    """What the request says beside the statement, and who is asked once before anything is read."""

    limit: int = ROWS_MAX
    consistent: bool = False
    start: Continuation | None = None
    admit: Admit = _admit_all


class Page(Struct):
    """`items` are JSON texts. `next`: where to go on, None at the end."""

    items: list[bytes] = field(default_factory=list)
    next: Continuation | None = None
    last_key: Item | None = None
    table_units: float = 0.0
    index_units: dict[str, float] = field(default_factory=dict)
    scanned: int = 0
    size: int = 0
    partition: bytes | None = None  # where it reads no more than one

    def add(self, result: Result) -> None:
        self.items += result.items
        self.last_key = result.last_key
        self.table_units += result.table_units
        for name, units in result.index_units.items():
            self.index_units[name] = self.index_units.get(name, 0.0) + units
        self.scanned += result.scanned
        self.size += result.size


class Test(NamedTuple):
    """A condition with its values."""

    predicate: Predicate
    values: Values

    def holds(self, item: Item) -> bool:
        return self.predicate(item, self.values)


async def select_page(reader: Reader, select: Select, values: Values, table: Table, options: Options) -> Page:
    """Read until the limit or 1 MB. Raises ValidationException."""
    index = index_of(table, select.source.index)
    if index is not None and not index.local and options.consistent:
        raise ValidationException("Strongly consistent read is not supported on Global Secondary Indexes")
    held = None if index is None or index.projection.type == "ALL" else projected_names(table, index)
    if held is not None and index is not None and not index.local:
        _check_columns(select, index, held)
    keys = keys_read(table, index)
    found = stretches(select, keys, values)
    if held is not None and index is not None and found is not None:
        check_projected(index, held, found)
    backwards = _order(select, keys, found)
    view = View(
        table,
        index,
        None,
        None if select.columns is None else select.columns.show,
        fetch=held is not None and _reaches_back(select, held),
        rows_max=options.limit,
        consistent=options.consistent,
    )
    if found is None:
        options.admit(index, None)
        return await _scan(reader, select, values, view, options.start)
    partitions = {one.partition for one in found}
    partition = partitions.pop() if len(partitions) == 1 else None
    options.admit(index, partition)
    page = await _walk(reader, _Walk(found, values, view, backwards), options.start)
    page.partition = partition
    return page


def index_of(table: Table, name: str | None) -> Index | None:
    if name is None:
        return None
    index = table.index(name)
    if index is None:
        raise ValidationException("The table does not have the specified index")
    check_readable(index)
    return index


def _check_columns(select: Select, index: Index, held: frozenset[str]) -> None:
    if select.columns is None:
        return
    missing = dict.fromkeys(str(path[0]) for _, path in select.columns.paths if path[0] not in held)
    if missing:
        raise ValidationException(
            f"One or more parameter values were invalid: Global secondary index {index.name} does not project "
            f"[{', '.join(missing)}]"
        )


def _reaches_back(select: Select, held: frozenset[str]) -> bool:
    return select.columns is not None and any(path[0] not in held for _, path in select.columns.paths)


def _order(select: Select, keys: KeySchema, found: list[Stretch] | None) -> bool:
    """Put the stretches into the order asked for; whether each is read backwards."""
    if not select.order:
        return False
    if select.condition is None:
        raise ValidationException("Must have WHERE clause in the statement when using ORDER BY clause.")
    names = {attribute.name for attribute in keys.attributes}
    for term in select.order:
        if term.name not in names:
            raise ValidationException(f"Attribute {term.name} in ORDER BY clause must be part of the primary key")
    if found is None:
        raise ValidationException(
            "Must have at least one non-optional hash key condition in WHERE clause when using ORDER BY clause."
        )
    descending = {term.name: term.descending for term in select.order}
    hashes = [descending[attribute.name] for attribute in keys.hash if attribute.name in descending]
    if not hashes and len({one.partition for one in found}) > 1:
        raise ValidationException(
            "Must have hash key in ORDER BY clause when more than one hash key condition specified in WHERE clause."
        )
    # Without a word about the sort key the service goes down it.
    backwards = all(descending.get(attribute.name, True) for attribute in keys.range)
    if backwards:
        found.sort(key=lambda one: one.lower or b"", reverse=True)
        found.sort(key=lambda one: one.order)
    if hashes and hashes[0]:
        found.sort(key=lambda one: one.order, reverse=True)
    return backwards


async def _scan(reader: Reader, select: Select, values: Values, view: View, start: Continuation | None) -> Page:
    page = Page()
    test = None if select.test is None else Test(select.test, values)
    after = None if start is None else position(view.table, view.index, _last_key(view, start))
    space = view.table.space if view.index is None else view.index.space
    page.add(await read_page(reader, read.Stretch(space, b"", None, after), replace(view, condition=test)))
    if page.last_key is not None:
        page.next = Continuation(0, page.last_key)
    return page


class _Walk(Struct, frozen=True):
    """Stretches to read one after the other."""

    stretches: list[Stretch]
    values: Values
    view: View
    backwards: bool


async def _walk(reader: Reader, walk: _Walk, start: Continuation | None) -> Page:
    page = Page()
    view = walk.view
    space = view.table.space if view.index is None else view.index.space
    first = 0 if start is None else start.stretch
    if first >= len(walk.stretches):
        raise ValidationException(INVALID)
    read_any = False
    for number in range(first, len(walk.stretches)):
        one = walk.stretches[number]
        if one.empty:
            continue
        rows_left, bytes_left = view.rows_max - page.scanned, PAGE_BYTES_MAX - page.size
        if rows_left <= 0 or bytes_left <= 0:
            page.next = Continuation(number, None)
            break
        resumes = start is not None and number == first and start.last_key is not None
        after = position(view.table, view.index, _last_key(view, start)).sort if resumes and start else None
        test = None if one.test is None else Test(one.test, walk.values)
        where = one.range.span(space, reverse=walk.backwards, start=after)
        here = replace(view, condition=test, rows_max=rows_left, bytes_max=bytes_left)
        page.add(await read_page(reader, where, here))
        read_any = True
        if page.last_key is not None:
            page.next = Continuation(number, page.last_key)
            break
    if not read_any:
        units = read_units(0, consistent=view.consistent)
        page.add(Result([], 0, 0, None, *((units, {}) if view.index is None else (0.0, {view.index.name: units}))))
    return page


def _last_key(view: View, start: Continuation) -> Item:
    """Where a token says the last page ended; the token is sound, but the table may not be what it was."""
    key = start.last_key
    attributes = start_attributes(view.table, view.index)
    if key is None or any(attribute.type not in key.get(attribute.name, {}) for attribute in attributes):
        raise ValidationException(INVALID)
    return key

"""Is a history strictly serializable: is there one order of all operations, true to time, that explains what each saw?

The final logs give the order of each item's versions, so the order of any two operations that meet at an item is known:
who wrote a version comes before who read it and before who wrote the next, and who read it before who wrote the next.
An operation that was over before another began comes before it, too. There is an order that obeys all of these exactly
if they form no cycle.
"""

import itertools
from collections import defaultdict
from collections.abc import Iterable, Sequence

from tests.serializable.history import Fate, Logs, Operation, Place, Version

Graph = dict[int, dict[int, str]]
"""From an operation, or a moment, to those that come after it, and why. Moments are the numbers past the operations'."""


def violations(history: Sequence[Operation], logs: Logs) -> list[str]:
    """What is wrong with a history; nothing if it is strictly serializable."""
    writers, found = _writers(history, logs)
    happened = [position for position, one in enumerate(history) if _happened(one, logs)]
    for position in happened:
        found += _false_reads(history[position], logs)
    if found:
        return found
    graph: Graph = defaultdict(dict)
    _order_by_items(graph, history, happened, (logs, writers))
    _order_by_time(graph, history, happened)
    cycle = _cycle(graph)
    if cycle:
        found.append(_told(history, graph, cycle))
    return found


def unbalanced(history: Iterable[Operation], accounts: frozenset[Place], total: int) -> list[str]:
    """Reads of all accounts at one moment that do not add up."""
    return [
        f"{one.name} saw {sum(one.money.values())} in all, not {total}"
        for one in history
        if one.fate is Fate.DONE and one.money.keys() == accounts and sum(one.money.values()) != total
    ]


def _writers(history: Sequence[Operation], logs: Logs) -> tuple[dict[Place, list[int]], list[str]]:
    """Whose write made each version, and what the logs have that nobody wrote, or twice, or not at all."""
    by_tag = {(place, tag): position for position, one in enumerate(history) for place, tag in one.writes.items()}
    found = []
    writers: dict[Place, list[int]] = {}
    for place, log in logs.items():
        if len(set(log)) < len(log):
            found.append(f"{place} was written twice by one operation: {log}")
        writers[place] = []
        for tag in log:
            position = by_tag.get((place, tag))
            if position is None:
                found.append(f"{place} has a version {tag} that nobody wrote")
            else:
                writers[place].append(position)
                if history[position].fate is Fate.REFUSED:
                    found.append(f"{history[position].name} was refused but wrote {tag} to {place}")
    for one in history:
        landed = [place for place, tag in one.writes.items() if tag in logs.get(place, ())]
        if one.fate is Fate.DONE and len(landed) < len(one.writes):
            found.append(f"{one.name} was acknowledged but lost: {sorted(set(one.writes) - set(landed))}")
        elif one.fate is Fate.UNKNOWN and 0 < len(landed) < len(one.writes):
            found.append(f"{one.name} happened by halves: only at {landed}")
    return writers, found


def _happened(one: Operation, logs: Logs) -> bool:
    if one.fate is not Fate.UNKNOWN:
        return True
    return any(tag in logs.get(place, ()) for place, tag in one.writes.items())


def _false_reads(one: Operation, logs: Logs) -> list[str]:
    """Versions read that never were; those of writes that were undone, for instance."""
    return [
        f"{one.name} read {version} of {place}, which never was"
        for place, version in one.reads.items()
        if version != _version(logs.get(place, []), version.number)
    ]


def _version(log: Sequence[str], number: int) -> Version | None:
    if number == 0:
        return Version(0, None)
    return Version(number, log[number - 1]) if number <= len(log) else None


def _order_by_items(
    graph: Graph, history: Sequence[Operation], happened: Iterable[int], versions: tuple[Logs, dict[Place, list[int]]]
) -> None:
    logs, writers = versions
    for place, chain in writers.items():
        for earlier, later in itertools.pairwise(chain):
            graph[earlier][later] = f"wrote {place} before"
    for reader in happened:
        for place, (number, _) in history[reader].reads.items():
            chain = writers.get(place, [])
            if number > 0 and chain[number - 1] != reader:
                graph[chain[number - 1]][reader] = f"wrote what was read of {place} by"
            if number < len(logs.get(place, ())) and chain[number] != reader:
                graph[reader][chain[number]] = f"read {place} before it was written by"


def _order_by_time(graph: Graph, history: Sequence[Operation], happened: Sequence[int]) -> None:
    """An operation comes before the moment it is over, moments before later moments, and before what then begins."""
    moments = sorted(
        (history[position].returned, position) for position in happened if history[position].returned < 1e300
    )
    first = len(history)
    for rank, (_, position) in enumerate(moments):
        graph[position].setdefault(first + rank, "was over before")
        if rank:
            graph[first + rank - 1][first + rank] = "then"
    begun = sorted((history[position].invoked, position) for position in happened)
    rank = 0
    for invoked, position in begun:
        while rank < len(moments) and moments[rank][0] < invoked:
            rank += 1
        if rank:
            graph[first + rank - 1].setdefault(position, "then began")


def _cycle(graph: Graph) -> list[int]:
    """Some cycle, or nothing. What nothing leads to is taken away until only cycles and what follows them is left."""
    incoming: dict[int, int] = defaultdict(int)
    for later_ones in graph.values():
        for later in later_ones:
            incoming[later] += 1
    free = [node for node in graph if not incoming[node]]
    while free:
        for later in graph.get(free.pop(), ()):
            incoming[later] -= 1
            if not incoming[later]:
                free.append(later)
    stuck = {node for node, count in incoming.items() if count > 0}
    if not stuck:
        return []
    # Every stuck node has a stuck one before it: walk back until one comes again.
    before = {later: node for node in stuck for later in graph.get(node, ()) if later in stuck}
    walked: list[int] = []
    node = next(iter(stuck))
    while node not in walked:
        walked.append(node)
        node = before[node]
    return [*walked[walked.index(node) :][::-1]]


def _told(history: Sequence[Operation], graph: Graph, cycle: Sequence[int]) -> str:
    lines = ["no order explains:"]
    for node, after in zip(cycle, [*cycle[1:], cycle[0]], strict=True):
        if node < len(history):
            lines.append(f"  {history[node].name} {graph[node][after]}")
        elif after < len(history):
            lines.append(f"  {graph[node][after]}")
    return "\n".join(lines)

"""`make bench`: measure this build against an echo, the bare engine and its peers, all in one run."""

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path
from typing import Any

import uvloop

from benchmarks import corridor, machine, peers, profile, report, syncs
from benchmarks.echo import ECHO
from benchmarks.engine import Engine
from benchmarks.figure import Place
from benchmarks.session import Entry, Session, stopwatch
from benchmarks.target import Target, start_echo, start_stator
from benchmarks.workload import WORKLOADS, Workload

CONNECTIONS = (1, 32, 128)
SMALL, LARGE = 1_000, 1_000_000
_PEER_CONNECTIONS = (1, 32)
_STAGES = ("GetItem", "PutItem")


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make bench ARGS=...", description=__doc__)
    parser.add_argument("--full", action="store_true", help=f"also {LARGE:,} items, more rounds, every peer there is")
    parser.add_argument("--rounds", type=int, help="runs of each figure, of which the median is told (2; 3 if full)")
    parser.add_argument("--seconds", type=float, default=1.0, help="of each run")
    parser.add_argument("--only", metavar="OPERATIONS", help="comma-separated: " + ",".join(WORKLOADS))
    parser.add_argument(
        "--peers", metavar="NAMES", default="", help="comma-separated, or all: " + ",".join(peers.NAMES)
    )
    parser.add_argument("--install-peers", metavar="NAMES", help="install these peers (or all) and end")
    parser.add_argument("--stages", metavar="OPERATIONS", help="only take these operations apart, in this process")
    parser.add_argument("--profile", metavar="OPERATION", help="only show the hot functions of an operation")
    parser.add_argument("--write-docs", action="store_true", help="write the table of docs/performance.md")
    return parser


def main() -> int:
    chosen = arguments().parse_args()
    if chosen.install_peers:
        return peers.install(peers.chosen(chosen.install_peers))
    with (
        tempfile.TemporaryDirectory(prefix="stator-bench-") as scratch,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        if chosen.profile:
            runner.run(profile.show(Path(scratch), WORKLOADS[chosen.profile]))
        elif chosen.stages:
            for name in chosen.stages.split(","):
                runner.run(_show_stages(Path(scratch) / name, WORKLOADS[name]))
        else:
            runner.run(_bench(Path(scratch), chosen))
    return 0


async def _bench(scratch: Path, chosen: argparse.Namespace) -> None:
    elapsed = stopwatch()
    session = Session(chosen.seconds, say)
    results: dict[str, Any] = {"machine": machine.describe()}
    stages: dict[str, dict[str, float]] = {}
    for name in _STAGES:
        stages[name] = await _show_stages(scratch / f"stages-{name}", WORKLOADS[name])
    small = await start_stator(scratch, SMALL)
    results["start_seconds"] = round(small.process.start_seconds, 3)
    results["idle_mb"] = round(small.process.used().resident_bytes / (1 << 20), 1)
    say(f"started in {results['start_seconds']} s, {results['idle_mb']} MB idle")
    targets, others = [small], list[Target]()
    try:
        targets.insert(0, await start_echo(scratch))
        if chosen.full:
            targets.append(await start_stator(scratch, LARGE))
        async for target in peers.start("all" if chosen.full else chosen.peers, scratch, SMALL, say):
            others.append(target)
        rounds = chosen.rounds or (3 if chosen.full else 2)
        for number in range(rounds):
            say(f"round {number + 1} of {rounds}")
            await session.sweep(
                [Entry(target, await _workloads(target, chosen.only), CONNECTIONS) for target in targets]
                + [Entry(target, await _workloads(target, chosen.only), _PEER_CONNECTIONS) for target in others]
            )
            await _engine(session, scratch / f"engine-{number}", SMALL)
            if chosen.full:
                await _engine(session, scratch / f"engine-{number}-large", LARGE)
    finally:
        for target in [*targets, *others]:
            await target.process.stop()
    results["syncs_per_put"] = await syncs.count(scratch, CONNECTIONS, say)
    results |= {
        "rounds": rounds,
        "seconds": chosen.seconds,
        "missing": session.missing,
        "stages_us": stages,
        "figures": report.rows_of(session.medians()),
    }
    _finish(results, chosen, elapsed())


def _finish(results: dict[str, Any], chosen: argparse.Namespace, seconds: float) -> None:
    print("\n" + report.render(results))
    if chosen.write_docs:
        report.write_page(results)
    print(f"{report.save(results)} ({seconds:.0f} s{'' if report.committed() else ', of an uncommitted tree'})")


async def _workloads(target: Target, only: str | None) -> list[Workload]:
    if target.name == "echo":
        return [ECHO]
    wanted = only.split(",") if only else list(WORKLOADS)
    return [WORKLOADS[name] for name in wanted if await target.knows(WORKLOADS[name])]


async def _engine(session: Session, directory: Path, items: int) -> None:
    engine = await Engine.filled(directory, items)
    try:
        for name in engine.steps:
            for in_flight in CONNECTIONS:
                session.note(
                    Place("engine", name, in_flight, items), await engine.run(name, in_flight, session.seconds)
                )
    finally:
        await engine.close()


async def _show_stages(directory: Path, asked: Workload) -> dict[str, float]:
    say(f"{asked.name}, microseconds of CPU by stage:")
    found = {}
    for stage in await corridor.measure(directory, asked):
        found[stage.name] = round(stage.cpu_us, 2)
        say(f"    {stage.name:45s}{stage.cpu_us:8.2f}")
    return found


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())

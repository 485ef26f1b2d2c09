"""`python3 -m deploy.patroni up`: a replicated PostgreSQL on this machine, to try failover on."""

import argparse
import sys
from pathlib import Path

from deploy.patroni.cluster import Cluster, ClusterError
from deploy.patroni.packages import install, install_command, missing

FOLDER = Path("/var/tmp/stator-patroni")  # noqa: S108  private to its owner; /tmp does not outlive the machine's start


def main(words: list[str] | None = None) -> int:
    arguments = _arguments().parse_args(words)
    try:
        return int(arguments.run(arguments))
    except (ClusterError, OSError) as error:
        print(f"patroni: {error}", file=sys.stderr)
        return 1


def up(arguments: argparse.Namespace) -> int:
    packages = missing()
    if packages and not arguments.install:
        print(f"missing: {', '.join(packages)}. As root:\n\n  {install_command(packages)}\n", file=sys.stderr)
        print("or let `up --install` do that.", file=sys.stderr)
        return 1
    if packages:
        install(packages)
    folder = arguments.dir
    if Cluster.exists(folder):
        cluster = Cluster.open(folder)
        made = len(cluster.layout.nodes), cluster.layout.lock_seconds
        wanted = arguments.nodes or made[0], arguments.lock_seconds or made[1]
        if made != wanted:
            raise ClusterError(
                f"the cluster in {folder} has {made[0]} nodes and a lock of {made[1]} s; see `down --delete`"
            )
    else:
        cluster = Cluster.create(folder, arguments.nodes or 3, arguments.lock_seconds or 20)
    print(f"starting etcd and {len(cluster.layout.nodes)} PostgreSQL nodes in {folder} ...", flush=True)
    cluster.start()
    _tell(cluster)
    print(f"\nstator serve --store '{cluster.store_url}'")
    return 0


def status(arguments: argparse.Namespace) -> int:
    cluster = _existing(arguments.dir)
    if not cluster.running():
        print("stopped")
        return 3  # as `systemctl status` and `pg_ctl status` say it
    _tell(cluster)
    print(f"\n{cluster.store_url}")
    return 0 if cluster.whole() else 3


def kill(arguments: argparse.Namespace) -> int:
    cluster = _existing(arguments.dir)
    name = arguments.node or cluster.leader()
    if name is None:
        raise ClusterError("no node leads; name the one to kill")
    if name not in {node.name for node in cluster.layout.nodes}:
        raise ClusterError(f"there is no {name}")
    cluster.kill_node(name)
    print(f"killed {name}; `up` starts it again")
    return 0


def down(arguments: argparse.Namespace) -> int:
    cluster = _existing(arguments.dir)
    if arguments.delete:
        cluster.delete()
        print(f"stopped, and {arguments.dir} deleted")
    else:
        cluster.stop()
        print(f"stopped; the data is in {arguments.dir}")
    return 0


def _existing(folder: Path) -> Cluster:
    try:
        return Cluster.open(folder)
    except FileNotFoundError:
        raise ClusterError(f"there is no cluster in {folder}; make one with `up`") from None


def _tell(cluster: Cluster) -> None:
    print(f"{'node':<8}{'role':<14}{'state':<12}{'lag':>10}  address")
    for member in cluster.members():
        lag = "" if member.lag_bytes is None else f"{member.lag_bytes} B"
        address = f"127.0.0.1:{cluster.node(member.name).port}"
        print(f"{member.name:<8}{member.role:<14}{member.state:<12}{lag:>10}  {address}")


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python3 -m deploy.patroni", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for run, text in (
        (up, "make the cluster, or start what of it does not run; print the URL for --store"),
        (status, "show the nodes; exit 3 unless all are up"),
        (kill, "kill -9 a node with its agent: the primary, unless one is named"),
        (down, "stop the cluster and keep its data"),
    ):
        command = commands.add_parser(run.__name__, help=text, description=text)
        command.set_defaults(run=run)
        command.add_argument("--dir", type=Path, default=FOLDER, help="where everything lies (default: %(default)s)")
        if run is up:
            command.add_argument("--nodes", type=_nodes, help="of PostgreSQL, 2 to 9 (default: 3)")
            command.add_argument(
                "--lock-seconds",
                type=_lock_seconds,
                help="a primary silent for so long is replaced; 8 to 300 (default: 20)",
            )
            command.add_argument("--install", action="store_true", help="install missing Debian packages, as root")
        elif run is kill:
            command.add_argument("node", nargs="?", help="node1, node2, ...")
        elif run is down:
            command.add_argument("--delete", action="store_true", help="forget the data, too")
    return parser


def _nodes(text: str) -> int:
    return _between(text, 2, 9)


def _lock_seconds(text: str) -> int:
    return _between(text, 8, 300)


def _between(text: str, least: int, most: int) -> int:
    if not text.isdecimal() or not least <= int(text) <= most:
        raise argparse.ArgumentTypeError(f"{text} is not a number from {least} to {most}")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())

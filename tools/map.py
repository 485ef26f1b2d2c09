"""docs/map.md: the rooms in the order to read them, and the first sentence of every module."""

import ast
import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
SOURCE = "src/stator"


@dataclass(frozen=True, slots=True)
class Room:
    path: str  # below the root
    text: str
    first: tuple[str, ...] = ()  # modules to read before the others


STAIRCASE = """\
```
cli                                              what is typed
assembly                                         where the house is put together
engines                                          the only place where engines are named
background                                       the duties with their paces, and who does which kind of job
http                                             the front door
api | services                                   one file for an operation; one file for a background duty
partiql | archive | autoscaling                  a language over items; what is kept elsewhere; how much is provisioned
items                                            the heart: decide, commit, read, page, capacity
journal                                          what happened, in order
tables                                           what tables exist and where everything lives
metrics                                          what is counted, and how it is kept
auth | expressions | validation | storage        rooms that do not know each other
model | values
config
address, errors, limits, clock
```
"""

ROOMS = (
    Room(
        SOURCE,
        "The ground floor, and the one place where everything is put together. Read the first three now.",
        ("errors", "limits", "clock", "config", "assembly", "background"),
    ),
    Room(
        f"{SOURCE}/values",
        "What an attribute is. Pure. An item is its own DynamoDB JSON in canonical form "
        "([why](decisions/0002-items-are-canonical-json.md)).",
        ("attribute", "conversion", "parse", "number", "size", "compare", "key"),
    ),
    Room(f"{SOURCE}/model", "What a table is. Pure."),
    Room(
        f"{SOURCE}/storage",
        "What an engine must do. It knows keys, bytes and versions; never items or tables. The stored bytes are in "
        "[formats.md](formats.md).",
        ("store", "failure"),
    ),
    Room(f"{SOURCE}/storage/sqlite", "The embedded engine: reads inline, writes in groups.", ("schema", "engine")),
    Room(
        f"{SOURCE}/storage/postgres",
        "The engine on PostgreSQL: reads and writes wait at desks for a connection, writes go in groups "
        "([why so](decisions/0007-postgresql-without-locks-while-deciding.md)).",
        ("engine", "desks", "group", "writing", "reading", "page", "place", "sql", "link", "pool"),
    ),
    Room(
        f"{SOURCE}/storage/routers",
        "Several processes over one store ([why so](decisions/0006-many-routers.md)).",
        ("news", "member", "membership", "fence"),
    ),
    Room(
        f"{SOURCE}/expressions",
        "The five item languages: text to tree, tree and item to answer. Pure. One lexer; the legacy parameters become "
        "the same trees.",
        ("tree", "lexer", "condition", "update", "projection", "key_condition", "evaluate", "apply", "project"),
    ),
    Room(
        f"{SOURCE}/validation",
        "Requests against the shapes of the service model, with the service's texts and order. Pure.",
        ("shape", "scalar", "conversion", "constraint", "envelope"),
    ),
    Room(f"{SOURCE}/validation/requests", "The shape of each request."),
    Room(
        f"{SOURCE}/metrics",
        "What can be told of a running server: what is counted while requests are answered, and the points that are "
        "kept. They are drained by `services/metering.py` and collected for Prometheus by `services/figures.py`.",
        ("recorder", "series", "block", "series_store", "statistic", "query", "answer", "alarm", "alarms"),
    ),
    Room(
        f"{SOURCE}/metrics/math",
        "CloudWatch's metric math: expressions to trees, trees to lines. Pure.",
        ("tree", "parser", "line", "functions", "evaluate"),
    ),
    Room(f"{SOURCE}/auth", "Signatures. Pure.", ("credentials", "signature")),
    Room(
        f"{SOURCE}/tables",
        "Which tables there are, and how they change. A status passes by the clock alone.",
        ("catalog", "definition", "lifecycle", "create", "update", "describe"),
    ),
    Room(
        f"{SOURCE}/journal",
        "What happened to the items of a table, in order, and the streams that are cut from it.",
        ("record", "journal", "lineage", "streams", "iterator"),
    ),
    Room(
        f"{SOURCE}/items",
        "The heart. Every write is: read these rows, decide, apply, in one step. `decide` and `indexes` are pure.",
        ("keys", "decide", "indexes", "commit", "read", "page", "capacity"),
    ),
    Room(
        f"{SOURCE}/api",
        "What an operation is and may use.",
        ("call", "registry", "prepare", "returns"),
    ),
    Room(
        f"{SOURCE}/api/dynamodb",
        "One file for an operation, called like it. They never import each other.",
    ),
    Room(f"{SOURCE}/api/streams", "The four operations of DynamoDB Streams."),
    Room(f"{SOURCE}/api/instance", "Operations of Stator's own on backups of the whole instance."),
    Room(
        f"{SOURCE}/autoscaling",
        "How much tables and indexes shall have, told by what is asked of them: the engine is pure, `scalings` keeps "
        "what it goes by. `services/autoscaling` acts on it.",
        ("load", "policy", "tracking", "decision"),
    ),
    Room(
        f"{SOURCE}/autoscaling/dynamic",
        "Dynamic DynamoDB's configuration file and its rules. Pure; `cli/scaling` acts on them.",
        ("options", "configuration", "rules"),
    ),
    Room(f"{SOURCE}/api/cloudwatch", "CloudWatch's operations on metrics and alarms."),
    Room(f"{SOURCE}/api/autoscaling", "Application Auto Scaling's operations."),
    Room(f"{SOURCE}/api/triggers", "Lambda's five operations on event source mappings.", ("routes", "settings")),
    Room(f"{SOURCE}/partiql", "A language over items."),
    Room(
        f"{SOURCE}/archive",
        "What is kept outside the data directory, in folders and buckets: copies of tables, what happened to them, "
        "exports. And the jobs that do so. What the objects hold is in [formats.md](formats.md).",
        ("mark", "document", "chunk", "full_copy", "job", "jobs", "backup", "backups"),
    ),
    Room(f"{SOURCE}/archive/places", "Where objects lie.", ("location", "failure")),
    Room(
        f"{SOURCE}/archive/chains",
        "The continuous part: journals sealed into segments, and the copies that they start from.",
        ("chain", "segment", "replay", "kept", "reach"),
    ),
    Room(f"{SOURCE}/archive/instances", "Backups of the whole instance, and rollbacks to them.", ("instance",)),
    Room(f"{SOURCE}/archive/restores", "Tables that are made of a backup or of a time.", ("restores",)),
    Room(f"{SOURCE}/archive/exports", "What ExportTableToPointInTime puts in a bucket.", ("exports", "manifest")),
    Room(f"{SOURCE}/archive/intake", "What imports and bulk puts read of a bucket.", ("intake", "source", "splitter")),
    Room(
        f"{SOURCE}/services",
        "Background duties, a package for each that takes several files. They find their work in the store; no "
        "operation calls them. What takes time is a job: `jobs.py` has those who do it.",
        ("parts", "supervisor", "jobs"),
    ),
    Room(f"{SOURCE}/services/autoscaling", "Scaling tables by what is asked of them.", ("autoscaler", "sight")),
    Room(f"{SOURCE}/services/cluster", "What operators see: `DescribeCluster`.", ("view", "router", "heartbeat")),
    Room(f"{SOURCE}/services/chains", "Tables' journals into the archive, all the time.", ("archivist", "keeper")),
    Room(f"{SOURCE}/services/backups", "Jobs that copy a table, or all of them."),
    Room(f"{SOURCE}/services/restores", "Jobs that make a table anew, and rollbacks that make all.", ("restore",)),
    Room(f"{SOURCE}/services/exports", "Jobs that export.", ("export", "source", "lines", "output")),
    Room(f"{SOURCE}/services/intake", "Jobs that import or put in bulk.", ("importer", "bulk_put", "intake")),
    Room(f"{SOURCE}/services/kinesis", "Changes to Kinesis streams.", ("delivery", "courier", "lane")),
    Room(f"{SOURCE}/services/alarms", "Alarms going off, and who is told of it.", ("watch", "delivery", "topic")),
    Room(f"{SOURCE}/services/triggers", "Changes to functions.", ("triggers", "lane", "batch")),
    Room(
        f"{SOURCE}/http",
        "The front door. `corridor` has all the steps of a request ([who runs the "
        "coroutine](decisions/0001-handlers-without-tasks.md), [why several take each step "
        "together](decisions/0011-requests-side-by-side.md)).",
        ("corridor", "front", "server", "connection", "turn", "request", "target", "response", "failure"),
    ),
    Room(
        f"{SOURCE}/http/doors",
        "CloudWatch and Application Auto Scaling at the same address: their names, protocols and words for errors.",
        ("door", "service", "speech"),
    ),
    Room(
        f"{SOURCE}/cli",
        "What is typed ([why argparse](decisions/0003-command-line-by-argparse.md)).",
        ("main", "arguments", "serve"),
    ),
    Room(
        f"{SOURCE}/cli/moving",
        "Tables to files, from files and between servers: clients of any DynamoDB, none of which knows the house.",
        ("source", "writer", "transfer", "logbook", "target", "copy", "backup", "restore", "export"),
    ),
    Room(
        f"{SOURCE}/cli/scaling",
        "`stator autoscale`: a daemon that scales tables of any DynamoDB by Dynamic DynamoDB's configuration.",
        ("autoscale", "watch", "gauges"),
    ),
    Room(
        f"{SOURCE}/cli/declaring",
        "`stator apply`: tables as a file declares them.",
        ("declaration", "plan", "apply"),
    ),
    Room("tools", "What writes the generated pages."),
    Room("deploy", "What Stator can run on ([failover.md](failover.md))."),
    Room(
        "deploy/patroni",
        "A replicated PostgreSQL on one machine, to try failover on: `python3 -m deploy.patroni up`.",
        ("settings", "cluster"),
    ),
    Room("examples", "The main job on real input: `make example`.", ("packages",)),
)

TESTS = {
    "unit": "one folder for a room, one file for a module",
    "operations": "one file for an operation, over HTTP with boto3",
    "commands": "the `stator` command as a process",
    "protocol": "the front door, byte by byte",
    "storage": "what every engine must do, with the races",
    "delivery": "from items to a Kinesis over HTTP",
    "triggers": "from items to functions, and Lambda's operations on event source mappings",
    "crash": "a real server process, killed under load",
    "routers": "several servers over one store: what they know of each other, and killed under load",
    "failover": "a replicated PostgreSQL under two servers, its primary killed: `make test-failover`",
    "serializable": "a checker of histories, and the history of many clients on a server that is killed",
    "clients": "PynamoDB, the AWS CLI and others, unchanged",
    "fuzz": "random requests against a model: `make fuzz`",
    "examples": "the examples, on their samples",
    "architecture": "what this page and CONTRIBUTING promise",
}


def render_map() -> str:
    sections = "\n".join(_render_room(room) for room in ROOMS if (ROOT / room.path).is_dir())
    return f"""<!-- Generated by `make docs` from tools/map.py and the first sentence of every module. -->

# The map

The source in the order to read it. A request walks down one staircase, and its answer walks back up; a room imports
only from floors below it, and rooms side by side do not know each other. `make check` holds that.

{STAIRCASE}
To follow one request instead, read `src/stator/http/corridor.py`, then `src/stator/api/dynamodb/put_item.py`, then
`src/stator/items/decide.py` and `src/stator/items/commit.py`, and last `src/stator/storage/store.py`.

{sections}
## Tests

{_render_tests()}

## Pages

- [operations.md](operations.md): every operation and whether it is served (generated)
- [settings.md](settings.md): every setting (generated)
- [differences.md](differences.md): every known difference from DynamoDB
- [formats.md](formats.md): the stored bytes
- [decisions/](decisions): why it is as it is
"""


def unmapped_rooms() -> set[str]:
    """Folders with source in them that no room of the map describes."""
    folders = {
        str(path.parent.relative_to(ROOT)) for path in (ROOT / SOURCE).rglob("*.py") if path.name != "__init__.py"
    }
    return folders - {room.path for room in ROOMS}


def unmapped_tests() -> set[str]:
    return {path.parts[-2] for path in (ROOT / "tests").glob("*/test_*.py")} - set(TESTS)


def _render_room(room: Room) -> str:
    modules = {path.stem: path for path in (ROOT / room.path).glob("*.py") if path.stem != "__init__"}
    names = [name for name in room.first if name in modules]
    names += sorted(set(modules) - set(names))
    lines = [f"- `{name}.py`: {_first_sentence(modules[name])}" for name in names]
    return f"## `{room.path}/`\n\n{room.text}\n\n" + "\n".join(lines) + "\n"


def _render_tests() -> str:
    return "\n".join(f"- `tests/{name}/`: {text}" for name, text in TESTS.items() if (ROOT / "tests" / name).is_dir())


def _first_sentence(path: Path) -> str:
    document = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    paragraph = document.partition("\n\n")[0].replace("\n", " ")
    return re.split(r"(?<=[.?!])\s", paragraph)[0]

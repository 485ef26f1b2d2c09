"""What can be typed after `stator`. Flags of settings are made from `stator.config`, so there is one list of them.

argparse and not typer: a tenth of the start-up budget saved, and flags need no second list (decision 0003).
"""

import argparse
from typing import Any, NoReturn

from msgspec.structs import replace

from stator.cli.declaring.flags import add_apply
from stator.cli.endpoint import DEFAULT_REGION, DEFAULT_URL
from stator.cli.moving.flags import add_commands
from stator.cli.scaling.flags import add_autoscale
from stator.config import SETTINGS, Setting, closest

_ARCHIVE = ("archive", "data_dir")


class Parser(argparse.ArgumentParser):
    """Says in one line what is wrong and in one where help is."""

    def __init__(self, **options: Any) -> None:
        super().__init__(allow_abbrev=False, **options)

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}\nsee: {self.prog} --help\n")

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            choices = [str(choice) for choice in action.choices]
            if isinstance(action, argparse._SubParsersAction):
                raise argparse.ArgumentError(
                    None, f"no command {value}{closest(value, choices)} ({', '.join(choices)})"
                )
            raise argparse.ArgumentError(action, f"{value} is none of {', '.join(choices)}")


def parse(arguments: list[str]) -> argparse.Namespace:
    """The command and its flags, with only those settings that were given. Exits: 2 on a mistake, 0 after --help."""
    parser = _make_parser()
    if not arguments:
        parser.print_help()
        parser.exit(2)
    found, unknown = parser.parse_known_args(["version"] if arguments == ["--version"] else arguments)
    made = _subcommands(parser)[found.command]
    made = _subcommands(made).get(getattr(found, "action", ""), made)
    if unknown:
        word = unknown[0].partition("=")[0]
        known = list(made._option_string_actions)
        what = "option" if word.startswith("-") else "argument"
        parser.prog = " ".join(filter(None, ("stator", found.command, getattr(found, "action", None))))
        parser.error(f"unknown {what} {word}{closest(word, known)}")
    return found


def command_names() -> list[str]:
    """Every command as it is typed, without `stator`."""
    names = []
    for name, parser in _subcommands(_make_parser()).items():
        actions = _subcommands(parser)
        names += [f"{name} {action}" for action in actions] or [name]
    return names


def _subcommands(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            return action.choices
    return {}


def given_settings(found: argparse.Namespace) -> dict[str, str | bool]:
    """The settings among the flags, by name."""
    return {name: value for name, value in vars(found).items() if name in SETTINGS}


def _make_parser() -> Parser:
    parser = Parser(prog="stator", description="A self-hosted database with the Amazon DynamoDB API.")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)

    serve = _add(commands, "serve", "Start a server.")
    _add_settings(serve, *SETTINGS)

    keys = _add(commands, "keys", "Create, list and revoke access keys.")
    actions = keys.add_subparsers(dest="action", metavar="ACTION", required=True)
    create = _add(actions, "create", "Make an access key and print its secret, this once.")
    _add_settings(create, "data_dir", "store", "account")
    _add_settings(_add(actions, "list", "Show the access keys, without secrets."), "data_dir", "store")
    revoke = _add(actions, "revoke", "Refuse an access key from now on.")
    _add_settings(revoke, "data_dir", "store")
    revoke.add_argument("access_key", metavar="ACCESS_KEY", help="The key's id, as `stator keys list` shows it.")

    _add_triggers(commands)
    add_commands(commands, _add)
    add_autoscale(commands, _add)
    add_apply(commands, _add)

    _add_insights(commands)
    _add_cluster(commands)
    _add_instance(commands)

    archive = _add(commands, "archive", "See what is in an archive, and prove that it can be restored.")
    actions = archive.add_subparsers(dest="action", metavar="ACTION", required=True)
    _add_settings(_add(actions, "list", "Show backups, and the times that tables can be recovered to."), *_ARCHIVE)
    _add_settings(_add(actions, "verify", "Read everything and say what can be restored."), *_ARCHIVE)
    take_over = _add(actions, "take-over", "Have a data directory that was refused keep its tables' changes here.")
    _add_settings(take_over, *_ARCHIVE)
    take_over.add_argument("asked", metavar="ID", help="As the server's log has it.")
    prune = _add(actions, "prune", "Show what was left by data directories that are lost for 35 days, or remove it.")
    _add_settings(prune, *_ARCHIVE)
    prune.add_argument("--delete", action="store_true", help="Remove it, for good.")

    store = _add(commands, "store", "Move everything to another engine.")
    actions = store.add_subparsers(dest="action", metavar="ACTION", required=True)
    reshard = _add(actions, "reshard", "Move a data directory into PostgreSQL, or PostgreSQL into another database.")
    reshard.add_argument("--from", dest="from_", metavar="PLACE", required=True, help="A folder, or postgresql://...")
    reshard.add_argument("--to", metavar="URL", required=True, help="An empty database, postgresql://...")
    doctor = _add(commands, "doctor", "Check a data directory, or a PostgreSQL database that no server uses.")
    _add_settings(doctor, "data_dir", "store")
    _add(commands, "version", "Print the version.")
    return parser


def _add_triggers(commands: "argparse._SubParsersAction[Parser]") -> None:
    triggers = _add(commands, "triggers", "Say which functions get the changes of which tables, on a running server.")
    actions = triggers.add_subparsers(dest="action", metavar="ACTION", required=True)
    create = _add(actions, "create", "Make a trigger and print its id.")
    source = create.add_mutually_exclusive_group(required=True)
    source.add_argument("--table", metavar="NAME", help="The table whose stream is read.")
    source.add_argument("--stream", metavar="ARN", help="The stream that is read.")
    create.add_argument("--function", metavar="NAME", required=True, help="A function that the server knows.")
    create.add_argument("--start", metavar="PLACE", default="LATEST", help="LATEST, the default, or TRIM_HORIZON.")
    create.add_argument(
        "--batch-size", metavar="COUNT", type=int, default=100, help="Changes in an event; default 100."
    )
    create.add_argument("--window", metavar="SECONDS", type=int, default=0, help="How long to wait for a full batch.")
    create.add_argument("--parallel", metavar="COUNT", type=int, default=1, help="Parts of each lane; default 1.")
    create.add_argument("--retries", metavar="COUNT", type=int, default=-1, help="Then a batch is given up; -1 never.")
    create.add_argument("--age", metavar="SECONDS", type=int, default=-1, help="Then a change is given up; -1 never.")
    create.add_argument("--bisect", action="store_true", help="Split batches that fail.")
    create.add_argument("--report-failures", action="store_true", help="The function answers batchItemFailures.")
    create.add_argument(
        "--filter", metavar="PATTERN", action="append", help="Only changes that match; may be repeated."
    )
    create.add_argument("--on-failure", metavar="URL", help="Where what was given up is told: file:// or http(s)://.")
    listing = _add(actions, "list", "Show the triggers.")
    delete = _add(actions, "delete", "Let a function get no more changes.")
    delete.add_argument("uuid", metavar="ID", help="As `stator triggers list` shows it.")
    for action in (create, listing, delete):
        action.add_argument("--url", default=DEFAULT_URL, help=f"The server; default {DEFAULT_URL}.")
        action.add_argument("--region", help=f"The table's region. [AWS_REGION; default {DEFAULT_REGION}]")
        _add_settings(action)


def _add_server(parser: Parser, server: str, region: str) -> None:
    """How a server that runs is found and asked; `server` and `region` say what those flags name."""
    parser.add_argument("--url", help=f"{server}; default {DEFAULT_URL}.")
    parser.add_argument("--region", help=f"{region}. [AWS_REGION; default {DEFAULT_REGION}]")
    parser.add_argument("--profile", help="Of ~/.aws/credentials, for its keys. [AWS_PROFILE]")
    _add_settings(parser)


def _add_insights(commands: "argparse._SubParsersAction[Parser]") -> None:
    insights = _add(commands, "insights", "Show the keys of a table that are used and throttled most.")
    insights.add_argument("table", metavar="TABLE", help="Of a running server.")
    insights.add_argument("--index", metavar="NAME", help="One of its global indexes, instead of the table.")
    change = insights.add_mutually_exclusive_group()
    change.add_argument("--enable", action="store_true", help="Count keys from now on; their values are kept 15 days.")
    change.add_argument("--throttled", action="store_true", help="Count from now on those that are throttled, alone.")
    change.add_argument("--disable", action="store_true", help="Count no more.")
    insights.add_argument("--minutes", metavar="COUNT", type=int, default=60, help="How far back; default 60.")
    insights.add_argument("--top", metavar="COUNT", type=int, default=10, help="Keys of each sort, 25 at most.")
    insights.add_argument("--json", action="store_true", help="For programs: one JSON object.")
    _add_server(insights, "The server", "The table's region")


def _add_cluster(commands: "argparse._SubParsersAction[Parser]") -> None:
    text = "Show a running instance: routers, shards and their nodes. Exits with 1 if one of them is lost."
    cluster = _add(commands, "cluster", text)
    cluster.add_argument("--json", action="store_true", help="For programs: one JSON object.")
    _add_server(cluster, "A server of it", "For the signature")


def _add_instance(commands: "argparse._SubParsersAction[Parser]") -> None:
    backup = _add(commands, "backup", "Back up everything on a running server, to roll back to any second in between.")
    actions = backup.add_subparsers(dest="action", metavar="ACTION", required=True)
    create = _add(actions, "create", "Make a backup of all tables and print its id.")
    create.add_argument("--comment", metavar="TEXT", default="", help="What it is for; up to 256 characters.")
    create.add_argument("--keep", action="store_true", help="Never remove it; else it goes once it is not needed.")
    create.add_argument("--no-wait", dest="wait", action="store_false", help="Do not wait until it is made.")
    listing = _add(actions, "list", "Show the backups. With --archive no server has to run.")
    delete = _add(actions, "delete", "Remove a backup.")
    delete.add_argument("backup", metavar="ID", help="As `stator backup list` shows it.")
    for action in (create, listing, delete):
        _add_server(action, "The server", "For the signature")
    text = "Read this archive, a folder or a URL, and ask no server."
    listing.add_argument("--archive", metavar="VALUE", default=argparse.SUPPRESS, help=text)

    rollback = _add(commands, "rollback", "Make a new data directory of what a server had at a time.")
    rollback.add_argument("--to", metavar="TIME", required=True, help="A time in UTC, or the id of a backup.")
    rollback.add_argument("--instance", metavar="ID", help="Which instance, where an archive has several.")
    _add_settings(rollback)
    _add_setting(rollback, "data_dir", "The folder to make: it must not exist, or be empty.")
    _add_setting(rollback, "archive", "The server's archive: a folder or a URL (s3://, gs://, az://).")


def _add(commands: "argparse._SubParsersAction[Parser]", name: str, text: str) -> Parser:
    return commands.add_parser(name, help=text, description=text)


def _add_settings(parser: Parser, *names: str) -> None:
    parser.add_argument("--config", metavar="FILE", help="TOML file with settings. [STATOR_CONFIG]")
    for name in names:
        setting = SETTINGS[name]
        if setting.is_switch:
            parser.add_argument(
                setting.flag, action=argparse.BooleanOptionalAction, default=argparse.SUPPRESS, help=_help(setting)
            )
        else:
            parser.add_argument(setting.flag, metavar="VALUE", default=argparse.SUPPRESS, help=_help(setting))


def _add_setting(parser: Parser, name: str, text: str) -> None:
    """One that means something of its own here."""
    setting = SETTINGS[name]
    parser.add_argument(
        setting.flag, metavar="VALUE", default=argparse.SUPPRESS, help=_help(replace(setting, text=text))
    )


def _help(setting: Setting) -> str:
    default = "" if setting.default in (None, "") or setting.is_switch else f"; default {setting.default}"
    return f"{setting.text} [{setting.variable}{default}]".replace("%", "%%")

"""What can be typed after `stator table`, `stator copy` and `stator export`."""

import argparse
from collections.abc import Callable
from typing import Any

from stator.cli.endpoint import DEFAULT_URL

Add = Callable[..., argparse.ArgumentParser]
"""Makes the parser of a command below others: (commands, name, text)."""

SEGMENTS = 8

_BACKUP = """\
examples:
  stator table backup music                 writes backups/music.json
  stator table backup music --url aws --region eu-west-1 --profile prod"""
_RESTORE = """\
examples:
  stator table restore backups/music.json --table music-again
  stator table restore cumulus.json --table granules      plain JSON lines, into a table that is there

Stopped in between, the same command goes on."""
_COPY = """\
examples:
  stator copy --from aws --from-region eu-west-1 --to http://127.0.0.1:8000 --all
  stator copy --from http://old:8000 --to http://new:8000 --table music --table films

Stopped in between, the same command goes on."""
_EXPORT = """\
examples:
  stator export music --format csv                                     writes music.csv
  stator export music --format parquet --incremental --to lake/music   each time what changed since"""

_WHERE = (
    f"a URL such as {DEFAULT_URL}, or `aws` for Amazon. Keys come from AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and"
    " AWS_SESSION_TOKEN or from a profile; a server without keys minds none."
)


def add_commands(commands: Any, add: Add) -> None:
    _add_table(commands, add)
    _add_copy(commands, add)
    _add_export(commands, add)


def _add_table(commands: Any, add: Add) -> None:
    table = add(commands, "table", "Write a table to a file, and put it back.")
    actions = table.add_subparsers(dest="action", metavar="ACTION", required=True)
    backup = add(actions, "backup", "Write all items of a table to TABLE.json, one a line, and how to make it again.")
    backup.add_argument("table", metavar="TABLE", help="The table.")
    backup.add_argument("--to", metavar="FOLDER", default="backups", help="Where TABLE.json goes; default backups.")
    restore = add(actions, "restore", "Put the items of a file into a table, which is made if it is not there.")
    restore.add_argument("file", metavar="FILE", help="Such as backups/music.json; also JSON lines of other programs.")
    restore.add_argument("--table", metavar="NEW", required=True, help="The table that gets the items.")
    restore.add_argument("--edited", action="store_true", help="Take the file as it is, though it was changed.")
    for action, examples in ((backup, _BACKUP), (restore, _RESTORE)):
        _add_server(action)
        _add_segments(action)
        _show(action, examples)


def _add_copy(commands: Any, add: Add) -> None:
    copy = add(commands, "copy", "Copy tables from one DynamoDB to another, and verify that all of it arrived.")
    copy.add_argument("--from", dest="from_", metavar="URL", required=True, help=f"Where the tables are: {_WHERE}")
    copy.add_argument("--to", metavar="URL", required=True, help="Where they go: as --from.")
    tables = copy.add_mutually_exclusive_group(required=True)
    tables.add_argument("--table", metavar="NAME", action="append", help="A table; may be repeated.")
    tables.add_argument("--all", action="store_true", help="All tables of the account and region.")
    copy.add_argument("--as", dest="rename", metavar="NAME", help="What the copy is called, if not like its source.")
    for end in ("from", "to"):
        copy.add_argument(f"--{end}-region", metavar="REGION", help="Its region. [AWS_REGION; default us-east-1]")
        copy.add_argument(f"--{end}-profile", metavar="NAME", help="A profile of ~/.aws/credentials with its keys.")
    copy.add_argument("--merge", action="store_true", help="Copy into tables that hold items, and keep those.")
    copy.add_argument("--verify-only", action="store_true", help="Copy nothing: read both sides and compare.")
    copy.add_argument("--state", metavar="FILE", help="Where a stopped copy is remembered; default in this folder.")
    _add_segments(copy)
    _show(copy, _COPY)


def _add_export(commands: Any, add: Add) -> None:
    export = add(commands, "export", "Write a table as Parquet, CSV or JSON lines with typed columns, for analysis.")
    export.add_argument("table", metavar="TABLE", help="The table.")
    export.add_argument("--format", choices=("parquet", "csv", "jsonl"), required=True, help="parquet, csv or jsonl.")
    export.add_argument("--to", metavar="PATH", help="The file, default TABLE.FORMAT; with --incremental the folder.")
    export.add_argument(
        "--incremental",
        action="store_true",
        help="The first time write all items, from then on only what changed since, each time into new files."
        " Reads the table's stream.",
    )
    export.add_argument("--checkpoint", metavar="FILE", help="How far it came; default TABLE.checkpoint.json in --to.")
    export.add_argument("--enable-stream", action="store_true", help="Enable the table's stream if it has none.")
    export.add_argument("--anew", action="store_true", help="Forget the checkpoint and write all items once more.")
    export.add_argument(
        "--part-megabytes", metavar="COUNT", type=_positive, default=128, help="When the next file begins; default 128."
    )
    _add_server(export)
    _add_segments(export)
    _show(export, _EXPORT)


def _show(parser: argparse.ArgumentParser, examples: str) -> None:
    parser.epilog = examples
    parser.formatter_class = argparse.RawDescriptionHelpFormatter


def _add_server(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--url", metavar="URL", default=DEFAULT_URL, help=f"The server: {_WHERE} Default {DEFAULT_URL}."
    )
    parser.add_argument("--region", metavar="REGION", help="The table's region. [AWS_REGION; default us-east-1]")
    parser.add_argument("--profile", metavar="NAME", help="A profile of ~/.aws/credentials. [AWS_PROFILE]")


def _add_segments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--segments",
        metavar="COUNT",
        type=_positive,
        default=SEGMENTS,
        help=f"How many parts of a table are moved at once; default {SEGMENTS}.",
    )


def _positive(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= 1_000_000:
        raise argparse.ArgumentTypeError(f"{text} is no number above 0")
    return int(text)

"""What can be typed after `stator autoscale`: every option of the configuration file, and how to run."""

import argparse
from typing import Any

from stator.autoscaling.dynamic.options import GLOBAL, LOGGING, READ, SHARED, WRITE
from stator.cli.endpoint import DEFAULT_URL

OPTIONS = {**GLOBAL, **LOGGING, **READ, **WRITE, **SHARED}
"""Those that may be typed in place of a line of the file. Secrets are never flags."""
del OPTIONS["aws-access-key-id"], OPTIONS["aws-secret-access-key-id"], OPTIONS["region"]

_EXAMPLES = """\
examples:
  stator autoscale --config dynamic-dynamodb.conf
  stator autoscale --config dynamic-dynamodb.conf --url aws --profile prod --dry-run --run-once
  stator autoscale --table-name '^music$' --reads-upper-threshold 80 --max-provisioned-reads 500"""


def add_flags(autoscale: argparse.ArgumentParser) -> None:
    autoscale.add_argument("--config", metavar="FILE", help="A configuration file of Dynamic DynamoDB.")
    autoscale.add_argument("--url", help=f"The DynamoDB to scale, or `aws` for Amazon; default {DEFAULT_URL}.")
    autoscale.add_argument("--region", help="Its region. [AWS_REGION; default the file's, else us-east-1]")
    autoscale.add_argument("--profile", help="Of ~/.aws/credentials, for its keys. [AWS_PROFILE]")
    autoscale.add_argument("--cloudwatch-url", metavar="URL", help="Where its metrics are; default there, too.")
    autoscale.add_argument("--sns-url", metavar="URL", help="Where topics are; default Amazon's SNS, for Amazon.")
    autoscale.add_argument("--notify-command", metavar="COMMAND", help="Gets each notice on its standard input.")
    autoscale.add_argument("--dry-run", action="store_true", help="Say what would be changed, and change nothing.")
    autoscale.add_argument("--run-once", action="store_true", help="Look once and end.")
    autoscale.add_argument("--show-config", action="store_true", help="Print what was understood, and end.")
    autoscale.add_argument(
        "--daemon", choices=("start", "stop", "restart", "foreground"), help="Go on in the background, or stop that."
    )
    autoscale.add_argument("--instance", metavar="NAME", default="default", help="Tells daemons apart.")
    autoscale.add_argument(
        "--pid-file-dir",
        metavar="FOLDER",
        default="/tmp",  # noqa: S108  links are not followed, and it is locked
        help="For its process; default /tmp.",
    )
    autoscale.add_argument("--table-name", metavar="REGEX", help="Scale these tables, by flags and not by a file.")
    group = autoscale.add_argument_group("options", "Each is an option of the file: see docs/dynamic-dynamodb.md.")
    for name in OPTIONS:
        group.add_argument(f"--{name}", dest=name, metavar="VALUE", default=argparse.SUPPRESS)
    autoscale.formatter_class = argparse.RawDescriptionHelpFormatter
    autoscale.epilog = _EXAMPLES


def add_autoscale(commands: Any, add: Any) -> None:
    autoscale = add(commands, "autoscale", "Scale tables of any DynamoDB by a configuration file of Dynamic DynamoDB.")
    add_flags(autoscale)
    actions = autoscale.add_subparsers(dest="action", metavar="ACTION")
    simulate = add(actions, "simulate", "See what a policy would have made of a load, in virtual time.")
    simulate.add_argument("--trace", metavar="CSV", required=True, help="The load: seconds and units, with a comma.")
    simulate.add_argument("--policy", metavar="JSON", help="A policy of target tracking, and its bounds.")
    simulate.add_argument("--dynamic", metavar="FILE", help="A configuration of Dynamic DynamoDB in place of a policy.")
    simulate.add_argument("--table", metavar="NAME", help="With --dynamic: the table whose section counts.")
    simulate.add_argument("--unit", choices=("read", "write"), default="write", help="With --dynamic; default write.")
    simulate.add_argument("--capacity", type=_units, metavar="UNITS", help="With --dynamic: what there is at first.")
    simulate.add_argument("--no-burst", action="store_true", help="Save nothing of unused capacity.")
    simulate.add_argument(
        "--low-seconds", type=_units, metavar="SECONDS", default=60, help="As autoscaling_low_seconds of a server."
    )
    simulate.add_argument("--plot", metavar="PNG", help="Draw into a file, not the terminal.")
    simulate.add_argument("--csv", metavar="FILE", help="Write every second of it.")
    simulate.add_argument("--quiet", action="store_true", help="No chart, only what changed and the summary.")


def _units(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= 10**9):
        raise argparse.ArgumentTypeError(f"{text} is no whole number from 1 on")
    return int(text)

"""What can be typed after `stator apply`."""

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from typing import Any

from stator.cli.endpoint import DEFAULT_URL


def add_apply(commands: Any, add: Any) -> None:
    apply: ArgumentParser = add(
        commands, "apply", "Make tables be as a file declares them, with auto scaling and backups."
    )
    apply.add_argument("file", metavar="FILE", help="Such as tables.yml; see docs/declared-tables.md.")
    apply.add_argument("--deployment", metavar="NAME", help="Which, where the file has several.")
    apply.add_argument("--plan", action="store_true", help="Show what would be done, and do nothing.")
    apply.add_argument("--yes", action="store_true", help="Do not ask.")
    apply.add_argument("--url", help=f"The server, or `aws` for Amazon; default {DEFAULT_URL}.")
    apply.add_argument("--region", help="Its region. [AWS_REGION; default us-east-1]")
    apply.add_argument("--profile", help="Of ~/.aws/credentials, for its keys. [AWS_PROFILE]")
    apply.formatter_class = RawDescriptionHelpFormatter
    apply.epilog = "examples:\n  stator apply tables.yml --plan\n  stator apply tables.yml --deployment prod --yes"

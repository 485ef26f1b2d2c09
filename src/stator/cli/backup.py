"""`stator backup`: back up the whole of a running server, and see what there is to roll back to."""

import sys
import time
from argparse import Namespace
from typing import Any

from stator.cli.client import Api, Client
from stator.cli.complaint import Complaint, Interrupted
from stator.cli.endpoint import find_endpoint
from stator.cli.progress import Progress, counted, megabytes

API = Api("dynamodb", "Stator_20261121.")

_POLL_SECONDS = 0.2


def create(found: Namespace) -> int:
    """Prints the id of the new backup, once it is made unless --no-wait was given."""
    from stator.validation.requests.instance_backup import COMMENT_LENGTH_MAX

    if len(found.comment) > COMMENT_LENGTH_MAX:
        raise Complaint(f"a comment has up to {COMMENT_LENGTH_MAX} characters, not {len(found.comment)}. Shorten it.")
    client = _client(found)
    request = {"Comment": found.comment, "Keep": found.keep}
    told = client.call("CreateInstanceBackup", request)["InstanceBackupDescription"]
    if found.wait:
        try:
            told = _wait(client, told["BackupId"])
        except KeyboardInterrupt:
            raise Interrupted(f"stopped waiting; the server goes on with backup {told['BackupId']}") from None
        print(f"{_counts(told, ', ')}, {megabytes(told['BackupSizeBytes'])}", file=sys.stderr)
    print(told["BackupId"])
    return 0


def show(found: Namespace) -> int:
    """Prints one line for each backup, oldest first, and on the error stream what can be rolled back to."""
    place = getattr(found, "archive", None)
    told = _client(found).call("ListInstanceBackups", {}) if place is None else _read(place)
    for each in told["InstanceBackups"]:
        print(_line(each, told["InstanceId"]))
    if not told["InstanceBackups"]:
        print("no backups; `stator backup create` makes one", file=sys.stderr)
    elif "LatestRestorableDateTime" in told:
        from stator.archive.instances.instance import render_time

        earliest = render_time(told["EarliestRestorableDateTime"], up=True)
        latest = render_time(told["LatestRestorableDateTime"])
        if earliest < latest:
            print(f"`stator rollback` leads to every second from {earliest} to {latest}", file=sys.stderr)
    return 0


def delete(found: Namespace) -> int:
    from stator.archive.instances.instance import is_id

    if not is_id(found.backup):
        raise Complaint(f"{found.backup} is no id of a backup: those have 13 digits. See `stator backup list`.")
    _client(found).call("DeleteInstanceBackup", {"BackupId": found.backup})
    return 0


def _client(found: Namespace) -> Client:
    return Client(find_endpoint(found.url, found.region, found.profile), API)


def _wait(client: Client, backup_id: str) -> dict[str, Any]:
    """What the server says of a backup once it is made. Raises Complaint if it fails."""
    with Progress("backing up", None, unit="items") as progress:
        while True:
            told: dict[str, Any] = client.call("DescribeInstanceBackup", {"BackupId": backup_id})[
                "InstanceBackupDescription"
            ]
            # What a backup that begins anew had done before does not count back.
            more = max(0, told["ItemCount"] - progress.count)
            progress.advance(more, max(0, told["BackupSizeBytes"] - progress.bytes))
            if told["BackupStatus"] == "AVAILABLE":
                return told
            if told["BackupStatus"] == "FAILED":
                raise Complaint(
                    f"backup {backup_id} failed: {told.get('FailureMessage') or 'see the log of the server'}"
                )
            client.wait(_POLL_SECONDS)


def _read(url: str) -> dict[str, Any]:
    """What the server would say that is not there."""
    import asyncio

    from stator.archive import mark
    from stator.archive.instances import instance
    from stator.archive.instances.description import describe_all
    from stator.archive.places.failure import ArchiveError
    from stator.archive.places.location import Location

    async def read() -> list[instance.InstanceBackup]:
        archive = Location.open(url)
        if not await mark.check(archive):
            raise Complaint(f"{archive.url} is no archive. Name that of the server with --archive.")
        return await instance.read_all(archive)

    try:
        backups = asyncio.run(read())
    except ArchiveError as error:
        raise Complaint(str(error)) from error
    owners = {backup.instance for backup in backups}
    return describe_all(backups, (), owners.pop() if len(owners) == 1 else None, time.time())


def _line(told: dict[str, Any], own: str | None) -> str:
    from stator.archive.instances.instance import render_time

    state = told["BackupStatus"].lower() + (", kept" if told["Kept"] else "")
    moment = render_time(told.get("RestorableDateTime", told["BackupCreationDateTime"]), up=True)
    line = f"{told['BackupId']}  {moment}  {state}  {_counts(told, '  ')}  {megabytes(told['BackupSizeBytes'])}"
    if told.get("InstanceId", own) != own:
        line += f"  of instance {told['InstanceId']}"
    if told.get("FailureMessage"):
        line += f"  {told['FailureMessage']}"
    return f"{line}  {told['Comment']}".rstrip()


def _counts(told: dict[str, Any], between: str) -> str:
    return between.join((counted(told["TableCount"], "tables"), counted(told["ItemCount"], "items")))

"""Do what alarms ask for: tell a URL or a topic, run a command. Each at least once, unless all tries fail.

A notice is in the store until it is delivered or given up, so a crash means that it is delivered again, not that it is
not. Whoever is told of the same twice sees the same MessageId.
"""

import asyncio
import contextlib
import logging
import os
import signal
import subprocess
from collections.abc import Iterator
from typing import Final

import orjson

from stator.clock import Clock
from stator.metrics.alarm_action import COMMAND, TOPIC
from stator.metrics.alarm_message import moment
from stator.metrics.alarm_record import Notice
from stator.metrics.alarms import NOTICES_MAX, Alarms
from stator.metrics.metric import NOTICE_FAILURES, NOTICES, Figure
from stator.services.alarms.topic import Topics
from stator.services.triggers.target import InvocationFault, in_thread, post

_log = logging.getLogger(__name__)

TRIES_MAX: Final = 10
TIMEOUT_SECONDS: Final = 5.0
COMMAND_SECONDS: Final = 30.0
_RETRY_SECONDS = 5.0  # after the first failure; twice as long after each
_RETRY_SECONDS_MAX = 600.0
_AT_ONCE = 8
_FAULT_LENGTH_MAX = 500


class Delivery:
    def __init__(self, alarms: Alarms, topics: Topics, clock: Clock) -> None:
        self._alarms, self._topics, self._clock = alarms, topics, clock
        self._waiting = self._failures = 0

    async def run_once(self) -> int:
        """How many notices were tried."""
        now = self._clock()
        waiting = await self._alarms.notices(NOTICES_MAX)
        self._waiting = len(waiting)
        due = [notice for notice in waiting if notice.due <= now][:_AT_ONCE]
        await asyncio.gather(*(self._deliver(notice) for notice in due))
        return len(due)

    def figures(self) -> Iterator[Figure]:
        yield Figure(NOTICES, (), self._waiting)
        yield Figure(NOTICE_FAILURES, (), self._failures)

    async def _deliver(self, notice: Notice) -> None:
        # What is not allowed any more is given up: the settings may have changed since the alarm was made.
        fault = self._alarms.actions.fault(notice.action)
        if fault is None:
            try:
                await self._act(notice)
            except (InvocationFault, OSError, ValueError) as error:
                self._failures += 1
                fault = str(error)[:_FAULT_LENGTH_MAX]
                _log.warning("action %r of alarm %r failed: %r", notice.action, notice.alarm, fault)
                if notice.tries + 1 < TRIES_MAX:
                    seconds = min(_RETRY_SECONDS * 2.0**notice.tries, _RETRY_SECONDS_MAX)
                    await self._alarms.postpone(notice, self._clock() + seconds)
                    return
        await self._alarms.settle(notice, fault or "")

    async def _act(self, notice: Notice) -> None:
        """Raises InvocationFault, OSError or ValueError when it could not be done."""
        if notice.action.startswith(COMMAND):
            command = self._alarms.actions.commands[notice.action.removeprefix(COMMAND)]
            await in_thread(lambda: _run(command, notice))
        elif notice.action.startswith(TOPIC):
            await self._topics.publish(notice)
        else:
            headers = {"Content-Type": "application/json", "x-amz-sns-message-type": "Notification"}
            status, _, body = await post(notice.action, notification(notice), headers, TIMEOUT_SECONDS)
            if not 200 <= status < 300:
                raise InvocationFault(f"{notice.action} answered {status}: {body[:200]!r}")


def notification(notice: Notice) -> bytes:
    """As a topic would pass it on."""
    digits = notice.sort.hex().ljust(32, "0")[:32]
    return orjson.dumps(
        {
            "Type": "Notification",
            "MessageId": "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:])),
            "TopicArn": notice.action,
            "Subject": notice.subject,
            "Message": notice.message,
            "Timestamp": moment(notice.created).replace("+0000", "Z"),
        }
    )


def _run(command: tuple[str, ...], notice: Notice) -> None:
    """A command that the settings name, with the message on its standard input, and nothing of it among its words."""
    # The server's own settings, secrets among them, are not the command's business.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("STATOR_")}
    process = subprocess.Popen(  # noqa: S603  named by whoever runs the server
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=environment,
        start_new_session=True,
    )
    try:
        _, complaint = process.communicate(notice.message.encode(), COMMAND_SECONDS)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        raise InvocationFault(f"{command[0]} took longer than {COMMAND_SECONDS:g} seconds") from None
    if process.returncode:
        raise InvocationFault(f"{command[0]} ended with status {process.returncode}: {complaint[-200:]!r}")

"""The same front door with nothing behind it: signatures are verified, and the answer is the question.

Run as a program it serves until SIGTERM. What it costs is what no operation can go below.
"""

import argparse
import asyncio
from pathlib import Path
from typing import Any, cast

import orjson
import uvloop

from benchmarks.process import until_stopped
from benchmarks.workload import Workload
from stator.api.call import Answer, Call, Parts
from stator.api.registry import Operation
from stator.auth.credentials import Credential, Credentials
from stator.clock import system_clock
from stator.http.front import Front, FrontSettings
from stator.http.server import serve_front
from stator.storage.keyfile import KeyFile
from stator.validation.requests.member import TEXT
from stator.validation.shape import Structure

READY = b"echo listening"
ECHO = Workload(
    "Echo", "Echo", lambda number, _: orjson.dumps({"Text": f"{number:012d} {'the quick brown fox ' * 12}"})
)


async def _echo(call: Call) -> Answer:
    return cast(Answer, call.request)


async def serve(port: int, directory: Path) -> None:
    keys = [Credential(key.access_key_id, key.secret_access_key, key.account) for key in KeyFile(directory).load()]
    operation = Operation("Echo", Structure("EchoInput", {"Text": TEXT}), _echo)
    front = Front(
        {"DynamoDB_20120810.Echo": operation},
        cast(Parts, cast(Any, None)),  # an operation that uses none of the house
        FrontSettings(),
        Credentials(keys),
        system_clock,
    )
    listener = await serve_front(front, "127.0.0.1", port)
    await until_stopped(READY)
    await listener.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--data-dir", type=Path, required=True, help="where the keys are")
    chosen = parser.parse_args()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(chosen.port, chosen.data_dir))


if __name__ == "__main__":
    main()

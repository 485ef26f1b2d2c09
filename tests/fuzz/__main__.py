"""Throw random requests at a server in memory: `python -m tests.fuzz --requests 1000000 --seed 7`."""

import argparse
import sys
import time

from tests.fuzz.campaign import Campaign, replay


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--requests", type=int, default=100_000, metavar="N", help="how many (100000)")
    parser.add_argument(
        "--seed", type=int, default=int(time.time()), metavar="N", help="the same seed, the same requests"
    )
    parser.add_argument("--start", type=int, default=0, metavar="N", help="number of the first request (0)")
    parser.add_argument("--failures", type=int, default=10, metavar="N", help="stop after so many different ones (10)")
    parser.add_argument("--replay", metavar="REQUEST", help="send one request, as a failure shows it; - reads it")
    chosen = parser.parse_args()
    if chosen.replay:
        fault = replay(sys.stdin.readline() if chosen.replay == "-" else chosen.replay)
        sys.stdout.write(f"{fault or 'nothing wrong'}\n")
        return 1 if fault else 0
    began = time.monotonic()

    def tell(done: int) -> None:
        rate = done / (time.monotonic() - began)
        sys.stderr.write(f"\r{done} of {chosen.requests}, {rate:.0f} a second")
        sys.stderr.flush()

    sys.stderr.write(f"seed {chosen.seed}\n")
    failures = Campaign(chosen.seed, failures_max=chosen.failures).run(chosen.start, chosen.requests, tell)
    sys.stderr.write("\n")
    for failure in failures:
        sys.stdout.write(failure.text() + "\n")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())

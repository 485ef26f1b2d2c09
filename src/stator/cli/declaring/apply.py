"""`stator apply`: make tables be as a file declares them. Whatever is so already is left alone."""

import sys
import threading
from argparse import Namespace
from pathlib import Path

from stator.cli.client import Client
from stator.cli.complaint import Complaint
from stator.cli.declaring.declaration import read
from stator.cli.declaring.plan import Plan, Planner
from stator.cli.declaring.scaled import AUTO_SCALING, Scaler
from stator.cli.endpoint import Endpoint, find_endpoint


def apply(found: Namespace) -> int:
    try:
        text = Path(found.file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Complaint(f"cannot read {found.file}: {getattr(error, 'strerror', None) or error}.") from error
    try:
        tables = read(text, found.deployment)
    except Complaint as complaint:
        raise Complaint(f"{found.file}: {complaint}") from complaint
    endpoint = find_endpoint(found.url, found.region, found.profile)
    stop = threading.Event()
    scaler = Scaler(Client(endpoint.beside("application-autoscaling"), AUTO_SCALING, stop=stop))
    plan = Planner(Client(endpoint, stop=stop), scaler).plan(tables)
    _show(plan, endpoint)
    if not plan.steps or found.plan:
        return 0
    if not found.yes and not _agreed():
        return 1
    for step in plan.steps:
        print(f"{step.table}: {step.text}", end=" ", flush=True)
        step.act()
        print("- done", flush=True)
    return 0


def _show(plan: Plan, endpoint: Endpoint) -> None:
    for note in plan.notes:
        print(f"note: {note}")
    if not plan.steps:
        print(f"nothing to do: {endpoint.url} is as declared")
        return
    print(f"at {endpoint.url}, region {endpoint.region}:")
    for step in plan.steps:
        print(f"  {step.table}: {step.text}")


def _agreed() -> bool:
    if not sys.stdin.isatty():
        raise Complaint("nobody is there to agree to this. Pass --yes to do it.")
    return input("do it? [y/N] ").strip().lower() in ("y", "yes")

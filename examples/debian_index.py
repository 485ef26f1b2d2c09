"""The Debian package index: what `apt-cache dumpavail` prints, as plain dictionaries ready to be items."""

import gzip
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

SAMPLE = Path(__file__).with_name("data") / "packages.gz"
"""Every 16th package of Debian 12, in the format of the index."""

Package = dict[str, Any]


def read_machine() -> list[Package]:
    """All packages this machine knows; the sample where there is no apt or its lists are empty."""
    if shutil.which("apt-cache"):
        printed = subprocess.run(["apt-cache", "dumpavail"], check=True, capture_output=True).stdout
        packages = read(printed.decode("utf-8", "replace").splitlines())
        if packages:
            return packages
    return read_sample()


def read_sample() -> list[Package]:
    with gzip.open(SAMPLE, "rt", encoding="utf-8") as lines:
        return read(lines)


def read(lines: Iterable[str]) -> list[Package]:
    """The packages of an index, the first of those with equal package and version."""
    packages: dict[tuple[str, str], Package] = {}
    for fields in _stanzas(lines):
        if "Package" in fields and "Version" in fields:
            packages.setdefault((fields["Package"], fields["Version"]), _make_package(fields))
    return list(packages.values())


def _stanzas(lines: Iterable[str]) -> Iterator[dict[str, str]]:
    """Stanzas end at an empty line; a line that begins with a blank goes on with the field before it."""
    fields: dict[str, str] = {}
    name = ""
    for line in lines:
        text = line.rstrip("\n")
        if not text:
            yield fields
            fields = {}
        elif text[0] in " \t":
            fields[name] += text
        else:
            name, _, value = text.partition(":")
            fields[name] = value.strip()
    yield fields


def _make_package(fields: dict[str, str]) -> Package:
    """Text, number, binary, list, set, map and boolean, so that the example shows every kind of attribute."""
    package: Package = {
        "package": fields["Package"],
        "version": fields["Version"],
        "file": {
            "name": fields.get("Filename", ""),
            "bytes": int(fields.get("Size", "0")),
            "sha256": bytes.fromhex(fields.get("SHA256", "")),
        },
        "essential": fields.get("Essential") == "yes",
    }
    for field, attribute in (("Section", "section"), ("Maintainer", "maintainer"), ("Description", "description")):
        if fields.get(field):
            package[attribute] = fields[field]
    if "Installed-Size" in fields:
        package["installed_size"] = int(fields["Installed-Size"])
    if fields.get("Depends"):
        package["depends"] = [alternative.strip() for alternative in fields["Depends"].split(",")]
    if fields.get("Tag"):
        package["tags"] = {tag.strip() for tag in fields["Tag"].split(",")}
    return package

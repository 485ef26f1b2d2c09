"""The main job on real input: the example, on the committed sample."""

import io

from rich.console import Console

from examples.debian_index import read, read_sample
from examples.packages import connect, run, start_server


def test_every_answer_agrees_with_the_plain_list() -> None:
    console = Console(file=io.StringIO(), width=120)
    with start_server() as endpoint:
        differing = run(connect(endpoint), read_sample(), console)
    assert isinstance(console.file, io.StringIO)
    assert differing == 0, console.file.getvalue()


def test_the_sample_holds_a_few_thousand_packages_of_all_kinds() -> None:
    packages = read_sample()
    assert len(packages) > 3000
    assert len({package["section"] for package in packages}) > 30
    assert any("installed_size" not in package for package in packages)  # a sparse index has something to leave out


def test_reading_an_index() -> None:
    text = """\
Package: one
Version: 1:2.0-1
Installed-Size: 12
Maintainer: Somebody <a@example.org>
Depends: two (>= 1), three | four
Description: First
Tag: role::program, use::editing,
 interface::text
Section: editors
Size: 2048
SHA256: 00ff
Filename: pool/one.deb
Essential: yes

Package: one
Version: 1:2.0-1
Description: The same again

Package: two
Version: 1
"""
    one, two = read(text.splitlines(keepends=True))
    assert one == {
        "package": "one",
        "version": "1:2.0-1",
        "installed_size": 12,
        "maintainer": "Somebody <a@example.org>",
        "depends": ["two (>= 1)", "three | four"],
        "description": "First",
        "tags": {"role::program", "use::editing", "interface::text"},
        "section": "editors",
        "essential": True,
        "file": {"name": "pool/one.deb", "bytes": 2048, "sha256": b"\x00\xff"},
    }
    assert two == {
        "package": "two",
        "version": "1",
        "essential": False,
        "file": {"name": "", "bytes": 0, "sha256": b""},
    }

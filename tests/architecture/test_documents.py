"""Documents that can go stale: generated pages, links, commands."""

import re
from pathlib import Path

import pytest

from stator.cli.arguments import command_names
from tools.map import ROOT, unmapped_rooms, unmapped_tests
from tools.tables import modelled_operations, render, served_targets

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
GENERATED = render()


@pytest.mark.parametrize("path", GENERATED, ids=lambda path: path.name)
def test_generated_pages_are_fresh(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == GENERATED[path], "stale: run `make docs`"


def test_nothing_is_served_that_the_newest_service_model_does_not_know() -> None:
    assert served_targets() <= set(modelled_operations())


def test_the_map_has_every_room() -> None:
    assert not unmapped_rooms()
    assert not unmapped_tests()


def test_the_map_names_nothing_that_is_gone() -> None:
    text = (ROOT / "docs" / "map.md").read_text(encoding="utf-8")
    paths = set(re.findall(r"`((?:src|tests|tools|examples)/[\w/.-]*)`", text))
    assert len(paths) > 15
    assert not {path for path in paths if not (ROOT / path).exists()}


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize("command", command_names())
def test_the_readme_shows_every_command(command: str) -> None:
    assert f"stator {command}" in (ROOT / "README.md").read_text(encoding="utf-8")

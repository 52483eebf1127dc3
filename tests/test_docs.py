"""The README and docs/ against the code: links, options, commands, and the Python that can be run."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import keras
import pytest

import zoo_lab
from zoo_lab.cli import main
from zoo_lab.core.errors import ArgumentError
from zoo_lab.magics.registry import MAGICS

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^ *```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#:]+)\)")
SECTION = re.compile(r"^### %(\w+)\n(.*?)(?=^#|\Z)", re.MULTILINE | re.DOTALL)


def blocks(page: Path, language: str) -> list[str]:
    return [text for name, text in BLOCK.findall(page.read_text()) if name == language]


def magic_lines() -> list[str]:
    texts = [page.read_text() for page in PAGES]
    found = [line for text in texts for line in re.findall(r"%(zoo_\w+ [^`\n]*--[^`\n]+)", text)]
    assert found
    return sorted(set(found))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files_that_are_there(page):
    assert [link for link in LINK.findall(page.read_text()) if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("line", magic_lines())
def test_the_magics_lines_are_right(line):
    name, _, rest = line.partition(" ")
    command, _ = MAGICS[name]
    names = dict.fromkeys(("model", "train", "test", "run", "x", "y", "slow", "images", "chain", "detected")) | {
        "keras": keras
    }
    try:
        command.parse(rest, names)
    except ArgumentError as error:
        pytest.fail(str(error))


def test_the_notebook_page_lists_every_option_of_every_magic():
    sections = dict(SECTION.findall((ROOT / "docs" / "notebook.md").read_text()))
    assert set(sections) == set(MAGICS)
    for name, (command, _) in MAGICS.items():
        assert re.findall(r"`(-[^`]+)`", sections[name]) == [option.name for option in command.options]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_commands_exist(page, capsys):
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"`make (\w+)|^make (\w+)", page.read_text(), re.MULTILINE):
        assert f"\n{''.join(target)}:" in makefile
    for words in re.findall(r"^zoo-lab (.+)$", page.read_text(), re.MULTILINE):
        with pytest.raises(SystemExit) as caught:
            main([shlex.split(words)[0], "--help"])
        assert caught.value.code == 0


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_names_of_zoo_lab_exist(page):
    names = set(re.findall(r"\bzoo_lab\.([A-Za-z_]\w*)", page.read_text()))
    packages = {path.parent.name for path in (ROOT / "zoo_lab").glob("*/__init__.py")}
    assert names - set(zoo_lab.__all__) - packages == set()


_RUN = ["README.md", "context.md", "images.md", "imagesets.md", "nnframes.md", "viewer.md"]


@pytest.mark.parametrize("name", _RUN)
def test_the_python_runs(name, context, monkeypatch, tmp_path, capsys):
    [page] = [page for page in PAGES if page.name == name]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(zoo_lab, "init_nncontext", lambda **_: context, raising=False)  # one Spark for all tests
    names = {"__name__": "__main__"}
    for source in blocks(page, "python"):
        exec(compile(source, name, "exec"), names)
    assert capsys.readouterr().out

from __future__ import annotations

import re

import pytest

from zoo_lab.widgets import assets

_DECLARED = re.compile(r"^(?:async )?(?:function|const|class|let) (\w+)", re.MULTILINE)


# What pages load: each a file with one default export.
ENTRIES = {"training_monitor": "trainingMonitor", "saved_page": "savedPage", "context_form": "contextForm"}


@pytest.mark.parametrize("entry", ENTRIES)
def test_the_joined_module_imports_nothing_and_exports_one_default(entry):
    joined = assets.module(entry)
    assert not re.findall(r"^\s*import\b", joined, re.MULTILINE)
    [exported] = re.findall(r"^export .*", joined, re.MULTILINE)
    assert exported.startswith(f"export default function {ENTRIES[entry]}(")


@pytest.mark.parametrize("entry", ENTRIES)
def test_no_two_files_declare_the_same_name(entry):
    declared = _DECLARED.findall(assets.module(entry))
    assert sorted(declared) == sorted(set(declared))


def test_every_file_is_in_an_entry_and_in_none_twice():
    joined = [assets.module(entry) for entry in ENTRIES]
    for path in assets.FOLDER.glob("*.js"):
        first_line = path.read_text(encoding="utf-8").splitlines()[0]
        assert sorted({text.count(first_line) for text in joined} - {0}) == [1], path.name


def test_files_stay_small():
    for path in assets.FOLDER.iterdir():
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 400, path.name


def test_nothing_is_fetched_from_elsewhere():
    everything = assets.module("training_monitor") + assets.module("context_form")
    everything += assets.style(*assets.MONITOR_STYLES, "context_form")
    named = everything.replace("http://www.w3.org/2000/svg", "")  # a name, which nothing is fetched from
    assert not re.findall(r"https?:|@import|url\(", named)


def test_all_colours_come_from_the_theme():
    without_variables = re.sub(r"var\(--[^()]*\)", "", assets.style(*assets.MONITOR_STYLES, "context_form"))
    assert not re.findall(r"#[0-9a-fA-F]{3,8}\b", without_variables)

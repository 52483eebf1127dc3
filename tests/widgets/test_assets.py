from __future__ import annotations

import re

from zoo_lab.widgets import assets

_DECLARED = re.compile(r"^(?:async )?(?:function|const|class|let) (\w+)", re.MULTILINE)


def test_the_joined_module_imports_nothing_and_exports_one_default():
    joined = assets.module("training_monitor")
    assert not re.findall(r"^\s*import\b", joined, re.MULTILINE)
    assert re.findall(r"^export .*", joined, re.MULTILINE) == ["export default function trainingMonitor() {"]


def test_no_two_files_declare_the_same_name():
    declared = _DECLARED.findall(assets.module("training_monitor"))
    assert sorted(declared) == sorted(set(declared))


def test_every_file_is_in_it_once():
    joined = assets.module("training_monitor")
    for path in assets.FOLDER.glob("*.js"):
        first_line = path.read_text(encoding="utf-8").splitlines()[0]
        assert joined.count(first_line) == 1, path.name


def test_files_stay_small():
    for path in assets.FOLDER.iterdir():
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 400, path.name


def test_nothing_is_fetched_from_elsewhere():
    everything = assets.module("training_monitor") + assets.style("training_monitor")
    assert not re.findall(r"https?:|@import|url\(", everything)


def test_all_colours_come_from_the_theme():
    without_variables = re.sub(r"var\(--[^()]*\)", "", assets.style("training_monitor"))
    assert not re.findall(r"#[0-9a-fA-F]{3,8}\b", without_variables)

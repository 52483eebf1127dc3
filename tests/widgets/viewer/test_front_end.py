"""The viewer's ES modules, joined into the one that the page loads."""

from __future__ import annotations

import re

from zoo_lab.widgets import assets
from zoo_lab.widgets.viewer.image_viewer import FOLDER, ImageViewer

_DECLARED = re.compile(r"^(?:async )?(?:function|const|class|let) (\w+)", re.MULTILINE)
JOINED = assets.module("image_viewer", FOLDER)


def test_the_joined_module_imports_nothing_and_exports_one_default():
    assert not re.findall(r"^\s*import\b", JOINED, re.MULTILINE)
    assert re.findall(r"^export .*", JOINED, re.MULTILINE) == ["export default function imageViewer() {"]


def test_no_two_files_declare_the_same_name():
    declared = _DECLARED.findall(JOINED)
    assert sorted(declared) == sorted(set(declared))


def test_every_file_is_in_it_once_and_small():
    for path in FOLDER.iterdir():
        lines = path.read_text(encoding="utf-8").splitlines()
        assert len(lines) <= 400, path.name
        if path.suffix == ".js":
            assert JOINED.count(lines[0]) == 1, path.name


def test_nothing_is_fetched_from_elsewhere():
    outside = re.findall(r"https?:[^\s\"]*|@import|url\(", JOINED + ImageViewer._css)
    assert outside == ["http://www.w3.org/2000/svg"]  # the name of SVG, which nobody fetches


def test_all_colours_come_from_the_theme():
    without_variables = re.sub(r"var\(--[^()]*\)", "", ImageViewer._css)
    assert not re.findall(r"#[0-9a-fA-F]{3,8}\b", without_variables)
